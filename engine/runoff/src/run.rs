//! A run: the problem, a solver, and the time between them.

use super::links::Ends;
use super::params::{Clock, District, Params};
use super::problem::{Edges, Problem};
use super::sky::Fall;
use super::solver::{Fields, Interval, Solver, Volumes, Wanted};
use hanze_base::error::{Error, Result};
use hanze_model::Progress;
use std::time::{Duration, Instant};

/// A runoff problem on its way through time.
pub struct Run {
    /// What is computed.
    pub problem: Problem,
    solver: Box<dyn Solver>,
    /// The boundary of each face, and the number of faces of each boundary.
    edges: Edges,
    faces: Vec<usize>,
    /// Cells at the ends of links.
    ends: Ends,
    /// What falls where in the interval under way, where it is not the same everywhere.
    fall: Option<Fall>,
    /// Rain on each roof that holds some, up to the end of the interval under way, m.
    fallen: Vec<f64>,
    /// Rain on each of those roofs up to the start of the interval, m: a checkpoint begins the interval again.
    fallen_before: Vec<f64>,
    /// What fell on the city, what green roofs kept, and what roofs brought to each sewer district in the intervals before, m³.
    fell: Fell,
    /// Times at which forcings have a point, sorted, s.
    breakpoints: Vec<f64>,
    /// The interval under way, s.
    interval: Option<(f64, f64)>,
    /// Simulated time at the last end of an interval, s.
    time: f64,
    clock: Clock,
    steps: u64,
}

impl Run {
    /// A run at time 0.
    pub fn new(problem: Problem, solver: Box<dyn Solver>) -> Run {
        let mut breakpoints = problem.breakpoints();
        breakpoints.sort_by(f64::total_cmp);
        breakpoints.dedup();
        let (edges, faces) = (problem.edges(), problem.boundary_faces());
        let (ends, fallen) = (problem.ends(), problem.fallen(0.0));
        let fell = Fell { direct: vec![0.0; problem.sewers.districts.len()], ..Fell::default() };
        Run {
            problem,
            solver,
            edges,
            faces,
            ends,
            fall: None,
            fallen_before: fallen.clone(),
            fallen,
            fell,
            breakpoints,
            interval: None,
            time: 0.0,
            clock: Clock::default(),
            steps: 0,
        }
    }

    /// Simulated time, s.
    pub fn time(&self) -> f64 {
        self.time + if self.interval.is_some() { f64::from(self.clock.time) } else { 0.0 }
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.steps + if self.interval.is_some() { u64::from(self.clock.steps) } else { 0 }
    }

    /// Computes towards `until` seconds for about `budget`; call again until `reached`. Each `until` must be as late as
    /// the one before: an interval once begun is finished.
    ///
    /// # Errors
    /// `Unstable` where a depth or a velocity is no number any more; `Memory` or `DeviceLost` where the device fails.
    pub fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress> {
        let deadline = Instant::now() + budget;
        while self.time < until {
            if self.interval.is_none() {
                self.begin(until)?;
            }
            let Some((start, end)) = self.interval else { break };
            self.clock = self.solver.advance(deadline)?;
            if self.clock.unstable != 0 {
                let time = start + f64::from(self.clock.time);
                return Err(Error::Unstable { model: "runoff", layer: "depth or velocity", time });
            }
            if self.clock.finished != 0 {
                self.steps += u64::from(self.clock.steps);
                self.fell = self.fell_until(start, end);
                self.time = end;
                self.interval = None;
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        let reached = self.time >= until;
        Ok(Progress {
            time: self.time(),
            steps: self.steps(),
            dt: f64::from(self.clock.dt),
            reached,
            ..Progress::default()
        })
    }

    /// Computes to `until` seconds, however long it takes.
    ///
    /// # Errors
    /// `Unstable`, `Memory` or `DeviceLost` for the causes that [`Run::advance`] names.
    pub fn run_to(&mut self, until: f64) -> Result<()> {
        while !self.advance(until, Duration::from_secs(1))?.reached {}
        Ok(())
    }

    /// Starts the interval from now to the next point of a forcing, or to `until`.
    fn begin(&mut self, until: f64) -> Result<()> {
        let next = self.breakpoints.partition_point(|&t| t <= self.time);
        let end = self.breakpoints.get(next).copied().unwrap_or(until).min(until);
        self.begin_interval(self.time, end)
    }

    fn begin_interval(&mut self, start: f64, end: f64) -> Result<()> {
        let problem = &self.problem;
        let segments = problem.segments(&self.faces, start, end);
        let sources = problem.sources(start, end);
        let links = problem.links(&self.ends, start, end);
        let rain = problem.rain.at(start);
        let goes_on = self.fall.as_ref().is_some_and(|fall| fall.goes_on(start, rain));
        self.fallen_before.clone_from(&self.fallen);
        if !goes_on {
            self.fall = problem.fall(start, end, &mut self.fallen);
        }
        let direct: Vec<f64> = self.fall.iter().flat_map(|fall| &fall.direct).map(|area| area * rain).collect();
        let sewers = problem.districts(&direct);
        let settings = &problem.settings;
        let params = Params {
            cols: problem.grid.cols as u32,
            rows: problem.grid.rows as u32,
            stride: (problem.grid.cols + 2 * super::params::HALO) as u32,
            zero: 0,
            cell: problem.grid.cell as f32,
            courant: settings.courant as f32,
            longest: problem.longest_step() as f32,
            length: (end - start) as f32,
            rain: rain as f32,
            source_speed: problem
                .source_speed(&segments, &sources, end - start)
                .max(problem.spill_speed(&direct))
                .max(problem.rain_speed(rain * self.fall.as_ref().map_or(0.0, |fall| f64::from(fall.largest))))
                as f32,
            arrival_depth: settings.arrival_depth as f32,
            duration_depth: settings.duration_depth as f32,
            start_ms: milliseconds(start),
            end_ms: milliseconds(end),
            sources: sources.len() as u32,
            gauges: problem.gauges.len() as u32,
            soil: problem.soil_kind(),
            decay: problem.soil_decay() as f32,
            spread: u32::from(problem.is_spread()),
            links: links.len() as u32,
            ends: self.ends.cells.len() as u32,
            districts: sewers.len() as u32,
            ..Params::default()
        };
        let shares = self.fall.as_ref().filter(|_| !goes_on).map(|fall| fall.shares.as_slice());
        let interval =
            Interval { params, segments: &segments, sources: &sources, links: &links, sewers: &sewers, shares };
        self.solver.begin(interval)?;
        self.interval = Some((start, end));
        self.clock = Clock::default();
        Ok(())
    }

    /// Depth (m) and unit discharges to the east and to the south (m²/s) at each gauge, now.
    pub fn gauges(&mut self) -> Result<Vec<[f32; 3]>> {
        self.solver.gauges()
    }

    /// Tiles of 16 × 16 cells that the last step computed.
    pub fn active_tiles(&mut self) -> Result<usize> {
        self.solver.active_tiles()
    }

    /// Bytes that a step must move between memory and processor for each cell that is computed.
    pub fn bytes_per_cell_step(&self) -> f64 {
        self.solver.bytes_per_cell_step()
    }

    /// All arrays, one value per cell of the grid.
    pub fn fields(&mut self) -> Result<Fields> {
        Ok(self.solver.fields(Wanted::All)?.inside(&self.problem.grid))
    }

    /// The arrays that the layers in time are made from, one value per cell of the grid; the others are empty.
    pub fn frame_fields(&mut self) -> Result<Fields> {
        Ok(self.solver.fields(Wanted::Frame)?.inside(&self.problem.grid))
    }

    /// Water that left through each boundary since the start, m³; inflow is negative.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    pub fn outflows(&mut self) -> Result<Vec<f64>> {
        let volumes = self.solver.volumes()?;
        let edges = &self.edges;
        let mut outflows = vec![0.0; self.problem.boundaries.len()];
        let sides = [
            (&edges.north, &volumes.north),
            (&edges.south, &volumes.south),
            (&edges.west, &volumes.west),
            (&edges.east, &volumes.east),
        ];
        for (segments, volumes) in sides {
            for (&segment, &volume) in segments.iter().zip(volumes).filter(|(segment, _)| **segment > 0) {
                outflows[segment as usize - 1] += volume * self.problem.grid.cell;
            }
        }
        Ok(outflows)
    }

    /// What has fallen since the start.
    pub fn fell(&self) -> Fell {
        match self.interval {
            Some((start, _)) => self.fell_until(start, self.time()),
            None => self.fell.clone(),
        }
    }

    /// What has fallen up to a time in the interval that began at `start`.
    fn fell_until(&self, start: f64, time: f64) -> Fell {
        let (problem, mut fell) = (&self.problem, self.fell.clone());
        let (area, depth) = (problem.grid.cell_area(), problem.rain.integral(start, time));
        match &self.fall {
            None => fell.rain += depth * area * problem.open_cells() as f64,
            Some(fall) => {
                fell.rain += depth * (area * fall.sum + fall.direct.iter().sum::<f64>() + fall.kept);
                fell.kept += depth * fall.kept;
                fell.direct.iter_mut().zip(&fall.direct).for_each(|(sum, area)| *sum += depth * area);
            }
        }
        fell
    }

    /// Stored, pumped out and come up of each sewer district since the start, m³.
    pub fn sewers(&mut self) -> Result<Vec<[f64; 3]>> {
        let area = self.problem.grid.cell_area();
        let sum = |high: f32, low: f32| (f64::from(high) + f64::from(low)) * area;
        let books = |d: &District| {
            // What is to come up in the next step is still in the pipes.
            let stored = sum(d.storage, d.storage_low) + f64::from(d.spill) * area;
            [stored, sum(d.pumped, d.pumped_low), sum(d.spilled, d.spilled_low) - f64::from(d.spill) * area]
        };
        Ok(self.solver.volumes()?.districts.iter().map(books).collect())
    }

    /// What passed each structure from its first to its second end since the start (m³), and what passes now (m³/s).
    pub fn passed(&mut self) -> Result<Vec<[f64; 2]>> {
        let area = self.problem.grid.cell_area();
        let flows = self.solver.volumes()?.flows;
        let mut flows = flows.iter();
        let mut passed = Vec::with_capacity(self.problem.structures.len());
        for structure in &self.problem.structures {
            let mut sums = [0.0; 2];
            for flow in flows.by_ref().take(structure.pairs.len()) {
                sums[0] += (f64::from(flow.total) + f64::from(flow.total_low)) * area;
                sums[1] += f64::from(flow.rate);
            }
            passed.push(sums);
        }
        Ok(passed)
    }

    /// What a checkpoint needs besides the problem.
    pub fn save(&mut self) -> Result<Saved> {
        Ok(Saved {
            time: self.time,
            steps: self.steps,
            interval: self.interval,
            clock: self.solver.clock(),
            fields: self.solver.fields(Wanted::All)?,
            volumes: self.solver.volumes()?,
            fell: self.fell.clone(),
            fallen: if self.interval.is_some() { self.fallen_before.clone() } else { self.fallen.clone() },
        })
    }

    /// Takes a run up where it was saved.
    pub fn load(&mut self, saved: Saved) -> Result<()> {
        self.time = saved.time;
        self.steps = saved.steps;
        let (start, end) = saved.interval.unwrap_or((saved.time, saved.time + 1.0));
        (self.fall, self.fallen) = (None, saved.fallen);
        self.begin_interval(start, end)?;
        if saved.interval.is_none() {
            self.fallen.clone_from(&self.fallen_before);
        }
        self.fell = saved.fell;
        self.interval = saved.interval;
        self.clock = saved.clock;
        self.solver.restore(saved.fields, saved.volumes, saved.clock)
    }
}

/// A run at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Simulated time at the start of the interval, s.
    pub time: f64,
    /// Steps before the interval.
    pub steps: u64,
    /// The interval under way, s.
    pub interval: Option<(f64, f64)>,
    /// Its clock.
    pub clock: Clock,
    /// The arrays.
    pub fields: Fields,
    /// The books beside them.
    pub volumes: Volumes,
    /// What had fallen before the interval.
    pub fell: Fell,
    /// Rain on each roof that holds some before it, m.
    pub fallen: Vec<f64>,
}

/// Rain since the start, m³.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fell {
    /// All of it.
    pub rain: f64,
    /// What green roofs kept.
    pub kept: f64,
    /// What roofs brought to each sewer district.
    pub direct: Vec<f64>,
}

/// Simulated time as the devices count it. Saturates after 49 days.
fn milliseconds(time: f64) -> u32 {
    (time * 1000.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::super::{Between, Gutter, Radar, Roof, Series, start};
    use super::*;
    use hanze_base::grid::Grid;
    use hanze_device::Device;

    #[test]
    fn rain_that_goes_on_is_shared_out_once() {
        // Two rasters of ten seconds each, a roof that sheds its rain, and one that may hold some.
        let grid = Grid::local(8, 6, 1.0);
        let field = |scale: f32| vec![4.0 * scale, 2.0 * scale, scale, 0.0];
        let radar = Radar {
            grid: Grid::local(2, 2, 4.0),
            times: vec![0.0, 10.0, 20.0],
            values: vec![field(2e-5), field(3e-5), field(0.0)],
        };
        let problem = |holds: f64| {
            let mut problem = Problem::new(grid, &[0.0; 48]);
            problem.rain = Series::new(&radar.highest(), Between::Steps);
            problem.radar = Some(radar.clone());
            let roof = |cell: usize, to: usize, holds: f64| Roof { cell, gutter: Gutter::Street(to), holds };
            problem.roofs = vec![roof(9, 10, 0.0), roof(12, 13, holds)];
            problem
        };
        // Intervals of two seconds: the second roof holds nothing, is full in the third of them, or never is.
        for (holds, full) in [(0.0, 0), (2e-4, 3), (1.0, 99)] {
            let run = |forgets: bool| {
                let mut run = start(problem(holds), &Device::Cpu).expect("a run");
                for k in 1..=12 {
                    run.fall = run.fall.take().filter(|_| !forgets);
                    let until = 2.0 * f64::from(k);
                    run.run_to(until).expect("two seconds");
                    let fall = run.fall.as_ref().expect("it differs from place to place");
                    let goes_on = fall.goes_on(until, run.problem.rain.at(until));
                    assert_eq!(goes_on, k > full && k != 5 && k != 10, "{holds}: {until} s");
                }
                (run.fields().expect("fields"), run.fell())
            };
            let (once, again) = (run(false), run(true));
            assert!(once == again && once.1.rain > 0.0, "{holds}: {:?}, {:?}", once.1, again.1);
        }
    }
}
