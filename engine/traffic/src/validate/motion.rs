//! Cases of motion with known answers: the fundamental diagram of IDM, waves on a ring, kinematic waves, lights.

use super::super::cpu::decide::FIRM;
use super::super::motion::mover::{Mover, mover as moving};
use super::super::motion::network::{Rule, SimulationNetwork, Traveller, car, kind, urban};
use super::super::motion::params::{Kind, Vehicle};
use super::{Bench, Figure, least, most, within};
use glam::DVec2;
use hanze_base::error::Result;
use hanze_city::roads::CAR;
use hanze_city::roads::lanes::{ALL, Foe, Lane, Lanes, Phase, Program, Street, Turn};
use std::sync::Arc;

/// The mover of a device.
fn mover(bench: &Bench, network: &Arc<SimulationNetwork>) -> Result<Box<dyn Mover>> {
    moving(bench.device, network)
}

/// Streets of one lane each, one behind another, with their lengths (m) and speeds (m/s).
pub(crate) fn line(streets: &[(f64, f64)], closed: bool) -> Lanes {
    let mut all = Lanes::default();
    let mut at = 0.0;
    all.nodes.push(("0".into(), DVec2::ZERO));
    for (k, (length, speed)) in streets.iter().enumerate() {
        let line = vec![DVec2::new(at, 0.0), DVec2::new(at + length, 0.0)];
        at += length;
        all.nodes.push((format!("{}", k + 1), DVec2::new(at, 0.0)));
        let (from, to) = (k as u32, k as u32 + 1);
        all.streets.push(Street { id: format!("s{k}"), from, to, first: k as u32, lanes: 1, road: None });
        all.lanes.push(Lane {
            street: Some(k as u32),
            node: to,
            length: *length,
            speed: *speed,
            modes: ALL,
            line,
            width: 3.2,
            headway: 0.0,
            begin: 0.0,
        });
        let next = k + 1;
        if next < streets.len() || closed {
            let to = (next % streets.len()) as u32;
            all.turns.push(Turn { from: k as u32, via: vec![], to, modes: ALL, signal: None, foes: vec![] });
        }
    }
    all
}

/// Vehicles that drive a ring round for ever: each with its place and speed.
fn ring(
    bench: &Bench,
    length: f64,
    kind: Kind,
    step: f64,
    cars: &[(f64, f64)],
) -> Result<(Arc<SimulationNetwork>, Box<dyn Mover>)> {
    let town = line(&[(length, f64::from(kind.speed))], true);
    let mut network = SimulationNetwork::new(&town, Rule { step, newell: false, seed: 1 }, vec![kind]);
    let rounds = 4000;
    let one = Traveller { depart: 4e6, streets: vec![0; rounds], factor: 1.0, ..Traveller::default() };
    network.load(&town, &vec![one; cars.len()])?;
    let network = Arc::new(network);
    let mut mover = mover(bench, &network)?;
    let vehicles: Vec<Vehicle> = cars
        .iter()
        .enumerate()
        .map(|(k, (pos, speed))| Vehicle {
            trip: k as u32,
            pos: *pos as f32,
            speed: *speed as f32,
            length: kind.length,
            ..Vehicle::default()
        })
        .collect();
    mover.place(&vehicles)?;
    Ok((network, mover))
}

/// Equal distances round a ring, and speeds.
fn even(length: f64, count: usize, speed: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    (0..count).map(|k| (length * (k as f64 + 0.5) / count as f64, speed(k))).collect()
}

fn deviation(speeds: &[f64]) -> f64 {
    let mean = speeds.iter().sum::<f64>() / speeds.len() as f64;
    (speeds.iter().map(|speed| (speed - mean) * (speed - mean)).sum::<f64>() / speeds.len() as f64).sqrt()
}

fn speeds(mover: &mut dyn Mover) -> Result<Vec<f64>> {
    Ok(mover.vehicles()?.iter().map(|one| f64::from(one.speed)).collect())
}

/// Equilibrium speed where vehicles are so many m apart (front to front), from the closed form by halving.
fn equilibrium(apart: f64) -> f64 {
    let (v0, t, s0, l) = (15.0f64, 1.0, 2.0, 5.0);
    let (mut low, mut high) = (0.0f64, v0 * (1.0 - 1e-12));
    for _ in 0..100 {
        let v = 0.5 * (low + high);
        let s = (s0 + v * t) / (1.0 - (v / v0).powi(4)).sqrt();
        if s + l < apart { low = v } else { high = v }
    }
    0.5 * (low + high)
}

/// Speeds and flows on a ring against the closed form of IDM.
pub(super) fn diagram(bench: &Bench) -> Result<Vec<Figure>> {
    let mut worst = 0.0f64;
    let (mut capacity, mut at) = (0.0f64, 0.0);
    // Up to the density where waves grow, and near capacity finely.
    for count in [10, 20, 30, 40, 50, 52, 53, 54, 55, 56, 58] {
        let apart = 1000.0 / count as f64;
        let want = equilibrium(apart);
        let (_, mut mover) = ring(bench, 1000.0, urban(15.0), 0.2, &even(1000.0, count, |_| 0.9 * want))?;
        mover.run(3000)?;
        let driven = speeds(mover.as_mut())?;
        let mean = driven.iter().sum::<f64>() / driven.len() as f64;
        worst = worst.max((mean / want - 1.0).abs());
        let flow = 3.6 * mean * count as f64;
        if flow > capacity {
            (capacity, at) = (flow, mean);
        }
    }
    Ok(vec![
        most("equilibrium speeds, largest relative error", worst, 1e-3),
        within("capacity, veh/h (1957.485)", capacity, 1957.485, 4.0),
        within("speed at capacity, m/s (10.1498)", at, 10.1498, 0.15),
    ])
}

/// Waves on a ring.
pub(super) fn waves(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (density, grows) in [(59, false), (64, true)] {
        let count = 2 * density;
        let length = 2000.0;
        let pace = equilibrium(length / count as f64);
        let cars = even(length, count, |k| pace + 0.05 * (std::f64::consts::TAU * k as f64 / count as f64).sin());
        let (_, mut mover) = ring(bench, length, urban(15.0), 0.1, &cars)?;
        mover.run(600)?;
        let begin = deviation(&speeds(mover.as_mut())?);
        mover.run(18_000)?;
        let ratio = deviation(&speeds(mover.as_mut())?) / begin;
        let name = format!("{density} veh/km: disturbance after half an hour over that after a minute");
        figures.push(if grows { least(name, ratio, 1.5) } else { most(name, ratio, 0.9) });
    }
    let (length, count) = (230.0, 22);
    let pace = equilibrium(length / count as f64);
    // A disturbance of 0.003 m/s that looks like chance.
    let cars = even(length, count, |k| pace + 0.003 * 2f64.sqrt() * ((k * k * 7 + k * 3) as f64).sin());
    let (_, mut mover) = ring(bench, length, urban(15.0), 0.1, &cars)?;
    mover.run(12_000)?;
    let end = deviation(&speeds(mover.as_mut())?);
    figures.push(within("22 cars on 230 m: sd of speed after 20 min, m/s (2.9)", end, 2.9, 0.6));
    Ok(figures)
}

/// Newell's rule: u 20 m/s, w 5 m/s, 0.2 veh/m.
fn newell() -> Kind {
    kind(5.0, 0.0, 1.0, 1.0, 1.5, 20.0, CAR, 5)
}

/// Vehicles at a rate (veh/s) from a time to another.
fn flow(streets: &[u32], from: f64, to: f64, rate: f64) -> Vec<Traveller> {
    let count = ((to - from) * rate).round() as usize;
    let one = |k: usize| Traveller {
        depart: from + k as f64 / rate,
        streets: streets.to_vec(),
        factor: 1.0,
        ..Traveller::default()
    };
    (0..count).map(one).collect()
}

/// Total travel time of trips by their departure and arrival, veh·s, and how many arrived.
fn total(network: &SimulationNetwork, mover: &mut dyn Mover) -> Result<(f64, usize)> {
    let outcomes = mover.outcomes()?;
    let mut sum = 0.0;
    let mut count = 0;
    for (trip, outcome) in network.trips.iter().zip(&outcomes).filter(|(_, outcome)| outcome.arrived > 0) {
        sum += f64::from(outcome.arrived - 1 - trip.depart) / 1000.0;
        count += 1;
    }
    Ok((sum, count))
}

/// Kinematic waves behind a bottleneck, a slow street and a merge.
pub(super) fn kinematic(bench: &Bench) -> Result<Vec<Figure>> {
    let rule = Rule { step: 1.0, newell: true, seed: 1 };
    let mut figures = Vec::new();
    let mut run = |name: &str, town: &Lanes, trips: Vec<Traveller>, want: f64| -> Result<()> {
        let mut network = SimulationNetwork::new(town, rule, vec![newell()]);
        network.load(town, &trips)?;
        let network = Arc::new(network);
        let mut mover = mover(bench, &network)?;
        mover.run(3000)?;
        let (sum, count) = total(&network, mover.as_mut())?;
        figures.push(within(format!("{name}: arrived"), count as f64, trips.len() as f64, 0.0));
        figures.push(within(format!("{name}: total travel time, veh·s ({want})"), sum, want, 0.02 * want));
        Ok(())
    };
    let demand = |streets: &[u32]| {
        let mut all = flow(streets, 0.0, 500.0, 0.8);
        all.extend(flow(streets, 500.0, 1500.0, 0.4));
        all
    };
    let mut town = line(&[(1000.0, 20.0), (1000.0, 20.0)], false);
    town.lanes[0].headway = 1.5;
    run("bottleneck", &town, demand(&[0, 1]), 105_000.0)?;
    let town = line(&[(1000.0, 20.0), (1000.0, 10.0)], false);
    run("speed drop", &town, demand(&[0, 1]), 145_000.0)?;
    // Two streets into one.
    let mut town = line(&[(1000.0, 20.0), (1000.0, 20.0), (1000.0, 20.0)], false);
    let zip = |turn| Foe { turn, gives_way: false, merges: true, zips: true, own: (0.0, 0.0), other: (0.0, 0.0) };
    town.turns = vec![
        Turn { from: 0, via: vec![], to: 2, modes: ALL, signal: None, foes: vec![zip(1)] },
        Turn { from: 1, via: vec![], to: 2, modes: ALL, signal: None, foes: vec![zip(0)] },
    ];
    let mut trips = flow(&[0, 2], 0.0, 1000.0, 0.5);
    trips.extend(flow(&[1, 2], 0.0, 1000.0, 0.5));
    run("merge", &town, trips, 225_000.0)?;
    Ok(figures)
}

/// Lights of one lane: green for `green` s of every `cycle` s, red first.
fn signal(town: &mut Lanes, cycle: f64, red: f64) {
    let phase = |time: f64, state: u8| Phase { least: time, most: time, states: vec![state] };
    let phases = vec![phase(red, b'r'), phase(cycle - red, b'G')];
    town.programs.push(Program { id: "light".into(), offset: 0.0, phases, is_actuated: false });
    town.turns[0].signal = Some((0, 0));
}

/// Times at which vehicles leave the first street, s, from their arrival behind it at free speed is no need: each step is looked at.
fn leavings(mover: &mut dyn Mover, steps: usize, step: f64) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for k in 0..steps {
        mover.run(1)?;
        for one in mover.vehicles()?.iter().filter(|one| one.lane == 1) {
            if seen.insert(one.trip) {
                // When its front crossed the line.
                times.push((k + 1) as f64 * step - f64::from(one.pos) / f64::from(one.speed.max(0.1)));
            }
        }
    }
    Ok(times)
}

/// Saturation flow and uniform delay at lights.
pub(super) fn lights(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let step = 0.1;
    let speed = 50.0 / 3.6;
    // A queue that waits for green: headways of the fifth and later ones.
    {
        let mut town = line(&[(600.0, speed), (600.0, speed)], false);
        signal(&mut town, 400.0, 200.0);
        let mut network = SimulationNetwork::new(&town, Rule { step, newell: false, seed: 1 }, vec![car()]);
        network.load(&town, &flow(&[0, 1], 0.0, 150.0, 0.5))?;
        let network = Arc::new(network);
        let mut mover = mover(bench, &network)?;
        let times = leavings(mover.as_mut(), 4000, step)?;
        let (first, last) = (4, 50.min(times.len() - 1));
        let saturation = 3600.0 * (last - first) as f64 / (times[last] - times[first]);
        figures.push(within("saturation flow of a car of the town, veh/h (1750–1950)", saturation, 1850.0, 100.0));
    }
    // Uniform delay: with the model's own saturation flow, and by Newell's rule. A car still passes at the beginning of red where it
    // cannot stop any more, and the queue needs a moment to start.
    let (cycle, red, arrivals) = (120.0, 60.0, 0.2);
    for newell_rule in [false, true] {
        let speed = if newell_rule { 20.0 } else { speed };
        let mut town = line(&[(1000.0, speed), (1000.0, speed)], false);
        signal(&mut town, cycle, red);
        let (step, driver) = if newell_rule { (1.0, newell()) } else { (step, car()) };
        let mut crossed = Vec::new();
        let trips = flow(&[0, 1], 0.0, 20.0 * cycle, arrivals);
        for with_light in [true, false] {
            let mut town = town.clone();
            if !with_light {
                town.turns[0].signal = None;
            }
            let mut network = SimulationNetwork::new(&town, Rule { step, newell: newell_rule, seed: 1 }, vec![driver]);
            network.load(&town, &trips)?;
            let network = Arc::new(network);
            let mut mover = mover(bench, &network)?;
            crossed.push(leavings(mover.as_mut(), ((22.0 * cycle) / step) as usize, step)?);
        }
        let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
        let delay = mean(&crossed[0]) - mean(&crossed[1]);
        // Its own saturation flow: that of the vehicles of each cycle that were held up, from the fifth on; and the red that it
        // makes of that, from the last who still passed to the moment from which the queue seems to flow.
        let mut rate = (0.0, 0.0);
        let mut begun = Vec::new();
        for k in 1..20 {
            let green = f64::from(k) * cycle + red;
            let held: Vec<f64> = crossed[0]
                .iter()
                .zip(&crossed[1])
                .filter(|(passed, free)| **passed >= green && **passed < green + cycle - red && **passed - **free > 1.0)
                .map(|(passed, _)| *passed)
                .collect();
            if held.len() > 6 {
                rate = (rate.0 + (held.len() - 5) as f64, rate.1 + held[held.len() - 1] - held[4]);
                begun.push((held[4] - green, 4.0));
            }
        }
        let s = rate.0 / rate.1;
        let lost = begun.iter().map(|(after, count)| after - count / s).sum::<f64>() / begun.len() as f64;
        let shift = lost - if newell_rule { 0.0 } else { speed / (2.0 * f64::from(FIRM)) };
        let red = red + shift;
        let want = red * red / (2.0 * cycle * (1.0 - arrivals / s));
        let name = if newell_rule { "Newell's rule (20 s)" } else { "own saturation flow" };
        figures.push(within(format!("uniform delay over r²/(2C(1−q/s)), {name}"), delay / want, 1.0, 0.05));
    }
    Ok(figures)
}
