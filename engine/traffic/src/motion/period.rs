//! What is counted in a stretch of time: by street, and by junction.

use super::network::SimulationNetwork;
use super::params::{TALLY, Vehicle};
use hanze_city::roads::lanes::Lanes;
use hanze_model::saved::{read, write};
use std::io::{Read, Write};

/// Sums of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Period {
    /// Tallies, streets first and then junctions; the queue is a sum over minutes.
    pub sums: Vec<u64>,
    /// Longest queue of each, dm.
    pub queues: Vec<u64>,
    /// Minutes.
    pub minutes: u64,
    /// Vehicles on the lanes at its end, those that stand for five minutes and more, and those that wait to set out.
    pub left: [u64; 3],
    /// Junctions at which somebody has been standing first for five minutes and more, with how many stand before them.
    pub stuck: Vec<[u64; 2]>,
}

/// Numbers of a street or junction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Vehicles that came in.
    pub entered: f64,
    /// Vehicles that went out.
    pub left: f64,
    /// s that vehicles spent there.
    pub seconds: f64,
    /// m that they drove.
    pub metres: f64,
    /// s that they stood or crawled.
    pub queued: f64,
    /// Mean and longest queue of minutes, m.
    pub queue: [f64; 2],
    /// CO2, NOx and PM10, g.
    pub emitted: [f64; 3],
}

impl Period {
    /// Nothing yet.
    pub fn new(tallies: usize) -> Period {
        Period { sums: vec![0; tallies * TALLY], queues: vec![0; tallies], ..Period::default() }
    }

    /// Adds what was counted in a minute.
    pub fn add(&mut self, tallies: &[u32]) {
        self.minutes += 1;
        for (sum, count) in self.sums.iter_mut().zip(tallies) {
            *sum += u64::from(*count);
        }
        for (queue, counts) in self.queues.iter_mut().zip(tallies.chunks_exact(TALLY)) {
            *queue = (*queue).max(u64::from(counts[5]));
        }
    }

    /// Adds another one that follows.
    pub fn join(&mut self, other: &Period) {
        self.minutes += other.minutes;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum += more);
        self.queues.iter_mut().zip(&other.queues).for_each(|(most, more)| *most = (*most).max(*more));
        self.left = other.left;
        self.stuck.clone_from(&other.stuck);
    }

    /// The numbers of a street, or of a junction behind all streets; `step` is that of the run, s.
    pub fn counts(&self, at: usize, step: f64) -> Counts {
        let numbers = &self.sums[at * TALLY..][..TALLY];
        let of = |k: usize| numbers[k] as f64;
        let minutes = self.minutes.max(1) as f64;
        let grams = |k: usize| of(6 + k) / super::emission::COUNTS[k] / 1000.0;
        Counts {
            entered: of(3),
            left: of(4),
            seconds: of(0) * step,
            metres: of(1) / 100.0,
            queued: of(2) * step,
            queue: [of(5) / 10.0 / minutes, self.queues[at] as f64 / 10.0],
            emitted: [grams(0), grams(1), grams(2)],
        }
    }

    /// Looks who stands at its end, and since when; `long` is a number of steps.
    pub fn look(&mut self, lanes: &Lanes, network: &SimulationNetwork, vehicles: &[Vehicle], waiting: u64, long: u32) {
        let stands = |one: &&Vehicle| one.stood >= long;
        self.left = [vehicles.len() as u64, vehicles.iter().filter(stands).count() as u64, waiting];
        let mut stuck: std::collections::BTreeMap<u64, u64> = Default::default();
        let mut lane = u32::MAX;
        for one in vehicles {
            let is_first = one.lane != lane;
            lane = one.lane;
            let this_lane = &lanes.lanes[lane as usize];
            if is_first && one.stood >= long && network.lanes[lane as usize].shut == 0 {
                let behind = vehicles.iter().filter(|other| other.lane == lane && other.stood >= long).count();
                *stuck.entry(u64::from(this_lane.node)).or_default() += behind as u64;
            }
        }
        self.stuck = stuck.into_iter().map(|(node, count)| [node, count]).collect();
        self.stuck.sort_by_key(|place| (std::cmp::Reverse(place[1]), place[0]));
    }

    /// Writes it.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn save(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write(out, &self.sums)?;
        write(out, &self.queues)?;
        write(out, &[self.minutes, self.left[0], self.left[1], self.left[2]])?;
        write(out, self.stuck.as_flattened())
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the reader fails.
    pub fn load(from: &mut dyn Read, tallies: usize) -> std::io::Result<Period> {
        let sums = read::<u64>(from, Some(tallies * TALLY))?;
        let queues = read::<u64>(from, Some(tallies))?;
        let numbers = read::<u64>(from, Some(4))?;
        let stuck = read::<u64>(from, None)?;
        Ok(Period {
            sums,
            queues,
            minutes: numbers[0],
            left: [numbers[1], numbers[2], numbers[3]],
            stuck: stuck.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(),
        })
    }
}
