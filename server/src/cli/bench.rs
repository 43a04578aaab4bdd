//! `hanze bench`: how fast the devices step, and how near that is to what their memory allows.

use super::baseline;
use super::report::report;
use super::{say, speeds};
use hanze_engine::device::Device;
use hanze_engine::models::{heat, runoff, traffic};
use hanze_engine::scenario::Scenario;
use hanze_engine::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// The model.
    #[arg(long, default_value = "runoff", value_parser = ["heat", "motion", "runoff", "traffic"])]
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
    /// Heat: hours to compute after the view factors.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=1000))]
    hours: u32,
    /// Heat: the city of this scenario, instead of squares of the demo town; its weather is that of the benchmark.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Traffic: a network of TNTP, instead of squares of streets. Motion: one of SUMO.
    #[arg(long)]
    network: Option<PathBuf>,
    /// Traffic: its trips.
    #[arg(long, requires = "network")]
    trips: Option<PathBuf>,
    /// Motion: files with its vehicles (.rou.xml), kinds and lights (.add.xml).
    #[arg(long, value_delimiter = ',', requires = "network", conflicts_with = "trips")]
    routes: Vec<PathBuf>,
    /// Motion: vehicles on squares of streets with lights.
    #[arg(long, value_delimiter = ',', default_value = "2500,10000,40000", value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    vehicles: Vec<u32>,
    /// Motion: streets each way.
    #[arg(long, value_delimiter = ',', default_value = "20,40", value_parser = clap::value_parser!(u32).range(2..=1000))]
    streets: Vec<u32>,
    /// Motion: time of a step, s.
    #[arg(long, default_value_t = 0.5)]
    step: f64,
    /// Motion: time that passes, s; by default until all have arrived.
    #[arg(long)]
    until: Option<f64>,
    /// Traffic: cost of a unit of length and of a unit of toll, in the network's unit of time.
    #[arg(long, value_delimiter = ',', default_value = "0,0")]
    weights: Vec<f64>,
    /// Traffic: relative gaps to reach.
    #[arg(long, value_delimiter = ',', default_value = "1e-4,1e-6,1e-10")]
    gap: Vec<f64>,
    /// Traffic: busiest links that are closed one by one; equilibria without them from nothing and from the routes of before. Without
    /// --network that is Chicago Sketch of the reference data, if it is there.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    closures: u32,
    /// Seconds for each line.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    #[command(flatten)]
    memory: baseline::Options,
    #[command(flatten)]
    all: speeds::AllOptions,
}

/// Prints a table: a line for each device, order, size and wetness; or compares kernels with what a file remembers of
/// them.
pub fn bench(args: &Args) -> miette::Result<ExitCode> {
    if let Some(file) = &args.memory.baseline {
        return baseline::baseline(&args.memory, file);
    }
    if let Some([old, new]) = args.all.compare.as_deref() {
        return speeds::compare(old, new);
    }
    let devices = if args.device.is_empty() {
        let gpu = Device::open("gpu").ok();
        [Some(Device::Cpu), gpu].into_iter().flatten().collect()
    } else {
        args.device.iter().map(|name| Device::open(name)).collect::<Result<Vec<_>>>().map_err(report)?
    };
    if args.all.all {
        return speeds::speeds(&args.all, &devices, args.seconds);
    }
    if args.model == "heat" {
        heat_lines(args, &devices).map_err(report)?;
    } else if args.model == "motion" {
        motion_lines(args, &devices).map_err(report)?;
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
    say(format_args!("model  | device | cells   | view factors, s   | hours, s | million cell-hours/s"));
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

/// The lines of motion: a line for each load and device.
fn motion_lines(args: &Args, devices: &[Device]) -> Result<()> {
    use traffic::motion::bench::Load;
    if !(0.1..=0.5).contains(&args.step) {
        return Err(Error::scenario("--step", "is not a time of a step", "take 0.1 to 0.5 s"));
    }
    let load = |side: u32, count: u32| Load::square(side as usize, count as usize, args.step);
    let loads: Vec<(String, Load)> = match &args.network {
        Some(network) => vec![("network".into(), Load::files(network, &args.routes, args.step)?)],
        None => {
            let all = args.streets.iter().flat_map(|side| args.vehicles.iter().map(move |count| (*side, *count)));
            all.map(|(side, count)| Ok((format!("{side}²"), load(side, count)?))).collect::<Result<_>>()?
        }
    };
    say(format_args!(
        "model  | device | streets | lane-km | vehicles | at once | arrived | steps  | seconds | million vehicle-steps/s | ns per vehicle-step"
    ));
    for (name, load) in loads {
        for device in devices {
            let head = format!("motion | {:<6} | {name:<7} | {:>7.0}", device.record().kind, load.lanes().1);
            match load.measure(device, args.until) {
                Ok(speed) => say(format_args!(
                    "{head} | {:>8} | {:>7} | {:>7} | {:>6} | {:>7.2} | {:>23.3} | {:>19.0}",
                    load.vehicles(),
                    speed.most,
                    speed.arrived,
                    speed.steps,
                    speed.seconds,
                    speed.vehicle_steps as f64 / speed.seconds / 1e6,
                    1e9 * speed.seconds / speed.vehicle_steps.max(1) as f64,
                )),
                Err(error) => say(format_args!("{head} | {error}")),
            }
        }
    }
    Ok(())
}

/// The lines of the traffic model: equilibria, which the CPU finds whatever the device.
fn traffic_lines(args: &Args) -> Result<()> {
    use traffic::bench::Load;
    if args.closures > 0 {
        return closure_lines(args);
    }
    let loads: Vec<(String, Load)> = match given(args)? {
        Some(load) => vec![("network".into(), load)],
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

/// The network and trips of traffic that were named.
fn given(args: &Args) -> Result<Option<traffic::bench::Load>> {
    let weight = |k: usize| args.weights.get(k).copied().unwrap_or(0.0);
    let weights = traffic::tntp::Weights { length: weight(0), toll: weight(1) };
    match (&args.network, &args.trips) {
        (Some(network), Some(trips)) => traffic::bench::Load::read(network, trips, weights).map(Some),
        (Some(_), None) => {
            Err(Error::scenario("--network", "has no trips", "name the trips of the network with --trips"))
        }
        _ => Ok(None),
    }
}

/// The lines of closed links, with the median of their ratios.
fn closure_lines(args: &Args) -> Result<()> {
    use traffic::assignment::Assignment;
    use traffic::bench::{Closure, Load};
    let (name, load) = match given(args)? {
        Some(load) => ("network", load),
        None => match Load::chicago()? {
            Some(load) => ("Chicago", load),
            None => ("40²", Load::streets(40)?),
        },
    };
    say(format_args!(
        "model   | network | gap wanted | closed | from nothing: rounds, s | from before: rounds, s | ratio"
    ));
    for &gap in &args.gap {
        let mut before = Assignment::start(&load.network, &load.demand);
        before.run(&load.network, gap, |_| true);
        let links = load.busiest(&before, args.closures as usize);
        let closures = load.closures(&before, &links, gap)?;
        for Closure { link, cold, warm } in &closures {
            say(format_args!(
                "traffic | {name:<7} | {gap:>10.0e} | {:>6} | {:>14} {:>8.4} | {:>13} {:>8.4} | {:.3}",
                link + 1,
                cold.rounds,
                cold.seconds,
                warm.rounds,
                warm.seconds,
                warm.seconds / cold.seconds
            ));
        }
        say(format_args!(
            "traffic | {name:<7} | {gap:>10.0e} | median |{:>25}|{:>24}| {:.3}",
            "",
            "",
            Closure::median(&closures)
        ));
    }
    Ok(())
}
