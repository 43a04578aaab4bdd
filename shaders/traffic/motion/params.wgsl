// What the stages of motion read and write. Twin: `engine/traffic/src/motion/params.rs`.

// No lane, turn, street or light.
const NONE: u32 = 4294967295u;
// Bits of a place in a route that name the street; those above name its lanes that lead on.
const STREET_BITS: u32 = 24u;
// Mask of those bits.
const STREET: u32 = 16777215u;
// Why a vehicle does not drive as it likes: the lower bits of its state.
const FREE: u32 = 0u;
// Another before it.
const FOLLOWS: u32 = 1u;
// A red light.
const LIGHT: u32 = 2u;
// Those who go first.
const YIELDS: u32 = 3u;
// No room behind the junction.
const FULL: u32 = 4u;
// It is not in a lane that leads on.
const ASTRAY: u32 = 5u;
// A stop of its line.
const HALTS: u32 = 6u;
// A meter.
const METERED: u32 = 7u;
// Mask of those bits.
const REASON: u32 = 15u;
// It wants to go to the left.
const WANTS_LEFT: u32 = 16u;
// It wants to go to the right.
const WANTS_RIGHT: u32 = 32u;
// The driver of a way lets those of the other go first.
const GIVES_WAY: u32 = 1u;
// The drivers of the other let him go first.
const IS_GIVEN_WAY: u32 = 2u;
// Both end in the same lane.
const MERGES: u32 = 4u;
// They go in turns.
const ZIPS: u32 = 8u;
// A light that is red.
const RED: u32 = 0u;
// A light that is yellow.
const YELLOW: u32 = 1u;
// Go after those who have priority.
const AFTER: u32 = 2u;
// Go.
const GREEN: u32 = 3u;
// What cycles count as, in the modes of a kind.
const CYCLES: u32 = 4u;

// What does not change while it runs.
struct Motion {
    // Zero; what is hidden behind it no compiler joins.
    zero: u32,
    // Lanes.
    lanes: u32,
    // Programs of lights.
    programs: u32,
    // Streets where vehicles set out.
    sources: u32,
    // Whether vehicles follow by Newell's rule instead of IDM.
    newell: u32,
    // Time of a step, ms.
    step_ms: u32,
    // Vehicles that there is room for.
    capacity: u32,
    // Seed of chance.
    seed: u32,
    // Time of a step, s.
    dt: f32,
    // Politeness of those who change lanes.
    politeness: f32,
    // Least gain for which they do, m/s².
    threshold: f32,
    // Time between two changes, ms.
    pause: u32,
}

// Where arrays begin that share a buffer, in words of 32 bits.
struct Offsets {
    // In `tables`: other ways that ways meet.
    foes: u32,
    // Lanes that lead into each lane.
    inward: u32,
    // Kinds of vehicles.
    kinds: u32,
    // Trips.
    trips: u32,
    // Places of routes.
    routes: u32,
    // Stops of trips.
    stops: u32,
    // Emission factors.
    factors: u32,
    // Streets where vehicles set out.
    gates: u32,
    // Programs of lights.
    programs: u32,
    // Phases of programs.
    phases: u32,
    // States of lights, phase by phase.
    states: u32,
    // For each light a lane that it holds.
    heads: u32,
    // In `starts`, behind where the vehicles of each lane begin: what each light shows.
    lights: u32,
    // In `counters`, behind the tallies: vehicles that will be in each lane.
    counts: u32,
    // The free length at the beginning of each lane, mm, as `ordered` makes it.
    rooms: u32,
    // In `records`, behind the outcomes of trips: when the next vehicle may leave each lane, ms.
    ready: u32,
    // Next trip of each street where vehicles set out.
    cursors: u32,
    // Phase of each program and when it began, ms.
    running: u32,
}

// How far it has run.
struct Moment {
    // Steps.
    step: u32,
    // ms.
    now: u32,
    // Vehicles on the lanes.
    vehicles: u32,
    // Vehicles on them after this step.
    planned: u32,
    // Vehicles that have set out.
    inserted: u32,
    // Vehicles that have arrived.
    arrived: u32,
}

// A lane.
struct Lane {
    // m.
    length: f32,
    // m/s.
    speed: f32,
    // Its street; `NONE` across a junction.
    street: u32,
    // Its place in the street, from the right.
    index: u32,
    // Ways out of it.
    first_turn: u32,
    // How many there are.
    turns: u32,
    // Lanes that lead into it.
    first_inward: u32,
    // How many there are.
    inwards: u32,
    // The lane on the left; `NONE` without one.
    left: u32,
    // The lane on the right.
    right: u32,
    // Who may use it.
    modes: u32,
    // The way of which a lane across a junction is part.
    turn: u32,
    // Where on that way it begins, m.
    along: f32,
    // Least time between two that leave it, ms.
    headway: u32,
    // Where its vehicles are counted.
    tally: u32,
    // Whether it is shut.
    shut: u32,
    // Whether cars and cycles can pass each other in it.
    wide: u32,
    // Where it begins, m: above 0 for a lane that only those reach who change into it.
    begin: f32,
}

// A way from a lane into the next.
struct Turn {
    // Lane where it begins.
    origin: u32,
    // The next lane.
    to: u32,
    // Lane of a street that it leads to in the end.
    goal: u32,
    // That lane's street.
    street: u32,
    // Who may take it.
    modes: u32,
    // Its light; `NONE` without one.
    light: u32,
    // Ways that it meets.
    first_foe: u32,
    // How many there are.
    foes: u32,
    // Where on the way across the junction it begins, m.
    start: f32,
    // Length of that way, m.
    length: f32,
    // Speed on it, m/s.
    speed: f32,
    // Lanes across the junction from here up to the next street, each once.
    parts: u32,
}

// Another way that a way meets.
struct Foe {
    // The other.
    turn: u32,
    // Who goes first, and how they meet.
    bits: u32,
    // Where on its own way the meeting begins, m behind the stop line.
    own_begin: f32,
    // Where it ends there, m behind the stop line.
    own_end: f32,
    // Where on the other way it begins, m behind that one's stop line.
    other_begin: f32,
    // Where it ends there, m.
    other_end: f32,
}

// A kind of vehicles.
struct Kind {
    // m.
    length: f32,
    // Least distance to the one before, m.
    gap: f32,
    // Time to the one before, s.
    headway: f32,
    // m/s².
    accel: f32,
    // Comfortable braking, m/s².
    decel: f32,
    // 1 / (2 √(accel decel)), s²/m.
    over: f32,
    // m/s.
    speed: f32,
    // What it counts as.
    modes: u32,
    // Where its emission factors begin.
    emission: u32,
}

// A vehicle that sets out once.
struct Trip {
    // When, ms.
    depart: u32,
    // Its kind.
    kind: u32,
    // Where its route begins.
    first: u32,
    // Where it ends.
    last: u32,
    // Its first stop.
    first_stop: u32,
    // The end of its stops.
    last_stop: u32,
    // Speed when it sets out, m/s; below 0 as fast as it can.
    speed: f32,
    // Its wish as a share of speed limits.
    factor: f32,
}

// A stop of a trip.
struct Stop {
    // Lane.
    lane: u32,
    // m.
    at: f32,
    // ms.
    stay: u32,
}

// A street where vehicles set out.
struct Gate {
    // Its first lane.
    lane: u32,
    // How many there are.
    lanes: u32,
    // Its first trip, by departure.
    first: u32,
    // The end of its trips.
    last: u32,
}

// Lights of a junction.
struct Program {
    // Phases.
    first: u32,
    // How many there are.
    phases: u32,
    // Its lights.
    light: u32,
    // How many there are.
    lights: u32,
    // Time by which it is late, ms.
    offset: u32,
    // Sum of the phases, ms.
    cycle: u32,
    // Whether it holds green while vehicles come.
    actuated: u32,
}

// A phase.
struct Phase {
    // Shortest time, ms.
    least: u32,
    // Longest time, ms.
    most: u32,
    // Where its states begin.
    states: u32,
}

// A vehicle on the lanes.
struct Vehicle {
    // Its trip.
    trip: u32,
    // Its kind.
    kind: u32,
    // Its lane.
    lane: u32,
    // Its place in the route.
    place: u32,
    // m from the beginning of the lane to its front.
    pos: f32,
    // m/s.
    speed: f32,
    // m/s².
    accel: f32,
    // m that it has driven.
    metres: f32,
    // s that it has lost.
    lost: f32,
    // Steps that it has been standing.
    stood: u32,
    // Steps that it has stood in all.
    waited: u32,
    // When it changed lanes, ms.
    changed: u32,
    // Why it does not drive as it likes, and where it wants to.
    state: u32,
    // Its next stop.
    stop: u32,
    // Until when it stays there, ms; 0 while it does not.
    until: u32,
    // Its length, m.
    length: f32,
}

// What became of a trip.
struct Outcome {
    // When it set out, ms, and one; 0 before.
    inserted: u32,
    // When it arrived, ms, and one; 0 before.
    arrived: u32,
    // Steps that it stood.
    waited: u32,
    // s that it lost.
    lost: f32,
    // m.
    metres: f32,
}

// Factors of the emission of a substance.
struct Factor {
    // Emission that depends on nothing, g/h.
    f0: f32,
    // Factor of acceleration × speed.
    f1: f32,
    // Factor of acceleration² × speed.
    f2: f32,
    // Factor of speed.
    f3: f32,
    // Factor of speed².
    f4: f32,
    // Factor of speed³.
    f5: f32,
    // Counts that a mg makes.
    counts: f32,
}
