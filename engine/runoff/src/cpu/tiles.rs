//! Which tiles of the grid are computed. Twin: `shaders/runoff/tiles.wgsl`.
//!
//! A tile is a square of `TILE` × `TILE` cells. It is awake when water was in it after the last step or the one before:
//! two, since both copies of the state must have come to rest. It is active, and computed, when rain falls, or when it
//! or a neighbour is awake: no wave crosses more than a cell in a step. Skipped tiles are those in which a step would
//! change nothing, so the answer is the same to the last bit.

use super::super::params::{Params, TILE_OPEN, TILE_SHUT};

/// What a tile is, and how long it stays awake; one value per tile, row by row from the north-west.
pub struct Tiles {
    /// Tiles from west to east.
    pub cols: usize,
    /// One of the `TILE_` constants.
    pub kind: Vec<u32>,
    /// Steps that it stays awake unless water is found in it again: 2, 1 or 0.
    pub awake: Vec<u32>,
    /// Whether it is computed in this step.
    pub active: Vec<bool>,
}

/// Chooses the tiles of the next step.
pub fn tiles(params: &Params, tiles: &mut Tiles) {
    let cols = tiles.cols;
    if params.rain > 0.0 {
        tiles.active.iter_mut().zip(&tiles.kind).for_each(|(active, kind)| *active = *kind != TILE_SHUT);
        return;
    }
    let rows = tiles.kind.len() / cols;
    for row in 0..rows {
        let around = row.saturating_sub(1)..(row + 2).min(rows);
        for col in 0..cols {
            let beside = col.saturating_sub(1)..(col + 2).min(cols);
            let wakes = |i: usize| tiles.awake[i] > 0 || tiles.kind[i] > TILE_OPEN;
            let near = around.clone().any(|r| beside.clone().any(|c| wakes(r * cols + c)));
            tiles.active[row * cols + col] = near && tiles.kind[row * cols + col] != TILE_SHUT;
        }
    }
}
