use super::*;
use crate::motion::bench::Load;
use crate::motion::mover::{CpuMover, Mover};
use std::sync::Arc;

/// A square of streets with lights at all junctions.
fn square(side: usize, vehicles: usize) -> Arc<SimulationNetwork> {
    Load::square(side, vehicles, 0.5).unwrap().network
}

/// All that changes, bit for bit.
fn bytes(mover: &mut CpuMover) -> Vec<u8> {
    let mut bytes = Vec::new();
    mover.save().unwrap().write(&mut bytes).unwrap();
    bytes
}

/// What holds between two steps: vehicles are in order, each lane knows its own, and nothing is counted yet.
fn check(state: &mut State) {
    let step = state.clock.step;
    assert!(state.counts.iter_mut().all(|count| *count.get_mut() == 0), "step {step}: counts");
    assert!(state.rooms.iter_mut().all(|room| *room.get_mut() == EMPTY), "step {step}: rooms");
    assert!(state.marks.iter_mut().all(|marks| *marks.get_mut() == 0), "step {step}: marks");
    let mut spans = vec![[0u32; 2]; state.spans.len()];
    for (slot, one) in (0u32..).zip(&state.vehicles) {
        let span = &mut spans[one.lane as usize];
        if span[1] == 0 {
            span[0] = slot;
        }
        span[1] = slot + 1;
    }
    assert!(spans == state.spans, "step {step}: lanes do not know their vehicles");
    let busy = (0u32..).zip(&spans).filter(|(_, span)| span[1] > 0).map(|(lane, _)| lane);
    assert!(busy.eq(state.busy.iter().copied()), "step {step}: lanes with vehicles");
    for pair in state.vehicles.windows(2) {
        let (front, back) = (&pair[0], &pair[1]);
        let is_before = front.pos > back.pos || (front.pos == back.pos && front.trip < back.trip);
        let in_order = front.lane < back.lane || (front.lane == back.lane && is_before);
        assert!(in_order, "step {step}:\n{front:?}\n{back:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let network = square(12, 15_000);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut mover = CpuMover::new(network.clone());
        let states = [400, 600].map(|steps| {
            pool.install(|| mover.run(steps).unwrap());
            bytes(&mut mover)
        });
        // So many decide and are put in order in parallel.
        assert!(mover.last() as usize > MANY, "{} vehicles", mover.last());
        states
    };
    let alone = run(1);
    for threads in [2, 5] {
        assert!(run(threads) == alone, "{threads} threads give another result than one");
    }
    // Step by step, from outside the pool.
    let mut mover = CpuMover::new(network.clone());
    for _ in 0..400 {
        mover.run(1).unwrap();
    }
    assert!(bytes(&mut mover) == alone[0], "step by step");
}

#[test]
fn lanes_that_vehicles_have_left_hold_nothing() {
    let network = square(3, 150);
    let mut state = State::new(&network);
    let mut used = vec![false; network.lanes.len()];
    while state.clock.arrived < network.trips.len() as u32 {
        assert!(state.clock.step < 14_400, "{} of {} have arrived", state.clock.arrived, network.trips.len());
        state.step(&network);
        check(&mut state);
        state.busy.iter().for_each(|lane| used[*lane as usize] = true);
    }
    let used = used.iter().filter(|used| **used).count();
    assert!(used > 30, "{used} lanes were used");
    assert!(state.vehicles.is_empty() && state.busy.is_empty());
    assert!(state.spans.iter().all(|span| *span == [0, 0]));
}

#[test]
fn vehicles_that_are_placed_replace_all_others() {
    let network = square(6, 2000);
    let mut state = State::new(&network);
    state.run(&network, 500);
    check(&mut state);
    // Every other one stays, in any order.
    let mut kept: Vec<Vehicle> = state.vehicles.iter().copied().step_by(2).collect();
    kept.reverse();
    state.place(&kept);
    check(&mut state);
    assert_eq!((state.vehicles.len(), state.clock.vehicles as usize), (kept.len(), kept.len()));
    state.step(&network);
    check(&mut state);
}

#[test]
fn what_was_kept_goes_on_as_if_nothing_had_been() {
    let network = square(6, 2000);
    let mut whole = CpuMover::new(network.clone());
    whole.run(500).unwrap();
    let saved = whole.save().unwrap();
    // Another has got elsewhere meanwhile: its lights and those who are due are others.
    let mut other = CpuMover::new(network);
    other.run(333).unwrap();
    other.restore(&saved).unwrap();
    for _ in 0..5 {
        assert!(bytes(&mut whole) == bytes(&mut other), "step {}", saved.clock.step);
        for mover in [&mut whole, &mut other] {
            mover.run(100).unwrap();
        }
    }
    assert!(whole.last() > 100, "{} vehicles", whole.last());
}

#[test]
fn a_lane_leads_on_where_a_way_would_be_chosen() {
    let network = square(5, 600);
    let mut state = State::new(&network);
    state.run(&network, 400);
    let view = state.view(&network);
    let mut found = [0; 2];
    for one in &state.vehicles {
        let (last, modes) = (network.trips[one.trip as usize].last, network.kinds[one.kind as usize].modes);
        // On the way that it takes, and on one that does not lead there.
        for place in (one.place..one.place + 2).filter(|place| place + 1 < last) {
            let leads = view.leads(one.lane, place, last, modes);
            assert_eq!(leads, view.choose(one.lane, place, last, modes) != NONE, "{one:?}");
            found[usize::from(leads)] += 1;
        }
    }
    assert!(found.iter().all(|count| *count > 10), "{found:?}");
}
