//! Tables as CSV.

use crate::error::Result;
use crate::frame::Table;
use std::path::Path;

/// Writes a table with a header; numbers are the shortest that read back as the same f64, and none is an empty cell.
///
/// # Errors
/// `Io` with the path.
pub fn write_csv(path: &Path, table: &Table) -> Result<()> {
    super::whole_file(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        let is_named = !table.names.is_empty();
        let name = |name: &str| is_named.then(|| name.to_string());
        writer.write_record(name("name").into_iter().chain(table.columns.iter().cloned()))?;
        for (k, row) in table.rows.iter().enumerate() {
            let own = name(table.names.get(k).map_or("", String::as_str));
            let number = |value: &f64| if value.is_nan() { String::new() } else { value.to_string() };
            writer.write_record(own.into_iter().chain(row.iter().map(number)))?;
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
            ..Table::default()
        };
        write_csv(&path, &table).unwrap();
        let mut reader = csv::Reader::from_path(&path).unwrap();
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), ["time_min", "a, b depth_m"]);
        let rows: Vec<Vec<f64>> =
            reader.records().map(|r| r.unwrap().iter().map(|v| v.parse().unwrap()).collect()).collect();
        assert_eq!(rows, table.rows);
    }

    #[test]
    fn rows_may_have_names_and_gaps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let table = Table {
            names: vec!["Kerk, de".into(), "b".into()],
            columns: vec!["depth_m".into()],
            rows: vec![vec![f64::NAN], vec![0.5]],
            ..Table::default()
        };
        write_csv(&path, &table).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "name,depth_m\n\"Kerk, de\",\nb,0.5\n");
    }
}
