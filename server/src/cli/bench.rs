//! `hanze bench`: how fast the devices step, and how near that is to what their memory allows.

mod heat;
mod motion;
mod runoff;
mod traffic;

use super::report::report;
use super::{baseline, speeds};
use clap::builder::PossibleValuesParser;
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::models;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures something and prints a table of it.
type Study = fn(&Args, &[Device]) -> Result<()>;

/// Tables with options of their own, by the name that `--model` takes. A model that has none is measured by its stages, as `--all` does.
const STUDIES: &[(&str, Study)] =
    &[("runoff", runoff::lines), ("heat", heat::lines), ("motion", motion::lines), ("traffic", traffic::lines)];

/// What can be measured: every study, and every model.
fn subjects() -> Vec<&'static str> {
    let others = models::all().iter().map(|entry| entry.section());
    let others = others.filter(|name| STUDIES.iter().all(|(study, _)| study != name));
    STUDIES.iter().map(|(name, _)| *name).chain(others).collect()
}

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// The model; motion is the vehicles of traffic.
    #[arg(long, default_value = models::all()[0].section(), value_parser = PossibleValuesParser::new(subjects()))]
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
        return speeds::speeds(models::all(), &args.all, &devices, args.seconds);
    }
    match STUDIES.iter().find(|(name, _)| *name == args.model) {
        Some((_, study)) => study(args, &devices).map_err(report)?,
        None => {
            let entry = models::named(&args.model).map_or(&[][..], std::slice::from_ref);
            return speeds::speeds(entry, &args.all, &devices, args.seconds);
        }
    }
    Ok(ExitCode::SUCCESS)
}
