//! A runoff problem as the solvers take it: plain arrays in SI units on one grid.

use super::links::Structure;
use super::params::{
    DRY, GRAVITY, HALO, KIND_DISCHARGE, KIND_FREE, KIND_LEVEL, KIND_PERIODIC, KIND_WALL, NEVER, SOIL_GREEN_AMPT,
    SOIL_HORTON, SOIL_PLAIN, Segment, Source, TILE, TILE_FED, TILE_OPEN, TILE_SHUT, WALL,
};
use super::sewer::Sewers;
use super::sky::{Radar, Roof};
use super::solver::{Fields, State, Statistics};
use hanze_base::grid::{Edge, Grid};
use hanze_base::remark::Remarks;
use hanze_base::series::Series;

/// What happens at a stretch of an edge.
#[derive(Clone, Debug, PartialEq)]
pub enum BoundaryKind {
    /// Nothing passes.
    Wall,
    /// Water leaves as it comes; the bed carries on, but never uphill. Nothing comes in.
    Free,
    /// The level, m above the reference of the heights.
    Level(Series),
    /// Discharge into the grid, m³/s, spread evenly over the open cells of the stretch.
    Discharge(Series),
    /// What leaves here enters on the opposite edge. For test cases; both edges must have it whole.
    Periodic,
}

/// A stretch of an edge with its condition. Later ones win where stretches overlap; the rest is wall.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// Name in tables.
    pub name: String,
    /// The edge.
    pub edge: Edge,
    /// First cell along the edge, from the west or from the north.
    pub from: usize,
    /// Cell after the last one.
    pub to: usize,
    /// What happens there.
    pub kind: BoundaryKind,
}

/// Water that enters in one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Inflow {
    /// Name in tables.
    pub name: String,
    /// Column.
    pub col: usize,
    /// Row.
    pub row: usize,
    /// Discharge, m³/s.
    pub series: Series,
}

/// A cell whose water is written down in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// Name in tables.
    pub name: String,
    /// Column.
    pub col: usize,
    /// Row.
    pub row: usize,
}

/// Choices of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Settings {
    /// Order of accuracy, 1 or 2.
    pub order: u32,
    /// Courant number; 0.5 is right for both orders.
    pub courant: f64,
    /// Longest time step, s; `None` takes the step of a wave of 1 m/s.
    pub longest_step: Option<f64>,
    /// Depth that counts as arrived, m.
    pub arrival_depth: f64,
    /// Depth that counts for the duration, m.
    pub duration_depth: f64,
    /// Whether tiles without water are skipped. The answer is the same; measurements and tests turn it off.
    pub skip_dry: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            order: 2,
            courant: 0.5,
            longest_step: None,
            arrival_depth: 0.05,
            duration_depth: 0.10,
            skip_dry: true,
        }
    }
}

/// How soil takes water, besides its infiltration capacity (m/s).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Soil {
    /// At its capacity.
    #[default]
    Plain,
    /// After Green and Ampt: the capacity is the saturated hydraulic conductivity, and each cell has its suction head at the
    /// wetting front times the moisture deficit, m.
    GreenAmpt(Vec<f32>),
    /// After Horton: the capacity is what the rate ends at.
    Horton {
        /// What the rate of each cell is higher at the start, m/s.
        excess: Vec<f32>,
        /// Decay of that, 1/s.
        decay: f64,
    },
}

/// A runoff problem. Arrays hold one value per cell, row by row from the north-west.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where the cells lie.
    pub grid: Grid,
    /// Height that beds and levels are relative to, m.
    pub datum: f64,
    /// Bed relative to the datum, m; NaN is a cell that water cannot enter.
    pub bed: Vec<f32>,
    /// Manning's n, s/m^(1/3).
    pub manning: Vec<f32>,
    /// Infiltration capacity, m/s.
    pub infiltration: Vec<f32>,
    /// How soil takes water.
    pub soil: Soil,
    /// Water that leaves and the smallest hollows hold before any sinks in, m; empty for none.
    pub interception: Vec<f32>,
    /// Depth at the start, m.
    pub depth: Vec<f32>,
    /// Unit discharge to the east at the start, m²/s.
    pub qx: Vec<f32>,
    /// Unit discharge to the south at the start, m²/s.
    pub qy: Vec<f32>,
    /// Rain, m/s; with radar its highest intensity.
    pub rain: Series,
    /// Rain that differs from place to place.
    pub radar: Option<Radar>,
    /// Cells whose rain goes elsewhere.
    pub roofs: Vec<Roof>,
    /// Whether each cell is part of a building; empty for none.
    pub built: Vec<bool>,
    /// Whether each cell lies in a gap between buildings, where depths are not those of streets; empty for none.
    pub gaps: Vec<bool>,
    /// Sewers.
    pub sewers: Sewers,
    /// Weirs, culverts, pumps, breaches and held levels.
    pub structures: Vec<Structure>,
    /// Open stretches of the edges.
    pub boundaries: Vec<Boundary>,
    /// Point inflows.
    pub inflows: Vec<Inflow>,
    /// Gauges.
    pub gauges: Vec<Gauge>,
    /// Choices of the scheme.
    pub settings: Settings,
    /// What was guessed, mended or left out.
    pub repairs: Remarks,
}

/// The arrays of a problem with a halo.
pub struct Padded {
    /// Bed with walls as `WALL`, m.
    pub bed: Vec<f32>,
    /// Manning's n.
    pub manning: Vec<f32>,
    /// Infiltration capacity, m/s.
    pub infiltration: Vec<f32>,
    /// Suction times deficit (or Horton's excess) and what is held; empty where all soil is plain.
    pub soil: Vec<[f32; 2]>,
    /// The state at the start.
    pub fields: Fields,
    /// Highest wave speed at the start, m/s.
    pub speed: f32,
    /// Padded index of each gauge.
    pub gauges: Vec<u32>,
}

/// Segment of each face of the edges: 0 is wall, k + 1 the problem's boundary k.
pub struct Edges {
    /// From west to east.
    pub north: Vec<u32>,
    /// From west to east.
    pub south: Vec<u32>,
    /// From north to south.
    pub west: Vec<u32>,
    /// From north to south.
    pub east: Vec<u32>,
}

impl Problem {
    /// Dry land without rain, friction or infiltration between walls, from f64 beds that include their datum.
    pub fn new(grid: Grid, bed: &[f64]) -> Problem {
        let raster = hanze_base::raster::Raster::heights(grid, "bed", bed);
        let zeros = vec![0.0; grid.len()];
        Problem {
            grid,
            datum: raster.datum,
            bed: raster.values,
            manning: zeros.clone(),
            infiltration: zeros.clone(),
            soil: Soil::Plain,
            interception: Vec::new(),
            depth: zeros.clone(),
            qx: zeros.clone(),
            qy: zeros,
            rain: Series::constant(0.0),
            radar: None,
            roofs: Vec::new(),
            built: Vec::new(),
            gaps: Vec::new(),
            sewers: Sewers::default(),
            structures: Vec::new(),
            boundaries: Vec::new(),
            inflows: Vec::new(),
            gauges: Vec::new(),
            settings: Settings::default(),
            repairs: Remarks::default(),
        }
    }

    /// One of the `SOIL_` constants.
    pub fn soil_kind(&self) -> u32 {
        match &self.soil {
            Soil::Plain if self.interception.is_empty() => SOIL_PLAIN,
            Soil::Plain | Soil::GreenAmpt(_) => SOIL_GREEN_AMPT,
            Soil::Horton { .. } => SOIL_HORTON,
        }
    }

    /// Decay of Horton's rate, 1/s.
    pub fn soil_decay(&self) -> f64 {
        if let Soil::Horton { decay, .. } = self.soil { decay } else { 0.0 }
    }

    fn soils(&self, pad: &impl Fn(&[f32], f32) -> Vec<f32>) -> Vec<[f32; 2]> {
        if self.soil_kind() == SOIL_PLAIN {
            return Vec::new();
        }
        let zeros = vec![0.0; self.grid.len()];
        let first = match &self.soil {
            Soil::Plain => &zeros,
            Soil::GreenAmpt(store) => store,
            Soil::Horton { excess, .. } => excess,
        };
        let held = if self.interception.is_empty() { &zeros } else { &self.interception };
        pad(first, 0.0).into_iter().zip(pad(held, 0.0)).map(|(first, held)| [first, held]).collect()
    }

    /// Number of cells that water can enter.
    pub fn open_cells(&self) -> usize {
        self.bed.iter().filter(|z| !z.is_nan()).count()
    }

    /// Cells of an edge.
    fn edge_len(&self, edge: Edge) -> usize {
        match edge {
            Edge::North | Edge::South => self.grid.cols,
            Edge::West | Edge::East => self.grid.rows,
        }
    }

    /// Index of the cell at a place along an edge, `depth` cells inward.
    fn edge_cell(&self, edge: Edge, along: usize, inward: usize) -> Option<usize> {
        let Grid { cols, rows, .. } = self.grid;
        let (col, row) = match edge {
            Edge::North => (along, inward),
            Edge::South => (along, rows.checked_sub(1 + inward)?),
            Edge::West => (inward, along),
            Edge::East => (cols.checked_sub(1 + inward)?, along),
        };
        (col < cols && row < rows).then_some(row * cols + col)
    }

    /// Cells of a boundary's stretch that water can enter.
    pub fn open_faces(&self, boundary: &Boundary) -> usize {
        let open =
            |along: &usize| self.edge_cell(boundary.edge, *along, 0).is_some_and(|cell| !self.bed[cell].is_nan());
        (boundary.from..boundary.to).filter(open).count()
    }

    /// Which boundary each face of the edges belongs to. Faces of cells that water cannot enter are wall.
    pub fn edges(&self) -> Edges {
        let along = |edge: Edge| {
            let mut segments = vec![0; self.edge_len(edge)];
            for (k, boundary) in self.boundaries.iter().enumerate().filter(|(_, b)| b.edge == edge) {
                let to = boundary.to.min(segments.len());
                segments[boundary.from.min(to)..to].fill(k as u32 + 1);
            }
            for (i, segment) in segments.iter_mut().enumerate() {
                let open = self.edge_cell(edge, i, 0).is_some_and(|cell| !self.bed[cell].is_nan());
                *segment = if open { *segment } else { 0 };
            }
            segments
        };
        Edges { north: along(Edge::North), south: along(Edge::South), west: along(Edge::West), east: along(Edge::East) }
    }

    /// Kind of each tile, row by row from the north-west, and the number of tiles in a row.
    pub fn tile_kinds(&self) -> (Vec<u32>, usize) {
        let Grid { cols, rows, .. } = self.grid;
        let across = cols.div_ceil(TILE);
        if !self.settings.skip_dry {
            return (vec![TILE_FED; across * rows.div_ceil(TILE)], across);
        }
        let mut kinds = vec![TILE_SHUT; across * rows.div_ceil(TILE)];
        for row in 0..rows {
            let kinds = &mut kinds[row / TILE * across..][..across];
            let beds = self.bed[row * cols..(row + 1) * cols].chunks(TILE);
            for (kind, beds) in kinds.iter_mut().zip(beds).filter(|(kind, _)| **kind == TILE_SHUT) {
                *kind = if beds.iter().all(|z| z.is_nan()) { TILE_SHUT } else { TILE_OPEN };
            }
        }
        let mut feed = |cell: usize| kinds[cell / cols / TILE * across + cell % cols / TILE] = TILE_FED;
        self.inflows.iter().for_each(|inflow| feed(inflow.row * cols + inflow.col));
        self.structures.iter().flat_map(|s| &s.pairs).flatten().flatten().for_each(|cell| feed(*cell));
        self.sewers.lowest(&self.bed).into_iter().flatten().for_each(&mut feed);
        let edges = self.edges();
        let sides = [
            (Edge::North, &edges.north),
            (Edge::South, &edges.south),
            (Edge::West, &edges.west),
            (Edge::East, &edges.east),
        ];
        for (edge, segments) in sides {
            for (along, &segment) in segments.iter().enumerate().filter(|(_, segment)| **segment > 0) {
                // Through a free edge water only leaves.
                let kind = &self.boundaries[segment as usize - 1].kind;
                if !matches!(kind, BoundaryKind::Wall | BoundaryKind::Free) {
                    self.edge_cell(edge, along, 0).into_iter().for_each(&mut feed);
                }
            }
        }
        (kinds, across)
    }

    /// Number of faces that each boundary has.
    pub fn boundary_faces(&self) -> Vec<usize> {
        let edges = self.edges();
        let mut faces = vec![0; self.boundaries.len()];
        for &segment in [&edges.north, &edges.south, &edges.west, &edges.east].into_iter().flatten() {
            if segment > 0 {
                faces[segment as usize - 1] += 1;
            }
        }
        faces
    }

    /// The segments from `from` to `to` seconds, wall first; within that time all values run linearly.
    pub fn segments(&self, faces: &[usize], from: f64, to: f64) -> Vec<Segment> {
        let segment = |kind, series: Option<&Series>, offset: f64, scale: f64| {
            let (start, end) = series.map_or((0.0, 0.0), |s| (s.at(from), s.before(to)));
            let (start, end) = ((start - offset) * scale, (end - offset) * scale);
            Segment { kind, value: start as f32, slope: ((end - start) / (to - from)) as f32, unused: 0 }
        };
        let mut segments = vec![segment(KIND_WALL, None, 0.0, 0.0)];
        segments.extend(self.boundaries.iter().zip(faces).map(|(boundary, &faces)| match &boundary.kind {
            BoundaryKind::Wall => segment(KIND_WALL, None, 0.0, 0.0),
            BoundaryKind::Free => segment(KIND_FREE, None, 0.0, 0.0),
            BoundaryKind::Level(series) => segment(KIND_LEVEL, Some(series), self.datum, 1.0),
            BoundaryKind::Discharge(series) => {
                let width = faces.max(1) as f64 * self.grid.cell;
                segment(KIND_DISCHARGE, Some(series), 0.0, 1.0 / width)
            }
            BoundaryKind::Periodic => segment(KIND_PERIODIC, None, 0.0, 0.0),
        }));
        segments
    }

    /// The point inflows from `from` to `to` seconds, one for each cell that has any.
    pub fn sources(&self, from: f64, to: f64) -> Vec<Source> {
        let area = self.grid.cell_area();
        let source = |inflow: &Inflow| {
            let (start, end) = (inflow.series.at(from) / area, inflow.series.before(to) / area);
            let index = self.padded_index(inflow.col, inflow.row);
            Source { index, rate: start as f32, slope: ((end - start) / (to - from)) as f32, unused: 0 }
        };
        let mut sources: Vec<Source> = Vec::with_capacity(self.inflows.len());
        for source in self.inflows.iter().map(source) {
            match sources.iter_mut().find(|other| other.index == source.index) {
                Some(other) => {
                    other.rate += source.rate;
                    other.slope += source.slope;
                }
                None => sources.push(source),
            }
        }
        sources
    }

    /// Wave speed that the given point inflows and discharge edges may raise in dry cells, m/s: that of critical flow
    /// out of the cell's four sides, or through the edge.
    pub fn source_speed(&self, segments: &[Segment], sources: &[Source], length: f64) -> f64 {
        let largest = |value: f32, slope: f32| f64::from(value.max(value + slope * length as f32).max(0.0));
        let at_edges = segments.iter().filter(|s| s.kind == KIND_DISCHARGE).map(|s| largest(s.value, s.slope));
        let at_points = sources.iter().map(|s| largest(s.rate, s.slope) * self.grid.cell / 4.0);
        let discharge = at_edges.chain(at_points).fold(0.0, f64::max);
        2.0 * (discharge * f64::from(GRAVITY)).cbrt()
    }

    /// Wave speed that so much water, m/s, may raise in a dry cell, m/s.
    pub(super) fn rain_speed(&self, rate: f64) -> f64 {
        2.0 * (f64::from(GRAVITY) * rate * self.grid.cell / 4.0).cbrt()
    }

    /// Every time at which rain, a boundary or an inflow has a point, s; unsorted.
    pub fn breakpoints(&self) -> Vec<f64> {
        let boundaries = self.boundaries.iter().filter_map(|b| match &b.kind {
            BoundaryKind::Level(series) | BoundaryKind::Discharge(series) => Some(series),
            _ => None,
        });
        let inflows = self.inflows.iter().map(|i| &i.series);
        let held = self.roofs.iter().map(|roof| roof.holds).filter(|holds| *holds > 0.0);
        let mut held: Vec<f64> = if self.radar.is_none() { held.collect() } else { Vec::new() };
        held.sort_by(f64::total_cmp);
        held.dedup();
        let full = held.into_iter().filter_map(|holds| self.rain.reaches(holds)).collect::<Vec<f64>>();
        let all = [&self.rain].into_iter().chain(boundaries).chain(inflows).chain(self.structure_series());
        all.flat_map(|s| s.times.iter().copied()).chain(full).collect()
    }

    /// Longest time step, s.
    pub fn longest_step(&self) -> f64 {
        self.settings.longest_step.unwrap_or(self.settings.courant * self.grid.cell)
    }

    pub(super) fn padded_index(&self, col: usize, row: usize) -> u32 {
        ((row + HALO) * (self.grid.cols + 2 * HALO) + col + HALO) as u32
    }

    /// The arrays with a halo. The halo's bed carries the edge's bed on where the edge is open, and is wall elsewhere.
    pub fn padded(&self) -> Padded {
        let Grid { cols, rows, .. } = self.grid;
        let stride = cols + 2 * HALO;
        let len = stride * (rows + 2 * HALO);
        let pad = |values: &[f32], outside: f32| {
            let mut padded = vec![outside; len];
            for row in 0..rows {
                let at = (row + HALO) * stride + HALO;
                padded[at..at + cols].copy_from_slice(&values[row * cols..(row + 1) * cols]);
            }
            padded
        };
        let mut bed = pad(&self.bed, WALL);
        for z in &mut bed {
            *z = if z.is_nan() { WALL } else { *z };
        }
        self.carry_bed_on(&mut bed);
        let wet = |values: &[f32]| {
            let keep = |(v, z): (&f32, &f32)| if z.is_nan() { 0.0 } else { *v };
            pad(&values.iter().zip(&self.bed).map(keep).collect::<Vec<_>>(), 0.0)
        };
        let (depth, qx, qy) = (wet(&self.depth), wet(&self.qx), wet(&self.qy));
        let wave = |i: usize| {
            let wet = depth[i] > DRY;
            let speed = if wet { qx[i].abs().max(qy[i].abs()) / depth[i] } else { 0.0 };
            speed + (GRAVITY * depth[i]).sqrt()
        };
        let start = Fields::new(|array| array.count(len, !self.sewers.gullies.is_empty()));
        let arrived = |h: &f32| if *h > self.settings.arrival_depth as f32 { 0 } else { NEVER };
        Padded {
            manning: pad(&self.manning, 0.0),
            infiltration: pad(&self.infiltration, 0.0),
            soil: self.soils(&pad),
            speed: (0..len).map(wave).fold(0.0, f32::max),
            gauges: self.gauges.iter().map(|g| self.padded_index(g.col, g.row)).collect(),
            fields: Fields {
                statistics: Statistics {
                    max_depth: depth.clone(),
                    arrival: depth.iter().map(arrived).collect(),
                    ..start.statistics
                },
                state: State { depth, qx, qy, ..start.state },
            },
            bed,
        }
    }

    /// Sets the bed of the halo beside open edges.
    fn carry_bed_on(&self, bed: &mut [f32]) {
        let Grid { cols, rows, .. } = self.grid;
        let stride = (cols + 2 * HALO) as isize;
        let edges = self.edges();
        let sides = [
            (Edge::North, &edges.north, -stride, rows),
            (Edge::South, &edges.south, stride, rows),
            (Edge::West, &edges.west, -1, cols),
            (Edge::East, &edges.east, 1, cols),
        ];
        for (edge, segments, outward, across) in sides {
            for (along, &segment) in segments.iter().enumerate().filter(|(_, segment)| **segment > 0) {
                let kind = &self.boundaries[segment as usize - 1].kind;
                let Some(cell) = self.edge_cell(edge, along, 0) else { continue };
                let inner = self.padded_index(cell % cols, cell / cols) as isize;
                let second = self.edge_cell(edge, along, 1).map_or(f32::NAN, |cell| self.bed[cell]);
                let edge_bed = bed[inner as usize];
                let rise = if second.is_nan() { 0.0 } else { edge_bed - second };
                for layer in 1..=HALO as isize {
                    let ghost = inner + layer * outward;
                    bed[ghost as usize] = match kind {
                        BoundaryKind::Wall => WALL,
                        BoundaryKind::Free => edge_bed + layer as f32 * rise.min(0.0),
                        BoundaryKind::Level(_) | BoundaryKind::Discharge(_) => edge_bed + layer as f32 * rise,
                        BoundaryKind::Periodic => bed[(ghost - across as isize * outward) as usize],
                    };
                }
            }
        }
    }
}
