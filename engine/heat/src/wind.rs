//! Wind between houses and trees by the national method: what stands in a window around each cell makes it rough.

use super::national::{Roughness, wind_height};
use super::window::{Quarter, Sums, Window};
use hanze_base::grid::Grid;
use hanze_weather::Hour;
use rayon::prelude::*;

/// 280 × 140 m, or 175 × 175 m (Koopmans et al. 2020).
const WINDOW: Window = Window { upwind: 210.0, downwind: 70.0, aside: 70.0, calm: 87.5 };

/// Wind at 10 m below which a window has no direction, m/s.
const LIGHT: f64 = 1.5;

/// From where the wind of an hour blows, as windows have it.
pub fn quarter(hour: &Hour) -> Quarter {
    Quarter::of(hour.direction.filter(|_| hour.wind >= LIGHT))
}

/// Wind at 1.2 m on each cell over that above open grass, for a wind from a quarter. Of ground that is not known nothing is counted.
pub fn ratios(grid: &Grid, buildings: &[f32], trees: &[f32], is_known: &[bool], from: Quarter) -> Vec<f32> {
    windows(grid, buildings, trees, is_known, from).into_par_iter().map(|rough| rough.ratio() as f32).collect()
}

/// What stands in the window upwind of each cell.
pub fn windows(grid: &Grid, buildings: &[f32], trees: &[f32], is_known: &[bool], from: Quarter) -> Vec<Roughness> {
    let at = |values: &[f32], cell: usize| values.get(cell).map_or(0.0, |value| f64::from(value.max(0.0)));
    let building = |cell: usize| at(buildings, cell);
    let tree = |cell: usize| if building(cell) > 0.0 { 0.0 } else { at(trees, cell) };
    let is = |height: f64| f64::from(u8::from(height > 0.0));
    // Frontal area that each cell shows along the wind: half of every step up or down; along both axes where it is calm.
    let front = |height: &dyn Fn(usize) -> f64, cell: usize| {
        let (col, row) = (cell % grid.cols, cell / grid.cols);
        let east = if col + 1 < grid.cols { (height(cell + 1) - height(cell)).abs() } else { 0.0 };
        let south = if row + 1 < grid.rows { (height(cell + grid.cols) - height(cell)).abs() } else { 0.0 };
        let seen = match from {
            Quarter::East | Quarter::West => east,
            Quarter::North | Quarter::South => south,
            Quarter::Calm => east + south,
        };
        0.5 * grid.cell * seen
    };
    let wide = |cell: usize| wind_height(tree(cell));
    let heights = [Sums::new(grid, building), Sums::new(grid, wide)];
    let covers = [Sums::new(grid, |cell| is(building(cell))), Sums::new(grid, |cell| is(tree(cell)))];
    let fronts = [Sums::new(grid, |cell| front(&building, cell)), Sums::new(grid, |cell| front(&wide, cell))];
    let known = Sums::new(grid, |cell| f64::from(u8::from(is_known[cell])));
    let ratio = |cell: usize| {
        let (window, _) = WINDOW.cells(grid, from, cell);
        let count = known.within(window);
        if count < 0.5 {
            return Roughness { area: grid.cell_area(), ..Roughness::default() };
        }
        let mean = |k: usize| {
            let covered = covers[k].within(window);
            (if covered > 0.5 { heights[k].within(window) / covered } else { 0.0 }, covered / count)
        };
        let front = |k: usize| fronts[k].within(window);
        let area = count * grid.cell_area();
        Roughness { buildings: mean(0), trees: mean(1), fronts: (front(0), front(1)), area }
    };
    (0..grid.len()).into_par_iter().map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn houses_slow_the_wind() {
        let grid = Grid::local(200, 200, 2.0);
        // Blocks of 25 m in the western half, none in the eastern one.
        let block = |k: usize| {
            let (col, row) = (k % 200, k / 200);
            if col < 100 && col % 20 < 14 && row % 20 < 14 { 25.0f32 } else { 0.0 }
        };
        let blocks: Vec<f32> = (0..grid.len()).map(block).collect();
        let known = vec![true; grid.len()];
        for from in [Quarter::East, Quarter::North, Quarter::Calm] {
            let found = ratios(&grid, &blocks, &[], &known, from);
            let (town, open) = (found[100 * 200 + 20], found[100 * 200 + 199]);
            assert!(town < 0.85 && (open == 1.0 || from == Quarter::East), "{from:?}: {town} {open}");
        }
        // Before the blocks the wind from the east is free, behind them that from the west is not.
        let [east, west] =
            [Quarter::East, Quarter::West].map(|from| ratios(&grid, &blocks, &[], &known, from)[100 * 200 + 140]);
        assert!(east == 1.0 && west < 0.99, "{east} {west}");
    }
}
