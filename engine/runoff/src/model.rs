//! Runoff as a [`Model`]: frames, tables and the water balance from a run.

use super::land::{SMALLEST_GROUND, STANDING_DEPTH};
use super::params::{DRY, HALO, NEVER, SPEED_DEPTH};
use super::prepare::problem;
use super::problem::{BoundaryKind, Soil};
use super::run::{Fell, Run, Saved};
use super::solver::{Fields, State, Statistics};
use super::spec::RunoffSpec;
use super::{layers, story, tables};
use hanze_base::error::Result;
use hanze_base::frame::{Balance, Frame, Layer, Outcome, Table};
use hanze_base::places::Places;
use hanze_base::quantity::Quantity;
use hanze_base::remark::Remarks;
use hanze_city::City;
use hanze_device::Device;
use hanze_model::saved::{damaged, read, read_into, write};
use hanze_model::{Model, Progress};
use hanze_scenario::Scenario;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

struct Runoff {
    run: Run,
    /// Time between readings, s.
    every: f64,
    /// Readings so far: time, then depth and unit discharges of each gauge, then of each boundary the outflow, of each structure what
    /// passed, and of each sewer district what is stored, was pumped out and came up (m³).
    readings: Vec<Vec<f64>>,
    /// Water at the start, m³.
    initial: f64,
    /// Buildings, roads and neighbourhoods.
    places: Places,
    /// What the outcome left out.
    left_out: Remarks,
}

/// Whether boundaries, inflows and gauges fit the city; what is guessed, mended or left out.
///
/// # Errors
/// `Scenario` where boundaries, inflows, gauges, structures or rain do not fit the city; `Data` where a file that they name is wrong.
pub fn check(city: &City, scenario: &Scenario) -> Result<Remarks> {
    problem(city, scenario).map(|problem| problem.repairs).map_err(|error| scenario.locate(error))
}

/// Sets the runoff model up.
///
/// # Errors
/// `Scenario` where boundaries, inflows or gauges do not fit the city; `Memory` where the device has no room.
pub fn prepare(city: &City, scenario: &Scenario, device: &Device) -> Result<Box<dyn Model>> {
    let problem = problem(city, scenario).map_err(|error| scenario.locate(error))?;
    let depths = problem.depth.iter().zip(&problem.bed).filter(|(_, bed)| !bed.is_nan());
    let initial = depths.map(|(depth, _)| f64::from(*depth)).sum::<f64>() * problem.grid.cell_area();
    let every = scenario.asked::<RunoffSpec>().map_or(1.0, |runoff| runoff.gauge_minutes) * 60.0;
    let run = super::start(problem, device)?;
    Ok(Box::new(Runoff {
        run,
        every,
        readings: Vec::new(),
        initial,
        places: city.places.clone(),
        left_out: Remarks::default(),
    }))
}

impl Runoff {
    /// Whether anything is written down between frames.
    fn reads(&self) -> bool {
        let problem = &self.run.problem;
        let works = !problem.structures.is_empty() || !problem.sewers.districts.is_empty();
        !problem.gauges.is_empty() || !problem.boundaries.is_empty() || works
    }

    fn read(&mut self) -> Result<()> {
        let mut row = vec![self.run.time()];
        row.extend(self.run.gauges()?.into_iter().flatten().map(f64::from));
        row.extend(self.run.outflows()?);
        row.extend(self.run.passed()?.into_iter().map(|[total, _]| total));
        row.extend(self.run.sewers()?.into_iter().flatten());
        self.readings.push(row);
        Ok(())
    }

    fn layer(&self, quantity: &'static Quantity, description: &str, values: Vec<f32>) -> Layer {
        let bed = &self.run.problem.bed;
        let open = values.into_iter().zip(bed).map(|(value, bed)| if bed.is_nan() { f32::NAN } else { value });
        Layer::new(quantity, self.run.problem.grid, open.collect()).described(description)
    }

    /// A layer of floods: no value where water stood before.
    fn flood(&self, quantity: &'static Quantity, description: &str, mut values: Vec<f32>) -> Layer {
        let cells = values.iter_mut().enumerate();
        cells.filter(|(cell, _)| !self.run.problem.is_land(*cell)).for_each(|(_, value)| *value = f32::NAN);
        self.layer(quantity, description, values)
    }

    /// Level above the reference of heights from a depth; no value where dry.
    fn level(&self, quantity: &'static Quantity, description: &str, depth: &[f32]) -> Layer {
        let bed = &self.run.problem.bed;
        let level = |(h, z): (&f32, &f32)| if *h > DRY { z + h } else { f32::NAN };
        let layer = self.layer(quantity, description, depth.iter().zip(bed).map(level).collect());
        layer.above(self.run.problem.datum)
    }

    fn balance(&mut self, fields: &Fields) -> Result<Balance> {
        let (time, area) = (self.run.time(), self.run.problem.grid.cell_area());
        let sum = |high: &[f32], low: &[f32]| {
            high.iter().zip(low).map(|(high, low)| f64::from(*high) + f64::from(*low)).sum::<f64>() * area
        };
        let stored = sum(&fields.state.depth, &fields.state.low);
        let infiltrated = sum(&fields.statistics.infiltrated, &fields.statistics.infiltrated_low);
        let (problem, fell) = (&self.run.problem, self.run.fell());
        let names: Vec<String> = problem.boundaries.iter().map(|boundary| boundary.name.clone()).collect();
        let mut terms = vec![("there at the start".to_string(), self.initial), ("rain".into(), fell.rain)];
        for inflow in &problem.inflows {
            let (name, volume) = (format!("inflow {}", inflow.name), inflow.series.integral(0.0, time));
            // One along a line has many cells.
            match terms.last_mut().filter(|last| last.0 == name) {
                Some(last) => last.1 += volume,
                None => terms.push((name, volume)),
            }
        }
        for (name, outflow) in names.into_iter().zip(self.run.outflows()?) {
            terms.push((format!("boundary {name}"), -outflow));
        }
        for (structure, [total, _]) in self.run.problem.structures.clone().iter().zip(self.run.passed()?) {
            // Between two places of the city nothing is gained.
            match structure.pairs.first() {
                Some([None, _]) => terms.push((format!("structure {}", structure.name), total)),
                Some([_, None]) => terms.push((format!("structure {}", structure.name), -total)),
                _ => {}
            }
        }
        if fell.kept > 0.0 {
            terms.push(("held on roofs".into(), -fell.kept));
        }
        if !self.run.problem.sewers.districts.is_empty() {
            let sewered = sum(&fields.statistics.sewered, &fields.statistics.sewered_low);
            terms.push(("into the sewer".into(), -sewered - fell.direct.iter().sum::<f64>()));
        }
        // What was taken first is on leaves and in hollows.
        let problem = &self.run.problem;
        let held = problem.interception.iter().zip(&fields.statistics.infiltrated);
        let held = held.map(|(most, taken)| f64::from(most.min(*taken))).sum::<f64>() * area;
        if !problem.interception.is_empty() {
            terms.push(("intercepted".into(), -held));
        }
        terms.push(("infiltrated".into(), held - infiltrated));
        terms.push(("standing at the end".into(), -stored));
        Ok(Balance::new("m³", terms))
    }

    fn tables(&self) -> Vec<Table> {
        let problem = &self.run.problem;
        let mut tables = Vec::new();
        if !problem.gauges.is_empty() {
            let mut columns = vec!["time_min".to_string()];
            for gauge in &problem.gauges {
                columns.extend(["depth_m", "level_m", "speed_m_per_s"].map(|what| format!("{} {what}", gauge.name)));
            }
            let row = |reading: &Vec<f64>| {
                let mut row = vec![reading[0] / 60.0];
                for (k, gauge) in problem.gauges.iter().enumerate() {
                    let [depth, qx, qy] = [reading[1 + 3 * k], reading[2 + 3 * k], reading[3 + 3 * k]];
                    let bed = problem.datum + f64::from(problem.bed[gauge.row * problem.grid.cols + gauge.col]);
                    let speed = if depth > f64::from(DRY) { qx.hypot(qy) / depth } else { 0.0 };
                    row.extend([depth, bed + depth, speed]);
                }
                row
            };
            tables.push(Table {
                name: "gauges".into(),
                description: "the gauges in time".into(),
                columns,
                rows: self.readings.iter().map(row).collect(),
                ..Table::default()
            });
        }
        if !problem.boundaries.is_empty() {
            let first = 1 + 3 * problem.gauges.len();
            let mut columns = vec!["time_min".to_string()];
            for boundary in &problem.boundaries {
                columns.push(format!("{} out_m3_per_s", boundary.name));
                columns.push(format!("{} out_m3", boundary.name));
            }
            let last = first + problem.boundaries.len();
            let row = |(k, reading): (usize, &Vec<f64>)| {
                let before = &self.readings[k.saturating_sub(1)];
                let span = reading[0] - before[0];
                let mut row = vec![reading[0] / 60.0];
                for column in first..last {
                    let flow = if span > 0.0 { (reading[column] - before[column]) / span } else { 0.0 };
                    row.extend([flow, reading[column]]);
                }
                row
            };
            let rows = self.readings.iter().enumerate().map(row).collect();
            tables.push(Table {
                name: "boundaries".into(),
                description: "the boundaries in time".into(),
                columns,
                rows,
                ..Table::default()
            });
        }
        let first = 1 + 3 * problem.gauges.len() + problem.boundaries.len();
        if !problem.structures.is_empty() {
            let mut columns = vec!["time_min".to_string()];
            for structure in &problem.structures {
                columns.extend(["through_m3_per_s", "through_m3"].map(|what| format!("{} {what}", structure.name)));
            }
            let row = |(k, reading): (usize, &Vec<f64>)| {
                let before = &self.readings[k.saturating_sub(1)];
                let span = reading[0] - before[0];
                let passed = (first..first + problem.structures.len()).flat_map(|column| {
                    let flow = if span > 0.0 { (reading[column] - before[column]) / span } else { 0.0 };
                    [flow, reading[column]]
                });
                std::iter::once(reading[0] / 60.0).chain(passed).collect()
            };
            tables.push(Table {
                name: "structures".into(),
                description: "what passed each structure from its first to its second end, in time".into(),
                columns,
                rows: self.readings.iter().enumerate().map(row).collect(),
                ..Table::default()
            });
        }
        let first = first + problem.structures.len();
        if !problem.sewers.districts.is_empty() {
            let mut columns = vec!["time_min".to_string()];
            for district in &problem.sewers.districts {
                columns
                    .extend(["stored_m3", "pumped_m3", "came_up_m3"].map(|what| format!("{} {what}", district.name)));
            }
            let row = |reading: &Vec<f64>| [&[reading[0] / 60.0], &reading[first..]].concat();
            tables.push(Table {
                name: "sewers".into(),
                description: "water in the sewer, pumped out of it, and come up to the street since the start, in time"
                    .into(),
                columns,
                rows: self.readings.iter().map(row).collect(),
                ..Table::default()
            });
        }
        tables
    }
}

impl Model for Runoff {
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress> {
        let deadline = Instant::now() + budget;
        loop {
            let mut target = until;
            if self.reads() {
                if self.readings.is_empty() {
                    self.read()?;
                }
                target = target.min(self.readings.len() as f64 * self.every);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let progress = self.run.advance(target, left)?;
            if progress.reached && self.reads() && target == self.readings.len() as f64 * self.every {
                self.read()?;
            }
            if !progress.reached || target == until || Instant::now() >= deadline {
                return Ok(Progress { reached: progress.reached && target == until, ..progress });
            }
        }
    }

    fn frame(&mut self) -> Result<Frame> {
        let State { depth, qx, qy, .. } = self.run.frame_fields()?.state;
        let speed = |i: usize| if depth[i] > SPEED_DEPTH { qx[i].hypot(qy[i]) / depth[i] } else { 0.0 };
        let velocity = (0..depth.len()).map(speed).collect();
        let level = self.level(&layers::LEVEL, "water level; no value where dry", &depth);
        let velocity = self.layer(&layers::VELOCITY, "speed of the water where it is deeper than 1 cm", velocity);
        let depth = self.flood(&layers::DEPTH, "depth of the water; no value where water stood before", depth);
        Ok(Frame { time: self.run.time(), layers: vec![depth, velocity, level], vehicles: None })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        let fields = self.run.fields()?;
        let (balance, mut tables) = (self.balance(&fields)?, self.tables());
        let settings = self.run.problem.settings;
        let (books, passed) = (self.run.sewers()?, self.run.passed()?);
        let Statistics { max_depth, max_speed, arrival, duration, infiltrated, max_hazard, sewered, .. } =
            fields.statistics;
        let problem = &self.run.problem;
        let spots = story::spots(problem, &max_depth);
        let mut story = story::story(problem, &balance, &max_depth, &spots);
        story.extend(story::works(problem, &balance, &books, &passed));
        tables.push(story::table(problem, &spots));
        let found = tables::places(problem, &self.places, &max_depth);
        story.extend(found.story);
        tables.extend(found.tables);
        self.left_out = found.remarks;
        let problem = &self.run.problem;
        let held = |i: usize| problem.interception.get(i).copied().unwrap_or(0.0);
        let sunk = infiltrated.iter().enumerate().map(|(i, taken)| taken - held(i).min(*taken)).collect();
        let minutes = |ms: u32| if ms == NEVER { f32::NAN } else { (f64::from(ms) / 60_000.0) as f32 };
        // What was never so deep was so for no time, of which there is no class and no mean.
        let while_wet = |ms: u32| if ms == 0 { f32::NAN } else { minutes(ms) };
        let arrival = arrival.into_iter().map(minutes).collect();
        let duration = duration.into_iter().map(while_wet).collect();
        let fast = "maximum flow velocity where it is deeper than 1 cm";
        let arrived = format!(
            "first time deeper than {} m; no value where it never was, or where water stood before",
            settings.arrival_depth
        );
        let stayed = format!(
            "time deeper than {} m; no value where it never was, or where water stood before",
            settings.duration_depth
        );
        let deep = "maximum water depth; no value where water stood before";
        let hazard = max_hazard.iter().map(|hazard| if *hazard > 0.0 { *hazard } else { f32::NAN }).collect();
        let risk = "highest hazard: depth times (speed + 0.5 m/s), and debris on top; from 0.75 dangerous for some, from 1.25 \
                    for most, from 2 for all; no value where it stayed dry, or where water stood before";
        let mut layers = vec![
            self.level(&layers::MAX_LEVEL, "maximum water level; no value where it stayed dry", &max_depth),
            self.flood(&layers::MAX_DEPTH, deep, max_depth),
            self.layer(&layers::MAX_VELOCITY, fast, max_speed),
            self.flood(&layers::ARRIVAL, &arrived, arrival),
            self.flood(&layers::DURATION, &stayed, duration),
            self.layer(&layers::INFILTRATED, "infiltration", sunk),
            self.flood(&layers::HAZARD, risk, hazard),
        ];
        if !sewered.is_empty() {
            let words = "inflow to the sewer through inlets; below 0 where more came up";
            layers.push(self.layer(&layers::SEWERED, words, sewered));
        }
        Ok(Outcome { layers, tables, balance: Some(balance), story, ..Outcome::default() })
    }

    fn remarks(&self) -> Remarks {
        let mut remarks = self.run.problem.repairs.clone();
        remarks.extend(self.left_out.clone());
        remarks
    }

    fn settings(&self) -> serde_json::Value {
        let problem = &self.run.problem;
        let boundary = |kind: &BoundaryKind| match kind {
            BoundaryKind::Wall => "wall",
            BoundaryKind::Free => "free",
            BoundaryKind::Level(_) => "level",
            BoundaryKind::Discharge(_) => "discharge",
            BoundaryKind::Periodic => "periodic",
        };
        serde_json::json!({
            "order": problem.settings.order,
            "courant": problem.settings.courant,
            "longest_step_s": problem.longest_step(),
            "arrival_depth_m": problem.settings.arrival_depth,
            "duration_depth_m": problem.settings.duration_depth,
            "water_before_m": STANDING_DEPTH,
            "smallest_ground_m2": SMALLEST_GROUND,
            "soil": match &problem.soil {
                Soil::Plain => "at its capacity",
                Soil::GreenAmpt(_) => "Green and Ampt",
                Soil::Horton { .. } => "Horton",
            },
            "buildings": if problem.roofs.is_empty() { "ground" } else { "shed their rain" },
            "sewer_inlets": problem.sewers.gullies.len(),
            "structures": problem.structures.iter().map(|s| (s.name.clone(), s.pairs.len())).collect::<Vec<_>>(),
            "boundaries": problem.boundaries.iter().map(|b| (b.name.clone(), boundary(&b.kind))).collect::<Vec<_>>(),
        })
    }

    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>> {
        let mut saved = match self.run.save() {
            Ok(saved) => saved,
            Err(error) => return Ok(Err(error)),
        };
        let (start, end) = saved.interval.unwrap_or((f64::NAN, f64::NAN));
        write(out, &[saved.time, start, end])?;
        write(out, &[saved.steps])?;
        write(out, &[saved.clock])?;
        write(out, &self.readings.concat())?;
        saved.fields.bits().try_for_each(|(_, values)| write(out, values))?;
        saved.volumes.edges().into_iter().try_for_each(|values| write(out, values))?;
        write(out, &saved.volumes.districts)?;
        write(out, &saved.volumes.flows)?;
        write(out, &saved.fallen)?;
        write(out, &[&[saved.fell.rain, saved.fell.kept][..], &saved.fell.direct].concat())?;
        Ok(Ok(()))
    }

    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>> {
        let grid = self.run.problem.grid;
        let cells = (grid.cols + 2 * HALO) * (grid.rows + 2 * HALO);
        let times: Vec<f64> = read(from, Some(3))?;
        let steps: Vec<u64> = read(from, Some(1))?;
        let clock = read(from, Some(1))?;
        let readings: Vec<f64> = read(from, None)?;
        let has_inlets = !self.run.problem.sewers.gullies.is_empty();
        let mut fields = Fields::new(|array| array.count(cells, has_inlets));
        fields.bits_mut().try_for_each(|(_, values)| read_into(from, values))?;
        let volumes = super::solver::Volumes {
            north: read(from, Some(grid.cols))?,
            south: read(from, Some(grid.cols))?,
            west: read(from, Some(grid.rows))?,
            east: read(from, Some(grid.rows))?,
            districts: read(from, Some(self.run.problem.sewers.districts.len()))?,
            flows: read(from, Some(self.run.problem.link_count()))?,
        };
        let fallen = read(from, Some(self.run.problem.fallen(0.0).len()))?;
        let fell: Vec<f64> = read(from, Some(2 + self.run.problem.sewers.districts.len()))?;
        let fell = Fell { rain: fell[0], kept: fell[1], direct: fell[2..].to_vec() };
        let sound = times[0] >= 0.0 && (times[1].is_nan() || times[1] < times[2]) && times[2] != f64::INFINITY;
        let problem = &self.run.problem;
        let works = problem.structures.len() + 3 * problem.sewers.districts.len();
        let width = 1 + 3 * problem.gauges.len() + problem.boundaries.len() + works;
        if !sound || !readings.len().is_multiple_of(width) {
            return Err(damaged());
        }
        self.readings = readings.chunks(width).map(<[f64]>::to_vec).collect();
        let interval = (!times[1].is_nan()).then_some((times[1], times[2]));
        Ok(self.run.load(Saved {
            time: times[0],
            steps: steps[0],
            interval,
            clock: clock[0],
            fields,
            volumes,
            fell,
            fallen,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sewer::{District, Gully};
    use super::super::{Problem, start};
    use super::*;
    use hanze_base::grid::Grid;

    /// A yard of 20 × 15 cells, with an inlet in each of the first so many.
    fn yard(inlets: usize) -> Runoff {
        let mut problem = Problem::new(Grid::local(20, 15, 1.0), &[0.0; 300]);
        problem.sewers.districts = vec![District { name: "yard".into(), room: 1.0, pump: 0.0 }];
        problem.sewers.gullies = (0..inlets).map(|cell| Gully { cell, district: 0, capacity: 1e-5 }).collect();
        Runoff {
            run: start(problem, &Device::Cpu).expect("a run"),
            every: 60.0,
            readings: Vec::new(),
            initial: 0.0,
            places: Places::default(),
            left_out: Remarks::default(),
        }
    }

    fn checkpoint(model: &mut Runoff) -> Vec<u8> {
        let mut bytes = Vec::new();
        model.save(&mut bytes).expect("it can be written").expect("the device gives it");
        bytes
    }

    #[test]
    fn every_array_comes_back_from_a_checkpoint() {
        for inlets in [0, 40] {
            let mut model = yard(inlets);
            let mut saved = model.run.save().expect("a state");
            for (k, (array, values)) in saved.fields.bits_mut().enumerate() {
                let is_there = inlets > 0 || !array.name.starts_with("sewered");
                assert_eq!(values.len(), if is_there { 24 * 19 } else { 0 }, "{}", array.name);
                values.iter_mut().enumerate().for_each(|(i, value)| *value = ((1000 * k + i) as f32).to_bits());
            }
            let fields = saved.fields.clone();
            model.run.load(saved).expect("it is taken up");
            let bytes = checkpoint(&mut model);

            let mut other = yard(inlets);
            other.load(&mut &bytes[..]).expect("it is whole").expect("the device takes it");
            let loaded = other.run.save().expect("a state").fields;
            for ((array, own), (_, expected)) in loaded.bits().zip(fields.bits()) {
                assert!(own == expected, "{} is not what was saved", array.name);
            }
            assert!(checkpoint(&mut other) == bytes);

            // Without inlets two arrays are shorter.
            let refused = yard(40 - inlets).load(&mut &bytes[..]).expect_err("it is of another scenario");
            assert_eq!(refused.kind(), std::io::ErrorKind::InvalidData);
        }
    }
}
