//! Motion as a [`Model`]: routes for every slice of time first, then every vehicle on them, on the roads as they are and as they are
//! edited.

use super::super::activity;
use super::super::alternative::Alternative;
use super::super::model::Traffic;
use super::super::released;
use super::super::spec::{MotionSpec, TrafficSpec, lanes};
use super::moved::{Moved, fits};
use super::mover::Saved;
use super::network::{Rule, Traveller};
use super::params::{Kind, Outcome as Fate};
use super::period::Period;
use super::reroute::{Closure, Turned};
use super::results;
use super::sumo;
use super::trips::{class, expected, kinds, numbers, travellers};
use super::{air, story, tables};
use hanze_base::error::{Error, Result};
use hanze_base::frame::{Balance, Frame, Layer, Outcome};
use hanze_base::grid::Grid;
use hanze_base::places::Places;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Text;
use hanze_city::City;
use hanze_city::roads::lanes::{Route, Street, build};
use hanze_city::roads::{CAR, CYCLE, Link, Place, Roads, links};
use hanze_device::Device;
use hanze_model::saved::{damaged, read, write};
use hanze_model::{Model, Progress};
use hanze_scenario::Scenario;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// Steps between two looks at the clock on the wall.
const AT_ONCE: u32 = 10;
/// s of a tally.
const MINUTE: f64 = 60.0;
/// Time from which a vehicle that stands counts as stuck, s.
const LONG: f64 = 300.0;

/// Motion on its way through time.
struct Moving {
    grid: Grid,
    places: Places,
    /// Routes; none where the vehicles are told.
    routes: Option<Box<Traffic>>,
    rule: Rule,
    kinds: Vec<Kind>,
    is_from_files: bool,
    device: Device,
    /// Ends of the stretches of time, s.
    ends: Vec<f64>,
    warm_up: f64,
    start: f64,
    /// Those who will travel before and after the edits, on links, until all routes are known.
    pending: [Vec<Traveller>; 2],
    before: Option<Moved>,
    after: Option<Moved>,
    is_edited: bool,
    edits: Vec<Text>,
    /// For each link after the edits the one of before that it is a part of.
    origin: Vec<Option<u32>>,
    repairs: Remarks,
    is_ready: bool,
    vehicle_steps: u64,
    /// Time that they took, of which no result tells.
    walked: Duration,
    steps: u64,
    air: air::Air,
    /// Share of drivers who look for other routes, how often (s), and roads that are closed for a while, with their times (s).
    share: f64,
    interval: f64,
    closures: Vec<(String, Place, f64, f64)>,
    /// The same on links of the roads.
    on_links: Vec<Closure>,
    /// Roads of the city that are closed for a while.
    at_hours: Vec<AtHours>,
    /// What each hour of a summer's day has over the time that is told.
    by_hour: Vec<f64>,
}

/// Sets motion up.
///
/// # Errors
/// Where the traffic model cannot be set up, or vehicles of files do not fit.
pub(crate) fn prepare(city: &City, scenario: &Scenario, device: &Device, spec: &MotionSpec) -> Result<Box<dyn Model>> {
    let rule = Rule { step: spec.step_s, newell: false, seed: spec.seed };
    let section = scenario.asked::<TrafficSpec>();
    let mut moving = Moving {
        grid: city.grid,
        places: city.places.clone(),
        routes: None,
        rule,
        kinds: kinds(&scenario.rules()?),
        is_from_files: false,
        device: device.clone(),
        ends: scenario.frame_times(),
        warm_up: MINUTE * spec.warm_up_minutes,
        start: section.and_then(|section| section.hour()).unwrap_or(17.0),
        pending: Default::default(),
        before: None,
        after: None,
        is_edited: false,
        edits: Vec::new(),
        origin: Vec::new(),
        repairs: Remarks::default(),
        is_ready: false,
        vehicle_steps: 0,
        walked: Duration::ZERO,
        steps: 0,
        air: air::Air::new(city, spec),
        share: spec.reroute_share,
        interval: MINUTE * spec.reroute_minutes,
        closures: spec
            .closures()?
            .into_iter()
            .zip(&spec.closure)
            .map(|((name, place), closure)| (name, place, MINUTE * closure.from_minute, MINUTE * closure.until_minute))
            .collect(),
        on_links: Vec::new(),
        at_hours: Vec::new(),
        by_hour: Vec::new(),
    };
    if spec.files.is_empty() {
        let routes = Traffic::new(city, scenario, device)?;
        moving.is_edited = routes.problem.after.is_some();
        let end = moving.start + moving.ends.last().copied().unwrap_or(0.0) / 3600.0;
        moving.by_hour = routes.by_hour((moving.start, end));
        moving.edits.clone_from(&routes.problem.edited.words);
        moving.origin.clone_from(&routes.problem.edited.origin);
        moving.repairs.clone_from(&routes.problem.repairs);
        let roads =
            routes.problem.after.as_ref().map_or(&routes.problem.before.roads, |alternative| &alternative.roads);
        moving.at_hours = at_hours(&routes.problem.before.roads, moving.start, end);
        let number: HashMap<&str, u32> = (0u32..).zip(&roads.links).map(|(k, link)| (link.id.as_str(), k)).collect();
        for closed_at in &moving.at_hours {
            let streets = closed_at.links.iter().filter_map(|id| number.get(id.as_str()).copied()).collect();
            let closure =
                Closure { name: closed_at.name.clone(), streets, from: closed_at.from, until: closed_at.until };
            moving.edits.push(closed(&closure, moving.start));
        }
        for (k, (name, place, from, until)) in moving.closures.iter().enumerate() {
            let at = format!("traffic.motion.closure[{k}]");
            let found = links(roads, place).map_err(|(problem, mend)| Error::scenario(at, problem, mend))?;
            let closure = Closure { name: name.clone(), streets: found, from: *from, until: *until };
            moving.edits.push(closed(&closure, moving.start));
            moving.on_links.push(closure);
        }
        moving.routes = Some(Box::new(routes));
    } else {
        moving.read_vehicles(city, scenario, spec)?;
    }
    Ok(Box::new(moving))
}

/// Roads of the city that are closed for a while.
#[derive(Clone, Debug)]
struct AtHours {
    name: String,
    /// Ids of the links.
    links: Vec<String>,
    /// Since the start of the run, s.
    from: f64,
    until: f64,
}

/// What of the city's closures at hours falls within a run, whose start and end are hours of the day; the end may lie days after. What stays
/// open to cars is none.
fn at_hours(roads: &Roads, start: f64, end: f64) -> Vec<AtHours> {
    let mut all = Vec::new();
    for closure in roads.closures.iter().filter(|closure| closure.modes & CAR != 0) {
        let [from, until] = closure.hours.map(|hour| (hour - start).rem_euclid(24.0));
        // One that has begun before is closed from the start on.
        let first = if until < from { [from - 24.0, until] } else { [from, until] };
        let spans = (0..4).map(|day| first.map(|hour| hour + 24.0 * f64::from(day)));
        for [from, until] in spans.filter(|[from, until]| *until > 0.0 && *from < end - start) {
            let (from, until) = (3600.0 * from, 3600.0 * until);
            all.push(AtHours { name: closure.name.clone(), links: closure.links.clone(), from, until });
        }
    }
    all
}

/// A closure in words.
fn closed(closure: &Closure, start: f64) -> Text {
    let clock = |seconds: f64| results::clock(start + seconds / 3600.0);
    let (from, until, count) = (clock(closure.from), clock(closure.until), closure.streets.len());
    Text::new(
        format!("{}: closed from {from} to {until} ({count} links)", closure.name),
        format!("{}: dicht van {from} tot {until} ({count} stukken)", closure.name),
    )
}

/// Whether motion fits a city; what is guessed, mended or left out.
///
/// # Errors
/// Where `prepare` fails.
pub(crate) fn check(city: &City, scenario: &Scenario, spec: &MotionSpec) -> Result<Remarks> {
    prepare(city, scenario, &Device::Cpu, spec).map(|model| model.remarks())
}

impl Moving {
    /// Vehicles that files tell of, on lanes of a network of SUMO.
    fn read_vehicles(&mut self, city: &City, scenario: &Scenario, spec: &MotionSpec) -> Result<()> {
        let lanes = lanes(scenario, city.grid.crs)?;
        let extras = spec.read_files(scenario)?;
        let mut lanes = lanes;
        lanes.take_programs(&extras);
        lanes.tell_of_lights();
        let demand = sumo::demand(&lanes, &extras, self.rule.seed);
        if demand.travellers.is_empty() {
            let why = demand.refused.first().map_or("no vehicle is told of", |why| &why.en);
            let mend = "name the files of routes (.rou.xml) and of kinds that belong to the network";
            return Err(Error::scenario("traffic.motion.files", format!("hold nobody who can travel: {why}"), mend));
        }
        self.repairs.clone_from(&lanes.repairs);
        let mut demand = demand;
        // Some files count from midnight.
        let first = demand.travellers.iter().map(|traveller| traveller.depart).fold(f64::INFINITY, f64::min);
        if self.ends.last().is_some_and(|end| first >= *end) {
            let first = (first / 60.0).floor() * 60.0;
            demand.travellers.iter_mut().for_each(|traveller| traveller.depart -= first);
            self.start = first / 3600.0;
            let clock = results::clock(self.start);
            self.repairs.push(Remark::new(
                1.0,
                format!("the first vehicle sets out at {clock}: time is counted from there"),
                format!("het eerste voertuig vertrekt om {clock}: vanaf daar telt de tijd"),
            ));
        }
        if !demand.refused.is_empty() {
            let (out, all) = (demand.refused.len(), demand.refused.len() + demand.travellers.len());
            let why = &demand.refused[0];
            self.repairs.push(Remark::new(
                out as f64 / all as f64,
                format!("{out} of {all} vehicles are left out, the first as {}", why.en),
                format!("{out} van de {all} voertuigen zijn weggelaten, het eerste omdat {}", why.nl),
            ));
        }
        let persons: usize = extras.iter().map(|extra| extra.persons).sum();
        if persons > 0 {
            self.repairs.push(Remark::new(
                persons as f64 / (persons + demand.travellers.len() + demand.refused.len()) as f64,
                format!("{persons} persons, flows of persons and containers of the files are left out: only vehicles are followed"),
                format!("{persons} personen, personenstromen en containers uit de bestanden zijn weggelaten: alleen voertuigen worden gevolgd"),
            ));
        }
        (self.is_from_files, self.kinds, self.warm_up) = (true, demand.kinds, 0.0);
        let names = lanes.streets.iter().map(|street| street.id.clone()).collect();
        let mut alternative = Moved::new(lanes, names);
        alternative.travellers = demand.travellers;
        for (k, (name, place, from, until)) in self.closures.iter().enumerate() {
            let Place::Links(wanted) = place else { continue };
            let at = |id: &String| {
                let found = alternative.lanes.streets.iter().position(|street| street.id == *id);
                let problem = format!(
                    "names the edge {}, which the network does not have",
                    id.chars().take(40).collect::<String>()
                );
                let key = format!("traffic.motion.closure[{k}].links");
                found.map(|k| k as u32).ok_or_else(|| Error::scenario(key, problem, "name edges as the network does"))
            };
            let streets = wanted.iter().map(at).collect::<Result<_>>()?;
            let closure = Closure { name: name.clone(), streets, from: *from, until: *until };
            self.edits.push(closed(&closure, self.start));
            self.on_links.push(closure);
        }
        if !self.on_links.is_empty() {
            let mut after = Moved::new(alternative.lanes.clone(), alternative.names.clone());
            after.travellers.clone_from(&alternative.travellers);
            after.closures.clone_from(&self.on_links);
            self.after = Some(after);
        }
        self.before = Some(alternative);
        Ok(())
    }

    /// One round of the search for routes; whether all are known.
    fn route(&mut self) -> Result<bool> {
        let Some(routes) = &mut self.routes else { return Ok(true) };
        let k = routes.done.len();
        if k == routes.problem.slices.len() {
            return Ok(true);
        }
        if routes.step() {
            let begin = if k == 0 { -self.warm_up } else { self.ends[k - 1] };
            let time = (begin + self.warm_up, self.ends[k] + self.warm_up);
            let seed = self.rule.seed.wrapping_mul(0x9E37_79B1).wrapping_add(k as u32);
            let pcu = routes.problem.rules.vehicles.truck_pcu;
            let zones = numbers(&routes.problem.zones);
            let alternatives = [Some(&routes.problem.before), routes.problem.after.as_ref()];
            let pairs = [(alternatives[0], alternatives[1]), (alternatives[1], alternatives[0])];
            for (pending, (alternative, other)) in self.pending.iter_mut().zip(pairs) {
                let more = alternative.map_or(0.0, |alternative| expected(alternative, time));
                fits(pending.len().saturating_add(more as usize))?;
                pending.extend(
                    alternative
                        .map(|alternative| travellers(alternative, other, &zones, time, pcu, seed))
                        .unwrap_or_default(),
                );
            }
        }
        let is_done = self.routes.as_ref().is_none_or(|routes| routes.done.len() == routes.problem.slices.len());
        if is_done {
            self.draw();
        }
        Ok(is_done)
    }

    /// Draws the lanes of both alternatives, each with lights for those who drive there in the busiest stretch of time: so do lights that see
    /// who comes.
    fn draw(&mut self) {
        let Some(routes) = &self.routes else { return };
        let rules = &routes.problem.rules;
        let stretch =
            |k: usize| (if k == 0 { 0.0 } else { self.ends[k - 1] + self.warm_up }, self.ends[k] + self.warm_up);
        let rate = |(begin, end): &(f64, f64)| {
            let count = self.pending[0].iter().filter(|one| one.depart >= *begin && one.depart < *end).count();
            count as f64 / (end - begin)
        };
        let all = (0..self.ends.len()).map(stretch);
        let Some((begin, end)) = all.max_by(|a, b| rate(a).total_cmp(&rate(b))) else { return };
        let name =
            |link: &Link| if link.name.is_empty() { link.id.clone() } else { format!("{} {}", link.id, link.name) };
        let pending = std::mem::take(&mut self.pending);
        let kinds = &self.kinds;
        let of = |roads: &Roads, pending: Vec<Traveller>| {
            let busy = pending.iter().filter(|traveller| traveller.depart >= begin && traveller.depart < end);
            let route = |traveller: &Traveller| Route {
                links: traveller.streets.clone(),
                flow: 3600.0 / (end - begin) * if class(traveller.kind) == 1 { rules.vehicles.truck_pcu } else { 1.0 },
                is_cycle: kinds[traveller.kind as usize].modes == u32::from(CYCLE),
            };
            let lanes = build(roads, &rules.junctions, Some(&busy.map(route).collect::<Vec<_>>()));
            let label =
                |street: &Street| street.road.map_or(street.id.clone(), |road| name(&roads.links[road as usize]));
            let names = lanes.streets.iter().map(label).collect();
            let mut street = vec![None; roads.links.len()];
            for (k, lane_street) in lanes.streets.iter().enumerate() {
                lane_street.road.iter().for_each(|road| street[*road as usize] = Some(k as u32));
            }
            let mut moved = Moved::new(lanes, names);
            moved.travellers = pending;
            for traveller in &mut moved.travellers {
                traveller.streets = traveller.streets.iter().filter_map(|road| street[*road as usize]).collect();
            }
            // Who would only go from one end of a junction to the other stays at home.
            moved.travellers.retain(|traveller| !traveller.streets.is_empty());
            moved
        };
        let [before, after] = pending;
        // Roads that are closed for a while are so on an alternative of their own.
        let after = match &routes.problem.after {
            Some(alternative) => Some(of(&alternative.roads, after)),
            None if !self.on_links.is_empty() => Some(of(&routes.problem.before.roads, before.clone())),
            None => None,
        };
        let of_city = |alternative: &Moved, roads: &Roads| -> Vec<Closure> {
            let on_streets = |closed: &AtHours| {
                let is_closed = |street: &Street| {
                    let link = street.road.and_then(|road| roads.links.get(road as usize));
                    link.is_some_and(|link| closed.links.contains(&link.id))
                };
                let streets = (0u32..).zip(&alternative.lanes.streets).filter(|(_, street)| is_closed(street));
                let streets = streets.map(|(k, _)| k).collect();
                Closure { name: closed.name.clone(), streets, from: closed.from, until: closed.until }
            };
            self.at_hours.iter().map(on_streets).collect()
        };
        let mut first = of(&routes.problem.before.roads, before);
        first.closures = of_city(&first, &routes.problem.before.roads);
        self.before = Some(first);
        self.after = after.map(|mut alternative| {
            let street = |link: &u32| {
                alternative
                    .lanes
                    .streets
                    .iter()
                    .position(|lane_street| lane_street.road == Some(*link))
                    .map(|k| k as u32)
            };
            let on_streets = |closure: &Closure| Closure {
                streets: closure.streets.iter().filter_map(street).collect(),
                ..closure.clone()
            };
            alternative.closures = self.on_links.iter().map(on_streets).collect();
            let roads = routes.problem.after.as_ref().map_or(&routes.problem.before.roads, |own| &own.roads);
            let of_city = of_city(&alternative, roads);
            alternative.closures.extend(of_city);
            alternative
        });
    }

    fn alternatives(&mut self) -> impl Iterator<Item = &mut Moved> {
        self.before.iter_mut().chain(&mut self.after)
    }

    fn begin(&mut self) -> Result<()> {
        let (rule, kinds, device) = (self.rule, self.kinds.clone(), self.device.clone());
        for alternative in self.alternatives() {
            alternative.begin(rule, &kinds, &device)?;
        }
        self.is_ready = true;
        Ok(())
    }

    /// Time of the vehicles, s; before 0 while they warm up.
    fn time(&self) -> f64 {
        self.steps as f64 * self.rule.step - self.warm_up
    }

    /// Some steps on both alternatives, to the end of the minute at most.
    fn walk(&mut self) -> Result<()> {
        let per_minute = (MINUTE / self.rule.step).round() as u64;
        let some = u64::from(AT_ONCE).min(per_minute - self.steps % per_minute) as u32;
        let mut vehicles = 0;
        self.steps += u64::from(some);
        let is_minute = self.steps.is_multiple_of(per_minute);
        let time = self.time();
        let ends = self.ends.clone();
        let (warm_up, step) = (self.warm_up, self.rule.step);
        let (rule, share, interval, device) = (self.rule, self.share, self.interval, self.device.clone());
        let is_look = self.steps.is_multiple_of((interval / step).round() as u64);
        for alternative in self.alternatives() {
            let Some(mover) = &mut alternative.mover else { continue };
            let clock = mover.run(some)?;
            vehicles += u64::from(clock.vehicles);
            if is_minute {
                let tallies = mover.take_tallies()?;
                alternative.recent.add(&tallies);
                // What happens while it warms up does not count.
                if time > 1e-6 {
                    alternative.current.add(&tallies);
                }
                if ends.iter().any(|end| (end - time).abs() < 1e-6) {
                    let found = mover.vehicles()?;
                    alternative.fates = mover.outcomes()?;
                    let waiting = alternative.due(time + warm_up).saturating_sub(u64::from(clock.inserted));
                    alternative.current.look(
                        &alternative.lanes,
                        &alternative.network,
                        &found,
                        waiting,
                        (LONG / step) as u32,
                    );
                    let done = std::mem::replace(&mut alternative.current, Period::new(alternative.network.tallies));
                    alternative.periods.push(done);
                }
                let shut = alternative.closed(time);
                let asks = is_look && (share > 0.0 || shut.contains(&true));
                if asks || shut != alternative.shut {
                    alternative.look(shut, rule, share, interval, &device)?;
                }
            }
        }
        self.vehicle_steps += vehicles * u64::from(some);
        Ok(())
    }

    fn view(&self) -> Option<results::Alternatives<'_>> {
        let before = self.before.as_ref()?;
        Some(results::Alternatives {
            before,
            after: self.after.as_ref(),
            origin: &self.origin,
            step: self.rule.step,
            start: self.start,
            ends: &self.ends,
            warm_up: self.warm_up,
            air: &self.air,
            is_from_files: self.is_from_files,
        })
    }

    fn layers(&self, period: &dyn Fn(&Moved) -> Option<Period>) -> Vec<Layer> {
        self.view().map_or(Vec::new(), |alternatives| results::layers(&self.grid, &alternatives, period))
    }
}

impl Model for Moving {
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress> {
        let deadline = Instant::now() + budget;
        loop {
            if !self.is_ready {
                if Instant::now() >= deadline {
                    let steps = self.routes.as_ref().map_or(0, |routes| routes.steps);
                    let activity =
                        self.routes.as_ref().map(|routes| activity::routes(steps, routes.problem.before.gap()));
                    return Ok(Progress { steps, activity, ..Progress::default() });
                }
                if self.route()? {
                    self.begin()?;
                }
                continue;
            }
            let time = self.time();
            let reached = time >= until - 1e-6;
            if reached || Instant::now() >= deadline {
                let vehicles = self.before.iter().map(|alternative| alternative.current_vehicles()).sum();
                let rate = (self.vehicle_steps as f64 / self.walked.as_secs_f64().max(1e-3)) as u64;
                return Ok(Progress {
                    time: if reached { until } else { time.max(0.0) },
                    steps: self.steps + self.routes.as_ref().map_or(0, |routes| routes.steps),
                    dt: self.rule.step,
                    reached,
                    activity: Some(activity::moving(vehicles, rate)),
                });
            }
            let begun = Instant::now();
            self.walk()?;
            self.walked += begun.elapsed();
        }
    }

    fn frame(&mut self) -> Result<Frame> {
        let k = self.before.as_ref().map_or(0, |alternative| alternative.periods.len());
        if k == 0 {
            return Ok(Frame { time: 0.0, layers: Vec::new(), vehicles: None });
        }
        let layers = self.layers(&|alternative| alternative.periods.last().cloned());
        let alternative = if self.after.is_some() { &mut self.after } else { &mut self.before };
        let vehicles = match alternative {
            Some(alternative) => Some(alternative.seen()?),
            None => None,
        };
        Ok(Frame { time: self.ends[k - 1], layers, vehicles })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        for alternative in self.alternatives() {
            if let Some(mover) = &mut alternative.mover {
                alternative.fates = mover.outcomes()?;
            }
        }
        let all = |alternative: &Moved| {
            let mut sum = Period::new(alternative.network.tallies);
            alternative.periods.iter().for_each(|period| sum.join(period));
            (sum.minutes > 0).then_some(sum)
        };
        let layers = self.layers(&all);
        let Some(alternatives) = self.view() else { return Ok(Outcome::default()) };
        let now = alternatives.now();
        // Everybody who was told is somewhere.
        let requested = now.travellers.len() as f64;
        let count = |of: &dyn Fn(&Fate) -> bool| now.fates.iter().filter(|fate| of(fate)).count() as f64;
        let on_the_way = now.periods.last().map_or(0.0, |period| period.left[0] as f64);
        let terms = vec![
            ("requested".into(), requested),
            ("arrived".into(), -count(&|fate| fate.arrived > 0)),
            ("on the way".into(), -on_the_way),
            ("wait to set out".into(), -count(&|fate| fate.inserted == 0)),
            ("no route".into(), -(now.refused.len() as f64)),
        ];
        Ok(Outcome {
            layers,
            tables: {
                let mut all = tables::tables(&alternatives, &self.places, &all);
                all.extend(released::table(&self.by_hour));
                all
            },
            balance: Some(Balance::new("vehicles", terms)),
            story: story::story(&alternatives, &self.edits, &self.places, &all),
            ribbons: Vec::new(),
        })
    }

    fn remarks(&self) -> Remarks {
        self.repairs.clone()
    }

    fn settings(&self) -> serde_json::Value {
        let alternatives = || self.before.iter().chain(&self.after);
        serde_json::json!({
            "motion": "IDM (Treiber et al. 2000), MOBIL (Kesting et al. 2007), gap acceptance; every vehicle",
            "step_s": self.rule.step,
            "warm_up_s": self.warm_up,
            "seed": self.rule.seed,
            "released_by_hour": self.by_hour,
            "vehicles": alternatives().map(|alternative| alternative.travellers.len()).collect::<Vec<_>>(),
            "have_no_way": alternatives().map(|alternative| alternative.refused.len()).collect::<Vec<_>>(),
            "first_without_way": alternatives().flat_map(|alternative| &alternative.refused).map(|(_, why)| why).next(),
            "lanes": alternatives().map(|alternative| alternative.lanes.lanes.len()).collect::<Vec<_>>(),
            "turns": alternatives().map(|alternative| alternative.lanes.turns.len()).collect::<Vec<_>>(),
            "lights": alternatives().map(|alternative| alternative.lanes.programs.len()).collect::<Vec<_>>(),
            "vehicle_steps": self.vehicle_steps,
            "edits": self.edits.iter().map(|text| &text.en).collect::<Vec<_>>(),
            "repairs": self.repairs,
        })
    }

    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>> {
        write(out, &[u64::from(self.is_ready), self.steps, self.vehicle_steps])?;
        if let Some(routes) = &mut self.routes {
            if let Err(error) = routes.save(out)? {
                return Ok(Err(error));
            }
            let is_drawn = self.before.is_some();
            let has_after = routes.problem.after.is_some();
            write(out, &[u64::from(is_drawn)])?;
            // Lanes are drawn anew from those who drive there.
            for (k, (pending, alternative)) in self.pending.iter().zip([&self.before, &self.after]).enumerate() {
                match alternative {
                    // An alternative that is only closed for a while has the drivers of the other.
                    Some(alternative) if k == 0 || has_after => save_travellers(out, &alternative.on_links())?,
                    _ => save_travellers(out, pending)?,
                }
            }
        }
        let is_ready = self.is_ready;
        for alternative in self.before.iter_mut().chain(&mut self.after) {
            if is_ready {
                write(out, &[alternative.periods.len() as u64])?;
                alternative.periods.iter().try_for_each(|period| period.save(out))?;
                alternative.current.save(out)?;
                alternative.recent.save(out)?;
                write(out, &[alternative.turned.faster, alternative.turned.around, alternative.turned.trapped])?;
                write(out, &alternative.shut.iter().map(|shut| u32::from(*shut)).collect::<Vec<u32>>())?;
                write(out, &alternative.network.trips)?;
                write(out, &alternative.network.routes)?;
                let Some(mover) = &mut alternative.mover else { return Err(damaged()) };
                match mover.save() {
                    Ok(saved) => saved.write(out)?,
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        Ok(Ok(()))
    }

    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>> {
        let head = read::<u64>(from, Some(3))?;
        if let Some(routes) = &mut self.routes {
            if let Err(error) = routes.load(from)? {
                return Ok(Err(error));
            }
            let is_drawn = read::<u64>(from, Some(1))?[0] == 1;
            let links = |alternative: Option<&Alternative>| {
                alternative.map_or(0, |alternative| alternative.roads.links.len() as u32)
            };
            let counts = [links(Some(&routes.problem.before)), links(routes.problem.after.as_ref())];
            for (pending, links) in self.pending.iter_mut().zip(counts) {
                *pending = load_travellers(from, links, self.kinds.len() as u32)?;
            }
            if is_drawn {
                self.draw();
            }
        }
        for alternative in self.before.iter_mut().chain(&mut self.after) {
            if head[0] == 1 {
                if let Err(error) = alternative.begin(self.rule, &self.kinds, &self.device) {
                    return Ok(Err(error));
                }
                let periods = read::<u64>(from, Some(1))?[0];
                if periods > self.ends.len() as u64 {
                    return Err(damaged());
                }
                let tallies = alternative.network.tallies;
                alternative.periods =
                    (0..periods).map(|_| Period::load(from, tallies)).collect::<std::io::Result<_>>()?;
                alternative.current = Period::load(from, tallies)?;
                alternative.recent = Period::load(from, tallies)?;
                let turned = read::<u64>(from, Some(3))?;
                alternative.turned = Turned { faster: turned[0], around: turned[1], trapped: turned[2] };
                alternative.shut =
                    read::<u32>(from, Some(alternative.lanes.streets.len()))?.iter().map(|shut| *shut != 0).collect();
                let network =
                    alternative.network_of(read(from, Some(alternative.network.trips.len()))?, read(from, None)?)?;
                let saved = Saved::read(from, &network)?;
                if let Err(error) = alternative.enter(network, &saved, &self.device) {
                    return Ok(Err(error));
                }
            }
        }
        (self.is_ready, self.steps, self.vehicle_steps) = (head[0] == 1, head[1], head[2]);
        Ok(Ok(()))
    }
}

fn save_travellers(out: &mut dyn Write, all: &[Traveller]) -> std::io::Result<()> {
    let head = |traveller: &Traveller| [traveller.kind, traveller.streets.len() as u32, u32::from(traveller.is_alone)];
    write(out, &all.iter().map(|traveller| traveller.depart).collect::<Vec<f64>>())?;
    write(out, &all.iter().map(|traveller| traveller.factor).collect::<Vec<f64>>())?;
    write(out, &all.iter().flat_map(head).collect::<Vec<u32>>())?;
    write(out, &all.iter().flat_map(|traveller| traveller.streets.iter().copied()).collect::<Vec<u32>>())
}

fn load_travellers(from: &mut dyn Read, streets: u32, kinds: u32) -> std::io::Result<Vec<Traveller>> {
    let depart = read::<f64>(from, None)?;
    let factor = read::<f64>(from, Some(depart.len()))?;
    let heads = read::<u32>(from, Some(3 * depart.len()))?;
    let all = read::<u32>(from, None)?;
    let mut at = 0usize;
    let mut found = Vec::with_capacity(depart.len());
    for (k, head) in heads.chunks_exact(3).enumerate() {
        let end = at.checked_add(head[1] as usize).filter(|end| *end <= all.len()).ok_or_else(damaged)?;
        let route = all[at..end].to_vec();
        if head[0] >= kinds || route.is_empty() || route.iter().any(|street| *street >= streets) {
            return Err(damaged());
        }
        at = end;
        found.push(Traveller {
            depart: depart[k],
            kind: head[0],
            streets: route,
            stops: Vec::new(),
            speed: None,
            factor: factor[k],
            is_alone: head[2] != 0,
        });
    }
    Ok(found)
}
