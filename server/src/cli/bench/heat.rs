//! `hanze bench --model heat`: view factors and hours.

use super::super::say;
use super::Args;
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::models::heat::bench::Load;
use hanze_engine::scenario;

/// A line for each load and device.
pub fn lines(args: &Args, devices: &[Device]) -> Result<()> {
    let loads: Vec<(String, Result<Load>)> = match &args.scenario {
        Some(file) => {
            let (city, _) = scenario::load(file)?.city()?;
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
