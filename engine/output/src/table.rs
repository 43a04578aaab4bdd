//! Tables as CSV, each with a file beside it that says what it is (CSV on the Web, W3C 2015).

use super::folder::Provenance;
use hanze_base::error::Result;
use hanze_base::frame::Table;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// Name of the column that says whether the city is made up. It is in the table itself, so that no number goes without it
/// when a table is copied, joined or sent on.
const SYNTHETIC: &str = "synthetic";

/// Writes a table with a header; numbers are the shortest that read back as the same f64, and none is an empty cell. The last
/// column is [`SYNTHETIC`], 1 or 0 in every row: a comment above the header would break readers of CSV.
///
/// # Errors
/// `Io` with the path.
pub fn write_csv(path: &Path, table: &Table, of: &Provenance) -> Result<()> {
    super::whole_file(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        let is_named = !table.names.is_empty();
        let name = |name: &str| is_named.then(|| name.to_string());
        let mark = if of.synthetic { "1" } else { "0" };
        let columns = table.columns.iter().cloned().chain([SYNTHETIC.to_string()]);
        writer.write_record(name("name").into_iter().chain(columns))?;
        for (k, row) in table.rows.iter().enumerate() {
            let own = name(table.names.get(k).map_or("", String::as_str));
            let number = |value: &f64| if value.is_nan() { String::new() } else { value.to_string() };
            writer.write_record(own.into_iter().chain(row.iter().map(number)).chain([mark.to_string()]))?;
        }
        writer.flush()
    })
}

/// Writes what the table `NAME.csv` is: description, columns, whom to name, and whether the city is made up. The place for it is
/// `NAME.csv-metadata.json` (Model for Tabular Data and Metadata on the Web, section 5.3).
///
/// # Errors
/// `Io` with the path.
pub fn write_metadata(path: &Path, table: &Table, of: &Provenance) -> Result<()> {
    let column =
        |name: &str, datatype: &str| json!({ "name": column_name(name), "titles": name, "datatype": datatype });
    let named = (!table.names.is_empty()).then(|| column("name", "string"));
    let numbers = table.columns.iter().map(|name| column(name, "number"));
    let mut last = column(SYNTHETIC, "integer");
    last["dc:description"] = json!("1 where the city is made up: a demonstration, not a prediction");
    let columns: Vec<Value> = named.into_iter().chain(numbers).chain([last]).collect();
    let metadata = json!({
        "@context": ["http://www.w3.org/ns/csvw", { "@language": "en" }],
        "url": format!("{}.csv", table.name),
        "dc:description": table.description,
        "dc:rights": of.attribution,
        "notes": [{ "synthetic": of.synthetic, "attribution": of.attribution }],
        "tableSchema": { "columns": columns },
    });
    super::whole_file(path, |out| writeln!(out, "{metadata:#}"))
}

/// A name as CSV on the Web takes it: that of a variable in a URI template (RFC 6570), percent-encoded where it has to be.
fn column_name(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let escape = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(escape).collect()
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
        for synthetic in [false, true] {
            write_csv(&path, &table, &Provenance { synthetic, attribution: String::new() }).unwrap();
            let mut reader = csv::Reader::from_path(&path).unwrap();
            assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), ["time_min", "a, b depth_m", "synthetic"]);
            let mut rows: Vec<Vec<f64>> =
                reader.records().map(|r| r.unwrap().iter().map(|v| v.parse().unwrap()).collect()).collect();
            let marks: Vec<f64> = rows.iter_mut().filter_map(Vec::pop).collect();
            assert_eq!((rows, marks), (table.rows.clone(), vec![f64::from(u8::from(synthetic)); 2]));
        }
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
        write_csv(&path, &table, &Provenance::default()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "name,depth_m,synthetic\n\"Kerk, de\",,0\nb,0.5,0\n");
    }

    #[test]
    fn what_a_table_is_stands_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv-metadata.json");
        let table = Table {
            name: "t".into(),
            description: "places".into(),
            names: vec!["a".into()],
            columns: vec!["depth_m".into(), "a-b".into()],
            rows: vec![vec![0.5, 1.0]],
            ..Table::default()
        };
        write_metadata(&path, &table, &Provenance { synthetic: true, attribution: "\"AHN\"".into() }).unwrap();
        let read: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((&read["url"], &read["dc:rights"]), (&json!("t.csv"), &json!("\"AHN\"")));
        assert_eq!(read["notes"][0], json!({ "synthetic": true, "attribution": "\"AHN\"" }));
        let columns = read["tableSchema"]["columns"].as_array().unwrap();
        let titles: Vec<&Value> = columns.iter().map(|column| &column["titles"]).collect();
        assert_eq!(titles, ["name", "depth_m", "a-b", "synthetic"]);
        assert_eq!(columns[2]["name"], "a%2Db");
    }
}
