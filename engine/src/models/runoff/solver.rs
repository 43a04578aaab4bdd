//! What a device does for the runoff model.

use super::params::{Clock, Params, Segment, Source};
use crate::error::Result;
use std::time::Instant;

/// Advances the shallow water equations on one device.
///
/// The caller cuts time into intervals in which rain is constant and every boundary value runs linearly.
pub trait Solver: Send {
    /// Starts an interval.
    fn begin(&mut self, params: Params, segments: &[Segment], sources: &[Source]) -> Result<()>;
    /// Steps until the interval ends or the deadline has passed; returns the clock.
    fn advance(&mut self, deadline: Instant) -> Result<Clock>;
    /// The clock as it stands, with the wave speed that the next step starts from.
    fn clock(&self) -> Clock;
    /// Depth (m) and unit discharges to the east and to the south (m²/s) at each gauge.
    fn gauges(&mut self) -> Result<Vec<[f32; 3]>>;
    /// Water that left through the edges so far.
    fn volumes(&mut self) -> Result<Volumes>;
    /// All arrays.
    fn fields(&mut self) -> Result<Fields>;
    /// Puts back what `fields`, `volumes` and `advance` gave, after `begin` of the same interval.
    fn restore(&mut self, fields: Fields, volumes: Volumes, clock: Clock) -> Result<()>;
}

/// The arrays of a run, padded by the halo; see [`super::params`] for the units.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Depth, m.
    pub depth: Vec<f32>,
    /// What the depth lost to rounding, m.
    pub low: Vec<f32>,
    /// Unit discharge to the east, m²/s.
    pub qx: Vec<f32>,
    /// Unit discharge to the south, m²/s.
    pub qy: Vec<f32>,
    /// Highest depth so far, m.
    pub max_depth: Vec<f32>,
    /// Highest speed so far, m/s.
    pub max_speed: Vec<f32>,
    /// Time of arrival, ms.
    pub arrival: Vec<u32>,
    /// Time above the duration depth, ms.
    pub duration: Vec<u32>,
    /// Water that went into the soil, m.
    pub infiltrated: Vec<f32>,
    /// What that lost to rounding, m.
    pub infiltrated_low: Vec<f32>,
}

impl Fields {
    /// The arrays of f32, in the order of a checkpoint.
    pub(super) fn floats(&mut self) -> [&mut Vec<f32>; 8] {
        [
            &mut self.depth,
            &mut self.low,
            &mut self.qx,
            &mut self.qy,
            &mut self.max_depth,
            &mut self.max_speed,
            &mut self.infiltrated,
            &mut self.infiltrated_low,
        ]
    }

    /// The arrays of u32, in the order of a checkpoint.
    pub(super) fn integers(&mut self) -> [&mut Vec<u32>; 2] {
        [&mut self.arrival, &mut self.duration]
    }
}

/// Water that left through each face of the edges since the start, m² (volume per metre of face); inflow is negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volumes {
    /// From west to east.
    pub north: Vec<f64>,
    /// From west to east.
    pub south: Vec<f64>,
    /// From north to south.
    pub west: Vec<f64>,
    /// From north to south.
    pub east: Vec<f64>,
}

impl Volumes {
    /// The four edges in the order of a checkpoint.
    pub(super) fn edges(&mut self) -> [&mut Vec<f64>; 4] {
        [&mut self.north, &mut self.south, &mut self.west, &mut self.east]
    }
}
