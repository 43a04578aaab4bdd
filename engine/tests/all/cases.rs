//! The cheap cases with known answers of every model, on both devices where they compute on the device.

use crate::common::gpu;
use hanze_engine::data_folder;
use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::models::validate::{Bench, Case};

/// Runs every cheap case and tells all figures that miss their bar.
fn check(device: &Device) {
    let data = data_folder();
    let bench = Bench { device, data: data.as_deref() };
    let mut failures = Vec::new();
    // The others are the CPU's whatever the device.
    let is_wanted = |case: &&Case| case.cheap && (case.on_device || matches!(device, Device::Cpu));
    for case in models::all().iter().flat_map(|entry| entry.cases).filter(is_wanted) {
        if case.needs_data && data.is_none() {
            hanze_engine::testing::reference_data(&format!("the case \"{}\"", case.name));
            continue;
        }
        match (case.run)(&bench) {
            Err(reason) => failures.push(format!("{}: {reason}", case.name)),
            Ok(figures) => {
                assert!(!figures.is_empty(), "{} has no figure", case.name);
                let failed = figures.iter().filter(|figure| !figure.passes());
                failures
                    .extend(failed.map(|f| format!("{}: {} is {}, the bar is {}", case.name, f.what, f.value, f.bar)));
            }
        }
    }
    assert!(failures.is_empty(), "on the {}:\n{}", device.record(), failures.join("\n"));
}

#[test]
fn cheap_cases_pass_on_the_cpu() {
    check(&Device::Cpu);
}

#[test]
fn cheap_cases_pass_on_the_gpu() {
    if let Some(device) = gpu() {
        check(&device);
    }
}
