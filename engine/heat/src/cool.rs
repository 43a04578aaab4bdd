//! Cool places, and how far it is to walk to one: after the "distance to coolness" of Dutch climate stress tests (PET of at most
//! 35 °C, at least 200 m², no ribbons; a walk of at most 300 m).

use hanze_base::grid::Grid;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// PET that is cool on a hot day, °C.
const COOL: f32 = 35.0;
/// Smallest cool place, m².
const SMALLEST: f64 = 200.0;
/// What is narrower is a ribbon, m: a row of trees is no place to stay.
const NARROW: f64 = 10.0;
/// A walk that is near enough, m.
pub(super) const NEAR: f32 = 300.0;
/// Walks that are looked for, m.
pub(super) const FAR: u32 = 2000;
/// Side of what is looked at together, m at least.
const BLOCK: f64 = 2.0;

/// Columns to the east and rows to the south.
type Move = (i64, i64);

/// Cool places of a city.
pub(super) struct Cool {
    /// 1 where there is one, 0 elsewhere.
    pub(super) places: Vec<f32>,
    /// Walk to the next one, m, `FAR` where it is longer or there is none; NaN where nobody can walk.
    pub(super) distance: Vec<f32>,
}

/// Blocks of cells.
struct Blocks {
    side: usize,
    cols: usize,
    rows: usize,
    size: f64,
}

impl Blocks {
    fn at(&self, col: usize, row: usize, step: (i64, i64)) -> Option<usize> {
        let col = usize::try_from(col as i64 + step.0).ok().filter(|col| *col < self.cols)?;
        let row = usize::try_from(row as i64 + step.1).ok().filter(|row| *row < self.rows)?;
        Some(row * self.cols + col)
    }

    /// Blocks within a distance of any that is marked (`grow`), or around which all within it are marked.
    fn spread(&self, marked: &[bool], radius: f64, grow: bool) -> Vec<bool> {
        let reach = (radius / self.size).floor() as i64;
        let disc: Vec<(i64, i64)> = (-reach..=reach)
            .flat_map(|row| (-reach..=reach).map(move |col| (col, row)))
            .filter(|(col, row)| ((col * col + row * row) as f64).sqrt() * self.size <= radius)
            .collect();
        let found = |k: usize| {
            let (col, row) = (k % self.cols, k / self.cols);
            disc.iter().any(|step| self.at(col, row, *step).is_some_and(|k| marked[k] == grow))
        };
        (0..marked.len()).map(|k| found(k) == grow).collect()
    }
}

/// Cool places and walks to them; `pet` of a hot day's noon (°C), where one can walk.
pub(super) fn cool(grid: &Grid, pet: &[f32], can_walk: &[bool]) -> Cool {
    let side = (BLOCK / grid.cell).round().max(1.0) as usize;
    let (cols, rows) = (grid.cols.div_ceil(side), grid.rows.div_ceil(side));
    let blocks = Blocks { side, cols, rows, size: grid.cell * side as f64 };
    let (mut open, mut sums) = (vec![0u32; cols * rows], vec![0.0f32; cols * rows]);
    let block = |cell: usize| cell / grid.cols / side * cols + cell % grid.cols / side;
    for cell in (0..grid.len()).filter(|cell| can_walk[*cell] && !pet[*cell].is_nan()) {
        open[block(cell)] += 1;
        sums[block(cell)] += pet[cell];
    }
    let half = (blocks.side * blocks.side).div_ceil(2) as u32;
    let walkable: Vec<bool> = open.iter().map(|count| *count >= half).collect();
    let cool: Vec<bool> = (0..walkable.len()).map(|k| walkable[k] && sums[k] <= COOL * open[k] as f32).collect();
    let places = large(&blocks, &without_ribbons(&blocks, &cool));
    let distance = walks(&blocks, &walkable, &places);
    Cool {
        places: (0..grid.len()).map(|cell| f32::from(u8::from(places[block(cell)] && can_walk[cell]))).collect(),
        distance: (0..grid.len()).map(|cell| if can_walk[cell] { distance[block(cell)] } else { f32::NAN }).collect(),
    }
}

/// What is left where all that is narrower than a disc is taken away (a morphological opening).
fn without_ribbons(blocks: &Blocks, cool: &[bool]) -> Vec<bool> {
    // A disc of this radius around the middle of a block covers `NARROW`.
    let radius = (0.5 * (NARROW - blocks.size)).max(blocks.size);
    if blocks.size >= NARROW {
        return cool.to_vec();
    }
    blocks.spread(&blocks.spread(cool, radius, false), radius, true)
}

/// Places that are large enough; blocks that touch at a corner are one place.
fn large(blocks: &Blocks, cool: &[bool]) -> Vec<bool> {
    let least = (SMALLEST / (blocks.size * blocks.size)).ceil() as usize;
    let (mut seen, mut kept) = (vec![false; cool.len()], vec![false; cool.len()]);
    for start in 0..cool.len() {
        if !cool[start] || seen[start] {
            continue;
        }
        let mut place = vec![start];
        seen[start] = true;
        let mut next = 0;
        while let Some(&k) = place.get(next) {
            next += 1;
            for step in (-1..=1).flat_map(|row| (-1..=1).map(move |col| (col, row))) {
                let Some(beside) = blocks.at(k % blocks.cols, k / blocks.cols, step) else { continue };
                if cool[beside] && !seen[beside] {
                    seen[beside] = true;
                    place.push(beside);
                }
            }
        }
        if place.len() >= least {
            place.into_iter().for_each(|k| kept[k] = true);
        }
    }
    kept
}

/// Walks from every block to the next marked one, m, over blocks on which one can walk, in 16 directions (Dijkstra 1959).
fn walks(blocks: &Blocks, walkable: &[bool], marked: &[bool]) -> Vec<f32> {
    // Steps with what must be free on their way.
    const STRAIGHT: [Move; 4] = [(1, 0), (-1, 0), (0, 1), (0, -1)];
    let mut steps: Vec<(Move, [Move; 2])> = STRAIGHT.iter().map(|step| (*step, [(0, 0); 2])).collect();
    for (x, y) in [(1, 1), (1, -1), (-1, 1), (-1, -1)] {
        steps.push(((x, y), [(x, 0), (0, y)]));
        steps.push(((2 * x, y), [(x, 0), (x, y)]));
        steps.push(((x, 2 * y), [(0, y), (x, y)]));
    }
    // Centimetres.
    let length = |(x, y): (i64, i64)| (100.0 * blocks.size * ((x * x + y * y) as f64).sqrt()).round() as u32;
    let mut best = vec![u32::MAX; walkable.len()];
    let mut heap: BinaryHeap<Reverse<(u32, usize)>> = BinaryHeap::new();
    for k in (0..marked.len()).filter(|k| marked[*k]) {
        best[k] = 0;
        heap.push(Reverse((0, k)));
    }
    while let Some(Reverse((so_far, k))) = heap.pop() {
        if so_far > best[k] {
            continue;
        }
        let (col, row) = (k % blocks.cols, k / blocks.cols);
        let free = |step: (i64, i64)| blocks.at(col, row, step).filter(|k| walkable[*k]);
        for (step, between) in &steps {
            let far = so_far + length(*step);
            let Some(next) = free(*step).filter(|next| far < best[*next] && far <= 100 * FAR) else { continue };
            if between.iter().all(|step| *step == (0, 0) || free(*step).is_some()) {
                best[next] = far;
                heap.push(Reverse((far, next)));
            }
        }
    }
    best.into_iter().map(|length| length.min(100 * FAR) as f32 / 100.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cool_places_are_wide_and_large_and_walks_go_round_houses() {
        let grid = Grid::local(120, 100, 1.0);
        let within = |cell: usize, [west, north, east, south]: [usize; 4]| {
            (west..east).contains(&(cell % 120)) && (north..south).contains(&(cell / 120))
        };
        // A park of 20 × 20 m, a row of trees 4 m wide, a garden of 12 × 12 m; a wall with one gap.
        let pet: Vec<f32> = (0..grid.len())
            .map(|cell| {
                let is_cool =
                    [[4, 40, 24, 60], [0, 0, 100, 4], [90, 80, 102, 92]].iter().any(|place| within(cell, *place));
                if is_cool { 30.0 } else { 40.0 }
            })
            .collect();
        let can_walk: Vec<bool> = (0..grid.len()).map(|cell| !within(cell, [60, 10, 64, 100])).collect();
        let found = cool(&grid, &pet, &can_walk);
        let at = |values: &[f32], col: usize, row: usize| values[row * 120 + col];
        assert_eq!((at(&found.places, 14, 50), at(&found.places, 50, 2), at(&found.places, 95, 85)), (1.0, 0.0, 0.0));
        assert!((found.places.iter().sum::<f32>() - 400.0).abs() < 60.0, "{}", found.places.iter().sum::<f32>());
        // Straight to the park, and around the wall's northern end.
        assert!((at(&found.distance, 50, 50) - 27.0).abs() < 2.0, "{}", at(&found.distance, 50, 50));
        let round = (60.0f32 - 24.0).hypot(9.0 - 40.0) + 4.0 + (100.0f32 - 64.0).hypot(9.0 - 50.0);
        // The park's corners are rounded, and a walk has 16 directions.
        assert!((at(&found.distance, 100, 50) - round).abs() < 8.0, "{} {round}", at(&found.distance, 100, 50));
        assert!(at(&found.distance, 62, 50).is_nan());
        // The same town in larger cells: a row of trees is none there, either.
        let coarse = Grid::local(30, 25, 4.0);
        let row: Vec<f32> = (0..coarse.len()).map(|cell| if cell / 30 == 12 { 30.0 } else { 40.0 }).collect();
        assert!(cool(&coarse, &row, &[true; 750]).places.iter().all(|place| *place == 0.0));
        let none = cool(&grid, &vec![40.0; grid.len()], &can_walk);
        assert!(
            none.places.iter().all(|place| *place == 0.0)
                && none.distance.iter().all(|metres| metres.is_nan() || *metres == FAR as f32)
        );
    }
}
