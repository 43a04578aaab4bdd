//! What a model is: it takes a city and a scenario and gives frames. Models know this, and none knows another.
//!
//! Users take it through the facade `hanze-engine`, where it is `models`. It may name `hanze-scenario` and what is
//! below it, but no model.

mod basis;
mod entry;
mod progress;
pub mod saved;
pub mod validate;
pub mod yardstick;

pub use basis::{ANTHROPOGENIC_HEAT, Basis, Left, Link};
pub use entry::{Entry, Prepare, Stored};
pub use progress::{Activity, Clock, Progress};

use hanze_base::error::Result;
use hanze_base::frame::{Frame, Outcome};
use hanze_base::remark::Remarks;
use std::io::{Read, Write};
use std::time::Duration;

/// A model on its way through time.
pub trait Model: Send {
    /// Computes towards `until` seconds for about `budget`; call again until `reached`.
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress>;
    /// The layers now.
    fn frame(&mut self) -> Result<Frame>;
    /// What sums the run up so far.
    fn outcome(&mut self) -> Result<Outcome>;
    /// What was guessed, mended or left out.
    fn remarks(&self) -> Remarks;
    /// The choices of the scheme, for the run record.
    fn settings(&self) -> serde_json::Value;
    /// Writes all that `load` needs to go on, bit for bit on the same device.
    ///
    /// # Errors
    /// The outer one is the writer's, the inner one the device's.
    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>>;
    /// Takes up what `save` wrote for the same scenario.
    ///
    /// # Errors
    /// The outer one is the reader's, or tells of a file that does not fit; the inner one is the device's.
    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>>;
    /// Writes what the same section may start from on an edited city ([`Basis::start`]), after its end; false where it has nothing to leave.
    ///
    /// # Errors
    /// The outer one is the writer's, the inner one the device's.
    fn leave(&mut self, _out: &mut dyn Write) -> std::io::Result<Result<bool>> {
        Ok(Ok(false))
    }
}
