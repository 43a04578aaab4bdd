//! `hanze bench --model traffic`: equilibria, which the CPU finds whatever the device.

use super::super::say;
use super::Args;
use hanze_engine::device::Device;
use hanze_engine::models::traffic::assignment::Assignment;
use hanze_engine::models::traffic::bench::{Closure, Load};
use hanze_engine::models::traffic::tntp::Weights;
use hanze_engine::{Error, Result};

/// A line for each network and gap, or for each link that is closed.
pub fn lines(args: &Args, _: &[Device]) -> Result<()> {
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
fn given(args: &Args) -> Result<Option<Load>> {
    let weight = |k: usize| args.weights.get(k).copied().unwrap_or(0.0);
    let weights = Weights { length: weight(0), toll: weight(1) };
    match (&args.network, &args.trips) {
        (Some(network), Some(trips)) => Load::read(network, trips, weights).map(Some),
        (Some(_), None) => {
            Err(Error::scenario("--network", "has no trips", "name the trips of the network with --trips"))
        }
        _ => Ok(None),
    }
}

/// The lines of closed links, with the median of their ratios.
fn closure_lines(args: &Args) -> Result<()> {
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
