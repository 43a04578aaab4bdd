//! What the stages of motion read and write. Twin: `shaders/traffic/motion/params.wgsl`.

use hanze_device::shared_struct;

/// No lane, turn, street or light.
pub const NONE: u32 = u32::MAX;
/// Bits of a place in a route that name the street; those above name its lanes that lead on.
pub const STREET_BITS: u32 = 24;
/// Mask of those bits.
pub const STREET: u32 = (1 << STREET_BITS) - 1;

/// Why a vehicle does not drive as it likes: the lower bits of its state.
pub const FREE: u32 = 0;
/// Another before it.
pub const FOLLOWS: u32 = 1;
/// A red light.
pub const LIGHT: u32 = 2;
/// Those who go first.
pub const YIELDS: u32 = 3;
/// No room behind the junction.
pub const FULL: u32 = 4;
/// It is not in a lane that leads on.
pub const ASTRAY: u32 = 5;
/// A stop of its line.
pub const HALTS: u32 = 6;
/// A meter.
pub const METERED: u32 = 7;
/// Mask of those bits.
pub const REASON: u32 = 15;
/// It wants to go to the left.
pub const WANTS_LEFT: u32 = 16;
/// It wants to go to the right.
pub const WANTS_RIGHT: u32 = 32;

/// The driver of a way lets those of the other go first.
pub const GIVES_WAY: u32 = 1;
/// The drivers of the other let him go first.
pub const IS_GIVEN_WAY: u32 = 2;
/// Both end in the same lane.
pub const MERGES: u32 = 4;
/// They go in turns.
pub const ZIPS: u32 = 8;

/// A light that is red.
pub const RED: u32 = 0;
/// A light that is yellow.
pub const YELLOW: u32 = 1;
/// Go after those who have priority.
pub const AFTER: u32 = 2;
/// Go.
pub const GREEN: u32 = 3;

/// What cycles count as, in the modes of a kind.
pub const CYCLES: u32 = 4;

/// Substances that are counted, with the noise of none of them.
pub const SUBSTANCES: usize = 3;
/// Numbers of a tally.
pub const TALLY: usize = 9;

shared_struct! {
    /// What does not change while it runs.
    pub struct Motion {
        /// Zero; what is hidden behind it no compiler joins.
        pub zero: u32,
        /// Lanes.
        pub lanes: u32,
        /// Programs of lights.
        pub programs: u32,
        /// Streets where vehicles set out.
        pub sources: u32,
        /// Whether vehicles follow by Newell's rule instead of IDM.
        pub newell: u32,
        /// Time of a step, ms.
        pub step_ms: u32,
        /// Vehicles that there is room for.
        pub capacity: u32,
        /// Seed of chance.
        pub seed: u32,
        /// Time of a step, s.
        pub dt: f32,
        /// Politeness of those who change lanes.
        pub politeness: f32,
        /// Least gain for which they do, m/s².
        pub threshold: f32,
        /// Time between two changes, ms.
        pub pause: u32,
    }
}

shared_struct! {
    /// Where arrays begin that share a buffer, in words of 32 bits.
    pub struct Offsets {
        /// In `tables`: other ways that ways meet.
        pub foes: u32,
        /// Lanes that lead into each lane.
        pub inward: u32,
        /// Kinds of vehicles.
        pub kinds: u32,
        /// Trips.
        pub trips: u32,
        /// Places of routes.
        pub routes: u32,
        /// Stops of trips.
        pub stops: u32,
        /// Emission factors.
        pub factors: u32,
        /// Streets where vehicles set out.
        pub gates: u32,
        /// Programs of lights.
        pub programs: u32,
        /// Phases of programs.
        pub phases: u32,
        /// States of lights, phase by phase.
        pub states: u32,
        /// For each light a lane that it holds.
        pub heads: u32,
        /// In `starts`, behind where the vehicles of each lane begin: what each light shows.
        pub lights: u32,
        /// In `counters`, behind the tallies: vehicles that will be in each lane.
        pub counts: u32,
        /// The free length at the beginning of each lane, mm, as `ordered` makes it.
        pub rooms: u32,
        /// In `records`, behind the outcomes of trips: when the next vehicle may leave each lane, ms.
        pub ready: u32,
        /// Next trip of each street where vehicles set out.
        pub cursors: u32,
        /// Phase of each program and when it began, ms.
        pub running: u32,
    }
}

shared_struct! {
    /// How far it has run.
    pub struct Moment {
        /// Steps.
        pub step: u32,
        /// ms.
        pub now: u32,
        /// Vehicles on the lanes.
        pub vehicles: u32,
        /// Vehicles on them after this step.
        pub planned: u32,
        /// Vehicles that have set out.
        pub inserted: u32,
        /// Vehicles that have arrived.
        pub arrived: u32,
    }
}

shared_struct! {
    /// A lane.
    pub struct Lane {
        /// m.
        pub length: f32,
        /// m/s.
        pub speed: f32,
        /// Its street; `NONE` across a junction.
        pub street: u32,
        /// Its place in the street, from the right.
        pub index: u32,
        /// Ways out of it.
        pub first_turn: u32,
        /// How many there are.
        pub turns: u32,
        /// Lanes that lead into it.
        pub first_inward: u32,
        /// How many there are.
        pub inwards: u32,
        /// The lane on the left; `NONE` without one.
        pub left: u32,
        /// The lane on the right.
        pub right: u32,
        /// Who may use it.
        pub modes: u32,
        /// The way of which a lane across a junction is part.
        pub turn: u32,
        /// Where on that way it begins, m.
        pub along: f32,
        /// Least time between two that leave it, ms.
        pub headway: u32,
        /// Where its vehicles are counted.
        pub tally: u32,
        /// Whether it is shut.
        pub shut: u32,
        /// Whether cars and cycles can pass each other in it.
        pub wide: u32,
        /// Where it begins, m: above 0 for a lane that only those reach who change into it.
        pub begin: f32,
    }
}

shared_struct! {
    /// A way from a lane into the next.
    pub struct Turn {
        /// Lane where it begins.
        pub origin: u32,
        /// The next lane.
        pub to: u32,
        /// Lane of a street that it leads to in the end.
        pub goal: u32,
        /// That lane's street.
        pub street: u32,
        /// Who may take it.
        pub modes: u32,
        /// Its light; `NONE` without one.
        pub light: u32,
        /// Ways that it meets.
        pub first_foe: u32,
        /// How many there are.
        pub foes: u32,
        /// Where on the way across the junction it begins, m.
        pub start: f32,
        /// Length of that way, m.
        pub length: f32,
        /// Speed on it, m/s.
        pub speed: f32,
        /// Lanes across the junction from here up to the next street, each once.
        pub parts: u32,
    }
}

shared_struct! {
    /// Another way that a way meets.
    pub struct Foe {
        /// The other.
        pub turn: u32,
        /// Who goes first, and how they meet.
        pub bits: u32,
        /// Where on its own way the meeting begins, m behind the stop line.
        pub own_begin: f32,
        /// Where it ends there, m behind the stop line.
        pub own_end: f32,
        /// Where on the other way it begins, m behind that one's stop line.
        pub other_begin: f32,
        /// Where it ends there, m.
        pub other_end: f32,
    }
}

shared_struct! {
    /// A kind of vehicles.
    pub struct Kind {
        /// m.
        pub length: f32,
        /// Least distance to the one before, m.
        pub gap: f32,
        /// Time to the one before, s.
        pub headway: f32,
        /// m/s².
        pub accel: f32,
        /// Comfortable braking, m/s².
        pub decel: f32,
        /// 1 / (2 √(accel decel)), s²/m.
        pub over: f32,
        /// m/s.
        pub speed: f32,
        /// What it counts as.
        pub modes: u32,
        /// Where its emission factors begin.
        pub emission: u32,
    }
}

shared_struct! {
    /// A vehicle that sets out once.
    pub struct Trip {
        /// When, ms.
        pub depart: u32,
        /// Its kind.
        pub kind: u32,
        /// Where its route begins.
        pub first: u32,
        /// Where it ends.
        pub last: u32,
        /// Its first stop.
        pub first_stop: u32,
        /// The end of its stops.
        pub last_stop: u32,
        /// Speed when it sets out, m/s; below 0 as fast as it can.
        pub speed: f32,
        /// Its wish as a share of speed limits.
        pub factor: f32,
    }
}

shared_struct! {
    /// A stop of a trip.
    pub struct Stop {
        /// Lane.
        pub lane: u32,
        /// m.
        pub at: f32,
        /// ms.
        pub stay: u32,
    }
}

shared_struct! {
    /// A street where vehicles set out.
    pub struct Gate {
        /// Its first lane.
        pub lane: u32,
        /// How many there are.
        pub lanes: u32,
        /// Its first trip, by departure.
        pub first: u32,
        /// The end of its trips.
        pub last: u32,
    }
}

shared_struct! {
    /// Lights of a junction.
    pub struct Program {
        /// Phases.
        pub first: u32,
        /// How many there are.
        pub phases: u32,
        /// Its lights.
        pub light: u32,
        /// How many there are.
        pub lights: u32,
        /// Time by which it is late, ms.
        pub offset: u32,
        /// Sum of the phases, ms.
        pub cycle: u32,
        /// Whether it holds green while vehicles come.
        pub actuated: u32,
    }
}

shared_struct! {
    /// A phase.
    pub struct Phase {
        /// Shortest time, ms.
        pub least: u32,
        /// Longest time, ms.
        pub most: u32,
        /// Where its states begin.
        pub states: u32,
    }
}

shared_struct! {
    /// A vehicle on the lanes.
    pub struct Vehicle {
        /// Its trip.
        pub trip: u32,
        /// Its kind.
        pub kind: u32,
        /// Its lane.
        pub lane: u32,
        /// Its place in the route.
        pub place: u32,
        /// m from the beginning of the lane to its front.
        pub pos: f32,
        /// m/s.
        pub speed: f32,
        /// m/s².
        pub accel: f32,
        /// m that it has driven.
        pub metres: f32,
        /// s that it has lost.
        pub lost: f32,
        /// Steps that it has been standing.
        pub stood: u32,
        /// Steps that it has stood in all.
        pub waited: u32,
        /// When it changed lanes, ms.
        pub changed: u32,
        /// Why it does not drive as it likes, and where it wants to.
        pub state: u32,
        /// Its next stop.
        pub stop: u32,
        /// Until when it stays there, ms; 0 while it does not.
        pub until: u32,
        /// Its length, m.
        pub length: f32,
    }
}

shared_struct! {
    /// What became of a trip.
    pub struct Outcome {
        /// When it set out, ms, and one; 0 before.
        pub inserted: u32,
        /// When it arrived, ms, and one; 0 before.
        pub arrived: u32,
        /// Steps that it stood.
        pub waited: u32,
        /// s that it lost.
        pub lost: f32,
        /// m.
        pub metres: f32,
    }
}

shared_struct! {
    /// Factors of the emission of a substance.
    pub struct Factor {
        /// Emission that depends on nothing, g/h.
        pub f0: f32,
        /// Factor of acceleration × speed.
        pub f1: f32,
        /// Factor of acceleration² × speed.
        pub f2: f32,
        /// Factor of speed.
        pub f3: f32,
        /// Factor of speed².
        pub f4: f32,
        /// Factor of speed³.
        pub f5: f32,
        /// Counts that a mg makes.
        pub counts: f32,
    }
}
