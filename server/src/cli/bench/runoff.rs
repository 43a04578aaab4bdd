//! `hanze bench --model runoff`: steps by size, order and wetness.

use super::super::say;
use super::Args;
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::models::runoff::bench::Load;
use std::time::Duration;

/// A line for each device, size, order and wetness.
pub fn lines(args: &Args, devices: &[Device]) -> Result<()> {
    devices.iter().try_for_each(|device| lines_of(args, device))
}

/// The lines of one device. A size that does not fit says so, and the others go on.
fn lines_of(args: &Args, device: &Device) -> Result<()> {
    let bandwidth = device.copy_bandwidth()?;
    say(format_args!("{}; copies {:.1} GB/s, read and written", device.record(), bandwidth / 1e9));
    say(format_args!(
        "model  | device | cells   | wet   | order | million cell-steps/s | bytes per cell-step | share of copy bandwidth"
    ));
    let seconds = Duration::try_from_secs_f64(args.seconds).unwrap_or(Duration::from_secs(3));
    for &side in &args.side {
        for &order in &args.order {
            for &wet in &args.wet {
                let load = Load { side: side as usize, order, wet: f64::from(wet) / 100.0 };
                let head = format!(
                    "runoff | {:<6} | {:<7} | {wet:>3} % | {order:>5}",
                    device.record().kind,
                    format!("{side}²")
                );
                match load.measure(device, seconds) {
                    Ok(speed) => say(format_args!(
                        "{head} | {:>20.1} | {:>19.0} | {:>22.0} %",
                        speed.cell_steps / 1e6,
                        speed.bytes,
                        100.0 * speed.cell_steps * load.wet * speed.bytes / bandwidth,
                    )),
                    Err(error) => say(format_args!("{head} | {error}")),
                }
            }
        }
    }
    Ok(())
}
