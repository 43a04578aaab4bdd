//! The kernels that are measured, all on the CPU, with loads of which a turn takes a fraction of a second.

use super::Kernel;
use crate::cover::Cover;
use crate::device::Device;
use crate::error::Result;
use crate::models::heat::island::air::Choices;
use crate::models::heat::island::run::Edges;
use crate::models::heat::validate::island::{Plan, hot_day};
use crate::models::{heat, runoff, traffic};
use std::time::{Duration, Instant};

/// Cells along each side of the water.
const WATER: usize = 512;
/// Cells along each side of the towns of heat.
const TOWN: usize = 100;
/// Streets each way, and vehicles on them at a moment, s.
const STREETS: usize = 20;
const VEHICLES: usize = 10_000;
const MOMENT: f64 = 300.0;
/// Relative gap of the equilibrium.
const GAP: f64 = 1e-6;

/// Sets all of them up.
///
/// # Errors
/// Those of their loads.
pub fn kernels() -> Result<Vec<Kernel>> {
    Ok(vec![
        water("runoff order 1", 1)?,
        water("runoff order 2", 2)?,
        views("heat views")?,
        radiation("heat radiation")?,
        in_time("heat surfaces and air")?,
        motion("motion")?,
        equilibrium("equilibrium")?,
    ])
}

/// Does the same again and again for about so long; units and seconds in all.
fn again(budget: Duration, mut once: impl FnMut() -> Result<(f64, f64)>) -> Result<(f64, f64)> {
    let (mut units, mut seconds) = (0.0, 0.0);
    loop {
        let (more, took) = once()?;
        (units, seconds) = (units + more, seconds + took);
        if seconds >= budget.as_secs_f64() {
            return Ok((units, seconds));
        }
    }
}

/// Time steps of a square that is all under water.
fn water(name: &'static str, order: u32) -> Result<Kernel> {
    let mut water = runoff::bench::Load { side: WATER, order, wet: 1.0 }.stepping(&Device::Cpu)?;
    Ok(Kernel::new(name, "cell-step", move |budget| water.step(budget)))
}

/// Looking around in a small demo town.
fn views(name: &'static str) -> Result<Kernel> {
    let town = heat::bench::Load::town(TOWN)?;
    Ok(Kernel::new(name, "cell", move |budget| {
        again(budget, || town.measure(&Device::Cpu, 0).map(|speed| (speed.cells as f64, speed.look)))
    }))
}

/// Radiation there in the hour around noon.
fn radiation(name: &'static str) -> Result<Kernel> {
    let mut town = heat::bench::Load::town(TOWN)?.looked(&Device::Cpu)?;
    Ok(Kernel::new(name, "cell-hour", move |budget| again(budget, || town.noon())))
}

/// An hour of surfaces and air in time around noon, with its radiation, between houses, lawns and trees.
fn in_time(name: &'static str) -> Result<Kernel> {
    let plan = Plan::new(TOWN, 2.0).each(|x, y, building, tree, cover| match (x % 40.0 > 20.0, y % 40.0 > 20.0) {
        (true, true) => (*building, *cover) = (10.0, Cover::Roof),
        (true, false) => (*tree, *cover) = (if x % 8.0 > 4.0 { 8.0 } else { 0.0 }, Cover::Grass),
        (false, _) => *cover = Cover::Asphalt,
    });
    let day = hot_day(2.5)?;
    let (mut island, mut solver) = plan.island(&Device::Cpu, &day[10..13], Choices::default(), Edges::Mean)?;
    while !island.settle(&mut solver)? {}
    let cells = plan.grid.len() as f64;
    Ok(Kernel::new(name, "cell-hour", move |budget| {
        again(budget, || {
            let begun = Instant::now();
            island.hour(1, &mut solver)?;
            Ok((cells, begun.elapsed().as_secs_f64()))
        })
    }))
}

/// A minute of vehicles on streets with lights.
fn motion(name: &'static str) -> Result<Kernel> {
    let load = traffic::motion::bench::Load::square(STREETS, VEHICLES, 0.5)?;
    let mut vehicles = load.underway(&Device::Cpu, MOMENT)?;
    Ok(Kernel::new(name, "vehicle-step", move |budget| again(budget, || vehicles.run())))
}

/// An equilibrium on a square of streets, from nothing; its cost is that of each link.
fn equilibrium(name: &'static str) -> Result<Kernel> {
    let streets = traffic::bench::Load::streets(STREETS)?;
    let links = streets.network.links.len() as f64;
    Ok(Kernel::new(name, "link", move |budget| again(budget, || Ok((links, streets.measure(GAP).seconds)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_works_and_has_a_name_of_its_own() {
        let mut names = Vec::new();
        for mut kernel in kernels().unwrap() {
            let (units, seconds) = (kernel.work)(Duration::from_millis(1)).unwrap();
            assert!(units >= 1.0 && seconds > 0.0 && seconds.is_finite(), "{}: {units} in {seconds} s", kernel.name);
            names.push(kernel.name);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), count), (count, 7));
    }

    #[test]
    fn the_same_is_done_until_time_is_up() {
        let mut times = 0;
        let (units, seconds) = again(Duration::from_secs(1), || {
            times += 1;
            Ok((10.0, 0.4))
        })
        .unwrap();
        assert!(times == 3 && units == 30.0 && (seconds - 1.2).abs() < 1e-12, "{times} {units} {seconds}");
    }
}
