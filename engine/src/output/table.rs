//! Tables as CSV.

use crate::error::Result;
use crate::frame::Table;
use std::path::Path;

/// Writes a table with a header; numbers are the shortest that read back as the same f64.
///
/// # Errors
/// `Io` with the path.
pub fn write_csv(path: &Path, table: &Table) -> Result<()> {
    super::whole_file(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&table.columns)?;
        for row in &table.rows {
            writer.write_record(row.iter().map(f64::to_string))?;
        }
        writer.flush()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let table = Table {
            name: "t".into(),
            description: String::new(),
            columns: vec!["time_min".into(), "a, b depth_m".into()],
            rows: vec![vec![0.0, 0.1], vec![1.0 / 3.0, -2e-9]],
        };
        write_csv(&path, &table).unwrap();
        let mut reader = csv::Reader::from_path(&path).unwrap();
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), ["time_min", "a, b depth_m"]);
        let rows: Vec<Vec<f64>> =
            reader.records().map(|r| r.unwrap().iter().map(|v| v.parse().unwrap()).collect()).collect();
        assert_eq!(rows, table.rows);
    }
}
