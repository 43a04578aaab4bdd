//! Roads as lines of GeoJSON or GeoPackage: each a stretch between two ends, with columns as OpenStreetMap's tags, osmnx, Geofabrik or
//! the Dutch road register (NWB) name them.

use super::access::{self, Access};
use super::nwb;
use super::street::{self, Filled, Leads, MOTOR, Street, share};
use super::{Control, MOST, Node, Reading, Roads, look_like_degrees, shown, undeclared};
use crate::read::{Line, Lines, Value, lines};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Ends that lie so near each other are one junction, m.
const SAME: f64 = 0.5;
/// Names that a remark lists at most.
const NAMED: usize = 10;

/// What is read of a line: for each the columns that may hold it, the best first.
const FIELDS: [(&str, &[&str]); 14] = [
    ("kind", &["highway", "kind", "wegtype", "type", "class", "fclass"]),
    ("name", &["name", "naam", "straatnaam", "stt_naam", "ref"]),
    ("oneway", &["oneway", "eenrichting"]),
    ("lanes", &["lanes", "rijstroken"]),
    ("maxspeed", &["maxspeed", "speed_kmh", "max_speed", "snelheid", "maxshd", "avgspeed"]),
    ("capacity", &["capacity", "capaciteit"]),
    ("id", &["id", "rfid", "fid", "wvk_id", "osmid"]),
    ("junction", &["junction"]),
    ("control", &["control", "verkeersregeling"]),
    ("direction", &["rijrichtng", "rijrichting"]),
    ("travel", &["dir_travel"]),
    ("part", &["bst_code", "baansubsrt", "baansubsoort"]),
    ("keeper", &["wegbehsrt"]),
    ("number", &["routeltr", "wegnr_hmp", "wegnr_aw"]),
];
/// Columns that say which way a road leads, and those that say what it is for.
const OF_DIRECTION: [&str; 3] = ["oneway", "direction", "travel"];
const OF_KIND: [&str; 3] = ["kind", "part", "motor_vehicle"];

/// Reads roads.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Roads> {
    // Tags of OpenStreetMap are columns of their own, with `:` or `_`.
    let tags = [access::keys(), access::conditionals()].concat();
    let underlined: Vec<String> = tags.iter().map(|tag| tag.replace(':', "_")).collect();
    let mut columns: Vec<&str> = FIELDS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut tag_of = HashMap::new();
    for (tag, column) in tags.iter().zip(&tags).chain(tags.iter().zip(&underlined).filter(|(tag, own)| tag != own)) {
        tag_of.insert(columns.len(), tag.as_str());
        columns.push(column);
    }
    let Lines { lines, is_placed, columns: names } = lines(path, reading.crs, reading.declared, &columns)?;
    let points = lines.iter().flat_map(|line| &line.points).map(|at| (at.x, at.y));
    if !is_placed && look_like_degrees(points) {
        return Err(undeclared(path));
    }
    if lines.is_empty() {
        return Err(Error::data(path, "holds no lines", "give roads as lines along their middle"));
    }
    if lines.len() > MOST {
        return Err(Error::data(path, format!("holds more than {MOST} lines"), "cut it to the city"));
    }
    let mut table = Table::new(&columns, tag_of, names);
    table.is_geofabrik = lines.iter().any(|line| {
        table.value(line, &["oneway"]).is_some_and(|own| matches!(own, Value::Text(text) if text.trim() == "B"))
    }) || table.has("fclass");
    let mut roads = Roads::default();
    let mut filled = Filled::default();
    let mut seen = Seen::default();
    // Nodes by the cell that they lie in.
    let mut cells: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
    for line in &lines {
        seen.lines += 1;
        if line.points.len() < 2 {
            seen.short += 1;
            continue;
        }
        let Some(street) = street_of(path, line, &table, reading, &mut seen)? else { continue };
        let mut end = |at: DVec2| -> u32 {
            let cell = ((at.x / SAME).floor() as i64, (at.y / SAME).floor() as i64);
            let near = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (cell.0 + dx, cell.1 + dy)));
            let near = near.filter_map(|cell| cells.get(&cell)).flatten();
            let away = |node: u32| roads.nodes[node as usize].at.distance(at);
            let found = near.copied().filter(|node| away(*node) <= SAME);
            if let Some(found) = found.min_by(|a, b| away(*a).total_cmp(&away(*b)).then(a.cmp(b))) {
                return found;
            }
            let node = roads.nodes.len() as u32;
            roads.nodes.push(Node { id: (node + 1).to_string(), at });
            cells.entry(cell).or_default().push(node);
            node
        };
        let ends = [end(line.points[0]), end(line.points[line.points.len() - 1])];
        roads.links.extend(street::links(&Street { ends, ..street }, reading.rules, &mut filled));
    }
    roads.repairs.extend(seen.words());
    roads.repairs.extend(table.words());
    roads.repairs.extend(filled.words(&reading.rules.source_name()));
    Ok(roads)
}

/// Which column of a file holds what.
struct Table<'a> {
    /// The place of each column among those that were asked for.
    place: HashMap<&'a str, usize>,
    /// The tag that each of them is, where it is one.
    tag_of: HashMap<usize, &'a str>,
    /// Columns of the file, in small letters.
    names: BTreeSet<String>,
    /// Whether `oneway` is F, T or B, for forward, backward and both, as Geofabrik writes it; else T and F are true and false.
    is_geofabrik: bool,
}

impl<'a> Table<'a> {
    fn new(columns: &[&'a str], tag_of: HashMap<usize, &'a str>, names: BTreeSet<String>) -> Table<'a> {
        let place = columns.iter().enumerate().map(|(k, name)| (*name, k)).collect();
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Table { place, tag_of, names, is_geofabrik: false }
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Names of the columns of a field or a tag.
    fn columns(field: &str) -> Vec<String> {
        match FIELDS.iter().find(|(own, _)| *own == field) {
            Some((_, names)) => names.iter().map(|name| (*name).to_string()).collect(),
            None => vec![field.to_string(), field.replace(':', "_")],
        }
    }

    /// Whether the file has a column of a field.
    fn knows(&self, field: &str) -> bool {
        Table::columns(field).iter().any(|name| self.has(name))
    }

    /// Whether it is of the Dutch road register.
    fn is_nwb(&self) -> bool {
        self.knows("part") || self.knows("keeper")
    }

    /// The value of a column, whatever it is.
    fn at<'l>(&self, line: &'l Line, name: &str) -> Option<&'l Value> {
        let place = self.place.get(name)?;
        line.values.iter().find(|(own, _)| own == place).map(|(_, value)| value)
    }

    /// The first value of some columns.
    fn value<'l>(&self, line: &'l Line, names: &[&str]) -> Option<&'l Value> {
        names.iter().find_map(|name| self.at(line, name).filter(|value| !is_missing(value)))
    }

    fn field<'l>(&self, line: &'l Line, field: &str) -> Option<&'l Value> {
        let (_, names) = FIELDS.iter().find(|(own, _)| *own == field)?;
        // What the register calls a kind of road is none of ours.
        let names: Vec<&str> = names.iter().copied().filter(|name| *name != "wegtype" || !self.is_nwb()).collect();
        self.value(line, &names)
    }

    /// The first value of a field, whatever it is: a number that is none is an error there.
    fn raw<'l>(&self, line: &'l Line, field: &str) -> Option<&'l Value> {
        let (_, names) = FIELDS.iter().find(|(own, _)| *own == field)?;
        names.iter().find_map(|name| self.at(line, name))
    }

    /// The words of a field.
    fn text(&self, line: &Line, field: &str) -> Option<String> {
        self.field(line, field).and_then(words)
    }

    /// The tags of a line.
    fn tags(&self, line: &Line) -> HashMap<&'a str, String> {
        let mut tags = HashMap::new();
        for (column, value) in line.values.iter().filter(|(_, value)| !is_missing(value)) {
            if let Some((tag, words)) = self.tag_of.get(column).zip(words(value)) {
                tags.entry(*tag).or_insert(words);
            }
        }
        tags
    }

    /// What the file does not say, where no column that is known says it.
    fn words(&self) -> Remarks {
        let mut all = Remarks::default();
        let known: BTreeSet<String> = FIELDS
            .iter()
            .map(|(field, _)| *field)
            .chain(self.tag_of.values().copied())
            .flat_map(Table::columns)
            .collect();
        let unread: Vec<&str> = self.names.difference(&known).map(String::as_str).collect();
        let more = if unread.len() > NAMED { ", …" } else { "" };
        let unread = unread.iter().take(NAMED).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
        let (en, nl) = match unread.as_str() {
            "" => (String::new(), String::new()),
            _ => (format!("; nothing reads {unread}{more}"), format!("; niet gelezen: {unread}{more}")),
        };
        let knows = |fields: &[&str]| fields.iter().any(|field| self.knows(field));
        if !knows(&OF_DIRECTION) {
            all.push(Remark::new(
                1.0,
                format!("no column that is known says which way roads lead: the kind of road decides, most are open both ways{en}"),
                format!("geen bekende kolom zegt welke kant wegen op gaan: de soort weg beslist, de meeste zijn in beide richtingen open{nl}"),
            ));
        }
        if !knows(&OF_KIND) {
            all.push(Remark::new(
                1.0,
                format!("no column that is known says what roads are for: all are open to cars and cycles{en}"),
                format!("geen bekende kolom zegt waarvoor wegen zijn: alle zijn open voor auto's en fietsen{nl}"),
            ));
        }
        all
    }
}

/// Whether a value stands for none, as tables write it.
fn is_missing(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_nan(),
        Value::Text(text) => matches!(text.trim().to_ascii_lowercase().as_str(), "" | "nan" | "none" | "null" | "[]"),
    }
}

/// A value in words. Where stretches were joined there is a list: the first counts.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => {
            let word = text.trim().trim_start_matches('[').split([',', ']']).next().unwrap_or_default();
            Some(word.trim().trim_matches(['\'', '"']).to_string()).filter(|text| !text.is_empty())
        }
        Value::Number(number) => Some(number.to_string()),
    }
}

/// What of the lines is worth a remark.
#[derive(Default)]
struct Seen {
    lines: usize,
    short: usize,
    /// Lines without a kind, of a register that has none, of parts that are not known, of buses, and of walkers and ferries.
    without_kind: usize,
    of_register: usize,
    odd_parts: usize,
    for_buses: usize,
    for_others: usize,
    /// Lines whose direction is not understood, and how it is written.
    odd_directions: usize,
    words: BTreeSet<String>,
    /// Lines with rules for some hours or vehicles only.
    conditional: usize,
}

impl Seen {
    fn words(&self) -> Remarks {
        let odd = self.words.iter().take(NAMED).map(|word| shown(word)).collect::<Vec<_>>().join(", ");
        let mut all = Remarks::default();
        for (count, en, nl) in [
            (
                self.short,
                "lines with fewer than two points are left out".to_string(),
                "lijnen met minder dan twee punten zijn weggelaten".to_string(),
            ),
            (
                self.without_kind,
                "lines have no kind of road and are taken as unclassified".into(),
                "lijnen hebben geen soort weg en gelden als overige weg".into(),
            ),
            (
                self.of_register,
                "lines are of a register without kinds of road (NWB): taken by who keeps them (state, province, water board, municipality)".into(),
                "lijnen komen uit een register zonder soort weg (NWB): de soort volgt uit de beheerder (rijk, provincie, waterschap, gemeente)".into(),
            ),
            (
                self.odd_parts,
                "lines are of parts of the road that are not known and taken as carriageways".into(),
                "lijnen hebben een onbekende baansubsoort en gelden als rijbaan".into(),
            ),
            (
                self.for_buses,
                "lines are for buses only and left out".into(),
                "lijnen zijn alleen voor bussen en zijn weggelaten".into(),
            ),
            (
                self.for_others,
                "lines are footpaths, ferries or other ways without cars and cycles and are left out".into(),
                "lijnen zijn voetpaden, veren of andere wegen zonder auto's en fietsen en zijn weggelaten".into(),
            ),
            (
                self.odd_directions,
                format!("lines have a direction that is not understood ({odd}): the kind of road decides"),
                format!("lijnen hebben een onbekende rijrichting ({odd}): de soort weg beslist"),
            ),
            (
                self.conditional,
                "lines have rules for some hours or vehicles only (*:conditional): these rules are not read".into(),
                "lijnen hebben regels voor bepaalde tijden of voertuigen (*:conditional): die regels worden niet gelezen".into(),
            ),
        ] {
            if count > 0 {
                all.push(Remark::new(share(count, self.lines), format!("{count} {en}"), format!("{count} {nl}")));
            }
        }
        all
    }
}

/// The street of a line, but for its ends; none where neither cars nor cycles go.
fn street_of(path: &Path, line: &Line, table: &Table, reading: &Reading, seen: &mut Seen) -> Result<Option<Street>> {
    let text = |field: &str| table.text(line, field);
    let bad = |what: String| {
        Error::data(path, format!("feature {}: {what}", line.number), "mend it, or leave the column empty")
    };
    let capacity = match table.raw(line, "capacity").and_then(words) {
        None => None,
        Some(told) => {
            let number = told.parse::<f64>().ok().filter(|number| (1.0..1e6).contains(number));
            Some(number.ok_or_else(|| bad(format!("has the capacity {}", shown(&told))))?)
        }
    };
    let lanes = match table.field(line, "lanes") {
        // Of a list the smallest.
        Some(Value::Text(all)) => street::lanes(all),
        Some(Value::Number(number)) => match *number {
            number if number.is_finite() && number >= 0.0 => Some(number).filter(|number| *number >= 0.5),
            odd => return Err(bad(format!("has {} lanes", shown(&odd.to_string())))),
        },
        None => None,
    };
    let (kind, roundabout) = match text("kind") {
        Some(kind) => (kind, false),
        None if table.is_nwb() => {
            let [part, keeper, number] = ["part", "keeper", "number"].map(text);
            let columns = nwb::Columns { part: part.as_deref(), keeper: keeper.as_deref(), number: number.as_deref() };
            let (part, is_known) = nwb::part(&columns);
            seen.odd_parts += usize::from(!is_known);
            match part {
                nwb::Part::Road(kind, roundabout) => {
                    seen.of_register += 1;
                    (nwb::kind(kind, reading.rules).to_string(), roundabout)
                }
                nwb::Part::Bus => {
                    seen.for_buses += 1;
                    return Ok(None);
                }
                nwb::Part::Other => {
                    seen.for_others += 1;
                    return Ok(None);
                }
            }
        }
        None => {
            seen.without_kind += 1;
            ("unclassified".into(), false)
        }
    };
    let roundabout = roundabout || text("junction").is_some_and(|kind| kind == "roundabout" || kind == "circular");
    let is_one_way = roundabout || reading.rules.kind(&kind).is_some_and(|kind| kind.oneway);
    // Lists of lanes are lists of themselves.
    let tags = table.tags(line);
    seen.conditional += usize::from(tags.keys().any(|key| access::is_conditional(key)));
    let (smallest, one_way) = (lanes.map(|lanes| lanes.to_string()), text("oneway"));
    let tag = |key: &str| match key {
        "lanes" => smallest.as_deref(),
        "oneway" => one_way.as_deref(),
        _ => tags.get(key).map(String::as_str),
    };
    let of_motors = access::ONE_WAY.iter().find_map(|key| tag(key));
    let leads = of_motors.map_or_else(|| leads(line, table, seen), street::leads).known(is_one_way);
    // Lights at both ends, where they are said to be.
    let control = match text("control").as_deref() {
        Some("signal" | "traffic_signals" | "verkeerslichten") => Control::Signal,
        _ => Control::Unknown,
    };
    let counted = access::lanes(&tag, leads);
    let access = [true, false].map(|forward| Access::of(&tag, forward));
    Ok(Some(Street {
        id: text("id").map_or_else(|| line.number.to_string(), |id| shown(&id)),
        name: text("name").map(|name| shown(&name)).unwrap_or_default(),
        kind,
        line: line.points.clone(),
        leads,
        cycles_lead: access::cycles_lead(&tag),
        lanes: counted.lanes,
        lanes_each: counted.each,
        speed_kmh: text("maxspeed").and_then(|words| street::speed(&words)),
        speed_each: ["maxspeed:forward", "maxspeed:backward"].map(|key| tag(key).and_then(street::speed)),
        capacity,
        access: [0, 1]
            .map(|k| Access { refused: access[k].refused | if counted.closed[k] { MOTOR } else { 0 }, ..access[k] }),
        controls: [control; 2],
        roundabout,
        ..Street::default()
    }))
}

/// Which way a line leads, as its columns say.
fn leads(line: &Line, table: &Table, seen: &mut Seen) -> Leads {
    let mut odd = |value: &Value| {
        seen.odd_directions += 1;
        if seen.words.len() < NAMED {
            seen.words.insert(value.name());
        }
        Leads::Unknown
    };
    let letter = |value: &Value| words(value).unwrap_or_default().to_ascii_lowercase();
    if let Some(value) = table.field(line, "oneway") {
        return match (value, letter(value).as_str()) {
            (Value::Number(number), _) if *number < 0.0 => Leads::Back,
            (Value::Number(number), _) if *number > 0.0 => Leads::There,
            (Value::Number(_), _) => Leads::Both,
            (_, "f") if table.is_geofabrik => Leads::There,
            (_, "t") if table.is_geofabrik => Leads::Back,
            (_, "t" | "y" | "ja" | "waar") => Leads::There,
            (_, "f" | "n" | "nee" | "onwaar") => Leads::Both,
            (_, known) => match street::leads(known) {
                Leads::Unknown => odd(value),
                known => known,
            },
        };
    }
    if let Some(value) = table.field(line, "direction") {
        return match letter(value).as_str() {
            "h" | "heen" => Leads::There,
            "t" | "terug" => Leads::Back,
            "b" | "beide" | "n" => Leads::Both,
            _ => odd(value),
        };
    }
    match table.field(line, "travel") {
        Some(value) => match letter(value).as_str() {
            "f" | "ft" => Leads::There,
            "t" | "tf" => Leads::Back,
            "b" | "" => Leads::Both,
            _ => odd(value),
        },
        None => Leads::Unknown,
    }
}
