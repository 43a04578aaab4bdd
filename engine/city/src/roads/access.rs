//! Who may use a road or pass a barrier, and which lanes are for cars, as tags say it (wiki.openstreetmap.org: Key:access, Key:lanes,
//! Key:barrier, Bus lanes).

use super::street::{Leads, MOTOR};
use super::{CAR, CYCLE, TRUCK};

/// Keys from the widest to the narrowest, and the modes that each speaks of: the narrowest one counts.
const KEYS: [(&str, u8); 6] = [
    ("access", MOTOR | CYCLE),
    ("vehicle", MOTOR | CYCLE),
    ("motor_vehicle", MOTOR),
    ("motorcar", CAR),
    ("hgv", TRUCK),
    ("bicycle", CYCLE),
];
/// What says of motor vehicles alone which way they go, the narrowest first.
pub(super) const ONE_WAY: [&str; 3] = ["oneway:motor_vehicle", "oneway:motorcar", "oneway:vehicle"];
/// Directions of a key.
const DIRECTIONS: [&str; 3] = ["", ":forward", ":backward"];
/// Keys besides `KEYS` of which rules for some hours or vehicles only are told.
const OTHERS: [&str; 5] = ["oneway", "maxspeed", "lanes", "bus", "psv"];
/// Barriers that motor vehicles cannot pass where no tag opens them; cycles pass the first ones.
const CLOSED_TO_MOTORS: [&str; 17] = [
    "bollard",
    "rising_bollard",
    "block",
    "bus_trap",
    "car_trap",
    "sump_buster",
    "cycle_barrier",
    "motorcycle_barrier",
    "chain",
    "rope",
    "log",
    "debris",
    "planter",
    "jersey_barrier",
    "delineators",
    "tank_trap",
    "yes",
];
/// Barriers that cycles cannot pass either.
const CLOSED_TO_ALL: [&str; 11] = [
    "kissing_gate",
    "stile",
    "horse_stile",
    "turnstile",
    "full-height_turnstile",
    "wall",
    "fence",
    "hedge",
    "ditch",
    "guard_rail",
    "city_wall",
];

/// Every key that is read of a road but for those of all maps: its kind, name, speed, lanes and direction.
pub(super) fn keys() -> Vec<String> {
    let own = KEYS.map(|(key, _)| key);
    let listed = [&own[..4], &["bus", "psv", "bicycle"]].concat();
    let sides = ["", ":left", ":right", ":both"];
    let cycleways = sides.map(|side| format!("cycleway{side}"));
    let cycleways: Vec<&str> = cycleways.iter().map(String::as_str).collect();
    let mut all = Vec::new();
    for (keys, ends) in [
        (&own[..], &DIRECTIONS[..]),
        (&listed[..], &[":lanes", ":lanes:forward", ":lanes:backward"]),
        (&["lanes"], &[":forward", ":backward", ":both_ways"]),
        (&["lanes:bus", "lanes:psv"], &DIRECTIONS),
        (&["maxspeed"], &DIRECTIONS[1..]),
        (&["busway"], &sides),
        (&cycleways[..], &["", ":oneway"]),
        (&ONE_WAY, &[""]),
        (&["oneway:bicycle", "bicycle:oneway", "bus", "psv", "motorroad"], &[""]),
    ] {
        all.extend(keys.iter().flat_map(|key| ends.iter().map(move |end| format!("{key}{end}"))));
    }
    all
}

/// Keys of rules that hold for some hours or vehicles only: they are not read, and told.
pub(super) fn conditionals() -> Vec<String> {
    let keys = KEYS.map(|(key, _)| key).into_iter().chain(OTHERS);
    keys.flat_map(|key| DIRECTIONS.map(|direction| format!("{key}{direction}:conditional"))).collect()
}

/// Whether a key is one of those, with whatever stands between.
pub(super) fn is_conditional(key: &str) -> bool {
    let first = key.strip_suffix(":conditional").and_then(|own| own.split(':').next());
    first.is_some_and(|first| KEYS.iter().any(|(key, _)| *key == first) || OTHERS.contains(&first))
}

/// Which way cycles go, where tags say it of them alone.
pub(super) fn cycles_lead<'t>(tag: &dyn Fn(&str) -> Option<&'t str>) -> Leads {
    let sides = ["cycleway", "cycleway:left", "cycleway:right", "cycleway:both"];
    let is_against = sides.iter().any(|key| {
        let is_opposite = tag(key).is_some_and(|kind| kind.starts_with("opposite"));
        is_opposite || matches!(tag(&format!("{key}:oneway")), Some("no" | "-1"))
    });
    let leads = match tag("oneway:bicycle").or(tag("bicycle:oneway")) {
        Some(words) => super::street::leads(words),
        // One way for motor vehicles only.
        None if tag("oneway").is_none() && tag("oneway:motor_vehicle").is_some() => Leads::Both,
        None => Leads::Unknown,
    };
    if leads == Leads::Unknown && is_against { Leads::Both } else { leads }
}

/// Modes that tags open and close beyond what the kind of road says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    pub granted: u8,
    pub refused: u8,
}

/// Whether a value lets in; none where it says nothing of that. Of several values the most open one counts.
fn lets_in(value: &str) -> Option<bool> {
    let of = |word: &str| match word.trim() {
        "yes" | "designated" | "official" | "permissive" | "destination" => Some(true),
        "no" | "private" | "agricultural" | "forestry" | "delivery" | "customers" | "military" | "emergency"
        | "permit" | "residents" | "employees" => Some(false),
        _ => None,
    };
    value.split(';').filter_map(of).reduce(|one, other| one || other)
}

impl Access {
    /// What the tags of a road say of one direction along it.
    pub fn of<'t>(tag: &dyn Fn(&str) -> Option<&'t str>, forward: bool) -> Access {
        let direction = if forward { "forward" } else { "backward" };
        let mut own = Access::default();
        for (key, bits) in KEYS {
            let Some(value) = tag(&format!("{key}:{direction}")).or_else(|| tag(key)) else { continue };
            match lets_in(value) {
                Some(true) => {
                    own.refused &= !bits;
                    // Only the key of cycles lets them onto roads of a kind that is not for them.
                    own.granted |= if key == "bicycle" { CYCLE } else { 0 };
                }
                Some(false) => {
                    own.refused |= bits;
                    own.granted &= !bits;
                }
                None if key == "bicycle" && value == "use_sidepath" => {
                    own.refused |= CYCLE;
                    own.granted &= !CYCLE;
                }
                None => {}
            }
        }
        // Roads for buses alone.
        if ["bus", "psv"].iter().any(|key| tag(key) == Some("only")) {
            own.refused |= MOTOR;
        }
        if tag("motorroad") == Some("yes") && own.granted & CYCLE == 0 {
            own.refused |= CYCLE;
        }
        own
    }
}

/// Modes that cannot pass a barrier on a node.
pub(super) fn barrier<'t>(tag: &dyn Fn(&str) -> Option<&'t str>) -> u8 {
    let Some(kind) = tag("barrier") else { return 0 };
    let is_locked = tag("locked") == Some("yes");
    let mut closed = if CLOSED_TO_ALL.contains(&kind) || is_locked {
        MOTOR | CYCLE
    } else if CLOSED_TO_MOTORS.contains(&kind) {
        MOTOR
    } else {
        0
    };
    for (key, bits) in KEYS {
        match tag(key).and_then(lets_in) {
            Some(true) => closed &= !bits,
            Some(false) => closed |= bits,
            None => {}
        }
    }
    closed
}

/// Lanes that cars may use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counted {
    /// Those of both directions together, and of each, where tags say how many there are.
    pub lanes: Option<f64>,
    pub each: [Option<f64>; 2],
    /// Directions in which no lane is for cars.
    pub closed: [bool; 2],
    /// Whether lanes are left out that only others than cars may use.
    pub has_others: bool,
}

/// Counts them; `leads` says whether the road leads one way.
pub(super) fn lanes<'t>(tag: &dyn Fn(&str) -> Option<&'t str>, leads: Leads) -> Counted {
    let number = |key: &str| tag(key).and_then(super::street::lanes);
    let mut counted = Counted::default();
    let all = number("lanes");
    // What each direction has with the lanes of others, and those that are for others alone.
    let (mut whole, mut others) = ([None; 2], [0.0; 2]);
    for back in [false, true] {
        let k = usize::from(back);
        let is_lone = leads == if back { Leads::Back } else { Leads::There };
        let direction = if back { ":backward" } else { ":forward" };
        // What has no direction is of the one that there is.
        let both = [direction, ""];
        let suffixes = &both[..if is_lone { 2 } else { 1 }];
        let first = |key: &str| suffixes.iter().find_map(|suffix| tag(&format!("{key}{suffix}")));
        whole[k] = suffixes.iter().find_map(|suffix| number(&format!("lanes{suffix}")));
        if let Some((cars, length)) = by_lane(&first) {
            counted.each[k] = Some(whole[k].map_or(cars, |lanes| cars.min(lanes)));
            counted.closed[k] = cars == 0.0;
            counted.has_others |= cars < length;
            whole[k] = whole[k].or(Some(length));
            continue;
        }
        let count = |key: &str| suffixes.iter().find_map(|suffix| number(&format!("lanes:{key}{suffix}")));
        let told = count("bus").unwrap_or(0.0).max(count("psv").unwrap_or(0.0));
        others[k] = told.max(if is_lone { beside_lone(tag) } else { beside(tag, back) });
        counted.has_others |= others[k] > 0.0;
        if let Some(lanes) = whole[k] {
            counted.closed[k] = told >= lanes && told > 0.0;
            counted.each[k] = Some((lanes - others[k]).max(lanes.min(1.0)));
        }
    }
    if leads != Leads::There && leads != Leads::Back {
        let told = ["lanes:bus", "lanes:psv"].iter().filter_map(|key| number(key)).fold(0.0, f64::max);
        let told = if others == [0.0; 2] { told } else { 0.0 };
        counted.has_others |= told > 0.0;
        for k in [0, 1] {
            // What the other direction leaves.
            if let (None, Some(all), Some(other)) = (counted.each[k], all, whole[1 - k]) {
                let left = all - other - number("lanes:both_ways").unwrap_or(0.0) - others[k] - told;
                counted.each[k] = Some(left.max(0.5 * all.min(2.0)));
            }
        }
        let turning = number("lanes:both_ways").unwrap_or(0.0);
        let listed = by_lane(tag);
        counted.has_others |= listed.is_some_and(|(cars, length)| cars < length);
        let left = |all: f64| (all - turning - others[0] - others[1] - told).max(all.min(1.0));
        counted.lanes = listed.map(|(cars, _)| cars.max(1.0)).or(all.map(left));
    } else {
        counted.lanes = all;
    }
    // A direction that has no lane for cars is closed, and not wide.
    for (each, closed) in counted.each.iter_mut().zip(counted.closed) {
        if closed {
            *each = None;
        }
    }
    counted
}

/// Lanes that cars may use of those that tags list one by one, from left to right, and the length of the list.
fn by_lane<'t>(first: &dyn Fn(&str) -> Option<&'t str>) -> Option<(f64, f64)> {
    let list = |key: &str| first(&format!("{key}:lanes")).map(|list| list.split('|').collect::<Vec<&str>>());
    let access: Vec<_> = KEYS[..4].iter().filter_map(|(key, _)| Some((*key, list(key)?))).collect();
    let others: Vec<_> = ["bus", "psv", "bicycle"].iter().filter_map(|key| list(key)).collect();
    let length = access.iter().map(|(_, list)| list).chain(&others).map(Vec::len).max()?;
    let is_for_cars = |lane: usize| {
        let (mut said, mut is_narrow) = (None, false);
        for (key, list) in &access {
            if let Some(own) = list.get(lane).and_then(|value| lets_in(value)) {
                (said, is_narrow) = (Some(own), *key != "access");
            }
        }
        let is_others = others.iter().any(|list| list.get(lane).is_some_and(|value| value.trim() == "designated"));
        match said {
            Some(true) if is_narrow => true,
            Some(own) => own && !is_others,
            None => !is_others,
        }
    };
    let cars = (0..length).filter(|lane| is_for_cars(*lane)).count();
    Some((cars as f64, length as f64))
}

/// Bus lanes of one direction of a road that leads both ways, by `busway`; traffic keeps to the right.
fn beside<'t>(tag: &dyn Fn(&str) -> Option<&'t str>, back: bool) -> f64 {
    let side = if back { "busway:left" } else { "busway:right" };
    let keys = ["busway", "busway:both", side];
    f64::from(u8::from(keys.iter().any(|key| tag(key) == Some("lane"))))
}

/// Those of a road that leads one way: with its direction and against it.
fn beside_lone<'t>(tag: &dyn Fn(&str) -> Option<&'t str>) -> f64 {
    let keys = ["busway", "busway:both", "busway:left", "busway:right"];
    let is = |value: &str| keys.iter().any(|key| tag(key) == Some(value));
    f64::from(u8::from(is("lane"))) + f64::from(u8::from(is("opposite_lane")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags<'t>(all: &'t [(&'t str, &'t str)]) -> impl Fn(&str) -> Option<&'t str> {
        move |key: &str| all.iter().find(|(own, _)| *own == key).map(|(_, value)| *value)
    }

    #[test]
    fn lanes_of_buses_are_not_for_cars() {
        let two_way = Leads::Both;
        let one_way = Leads::There;
        for (all, leads, together, each) in [
            (&[("lanes", "2")][..], one_way, Some(2.0), [Some(2.0), None]),
            (&[("lanes", "2")], two_way, Some(2.0), [None, None]),
            (&[("lanes", "3"), ("lanes:backward", "1")], two_way, Some(3.0), [Some(2.0), Some(1.0)]),
            (
                &[("lanes", "2"), ("bus:lanes", "yes|designated"), ("vehicle:lanes", "yes|no")],
                one_way,
                Some(2.0),
                [Some(1.0), None],
            ),
            (&[("lanes", "2"), ("psv:lanes", "|designated")], one_way, Some(2.0), [Some(1.0), None]),
            (&[("access:lanes", "yes|no|yes")], one_way, None, [Some(2.0), None]),
            (&[("lanes", "2"), ("lanes:psv", "1")], one_way, Some(2.0), [Some(1.0), None]),
            (&[("lanes", "2"), ("busway", "lane")], one_way, Some(2.0), [Some(1.0), None]),
            (&[("lanes", "4"), ("busway", "lane")], two_way, Some(2.0), [None, None]),
            (&[("lanes", "3"), ("busway:right", "lane")], two_way, Some(2.0), [None, None]),
            (
                &[
                    ("lanes", "3"),
                    ("lanes:forward", "2"),
                    ("lanes:backward", "1"),
                    ("bus:lanes:forward", "|designated"),
                ],
                two_way,
                Some(3.0),
                [Some(1.0), Some(1.0)],
            ),
            (&[("lanes", "2"), ("bus:lanes:backward", "designated")], two_way, Some(2.0), [Some(1.0), None]),
        ] {
            let found = lanes(&tags(all), leads);
            assert_eq!((found.lanes, found.each), (together, each), "{all:?}");
        }
        let contraflow = [("lanes", "2"), ("vehicle:lanes:backward", "no"), ("bus:lanes:backward", "designated")];
        assert_eq!(lanes(&tags(&contraflow), two_way).closed, [false, true]);
    }

    #[test]
    fn barriers_close_and_tags_open_them() {
        for (all, closed) in [
            (&[("highway", "crossing")][..], 0),
            (&[("barrier", "bollard")], MOTOR),
            (&[("barrier", "rising_bollard"), ("bus", "yes")], MOTOR),
            (&[("barrier", "bollard"), ("motor_vehicle", "yes")], 0),
            (&[("barrier", "bollard"), ("access", "no"), ("bicycle", "yes")], MOTOR),
            (&[("barrier", "gate")], 0),
            (&[("barrier", "gate"), ("locked", "yes")], MOTOR | CYCLE),
            (&[("barrier", "gate"), ("locked", "yes"), ("bicycle", "yes")], MOTOR),
            (&[("barrier", "gate"), ("access", "private")], MOTOR | CYCLE),
            (&[("barrier", "lift_gate"), ("motor_vehicle", "private")], MOTOR),
            (&[("barrier", "lift_gate"), ("hgv", "no")], TRUCK),
            (&[("barrier", "cattle_grid")], 0),
            (&[("barrier", "kissing_gate")], MOTOR | CYCLE),
        ] {
            assert_eq!(barrier(&tags(all)), closed, "{all:?}");
        }
    }
}
