//! What the sections of one scenario share of their city, so that each file is read once, when the first of them asks for it.

use super::Scenario;
use super::city::{BYTES_PER_CELL, Common};
use hanze_base::error::Result;
use hanze_city::roads::Roads;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What all of a scenario's sections have read so far.
#[derive(Default)]
pub(super) struct Shelf {
    /// What every model reads.
    pub common: Slot<Common>,
    /// The network of roads.
    pub network: Slot<Roads>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

/// A value with what it was read by.
pub(super) struct Slot<T>(Mutex<Option<(Key, T)>>);

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot(Mutex::new(None))
    }
}

/// All that decides what is read. A scenario can be changed after its sections were parted.
#[derive(PartialEq)]
pub(super) struct Key {
    file: PathBuf,
    most_cells: u64,
    title: String,
    city: String,
    rules: Option<String>,
}

impl Scenario {
    /// What a slot holds, or else what `read` gives, which is kept as long as another section may ask for it and `fits` allows. The rules
    /// of roads differ between sections, and decide `with_rules` only.
    pub(super) fn shared<T: Clone>(
        &self,
        slot: &Slot<T>,
        with_rules: bool,
        read: impl FnOnce() -> Result<T>,
        fits: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        // Structures stand in no layer, and a variant may have others.
        let city = super::spec::CitySpec { structure: Vec::new(), ..self.spec.city.clone() };
        let city = serde_json::to_string(&city).ok();
        let Some(city) = city else { return read() };
        let rules = self.reads().road_rules.as_ref().filter(|_| with_rules).map(|rules| rules.to_string());
        let key =
            Key { file: self.file.clone(), most_cells: self.most_cells, title: self.spec.title.clone(), city, rules };
        // It is held while the file is read: whoever else asks waits, and does not read it again.
        let mut slot = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_last = Arc::strong_count(&self.shelf) < 2;
        if let Some((own, found)) = slot.take()
            && own == key
        {
            if !is_last {
                *slot = Some((own, found.clone()));
            }
            return Ok(found);
        }
        let found = read()?;
        if !is_last && fits(&found) {
            *slot = Some((key, found.clone()));
        }
        Ok(found)
    }

    /// What every section reads of the city.
    pub(super) fn common(&self) -> Result<Common> {
        // What is kept takes memory beside the city of the section that runs.
        let fits = |common: &Common| {
            let needed = (common.city.grid.len() as u64).saturating_mul(2 * BYTES_PER_CELL);
            hanze_device::free_memory().is_none_or(|free| needed < free)
        };
        self.shared(&self.shelf.common, self.is_flat(), || self.read_common(), fits)
    }
}
