//! `hanze bench --model motion`: vehicles that move one by one.

use super::super::say;
use super::Args;
use hanze_engine::device::Device;
use hanze_engine::models::traffic::motion::bench::Load;
use hanze_engine::{Error, Result};

/// A line for each load and device.
pub fn lines(args: &Args, devices: &[Device]) -> Result<()> {
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
