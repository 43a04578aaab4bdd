//! What a scenario changes on the roads: links closed, added, moved, given other lanes, speeds or directions, and turns banned.

use super::rules::Rules;
use super::street::{self, Filled, Leads, Street};
use super::{CAR, CYCLE, Control, Link, Node, Roads, TRUCK, length};
use glam::DVec2;
use hanze_base::outline::Outline;
use hanze_base::words::Text;

/// A link lies along a line if most of it is so near, m.
const ALONG: f64 = 12.0;
/// Ends of new roads join what is so near, m.
const JOINS: f64 = 30.0;
/// Links whose lines pass a place this closely are those of one road, m.
const SAME_ROAD: f64 = 3.0;
/// Width of a lane, m.
const LANE: f64 = 3.2;

/// Which links an edit is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Those with these names of their source; `-name` is the way back.
    Links(Vec<String>),
    /// Those along a line.
    Along(Vec<DVec2>),
    /// All of a street.
    Street(String),
    /// Those of which most lies within an area.
    Within(Outline),
}

/// What is changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nobody of some modes may pass.
    Close(u8),
    /// Other lanes in each direction.
    Lanes(f64),
    /// Another speed, m/s.
    Speed(f64),
    /// At most this speed, m/s, where cars and trucks may drive: slower roads stay as they are.
    Limit(f64),
    /// A cycle street: open to cycles, cars and trucks are guests at this speed at most, m/s.
    CycleStreet(f64),
    /// Capacity times a number.
    Capacity(f64),
    /// Only in the direction of the line, or of the links that are named.
    OneWay,
    /// In both directions.
    BothWays,
    /// The road runs along another line.
    Move(Vec<DVec2>),
    /// A new road: along the place's line.
    Add {
        /// Its kind, as the rules name it.
        kind: String,
        /// Lanes in each direction, where they are not those of the kind.
        lanes: Option<f64>,
        /// Speed, m/s, where it is not that of the kind.
        speed: Option<f64>,
        /// Whether it leads in one direction only.
        one_way: bool,
        /// Who may use it, where it is not as the kind says.
        modes: Option<u8>,
    },
    /// No turn from a road into another: three points of a line, before the junction, on it, and behind it.
    Ban,
}

/// An edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Name for people.
    pub name: String,
    /// Where.
    pub place: Place,
    /// What.
    pub change: Change,
}

/// Roads after edits, and what became of each link.
#[derive(Clone, Debug, Default)]
pub struct Edited {
    /// The roads.
    pub roads: Roads,
    /// For each link the one of before that it is, or is a part of.
    pub origin: Vec<Option<u32>>,
    /// For each link of before those that it has become, from its beginning to its end.
    pub parts: Vec<Vec<u32>>,
    /// For each link the one of before whose traffic it is compared with: that which it is or was a part of, or that which it took the
    /// place of when its road was moved.
    pub before: Vec<Option<u32>>,
    /// Links of before whose road was moved.
    pub moved: Vec<u32>,
    /// What was done, edit by edit.
    pub words: Vec<Text>,
}

/// What an edit cannot do: its number and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Which edit, from 0.
    pub edit: usize,
    /// Why.
    pub problem: String,
    /// What helps.
    pub mend: &'static str,
}

struct Editor<'a> {
    roads: Roads,
    origin: Vec<Option<u32>>,
    /// For each link the one of before whose traffic it is compared with.
    before: Vec<Option<u32>>,
    moved: Vec<u32>,
    /// Links that are gone.
    gone: Vec<bool>,
    rules: &'a Rules,
    added: usize,
}

/// Makes edits one after another.
///
/// # Errors
/// [`Refused`] with the number of the first edit that meets no link, or whose new road meets no road.
pub fn edit(base: &Roads, edits: &[Edit], rules: &Rules) -> Result<Edited, Refused> {
    let count = base.links.len();
    let origin: Vec<Option<u32>> = (0..count as u32).map(Some).collect();
    let before = origin.clone();
    let gone = vec![false; count];
    let mut editor = Editor { roads: base.clone(), origin, before, moved: Vec::new(), gone, rules, added: 0 };
    let mut words = Vec::new();
    for (k, edit) in edits.iter().enumerate() {
        let refused = |(problem, mend)| Refused { edit: k, problem, mend };
        let done = editor.make(edit).map_err(refused)?;
        words.push(Text::new(format!("{}: {}", edit.name, done.en), format!("{}: {}", edit.name, done.nl)));
    }
    Ok(editor.done(count, words))
}

/// The links of a place.
///
/// # Errors
/// The problem and its mend, where no link lies there.
pub fn links(roads: &Roads, place: &Place) -> Result<Vec<u32>, (String, &'static str)> {
    Ok(links_of(roads, &vec![false; roads.links.len()], place)?.into_iter().map(|k| k as u32).collect())
}

type Outcome<T> = Result<T, (String, &'static str)>;

impl Editor<'_> {
    fn make(&mut self, edit: &Edit) -> Outcome<Text> {
        match &edit.change {
            Change::Add { kind, lanes, speed, one_way, modes } => {
                let Place::Along(line) = &edit.place else {
                    return Err(("has no line".into(), "write along = [[x, y], [x, y]]"));
                };
                let leads = if *one_way { Leads::There } else { Leads::Both };
                let new = self.add(line, kind, *lanes, *speed, leads, *modes)?;
                let (count, metres) = (new.len(), self.roads.links[new[0]].length);
                Ok(Text::new(
                    format!("a new road ({count} links of {metres:.0} m)"),
                    format!("een nieuwe weg ({count} stukken van {metres:.0} m)"),
                ))
            }
            Change::Ban => self.ban(&edit.place),
            Change::Move(line) => {
                let links = self.links(&edit.place)?;
                let own: Vec<Link> = links.iter().map(|k| self.roads.links[*k].clone()).collect();
                let longest = own.iter().max_by(|a, b| a.length.total_cmp(&b.length).then(b.id.cmp(&a.id)));
                let Some(like) = longest.cloned() else { return Err(("meets no road".into(), "move the line")) };
                let both =
                    own.iter().any(|link| own.iter().any(|other| (link.from, link.to) == (other.to, other.from)));
                // A road that leads one way goes on leading there, however its new line is drawn.
                let mut line = line.clone();
                let (begin, end) = (like.line[0], like.line[like.line.len() - 1]);
                let (first, last) = (line[0], line[line.len() - 1]);
                if !both && (end - begin).dot(last - first) < 0.0 {
                    line.reverse();
                }
                links.iter().for_each(|k| self.gone[*k] = true);
                self.moved.extend(links.iter().filter_map(|k| self.origin[*k]));
                let leads = if both { Leads::Both } else { Leads::There };
                let new = self.add(&line, &like.kind, Some(like.lanes), Some(like.speed), leads, Some(like.modes))?;
                let along = |link: &Link| link.line[link.line.len() - 1] - link.line[0];
                for &k in &new {
                    let link = &mut self.roads.links[k];
                    let way = along(link);
                    // The longest of those that ran the same way.
                    let runs = (0..own.len()).filter(|old| along(&own[*old]).dot(way) > 0.0);
                    let longest = runs.max_by(|a, b| own[*a].length.total_cmp(&own[*b].length));
                    let old = longest.map_or(&like, |old| &own[old]);
                    self.before[k] = longest.and_then(|old| self.before[links[old]]);
                    (link.name, link.capacity, link.factor) = (old.name.clone(), old.capacity, old.factor);
                    (link.power, link.modes, link.priority) = (old.power, old.modes, old.priority);
                    if let Some(same) = own.iter().find(|old| old.to == link.to) {
                        link.control = same.control;
                    }
                }
                // Streets that met the old line on its way end there now.
                let ends: Vec<u32> = new.iter().map(|k| self.roads.links[*k].from).collect();
                let mut left: Vec<u32> = own.iter().flat_map(|link| [link.from, link.to]).collect();
                left.sort_unstable();
                left.dedup();
                let meets = |node: &u32| {
                    let others = (0..self.roads.links.len()).filter(|k| !self.gone[*k]);
                    others.map(|k| &self.roads.links[k]).any(|link| link.from == *node || link.to == *node)
                };
                let left = left.iter().filter(|node| !ends.contains(node) && meets(node)).count();
                let (count, metres) = (new.len(), self.roads.links[new[0]].length);
                let (en, nl) = match left {
                    0 => (String::new(), String::new()),
                    _ => (
                        format!("; {left} junctions on the old line no longer meet it"),
                        format!("; {left} kruispunten op de oude lijn sluiten niet meer aan"),
                    ),
                };
                Ok(Text::new(
                    format!("moved ({} links, now {count} of {metres:.0} m{en})", own.len()),
                    format!("verlegd ({} stukken, nu {count} van {metres:.0} m{nl})", own.len()),
                ))
            }
            Change::BothWays => {
                let links = self.links(&edit.place)?;
                let mut opened = 0;
                for k in links {
                    let link = self.roads.links[k].clone();
                    let mut others = (0..self.roads.links.len()).filter(|k| !self.gone[*k]);
                    let back = others.find(|k| is_way_back(&self.roads.links[*k], &link));
                    if let Some(back) = back {
                        opened += usize::from(self.roads.links[back].modes != link.modes);
                        self.roads.links[back].modes |= link.modes;
                        continue;
                    }
                    opened += 1;
                    let mut line = link.line.clone();
                    line.reverse();
                    let id = format!("-{}", link.id.trim_start_matches('-'));
                    let back = Link { id, from: link.to, to: link.from, line, control: Control::Unknown, ..link };
                    self.push(back, None, None);
                }
                Ok(Text::new(
                    format!("open in both directions ({opened} links)"),
                    format!("in beide richtingen open ({opened} stukken)"),
                ))
            }
            Change::OneWay => {
                let links = self.links(&edit.place)?;
                let kept = match &edit.place {
                    // Those that run with the line; of roads side by side the one that is meant.
                    Place::Along(line) => nearest(&self.roads, &links, line),
                    _ => links,
                };
                // What leads back along the same road, and along no other between the same junctions.
                let all = 0..self.roads.links.len();
                let is_back = |k: &usize| {
                    let link = &self.roads.links[*k];
                    !self.gone[*k]
                        && link.modes & !CYCLE != 0
                        && !kept.contains(k)
                        && kept.iter().any(|own| is_way_back(link, &self.roads.links[*own]))
                };
                let against: Vec<usize> = all.filter(is_back).collect();
                if against.is_empty() {
                    return Err(("leads one way already".into(), "draw along in the direction that stays open"));
                }
                // Cycles may still go both ways, as is usual.
                for k in &against {
                    self.roads.links[*k].modes &= CYCLE;
                    self.gone[*k] |= self.roads.links[*k].modes == 0;
                }
                Ok(Text::new(
                    format!("one way for cars ({} links closed)", against.len()),
                    format!("eenrichtingsverkeer voor auto's ({} stukken dicht)", against.len()),
                ))
            }
            change => {
                let mut links = self.links(&edit.place)?;
                if let Change::Close(modes) = change {
                    // What they may not use anyhow is not closed to them.
                    links.retain(|k| self.roads.links[*k].modes & modes != 0);
                    if links.is_empty() {
                        let mend = "draw along over another road, or name other modes";
                        return Err(("closes nothing: those it names may not go there anyhow".into(), mend));
                    }
                }
                if let Change::Limit(speed) | Change::CycleStreet(speed) = change {
                    let motor = |k: &usize| self.roads.links[*k].modes & (CAR | TRUCK) != 0;
                    let is_limit = matches!(change, Change::Limit(_));
                    links.retain(|k| motor(k) && (!is_limit || self.roads.links[*k].speed > *speed));
                    if links.is_empty() {
                        let mend = "draw it over another road, or write a lower speed";
                        return Err(("changes nothing: no road there is faster".into(), mend));
                    }
                }
                for &k in &links {
                    let link = &mut self.roads.links[k];
                    match change {
                        Change::Close(modes) => {
                            link.modes &= !modes;
                            self.gone[k] |= link.modes == 0;
                        }
                        Change::Lanes(lanes) => {
                            link.capacity *= lanes / link.lanes;
                            link.lanes = *lanes;
                        }
                        Change::Speed(speed) | Change::Limit(speed) => link.speed = *speed,
                        Change::CycleStreet(speed) => {
                            link.speed = link.speed.min(*speed);
                            link.modes |= CYCLE;
                        }
                        Change::Capacity(factor) => link.capacity *= factor,
                        _ => {}
                    }
                }
                let count = links.len();
                let (en, nl) = match change {
                    Change::Close(_) => ("closed".to_string(), "afgesloten".to_string()),
                    Change::Lanes(lanes) => (format!("lanes: {lanes}"), format!("rijstroken: {lanes}")),
                    Change::Speed(speed) | Change::Limit(speed) => {
                        let kmh = (36.0 * speed).round() / 10.0;
                        (format!("{kmh} km/h"), format!("{kmh} km/u"))
                    }
                    Change::CycleStreet(speed) => {
                        let kmh = (36.0 * speed).round() / 10.0;
                        (format!("cycle street, {kmh} km/h"), format!("fietsstraat, {kmh} km/u"))
                    }
                    Change::Capacity(factor) => {
                        (format!("capacity times {factor}"), format!("capaciteit maal {factor}"))
                    }
                    _ => Default::default(),
                };
                Ok(Text::new(format!("{en} ({count} links)"), format!("{nl} ({count} stukken)")))
            }
        }
    }

    fn links(&self, place: &Place) -> Outcome<Vec<usize>> {
        links_of(&self.roads, &self.gone, place)
    }

    fn push(&mut self, link: Link, origin: Option<u32>, before: Option<u32>) -> usize {
        let mut link = link;
        while self.roads.links.iter().any(|other| other.id == link.id) {
            link.id.push('~');
        }
        self.roads.links.push(link);
        self.origin.push(origin);
        self.before.push(before);
        self.gone.push(false);
        self.roads.links.len() - 1
    }

    /// Adds a road along a line; its ends join what is near.
    fn add(
        &mut self,
        line: &[DVec2],
        kind: &str,
        lanes: Option<f64>,
        speed: Option<f64>,
        leads: Leads,
        modes: Option<u8>,
    ) -> Outcome<Vec<usize>> {
        let (Some(&first), Some(&last)) = (line.first(), line.last()) else {
            return Err(("has no line".into(), "write along = [[x, y], [x, y]]"));
        };
        if length(line) < 1.0 {
            return Err(("is shorter than a metre".into(), "draw a longer line"));
        }
        let ends = [self.joined(first)?, self.joined(last)?];
        if ends[0] == ends[1] {
            return Err(("begins and ends at the same junction".into(), "draw a longer line"));
        }
        let mut line = line.to_vec();
        let n = line.len();
        line[0] = self.roads.nodes[ends[0] as usize].at;
        line[n - 1] = self.roads.nodes[ends[1] as usize].at;
        self.added += 1;
        let street = Street {
            id: format!("new-{}", self.added),
            kind: kind.into(),
            ends,
            line,
            leads,
            lanes_each: [lanes; 2],
            speed_kmh: speed.map(|speed| 3.6 * speed),
            ..Street::default()
        };
        let mut links = street::links(&street, self.rules, &mut Filled::default());
        if let Some(modes) = modes {
            links.iter_mut().for_each(|link| link.modes = modes);
        }
        if links.is_empty() {
            return Err((
                format!("is of the kind \"{kind}\", which the rules do not know"),
                "take one of the table of rules",
            ));
        }
        // Where lights stand, the new road has them, too.
        let has_lights = |node: u32| {
            let others = (0..self.roads.links.len()).filter(|k| !self.gone[*k]);
            others.map(|k| &self.roads.links[k]).any(|link| link.to == node && link.control == Control::Signal)
        };
        for link in &mut links {
            if has_lights(link.to) {
                link.control = Control::Signal;
            }
        }
        Ok(links.into_iter().map(|link| self.push(link, None, None)).collect())
    }

    /// The node where a new road joins the others: one that is near, or a new one on the nearest road.
    fn joined(&mut self, at: DVec2) -> Outcome<u32> {
        let used =
            (0..self.roads.links.len()).filter(|k| !self.gone[*k] && self.roads.links[*k].modes & (CAR | TRUCK) != 0);
        let nodes = used.clone().flat_map(|k| [self.roads.links[k].from, self.roads.links[k].to]);
        let away = |node: u32| self.roads.nodes[node as usize].at.distance(at);
        let nearest = nodes.min_by(|a, b| away(*a).total_cmp(&away(*b)).then(a.cmp(b)));
        let on_road = used.map(|k| (distance(&self.roads.links[k].line, at), k));
        let on_road = on_road.min_by(|a, b| a.0.0.total_cmp(&b.0.0).then(a.1.cmp(&b.1)));
        let far = || {
            let mend = "let it begin and end on roads, to 30 m; its points are [x, y] in m of the city's plane";
            (format!("ends at ({:.0}, {:.0}), where no road is", at.x, at.y), mend)
        };
        let (nearest, ((off, place), _)) = nearest.zip(on_road).ok_or_else(far)?;
        if away(nearest) <= JOINS.min(off + 10.0) {
            return Ok(nearest);
        }
        if off > JOINS {
            return Err(far());
        }
        // All links of the road there are cut.
        let node = self.roads.nodes.len() as u32;
        self.roads.nodes.push(Node { id: format!("new-{node}"), at: place });
        let passing: Vec<usize> = (0..self.roads.links.len())
            .filter(|k| !self.gone[*k] && distance(&self.roads.links[*k].line, place).0 < SAME_ROAD)
            .collect();
        for k in passing {
            self.cut(k, node, place);
        }
        Ok(node)
    }

    /// Cuts a link in two at a place.
    fn cut(&mut self, k: usize, node: u32, at: DVec2) {
        let link = self.roads.links[k].clone();
        let along = place_along(&link.line, at);
        let whole = length(&link.line);
        if along < 1.0 || along > whole - 1.0 {
            return;
        }
        let (before, after) = split(&link.line, along);
        let share = along / whole;
        let first = Link {
            id: format!("{}a", link.id),
            to: node,
            line: before,
            length: share * link.length,
            control: Control::Unknown,
            ..link.clone()
        };
        let second =
            Link { id: format!("{}b", link.id), from: node, line: after, length: (1.0 - share) * link.length, ..link };
        let (origin, before) = (self.origin[k], self.before[k]);
        self.gone[k] = true;
        let (first, second) = (self.push(first, origin, before), self.push(second, origin, before));
        for (from, to) in &mut self.roads.bans {
            if *from as usize == k {
                *from = second as u32;
            }
            if *to as usize == k {
                *to = first as u32;
            }
        }
    }

    fn ban(&mut self, place: &Place) -> Outcome<Text> {
        let (from, to) = match place {
            Place::Links(names) if names.len() == 2 => {
                let links = self.links(place)?;
                (links[0], links[1])
            }
            Place::Along(line) if line.len() == 3 => {
                let used =
                    (0..self.roads.links.len()).filter(|k| !self.gone[*k] && self.roads.links[*k].modes & CAR != 0);
                let nearest = |at: DVec2, k: usize| distance(&self.roads.links[k].line, at).0;
                let node = used.clone().map(|k| self.roads.links[k].to).min_by(|a, b| {
                    let away = |node: &u32| self.roads.nodes[*node as usize].at.distance(line[1]);
                    away(a).total_cmp(&away(b)).then(a.cmp(b))
                });
                let of = |at: DVec2, entering: bool| {
                    let own = used.clone().filter(|k| {
                        let link = &self.roads.links[*k];
                        Some(if entering { link.to } else { link.from }) == node
                    });
                    own.min_by(|a, b| nearest(at, *a).total_cmp(&nearest(at, *b)).then(a.cmp(b)))
                };
                let pair = of(line[0], true).zip(of(line[2], false));
                pair.ok_or(("meets no junction".to_string(), "write three points: before, on and behind the junction"))?
            }
            _ => {
                return Err((
                    "names no turn".into(),
                    "write along = [before, on, behind the junction], or links = [from, to]",
                ));
            }
        };
        if self.roads.links[from].to != self.roads.links[to].from {
            return Err(("names links that do not meet".into(), "name one that ends where the other begins"));
        }
        let ban = (from as u32, to as u32);
        if !self.roads.bans.contains(&ban) {
            self.roads.bans.push(ban);
        }
        let [from, to] = [from, to].map(|k| &self.roads.links[k].id);
        Ok(Text::new(format!("no turn from {from} into {to}"), format!("niet afslaan van {from} naar {to}")))
    }

    fn done(self, count: usize, words: Vec<Text>) -> Edited {
        let Editor { mut roads, origin, before, mut moved, gone, .. } = self;
        let keep: Vec<bool> = gone.iter().map(|gone| !gone).collect();
        let kept = |all: Vec<Option<u32>>| -> Vec<Option<u32>> {
            all.into_iter().zip(&keep).filter(|(_, keep)| **keep).map(|(own, _)| own).collect()
        };
        let (origin, before) = (kept(origin), kept(before));
        moved.sort_unstable();
        moved.dedup();
        super::clean::retain_links(&mut roads, &keep);
        let mut parts = vec![Vec::new(); count];
        for (link, origin) in origin.iter().enumerate() {
            if let Some(origin) = origin {
                parts[*origin as usize].push(link as u32);
            }
        }
        // Parts lie one behind the other.
        for own in &mut parts {
            let mut sorted: Vec<u32> = Vec::with_capacity(own.len());
            while let Some(first) = own.iter().position(|link| {
                let from = roads.links[*link as usize].from;
                !own.iter().any(|other| other != link && roads.links[*other as usize].to == from)
            }) {
                sorted.push(own.swap_remove(first));
            }
            sorted.append(own);
            *own = sorted;
        }
        Edited { roads, origin, parts, before, moved, words }
    }
}

/// The links of a place among those that are not gone.
fn links_of(roads: &Roads, gone: &[bool], place: &Place) -> Outcome<Vec<usize>> {
    let all = (0..roads.links.len()).filter(|k| !gone[*k]);
    let found: Vec<usize> = match place {
        Place::Links(names) => {
            let mut found = Vec::new();
            for name in names {
                let own = all.clone().find(|k| roads.links[*k].id == *name);
                let Some(own) = own else {
                    return Err((
                        format!("names the link \"{name}\", which is not there"),
                        "take a name from the table of links",
                    ));
                };
                found.push(own);
            }
            found
        }
        Place::Street(name) => {
            let found: Vec<usize> = all.filter(|k| roads.links[*k].name.eq_ignore_ascii_case(name)).collect();
            if found.is_empty() {
                return Err((
                    format!("names the street \"{name}\", which is not there"),
                    "check its spelling, or draw it with along",
                ));
            }
            found
        }
        Place::Within(outline) => {
            let is_within = |k: &usize| {
                let line = &roads.links[*k].line;
                [0.1, 0.3, 0.5, 0.7, 0.9].iter().filter(|share| outline.holds(point_at(line, **share))).count() >= 3
            };
            let found: Vec<usize> = all.filter(is_within).collect();
            if found.is_empty() {
                return Err(("has no road of which most lies within".into(), "draw a larger area"));
            }
            found
        }
        Place::Along(line) => {
            let mut found: Vec<usize> = all.clone().filter(|k| lies_along(&roads.links[*k], line)).collect();
            if found.is_empty() {
                // A short line across a road means that road.
                let middle = point_at(line, 0.5);
                let nearest = all.map(|k| (distance(&roads.links[k].line, middle).0, k));
                let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let Some((away, nearest)) = nearest.filter(|(away, _)| *away <= ALONG) else {
                    return Err((
                        "meets no road".into(),
                        "draw along over the middle of the road, [[x, y], [x, y]] in m of the city's plane",
                    ));
                };
                let _ = away;
                let link = &roads.links[nearest];
                found = (0..roads.links.len())
                    .filter(|k| {
                        let other = &roads.links[*k];
                        let same = (other.from, other.to) == (link.from, link.to);
                        let back = (other.from, other.to) == (link.to, link.from);
                        !gone[*k] && (same || back) && (other.length - link.length).abs() < 1.0
                    })
                    .collect();
            }
            found
        }
    };
    Ok(found)
}

/// The point of a line at a share of its length.
pub fn point_at(line: &[DVec2], share: f64) -> DVec2 {
    let mut left = share * length(line);
    for ends in line.windows(2) {
        let piece = ends[0].distance(ends[1]);
        if left <= piece && piece > 0.0 {
            return ends[0].lerp(ends[1], left / piece);
        }
        left -= piece;
    }
    line.last().copied().unwrap_or_default()
}

/// How far a point is from a line, and the nearest point on it.
pub fn distance(line: &[DVec2], at: DVec2) -> (f64, DVec2) {
    let nearest = |ends: &[DVec2]| {
        let along = ends[1] - ends[0];
        let share = if along == DVec2::ZERO {
            0.0
        } else {
            ((at - ends[0]).dot(along) / along.length_squared()).clamp(0.0, 1.0)
        };
        ends[0] + share * along
    };
    let points = line.windows(2).map(nearest).chain(line.first().copied().filter(|_| line.len() == 1));
    points.map(|point| (point.distance(at), point)).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, at))
}

/// How far along a line the point of it lies that is nearest to another, m.
fn place_along(line: &[DVec2], at: DVec2) -> f64 {
    let (mut so_far, mut best) = (0.0, (f64::INFINITY, 0.0));
    for ends in line.windows(2) {
        let (away, point) = distance(ends, at);
        if away < best.0 {
            best = (away, so_far + ends[0].distance(point));
        }
        so_far += ends[0].distance(ends[1]);
    }
    best.1
}

/// A line cut in two.
fn split(line: &[DVec2], along: f64) -> (Vec<DVec2>, Vec<DVec2>) {
    let at = point_at(line, along / length(line));
    let (mut before, mut after) = (Vec::new(), vec![at]);
    let mut so_far = 0.0;
    for (k, point) in line.iter().enumerate() {
        if k > 0 {
            so_far += line[k - 1].distance(*point);
        }
        if so_far < along { before.push(*point) } else { after.push(*point) }
    }
    before.push(at);
    after.dedup();
    (before, after)
}

/// Whether a link is the way back of another along the same road: between the same nodes, and by its name or by its line, which lies
/// no further away than lanes side by side do.
fn is_way_back(link: &Link, other: &Link) -> bool {
    if (link.from, link.to) != (other.to, other.from) {
        return false;
    }
    let is_named = link.id.trim_start_matches('-') == other.id.trim_start_matches('-') && link.id != other.id;
    let width = SAME_ROAD.max(0.5 * LANE * (link.lanes + other.lanes) + 1.0);
    let near = |one: &Link, two: &Link| {
        [0.1, 0.3, 0.5, 0.7, 0.9].iter().all(|share| distance(&two.line, point_at(&one.line, *share)).0 < width)
    };
    is_named || (near(link, other) && near(other, link))
}

/// Of links along a line those that run with it, but for those of a road that lies beside another one which is nearer to the line.
fn nearest(roads: &Roads, links: &[usize], line: &[DVec2]) -> Vec<usize> {
    let with: Vec<usize> = links.iter().copied().filter(|k| runs_with(&roads.links[*k], line)).collect();
    let shares = [0.1, 0.3, 0.5, 0.7, 0.9];
    let off = |k: usize| {
        let own = &roads.links[k].line;
        shares.iter().map(|share| distance(line, point_at(own, *share)).0).sum::<f64>() / shares.len() as f64
    };
    let span = |k: usize| [0.0, 1.0].map(|share| place_along(line, point_at(&roads.links[k].line, share)));
    let is_beside = |k: usize, other: usize| {
        let ([a, b], [p, q]) = (span(k), span(other));
        b.min(q) - a.max(p) > 0.5 * (b - a) && off(other) + SAME_ROAD < off(k)
    };
    with.iter().copied().filter(|k| !with.iter().any(|other| is_beside(*k, *other))).collect()
}

/// Whether most of a link lies along a line.
fn lies_along(link: &Link, line: &[DVec2]) -> bool {
    let near =
        [0.1, 0.3, 0.5, 0.7, 0.9].iter().filter(|share| distance(line, point_at(&link.line, **share)).0 <= ALONG);
    // Roads that only cross have their middle near, but not the way they run.
    let (a, b) = (point_at(&link.line, 0.3), point_at(&link.line, 0.7));
    let (p, q) = (distance(line, a).1, distance(line, b).1);
    let runs = (b - a).normalize_or_zero().dot((q - p).normalize_or_zero()).abs() > 0.8;
    near.count() >= 3 && runs
}

/// Whether a link runs the way that a line does.
fn runs_with(link: &Link, line: &[DVec2]) -> bool {
    place_along(line, point_at(&link.line, 0.9)) > place_along(line, point_at(&link.line, 0.1))
}
