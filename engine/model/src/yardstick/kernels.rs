//! The kernels that are compared with a baseline: those of the models on the CPU, with loads of which a turn takes a
//! fraction of a second.

use super::{Kernel, Size};
use crate::Entry;
use hanze_base::error::Result;
use hanze_device::Device;

/// Sets all of them up.
///
/// # Errors
/// `Scenario`, `Data` or `Memory` where a model refuses its load or the machine has no room for it.
pub fn kernels(models: &[Entry]) -> Result<Vec<Kernel>> {
    let all = models.iter().map(|entry| (entry.bench)(&Device::Cpu, Size::Small)).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().collect())
}
