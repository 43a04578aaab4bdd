//! What a variant changes in a city: each edit has a shape, and changes every layer and object that it touches.
//!
//! Edits make a new city and leave the old one as it is. An edit list always starts from today's city, so an edit is undone by
//! leaving it out of the list. Edits are made in the order of the list: a later one meets what earlier ones left.

mod buildings;
mod cover;
mod draft;
mod earth;
mod roads;
mod shape;
#[cfg(test)]
mod tests;
mod touched;
mod trees;
mod water;

pub use cover::Surface;
pub use shape::{MOST_CORNERS, Shape};
pub use touched::{LayerTouched, ObjectTouched, Touched, Turn, Window};

use super::City;
use super::roads::rules::Rules;
use draft::Draft;
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::objects::{Roof, Use};
use hanze_base::outline::Outline;

/// Lowest and highest building, m.
pub const BUILDING_M: [f64; 2] = [2.0, 1000.0];
/// Lowest and highest tree, and narrowest and widest crown (diameter), m.
pub const TREE_M: [f64; 2] = [1.0, 60.0];
/// Narrowest and widest crown, m across.
pub const CROWN_M: [f64; 2] = [0.5, 40.0];
/// Trees that an edit plants at most.
pub const MOST_TREES: usize = 1_000_000;
/// Smallest and largest distance between planted trees, m.
pub const SPACING_M: [f64; 2] = [1.0, 1000.0];
/// Levels, m.
pub const LEVEL_M: [f64; 2] = [-12_000.0, 12_000.0];
/// By how much the ground is raised or lowered at most, m; also the height of walls and the depth of wadis.
pub const RAISE_M: f64 = 100.0;
/// Thinnest and widest wall, kerb or crest of a dike, m.
pub const WIDTH_M: [f64; 2] = [0.01, 1000.0];
/// Steepest and flattest slope, m along for each m up.
pub const SLOPE: [f64; 2] = [0.0, 100.0];
/// People who live or work in a building at most.
pub const MOST_PEOPLE: f64 = 100_000.0;
/// Rain that a green roof holds at most, m.
pub const GREEN_ROOF_M: f64 = 1.0;
/// Largest share of sunlight that is reflected.
pub const ALBEDO: f64 = 0.95;
/// Edits of a list at most.
pub const MOST_EDITS: usize = 10_000;

/// An edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Key path of the edit in its scenario, such as `variant[0].edit[2]`, for errors.
    pub at: String,
    /// The edit in words, such as `variant "Green", edit 3 (trees)`, for errors and remarks.
    pub label: String,
    /// Name of what it adds; one made of its kind and place if empty.
    pub name: String,
    /// Whether it is left out.
    pub disabled: bool,
    /// Whether it is made although a check of the ground speaks against it.
    pub force: bool,
    /// What it does.
    pub what: What,
}

/// What an edit does.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A new building.
    Building(NewBuilding),
    /// Buildings go.
    Demolish {
        /// Those that stand here: at points, or with their middle in an area.
        place: Shape,
        /// What covers the ground then.
        becomes: Surface,
    },
    /// New trees.
    Trees(Planting),
    /// Trees go: those whose trunks stand in an area, or whose crowns cover a point.
    Fell {
        /// Where.
        place: Shape,
    },
    /// Other cover. Buildings stay, and so does water.
    Cover {
        /// Where.
        area: Outline,
        /// What covers the ground then.
        becomes: Surface,
    },
    /// A pond.
    Water {
        /// Where.
        area: Outline,
        /// Height of its bed, m above the datum of heights.
        bed: f64,
        /// Level of its water, m above the datum of heights.
        level: f64,
    },
    /// Other ground, in an area.
    Ground {
        /// Where.
        area: Outline,
        /// What becomes of it.
        action: Earth,
    },
    /// A wall, kerb or dike along a line.
    Barrier(Barrier),
    /// A culvert, weir, pump or breach. The city's layers hold none, and the model of runoff takes them from the scenario: this
    /// checks that it meets the city.
    Structure {
        /// Its name.
        name: String,
        /// Its ends within the city.
        ends: Vec<Vec<DVec2>>,
    },
    /// Another network of roads.
    Road(RoadEdit),
}

/// A building to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBuilding {
    /// Its walls.
    pub outline: Outline,
    /// Height above the ground, of the ridge where it has one, m.
    pub height: f64,
    /// Kind of roof; only outlines of four corners have other roofs than flat ones.
    pub roof: Roof,
    /// What it is for.
    pub use_: Use,
    /// People who live there.
    pub residents: f64,
    /// People who work there.
    pub jobs: f64,
    /// Rain that its roof holds, m.
    pub green_roof: f64,
    /// Share of sunlight that its roof reflects, where it is not what roofs usually do.
    pub albedo: Option<f64>,
}

/// Trees to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Planting {
    /// At points, along a line or in an area.
    pub place: Shape,
    /// How many, or how far apart; of an area and a line only.
    pub amount: Option<Amount>,
    /// Height, m.
    pub height: f64,
    /// Diameter of the crown, m.
    pub crown: f64,
    /// Kind of tree. No layer holds it yet.
    pub species: Species,
}

/// How many trees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many.
    Count(usize),
    /// So far apart, m.
    Spacing(f64),
}

/// A kind of tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Species {
    /// Sheds its leaves in autumn.
    #[default]
    Broadleaf,
    /// Keeps its needles.
    Conifer,
}

/// What becomes of the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Earth {
    /// So much higher, or lower where it is negative, m.
    Raise(f64),
    /// At this level, m above the datum of heights.
    Flatten(f64),
    /// A hollow with grass that rain drains into.
    Wadi {
        /// How deep, m.
        depth: f64,
        /// Slope of its banks, m along for each m up.
        slope: f64,
    },
}

/// A wall, kerb or dike to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Barrier {
    /// Its middle line.
    pub line: Vec<DVec2>,
    /// What it is.
    pub kind: BarrierKind,
    /// Height above the ground, m.
    pub height: f64,
    /// Width, of the crest of a dike, m.
    pub width: f64,
    /// Slope of the banks of a dike, m along for each m up.
    pub slope: f64,
}

/// What stands along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierKind {
    /// A wall.
    Wall,
    /// A kerb.
    Kerb,
    /// A dike with grass on it.
    Dike,
}

/// What is done to roads.
#[derive(Clone, Debug, PartialEq)]
pub enum RoadEdit {
    /// An edit of the network.
    Change {
        /// Where.
        place: super::roads::Place,
        /// What.
        change: super::roads::Change,
    },
    /// Closed at some hours of the day.
    AtHours {
        /// Where.
        place: super::roads::Place,
        /// For whom, as bits.
        modes: u8,
        /// From and until, 0 to 24.
        hours: [f64; 2],
    },
}

impl What {
    /// Its name in scenarios.
    pub fn name(&self) -> &'static str {
        match self {
            What::Building(_) => "building",
            What::Demolish { .. } => "demolish",
            What::Trees(_) => "trees",
            What::Fell { .. } => "fell",
            What::Cover { .. } => "cover",
            What::Water { .. } => "water",
            What::Ground { .. } | What::Barrier(_) => "ground",
            What::Structure { .. } => "structure",
            What::Road(_) => "road",
        }
    }
}

impl Edit {
    /// An edit without a scenario around it.
    pub fn new(what: What) -> Edit {
        let at = String::new();
        Edit { at, label: what.name().into(), name: String::new(), disabled: false, force: false, what }
    }
}

/// Why an edit is refused: the key at fault (empty for the whole edit), the problem, and what helps.
#[derive(Clone, Debug, PartialEq)]
struct Refusal {
    /// Which of the edits that are made is at fault, where it is not the current one.
    number: Option<usize>,
    key: &'static str,
    problem: String,
    mend: String,
}

type Outcome<T> = std::result::Result<T, Refusal>;

fn refused<T>(key: &'static str, problem: impl Into<String>, mend: impl Into<String>) -> Outcome<T> {
    Err(Refusal { number: None, key, problem: problem.into(), mend: mend.into() })
}

/// Refuses a number beyond its bounds; NaN lies in none.
fn within(key: &'static str, value: f64, [least, most]: [f64; 2], unit: &str) -> Outcome<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    refused(key, format!("{key} = {value} is not allowed"), format!("write a number from {least} to {most}{unit}"))
}

impl City {
    /// The city after some edits, and what they touch; new roads are of the kinds of the Dutch rules. The layers of the new city
    /// are copies: rasters are not shared.
    ///
    /// # Errors
    /// `Scenario` at the first edit that cannot be made, with its name and what to mend.
    pub fn edited(&self, edits: &[Edit]) -> Result<(City, Touched)> {
        self.edited_by(edits, &Rules::dutch()?)
    }

    /// The same with other rules of roads.
    ///
    /// # Errors
    /// Those of `edited`.
    pub fn edited_by(&self, edits: &[Edit], rules: &Rules) -> Result<(City, Touched)> {
        if edits.len() > MOST_EDITS {
            let problem = format!("has {} edits", edits.len());
            return Err(Error::scenario("variant", problem, format!("keep at most {MOST_EDITS}")));
        }
        let active: Vec<&Edit> = edits.iter().filter(|edit| !edit.disabled).collect();
        let told = |current: Option<&Edit>, refusal: Refusal| {
            let at_fault = refusal.number.and_then(|k| active.get(k).copied()).or(current);
            at_fault.map_or_else(
                || Error::scenario("variant", &refusal.problem, &refusal.mend),
                |edit| edit.error(&refusal),
            )
        };
        let mut draft = Draft::new(self, rules);
        for &edit in &active {
            draft.make(edit).map_err(|refusal| told(Some(edit), refusal))?;
        }
        let (city, said) = draft.done().map_err(|refusal| told(None, refusal))?;
        let touched = Touched::between(self, &city, said);
        Ok((city, touched))
    }
}

impl Edit {
    /// The error of a refusal.
    fn error(&self, Refusal { key, problem, mend, .. }: &Refusal) -> Error {
        let dot = if key.is_empty() || self.at.is_empty() { "" } else { "." };
        Error::scenario(format!("{}{dot}{key}", self.at), format!("{}: {problem}", self.label), mend)
    }
}

impl Draft<'_> {
    fn make(&mut self, edit: &Edit) -> Outcome<()> {
        self.begin(edit);
        match &edit.what {
            What::Building(new) => self.build(edit, new),
            What::Demolish { place, becomes } => self.demolish(place, becomes),
            What::Trees(planting) => self.plant(edit, planting),
            What::Fell { place } => self.fell(place),
            What::Cover { area, becomes } => self.cover(edit, area, becomes),
            What::Water { area, bed, level } => self.pond(edit, area, *bed, *level),
            What::Ground { area, action } => self.earth(area, action),
            What::Barrier(barrier) => self.barrier(barrier),
            What::Structure { name, ends } => self.structure(name, ends),
            What::Road(road) => self.road(edit, road),
        }
    }
}
