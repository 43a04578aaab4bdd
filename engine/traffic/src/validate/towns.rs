//! Cases of motion that need files: towns of SUMO, and the map of emissions.

use super::super::motion::emission::{FACTORS, rate};
use super::super::motion::mover::{Mover, mover};
use super::super::motion::network::{Rule, SimulationNetwork};
use super::super::motion::params::{TALLY, Vehicle};
use super::super::motion::sumo::{self, SumoDemand};
use super::super::noise::{BANDS, FIRST, Site, Traffic, power};
use super::super::srm1::{self, StreetType};
use super::{Bench, Figure, least, most, within};
use hanze_base::error::{Error, Result};
use hanze_city::roads::lanes::{Extras, Lanes, extras, read};
use hanze_device::Device;
use std::path::Path;
use std::sync::Arc;

/// Time of a step, s.
const STEP: f64 = 0.5;

/// A town of SUMO with its vehicles, from a beginning of zero.
fn town(folder: &Path, net: &str, files: &[&str], bench: &Bench) -> Result<(Lanes, SumoDemand, Box<dyn Mover>)> {
    let mut town = read(&folder.join(net))?;
    let extras: Vec<Extras> = files.iter().map(|name| extras(&folder.join(name))).collect::<Result<_>>()?;
    town.take_programs(&extras);
    let mut demand = sumo::demand(&town, &extras, 1);
    let first = demand.travellers.iter().map(|traveller| traveller.depart).fold(f64::INFINITY, f64::min);
    demand.travellers.iter_mut().for_each(|traveller| traveller.depart -= first);
    let mut network = SimulationNetwork::new(&town, Rule { step: STEP, newell: false, seed: 1 }, demand.kinds.clone());
    network.load(&town, &demand.travellers)?;
    Ok((town, demand, mover(bench.device, &Arc::new(network))?))
}

/// A number of an element of XML on a line of its own.
fn number(path: &Path, line: &str, key: &str) -> Result<f64> {
    let text = line.split(&format!(" {key}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::data(path, format!("has a line without {key}"), "fetch it again"))
}

/// Bologna (acosta), two hours, against what SUMO 1.28 counted; streets by how many vehicles it counted on them.
pub fn bologna(bench: &Bench) -> Result<Vec<Figure>> {
    let folder = bench.file("traffic/sumo/bologna_acosta");
    let files = [
        "acosta.rou.xml",
        "acosta_busses.rou.xml",
        "acosta_vtypes.add.xml",
        "acosta_bus_stops.add.xml",
        "acosta_tls.add.xml",
    ];
    let (town, demand, mut mover) = town(&folder, "acosta_buslanes.net.xml", &files, bench)?;
    mover.run((7200.0 / STEP) as u32)?;
    let outcomes = mover.outcomes()?;
    let arrived: Vec<f64> = outcomes
        .iter()
        .filter(|outcome| outcome.arrived > 0)
        .map(|outcome| f64::from(outcome.arrived - outcome.inserted) / 1000.0)
        .collect();
    let mean = arrived.iter().sum::<f64>() / arrived.len().max(1) as f64;
    let tallies = mover.take_tallies()?;
    let path = folder.join("ref_sumo1.28_edgedata.xml");
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    // Streets, those with GEH below 5, vehicles there and here, and seconds and metres there and here.
    let mut groups = [[0.0f64; 8]; 3];
    for line in text.lines().filter(|line| line.contains("<edge id=")) {
        let id = line.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let Some(street) = town.streets.iter().position(|street| street.id == id) else { continue };
        let of = |key: &str| number(&path, line, key);
        let theirs = of("entered")? + of("departed")?;
        let counts = &tallies[street * TALLY..][..TALLY];
        let ours = f64::from(counts[3]);
        // Both counts are of two hours.
        let (here, there) = (ours / 2.0, theirs / 2.0);
        let geh = if here + there > 0.0 { (2.0 * (here - there).powi(2) / (here + there)).sqrt() } else { 0.0 };
        let group = &mut groups[if theirs < 200.0 { 0 } else { usize::from(theirs >= 1000.0) + 1 }];
        let seconds = if theirs > 0.0 { of("sampledSeconds")? } else { 0.0 };
        let metres = if seconds > 0.0 { seconds * of("speed")? } else { 0.0 };
        let add = [
            1.0,
            f64::from(u8::from(geh < 5.0)),
            theirs,
            ours,
            seconds,
            metres,
            f64::from(counts[0]) * STEP,
            f64::from(counts[1]) / 100.0,
        ];
        group.iter_mut().zip(add).for_each(|(sum, value)| *sum += value);
    }
    let sum = |k: usize| groups.iter().map(|group| group[k]).sum::<f64>();
    let mut figures = vec![
        within("mean duration, s (SUMO 288.7)", mean, 288.7, 0.15 * 288.7),
        least("streets that both count", sum(0), 141.0),
        least("share of streets with GEH below 5", sum(1) / sum(0), 0.85),
        least("vehicles that arrived, of all", arrived.len() as f64 / demand.travellers.len() as f64, 1.0),
    ];
    let names = ["streets of fewer than 200 vehicles", "streets of 200 to 1000", "streets of more than 1000"];
    for (name, group) in names.into_iter().zip(&groups) {
        figures.push(within(format!("{name}: vehicles here over SUMO's"), group[3] / group[2], 1.0, 0.1));
        let (there, here) = (group[5] / group[4], group[7] / group[6]);
        figures.push(within(format!("{name}: speed, m/s (SUMO {there:.2})"), here, there, 0.25 * there));
    }
    Ok(figures)
}

/// Doerpfeldstr: cars and cycles of an hour, and those who only tell where they begin and end.
pub fn doerpfeldstr(bench: &Bench) -> Result<Vec<Figure>> {
    let folder = bench.file("traffic/sumo/Doerpfeldstr");
    let files = ["vtypes.add.xml", "samplertrips.rou.xml", "samplertrips_bike.rou.xml", "cars_bikes.rou.xml"];
    let (_, demand, mut mover) = town(&folder, "net.net.xml.gz", &files, bench)?;
    let (mut longest, mut arrived) = (0, 0);
    for _ in 0..90 {
        arrived = mover.run((60.0 / STEP) as u32)?.arrived;
        longest = mover.vehicles()?.iter().map(|vehicle| vehicle.stood).max().unwrap_or(0).max(longest);
    }
    // Two flows are of a kind that no file tells of; nobody else may be left out.
    let (unknown, others): (Vec<_>, Vec<_>) = demand.refused.iter().partition(|why| why.en.contains("t_3"));
    Ok(vec![
        within("vehicles of a kind that is not told, left out", unknown.len() as f64, 190.0, 0.0),
        most("others that are left out", others.len() as f64, 0.0),
        least(
            "vehicles that arrived within 90 minutes, of those that are told",
            f64::from(arrived) / demand.travellers.len() as f64,
            1.0,
        ),
        most("longest stand, s", f64::from(longest) * STEP, 600.0),
    ])
}

/// HBEFA 3 as SUMO's emissionsMap has it, for a petrol car of Euro 4.
pub fn emissions(bench: &Bench) -> Result<Vec<Figure>> {
    let path = bench.file("traffic/emissions_noise/HBEFA3_PC_G_EU4.csv");
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    let mut worst = [0.0f64; 3];
    let mut count = 0.0;
    for (k, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split(';').collect();
        let [speed, accel, _, substance, value] = cells[..] else { continue };
        let Some(of) = ["CO2", "NOx", "PMx"].iter().position(|name| *name == substance) else { continue };
        let parse = |text: &str| {
            let problem = format!("line {}: \"{text}\" is not a number", k + 1);
            text.parse::<f64>().map_err(|_| Error::data(&path, problem, "fetch it again"))
        };
        let (speed, accel, value) = (parse(speed)?, parse(accel)?, parse(value)?);
        let modelled = f64::from(rate(&FACTORS[of], speed as f32, accel as f32));
        // In mg/s; below a thousandth of what a car emits at rest nothing is compared.
        let scale = value.max(1e-3 * f64::from(FACTORS[of].f0) / 3.6);
        worst[of] = worst[of].max((modelled - value).abs() / scale);
        count += 1.0;
    }
    let names = ["CO2", "NOx", "PM10"];
    let mut figures = vec![least("points of the map", count, 1000.0)];
    figures.extend(
        names.iter().zip(worst).map(|(name, worst)| most(format!("{name}: largest difference, relative"), worst, 1e-3)),
    );
    Ok(figures)
}

/// What holds at every step: nobody is lost, nobody drives into another, and the same seed gives the same bits, on each device.
pub fn every_step(bench: &Bench) -> Result<Vec<Figure>> {
    let folder = bench.file("traffic/sumo/bologna_acosta");
    let files = ["acosta.rou.xml", "acosta_busses.rou.xml", "acosta_vtypes.add.xml", "acosta_bus_stops.add.xml"];
    let (_, _, mut mover) = town(&folder, "acosta_buslanes.net.xml", &files, bench)?;
    let (_, _, mut again) = town(&folder, "acosta_buslanes.net.xml", &files, bench)?;
    let twin = Bench { device: &Device::Cpu, data: bench.data };
    let (_, _, mut twin) = town(&folder, "acosta_buslanes.net.xml", &files, &twin)?;
    let (mut lost, mut overlap, mut slowest) = (0.0f64, 0.0f64, 0.0f64);
    for _ in 0..600 {
        let clock = mover.run(1)?;
        let vehicles = mover.vehicles()?;
        lost = lost.max((f64::from(clock.inserted) - f64::from(clock.arrived) - vehicles.len() as f64).abs());
        for pair in vehicles.windows(2).filter(|pair| pair[0].lane == pair[1].lane) {
            overlap = overlap.max(f64::from(pair[1].pos - (pair[0].pos - pair[0].length)));
        }
        slowest = vehicles.iter().map(|one| f64::from(one.speed)).fold(slowest, f64::min);
    }
    again.run(600)?;
    twin.run(600)?;
    let left = mover.vehicles()?;
    let differ = |other: &[Vehicle]| {
        let bits = |vehicles: &[Vehicle]| bytemuck::cast_slice::<Vehicle, u32>(vehicles).to_vec();
        let (a, b) = (bits(&left), bits(other));
        a.iter().zip(&b).filter(|(a, b)| a != b).count() as f64 + (a.len() as f64 - b.len() as f64).abs()
    };
    Ok(vec![
        least("vehicles after five minutes", left.len() as f64, 100.0),
        most("vehicles that are lost, at any step", lost, 0.0),
        most("largest overlap of two vehicles, m", overlap, 1e-3),
        least("lowest speed, m/s", slowest, 0.0),
        most("numbers that differ when it is run again", differ(&again.vehicles()?), 0.0),
        most("numbers that differ from the CPU's", differ(&twin.vehicles()?), 0.0),
    ])
}

/// Road noise after CNOSSOS-EU and nitrogen dioxide after SRM1 against their vectors.
pub fn air(bench: &Bench) -> Result<Vec<Figure>> {
    let read = |name: &str| -> Result<Vec<serde_json::Value>> {
        let path = bench.file("traffic/emissions_noise").join(name);
        let bytes = std::fs::read(&path).map_err(Error::io("reading", &path))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::data(&path, error.to_string(), "fetch it again"))
    };
    let (mut decibels, mut count) = (0.0f64, 0.0);
    for one in read("cnossos_road_vectors.json")? {
        let inputs = &one["inputs"];
        let number = |key: &str| inputs[key].as_f64().unwrap_or(f64::NAN);
        let all = inputs["lv_speed"].is_f64();
        let names = ["lv", "mv", "hgv", "wav", "wbv"];
        let traffic = match all {
            true => Traffic {
                flow: names.map(|name| number(&format!("{name}_per_hour"))),
                speed: names.map(|name| number(&format!("{name}_speed"))),
            },
            false => Traffic { flow: [number("lv_per_hour"), 0.0, 0.0, 0.0, 0.0], speed: [number("all_speeds"); 5] },
        };
        let site = Site {
            surface: inputs["RoadSurface"].as_str().unwrap_or_default(),
            temperature: number("Temperature"),
            slope: one["slope"].as_f64().unwrap_or(f64::NAN),
            studs: (number("Pm_stud"), number("Ts_stud")),
            junction: Some((number("Junc_type") as u8, number("Junc_dist"))),
        };
        let found = power(&FIRST, &traffic, &site).unwrap_or([f64::NAN; 8]);
        let band = BANDS.iter().position(|band| *band == number("FreqParam")).unwrap_or(0);
        let bands = if all { band..band + 1 } else { 0..8 };
        for (band, want) in bands.zip(one["expected_dB_per_m"].as_array().into_iter().flatten()) {
            let off = (found[band] - want.as_f64().unwrap_or(f64::NAN)).abs();
            decibels = if off.is_nan() { f64::INFINITY } else { decibels.max(off) };
            count += 1.0;
        }
    }
    let mut grams = 0.0f64;
    for one in read("srm1_vectors.json")? {
        let number = |key: &str| one[key].as_f64().unwrap_or(f64::NAN);
        let kind = if one["roadtype"] == "1_wide_canyon" { StreetType::WideCanyon } else { StreetType::Open };
        let nox = srm1::nox(kind, number("S_m"), number("E_ug_per_m_s"), number("tree"), number("wind"));
        let no2 = srm1::no2(nox, number("fNO2"), number("O3_bg"));
        let off = (nox - number("C_NOx")).abs().max((no2 - number("C_NO2")).abs());
        grams = if off.is_nan() { f64::INFINITY } else { grams.max(off) };
        count += 1.0;
    }
    Ok(vec![
        least("vectors", count, 30.0),
        most("CNOSSOS-EU: largest difference, dB", decibels, 0.01),
        most("SRM1: largest difference, µg/m³", grams, 1e-9),
    ])
}
