//! What a model gives: layers at a moment, tables, and a balance.

use crate::grid::Grid;
use crate::objects::Shape;
use crate::quantity::Variable;
use crate::raster::Raster;
use crate::words::Text;
use glam::DVec2;
use std::ops::Deref;

/// A raster whose quantity a model has declared; others cannot be written or drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    variable: Variable,
    raster: Raster,
}

impl Layer {
    /// A layer from its cell values, row by row from the north-west cell, with datum 0.
    ///
    /// # Panics
    /// If there is not one value per cell.
    pub fn new(variable: impl Into<Variable>, grid: Grid, values: Vec<f32>) -> Layer {
        Layer::of(variable, Raster::from_values(grid, "", "", values))
    }

    /// A raster that holds a variable; it takes its name and unit.
    pub fn of(variable: impl Into<Variable>, raster: Raster) -> Layer {
        let variable = variable.into();
        let (name, unit) = (variable.name(), variable.quantity.unit.into());
        Layer { raster: Raster { name, unit, ..raster }, variable }
    }

    /// Gives it a description, in words for those who read the file.
    pub fn described(self, description: &str) -> Layer {
        Layer { raster: self.raster.described(description), ..self }
    }

    /// Takes its values as relative to a datum, m.
    pub fn above(mut self, datum: f64) -> Layer {
        self.raster.datum = datum;
        self
    }

    /// Its raster alone.
    pub fn into_raster(self) -> Raster {
        self.raster
    }

    /// What it holds.
    pub fn variable(&self) -> &Variable {
        &self.variable
    }
}

impl Deref for Layer {
    type Target = Raster;

    fn deref(&self) -> &Raster {
        &self.raster
    }
}

/// Layers of a model at one simulated time.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Simulated time, s.
    pub time: f64,
    /// The layers, all on the city's grid.
    pub layers: Vec<Layer>,
    /// Where every vehicle is, where they move.
    pub vehicles: Option<Vehicles>,
}

/// Where vehicles are at a moment; for each one value in every list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vehicles {
    /// Number of the trip: the same vehicle has the same one in every frame.
    pub id: Vec<u32>,
    /// Its front, in the city's plane, m.
    pub at: Vec<DVec2>,
    /// Direction, degrees from east, counter-clockwise.
    pub heading: Vec<f64>,
    /// m/s.
    pub speed: Vec<f64>,
    /// m.
    pub length: Vec<f64>,
    /// What it is: 1 a car, 2 a truck, 4 a cycle, 8 a bus.
    pub kind: Vec<u8>,
}

impl Vehicles {
    /// One more.
    pub fn push(&mut self, id: u32, at: DVec2, heading: f64, speed: f64, length: f64, kind: u32) {
        self.id.push(id);
        self.at.push(at);
        self.heading.push(heading);
        self.speed.push(speed);
        self.length.push(length);
        // Who counts as several is a car.
        self.kind.push(if kind.count_ones() == 1 { kind as u8 } else { 1 });
    }
}

/// Numbers in rows; the columns' names end in their unit. NaN is no value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Machine name, such as `gauges`.
    pub name: String,
    /// What the rows are, in words.
    pub description: String,
    /// What each row is called; empty where rows have no names.
    pub names: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One value per column in each row.
    pub rows: Vec<Vec<f64>>,
    /// Where each row lies, in the city's plane; empty where rows lie nowhere.
    pub shapes: Vec<Shape>,
}

/// What came, what went, and what is left over without a reason.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Balance {
    /// Unit of all terms.
    pub unit: &'static str,
    /// Terms by name; what leaves or stays is negative.
    pub terms: Vec<(String, f64)>,
    /// Sum of the terms: 0 if nothing was lost or made.
    pub error: f64,
    /// The error over all that came in or was there.
    pub relative_error: f64,
}

impl Balance {
    /// A balance from its terms.
    pub fn new(unit: &'static str, terms: Vec<(String, f64)>) -> Balance {
        let error: f64 = terms.iter().map(|term| term.1).sum();
        let gained: f64 = terms.iter().map(|term| term.1.max(0.0)).sum();
        let relative_error = if gained > 0.0 { error.abs() / gained } else { error.abs() };
        Balance { unit, terms, error, relative_error }
    }
}

/// Lines with a value each, as roads with what drives there: bands on their right-hand side, as wide as the value is large.
#[derive(Clone, Debug, PartialEq)]
pub struct Ribbons {
    /// What they hold.
    pub variable: Variable,
    /// What they show, in words.
    pub description: String,
    /// Width of the largest value, m.
    pub width: f64,
    /// The lines in the city's plane, and their values; none is NaN.
    pub lines: Vec<(Vec<DVec2>, f64)>,
}

/// What a model says at the end.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Layers that sum the run up.
    pub layers: Vec<Layer>,
    /// Tables.
    pub tables: Vec<Table>,
    /// The balance of what the model conserves, if it conserves anything.
    pub balance: Option<Balance>,
    /// What came of it, sentence by sentence.
    pub story: Vec<Text>,
    /// Bands along lines, for the scene.
    pub ribbons: Vec<Ribbons>,
}
