//! What a traffic run is made of: roads before and after the edits, zones joined to them, and who travels between them.

use super::alternative::{Alternative, State};
use super::demand::Demand;
use super::graph::{Connector, Graph};
use super::gravity;
use super::paths::{Arcs, Searcher};
use super::reach::{self, Origin};
use super::report::Skim;
use super::source::{Trips, source};
use super::spec::{ReachSpec, TrafficSpec, TripsPer};
use super::zones::{Zone, connectors};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Language;
use hanze_city::City;
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{CAR, CYCLE, Edited, Roads, edit};
use hanze_scenario::Scenario;

/// Fineness of costs in searches between zones, s.
const FINE: f64 = 1e-3;
/// Origins whose searches are held at once at most, and nodes of all of them.
const AT_ONCE: usize = 64;
const NODES_AT_ONCE: usize = 1 << 25;
/// Bytes that a pair of zones takes: tables, demand and routes.
const BYTES_PER_PAIR: u64 = 700;
const BYTES_PER_CELL: u64 = 60;

/// All that is set up before the first slice.
pub(super) struct Problem {
    pub rules: Rules,
    pub zones: Vec<Zone>,
    pub trips: Trips,
    pub factor: f64,
    pub gap: f64,
    /// Slices of time, h of the day.
    pub slices: Vec<(f64, f64)>,
    pub before: Alternative,
    pub after: Option<Alternative>,
    pub edited: Edited,
    pub selected: Vec<(String, Vec<u32>)>,
    pub reach: Vec<Origin>,
    /// What was mended, filled in and left out.
    pub repairs: Remarks,
}

/// Reads and joins what a scenario names.
///
/// # Errors
/// `Scenario` or `Data` where roads, zones, trips or edits do not fit; `Memory` where there is no room.
pub(super) fn problem(city: &City, scenario: &Scenario, searcher: &mut dyn Searcher) -> Result<Problem> {
    let missing = |key: &str, problem: &str, mend: &str| Err(Error::scenario(key, problem, mend));
    let Some(spec) = scenario.asked::<TrafficSpec>() else {
        return missing("traffic", "is missing", "write [traffic]");
    };
    let Some(roads) = city.network.clone() else {
        return missing("city.network", "is missing", "name a file of roads");
    };
    let mut rules = scenario.rules()?;
    if let Some(minutes) = spec.minutes_per_km {
        rules.vehicles.car_minutes_per_km = minutes;
    }
    let found = source(city, scenario, &roads, &rules)?;
    let zones = found.zones;
    let n = zones.len() as u64;
    let needed = n * n * BYTES_PER_PAIR + city.grid.len() as u64 * BYTES_PER_CELL;
    let available = hanze_device::free_memory().unwrap_or(u64::MAX);
    if needed > available {
        let what = format!("traffic between {n} zones");
        let mend = "take fewer zones (a larger zone_m) or larger cells".into();
        return Err(Error::Memory { what, needed, available, mend });
    }
    let mut repairs = roads.repairs.clone();
    repairs.extend(found.repairs);
    let edits = spec.edits()?;
    let edited = edit(&roads, &edits, &rules)
        .map_err(|refused| Error::scenario(format!("traffic.edit[{}]", refused.edit), refused.problem, refused.mend))?;
    let connectors: [Vec<Connector>; 2] = match roads.centroids {
        0 => [connectors(&zones, &roads, CAR, &rules)?, connectors(&zones, &roads, CYCLE, &rules)?],
        _ => Default::default(),
    };
    let with_junctions = spec.junctions;
    let alternative = |roads: Roads| Alternative::new(roads, zones.len(), &connectors, &rules, with_junctions);
    let selected = spec.selected()?;
    let selected = selected.into_iter().enumerate().map(|(k, (name, place))| {
        let links = hanze_city::roads::links(&roads, &place)
            .map_err(|(problem, mend)| Error::scenario(format!("traffic.select_link[{k}]"), problem, mend))?;
        Ok((name, links))
    });
    let selected = selected.collect::<Result<Vec<_>>>()?;
    let before = alternative(roads)?;
    let mut after = if edits.is_empty() { None } else { Some(alternative(edited.roads.clone())?) };
    // Nobody sets lights anew because a road is closed.
    after.iter_mut().for_each(Alternative::keep_lights);
    let trips = match (found.table, spec.demand.trips_per_building) {
        (Some(table), _) => Trips::Table(table, spec.demand.trips_per.unwrap_or(TripsPer::Hour)),
        (None, each) => {
            // Routes of before anybody is in the way.
            let skim = skims(&before.motor, &free_costs(&before.motor), searcher)?;
            let mut rules = rules.clone();
            if let Some(each) = each.filter(|_| scenario.spec.city.demo.is_none()) {
                (rules.demand.trips_per_resident, rules.demand.residents_draw) = (each, 1.0);
                rules.demand.jobs_draw = 0.0;
            }
            let daily = gravity::daily(&zones, &skim.minutes, &skim.km, &rules)?;
            if daily.missed > 0.001 {
                repairs.push(share(
                    daily.missed,
                    "of the trips between zones have no route",
                    "van de ritten tussen zones heeft geen route",
                ));
            }
            if daily.off > 0.01 {
                let [en, nl] =
                    [Language::English, Language::Dutch].map(|language| language.number(100.0 * daily.off, 1));
                repairs.push(Remark::new(
                    daily.off,
                    format!("the trips of a zone differ from their total by at most {en} %"),
                    format!("de ritten van een zone wijken hoogstens {nl} % af van hun totaal"),
                ));
            }
            if each.is_some() { Trips::Hourly(daily) } else { Trips::Daily(daily) }
        }
    };
    if spec.motion().is_none() && !before.roads.closures.is_empty() {
        let count = before.roads.closures.len();
        repairs.push(Remark::new(
            1.0,
            format!("{count} closures at hours are left out: only with motion = true are roads closed for a while"),
            format!("{count} afsluitingen op uren zijn weggelaten: alleen met motion = true gaan wegen een tijd dicht"),
        ));
    }
    let start = spec.hour().unwrap_or(17.0);
    let mut slices = Vec::new();
    let mut from = start;
    for end in scenario.frame_times() {
        let to = start + end / 3600.0;
        slices.push((from, to));
        from = to;
    }
    let origin = |reach: &ReachSpec| Origin {
        name: reach.name.clone(),
        at: DVec2::new(reach.x, reach.y),
        by_cycle: reach.mode == "cycle",
        minutes: reach.minutes.clone(),
        layer: reach.layer(),
    };
    let reach: Vec<Origin> = spec.reach.iter().map(origin).collect();
    let problem = Problem {
        factor: spec.demand.factor,
        gap: spec.gap,
        rules,
        zones,
        trips,
        slices,
        before,
        after,
        edited,
        selected,
        reach,
        repairs,
    };
    // A place in the middle of nowhere is told before anything runs.
    if !problem.reach.is_empty() {
        let free = problem.before.roads.links.iter().map(|road| road.length / road.speed).collect();
        let state = State { time: free, ..State::default() };
        reach::times(&problem.before, &state, &problem.reach, searcher)?;
        if let Some(after) = &problem.after {
            let free = after.roads.links.iter().map(|road| road.length / road.speed).collect();
            let state = State { time: free, ..State::default() };
            reach::times(after, &state, &problem.reach, searcher)?;
        }
    }
    let (from, to) = problem.slices.first().copied().unwrap_or((0.0, 1.0));
    let (first, _) = problem.trips.hour(from, to, &problem.rules, problem.factor);
    if first.iter().map(Demand::total).sum::<f64>() <= 0.0 {
        let mend = "see that roads join the zones, that factor is above 0, and that somebody lives there";
        return Err(Error::scenario("traffic.demand", "makes no trips between zones", mend));
    }
    Ok(problem)
}

/// A remark that begins with its share.
fn share(share: f64, en: &str, nl: &str) -> Remark {
    let percent = |language: Language| language.number(100.0 * share, 1);
    let (english, dutch) = (percent(Language::English), percent(Language::Dutch));
    Remark::new(share, format!("{english} % {en}"), format!("{dutch} % {nl}"))
}

impl Problem {
    /// Trips from zone to zone, row by row.
    pub fn table(&self, demand: &Demand) -> Vec<f64> {
        let n = self.zones.len();
        let mut all = vec![0.0; n * n];
        for (from, row) in demand.trips.iter().enumerate() {
            row.iter().for_each(|(to, trips)| all[from * n + *to as usize] = *trips);
        }
        all
    }
}

/// What links cost cars where nobody else drives, s.
pub(super) fn free_costs(graph: &Graph) -> Vec<f64> {
    let costs: Vec<f64> = graph.network.links.iter().map(|link| link.cost(0.0)).collect();
    graph.network.costs_of(0, &costs)
}

/// Minutes and kilometres between all zones on the cheapest paths.
pub(super) fn skims(graph: &Graph, costs: &[f64], searcher: &mut dyn Searcher) -> Result<Skim> {
    let network = &graph.network;
    let zones = network.zones;
    let arcs = Arcs::new(network, costs, FINE);
    let length: Vec<f64> = network.links.iter().map(|link| link.length / 1000.0).collect();
    // What a class pays beyond time is no time.
    let time: Vec<f64> = (0..network.links.len())
        .map(|link| (costs[link] - network.extra(0, link as u32)) / 60.0)
        .map(|minutes| if minutes.is_finite() { minutes } else { 0.0 })
        .collect();
    let mut skim = Skim::default();
    let origins: Vec<u32> = (0..zones as u32).collect();
    let at_once = (NODES_AT_ONCE / network.nodes.max(1)).clamp(1, AT_ONCE);
    for some in origins.chunks(at_once) {
        let trees = searcher.search(&arcs, some)?;
        for k in 0..some.len() {
            let none = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
            skim.minutes.extend(trees.sums(network, k, &time)[..zones].iter().map(|value| none(*value)));
            skim.km.extend(trees.sums(network, k, &length)[..zones].iter().map(|value| none(*value)));
        }
    }
    Ok(skim)
}
