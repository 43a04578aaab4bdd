//! `hanze devices`.

use hanze_engine::device::{Device, gpu};
use std::process::ExitCode;

/// Lists what this machine can compute on, and what `auto` takes.
pub fn devices() -> miette::Result<ExitCode> {
    println!("cpu    {}", Device::Cpu.record());
    let adapters = gpu::adapters();
    for adapter in &adapters {
        println!("{adapter}");
    }
    if adapters.is_empty() {
        println!("no GPU: no Vulkan, Metal or DirectX 12 driver answered");
    }
    let auto = Device::open("auto").map_err(super::report::report)?;
    println!("auto takes: {}", auto.record());
    Ok(ExitCode::SUCCESS)
}
