//! `hanze bench`: how fast the devices step, and how near that is to what their memory allows.

use super::report::report;
use super::say;
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::models::{heat, runoff, traffic};
use hanze_engine::scenario::Scenario;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// The model.
    #[arg(long, default_value = "runoff", value_parser = ["heat", "runoff", "traffic"])]
    model: String,
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
    /// Heat: hours to compute after all cells have looked around.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=1000))]
    hours: u32,
    /// Heat: the city of this scenario, instead of squares of the demo town; its weather is that of the benchmark.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Traffic: a network of TNTP, instead of squares of streets.
    #[arg(long, requires = "trips")]
    network: Option<PathBuf>,
    /// Traffic: its trips.
    #[arg(long, requires = "network")]
    trips: Option<PathBuf>,
    /// Traffic: cost of a unit of length and of a unit of toll, in the network's unit of time.
    #[arg(long, value_delimiter = ',', default_value = "0,0")]
    weights: Vec<f64>,
    /// Traffic: relative gaps to reach.
    #[arg(long, value_delimiter = ',', default_value = "1e-4,1e-6,1e-10")]
    gap: Vec<f64>,
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
    if args.model == "heat" {
        heat_lines(args, &devices).map_err(report)?;
    } else if args.model == "traffic" {
        traffic_lines(args).map_err(report)?;
    } else {
        devices.iter().try_for_each(|device| lines(args, device)).map_err(report)?;
    }
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
                let load = runoff::bench::Load { side: side as usize, order, wet: f64::from(wet) / 100.0 };
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

/// The lines of the heat model.
fn heat_lines(args: &Args, devices: &[Device]) -> Result<()> {
    use heat::bench::Load;
    let loads: Vec<(String, Result<Load>)> = match &args.scenario {
        Some(file) => {
            let (city, _) = Scenario::load(file)?.city()?;
            vec![("city".into(), Load::of(&city))]
        }
        None => args.side.iter().map(|side| (format!("{side}²"), Load::town(*side as usize))).collect(),
    };
    say(format_args!("model  | device | cells   | looking around, s | hours, s | million cell-hours/s"));
    for (name, load) in loads {
        let load = load?;
        for device in devices {
            let head = format!("heat   | {:<6} | {name:<7}", device.record().kind);
            match load.measure(device, args.hours as usize) {
                Ok(speed) => {
                    let rate = (speed.cells * speed.count) as f64 / speed.hours.max(1e-9) / 1e6;
                    say(format_args!("{head} | {:>17.3} | {:>8.3} | {rate:>20.3}", speed.look, speed.hours));
                }
                Err(error) => say(format_args!("{head} | {error}")),
            }
        }
    }
    Ok(())
}

/// The lines of the traffic model: equilibria, which the CPU finds whatever the device.
fn traffic_lines(args: &Args) -> Result<()> {
    use traffic::bench::Load;
    let weight = |k: usize| args.weights.get(k).copied().unwrap_or(0.0);
    let weights = traffic::tntp::Weights { length: weight(0), toll: weight(1) };
    let loads: Vec<(String, Load)> = match args.network.as_ref().zip(args.trips.as_ref()) {
        Some((network, trips)) => vec![("network".into(), Load::read(network, trips, weights)?)],
        None => {
            [10, 20, 40].iter().map(|side| Ok((format!("{side}²"), Load::streets(*side)?))).collect::<Result<_>>()?
        }
    };
    say(format_args!("model   | network | zones | links  | gap wanted | gap reached | rounds | seconds | objective"));
    for (name, load) in loads {
        for &gap in &args.gap {
            let speed = load.measure(gap);
            say(format_args!(
                "traffic | {name:<7} | {:>5} | {:>6} | {gap:>10.0e} | {:>11.2e} | {:>6} | {:>7.3} | {}",
                load.network.zones,
                load.network.links.len(),
                speed.gap,
                speed.rounds,
                speed.seconds,
                speed.objective
            ));
        }
    }
    Ok(())
}
