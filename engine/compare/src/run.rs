//! A finished run as its folder holds it; each file is checked against the record before it is read.

use hanze_base::checksum;
use hanze_base::error::{Error, Result};
use hanze_base::frame::Layer;
use hanze_base::grid::Grid;
use hanze_base::quantity::Variable;
use hanze_base::raster::Raster;
use hanze_base::words::Text;
use hanze_city::read::{Cog, Limits, Quantity as Read, raster};
use hanze_output::folder::Artifact;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const RECORD: &str = "run.json";
/// Bytes of a record that are read.
const LARGEST_RECORD: u64 = 64 << 20;
/// Cells of a run at most.
const MOST_CELLS: u64 = 4_000_000_000;

/// A value, or why there is none, for the one who compares.
pub(crate) type Told<T> = std::result::Result<T, Text>;

/// What is read of a record.
#[derive(Deserialize)]
struct Record {
    run_id: String,
    hanze: String,
    title: String,
    synthetic: bool,
    attribution: String,
    model: String,
    #[serde(default)]
    section: Option<String>,
    grid: Grid,
    artifacts: Vec<Artifact>,
}

/// A finished run.
pub(crate) struct Run {
    pub path: PathBuf,
    /// What it is called: its title, with its folder where another run has the same one.
    pub label: String,
    pub run_id: String,
    pub hanze: String,
    pub title: String,
    pub synthetic: bool,
    pub attribution: String,
    pub model: String,
    pub section: Option<String>,
    pub grid: Grid,
    pub artifacts: Vec<Artifact>,
    /// Files whose checksum was found to be right.
    whole: RefCell<BTreeSet<String>>,
}

impl Run {
    /// Opens the folder of a run.
    ///
    /// # Errors
    /// `Io` where there is none, `Data` where it is not finished or damaged.
    pub fn open(path: &Path) -> Result<Run> {
        let file = path.join(RECORD);
        if path.is_dir() && !file.exists() {
            let mend = "finish it with `hanze resume`, or give the folder of a finished run";
            return Err(Error::data(path, "has no run.json, so the run in it is not finished", mend));
        }
        let opened = std::fs::File::open(&file).map_err(Error::io("reading", &file))?;
        let mut text = String::new();
        opened.take(LARGEST_RECORD + 1).read_to_string(&mut text).map_err(Error::io("reading", &file))?;
        let bad = |problem: String| Error::data(&file, problem, "give the folder of a finished run, or run it again");
        if text.len() as u64 > LARGEST_RECORD {
            return Err(bad("is longer than 64 MiB".into()));
        }
        let record: Record =
            serde_json::from_str(&text).map_err(|error| bad(format!("is not a record of a run: {error}")))?;
        let Grid { cols, rows, cell, west, north, .. } = record.grid;
        let cells = (cols as u64).checked_mul(rows as u64).filter(|cells| (1..=MOST_CELLS).contains(cells));
        let numbers = [cell, west, north, cell * cols as f64, cell * rows as f64];
        if cells.is_none() || !numbers.iter().all(|number| number.is_finite()) || cell <= 0.0 {
            return Err(bad(format!("has a grid of {cols} x {rows} cells of {cell} m, which is none")));
        }
        if let Some(odd) = record.artifacts.iter().find(|artifact| !is_within(&artifact.name)) {
            return Err(bad(format!("names a file {:?}, which does not lie in the folder", odd.name)));
        }
        for artifact in &record.artifacts {
            let own = path.join(&artifact.name);
            let size = std::fs::metadata(&own).map_err(Error::io("reading", &own))?.len();
            if size != artifact.bytes {
                return Err(damaged(&own));
            }
        }
        let title: String = record.title.chars().filter(|letter| !letter.is_control()).take(300).collect();
        Ok(Run {
            path: path.to_path_buf(),
            label: title.clone(),
            run_id: record.run_id,
            hanze: record.hanze,
            title,
            synthetic: record.synthetic,
            attribution: record.attribution.chars().filter(|letter| !letter.is_control()).take(2000).collect(),
            model: record.model,
            section: record.section,
            grid: record.grid,
            artifacts: record.artifacts,
            whole: RefCell::default(),
        })
    }

    /// Names of its files with an ending, without it, in the order of the alphabet.
    pub fn stems(&self, ending: &str) -> BTreeSet<&str> {
        self.artifacts.iter().filter_map(|artifact| artifact.name.strip_suffix(ending)).collect()
    }

    /// Whether its record lists a file.
    pub fn has(&self, name: &str) -> bool {
        self.artifacts.iter().any(|artifact| artifact.name == name)
    }

    /// The path of a file that is as the record says.
    ///
    /// # Errors
    /// `Data` where its checksum is another, `Io` where it cannot be read.
    pub fn file(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        if self.whole.borrow().contains(name) {
            return Ok(path);
        }
        let listed = self.artifacts.iter().find(|artifact| artifact.name == name);
        let listed = listed.ok_or_else(|| Error::data(&path, "is not in the record of the run", "run it again"))?;
        let (sha256, bytes) = checksum::of_file(&path)?;
        if sha256 != listed.sha256 || bytes != listed.bytes {
            return Err(damaged(&path));
        }
        self.whole.borrow_mut().insert(name.to_string());
        Ok(path)
    }

    /// A layer by the name of its file without the ending, on the run's grid and with datum 0.
    ///
    /// # Errors
    /// `Data` where the file is not what the record says, `Io` where it cannot be read. What the file holds but cannot be compared is told.
    pub fn layer(&self, stem: &str, variable: Variable) -> Result<Told<Layer>> {
        let path = self.file(&format!("{stem}.tif"))?;
        let limits = Limits { max_cells: self.grid.len() as u64 };
        let told = |error: Error| match error {
            Error::Data { problem, .. } => {
                Ok(Err(Text::new(format!("{stem}: {problem}"), format!("{stem} is niet te lezen: {problem}"))))
            }
            other => Err(other),
        };
        let cog = match Cog::open(&path, limits) {
            Ok(cog) => cog,
            Err(error) => return told(error),
        };
        if !is_same_grid(&cog.grid, &self.grid) || !cog.grid.crs.same_plane(self.grid.crs) {
            let en = format!("{stem} of \"{}\" lies on another grid than its run", self.label);
            return Ok(Err(Text::new(en, format!("{stem} van \"{}\" ligt op een ander raster", self.label))));
        }
        let unit = variable.quantity.unit;
        if cog.unit != unit {
            let (found, label) = (&cog.unit, &self.label);
            return Ok(Err(Text::new(
                format!("{stem} of \"{label}\" is in \"{found}\" and not in \"{unit}\""),
                format!("{stem} van \"{label}\" staat in \"{found}\" en niet in \"{unit}\""),
            )));
        }
        drop(cog);
        match raster(&path, Read::Values, limits) {
            // The file's corner may differ from the record's by rounding.
            Ok(read) => Ok(Ok(Layer::of(variable, Raster { grid: self.grid, ..read }))),
            Err(error) => told(error),
        }
    }
}

/// Whether a name leads to a file below the folder.
fn is_within(name: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.len() <= 500
        && name.split('/').all(is_plain)
        && !name.contains(|c: char| c == '\\' || c == ':' || c.is_control())
}

fn damaged(path: &Path) -> Error {
    Error::data(path, "is not as the record of its run says", "run the scenario again with --again")
}

/// Whether the cells of two grids lie at the same places of one plane, but for rounding.
pub(crate) fn is_same_grid(a: &Grid, b: &Grid) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * 0.5;
    (a.cols, a.rows) == (b.cols, b.rows)
        && (a.cell - b.cell).abs() <= 1e-9 * a.cell
        && near(a.west, b.west)
        && near(a.north, b.north)
}
