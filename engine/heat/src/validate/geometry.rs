//! Sky view and radiation against closed forms.

use super::super::cpu::horizons::view;
use super::super::cpu::radiation::{Fluxes, Incoming, STEFAN_BOLTZMANN, incoming, isotropic, radiant, sides};
use super::super::params::Bright;
use super::super::scene::Scene;
use super::super::sky::patches;
use super::{Bench, Figure, most, within};
use hanze_base::error::Result;
use hanze_base::grid::Grid;

/// A scene of bare ground and buildings, in which one looks from the ground.
fn scene(cols: usize, rows: usize, cell: f64, height: impl Fn(f64, f64) -> f32) -> Scene {
    let grid = Grid::local(cols, rows, cell);
    let middle = |k: usize, count: usize| (k as f64 + 0.5 - 0.5 * count as f64) * cell;
    let buildings: Vec<f32> =
        (0..rows * cols).map(|k| height(middle(k % cols, cols), middle(k / cols, rows))).collect();
    Scene::new(grid, &vec![0.0; rows * cols], &buildings, &[], 0.0)
}

/// Sky view factors of a plain, of streets and of a round basin, in the middle of each.
pub fn sky_view(_: &Bench) -> Result<Vec<Figure>> {
    let middle = |scene: &Scene| {
        let found = view(scene);
        f64::from(found.sky_view[scene.grid.rows / 2 * scene.grid.cols + scene.grid.cols / 2])
    };
    let mut figures = vec![within("plain", middle(&scene(41, 41, 1.0, |_, _| 0.0)), 1.0, 0.01)];
    for ratio in [0.5f64, 1.0, 2.0] {
        let wanted = 1.0 / (1.0 + (2.0 * ratio).powi(2)).sqrt();
        // A street 20.5 m wide that runs north, 2 km long.
        let (width, half) = (20.5, 10.25);
        let street = scene(61, 4001, 0.5, |x, _| if x.abs() > half { (ratio * width) as f32 } else { 0.0 });
        figures.push(within(format!("street, H/W {ratio}"), middle(&street), wanted, 0.01));
    }
    // A basin of 30 m with walls of 20 m.
    let (radius, high) = (30.0f64, 20.0f64);
    let basin = scene(161, 161, 0.5, |x, y| if x.hypot(y) > radius { high as f32 } else { 0.0 });
    figures.push(within("basin", middle(&basin), radius * radius / (radius * radius + high * high), 0.01));
    Ok(figures)
}

/// A street in which everything is as warm: what one feels is that temperature, whatever is seen.
pub fn enclosure(_: &Bench) -> Result<Vec<Figure>> {
    let street = scene(41, 41, 1.0, |x, _| if x.abs() > 8.0 { 15.0 } else { 0.0 });
    let found = view(&street);
    let celsius = 23.0;
    let black = (STEFAN_BOLTZMANN * (celsius + 273.15f64).powi(4)) as f32;
    let radiance = black / std::f32::consts::PI;
    let bright = |patch: &super::super::sky::Patch| {
        let (level, side) = (patch.level as f32, patch.side as f32);
        let long = Bright {
            sky_long: radiance,
            crown_long: radiance,
            lit_long: radiance,
            shaded_long: radiance,
            ..Bright::default()
        };
        let [north, east, south, west] = patch.halves().map(|share| share as f32);
        Bright { threshold: 1.0, level, side, north, east, south, west, ..long }
    };
    let brights: Vec<Bright> = patches().iter().map(bright).collect();
    let all = incoming(&found, &brights);
    // Planes to all sides get what a body of the same warmth sends.
    let around = (0..found.len).map(|cell| {
        let all = sides(&found.of(cell), &patches(), &brights, (0.0, 0.0), [0.0, black], false);
        all.long.iter().map(|side| f64::from((side - black).abs())).fold(0.0, f64::max)
    });
    let mut boxed = all.clone();
    isotropic(&found, &brights, &mut boxed);
    let off = |all: &Incoming| {
        let off = (0..found.len).map(|cell| {
            let long = [all.long_down[cell], black, all.long_side[cell]];
            (f64::from(radiant(&Fluxes { short: [0.0; 3], long })) - celsius).abs()
        });
        off.fold(0.0, f64::max)
    };
    Ok(vec![
        most("mean radiant temperature, K off", off(&all), 0.05),
        most("mean radiant temperature under an isotropic sky, K off", off(&boxed), 0.05),
        most("upright planes, W/m² off", around.fold(0.0, f64::max), 0.5),
    ])
}
