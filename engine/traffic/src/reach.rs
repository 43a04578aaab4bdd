//! How long it takes from places to everywhere, before and after.

use super::alternative::{Alternative, State};
use super::near::Near;
use super::paths::{Arcs, Searcher};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_city::roads::{Roads, distance};

/// Fineness of time in searches, s.
const FINE: f64 = 1e-3;
/// Walk or drive beyond the last road, m/s.
const BEYOND: f64 = 20.0 / 3.6;

/// A place from which times are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Name.
    pub name: String,
    /// Where it lies.
    pub at: DVec2,
    /// Whether by cycle and not by car.
    pub by_cycle: bool,
    /// Minutes within which buildings are counted.
    pub minutes: Vec<f64>,
    /// What its layers are called.
    pub layer: String,
}

/// Seconds from a place to everywhere on the roads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// To the two ends of every link; none for links that are not open, infinite for what is not reached.
    ends: Vec<Option<(f64, f64)>>,
    /// The links that the place lies at: the link, how far along it as a share, what all of it takes, and the path to it.
    at_place: Vec<(u32, f64, f64, f64)>,
}

impl Times {
    /// Seconds to a point of a link, by the share of its length; none where nobody gets.
    pub fn at(&self, link: usize, share: f64) -> Option<f64> {
        let (from, to) = self.ends[link]?;
        let mut best = from + share * (to - from);
        for (_, start, time, away) in self.at_place.iter().filter(|lies| lies.0 as usize == link) {
            // Behind the place one comes round from the link's beginning.
            let ahead = if share >= *start { away + (share - start) * time } else { f64::INFINITY };
            best = ahead.min(from + share * time);
        }
        best.is_finite().then_some(best)
    }

    /// Whether a link is open.
    fn is_open(&self, link: usize) -> bool {
        self.ends[link].is_some()
    }
}

/// How far along its line a point of a link lies, 0 to 1.
fn share(roads: &Roads, link: u32, at: DVec2) -> f64 {
    let line = &roads.links[link as usize].line;
    let (mut so_far, mut best, mut all) = (0.0, (f64::INFINITY, 0.0), 0.0);
    for ends in line.windows(2) {
        let (away, point) = distance(ends, at);
        if away < best.0 {
            best = (away, so_far + ends[0].distance(point));
        }
        so_far += ends[0].distance(ends[1]);
        all = so_far;
    }
    if all > 0.0 { best.1 / all } else { 0.0 }
}

/// Times from places on an alternative's roads, at the times of a state.
///
/// # Errors
/// `Scenario` for a place that no road is near; those of the device.
pub fn times(
    alternative: &Alternative,
    state: &State,
    origins: &[Origin],
    searcher: &mut dyn Searcher,
) -> Result<Vec<Times>> {
    let mut all = Vec::new();
    for origin in origins {
        let graph = if origin.by_cycle { &alternative.cycle } else { &alternative.motor };
        let network = &graph.network;
        let time: Vec<f64> = match origin.by_cycle {
            true => network.links.iter().map(|link| link.free_time).collect(),
            false => {
                let mut time: Vec<f64> = network.links.iter().map(|link| link.free_time).collect();
                for (road, link) in graph.of_road.iter().enumerate() {
                    if let Some(link) = link {
                        // Only where cars may go.
                        let open = network.extra(0, *link) < f64::INFINITY;
                        time[*link as usize] = if open { state.time[road] } else { f64::INFINITY };
                    }
                }
                time
            }
        };
        let open = |road: usize| graph.of_road[road].is_some_and(|link| time[link as usize] < f64::INFINITY);
        let near = Near::new(&alternative.roads, open);
        let starts = near.road_at(origin.at);
        if starts.is_empty() {
            let problem = format!("has the place \"{}\", which no road is near", origin.name);
            return Err(Error::scenario("traffic.reach", problem, "place it within 600 m of a road"));
        }
        let arcs = Arcs::new(network, &time, FINE);
        let nodes: Vec<u32> = starts.iter().map(|(road, _)| graph.end(*road, true)).collect();
        let trees = searcher.search(&arcs, &nodes)?;
        // From the place to its road, to the end of its link, and on from there; of several paths the quickest.
        let at_place: Vec<(u32, f64, f64, f64)> = starts
            .iter()
            .map(|(road, at)| {
                let link = graph.of_road[*road as usize].unwrap_or_default() as usize;
                (*road, share(&alternative.roads, *road, *at), time[link], at.distance(origin.at) / BEYOND)
            })
            .collect();
        let head: Vec<f64> = at_place.iter().map(|(_, start, time, away)| away + (1.0 - start) * time).collect();
        let at_node = |node: u32| {
            let of = |k: usize| match trees.costs_of(k)[node as usize] {
                u32::MAX => f64::INFINITY,
                cost => head[k] + FINE * f64::from(cost),
            };
            (0..nodes.len()).map(of).fold(f64::INFINITY, f64::min)
        };
        let ends = |road: usize| {
            if !open(road) {
                return None;
            }
            let link = graph.of_road[road]? as usize;
            let begin = at_node(network.links[link].from);
            let is_own = at_place.iter().any(|at_place| at_place.0 as usize == road);
            (begin < f64::INFINITY || is_own).then(|| (begin, begin + time[link]))
        };
        let ends = (0..alternative.roads.links.len()).map(ends).collect();
        all.push(Times { ends, at_place });
    }
    Ok(all)
}

/// Minutes to places beside the roads; NaN where none leads.
pub fn to_places(roads: &Roads, times: &Times, places: &[DVec2]) -> Vec<f64> {
    let near = Near::new(roads, |road| times.is_open(road));
    let to = |at: &DVec2| {
        let of = |(road, point): (u32, DVec2)| {
            Some(times.at(road as usize, share(roads, road, point))? + point.distance(*at) / BEYOND)
        };
        let best = near.road_at(*at).into_iter().filter_map(of).fold(f64::INFINITY, f64::min);
        if best < f64::INFINITY { best / 60.0 } else { f64::NAN }
    };
    places.iter().map(to).collect()
}
