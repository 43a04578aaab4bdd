// Arrays that share a buffer, so that no stage is given more than the eight that every device takes. Twin:
// `engine/traffic/src/motion/packed.rs`.

// Words of an element.
const FOE_WORDS: u32 = 6u;
const KIND_WORDS: u32 = 9u;
const TRIP_WORDS: u32 = 8u;
const STOP_WORDS: u32 = 3u;
const FACTOR_WORDS: u32 = 7u;
const GATE_WORDS: u32 = 4u;
const PROGRAM_WORDS: u32 = 7u;
const PHASE_WORDS: u32 = 3u;
const OUTCOME_WORDS: u32 = 5u;
// Words of an element before one of its members.
const KIND_ACCEL: u32 = 3u;
const KIND_MODES: u32 = 7u;
const TRIP_LAST: u32 = 3u;

@group(0) @binding(1) var<uniform> offset: Offsets;
// Arrays that do not change while it runs.
@group(0) @binding(3) var<storage, read> tables: array<u32>;

fn real(at: u32) -> f32 {
    return bitcast<f32>(tables[at]);
}

fn foe_at(k: u32) -> Foe {
    let at = offset.foes + FOE_WORDS * k;
    return Foe(tables[at], tables[at + 1u], real(at + 2u), real(at + 3u), real(at + 4u), real(at + 5u));
}

// A lane that leads into another.
fn inward_at(k: u32) -> u32 {
    return tables[offset.inward + k];
}

fn kind_at(k: u32) -> Kind {
    let at = offset.kinds + KIND_WORDS * k;
    return Kind(
        real(at),
        real(at + 1u),
        real(at + 2u),
        real(at + 3u),
        real(at + 4u),
        real(at + 5u),
        real(at + 6u),
        tables[at + 7u],
        tables[at + 8u],
    );
}

fn kind_accel(k: u32) -> f32 {
    return real(offset.kinds + KIND_WORDS * k + KIND_ACCEL);
}

fn kind_modes(k: u32) -> u32 {
    return tables[offset.kinds + KIND_WORDS * k + KIND_MODES];
}

fn trip_at(k: u32) -> Trip {
    let at = offset.trips + TRIP_WORDS * k;
    return Trip(
        tables[at],
        tables[at + 1u],
        tables[at + 2u],
        tables[at + 3u],
        tables[at + 4u],
        tables[at + 5u],
        real(at + 6u),
        real(at + 7u),
    );
}

fn trip_last(k: u32) -> u32 {
    return tables[offset.trips + TRIP_WORDS * k + TRIP_LAST];
}

// A place of a route: a street, and which of its lanes lead on.
fn route_at(k: u32) -> u32 {
    return tables[offset.routes + k];
}

fn stop_at(k: u32) -> Stop {
    let at = offset.stops + STOP_WORDS * k;
    return Stop(tables[at], real(at + 1u), tables[at + 2u]);
}

fn factor_at(k: u32) -> Factor {
    let at = offset.factors + FACTOR_WORDS * k;
    return Factor(
        real(at),
        real(at + 1u),
        real(at + 2u),
        real(at + 3u),
        real(at + 4u),
        real(at + 5u),
        real(at + 6u),
    );
}

fn gate_at(k: u32) -> Gate {
    let at = offset.gates + GATE_WORDS * k;
    return Gate(tables[at], tables[at + 1u], tables[at + 2u], tables[at + 3u]);
}

fn program_at(k: u32) -> Program {
    let at = offset.programs + PROGRAM_WORDS * k;
    return Program(
        tables[at],
        tables[at + 1u],
        tables[at + 2u],
        tables[at + 3u],
        tables[at + 4u],
        tables[at + 5u],
        tables[at + 6u],
    );
}

fn phase_at(k: u32) -> Phase {
    let at = offset.phases + PHASE_WORDS * k;
    return Phase(tables[at], tables[at + 1u], tables[at + 2u]);
}

// A whole number as one without a sign, in the same order: the free lengths lie among counters that have none.
fn ordered(value: i32) -> u32 {
    return bitcast<u32>(value) ^ 0x80000000u;
}

// The number that `ordered` was given.
fn signed(value: u32) -> i32 {
    return bitcast<i32>(value ^ 0x80000000u);
}
