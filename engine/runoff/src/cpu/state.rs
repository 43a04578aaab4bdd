//! The arrays of the CPU device. All are padded by [`HALO`] cells on every side.

use super::super::arrays::{StateRows, StatisticsRows};
use super::super::params::{HALO, Segment, TILE};
use super::super::solver::{State, Statistics};
use super::marks::Marks;

/// Cells or faces of a row, by their place in it.
#[derive(Clone, Copy)]
pub struct Span {
    pub from: usize,
    pub n: usize,
}

impl Span {
    /// One place behind the last.
    #[inline(always)]
    pub fn end(self) -> usize {
        self.from + self.n
    }

    /// As many from another place on.
    #[inline(always)]
    pub fn moved(self, from: usize) -> Span {
        Span { from, n: self.n }
    }

    /// These of a row. Cut in two steps, the compiler sees that they are `n` and leaves out checks of bounds.
    #[inline(always)]
    pub fn of<T>(self, row: &[T]) -> &[T] {
        &row[self.from..][..self.n]
    }

    /// The same, to write to.
    #[inline(always)]
    pub fn of_mut<T>(self, row: &mut [T]) -> &mut [T] {
        &mut row[self.from..][..self.n]
    }
}

/// What does not change: bed (m, relative to the datum), Manning's n (s/m^(1/3)), infiltration capacity (m/s), and of soil that
/// is not plain what `soil::soak` takes: S or Horton's excess, and what is held.
pub struct Ground {
    pub bed: Vec<f32>,
    pub manning: Vec<f32>,
    pub infiltration: Vec<f32>,
    pub soil: [Vec<f32>; 2],
    /// Where there are walls, and soil.
    pub marks: Marks,
    /// Share of the rain that comes to each cell; empty where it is the same everywhere.
    pub shares: Vec<f32>,
}

/// The edges: which segment each face belongs to, and the segments' values at the middle of the step.
pub struct Perimeter {
    pub north: Vec<u32>,
    pub south: Vec<u32>,
    pub west: Vec<u32>,
    pub east: Vec<u32>,
    pub segments: Vec<Segment>,
    /// Seconds since the start of the interval.
    pub middle: f32,
}

/// Water that left through each face since the start, m² (volume per metre of face).
#[derive(Clone)]
pub struct Outflow {
    pub north: Vec<f64>,
    pub south: Vec<f64>,
    pub west: Vec<f64>,
    pub east: Vec<f64>,
}

impl Perimeter {
    #[inline(always)]
    pub fn kind(&self, segment: u32) -> u32 {
        self.segments[segment as usize].kind
    }

    /// Level (m) or unit discharge (m²/s) of a segment at the middle of the step.
    #[inline(always)]
    pub fn value(&self, segment: u32) -> f32 {
        let segment = &self.segments[segment as usize];
        segment.value + segment.slope * self.middle
    }
}

/// The rows that one block writes: of the state, of the statistics, of the outflow, and of the tiles.
pub struct Rows<'a> {
    /// Padded index of the first row.
    pub first: usize,
    pub count: usize,
    pub stride: usize,
    pub state: StateRows<'a>,
    pub statistics: StatisticsRows<'a>,
    pub out_west: &'a mut [f64],
    pub out_east: &'a mut [f64],
    /// Empty for all blocks but the first.
    pub out_north: &'a mut [f64],
    /// Empty for all blocks but the last.
    pub out_south: &'a mut [f64],
    /// Steps that each tile stays awake, a row of tiles for every `TILE` rows.
    pub awake: &'a mut [u32],
}

impl<'a> Rows<'a> {
    /// All rows of the grid without the halo.
    pub fn all(
        rows: usize,
        stride: usize,
        state: &'a mut State,
        statistics: &'a mut Statistics,
        out: &'a mut Outflow,
        awake: &'a mut [u32],
    ) -> Rows<'a> {
        let span = HALO * stride..(HALO + rows) * stride;
        Rows {
            first: HALO,
            count: rows,
            stride,
            state: state.rows(span.clone()),
            statistics: statistics.rows(span),
            out_west: &mut out.west,
            out_east: &mut out.east,
            out_north: &mut out.north,
            out_south: &mut out.south,
            awake,
        }
    }

    /// The first `bands` rows of tiles and the rest.
    pub fn split_at(self, bands: usize) -> (Rows<'a>, Rows<'a>) {
        let count = bands * TILE;
        let tiles = self.awake.len() / self.count.div_ceil(TILE);
        let cut = count * self.stride;
        let (state, state_rest) = self.state.split_at(cut);
        let (statistics, statistics_rest) = self.statistics.split_at(cut);
        let (out_west, out_west_rest) = self.out_west.split_at_mut(count);
        let (out_east, out_east_rest) = self.out_east.split_at_mut(count);
        let (awake, awake_rest) = self.awake.split_at_mut(bands * tiles);
        let head = Rows {
            first: self.first,
            count,
            stride: self.stride,
            state,
            statistics,
            out_west,
            out_east,
            out_north: self.out_north,
            out_south: &mut [],
            awake,
        };
        let rest = Rows {
            first: self.first + count,
            count: self.count - count,
            stride: self.stride,
            state: state_rest,
            statistics: statistics_rest,
            out_west: out_west_rest,
            out_east: out_east_rest,
            out_north: &mut [],
            out_south: self.out_south,
            awake: awake_rest,
        };
        (head, rest)
    }
}
