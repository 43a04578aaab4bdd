//! Tables of two runs, row beside row.

use crate::run::{Run, Told};
use crate::statistic::ranks;
use hanze_base::error::{Error, Result};
use hanze_base::frame::Table;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Text;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Bytes of a table that are read.
const LARGEST_FILE: u64 = 1 << 30;
/// The column that names rows, as tables write it first.
const NAME: &str = "name";
/// Columns that tell rows of one name apart: they say for which time a row is, and are no result.
const KEYS: [&str; 4] = ["time_min", "from_min", "to_min", "within_min"];
/// The column that every table has last.
const SYNTHETIC: &str = "synthetic";
/// Rows that are named where they are on one side only.
const NAMED: usize = 3;

/// A table of a run.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Columns of numbers that are results.
    pub columns: Vec<String>,
    /// Columns of numbers that are part of the key.
    pub key_columns: Vec<String>,
    /// Name of each row; empty where rows have none.
    pub names: Vec<String>,
    /// Numbers of the key of each row.
    pub key_values: Vec<f64>,
    /// What tells each row apart.
    pub keys: Vec<String>,
    /// Values row by row; NaN for none.
    pub values: Vec<f64>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|own| own == name)
    }

    /// A value.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns.len() + column]
    }

    /// Places of rows by their keys; those of keys that repeat are left out and counted.
    fn places(&self) -> (HashMap<&str, usize>, usize) {
        let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
        for (row, key) in self.keys.iter().enumerate() {
            counts.entry(key).or_insert((row, 0)).1 += 1;
        }
        let repeated = counts.values().filter(|(_, count)| *count > 1).count();
        (counts.into_iter().filter(|(_, (_, count))| *count == 1).map(|(key, (row, _))| (key, row)).collect(), repeated)
    }
}

/// Reads a table of a run.
///
/// # Errors
/// `Io` where it cannot be read, `Data` where it is damaged. What cannot be compared is told.
pub(crate) fn read(run: &Run, table: &str) -> Result<Told<Rows>> {
    let path = run.file(&format!("{table}.csv"))?;
    if std::fs::metadata(&path).map_err(Error::io("reading", &path))?.len() > LARGEST_FILE {
        let (en, nl) = ("is larger than 1 GiB", "is groter dan 1 GiB");
        return Ok(Err(Text::new(format!("{table} {en}"), format!("{table} {nl}"))));
    }
    read_csv(&path, table)
}

fn read_csv(path: &Path, table: &str) -> Result<Told<Rows>> {
    let bad = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::io("reading", path)(error),
        other => Error::data(path, format!("is no table: {other:?}"), "run the scenario again with --again"),
    };
    let mut reader = csv::Reader::from_path(path).map_err(bad)?;
    let header: Vec<String> = reader.headers().map_err(bad)?.iter().map(String::from).collect();
    let is_named = header.first().is_some_and(|first| first == NAME);
    let is_key = |name: &str| KEYS.contains(&name);
    let mut rows = Rows::default();
    // What each column is: part of the key, a result, or neither.
    for name in header.iter().skip(usize::from(is_named)).filter(|name| *name != SYNTHETIC) {
        let to = if is_key(name) { &mut rows.key_columns } else { &mut rows.columns };
        to.push(name.clone());
    }
    if !is_named && rows.key_columns.is_empty() {
        return Ok(Err(Text::new(
            format!("the rows of {table} have no key by which those of two runs could be matched"),
            format!("de rijen van {table} hebben geen sleutel waarmee die van twee berekeningen bij elkaar horen"),
        )));
    }
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let mut key = String::new();
        for (k, (cell, name)) in record.iter().zip(&header).enumerate() {
            if is_named && k == 0 {
                rows.names.push(cell.to_string());
                key.push_str(cell);
                continue;
            }
            if name == SYNTHETIC {
                continue;
            }
            let number = if cell.is_empty() { Some(f64::NAN) } else { cell.parse::<f64>().ok() };
            let number = number.ok_or_else(|| {
                let line = record.position().map_or(0, |at| at.line());
                Error::data(
                    path,
                    format!("line {line}: {name} is {cell:?}, which is no number"),
                    "run the scenario again",
                )
            })?;
            if is_key(name) {
                // No name holds what parts the key.
                key.push('\u{1f}');
                key.push_str(cell);
                rows.key_values.push(number);
            } else {
                rows.values.push(if number.is_finite() { number } else { f64::NAN });
            }
        }
        rows.keys.push(key);
    }
    Ok(Ok(rows))
}

/// The rows of two runs beside each other: base, variant, difference and the rank of the difference for each column that both have.
/// `None` where there is nothing to join. What is on one side only is told.
pub(crate) fn join(table: &str, base: &Rows, run: &Rows, remarks: &mut Remarks) -> Option<Table> {
    let mut tell = |share: f64, en: String, nl: String| {
        remarks.push(Remark::new(share, format!("{table}: {en}"), format!("{table}: {nl}")));
    };
    if base.len() == 0 || run.len() == 0 {
        tell(1.0, "has no rows".into(), "heeft geen rijen".into());
        return None;
    }
    if base.key_columns != run.key_columns || base.names.is_empty() != run.names.is_empty() {
        tell(1.0, "its rows have other keys in the two runs".into(), "de rijen hebben een andere sleutel".into());
        return None;
    }
    let shared: Vec<(usize, usize)> =
        base.columns.iter().enumerate().filter_map(|(k, name)| Some((k, run.column(name)?))).collect();
    let alone = |one: &Rows, other: &Rows| {
        let names = one.columns.iter().filter(|name| other.column(name).is_none());
        names.cloned().collect::<Vec<_>>().join(", ")
    };
    for (names, en, nl) in [
        (alone(base, run), "in the base only", "alleen in de basis"),
        (alone(run, base), "in the variant only", "alleen in de variant"),
    ] {
        if !names.is_empty() {
            tell(0.0, format!("columns {en}: {names}"), format!("kolommen {nl}: {names}"));
        }
    }
    let ((of_base, twice), (of_run, again)) = (base.places(), run.places());
    if twice + again > 0 {
        let count = twice.max(again);
        let share = count as f64 / base.len().max(run.len()) as f64;
        tell(
            share,
            format!("{count} keys repeat, and their rows are left out"),
            format!("{count} sleutels komen vaker voor: die rijen zijn weggelaten"),
        );
    }
    // Rows of the base in their order, then those of the variant alone; keys that repeat in either run are nowhere.
    let (repeats_base, repeats_run) = (repeated(base, &of_base), repeated(run, &of_run));
    let mut pairs: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    for (row, key) in base.keys.iter().enumerate() {
        if of_base.contains_key(key.as_str()) && !repeats_run.contains(key.as_str()) {
            pairs.push((Some(row), of_run.get(key.as_str()).copied()));
        }
    }
    for (row, key) in run.keys.iter().enumerate() {
        let is_new = !of_base.contains_key(key.as_str()) && !repeats_base.contains(key.as_str());
        if is_new && of_run.contains_key(key.as_str()) {
            pairs.push((None, Some(row)));
        }
    }
    for (is_base, en, nl) in
        [(true, "in the base only", "alleen in de basis"), (false, "in the variant only", "alleen in de variant")]
    {
        let one: Vec<&str> = pairs
            .iter()
            .filter_map(|pair| match (pair, is_base) {
                ((Some(row), None), true) => Some(base.keys[*row].as_str()),
                ((None, Some(row)), false) => Some(run.keys[*row].as_str()),
                _ => None,
            })
            .collect();
        if !one.is_empty() {
            let some = one.iter().take(NAMED).map(|key| key.replace('\u{1f}', " ")).collect::<Vec<_>>().join(", ");
            let (count, more) = (one.len(), if one.len() > NAMED { ", …" } else { "" });
            let share = count as f64 / pairs.len() as f64;
            tell(
                share,
                format!("{count} rows are {en} ({some}{more})"),
                format!("{count} rijen zijn {nl} ({some}{more})"),
            );
        }
    }
    if pairs.is_empty() || shared.is_empty() {
        tell(1.0, "no row and column is in both".into(), "geen rij en kolom staat in beide".into());
        return None;
    }
    let mut columns = base.key_columns.clone();
    let mut rows: Vec<Vec<f64>> = pairs
        .iter()
        .map(|pair| {
            let (own, row) = match pair {
                (Some(row), _) => (base, *row),
                (None, row) => (run, row.unwrap_or_default()),
            };
            own.key_values[row * own.key_columns.len()..][..own.key_columns.len()].to_vec()
        })
        .collect();
    for (was, is) in shared {
        let name = &base.columns[was];
        columns.extend(["base", "variant", "difference", "rank"].map(|what| format!("{name}_{what}")));
        let value = |rows: &Rows, row: Option<usize>, column: usize| row.map_or(f64::NAN, |row| rows.at(row, column));
        let both: Vec<(f64, f64)> = pairs.iter().map(|(b, r)| (value(base, *b, was), value(run, *r, is))).collect();
        let differences: Vec<f64> = both.iter().map(|(was, is)| is - was).collect();
        let ranks = ranks(&differences);
        for (k, row) in rows.iter_mut().enumerate() {
            row.extend([both[k].0, both[k].1, differences[k], ranks[k]]);
        }
    }
    let name = |pair: &(Option<usize>, Option<usize>)| match pair {
        (Some(row), _) => base.names[*row].clone(),
        (None, row) => run.names[row.unwrap_or_default()].clone(),
    };
    let names = if base.names.is_empty() { Vec::new() } else { pairs.iter().map(name).collect() };
    Some(Table {
        name: table.into(),
        description: format!("{table} of base and variant beside each other; ranks by the size of the difference"),
        names,
        columns,
        rows,
        ..Table::default()
    })
}

/// Keys of a table that repeat.
fn repeated<'a>(rows: &'a Rows, once: &HashMap<&str, usize>) -> BTreeSet<&'a str> {
    rows.keys.iter().map(String::as_str).filter(|key| !once.contains_key(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Rows {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        read_csv(&path, "t").unwrap().expect("comparable")
    }

    #[test]
    fn rows_meet_by_their_names_in_any_order() {
        let base = rows("name,depth_m,old_m,synthetic\na,0.1,1,1\nb,0.5,1,1\nc,,1,1\n");
        let run = rows("name,depth_m,new_m,synthetic\nb,0.25,2,1\nd,3,2,1\na,0.1,2,1\n");
        let mut remarks = Remarks::default();
        let table = join("t", &base, &run, &mut remarks).expect("joined");
        assert_eq!(table.columns, ["depth_m_base", "depth_m_variant", "depth_m_difference", "depth_m_rank"]);
        assert_eq!(table.names, ["a", "b", "c", "d"]);
        assert_eq!((table.rows[1].as_slice(), table.rows[0][2]), (&[0.5, 0.25, -0.25, 1.0][..], 0.0));
        assert!(table.rows[0][3].is_nan() && table.rows[2][..].iter().all(|value| value.is_nan()));
        assert!(table.rows[3][0].is_nan() && table.rows[3][1] == 3.0 && table.rows[3][2].is_nan());
        let said: Vec<&str> = remarks.words(hanze_base::words::Language::English).collect();
        for words in ["old_m", "new_m", "1 rows are in the base only (c)", "1 rows are in the variant only (d)"] {
            assert!(said.iter().any(|own| own.contains(words)), "{words}: {said:?}");
        }
    }

    #[test]
    fn times_are_keys_and_keys_that_repeat_are_told() {
        let base = rows("name,from_min,speed,synthetic\na,0,1,0\na,15,2,0\nb,0,3,0\nb,0,4,0\n");
        let run = rows("name,from_min,speed,synthetic\na,15,5,0\na,0,1,0\nb,0,9,0\n");
        let mut remarks = Remarks::default();
        let table = join("t", &base, &run, &mut remarks).expect("joined");
        assert_eq!(table.names, ["a", "a"], "b repeats and is nowhere");
        assert_eq!((table.rows[0][0], table.rows[1][..4].to_vec()), (0.0, vec![15.0, 2.0, 5.0, 3.0]));
        assert!(remarks.iter().any(|remark| remark.contains("1 keys repeat")), "{remarks:?}");
        let series = rows("time_min,stored_m3,synthetic\n0,1,0\n1,2,0\n");
        assert!(series.names.is_empty() && series.key_columns == ["time_min"]);
        let table = join("t", &series, &series, &mut remarks).expect("joined");
        assert!(table.names.is_empty() && table.rows[1][..4] == [1.0, 2.0, 2.0, 0.0]);
    }

    #[test]
    fn what_has_no_rows_no_key_or_no_numbers_is_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_csv(&path, "t")
        };
        let spots = read("rank,x_m,synthetic\n1,5,0\n").unwrap().expect_err("no key");
        assert!(spots.en.contains("no key"), "{spots:?}");
        for text in ["name,a\nx,1,2\n", "name,a\nx,wet\n"] {
            assert!(read(text).expect_err(text).to_string().contains("t.csv"));
        }
        assert!(read("").unwrap().is_err(), "an empty file has no key");
        let empty = read("name,a,synthetic\n").unwrap().expect("a table");
        let mut remarks = Remarks::default();
        assert!(join("t", &empty, &empty, &mut remarks).is_none() && remarks[0].contains("no rows"));
        let other = rows("name,b\nx,1\n");
        let own = rows("name,a\nx,1\n");
        assert!(join("t", &own, &other, &mut remarks).is_none());
        let times = rows("time_min,a\n0,1\n");
        assert!(join("t", &own, &times, &mut remarks).is_none());
    }
}
