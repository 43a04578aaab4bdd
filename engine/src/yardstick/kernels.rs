//! The kernels that are compared with a baseline: those of all models on the CPU, with loads of which a turn takes a
//! fraction of a second.

use super::{Kernel, Size};
use crate::device::Device;
use crate::error::Result;
use crate::models::MODELS;

/// Sets all of them up.
///
/// # Errors
/// `Scenario`, `Data` or `Memory` where a model refuses its load or the machine has no room for it.
pub fn kernels() -> Result<Vec<Kernel>> {
    let all = MODELS.iter().map(|entry| (entry.bench)(&Device::Cpu, Size::Small)).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_kernel_works_and_has_a_name_of_its_own() {
        let mut names = Vec::new();
        for mut kernel in kernels().unwrap() {
            let (units, seconds) = (kernel.work)(Duration::from_millis(1)).unwrap();
            assert!(units >= 1.0 && seconds > 0.0 && seconds.is_finite(), "{}: {units} in {seconds} s", kernel.name);
            names.push(kernel.name);
        }
        // What the shipped baseline remembers.
        let known = [
            "runoff order 1",
            "runoff order 2",
            "heat views",
            "heat radiation",
            "heat surfaces and air",
            "motion",
            "equilibrium",
        ];
        assert_eq!(names, known);
    }
}
