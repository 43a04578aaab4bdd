//! OpenStreetMap: what its tags say of a road (wiki.openstreetmap.org: Key:highway, Key:oneway, Key:access, Relation:restriction).

use super::access::{self, Access, Counted};
use super::rules::Rules;
use super::seen::Seen;
use super::street::{self, Filled, Leads, Street, share};
use super::{CAR, Control, MOST, Node, Reading, Roads, TRUCK, Way as Transform, length, shown};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::remark::Remark;
use std::collections::HashMap;
use std::path::Path;

/// Nodes of a file at most, on roads or not.
pub(super) const MOST_NODES: usize = 100_000_000;
/// Turns of one restriction at most.
const MOST_TURNS: usize = 64;
/// A light this far before a junction is that of the junction, m.
const LIGHT_BEFORE: f64 = 40.0;
/// A way with its tags.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub id: i64,
    pub nodes: Vec<i64>,
    pub tags: Vec<(String, String)>,
}

impl Way {
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// Whether it is one of those that are kept.
    pub fn is_wanted(&self) -> bool {
        self.tag("highway").is_some() || self.tag("building").is_some_and(|kind| kind != "no")
    }
}

/// A turn that is forbidden, or the only one that is not.
#[derive(Debug)]
pub(super) struct Restriction {
    pub from: i64,
    /// The node; none where the way there is a way itself.
    pub via: Option<i64>,
    pub to: i64,
    pub only: bool,
}

/// What of a file is wanted.
#[derive(Debug, Default)]
pub(super) struct Osm {
    /// Longitude and latitude.
    pub nodes: HashMap<i64, (f64, f64)>,
    /// Signs and lights on nodes; the second says along which direction of the way it stands, where it is said.
    pub controls: HashMap<i64, (Control, Option<bool>)>,
    /// Modes that cannot pass a barrier on a node.
    pub barriers: HashMap<i64, u8>,
    pub ways: Vec<Way>,
    pub restrictions: Vec<Restriction>,
    /// Restrictions that name a way between, or that are not understood.
    pub odd_restrictions: usize,
    /// Nodes, ways and relations that an editor has marked as deleted.
    pub deleted: usize,
}

impl Osm {
    /// Takes the tags of a node.
    pub fn node_tags(&mut self, id: i64, tags: &[(String, String)]) {
        let tag = |key: &str| tags.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str());
        let closed = access::barrier(&tag);
        if closed != 0 {
            self.barriers.insert(id, closed);
        }
        let control = match tag("highway") {
            Some("traffic_signals") => Control::Signal,
            Some("give_way" | "stop") => Control::GiveWay,
            _ => return,
        };
        let direction = tag("traffic_signals:direction").or(tag("direction"));
        let along = direction.and_then(|way| match way {
            "forward" => Some(true),
            "backward" => Some(false),
            _ => None,
        });
        self.controls.insert(id, (control, along));
    }

    /// Takes a relation, by its tags and members: kind, reference, role.
    pub fn relation(&mut self, tags: &[(String, String)], members: &[(bool, i64, String)]) {
        let tag = |key: &str| tags.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str());
        if tag("type") != Some("restriction") {
            return;
        }
        let words = tag("restriction").or(tag("restriction:motor_vehicle")).or(tag("restriction:motorcar"));
        let Some(words) = words else {
            // Of trucks or cycles only, or by the hour.
            self.odd_restrictions += 1;
            return;
        };
        // Cycles turn where they like here; a ban that does not hold for cars is none.
        let exempts_cars = |all: &str| {
            all.split(';').any(|mode| matches!(mode.trim(), "motorcar" | "motor_vehicle" | "vehicle" | "motorcars"))
        };
        if tag("except").is_some_and(exempts_cars) {
            return;
        }
        let of = |role: &str, node: bool| -> Vec<i64> {
            members.iter().filter(|m| m.2 == role && m.0 == node).map(|m| m.1).collect()
        };
        let (from, to) = (of("from", false), of("to", false));
        let via = of("via", true).first().copied();
        let is_known = words.starts_with("no_") || words.starts_with("only_");
        if !is_known || from.is_empty() || to.is_empty() || via.is_none() || from.len() * to.len() > MOST_TURNS {
            self.odd_restrictions += 1;
            return;
        }
        for &from in &from {
            let own = to.iter().map(|&to| Restriction { from, via, to, only: words.starts_with("only_") });
            self.restrictions.extend(own);
        }
    }
}

/// The roads of a file.
pub(super) fn roads(path: &Path, osm: Osm, reading: &Reading) -> Result<Roads> {
    let to_city = Transform::new(path, Some(4326), reading.crs)?;
    let mut places: HashMap<i64, DVec2> = HashMap::new();
    let mut missing = 0usize;
    for node in osm.ways.iter().flat_map(|way| &way.nodes) {
        if places.contains_key(node) {
            continue;
        }
        match osm.nodes.get(node).map(|at| to_city.to(*at)) {
            Some(Some(at)) => {
                places.insert(*node, at);
            }
            Some(None) => {
                let problem = format!("node {node} lies outside of what {} can hold", reading.crs);
                return Err(Error::data(path, problem, "write the plane of the file's region as epsg in [city]"));
            }
            None => missing += 1,
        }
    }
    let buildings = osm.ways.iter().filter(|way| way.tag("building").is_some()).filter_map(|way| {
        let corners: Vec<DVec2> = way.nodes.iter().filter_map(|node| places.get(node).copied()).collect();
        (!corners.is_empty()).then(|| corners.iter().sum::<DVec2>() / corners.len() as f64)
    });
    let mut roads = Roads { buildings: buildings.collect(), ..Roads::default() };

    // Roads meet at nodes that several of them use, or one of them twice.
    let is_road = |way: &&Way| way.tag("highway").is_some_and(|kind| kind_of(way, kind, reading.rules).is_some());
    let (ways, others): (Vec<&Way>, Vec<&Way>) = osm.ways.iter().partition(is_road);
    let mut seen = Seen::default();
    others.into_iter().for_each(|way| seen.left_out(way, reading.rules));
    let mut uses: HashMap<i64, u32> = HashMap::new();
    for way in &ways {
        for (k, node) in way.nodes.iter().enumerate() {
            let is_end = k == 0 || k + 1 == way.nodes.len();
            *uses.entry(*node).or_default() += if is_end { 2 } else { 1 };
        }
    }
    let mut number: HashMap<i64, u32> = HashMap::new();
    let mut filled = Filled::default();
    // Links of each way, by the way, the node where they begin and the node where they end.
    let mut of_way: HashMap<i64, Vec<(u32, i64, i64)>> = HashMap::new();
    for way in ways {
        let kind = way.tag("highway").and_then(|kind| kind_of(way, kind, reading.rules)).unwrap_or_default();
        let whole = street_of(way, kind, reading.rules);
        seen.way(way, &whole);
        let modes = street::modes(&whole, reading.rules);
        // Where the map is cut, so is the way.
        let runs: Vec<&[i64]> =
            way.nodes.split(|node| !places.contains_key(node)).filter(|run| run.len() > 1).collect();
        let is_barrier = |node: &i64| osm.barriers.get(node).is_some_and(|closed| closed & modes != 0);
        let meets = |node: &i64| uses.get(node).is_some_and(|uses| *uses > 1) || is_barrier(node);
        let is_cut = |run: &[i64], k: usize| k == 0 || k + 1 == run.len() || meets(&run[k]);
        let mut pieces: Vec<&[i64]> = Vec::new();
        for run in runs {
            let cuts: Vec<usize> = (0..run.len()).filter(|k| is_cut(run, *k)).collect();
            pieces.extend(cuts.windows(2).map(|cut| &run[cut[0]..=cut[1]]));
        }
        for (part, nodes) in pieces.iter().enumerate() {
            let nodes = *nodes;
            let mut end = |node: i64| {
                *number.entry(node).or_insert_with(|| {
                    roads.nodes.push(Node { id: node.to_string(), at: places[&node] });
                    roads.nodes.len() as u32 - 1
                })
            };
            let ends = [end(nodes[0]), end(nodes[nodes.len() - 1])];
            let line: Vec<DVec2> = nodes.iter().map(|node| places[node]).collect();
            let controls = [true, false].map(|forward| control(nodes, &line, &osm.controls, forward));
            // As SUMO numbers them.
            let id = if pieces.len() > 1 { format!("{}#{part}", way.id) } else { way.id.to_string() };
            let street = Street { id, ends, line, controls, ..whole.clone() };
            for link in street::links(&street, reading.rules, &mut filled) {
                let is_back = link.id != street.id;
                let (from, to) = (nodes[0], nodes[nodes.len() - 1]);
                let (from, to) = if is_back { (to, from) } else { (from, to) };
                of_way.entry(way.id).or_default().push((roads.links.len() as u32, from, to));
                roads.links.push(link);
            }
        }
        if roads.links.len() > MOST || roads.nodes.len() > MOST {
            return Err(Error::data(path, format!("holds more than {MOST} links"), "cut it to the city"));
        }
    }
    roads.repairs.extend(filled.words(&reading.rules.source_name()));
    roads.repairs.extend(seen.words(&osm));
    if missing > 0 {
        roads.repairs.push(Remark::new(
            share(missing, missing + places.len()),
            format!("{missing} nodes that ways name are not in the file: the ways are cut there"),
            format!("{missing} punten van wegen staan niet in het bestand: daar zijn de wegen afgeknipt"),
        ));
    }
    ban_turns(&mut roads, &osm, &of_way);
    let mut barriers: Vec<(u32, u8)> =
        number.iter().filter_map(|(node, k)| Some((*k, *osm.barriers.get(node)?))).collect();
    barriers.sort_unstable();
    stand(&mut roads, barriers);
    Ok(roads)
}

/// Barriers that close roads; what cannot pass one turns round there.
fn stand(roads: &mut Roads, barriers: Vec<(u32, u8)>) {
    let (leaving, entering) = (roads.leaving(), roads.entering());
    let (mut closes, mut touched) = (0, 0);
    for &(node, closed) in &barriers {
        let (into, out) = (entering.of_node(node as usize), leaving.of_node(node as usize));
        let is_closed = |k: &&u32| roads.links[**k as usize].modes & closed & (CAR | TRUCK) != 0;
        let mut bans = Vec::new();
        for from in into.iter().filter(is_closed) {
            let back = roads.links[*from as usize].from;
            let beyond = out.iter().filter(is_closed).filter(|to| roads.links[**to as usize].to != back);
            bans.extend(beyond.map(|to| (*from, *to)));
        }
        if bans.is_empty() {
            continue;
        }
        closes += 1;
        touched += into.iter().chain(out).filter(is_closed).count();
        // Bans are those of cars and trucks alike.
        if closed & (CAR | TRUCK) == CAR | TRUCK {
            roads.bans.extend(bans);
        }
    }
    roads.bans.sort_unstable();
    roads.bans.dedup();
    if closes > 0 {
        roads.repairs.push(Remark::new(
            share(touched, roads.links.len()),
            format!("{closes} barriers such as bollards and gates close roads to motor vehicles"),
            format!("{closes} afsluitingen zoals paaltjes en hekken sluiten wegen af voor motorvoertuigen"),
        ));
    }
    roads.barriers = barriers;
}

/// Turns that restrictions ban.
fn ban_turns(roads: &mut Roads, osm: &Osm, of_way: &HashMap<i64, Vec<(u32, i64, i64)>>) {
    let leaving = roads.leaving();
    let mut idle = osm.odd_restrictions;
    for restriction in &osm.restrictions {
        let Some(via) = restriction.via else { continue };
        let of = |way: i64, at_end: bool| {
            let own = of_way.get(&way).map_or(&[][..], Vec::as_slice);
            own.iter().filter(move |(_, from, to)| via == if at_end { *to } else { *from }).map(|(link, ..)| *link)
        };
        let from: Vec<u32> = of(restriction.from, true).collect();
        let to: Vec<u32> = of(restriction.to, false).collect();
        if from.is_empty() || to.is_empty() {
            idle += 1;
            continue;
        }
        for &link in &from {
            if restriction.only {
                let node = roads.links[link as usize].to as usize;
                let others = leaving.of_node(node).iter().filter(|other| !to.contains(other));
                roads.bans.extend(others.map(|other| (link, *other)));
            } else {
                roads.bans.extend(to.iter().map(|to| (link, *to)));
            }
        }
    }
    roads.bans.sort_unstable();
    roads.bans.dedup();
    if idle > 0 {
        let all = osm.restrictions.len() + osm.odd_restrictions;
        roads.repairs.push(Remark::new(
            share(idle, all),
            format!("{idle} of {all} turn restrictions name a way between, hold for some hours or vehicles only, or name roads that are not here: they are left out"),
            format!("{idle} van de {all} afslagverboden lopen via een weg, gelden maar voor een deel van de tijd of het verkeer, of noemen wegen die er niet zijn: die zijn weggelaten"),
        ));
    }
}

/// The kind of a way, where the rules know it and anybody may use it.
fn kind_of<'a>(way: &Way, highway: &'a str, rules: &Rules) -> Option<&'a str> {
    let is_guest = [way.tag("bicycle_road"), way.tag("cyclestreet")].contains(&Some("yes"));
    if is_guest && rules.kind("cycle_street").is_some() {
        return Some("cycle_street");
    }
    // Yards, driveways and car parks lead nowhere.
    let leads_nowhere = highway == "service"
        && way.tag("service").is_some_and(|kind| matches!(kind, "parking_aisle" | "driveway" | "drive-through"));
    let is_area = way.tag("area") == Some("yes");
    // Footpaths count where cycles are told to be welcome.
    let cycles = way.tag("bicycle").is_some_and(|access| matches!(access, "yes" | "designated"));
    let highway = match highway {
        "footway" | "pedestrian" | "path" | "bridleway" | "busway" if cycles => "cycleway",
        "path" | "bridleway" | "track" => return None,
        other => other,
    };
    (!leads_nowhere && !is_area && rules.kind(highway).is_some()).then_some(highway)
}

/// Lanes of a way.
pub(super) fn counted(way: &Way, leads: Leads) -> Counted {
    access::lanes(&|key: &str| way.tag(key), leads)
}

/// What the tags of a way say of all of it.
fn street_of(way: &Way, kind: &str, rules: &Rules) -> Street {
    let roundabout = way.tag("junction").is_some_and(|kind| matches!(kind, "roundabout" | "circular"));
    let rural = ["zone:traffic", "maxspeed:type", "source:maxspeed"]
        .iter()
        .any(|key| way.tag(key).is_some_and(|zone| zone.to_ascii_lowercase().contains("rural")));
    let one_way = [&access::ONE_WAY[..], &["oneway"]].concat();
    let leads = one_way.iter().find_map(|key| way.tag(key)).map_or(Leads::Unknown, street::leads);
    let is_one_way = roundabout || rules.kind(kind).is_some_and(|kind| kind.oneway);
    let leads = leads.known(is_one_way);
    let access = [true, false].map(|forward| Access::of(&|key: &str| way.tag(key), forward));
    let lanes = counted(way, leads);
    let number = |key: &str| way.tag(key).and_then(street::speed);
    Street {
        name: shown(way.tag("name").or(way.tag("ref")).unwrap_or_default()),
        kind: kind.to_string(),
        leads,
        cycles_lead: access::cycles_lead(&|key: &str| way.tag(key)),
        lanes: lanes.lanes,
        lanes_each: lanes.each,
        speed_kmh: number("maxspeed"),
        speed_each: ["maxspeed:forward", "maxspeed:backward"].map(number),
        access: [0, 1].map(|k| Access {
            refused: access[k].refused | if lanes.closed[k] { CAR | TRUCK } else { 0 },
            ..access[k]
        }),
        roundabout,
        rural,
        ..Street::default()
    }
}

/// What stands at the end of a stretch, or a little before it.
fn control(nodes: &[i64], line: &[DVec2], controls: &HashMap<i64, (Control, Option<bool>)>, forward: bool) -> Control {
    let n = nodes.len();
    let (mut found, mut away) = (Control::Unknown, 0.0);
    for step in 0..n {
        let at = if forward { n - 1 - step } else { step };
        if step > 0 {
            let last = if forward { at + 1 } else { at - 1 };
            away += length(&[line[at], line[last]]);
        }
        // The other end is that of the stretch before.
        if away > LIGHT_BEFORE || (step > 0 && step == n - 1) {
            break;
        }
        match controls.get(&nodes[at]) {
            Some((control, along)) if along.is_none_or(|along| along == forward) => {
                // A sign on a junction itself says nothing of who is meant; a light there is for all.
                if *control == Control::Signal {
                    return Control::Signal;
                }
                if step > 0 || along.is_some() {
                    found = *control;
                }
            }
            _ => {}
        }
    }
    found
}
