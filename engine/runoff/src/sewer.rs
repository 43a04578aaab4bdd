//! Sewers as the model takes them: inlets up to a capacity, into the storage of a district, which is pumped out at a rate and
//! comes up at the lowest inlets when it is full. There is no network of pipes.

use super::params::{BLOCK, Inlet, NOWHERE, Sewer};
use super::problem::Problem;
use std::ops::Range;

/// Share of a district's inlets at which it comes up: the lowest ones.
const LOWEST: f64 = 0.05;
/// Room of a district that cannot be full, metres on one cell.
const ENDLESS: f32 = 1e30;

/// Inlets of so many at which a sewer comes up.
fn spills(inlets: usize) -> usize {
    (LOWEST * inlets as f64).ceil() as usize
}

/// A sewer district.
#[derive(Clone, Debug, PartialEq)]
pub struct District {
    /// Name in tables.
    pub name: String,
    /// What it can store, m³; infinite where it never is full.
    pub room: f64,
    /// What is pumped out, m³/s.
    pub pump: f64,
}

/// A cell with an inlet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gully {
    /// The cell.
    pub cell: usize,
    /// Its district.
    pub district: usize,
    /// What it takes at most, m/s.
    pub capacity: f32,
}

/// The sewers of a city.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sewers {
    /// The districts.
    pub districts: Vec<District>,
    /// Cells with inlets.
    pub gullies: Vec<Gully>,
}

/// Inlets in blocks, each of one district.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocks {
    /// The inlets; each block is filled up with some that are nowhere.
    pub inlets: Vec<Inlet>,
    /// Blocks of each district.
    pub ranges: Vec<Range<usize>>,
}

impl Sewers {
    /// Cells of each district at which it comes up when it is full, lowest first.
    pub fn lowest(&self, bed: &[f32]) -> Vec<Vec<usize>> {
        let mut cells = vec![Vec::new(); self.districts.len()];
        for gully in self.gullies.iter().filter(|gully| self.districts[gully.district].room.is_finite()) {
            cells[gully.district].push(gully.cell);
        }
        for cells in &mut cells {
            cells.sort_by(|a, b| bed[*a].total_cmp(&bed[*b]).then(a.cmp(b)));
            cells.truncate(spills(cells.len()));
        }
        cells
    }

    /// Number of those cells of each district.
    fn spill_cells(&self) -> Vec<usize> {
        let mut counts = vec![0; self.districts.len()];
        self.gullies.iter().for_each(|gully| counts[gully.district] += 1);
        counts.into_iter().map(spills).collect()
    }
}

impl Problem {
    /// Wave speed that sewers may raise where they come up, m/s, while so much comes from roofs (m³/s).
    pub(super) fn spill_speed(&self, direct: &[f64]) -> f64 {
        let cells = self.sewers.spill_cells();
        let each = direct.iter().zip(cells).map(|(direct, cells)| direct / cells.max(1) as f64);
        self.rain_speed(each.fold(0.0, f64::max) / self.grid.cell_area())
    }

    /// The inlets in the given rows; `filled` up to whole blocks, or as they are, with ranges of inlets and not of blocks.
    pub(super) fn blocks(&self, rows: Range<usize>, filled: bool) -> Blocks {
        let sewers = &self.sewers;
        let lowest = sewers.lowest(&self.bed);
        let mut spills = vec![0.0f32; if lowest.iter().all(Vec::is_empty) { 0 } else { self.grid.len() }];
        for cells in &lowest {
            cells.iter().for_each(|cell| spills[*cell] = 1.0 / cells.len() as f32);
        }
        let cols = self.grid.cols;
        let mut gullies: Vec<_> = sewers.gullies.iter().filter(|gully| rows.contains(&(gully.cell / cols))).collect();
        gullies.sort_unstable_by_key(|gully| (gully.district, gully.cell));
        let (mut blocks, each) = (Blocks::default(), if filled { BLOCK } else { 1 });
        let mut gullies = gullies.into_iter().peekable();
        for district in 0..sewers.districts.len() {
            let first = blocks.inlets.len() / each;
            while let Some(gully) = gullies.next_if(|gully| gully.district == district) {
                blocks.inlets.push(Inlet {
                    index: self.padded_index(gully.cell % cols, gully.cell / cols),
                    capacity: gully.capacity,
                    spill: spills.get(gully.cell).copied().unwrap_or(0.0),
                    district: district as u32,
                });
            }
            if filled {
                let filler = Inlet { index: NOWHERE, district: district as u32, ..Inlet::default() };
                blocks.inlets.resize(blocks.inlets.len().next_multiple_of(BLOCK), filler);
            }
            blocks.ranges.push(first..blocks.inlets.len() / each);
        }
        blocks
    }

    /// The districts in an interval, into which so much comes from roofs (m³/s).
    pub(super) fn districts(&self, direct: &[f64]) -> Vec<Sewer> {
        let area = self.grid.cell_area();
        let sewer = |(k, district): (usize, &District)| Sewer {
            room: if district.room.is_finite() { (district.room / area) as f32 } else { ENDLESS },
            pump: (district.pump / area) as f32,
            direct: (direct.get(k).copied().unwrap_or(0.0) / area) as f32,
            unused: 0,
        };
        self.sewers.districts.iter().enumerate().map(sewer).collect()
    }
}
