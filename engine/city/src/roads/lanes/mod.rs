//! Lanes: what vehicles drive on when every one of them moves. Lanes of roads, lanes across junctions, who may turn where and who
//! gives way to whom, and the programs of lights; read from a network of SUMO or drawn from the roads.

mod build;
mod conflicts;
mod joined;
mod lights;
mod lines;
mod priority;
mod sumo;

pub use build::{Route, build};
pub use sumo::plain;
pub use sumo::{BusStop, Extras, Told, Type, extras, read};

use super::{share, shown};
use glam::DVec2;
use hanze_base::remark::{Remark, Remarks};

/// Buses; besides the modes of roads.
pub const BUS: u8 = 8;
/// Every mode.
pub const ALL: u8 = super::CAR | super::TRUCK | super::CYCLE | BUS;
/// Lanes of a road that a route can tell apart.
pub const MOST_LANES: usize = 8;
/// Width of a lane where nothing is said, m.
pub const WIDTH: f64 = 3.2;

/// A road in one direction, as far as lanes need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Street {
    /// What its source calls it.
    pub id: String,
    /// Node where it begins.
    pub from: u32,
    /// Node where it ends.
    pub to: u32,
    /// Its first lane, the one on the right; the others follow.
    pub first: u32,
    /// How many there are.
    pub lanes: u32,
    /// Its number in the roads that it was drawn from.
    pub road: Option<u32>,
}

/// A lane of a street or across a junction.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its street; a lane across a junction has none.
    pub street: Option<u32>,
    /// The node that it crosses, or else where it ends.
    pub node: u32,
    /// m.
    pub length: f64,
    /// m/s.
    pub speed: f64,
    /// Who may use it, as bits.
    pub modes: u8,
    /// Its middle line, m.
    pub line: Vec<DVec2>,
    /// m.
    pub width: f64,
    /// Least time between two vehicles that leave it, s; 0 without a meter.
    pub headway: f64,
    /// Where it begins, m along its street: above 0 for a lane that only those reach who change into it.
    pub begin: f64,
}

/// A way from one lane into another.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Lane where it begins.
    pub from: u32,
    /// Lanes across the junction, one behind another; a driver waits before the second for those who come towards him.
    pub via: Vec<u32>,
    /// Lane of a street where it ends.
    pub to: u32,
    /// Who may take it, as bits.
    pub modes: u8,
    /// Program of lights and the place in its states.
    pub signal: Option<(u32, u32)>,
    /// Ways that it meets.
    pub foes: Vec<Foe>,
}

/// Another way across the junction that meets a way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Foe {
    /// The other.
    pub turn: u32,
    /// Whether the driver of this way lets those of the other go first.
    pub gives_way: bool,
    /// Whether both end in the same lane.
    pub merges: bool,
    /// Whether they go in turns.
    pub zips: bool,
    /// Where the meeting begins and ends on this way, m behind its stop line.
    pub own: (f64, f64),
    /// Where it begins and ends on the other way, m behind that one's stop line.
    pub other: (f64, f64),
}

/// A phase of lights.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Shortest time, s.
    pub least: f64,
    /// Longest time, s; equal to `least` where the time is fixed.
    pub most: f64,
    /// For each place one of G (go), g (go, after those who have priority), y (yellow) and r (red).
    pub states: Vec<u8>,
}

/// Lights of a junction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// What its source calls it.
    pub id: String,
    /// Time by which it begins later, s.
    pub offset: f64,
    /// Phases, one after another.
    pub phases: Vec<Phase>,
    /// Whether it holds green while vehicles come.
    pub is_actuated: bool,
}

/// Lanes of a town.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lanes {
    /// Names and places of junctions.
    pub nodes: Vec<(String, DVec2)>,
    /// Streets.
    pub streets: Vec<Street>,
    /// Lanes: those of streets first, one street after another.
    pub lanes: Vec<Lane>,
    /// Ways between lanes.
    pub turns: Vec<Turn>,
    /// Lights.
    pub programs: Vec<Program>,
    /// What was mended, in words.
    pub repairs: Remarks,
}

impl Lanes {
    /// Lanes of a street.
    pub fn of_street(&self, street: usize) -> std::ops::Range<usize> {
        let own = &self.streets[street];
        own.first as usize..(own.first + own.lanes) as usize
    }

    /// Takes programs of lights from further files in the place of those of the same name; those of others are left.
    pub fn take_programs(&mut self, extras: &[Extras]) {
        let (mut all, mut left) = (0, Vec::new());
        for program in extras.iter().flat_map(|own| &own.programs) {
            let places = |own: &Program| own.phases.first().map_or(0, |phase| phase.states.len());
            let own = self.programs.iter_mut().find(|own| own.id == program.id && places(own) == places(program));
            all += 1;
            match own {
                Some(own) => *own = program.clone(),
                None => left.push(&program.id),
            }
        }
        if let Some(first) = left.first().map(|id| shown(id)) {
            let count = left.len();
            self.repairs.push(Remark::new(
                share(count, all),
                format!("{count} of {all} programs of lights fit no junction and are left out (the first: {first})"),
                format!("{count} van de {all} programma's van verkeerslichten passen bij geen kruispunt en zijn weggelaten (het eerste: {first})"),
            ));
        }
    }

    /// Tells of turns for which lights never show green: who comes there waits for ever.
    pub fn tell_of_lights(&mut self) {
        let (mut lights, mut turns, mut first) = (0, 0, None);
        for (k, program) in self.programs.iter().enumerate() {
            let is_green = |place: u32| {
                let state = |phase: &Phase| phase.states.get(place as usize).copied().unwrap_or(b'r');
                program.phases.iter().any(|phase| phase.most > 0.0 && matches!(state(phase), b'G' | b'g'))
            };
            let own = self.turns.iter().filter_map(|turn| turn.signal.filter(|signal| signal.0 == k as u32));
            let never = own.filter(|(_, place)| !is_green(*place)).count();
            if never > 0 {
                (lights, turns) = (lights + 1, turns + never);
                first = first.or_else(|| Some(shown(&program.id)));
            }
        }
        if let Some(first) = first {
            let all = self.turns.iter().filter(|turn| turn.signal.is_some()).count();
            self.repairs.push(Remark::new(
                share(turns, all),
                format!("{lights} lights never show green for {turns} of {all} turns with lights: who comes there waits for ever (the first: {first})"),
                format!("{lights} verkeerslichten worden voor {turns} van de {all} rijrichtingen met verkeerslichten nooit groen: wie daar komt, wacht voor altijd (het eerste: {first})"),
            ));
        }
    }

    /// Length of the way of a turn across the junction, m.
    pub fn across(&self, turn: &Turn) -> f64 {
        turn.via.iter().map(|lane| self.lanes[*lane as usize].length).sum()
    }
}
