//! Networks of SUMO (.net.xml), as netconvert and netedit write them: edges with lanes, junctions, and who may turn where.

use super::rules::Rules;
use super::street::share;
use super::xml::{Piece, Xml, value};
use super::{CAR, CYCLE, Control, Link, MOST, Node, Reading, Roads, TRUCK, Way, length, shown};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::plane::Plane;
use hanze_base::remark::Remark;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A lane: who may use it, m/s, m.
#[derive(Debug, Default)]
struct Lane {
    modes: u8,
    speed: f64,
    length: f64,
    line: Vec<(f64, f64)>,
}

#[derive(Debug, Default)]
struct Edge {
    id: String,
    name: String,
    kind: String,
    ends: [String; 2],
    priority: u8,
    line: Vec<(f64, f64)>,
    lanes: Vec<Lane>,
}

/// A turn: edge and lane where it begins, edge where it ends, and how it stands to others.
struct Turn {
    from: String,
    lane: usize,
    to: String,
    is_minor: bool,
}

#[derive(Default)]
struct Net {
    edges: Vec<Edge>,
    /// Where each junction lies, and whether it has lights.
    junctions: HashMap<String, ((f64, f64), bool)>,
    turns: Vec<Turn>,
    roundabouts: HashSet<String>,
    offset: (f64, f64),
    projection: Option<String>,
}

/// Reads a network.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Roads> {
    let net = parse(path)?;
    roads(path, &net, reading)
}

fn points(xml: &Xml, text: &str) -> Result<Vec<(f64, f64)>> {
    let point = |text: &str| {
        let mut numbers = text.split(',').map(|word| word.parse::<f64>().ok().filter(|number| number.is_finite()));
        let at = numbers.next().flatten().zip(numbers.next().flatten());
        at.ok_or_else(|| xml.bad(format!("\"{}\" is not a place x,y", shown(text))))
    };
    text.split_whitespace().map(point).collect()
}

/// Who may use a lane, by the classes that it allows or not.
fn modes(allow: Option<&str>, disallow: Option<&str>) -> u8 {
    let bits = |classes: &str| {
        classes.split_whitespace().fold(0, |all, class| {
            all | match class {
                "all" => CAR | TRUCK | CYCLE,
                "passenger" => CAR,
                "truck" => TRUCK,
                "bicycle" => CYCLE,
                _ => 0,
            }
        })
    };
    match (allow, disallow) {
        (Some(allow), _) if !allow.is_empty() => bits(allow),
        (_, Some(disallow)) => (CAR | TRUCK | CYCLE) & !bits(disallow),
        _ => CAR | TRUCK | CYCLE,
    }
}

fn parse(path: &Path) -> Result<Net> {
    let mut xml = Xml::open(path)?;
    let mut net = Net::default();
    let mut open: Option<Edge> = None;
    let mut is_net = false;
    loop {
        let (name, attributes, is_empty) = match xml.next()? {
            Piece::Done => break,
            Piece::End(name) => {
                if name == "edge" {
                    net.edges.extend(open.take());
                }
                continue;
            }
            Piece::Start(name, attributes, is_empty) => (name, attributes, is_empty),
        };
        let text = |key: &str| value(&attributes, key).map(str::to_string);
        let wanted = |key: &str| {
            let missing = || xml.bad(format!("<{name}> has no {key}"));
            value(&attributes, key).map(str::to_string).ok_or_else(missing)
        };
        let number = |key: &str| -> Result<f64> {
            let number = value(&attributes, key).and_then(|text| text.parse::<f64>().ok());
            let bad = || xml.bad(format!("<{name}> has no number {key}"));
            number.filter(|number| number.is_finite() && number.abs() < 1e12).ok_or_else(bad)
        };
        match name.as_str() {
            "net" => is_net = true,
            _ if !is_net => return Err(xml.bad(format!("begins with <{}>, and <net> is wanted", shown(&name)))),
            "location" => {
                let offset = points(&xml, &wanted("netOffset")?)?;
                net.offset = offset.first().copied().unwrap_or_default();
                net.projection = text("projParameter").filter(|words| words.contains("+proj="));
            }
            "edge" if text("function").is_none_or(|function| function == "normal" || function == "connector") => {
                let line = text("shape").map_or(Ok(Vec::new()), |shape| points(&xml, &shape))?;
                let edge = Edge {
                    id: wanted("id")?,
                    name: text("name").unwrap_or_default(),
                    kind: text("type").unwrap_or_default(),
                    ends: [wanted("from")?, wanted("to")?],
                    priority: text("priority").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0).clamp(0, 255)
                        as u8,
                    line,
                    lanes: Vec::new(),
                };
                match is_empty {
                    true => net.edges.push(edge),
                    false => open = Some(edge),
                }
            }
            "lane" => {
                if let Some(edge) = &mut open {
                    edge.lanes.push(Lane {
                        modes: modes(value(&attributes, "allow"), value(&attributes, "disallow")),
                        speed: number("speed")?,
                        length: number("length")?,
                        line: points(&xml, &wanted("shape")?)?,
                    });
                }
            }
            "junction" if text("type").as_deref() != Some("internal") => {
                let lights = text("type").is_some_and(|kind| kind.starts_with("traffic_light"));
                net.junctions.insert(wanted("id")?, ((number("x")?, number("y")?), lights));
            }
            "connection" if !value(&attributes, "from").is_some_and(|from| from.starts_with(':')) => {
                let state = text("state").unwrap_or_default();
                net.turns.push(Turn {
                    from: wanted("from")?,
                    lane: number("fromLane")?.max(0.0) as usize,
                    to: wanted("to")?,
                    is_minor: matches!(state.as_str(), "m" | "s" | "w"),
                });
            }
            "roundabout" => {
                net.roundabouts.extend(wanted("edges")?.split_whitespace().map(str::to_string));
            }
            _ => {}
        }
        if net.edges.len().max(net.turns.len()) > MOST {
            return Err(xml.bad(format!("has more than {MOST} edges or turns")));
        }
    }
    if !is_net {
        return Err(Error::data(path, "holds no <net>", "give a network of SUMO"));
    }
    Ok(net)
}

/// The way from the plane of a network into that of the city.
fn way(path: &Path, net: &Net, reading: &Reading) -> Result<Way> {
    Ok(match &net.projection {
        Some(words) if reading.crs.plane().is_some() => {
            let unknown =
                || Error::data(path, format!("lies in \"{}\", which is not known", shown(words)), "export it again");
            let own = Plane::of_projection(words).ok_or_else(unknown)?;
            let city = Plane::of(reading.crs);
            let city = city.ok_or_else(|| {
                Error::data(path, format!("cannot be brought to {}", reading.crs), "write another epsg in [city]")
            })?;
            Way::Planes(Box::new([own, city]))
        }
        _ => Way::Same,
    })
}

/// Lanes of a network, in the city's plane.
pub(super) fn lanes(path: &Path, reading: &Reading) -> Result<super::lanes::Lanes> {
    let net = parse(path)?;
    let way = way(path, &net, reading)?;
    let mut lanes = super::lanes::read(path)?;
    let mend = "write the plane of the network's region as epsg in [city]";
    let place = |at: &mut DVec2| {
        let own = match &way {
            Way::Same => (at.x, at.y),
            _ => (at.x - net.offset.0, at.y - net.offset.1),
        };
        let bad = || Error::data(path, format!("({}, {}) cannot be where a road lies", at.x, at.y), mend);
        *at = way.to(own).ok_or_else(bad)?;
        Ok(())
    };
    lanes.lanes.iter_mut().flat_map(|lane| &mut lane.line).try_for_each(place)?;
    lanes.nodes.iter_mut().map(|node| &mut node.1).try_for_each(place)?;
    Ok(lanes)
}

fn roads(path: &Path, net: &Net, reading: &Reading) -> Result<Roads> {
    let way = way(path, net, reading)?;
    let place = |(x, y): (f64, f64)| {
        let at = match &way {
            Way::Same => (x, y),
            _ => (x - net.offset.0, y - net.offset.1),
        };
        let mend = "write the plane of the network's region as epsg in [city]";
        way.to(at).ok_or_else(|| Error::data(path, format!("({x}, {y}) cannot be where a road lies"), mend))
    };
    let mut roads = Roads::default();
    let mut number: HashMap<&str, u32> = HashMap::new();
    let (mut of_id, mut closed) = (HashMap::new(), 0usize);
    for edge in &net.edges {
        let modes = edge.lanes.iter().fold(0, |all, lane| all | lane.modes);
        let mut ends = [0u32; 2];
        for (end, id) in ends.iter_mut().zip(&edge.ends) {
            let Some((at, _)) = net.junctions.get(id) else {
                let problem = format!("edge {} ends at junction {}, which is not there", shown(&edge.id), shown(id));
                return Err(Error::data(path, problem, "export it again"));
            };
            *end = match number.get(id.as_str()) {
                Some(node) => *node,
                None => {
                    roads.nodes.push(Node { id: id.clone(), at: place(*at)? });
                    number.insert(id, roads.nodes.len() as u32 - 1);
                    roads.nodes.len() as u32 - 1
                }
            };
        }
        if modes == 0 {
            closed += 1;
            continue;
        }
        // Lanes that cars use count; on a cycle path those of cycles.
        let counted = if modes & CAR != 0 { CAR } else { modes };
        let own: Vec<&Lane> = edge.lanes.iter().filter(|lane| lane.modes & counted != 0).collect();
        let speed = own.iter().map(|lane| lane.speed).fold(0.0, f64::max);
        let own_length = own.iter().map(|lane| lane.length).fold(0.0, f64::max);
        let middle = own.get(own.len() / 2).map_or(&[][..], |lane| &lane.line);
        let drawn = if edge.line.len() > 1 { &edge.line } else { middle };
        let line: Vec<DVec2> = drawn.iter().map(|at| place(*at)).collect::<Result<_>>()?;
        if line.len() < 2 || !(speed > 0.0 && own_length >= 0.0) {
            let problem = format!("edge {} has no shape, no length or no speed", shown(&edge.id));
            return Err(Error::data(path, problem, "export it again"));
        }
        let kind = kind(reading.rules, &edge.kind, speed);
        let Some(kind) = kind else {
            return Err(Error::data(path, "is of no kind that the rules know", "name the kinds in the rules"));
        };
        of_id.insert(edge.id.as_str(), roads.links.len() as u32);
        roads.links.push(Link {
            id: edge.id.clone(),
            name: shown(&edge.name),
            kind: kind.name().to_string(),
            from: ends[0],
            to: ends[1],
            length: own_length.max(length(&line).min(0.1)),
            line,
            lanes: own.len() as f64,
            speed,
            capacity: kind.capacity * own.len() as f64,
            factor: kind.factor,
            power: kind.power,
            modes,
            priority: edge.priority,
            control: if net.junctions[&edge.ends[1]].1 { Control::Signal } else { Control::Unknown },
            roundabout: net.roundabouts.contains(&edge.id),
        });
    }
    if closed > 0 {
        roads.repairs.push(Remark::new(
            share(closed, net.edges.len()),
            format!("{closed} edges without cars, trucks or cycles are left out"),
            format!("{closed} wegvakken zonder auto's, vrachtauto's of fietsen zijn weggelaten"),
        ));
    }
    turns(&mut roads, net, &of_id);
    Ok(roads)
}

/// Turns that no lane leads to are banned; edges that only lead to minor turns give way.
fn turns(roads: &mut Roads, net: &Net, of_id: &HashMap<&str, u32>) {
    let lanes: HashMap<&str, &Edge> = net.edges.iter().map(|edge| (edge.id.as_str(), edge)).collect();
    let mut allowed = HashSet::new();
    let mut major = vec![(false, false); roads.links.len()];
    for turn in &net.turns {
        let (Some(&from), Some(&to)) = (of_id.get(turn.from.as_str()), of_id.get(turn.to.as_str())) else { continue };
        let modes =
            lanes.get(turn.from.as_str()).and_then(|edge| edge.lanes.get(turn.lane)).map_or(0, |lane| lane.modes);
        if modes & (CAR | TRUCK) != 0 {
            allowed.insert((from, to));
            let found = &mut major[from as usize];
            *found = (found.0 || !turn.is_minor, true);
        }
    }
    for (link, (is_major, any)) in roads.links.iter_mut().zip(major) {
        if any && link.control == Control::Unknown {
            link.control = if is_major { Control::Priority } else { Control::GiveWay };
        }
    }
    let (leaving, entering) = (roads.leaving(), roads.entering());
    let is_motor = |link: u32| roads.links[link as usize].modes & (CAR | TRUCK) != 0;
    let mut bans = Vec::new();
    for node in 0..roads.nodes.len() {
        for &from in entering.of_node(node).iter().filter(|link| is_motor(**link)) {
            let banned = leaving.of_node(node).iter().filter(|to| is_motor(**to) && !allowed.contains(&(from, **to)));
            bans.extend(banned.map(|to| (from, *to)));
        }
    }
    roads.bans = bans;
}

/// The kind of an edge, by its type or else by its speed.
fn kind<'r>(rules: &'r Rules, name: &str, speed: f64) -> Option<&'r super::rules::Kind> {
    let by_speed = match 3.6 * speed {
        fast if fast > 95.0 => "motorway",
        fast if fast > 65.0 => "secondary",
        fast if fast > 45.0 => "tertiary",
        _ => "residential",
    };
    rules.kind(name).or_else(|| rules.kind(by_speed)).or(rules.kinds.first())
}
