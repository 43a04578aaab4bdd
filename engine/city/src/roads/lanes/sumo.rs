//! Lanes, turns and lights of a network of SUMO as netconvert and netedit write them, and what its further files add: programs of
//! lights, kinds of vehicles, stops, and the vehicles themselves.

use super::conflicts::{meet, path};
use super::{ALL, BUS, Foe, Lane, Lanes, MOST_LANES, Phase, Program, Street, Turn};
use crate::roads::xml::{Piece, Xml, value};
use crate::roads::{CAR, CYCLE, MOST, TRUCK, share, shown};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::remark::Remark;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Vehicles are taken to be so wide where their ways meet, m.
const BREADTH: f64 = 2.0;
/// Phases of a program at most.
const MOST_PHASES: usize = 1000;
/// Vehicles of a file at most.
const MOST_VEHICLES: usize = 5_000_000;

/// Who may drive somewhere, by the classes of SUMO.
fn modes(allow: Option<&str>, disallow: Option<&str>) -> u8 {
    let bits = |classes: &str| classes.split_whitespace().fold(0, |all, class| all | class_bits(class));
    match (allow, disallow) {
        (Some(allow), _) if !allow.is_empty() => bits(allow),
        (_, Some(disallow)) => ALL & !bits(disallow),
        _ => ALL,
    }
}

fn class_bits(class: &str) -> u8 {
    match class {
        "all" | "ignoring" => ALL,
        "passenger" | "private" | "motorcycle" | "moped" | "taxi" | "hov" | "evehicle" | "emergency" | "authority" => {
            CAR
        }
        "truck" | "trailer" | "delivery" => TRUCK,
        "bus" | "coach" => BUS,
        "bicycle" => CYCLE,
        _ => 0,
    }
}

/// What the attributes of an element say.
struct Element<'a> {
    xml: &'a Xml<'a>,
    name: &'a str,
    attributes: &'a [(String, String)],
}

impl Element<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        value(self.attributes, key)
    }

    fn wanted(&self, key: &str) -> Result<String> {
        let missing = || self.xml.bad(format!("<{}> has no {key}", self.name));
        self.text(key).map(str::to_string).ok_or_else(missing)
    }

    fn number(&self, key: &str) -> Result<f64> {
        let number = self.text(key).and_then(|text| text.parse::<f64>().ok());
        let bad = || self.xml.bad(format!("<{}> has no number {key}", self.name));
        number.filter(|number| number.is_finite() && number.abs() < 1e12).ok_or_else(bad)
    }

    fn number_or(&self, key: &str, other: f64) -> Result<f64> {
        if self.text(key).is_none() { Ok(other) } else { self.number(key) }
    }

    /// A time, in seconds or as hours:minutes:seconds.
    fn time(&self, key: &str) -> Result<f64> {
        let text = self.wanted(key)?;
        let parts: Option<Vec<f64>> = text.split(':').map(|part| part.parse::<f64>().ok()).collect();
        let seconds = parts.and_then(|parts| match parts[..] {
            [s] => Some(s),
            [h, m, s] => Some(3600.0 * h + 60.0 * m + s),
            _ => None,
        });
        let bad = || self.xml.bad(format!("{key}=\"{}\" of <{}> is not a time", shown(&text), self.name));
        seconds.filter(|time| time.is_finite() && (0.0..4e6).contains(time)).ok_or_else(bad)
    }

    fn points(&self, key: &str) -> Result<Vec<DVec2>> {
        let point = |text: &str| {
            let mut numbers = text.split(',').map(|word| word.parse::<f64>().ok().filter(|n| n.is_finite()));
            let at = numbers.next().flatten().zip(numbers.next().flatten());
            at.map(DVec2::from).ok_or_else(|| self.xml.bad(format!("\"{}\" is not a place x,y", shown(text))))
        };
        self.text(key).unwrap_or_default().split_whitespace().map(point).collect()
    }
}

struct Edge {
    id: String,
    ends: Option<[String; 2]>,
    lanes: Vec<Lane>,
}

struct Junction {
    id: String,
    at: DVec2,
    internal: Vec<String>,
    /// For each way across it, to whom it gives way and whom it meets.
    requests: HashMap<usize, (String, String)>,
}

struct Connection {
    from: (String, usize),
    to: (String, usize),
    via: Option<String>,
    signal: Option<(String, u32)>,
    zips: bool,
}

#[derive(Default)]
struct Net {
    edges: Vec<Edge>,
    junctions: Vec<Junction>,
    connections: Vec<Connection>,
    programs: Vec<Program>,
}

/// Reads lanes. Coordinates are those of the file.
///
/// # Errors
/// `Data` where the file is no network of SUMO or contradicts itself.
pub fn read(path: &Path) -> Result<Lanes> {
    let net = parse(path)?;
    assemble(path, net)
}

fn parse(path: &Path) -> Result<Net> {
    let mut xml = Xml::open(path)?;
    let mut net = Net::default();
    let (mut edge, mut junction, mut program): (Option<Edge>, Option<Junction>, Option<Program>) = Default::default();
    loop {
        let (name, attributes, is_empty) = match xml.next()? {
            Piece::Done => break,
            Piece::End(name) => {
                match name.as_str() {
                    "edge" => net.edges.extend(edge.take()),
                    "junction" => net.junctions.extend(junction.take()),
                    "tlLogic" => net.programs.extend(program.take()),
                    _ => {}
                }
                continue;
            }
            Piece::Start(name, attributes, is_empty) => (name, attributes, is_empty),
        };
        let own = Element { xml: &xml, name: &name, attributes: &attributes };
        match name.as_str() {
            "edge" if !matches!(own.text("function"), Some("crossing" | "walkingarea")) => {
                let is_internal = own.text("function") == Some("internal");
                let ends = if is_internal { None } else { Some([own.wanted("from")?, own.wanted("to")?]) };
                let begun = Edge { id: own.wanted("id")?, ends, lanes: Vec::new() };
                if !is_empty {
                    edge = Some(begun);
                }
            }
            "lane" => {
                if let Some(edge) = &mut edge {
                    let speed = own.number("speed")?;
                    let length = own.number("length")?;
                    if !(speed > 0.0 && length >= 0.0) {
                        return Err(xml.bad(format!("a lane of edge {} has no speed or no length", shown(&edge.id))));
                    }
                    edge.lanes.push(Lane {
                        street: None,
                        node: 0,
                        length: length.max(0.1),
                        speed,
                        modes: modes(own.text("allow"), own.text("disallow")),
                        line: own.points("shape")?,
                        width: own.number_or("width", super::WIDTH)?,
                        headway: 0.0,
                        begin: 0.0,
                    });
                }
            }
            "junction" if own.text("type") != Some("internal") => {
                let lanes = own.text("intLanes").unwrap_or_default().split_whitespace().map(str::to_string).collect();
                let at = DVec2::new(own.number("x")?, own.number("y")?);
                let begun = Junction { id: own.wanted("id")?, at, internal: lanes, requests: HashMap::new() };
                match is_empty {
                    true => net.junctions.push(begun),
                    false => junction = Some(begun),
                }
            }
            "request" => {
                if let Some(junction) = &mut junction {
                    let bits = |key: &str| own.text(key).unwrap_or_default().to_string();
                    junction.requests.insert(own.number("index")?.max(0.0) as usize, (bits("response"), bits("foes")));
                }
            }
            "connection" => {
                let signal = match (own.text("tl"), own.text("linkIndex")) {
                    (Some(tl), Some(_)) => Some((tl.to_string(), own.number("linkIndex")?.max(0.0) as u32)),
                    _ => None,
                };
                net.connections.push(Connection {
                    from: (own.wanted("from")?, own.number("fromLane")?.max(0.0) as usize),
                    to: (own.wanted("to")?, own.number("toLane")?.max(0.0) as usize),
                    via: own.text("via").map(str::to_string),
                    signal,
                    zips: own.text("state") == Some("Z"),
                });
            }
            "tlLogic" => program = Some(begin_program(&own)?),
            "phase" => {
                if let Some(program) = &mut program {
                    phase(&own, program)?;
                }
            }
            _ => {}
        }
        if net.edges.len().max(net.connections.len()).max(net.junctions.len()) > MOST {
            return Err(xml.bad(format!("has more than {MOST} edges, junctions or turns")));
        }
    }
    if net.edges.is_empty() {
        return Err(Error::data(path, "holds no <edge>", "give a network of SUMO"));
    }
    Ok(net)
}

fn begin_program(own: &Element) -> Result<Program> {
    let offset = own.number_or("offset", 0.0)?;
    let is_actuated = own.text("type").is_some_and(|kind| kind != "static");
    Ok(Program { id: own.wanted("id")?, offset, phases: Vec::new(), is_actuated })
}

fn phase(own: &Element, program: &mut Program) -> Result<()> {
    let duration = own.number("duration")?;
    let states: Vec<u8> = own.wanted("state")?.bytes().map(light).collect();
    if program.phases.first().is_some_and(|first| first.states.len() != states.len()) {
        return Err(own.xml.bad(format!("phases of the lights {} tell of different numbers of turns", program.id)));
    }
    if !(0.0..1e5).contains(&duration) || program.phases.len() >= MOST_PHASES {
        return Err(own.xml.bad(format!("a phase of the lights {} has no time that can be", program.id)));
    }
    // A fixed program may name shortest and longest times, too, and goes by its durations.
    let (least, most) = match program.is_actuated {
        true => {
            (own.number_or("minDur", duration)?.clamp(0.0, 1e5), own.number_or("maxDur", duration)?.clamp(0.0, 1e5))
        }
        false => (duration, duration),
    };
    program.phases.push(Phase { least, most: most.max(least), states });
    Ok(())
}

/// A light by SUMO's letter.
fn light(letter: u8) -> u8 {
    match letter {
        b'G' => b'G',
        b'g' | b's' | b'o' => b'g',
        b'O' => b'O',
        b'y' | b'Y' => b'y',
        _ => b'r',
    }
}

/// Whether the bit of `other` in a row of zeros and ones that ends with number 0 is set.
fn bit(row: &str, other: usize) -> bool {
    row.len().checked_sub(other + 1).is_some_and(|at| row.as_bytes()[at] == b'1')
}

fn assemble(path: &Path, net: Net) -> Result<Lanes> {
    let bad = |problem: String| Error::data(path, problem, "export it again with netconvert");
    let mut all = Lanes::default();
    let mut node: HashMap<&str, u32> = HashMap::new();
    for junction in &net.junctions {
        node.insert(&junction.id, all.nodes.len() as u32);
        all.nodes.push((junction.id.clone(), junction.at));
    }
    // Lanes by the name of their edge, those of streets first.
    let mut first: HashMap<&str, (u32, usize)> = HashMap::new();
    let mut too_many = 0;
    for edge in &net.edges {
        let Some(ends) = &edge.ends else { continue };
        if edge.lanes.iter().all(|lane| lane.modes == 0) {
            continue;
        }
        let end = |id: &str| {
            node.get(id)
                .copied()
                .ok_or_else(|| bad(format!("edge {} ends at junction {}, which is not there", edge.id, shown(id))))
        };
        let (from, to) = (end(&ends[0])?, end(&ends[1])?);
        let street = all.streets.len() as u32;
        let lanes = edge.lanes.len().min(MOST_LANES);
        too_many += edge.lanes.len() - lanes;
        first.insert(&edge.id, (all.lanes.len() as u32, lanes));
        all.streets.push(Street {
            id: edge.id.clone(),
            from,
            to,
            first: all.lanes.len() as u32,
            lanes: lanes as u32,
            road: None,
        });
        for lane in &edge.lanes[..lanes] {
            if lane.line.len() < 2 {
                return Err(bad(format!("a lane of edge {} has no shape", shown(&edge.id))));
            }
            all.lanes.push(Lane { street: Some(street), node: to, ..lane.clone() });
        }
    }
    for edge in net.edges.iter().filter(|edge| edge.ends.is_none()) {
        first.insert(&edge.id, (all.lanes.len() as u32, edge.lanes.len()));
        all.lanes.extend(edge.lanes.iter().cloned());
    }
    let lane_of = |edge: &str, index: usize| {
        first.get(edge).filter(|(_, lanes)| index < *lanes).map(|(first, _)| first + index as u32)
    };
    let by_id = |id: &str| {
        let (edge, index) = id.rsplit_once('_')?;
        lane_of(edge, index.parse().ok()?)
    };
    // Lights.
    let mut program: HashMap<String, u32> = HashMap::new();
    for own in net.programs {
        // The first program of a junction is the one that runs.
        if !own.phases.is_empty() && !program.contains_key(&own.id) {
            program.insert(own.id.clone(), all.programs.len() as u32);
            all.programs.push(own);
        }
    }
    // Lanes across junctions go on in one another.
    let mut onward: HashMap<u32, u32> = HashMap::new();
    for own in net.connections.iter().filter(|own| own.from.0.starts_with(':')) {
        let (Some(from), Some(via)) = (lane_of(&own.from.0, own.from.1), own.via.as_deref().and_then(by_id)) else {
            continue;
        };
        onward.insert(from, via);
    }
    let mut zips = Vec::new();
    // The lights of turns that have no program.
    let mut without: Vec<String> = Vec::new();
    let mut turn_of_lane: HashMap<u32, u32> = HashMap::new();
    for own in net.connections.iter().filter(|own| !own.from.0.starts_with(':')) {
        let (Some(from), Some(to)) = (lane_of(&own.from.0, own.from.1), lane_of(&own.to.0, own.to.1)) else { continue };
        let mut via = Vec::new();
        let mut next = own.via.as_deref().and_then(by_id);
        while let Some(lane) = next.filter(|_| via.len() < 4) {
            via.push(lane);
            next = onward.get(&lane).copied();
        }
        let at = all.lanes[from as usize].node;
        for lane in &via {
            all.lanes[*lane as usize].node = at;
            turn_of_lane.insert(*lane, all.turns.len() as u32);
        }
        let signal = match &own.signal {
            Some((tl, index)) => match program.get(tl).copied() {
                Some(known) if (*index as usize) < all.programs[known as usize].phases[0].states.len() => {
                    Some((known, *index))
                }
                Some(_) => return Err(bad(format!("lights {} have no place {index}", shown(tl)))),
                // Crossings of railways have none in the file.
                None => {
                    without.push(tl.clone());
                    None
                }
            },
            None => None,
        };
        zips.push(own.zips);
        all.turns.push(Turn { from, via, to, modes: ALL, signal, foes: Vec::new() });
    }
    if let Some(first) = without.first().map(|id| shown(id)) {
        let turns = without.len();
        let of_all = share(turns, turns + all.turns.iter().filter(|turn| turn.signal.is_some()).count());
        without.sort_unstable();
        without.dedup();
        let lights = without.len();
        all.repairs.push(Remark::new(
            of_all,
            format!("{lights} lights have no program and are left out (the first: {first})"),
            format!("{lights} verkeerslichten hebben geen programma en zijn weggelaten (het eerste: {first})"),
        ));
    }
    if too_many > 0 {
        all.repairs.push(Remark::new(
            share(too_many, too_many + all.lanes.iter().filter(|lane| lane.street.is_some()).count()),
            format!("{too_many} lanes beyond the eighth of a road are left out"),
            format!("{too_many} rijstroken na de achtste van een weg zijn weggelaten"),
        ));
    }
    foes(&mut all, &net.junctions, &turn_of_lane, &by_id, &zips);
    Ok(all)
}

/// Who meets whom at the junctions, and who goes first.
fn foes(
    all: &mut Lanes,
    junctions: &[Junction],
    turn_of_lane: &HashMap<u32, u32>,
    by_id: &dyn Fn(&str) -> Option<u32>,
    zips: &[bool],
) {
    for junction in junctions {
        let turns: Vec<Option<u32>> = junction
            .internal
            .iter()
            .map(|lane| by_id(lane).and_then(|lane| turn_of_lane.get(&lane).copied()))
            .collect();
        for (k, own) in turns.iter().enumerate() {
            let (Some(own), Some((response, meets))) = (own, junction.requests.get(&k)) else { continue };
            for (other, foe) in turns.iter().enumerate() {
                let Some(foe) = foe.filter(|foe| foe != own) else { continue };
                let [one, two] = [&all.turns[*own as usize], &all.turns[foe as usize]];
                let merges = one.to == two.to;
                let gives_way = bit(response, other);
                if one.from == two.from || !(bit(meets, other) || gives_way || merges) {
                    continue;
                }
                let ends = |turn: &Turn| all.across(turn);
                let (own_end, other_end) = (ends(one), ends(two));
                let [mine, theirs] = [*own as usize, foe as usize].map(|turn| path(all, turn));
                let zone = meet(&mine, &theirs, BREADTH);
                let (mut here, mut there) = match zone {
                    Some([here, there]) => (here, there),
                    // Told to meet, and not drawn so: the whole way.
                    None => ((0.0, own_end), (0.0, other_end)),
                };
                if merges {
                    (here.1, there.1) = (own_end, other_end);
                }
                // Who waits on the junction waits before all whom he meets.
                let waits = |turn: &Turn, zone: &mut (f64, f64)| {
                    if turn.via.len() > 1 {
                        let place = all.lanes[turn.via[0] as usize].length + 0.05;
                        *zone = (zone.0.max(place), zone.1.max(place + 0.5));
                    }
                };
                waits(one, &mut here);
                waits(two, &mut there);
                let zips = zips[*own as usize] && zips[foe as usize];
                all.turns[*own as usize].foes.push(Foe {
                    turn: foe,
                    gives_way: gives_way && !zips,
                    merges,
                    zips,
                    own: here,
                    other: there,
                });
            }
        }
    }
}

/// A kind of vehicle, as a file of SUMO tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// Its name.
    pub id: String,
    /// What it counts as.
    pub modes: u8,
    /// SUMO's word for it.
    pub class: String,
    /// m, m, m/s², m/s², s, m/s.
    pub length: f64,
    /// Least distance to the one before, m.
    pub gap: f64,
    /// m/s².
    pub accel: f64,
    /// m/s².
    pub decel: f64,
    /// Time to the one before, s.
    pub headway: f64,
    /// m/s.
    pub speed: f64,
    /// Share of those that are drawn from a distribution.
    pub share: f64,
    /// The distribution that it belongs to.
    pub group: Option<String>,
}

/// A stop of buses.
#[derive(Clone, Debug, PartialEq)]
pub struct BusStop {
    /// Its name.
    pub id: String,
    /// Edge and lane.
    pub lane: (String, usize),
    /// Where it ends, m from the beginning of the lane.
    pub at: f64,
}

/// A vehicle that is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Its name.
    pub id: String,
    /// s.
    pub depart: f64,
    /// Its kind or distribution.
    pub kind: String,
    /// Edges of its route, or only the first and the last; those of a flow share one.
    pub edges: Arc<[String]>,
    /// Whether the edges between are to be found.
    pub is_open: bool,
    /// Speed when it sets out, m/s; as fast as can be where none is given.
    pub speed: Option<f64>,
    /// Stops by name, with the time that it stays, s.
    pub stops: Vec<(Arc<str>, f64)>,
}

/// What files of SUMO besides the network tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras {
    /// Lights; they take the place of those of the network.
    pub programs: Vec<Program>,
    /// Kinds.
    pub types: Vec<Type>,
    /// Stops.
    pub stops: Vec<BusStop>,
    /// Vehicles.
    pub vehicles: Vec<Told>,
    /// Persons and containers, who are not followed.
    pub persons: usize,
}

/// The kind that a class of SUMO stands for where nothing else is said (its "default vehicle parameters").
pub fn plain(id: &str, class: &str) -> Type {
    let (length, gap, accel, decel, speed) = match class {
        "bicycle" => (1.6, 0.5, 1.2, 3.0, 5.56),
        "bus" | "coach" => (12.0, 2.5, 1.2, 4.0, 23.6),
        "truck" => (7.1, 2.5, 1.3, 4.0, 36.1),
        "trailer" => (16.5, 2.5, 1.1, 4.0, 36.1),
        "delivery" => (6.5, 2.5, 2.6, 4.5, 55.6),
        _ => (5.0, 2.5, 2.6, 4.5, 55.6),
    };
    Type {
        id: id.into(),
        modes: class_bits(class),
        class: class.into(),
        length,
        gap,
        accel,
        decel,
        headway: 1.0,
        speed,
        share: 1.0,
        group: None,
    }
}

/// Reads a further file: `.rou.xml` or `.add.xml`.
///
/// # Errors
/// `Io` where the file cannot be read, `Data` with the line that is not understood.
pub fn extras(path: &Path) -> Result<Extras> {
    let mut xml = Xml::open(path)?;
    let mut all = Extras::default();
    let mut routes: HashMap<String, Arc<[String]>> = HashMap::new();
    let (mut program, mut group): (Option<Program>, Option<String>) = Default::default();
    // The first vehicle of the element that is open: a flow has many.
    let (mut first, mut inside) = (None, 0usize);
    let mut root = false;
    loop {
        let (name, attributes, is_empty) = match xml.next()? {
            Piece::Done => break,
            Piece::End(name) => {
                match name.as_str() {
                    "tlLogic" => all.programs.extend(program.take()),
                    "vTypeDistribution" => group = None,
                    "vehicle" | "trip" | "flow" => first = None,
                    _ => {}
                }
                continue;
            }
            Piece::Start(name, attributes, is_empty) => (name, attributes, is_empty),
        };
        let own = Element { xml: &xml, name: &name, attributes: &attributes };
        if !root {
            root = matches!(name.as_str(), "routes" | "add" | "additional");
            if !root {
                return Err(xml.bad(format!("begins with <{}>, and <routes> or <additional> is wanted", shown(&name))));
            }
            continue;
        }
        match name.as_str() {
            "tlLogic" => {
                let begun = begin_program(&own)?;
                program = Some(begun);
            }
            "phase" => {
                if let Some(program) = &mut program {
                    phase(&own, program)?;
                }
            }
            "vTypeDistribution" if !is_empty => group = Some(own.wanted("id")?),
            "vType" => {
                let class = own.text("vClass").unwrap_or("passenger").to_string();
                let base = plain(&own.wanted("id")?, &class);
                let kind = Type {
                    length: own.number_or("length", base.length)?,
                    gap: own.number_or("minGap", base.gap)?,
                    accel: own.number_or("accel", base.accel)?,
                    decel: own.number_or("decel", base.decel)?,
                    headway: own.number_or("tau", base.headway)?,
                    speed: own.number_or("maxSpeed", base.speed)?,
                    share: own.number_or("probability", 1.0)?.max(0.0),
                    group: group.clone(),
                    ..base
                };
                let sound = [kind.length, kind.accel, kind.decel, kind.speed].iter().all(|own| *own > 0.01);
                if !sound
                    || kind.length > 60.0
                    || kind.gap < 0.0
                    || kind.gap > 50.0
                    || !(0.1..20.0).contains(&kind.headway)
                {
                    return Err(xml.bad(format!("the kind {} has sizes that no vehicle has", shown(&kind.id))));
                }
                all.types.push(kind);
            }
            "busStop" => {
                let lane = own.wanted("lane")?;
                let place = lane.rsplit_once('_').and_then(|(edge, k)| Some((edge.to_string(), k.parse().ok()?)));
                let Some(place) = place else { return Err(xml.bad(format!("\"{}\" is not a lane", shown(&lane)))) };
                let at = own.number_or("endPos", f64::INFINITY)?;
                all.stops.push(BusStop { id: own.wanted("id")?, lane: place, at });
            }
            "route" | "stop"
                if first.is_some_and(|first| {
                    // A flow has many vehicles: each of its parts would take as long as all of them.
                    inside += all.vehicles.len() - first;
                    inside > 2 * MOST_VEHICLES
                }) =>
            {
                return Err(
                    xml.bad(format!("tells of more than {} routes and stops inside vehicles", 2 * MOST_VEHICLES))
                );
            }
            "route" => {
                let edges: Arc<[String]> = own.wanted("edges")?.split_whitespace().map(str::to_string).collect();
                match first {
                    Some(first) => all.vehicles[first..].iter_mut().for_each(|own| own.edges.clone_from(&edges)),
                    None => {
                        routes.insert(own.wanted("id")?, edges);
                    }
                }
            }
            "stop" => {
                if let (Some(first), Some(stop)) = (first, own.text("busStop")) {
                    let stop = (Arc::from(stop), own.number_or("duration", 20.0)?.clamp(0.0, 36_000.0));
                    all.vehicles[first..].iter_mut().for_each(|own| own.stops.push(stop.clone()));
                }
            }
            "person" | "personFlow" | "container" | "containerFlow" => all.persons += 1,
            "vehicle" | "trip" | "flow" => {
                let mut told = Told {
                    id: own.wanted("id")?,
                    kind: own.text("type").unwrap_or_default().trim().to_string(),
                    speed: own
                        .text("departSpeed")
                        .map_or(Some(0.0), |text| text.parse().ok().filter(|v: &f64| *v >= 0.0)),
                    ..Told::default()
                };
                if let Some(route) = own.text("route").map(str::trim) {
                    told.edges = routes.get(route).cloned().unwrap_or_default();
                } else if let (Some(from), Some(to)) = (own.text("from"), own.text("to")) {
                    // As SUMO reads them: blanks around a name are none of it.
                    let via = own.text("via").unwrap_or_default().split_whitespace();
                    told.edges =
                        std::iter::once(from.trim()).chain(via).chain([to.trim()]).map(str::to_string).collect();
                    told.is_open = true;
                }
                first = (!is_empty).then_some(all.vehicles.len());
                if name == "flow" {
                    flow(&own, &told, &mut all.vehicles)?;
                } else {
                    told.depart = own.time("depart")?;
                    all.vehicles.push(told);
                }
            }
            _ => {}
        }
        if all.vehicles.len() > MOST_VEHICLES || all.types.len() > 10_000 || all.stops.len() > 1_000_000 {
            return Err(xml.bad("tells of more vehicles, kinds or stops than can be taken"));
        }
    }
    Ok(all)
}

/// Vehicles of a flow, at equal distances in time.
fn flow(own: &Element, told: &Told, all: &mut Vec<Told>) -> Result<()> {
    let begin = if own.text("begin").is_some() { own.time("begin")? } else { 0.0 };
    let end = if own.text("end").is_some() { own.time("end")? } else { begin + 86_400.0 };
    let per_hour = own.text("vehsPerHour").or(own.text("perHour")).and_then(|text| text.parse::<f64>().ok());
    let number = own.text("number").and_then(|text| text.parse::<f64>().ok());
    let period = match (per_hour, own.text("period").and_then(|text| text.parse::<f64>().ok()), number) {
        (Some(per_hour), _, _) => 3600.0 / per_hour,
        (None, Some(period), _) => period,
        (None, None, Some(number)) => (end - begin) / number,
        _ => return Err(own.xml.bad(format!("the flow {} has no number an hour", shown(&told.id)))),
    };
    let count = number.unwrap_or(f64::INFINITY).min(((end - begin) / period).ceil());
    if !(period > 0.0 && count >= 0.0) {
        return Err(own.xml.bad(format!("the flow {} has no number that can be", shown(&told.id))));
    }
    // They would fill the memory before anything could be refused.
    if all.len() as f64 + count > MOST_VEHICLES as f64 {
        let own = own.xml.bad(format!(
            "the flow {} comes to {count} vehicles, and {MOST_VEHICLES} are the most that are taken: give an end, or fewer an hour",
            shown(&told.id)
        ));
        return Err(own);
    }
    for k in 0..count as usize {
        let id = format!("{}.{k}", told.id);
        all.push(Told { id, depart: begin + k as f64 * period, ..told.clone() });
    }
    Ok(())
}
