//! OpenStreetMap: what its tags say of a road (wiki.openstreetmap.org: Key:highway, Key:oneway, Key:access, Relation:restriction).

use super::rules::Rules;
use super::street::{self, Filled, Leads, MOTOR, Street};
use super::{CYCLE, Control, MOST, Node, Reading, Roads, TRUCK, Way as Transform, length, shown};
use crate::error::{Error, Result};
use glam::DVec2;
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
    pub ways: Vec<Way>,
    pub restrictions: Vec<Restriction>,
    /// Restrictions that name a way between, or that are not understood.
    pub odd_restrictions: usize,
}

impl Osm {
    /// Takes the tags of a node.
    pub fn node_tags(&mut self, id: i64, tags: &[(String, String)]) {
        let tag = |key: &str| tags.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str());
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
        let words = tag("restriction").or(tag("restriction:motorcar"));
        let Some(words) = words else {
            // Of trucks only, or by the hour.
            self.odd_restrictions += 1;
            return;
        };
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
    let ways: Vec<&Way> = osm.ways.iter().filter(is_road).collect();
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
        // Where the map is cut, so is the way.
        let runs: Vec<&[i64]> =
            way.nodes.split(|node| !places.contains_key(node)).filter(|run| run.len() > 1).collect();
        let is_cut =
            |run: &[i64], k: usize| k == 0 || k + 1 == run.len() || uses.get(&run[k]).is_some_and(|uses| *uses > 1);
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
            let mut street = street_of(way, kind, nodes, &places, &osm.controls);
            street.ends = ends;
            // As SUMO numbers them.
            street.id = if pieces.len() > 1 { format!("{}#{part}", way.id) } else { way.id.to_string() };
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
    if missing > 0 {
        roads.repairs.push(format!("{missing} nodes that ways name are not in the file: the ways are cut there"));
    }
    ban_turns(&mut roads, &osm, &of_way);
    Ok(roads)
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
        roads.repairs.push(format!(
            "{idle} of {} turn restrictions name a way between, or roads that are not here: they are left out",
            osm.restrictions.len() + osm.odd_restrictions
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
        "footway" | "pedestrian" | "path" | "bridleway" if cycles => "cycleway",
        "path" | "bridleway" | "track" => return None,
        other => other,
    };
    (!leads_nowhere && !is_area && rules.kind(highway).is_some()).then_some(highway)
}

fn street_of(
    way: &Way,
    kind: &str,
    nodes: &[i64],
    places: &HashMap<i64, DVec2>,
    controls: &HashMap<i64, (Control, Option<bool>)>,
) -> Street {
    let closed =
        |access: &str| matches!(access, "no" | "private" | "agricultural" | "forestry" | "delivery" | "customers");
    let mut refused = 0;
    let mut granted = 0;
    let mut rule = |key: &str, bits: u8| {
        if let Some(access) = way.tag(key) {
            (refused, granted) = if closed(access) {
                (refused | bits, granted & !bits)
            } else if matches!(access, "yes" | "designated" | "permissive" | "destination") {
                (refused & !bits, granted | (bits & CYCLE))
            } else {
                (refused, granted)
            };
        }
    };
    // From the widest to the narrowest: the last one that speaks of a mode counts.
    rule("access", MOTOR | CYCLE);
    rule("vehicle", MOTOR | CYCLE);
    rule("motor_vehicle", MOTOR);
    rule("motorcar", super::CAR);
    rule("hgv", TRUCK);
    rule("bicycle", CYCLE);
    if way.tag("bicycle") == Some("use_sidepath") {
        refused |= CYCLE;
    }
    let roundabout = way.tag("junction").is_some_and(|kind| matches!(kind, "roundabout" | "circular"));
    let rural = ["zone:traffic", "maxspeed:type", "source:maxspeed"]
        .iter()
        .any(|key| way.tag(key).is_some_and(|zone| zone.to_ascii_lowercase().contains("rural")));
    let cycles_both = way.tag("oneway:bicycle") == Some("no")
        || ["cycleway", "cycleway:left", "cycleway:both"]
            .iter()
            .any(|key| way.tag(key).is_some_and(|kind| kind.starts_with("opposite")));
    let line: Vec<DVec2> = nodes.iter().map(|node| places[node]).collect();
    Street {
        name: shown(way.tag("name").or(way.tag("ref")).unwrap_or_default()),
        kind: kind.to_string(),
        leads: way.tag("oneway").map_or(Leads::Unknown, street::leads),
        cycles_both,
        lanes: way.tag("lanes").and_then(street::lanes),
        lanes_each: ["lanes:forward", "lanes:backward"].map(|key| way.tag(key).and_then(street::lanes)),
        speed_kmh: way.tag("maxspeed").and_then(street::speed),
        granted,
        refused,
        controls: [control(nodes, &line, controls, true), control(nodes, &line, controls, false)],
        roundabout,
        rural,
        line,
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
