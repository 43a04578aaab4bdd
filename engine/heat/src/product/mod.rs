//! The two products: each gives PET by the hour, from which all statistics are made.

pub(super) mod national;
pub(super) mod physical;

use hanze_base::error::Result;
use hanze_base::quantity::Quantity;
use hanze_base::remark::Remarks;

/// A layer of an hour or of a whole run, on all cells.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) quantity: &'static Quantity,
    /// What it shows.
    pub(super) words: &'static str,
    pub(super) values: Vec<f32>,
}

/// Thermal indices in an hour, on every cell.
#[derive(Clone, Debug, Default)]
pub(super) struct ThermalIndices {
    /// PET, °C.
    pub(super) pet: Vec<f32>,
    /// Share of the hour in the sun.
    pub(super) sun: Vec<f32>,
    /// Temperature of the air, °C; empty where it is that of the station everywhere.
    pub(super) air: Vec<f32>,
    /// Further layers of the hour.
    pub(super) others: Vec<Layer>,
}

/// What the sums need to know of an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hour {
    /// When it ends, s since 1970.
    pub(super) end: i64,
    /// Air temperature at the station, °C.
    pub(super) air: f64,
    /// Whether the sun is down all the time.
    pub(super) is_night: bool,
}

/// A way to compute thermal indices.
pub(super) trait Product: Send {
    /// All hours.
    fn hours(&self) -> Vec<Hour>;
    /// Looks around from some more cells; true when all have.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn look(&mut self) -> Result<bool>;
    /// Day and hour, from 1 on, of the day that is repeated until temperatures converge, while it is.
    fn settling(&self) -> Option<(u64, u64)> {
        None
    }
    /// Thermal indices of an hour, by its place in the list; hours come one after the other. View factors are complete.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn hour(&mut self, at: usize) -> Result<ThermalIndices>;
    /// Names of the columns of a gauge.
    fn columns(&self) -> &'static [&'static str];
    /// Values of those columns at a cell, in the hour that `hour` gave last.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn reading(&mut self, cell: usize, indices: &ThermalIndices) -> Result<Vec<f64>>;
    /// What PET and sun of an hour are, in words.
    fn words(&self) -> [&'static str; 2];
    /// Layers that do not change by the hour. All cells have looked.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn layers(&mut self) -> Result<Vec<Layer>>;
    /// Share of what each cell's windows want that the data has; `None` where nothing is looked for far away.
    fn margin(&self) -> Option<&[f32]>;
    /// What was guessed or left out while the hours ran.
    fn remarks(&self) -> Remarks {
        Remarks::default()
    }
    /// Its choices, for the record.
    fn settings(&self) -> serde_json::Value;
    /// What passes from one hour to the next; empty where nothing does.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn state(&mut self) -> Result<Vec<f32>>;
    /// Numbers of `state`.
    fn state_len(&self) -> usize;
    /// Takes up what `state` gave.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn set_state(&mut self, state: Vec<f32>) -> Result<()>;
}
