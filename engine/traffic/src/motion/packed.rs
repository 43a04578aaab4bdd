//! Arrays that share a buffer on a GPU, so that no stage is given more than the eight that every device takes. Twin:
//! `shaders/traffic/motion/packed.wgsl`.

use super::emission::FACTORS;
use super::network::SimulationNetwork;
use super::params::{Factor, Foe, Gate, Kind, Offsets, Outcome, Phase, Program, Stop, TALLY, Trip};
use bytemuck::Pod;
use hanze_base::error::{Error, Result};
use std::mem::offset_of;

/// Words of an element.
const FOE_WORDS: u32 = 6;
const KIND_WORDS: u32 = 9;
const TRIP_WORDS: u32 = 8;
const STOP_WORDS: u32 = 3;
const FACTOR_WORDS: u32 = 7;
const GATE_WORDS: u32 = 4;
const PROGRAM_WORDS: u32 = 7;
const PHASE_WORDS: u32 = 3;
const OUTCOME_WORDS: u32 = 5;
/// Words of an element before one of its members.
const KIND_ACCEL: u32 = 3;
const KIND_MODES: u32 = 7;
const TRIP_LAST: u32 = 3;

const fn holds<T>(words: u32) -> bool {
    4 * words as usize == size_of::<T>()
}

const _: () = assert!(holds::<Foe>(FOE_WORDS) && holds::<Kind>(KIND_WORDS) && holds::<Trip>(TRIP_WORDS));
const _: () = assert!(holds::<Stop>(STOP_WORDS) && holds::<Factor>(FACTOR_WORDS) && holds::<Gate>(GATE_WORDS));
const _: () =
    assert!(holds::<Program>(PROGRAM_WORDS) && holds::<Phase>(PHASE_WORDS) && holds::<Outcome>(OUTCOME_WORDS));
const _: () = assert!(4 * KIND_ACCEL as usize == offset_of!(Kind, accel));
const _: () = assert!(4 * KIND_MODES as usize == offset_of!(Kind, modes));
const _: () = assert!(4 * TRIP_LAST as usize == offset_of!(Trip, last));

/// Sizes of the buffers that hold several arrays, words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// What does not change while it runs.
    pub tables: u32,
    /// Where the vehicles of each lane begin, and what lights show.
    pub starts: u32,
    /// Tallies, and counts and free lengths of lanes.
    pub counters: u32,
    /// Outcomes, and what is kept of lanes, sources and programs.
    pub records: u32,
}

/// How many elements the arrays of a network have.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    lanes: usize,
    foes: usize,
    inward: usize,
    kinds: usize,
    trips: usize,
    routes: usize,
    stops: usize,
    sources: usize,
    programs: usize,
    phases: usize,
    states: usize,
    heads: usize,
    lights: usize,
    tallies: usize,
}

/// Places in one buffer, given one after another.
struct Packing(u64);

impl Packing {
    /// Where an array of so many elements begins.
    fn take(&mut self, count: usize, words: u32) -> Result<u32> {
        let begin = self.0;
        self.0 = begin.saturating_add((count as u64).saturating_mul(u64::from(words)));
        // What ends within them begins within them, too.
        self.end().map(|_| begin as u32)
    }

    fn end(&self) -> Result<u32> {
        u32::try_from(self.0).map_err(|_| Error::Memory {
            what: "one buffer of the moving vehicles".into(),
            needed: self.0.saturating_mul(4),
            available: 4 * u64::from(u32::MAX),
            mend: "take fewer vehicles or a smaller city, or run with --device cpu".into(),
        })
    }
}

/// Where the arrays of a network lie, and how large the buffers are that hold them.
///
/// # Errors
/// `Memory` where numbers count no further.
pub fn offsets(network: &SimulationNetwork) -> Result<(Offsets, Sizes)> {
    place(Counts {
        lanes: network.lanes.len(),
        foes: network.foes.len(),
        inward: network.inward.len(),
        kinds: network.kinds.len(),
        trips: network.trips.len(),
        routes: network.routes.len(),
        stops: network.stops.len(),
        sources: network.sources.len(),
        programs: network.programs.len(),
        phases: network.phases.len(),
        states: network.states.len(),
        heads: network.heads.len(),
        lights: network.lights,
        tallies: network.tallies,
    })
}

fn place(count: Counts) -> Result<(Offsets, Sizes)> {
    let [mut tables, mut starts, mut counters, mut records] = [const { Packing(0) }; 4];
    starts.take(count.lanes + 1, 1)?;
    counters.take(count.tallies, TALLY as u32)?;
    records.take(count.trips, OUTCOME_WORDS)?;
    let offsets = Offsets {
        foes: tables.take(count.foes, FOE_WORDS)?,
        inward: tables.take(count.inward, 1)?,
        kinds: tables.take(count.kinds, KIND_WORDS)?,
        trips: tables.take(count.trips, TRIP_WORDS)?,
        routes: tables.take(count.routes, 1)?,
        stops: tables.take(count.stops, STOP_WORDS)?,
        factors: tables.take(FACTORS.len(), FACTOR_WORDS)?,
        gates: tables.take(count.sources, GATE_WORDS)?,
        programs: tables.take(count.programs, PROGRAM_WORDS)?,
        phases: tables.take(count.phases, PHASE_WORDS)?,
        states: tables.take(count.states, 1)?,
        heads: tables.take(count.heads, 1)?,
        lights: starts.take(count.lights, 1)?,
        counts: counters.take(count.lanes, 1)?,
        rooms: counters.take(count.lanes, 1)?,
        ready: records.take(count.lanes, 1)?,
        cursors: records.take(count.sources, 1)?,
        running: records.take(count.programs, 2)?,
    };
    let sizes =
        Sizes { tables: tables.end()?, starts: starts.end()?, counters: counters.end()?, records: records.end()? };
    Ok((offsets, sizes))
}

/// The arrays that do not change while it runs, in the order of their offsets.
pub fn tables(network: &SimulationNetwork) -> Vec<u32> {
    fn words<T: Pod>(values: &[T]) -> &[u32] {
        bytemuck::cast_slice(values)
    }
    [
        words(&network.foes),
        &network.inward,
        words(&network.kinds),
        words(&network.trips),
        &network.routes,
        words(&network.stops),
        words(&FACTORS),
        words(&network.sources),
        words(&network.programs),
        words(&network.phases),
        &network.states,
        &network.heads,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::bench::Load;

    #[test]
    fn each_array_lies_where_its_offset_says() {
        let mut network = SimulationNetwork::clone(&Load::square(3, 40, 0.5).unwrap().network);
        network.stops = vec![Stop { lane: 3, at: 12.5, stay: 7000 }; 2];
        let (offsets, sizes) = offsets(&network).unwrap();
        let tables = tables(&network);
        assert_eq!(tables.len(), sizes.tables as usize);
        fn check<T: Pod>(tables: &[u32], at: u32, values: &[T]) {
            let words: &[u32] = bytemuck::cast_slice(values);
            assert!(!words.is_empty(), "{at}: nothing to find");
            assert_eq!(&tables[at as usize..at as usize + words.len()], words, "at {at}");
        }
        check(&tables, offsets.foes, &network.foes);
        check(&tables, offsets.inward, &network.inward);
        check(&tables, offsets.kinds, &network.kinds);
        check(&tables, offsets.trips, &network.trips);
        check(&tables, offsets.routes, &network.routes);
        check(&tables, offsets.stops, &network.stops);
        check(&tables, offsets.factors, &FACTORS);
        check(&tables, offsets.gates, &network.sources);
        check(&tables, offsets.programs, &network.programs);
        check(&tables, offsets.phases, &network.phases);
        check(&tables, offsets.states, &network.states);
        check(&tables, offsets.heads, &network.heads);
        let lanes = network.lanes.len() as u32;
        assert_eq!([offsets.lights, sizes.starts], [lanes + 1, lanes + 1 + network.lights as u32]);
        let tallies = (network.tallies * TALLY) as u32;
        assert_eq!([offsets.counts, offsets.rooms, sizes.counters], [tallies, tallies + lanes, tallies + 2 * lanes]);
        let outcomes = 5 * network.trips.len() as u32;
        let (sources, programs) = (network.sources.len() as u32, network.programs.len() as u32);
        assert_eq!([offsets.ready, offsets.cursors], [outcomes, outcomes + lanes]);
        assert_eq!(
            [offsets.running, sizes.records],
            [outcomes + lanes + sources, outcomes + lanes + sources + 2 * programs]
        );
    }

    #[test]
    fn more_words_than_numbers_count_are_an_error() {
        // So many trips that their words just fit beside the factors, and one more.
        let most = (u32::MAX as usize - FACTORS.len() * FACTOR_WORDS as usize) / TRIP_WORDS as usize;
        let trips = |trips| place(Counts { trips, ..Counts::default() });
        assert!(trips(most).is_ok());
        assert!(matches!(trips(most + 1), Err(Error::Memory { needed, .. }) if needed > 4 * u64::from(u32::MAX)));
        assert!(trips(usize::MAX).is_err());
        // Each buffer by itself.
        let lanes = |lanes| place(Counts { lanes, ..Counts::default() });
        assert!(lanes(u32::MAX as usize / 2).is_ok());
        assert!(matches!(lanes(u32::MAX as usize / 2 + 1), Err(Error::Memory { .. })));
    }
}
