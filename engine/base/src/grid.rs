//! Where cells lie: a grid of square cells in a metric projected plane.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A coordinate reference system, by EPSG code; `None` where a file names none.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Crs {
    /// EPSG code of the projected (or compound) system, such as 28992 for RD New.
    pub epsg: Option<u32>,
}

impl Crs {
    /// Amersfoort / RD New, the default of the project.
    pub const RD_NEW: Crs = Crs { epsg: Some(28992) };
    /// A plane without a name: files that carry no CRS.
    pub const UNKNOWN: Crs = Crs { epsg: None };

    /// The horizontal plane: EPSG:7415 is RD New with NAP heights, the same plane as EPSG:28992.
    pub fn plane(self) -> Option<u32> {
        match self.epsg {
            Some(7415) => Some(28992),
            other => other,
        }
    }

    /// Whether coordinates mean the same place; an unnamed CRS agrees with any.
    pub fn same_plane(self, other: Crs) -> bool {
        match (self.plane(), other.plane()) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epsg {
            Some(code) => write!(f, "EPSG:{code}"),
            None => write!(f, "no CRS"),
        }
    }
}

/// Square cells in rows from north to south and columns from west to east.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Cells from west to east.
    pub cols: usize,
    /// Cells from north to south.
    pub rows: usize,
    /// Side of a cell, m.
    pub cell: f64,
    /// X of the western edge (not of a cell centre), m.
    pub west: f64,
    /// Y of the northern edge, m.
    pub north: f64,
    /// The plane that the coordinates lie in.
    pub crs: Crs,
}

impl Grid {
    /// A grid with its south-west corner at the origin and no CRS, as test cases use.
    pub fn local(cols: usize, rows: usize, cell: f64) -> Grid {
        Grid { cols, rows, cell, west: 0.0, north: rows as f64 * cell, crs: Crs::UNKNOWN }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cols * self.rows
    }

    /// Whether the grid has no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// X of the eastern edge, m.
    pub fn east(&self) -> f64 {
        self.west + self.cols as f64 * self.cell
    }

    /// Y of the southern edge, m.
    pub fn south(&self) -> f64 {
        self.north - self.rows as f64 * self.cell
    }

    /// Centre of a cell, m.
    pub fn centre(&self, col: usize, row: usize) -> (f64, f64) {
        (self.west + (col as f64 + 0.5) * self.cell, self.north - (row as f64 + 0.5) * self.cell)
    }

    /// The cell (column, row) that holds a point, if it lies inside.
    pub fn cell_at(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let col = ((x - self.west) / self.cell).floor();
        let row = ((self.north - y) / self.cell).floor();
        let inside = col >= 0.0 && row >= 0.0 && col < self.cols as f64 && row < self.rows as f64;
        inside.then_some((col as usize, row as usize))
    }

    /// Area of one cell, m².
    pub fn cell_area(&self) -> f64 {
        self.cell * self.cell
    }
}

/// An edge of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The first row.
    North,
    /// The last row.
    South,
    /// The first column.
    West,
    /// The last column.
    East,
}
