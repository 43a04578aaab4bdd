//! `hanze bench`: how fast the devices step, and how near that is to what their memory allows.

use super::report::report;
use super::say;
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::models::runoff::bench::Load;
use std::process::ExitCode;
use std::time::Duration;

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME; by default the CPU, and a real GPU if there is one.
    #[arg(long)]
    device: Vec<String>,
    /// Orders of accuracy.
    #[arg(long, value_delimiter = ',', default_value = "1,2", value_parser = clap::value_parser!(u32).range(1..=2))]
    order: Vec<u32>,
    /// Cells along each side of the square.
    #[arg(long, value_delimiter = ',', default_value = "256,1024,2048,4096", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    side: Vec<u32>,
    /// Shares of the square under water, in percent. What is dry costs next to nothing.
    #[arg(long, value_delimiter = ',', default_value = "100", value_parser = clap::value_parser!(u32).range(1..=100))]
    wet: Vec<u32>,
    /// Seconds for each line.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

/// Prints a table: a line for each device, order, size and wetness.
pub fn bench(args: &Args) -> miette::Result<ExitCode> {
    let devices = if args.device.is_empty() {
        let gpu = Device::open("gpu").ok();
        [Some(Device::Cpu), gpu].into_iter().flatten().collect()
    } else {
        args.device.iter().map(|name| Device::open(name)).collect::<Result<Vec<_>>>().map_err(report)?
    };
    devices.iter().try_for_each(|device| lines(args, device)).map_err(report)?;
    Ok(ExitCode::SUCCESS)
}

/// The lines of one device. A size that does not fit says so, and the others go on.
fn lines(args: &Args, device: &Device) -> Result<()> {
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
