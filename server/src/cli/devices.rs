//! `hanze devices`.

use super::say;
use hanze_engine::device::{Device, gpu};
use std::process::ExitCode;

/// Lists what this machine can compute on, and what `auto` takes.
pub fn devices() -> miette::Result<ExitCode> {
    say(format_args!("cpu    {}", Device::Cpu.record()));
    let adapters = gpu::adapters();
    for adapter in &adapters {
        say(format_args!("{adapter}"));
    }
    if adapters.is_empty() {
        say(format_args!("no GPU: no Vulkan, Metal or DirectX 12 driver answered"));
    }
    let auto = Device::open("auto").map_err(super::report::report)?;
    say(format_args!("auto takes: {}", auto.record()));
    Ok(ExitCode::SUCCESS)
}
