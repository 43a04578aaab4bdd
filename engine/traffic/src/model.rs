//! Traffic as a [`Model`]: a slice of time is a frame, and in each slice routes come to an equilibrium, on the roads as they are and as
//! they are edited.

use super::activity;
use super::alternative::{Alternative, State};
use super::assignment::CutOff;
use super::demand::Demand;
use super::graph::Graph;
use super::gravity::profile;
use super::layers;
use super::paint::{LANE, bands, lanes, spread};
use super::paths::{Searcher, searcher};
use super::prepare::{Problem, free_costs, problem, skims};
use super::reach::{self, Times};
use super::released;
use super::report::{self, Alternatives, Sums, View};
use super::source::Trips;
use super::spec::{TrafficSpec, TripsPer};
use super::story;
use glam::DVec2;
use hanze_base::cache::Cache;
use hanze_base::error::Result;
use hanze_base::frame::{Balance, Frame, Layer, Outcome, Ribbons, Table};
use hanze_base::grid::Grid;
use hanze_base::objects::Shape;
use hanze_base::places::Places;
use hanze_base::quantity::Variable;
use hanze_base::remark::Remarks;
use hanze_city::City;
use hanze_city::roads::{Roads, length, point_at};
use hanze_device::Device;
use hanze_model::saved::{damaged, read, write};
use hanze_model::{Model, Progress};
use hanze_scenario::{Scenario, slug};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// Width of the widest band beside a road, as a share of the longest side of the city, and at most so many metres.
const BAND: f64 = 0.008;
const WIDEST: f64 = 60.0;
/// Vehicles an hour below which no change is drawn.
const DRAWN: f64 = 10.0;

pub(super) struct Traffic {
    grid: Grid,
    pub(super) problem: Problem,
    searcher: Box<dyn Searcher>,
    places: Places,
    /// Demand of the slice that is worked on, and the share that is left out.
    demand: Option<([Demand; 3], f64)>,
    /// Slices that are done: flows before and after, and trips.
    pub(super) done: Vec<Slice>,
    /// What only the routes of the busiest slice so far tell.
    best: Best,
    /// Whether the first alternative of the slice is done.
    has_base: bool,
    pub(super) steps: u64,
}

/// What the routes of a slice tell besides flows.
#[derive(Default)]
struct Best {
    /// For each selected place its users: class, from, to, trips.
    users: Vec<Vec<(usize, u32, u32, f64)>>,
    /// And where they drive, on the links of before.
    flows: Vec<Vec<f64>>,
    /// Trips that cannot be made before and after.
    cut: [Vec<CutOff>; 2],
    /// Trips on the way.
    driven: f64,
    /// Sums over the trips that can only be made before, and only after.
    alone: [Sums; 2],
}

/// A slice that is done.
pub(super) struct Slice {
    pub(super) states: Vec<State>,
    trips: [f64; 3],
    left: f64,
    imbalance: f64,
    gap: f64,
}

/// Whether roads, zones, trips and edits fit; what is guessed, mended or left out.
///
/// # Errors
/// `Scenario` or `Data` with the place and the mend.
pub fn check(city: &City, scenario: &Scenario) -> Result<Remarks> {
    if let Some(motion) = scenario.asked::<TrafficSpec>().and_then(TrafficSpec::motion) {
        return super::motion::check(city, scenario, &motion).map_err(|error| scenario.locate(error));
    }
    let mut searcher = searcher(&Device::Cpu)?;
    problem(city, scenario, searcher.as_mut()).map(|problem| problem.repairs).map_err(|error| scenario.locate(error))
}

/// Sets the traffic model up.
///
/// # Errors
/// `Scenario` or `Data` where roads, zones, trips or edits do not fit; `Memory` where there is no room.
pub fn prepare(city: &City, scenario: &Scenario, device: &Device, _: Option<&Cache>) -> Result<Box<dyn Model>> {
    if let Some(motion) = scenario.asked::<TrafficSpec>().and_then(TrafficSpec::motion) {
        return super::motion::prepare(city, scenario, device, &motion).map_err(|error| scenario.locate(error));
    }
    Ok(Box::new(Traffic::new(city, scenario, device)?))
}

impl Traffic {
    /// Sets it up.
    pub(super) fn new(city: &City, scenario: &Scenario, device: &Device) -> Result<Traffic> {
        let mut searcher = searcher(device)?;
        let problem = problem(city, scenario, searcher.as_mut()).map_err(|error| scenario.locate(error))?;
        Ok(Traffic {
            grid: city.grid,
            problem,
            searcher,
            places: city.places.clone(),
            demand: None,
            done: Vec::new(),
            best: Best::default(),
            has_base: false,
            steps: 0,
        })
    }

    /// One round of the slice that is worked on; whether the slice is done.
    pub(super) fn step(&mut self) -> bool {
        let problem = &mut self.problem;
        let (from, to) = problem.slices[self.done.len()];
        self.steps += 1;
        if self.demand.is_none() {
            let (demand, left) = problem.trips.hour(from, to, &problem.rules, problem.factor);
            let begins = problem.before.routes.is_none();
            if begins {
                problem.before.begin(&demand, None)
            } else {
                problem.before.change(&demand)
            }
            self.demand = Some((demand, left));
            self.has_base = false;
            return false;
        }
        let Some((demand, left)) = &self.demand else { return false };
        if !self.has_base {
            if problem.before.step(problem.gap) {
                self.has_base = true;
                if let Some(after) = &mut problem.after {
                    after.take_junctions(&problem.before, &problem.edited.parts);
                    after.begin(demand, Some((&problem.before, &problem.edited.parts)));
                }
                problem.before.forget_trees();
            }
            return false;
        }
        if let Some(after) = &mut problem.after
            && !after.step(problem.gap)
        {
            return false;
        }
        problem.after.iter_mut().for_each(Alternative::forget_trees);
        let pcu = problem.rules.vehicles.truck_pcu;
        let alternatives = std::iter::once(&problem.before).chain(&problem.after);
        let trips = [demand[0].total(), demand[1].total() / pcu, demand[2].total()];
        self.done.push(Slice {
            states: alternatives.clone().map(|alternative| alternative.state(pcu)).collect(),
            trips,
            left: *left,
            imbalance: alternatives.clone().map(|alternative| alternative.imbalance(demand)).fold(0.0, f64::max),
            gap: alternatives.map(Alternative::gap).fold(0.0, f64::max),
        });
        self.demand = None;
        if self.busiest() + 1 == self.done.len() {
            self.best = self.best();
        }
        true
    }

    fn alternatives<'a>(&'a self, slice: &'a Slice) -> Alternatives<'a> {
        let view = |alternative: &'a Alternative, k: usize| View { alternative, state: &slice.states[k] };
        Alternatives {
            before: view(&self.problem.before, 0),
            after: self.problem.after.as_ref().map(|alternative| view(alternative, 1)),
            origin: &self.problem.edited.before,
            parts: &self.problem.edited.parts,
            moved: &self.problem.edited.moved,
            pcu: self.problem.rules.vehicles.truck_pcu,
        }
    }

    fn layer(&self, variable: impl Into<Variable>, words: &str, values: Vec<f32>) -> Layer {
        Layer::new(variable, self.grid, values).described(words)
    }

    /// Bands on the cells that they cover.
    fn banded(&self, ribbons: &Ribbons) -> Layer {
        self.layer(ribbons.variable.clone(), &ribbons.description, bands(&self.grid, ribbons))
    }

    /// The widest band, m.
    fn width(&self) -> f64 {
        let longest = self.grid.cell * self.grid.cols.max(self.grid.rows) as f64;
        (BAND * longest).min(WIDEST)
    }

    /// Lines of an alternative with a value each that is worth a band.
    fn ribbons(&self, variable: impl Into<Variable>, words: &str, roads: &Roads, value: &[f64], least: f64) -> Ribbons {
        let all = roads.links.iter().zip(value).filter(|(_, value)| value.abs() >= least);
        Ribbons {
            variable: variable.into(),
            description: words.into(),
            width: self.width(),
            lines: all.map(|(link, value)| (link.line.clone(), *value)).collect(),
        }
    }

    /// Flow beside the roads, and what the edits change in it.
    fn flows(&self, alternatives: &Alternatives) -> Vec<Ribbons> {
        let now = alternatives.now();
        let flow: Vec<f64> = (0..now.alternative.roads.links.len()).map(|k| now.state.motor(k)).collect();
        let words = "motor vehicles per hour, as bands on the right-hand side of the road";
        let mut all = vec![self.ribbons(&layers::FLOW_BANDS, words, &now.alternative.roads, &flow, 1.0)];
        if alternatives.after.is_some() {
            let words = "change in motor vehicles per hour, as bands beside the road";
            let changes = alternatives.changes();
            let variable = Variable::from(&layers::FLOW_BANDS).change();
            let mut ribbons = self.ribbons(variable, words, &now.alternative.roads, &changes, DRAWN);
            for k in alternatives.gone() {
                let was = alternatives.before.state.motor(k);
                if was >= DRAWN {
                    ribbons.lines.push((alternatives.before.alternative.roads.links[k].line.clone(), -was));
                }
            }
            all.push(ribbons);
        }
        if now.state.cycles.iter().any(|flow| *flow >= 1.0) {
            let words = "cycles per hour, as bands on the right-hand side of the road";
            all.push(self.ribbons(&layers::CYCLE_BANDS, words, &now.alternative.roads, &now.state.cycles, 1.0));
        }
        all
    }

    /// Flow and speed on the cells of the roads.
    fn layers(&self, alternatives: &Alternatives) -> Vec<Layer> {
        let View { alternative, state } = alternatives.now();
        let is_open = |k: usize| state.time[k].is_finite();
        let flow = lanes(&self.grid, &alternative.roads, |k| if is_open(k) { state.motor(k) } else { f64::NAN });
        let speed = lanes(&self.grid, &alternative.roads, |k| 3.6 * state.speed(&alternative.roads, k));
        let truck_speed = self.problem.rules.vehicles.truck_speed_kmh / 3.6;
        let heat = released::poured(
            &self.grid,
            alternative.roads.links.iter().enumerate().filter(|(k, _)| is_open(*k)).map(|(k, link)| {
                let speed = state.speed(&alternative.roads, k);
                let each = [(state.cars[k], speed, false), (state.trucks[k], speed.min(truck_speed), true)];
                let joule = each.map(|(flow, speed, is_truck)| flow * released::per_metre(speed, is_truck));
                // The drawn line may be shorter than the road.
                let power = joule.iter().sum::<f64>() / 3600.0 * link.length / length(&link.line);
                (&link.line[..], [0.0, (link.lanes * LANE).max(LANE)], power)
            }),
        );
        vec![
            self.layer(&layers::FLOW, "motor vehicles per hour, on the lanes of each road", flow),
            self.layer(&layers::SPEED, "mean speed of cars between junctions, on the lanes of each road", speed),
            self.layer(&layers::RELEASED_HEAT, "heat released by engines, mean over this hour", heat),
        ]
    }

    /// What each hour of a summer's day has over a time of it (h), for `released_by_hour` of a heat island; none where trips are those of an hour
    /// that nothing names.
    pub(super) fn by_hour(&self, (from, to): (f64, f64)) -> Vec<f64> {
        if matches!(self.problem.trips, Trips::Table(_, TripsPer::Hour) | Trips::Hourly(_)) || to <= from {
            return Vec::new();
        }
        let day = &self.problem.rules.demand;
        let shares: Vec<f64> = day.away.iter().zip(&day.back).map(|(away, back)| 0.5 * (away + back)).collect();
        released::by_hour(&shares, profile(&shares, from, to) / (to - from))
    }

    /// The slice in which most travel.
    fn busiest(&self) -> usize {
        let sum = |k: &usize| self.done[*k].trips[0] + self.done[*k].trips[1];
        (0..self.done.len()).max_by(|a, b| sum(a).total_cmp(&sum(b)).then(b.cmp(a))).unwrap_or(0)
    }

    /// Costs of cars on an alternative at the flows of a slice, s.
    fn costs(graph: &Graph, state: &State) -> Vec<f64> {
        let mut costs = free_costs(graph);
        for (road, link) in graph.of_road.iter().enumerate() {
            if let Some(link) = link {
                costs[*link as usize] = state.time[road] + graph.network.extra(0, *link);
            }
        }
        costs
    }

    /// Tables and layers of times from places.
    fn reached(&mut self, slice: usize) -> Result<Reached> {
        let Traffic { problem, searcher, done, places, grid, .. } = self;
        let mut reached = Reached::default();
        if problem.reach.is_empty() {
            return Ok(reached);
        }
        let alternatives: Vec<&Alternative> = std::iter::once(&problem.before).chain(&problem.after).collect();
        let mut times: Vec<Vec<Times>> = Vec::new();
        for (alternative, state) in alternatives.iter().zip(&done[slice].states) {
            times.push(reach::times(alternative, state, &problem.reach, searcher.as_mut())?);
        }
        let middles: Vec<DVec2> =
            places.buildings.iter().map(|place| place.outline.middle().unwrap_or_default()).collect();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut counts = Table {
            name: "reach".into(),
            description: "buildings that are reached from each place in time".into(),
            columns: ["within_min", "buildings", "reached_percent", "before_percent"].map(String::from).to_vec(),
            ..Table::default()
        };
        for (k, origin) in problem.reach.iter().enumerate() {
            let minutes = |alternative: usize| {
                reach::to_places(&alternatives[alternative].roads, &times[alternative][k], &middles)
            };
            let (was, is) = (minutes(0), if alternatives.len() > 1 { minutes(1) } else { minutes(0) });
            for &limit in &origin.minutes {
                let share =
                    |of: &[f64]| of.iter().filter(|value| **value <= limit).count() as f64 / of.len().max(1) as f64;
                let (before, after) = (share(&was), share(&is));
                if !middles.is_empty() {
                    reached.shares.push((origin.name.clone(), limit, before, after));
                    counts.names.push(origin.name.clone());
                    let count = (after * middles.len() as f64).round();
                    counts.rows.push(vec![limit, count, 100.0 * after, 100.0 * before]);
                    counts.shapes.push(Shape::Point(origin.at));
                }
            }
            let ends = |alternative: usize| {
                let reach = &times[alternative][k];
                spread(grid, &alternatives[alternative].roads, |road, share| {
                    reach.at(road, share).map(|seconds| seconds / 60.0)
                })
            };
            let by = if origin.by_cycle { "cycle" } else { "car" };
            let words = format!("minutes by {by} from {}", origin.name);
            let now = ends(alternatives.len() - 1);
            let variable = Variable::of(&layers::REACH, origin.layer.as_str());
            if alternatives.len() > 1 {
                let change = now.iter().zip(ends(0)).map(|(now, was)| now - was).collect();
                let layer = Layer::new(variable.clone().change(), *grid, change);
                reached.layers.push(layer.described(&format!("change in {words}")));
            }
            let layer = Layer::new(variable, *grid, now);
            reached.layers.push(layer.described(&words));
            columns.push(is.clone());
            if alternatives.len() > 1 {
                columns.push(is.iter().zip(&was).map(|(is, was)| is - was).collect());
            }
        }
        if !middles.is_empty() {
            let names = problem.reach.iter().flat_map(|origin| {
                let names = [format!("{}_min", origin.layer), format!("{}_change_min", origin.layer)];
                names.into_iter().take(alternatives.len())
            });
            reached.tables.push(counts);
            reached.tables.push(Table {
                name: "buildings".into(),
                description: "how long it takes from each place to every building".into(),
                names: places.buildings.iter().map(|place| place.name.clone()).collect(),
                columns: names.collect(),
                rows: (0..middles.len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect(),
                shapes: places.buildings.iter().map(|place| Shape::Outline(place.outline.clone())).collect(),
            });
        }
        Ok(reached)
    }

    /// What the routes of now tell besides flows.
    fn best(&self) -> Best {
        let problem = &self.problem;
        let graph = &problem.before.motor;
        let mut best = Best {
            cut: [problem.before.cut_off(), problem.after.as_ref().map_or(Vec::new(), Alternative::cut_off)],
            ..Best::default()
        };
        let now = problem.after.as_ref().unwrap_or(&problem.before);
        best.driven = now.routes.iter().flatten().map(super::assignment::Assignment::trips).sum();
        if let (Some(after), Some([was, is])) = (&problem.after, self.done.last().map(|slice| &slice.states[..])) {
            let (before, pcu) = (&problem.before, problem.rules.vehicles.truck_pcu);
            best.alone = [(before, was, after), (after, is, before)]
                .map(|(alternative, state, other)| report::alone(View { alternative, state }, other, pcu));
        }
        let Some([routes, _]) = &problem.before.routes else { return best };
        for (_, roads) in &problem.selected {
            let links: Vec<u32> = roads.iter().filter_map(|road| graph.of_road[*road as usize]).collect();
            best.users.push(routes.users(&links));
            best.flows.push(graph.on_roads(&routes.flow_through(&links), 0.0));
        }
        best
    }

    /// Who uses the roads that are asked about, as they are before the edits.
    fn selected(&self) -> Option<Table> {
        let problem = &self.problem;
        let mut table = Table {
            name: "selected".into(),
            description: "who uses the roads that were asked about, today: trips of the busiest hour by pair of zones"
                .into(),
            columns: vec!["cars_per_h".into(), "trucks_per_h".into()],
            ..Table::default()
        };
        for ((name, _), users) in problem.selected.iter().zip(&self.best.users) {
            let mut sums: std::collections::BTreeMap<(u32, u32), [f64; 2]> = Default::default();
            for &(class, from, to, trips) in users {
                let pcu = if class == 1 { problem.rules.vehicles.truck_pcu } else { 1.0 };
                sums.entry((from, to)).or_default()[class.min(1)] += trips / pcu;
            }
            for ((from, to), trips) in sums {
                let [from, to] = [from, to].map(|zone| &problem.zones[zone as usize]);
                table.names.push(format!("{name}: {} → {}", from.name, to.name));
                table.rows.push(trips.to_vec());
                table.shapes.push(Shape::Line(vec![from.at, to.at]));
            }
        }
        (!problem.selected.is_empty()).then_some(table)
    }

    /// Where those who use the roads that are asked about drive.
    fn selected_flows(&self) -> Vec<Ribbons> {
        let of = |((name, _), flow): (&(String, Vec<u32>), &Vec<f64>)| {
            let words = format!("today's motor vehicles (in cars) per hour that use {name}");
            let roads = &self.problem.before.roads;
            self.ribbons(Variable::of(&layers::USERS, slug(name)), &words, roads, flow, 1.0)
        };
        self.problem.selected.iter().zip(&self.best.flows).map(of).collect()
    }
}

/// What is known of the times from places.
#[derive(Default)]
struct Reached {
    layers: Vec<Layer>,
    tables: Vec<Table>,
    /// Name, minutes, and the share of buildings within them, before and after.
    shares: Vec<(String, f64, f64, f64)>,
}

impl Model for Traffic {
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress> {
        let deadline = Instant::now() + budget;
        let start = self.problem.slices.first().map_or(0.0, |slice| slice.0);
        loop {
            let time =
                self.done.len().checked_sub(1).map_or(0.0, |last| 3600.0 * (self.problem.slices[last].1 - start));
            let reached = time >= until - 1e-6 || self.done.len() == self.problem.slices.len();
            if reached || Instant::now() >= deadline {
                let working = if self.has_base { self.problem.after.as_ref() } else { None };
                let gap = working.unwrap_or(&self.problem.before).gap();
                return Ok(Progress {
                    time: if reached { until } else { time },
                    steps: self.steps,
                    dt: 0.0,
                    reached,
                    activity: Some(activity::routes(self.steps, gap)),
                });
            }
            self.step();
        }
    }

    fn frame(&mut self) -> Result<Frame> {
        let Some(slice) = self.done.last() else { return Ok(Frame { time: 0.0, layers: Vec::new(), vehicles: None }) };
        let alternatives = self.alternatives(slice);
        let mut layers = self.layers(&alternatives);
        for ribbons in self.flows(&alternatives) {
            layers.push(self.banded(&ribbons));
        }
        let start = self.problem.slices[0].0;
        let time = 3600.0 * (self.problem.slices[self.done.len() - 1].1 - start);
        Ok(Frame { time, layers, vehicles: None })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        if self.done.is_empty() {
            return Ok(Outcome::default());
        }
        let busiest = self.busiest();
        let hour = self.problem.slices[busiest];
        let (demand, _) = self.problem.trips.hour(hour.0, hour.1, &self.problem.rules, self.problem.factor);
        let trips = [self.problem.table(&demand[0]), self.problem.table(&demand[2])];
        let edited = self.problem.after.is_some();
        let before = {
            let costs = Traffic::costs(&self.problem.before.motor, &self.done[busiest].states[0]);
            skims(&self.problem.before.motor, &costs, self.searcher.as_mut())?
        };
        let after = match &self.problem.after {
            Some(alternative) => {
                let costs = Traffic::costs(&alternative.motor, &self.done[busiest].states[1]);
                let skim = skims(&alternative.motor, &costs, self.searcher.as_mut())?;
                Some(skim)
            }
            None => None,
        };
        let reached = self.reached(busiest)?;
        let problem = &self.problem;
        let now = problem.after.as_ref().unwrap_or(&problem.before);
        let cycle = skims(&now.cycle, &free_costs(&now.cycle), self.searcher.as_mut())?;
        let slice = &self.done[busiest];
        let alternatives = self.alternatives(slice);
        let cut = &self.best.cut;
        let pcu = problem.rules.vehicles.truck_pcu;
        let cars = [&before, after.as_ref().unwrap_or(&before)];
        let mut tables = vec![
            report::links(&alternatives),
            report::pairs(&problem.zones, &trips, cars, &cycle, edited),
            report::zones(&problem.zones, &trips, cars, if edited { &cut[1] } else { &cut[0] }, pcu, edited),
        ];
        tables.extend(report::cut_off(&problem.zones, [&cut[0], if edited { &cut[1] } else { &cut[0] }], pcu));
        if !self.places.areas.is_empty() {
            tables.push(report::neighbourhoods(&self.places.areas, &alternatives));
        }
        let rows: Vec<Vec<f64>> = self
            .done
            .iter()
            .map(|slice| {
                let alternatives = self.alternatives(slice);
                let columns_of = |view: View| {
                    let sums = report::sums(view, |_| true);
                    [sums.km, sums.hours, sums.lost(), sums.speed()]
                };
                let mut row = slice.trips.to_vec();
                row.extend(columns_of(alternatives.now()));
                if edited {
                    row.extend(columns_of(alternatives.before));
                }
                row
            })
            .collect();
        tables.push(report::slices(&problem.slices[..self.done.len()], &rows, edited));
        tables.extend(released::table(&self.by_hour(hour)));
        tables.extend(self.selected());
        tables.extend(reached.tables);

        let mut layers = self.layers(&alternatives);
        let mut ribbons = self.flows(&alternatives);
        ribbons.extend(self.selected_flows());
        for band in &ribbons {
            layers.push(self.banded(band));
        }
        layers.extend(reached.layers);

        let links = &alternatives.now().alternative.roads.links;
        let areas = &self.places.areas;
        let place_of = |k: usize| {
            let link = &links[k];
            if !link.name.is_empty() {
                return Some(link.name.clone());
            }
            let middle = point_at(&link.line, 0.5);
            let area = areas.iter().find(|area| area.outline.holds(middle)).map(|area| area.name.as_str());
            let id = link.id.trim_start_matches('-');
            Some(area.map_or_else(|| id.to_string(), |area| format!("{id}, {area}")))
        };
        let n = problem.zones.len();
        let mut zone_trips = vec![0.0; n];
        for demand in &demand[..2] {
            for (from, row) in demand.trips.iter().enumerate() {
                for (to, trips) in row {
                    zone_trips[from] += trips;
                    zone_trips[*to as usize] += trips;
                }
            }
        }
        let story = story::story(&story::Facts {
            alternatives,
            hour,
            zones: &problem.zones,
            edits: &problem.edited.words,
            trips: slice.trips,
            cut: [&cut[0], &cut[1]],
            alone: self.best.alone,
            zone_trips: &zone_trips,
            has_settled: slice.gap <= problem.gap,
            reach: reached.shares,
            place_of: &place_of,
        });
        // Trips of all classes: those that are told, those on the roads, and those that cannot be made.
        let requested: f64 = demand.iter().map(Demand::total).sum();
        let not_made: f64 = if edited { &cut[1] } else { &cut[0] }.iter().map(|cut| cut.trips).sum();
        let balance = Balance::new(
            "trips per h (a truck as cars)",
            vec![
                ("set out".into(), requested),
                ("on the way".into(), -self.best.driven),
                ("cannot be made".into(), -not_made),
            ],
        );
        Ok(Outcome { layers, tables, balance: Some(balance), story, ribbons })
    }

    fn remarks(&self) -> Remarks {
        self.problem.repairs.clone()
    }

    fn settings(&self) -> serde_json::Value {
        let problem = &self.problem;
        let alternatives = || std::iter::once(&problem.before).chain(&problem.after);
        serde_json::json!({
            "equilibrium": "user equilibrium by gradient projection on paths (Jayakrishnan et al. 1994)",
            "gap": problem.gap,
            "gap_reached": self.done.iter().map(|slice| slice.gap).fold(0.0, f64::max),
            "worst_node": self.done.iter().map(|slice| slice.imbalance).fold(0.0, f64::max),
            "left_out_share": self.done.iter().map(|slice| slice.left).fold(0.0, f64::max),
            "junctions_changed_last_by": alternatives().map(Alternative::unsettled).fold(0.0, f64::max),
            "approaches_that_give_way": problem.before.yields()[0],
            "lights_that_share_green": problem.before.yields()[1],
            "zones": problem.zones.len(),
            "nodes": problem.before.roads.nodes.len(),
            "links": problem.before.roads.links.len(),
            "banned_turns": problem.before.roads.bans.len(),
            "rules": problem.rules.source,
            "released_by_hour": self.by_hour(problem.slices[self.busiest()]),
            "edits": problem.edited.words.iter().map(|text| &text.en).collect::<Vec<_>>(),
            "repairs": problem.repairs,
        })
    }

    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>> {
        write(out, &[self.done.len() as u64, self.steps, u64::from(self.has_base), u64::from(self.demand.is_some())])?;
        for slice in &self.done {
            slice.states.iter().try_for_each(|state| state.save(out))?;
            let [a, b, c] = slice.trips;
            write(out, &[a, b, c, slice.left, slice.imbalance, slice.gap])?;
        }
        self.problem.before.save(out)?;
        self.problem.after.iter().try_for_each(|alternative| alternative.save(out))?;
        let Best { users, flows, cut, driven, alone } = &self.best;
        write(out, &[*driven, users.len() as f64])?;
        write(out, &alone.iter().flat_map(|sums| [sums.km, sums.hours, sums.free_hours]).collect::<Vec<f64>>())?;
        for (users, flow) in users.iter().zip(flows) {
            write(
                out,
                &users.iter().flat_map(|(class, from, to, _)| [*class as u32, *from, *to]).collect::<Vec<u32>>(),
            )?;
            write(out, &users.iter().map(|user| user.3).collect::<Vec<f64>>())?;
            write(out, flow)?;
        }
        for cut in cut {
            write(out, &cut.iter().flat_map(|cut| [cut.class as u32, cut.from, cut.to]).collect::<Vec<u32>>())?;
            write(out, &cut.iter().map(|cut| cut.trips).collect::<Vec<f64>>())?;
        }
        Ok(Ok(()))
    }

    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>> {
        let head = read::<u64>(from, Some(4))?;
        let count =
            usize::try_from(head[0]).ok().filter(|count| *count <= self.problem.slices.len()).ok_or_else(damaged)?;
        (self.steps, self.has_base) = (head[1], head[2] == 1);
        self.done.clear();
        let alternatives: Vec<usize> = std::iter::once(&self.problem.before)
            .chain(&self.problem.after)
            .map(|alternative| alternative.roads.links.len())
            .collect();
        for _ in 0..count {
            let states = alternatives.iter().map(|links| State::load(from, *links)).collect::<std::io::Result<_>>()?;
            let numbers = read::<f64>(from, Some(6))?;
            self.done.push(Slice {
                states,
                trips: [numbers[0], numbers[1], numbers[2]],
                left: numbers[3],
                imbalance: numbers[4],
                gap: numbers[5],
            });
        }
        self.problem.before.load(from)?;
        if let Some(alternative) = &mut self.problem.after {
            alternative.load(from)?;
        }
        let zones = self.problem.zones.len() as u32;
        let pairs = |from: &mut dyn Read| -> std::io::Result<Vec<(usize, u32, u32, f64)>> {
            let who = read::<u32>(from, None)?;
            let trips = read::<f64>(from, Some(who.len() / 3))?;
            let all: Vec<_> =
                who.chunks_exact(3).zip(trips).map(|(who, trips)| (who[0] as usize, who[1], who[2], trips)).collect();
            let sound = all.iter().all(|(class, from, to, _)| *class < 3 && from.max(to) < &zones);
            if sound { Ok(all) } else { Err(damaged()) }
        };
        let numbers = read::<f64>(from, Some(2))?;
        let mut best = Best { driven: numbers[0], ..Best::default() };
        let sums = read::<f64>(from, Some(6))?;
        best.alone = [0, 3].map(|k| Sums { km: sums[k], hours: sums[k + 1], free_hours: sums[k + 2] });
        for _ in 0..(numbers[1] as usize).min(self.problem.selected.len()) {
            best.users.push(pairs(from)?);
            best.flows.push(read::<f64>(from, Some(self.problem.before.roads.links.len()))?);
        }
        for cut in &mut best.cut {
            let cuts = pairs(from)?.into_iter().map(|(class, from, to, trips)| CutOff { class, from, to, trips });
            *cut = cuts.collect();
        }
        self.best = best;
        self.demand = match head[3] {
            0 => None,
            _ => {
                let (start, end) = *self.problem.slices.get(count).ok_or_else(damaged)?;
                Some(self.problem.trips.hour(start, end, &self.problem.rules, self.problem.factor))
            }
        };
        Ok(Ok(()))
    }
}
