//! Mean radiant temperature of arrays, for callers without a scenario.

use super::forcing::Forcing;
use super::scene::Scene;
use super::solver::solver;
use super::views::ViewStorage;
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_device::Device;

/// Mean radiant temperature (°C) of every cell in each of the hours, which follow one another, at eye height (`eye` of the
/// scene). `covers` has one value for each cell.
///
/// Surfaces in the sun are warmer than the air by SOLWEIG's sine of the day, and remember the hour before. They begin at
/// the temperature of the air, so that a series should begin by night. The result takes 4 bytes a cell and hour.
///
/// # Errors
/// `Scenario` where `covers` has another number of cells than the scene, or the scene has none; `Memory` or `DeviceLost`
/// where the device fails.
pub fn mean_radiant_temperature(
    scene: Scene,
    covers: &[Cover],
    hours: &[Forcing],
    device: &Device,
) -> Result<Vec<Vec<f32>>> {
    let cells = scene.grid.len();
    if covers.len() != cells || cells == 0 {
        let problem = format!("there are {} covers for {cells} cells", covers.len());
        return Err(Error::scenario("city.cover", problem, "give one cover for each cell, and a cell at least"));
    }
    let covers = covers.iter().map(|cover| cover.index()).collect();
    let mut solver = solver(scene, covers, device, &ViewStorage::default())?;
    while !solver.look()? {}
    hours.iter().map(|hour| Ok(solver.hour(hour)?.radiant())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scene::EYE;
    use super::*;
    use hanze_base::grid::Grid;

    #[test]
    fn covers_that_do_not_fit_are_refused() {
        let grid = Grid::local(4, 3, 2.0);
        let scene = Scene::new(grid, &[0.0; 12], &[], &[], EYE);
        let refused = mean_radiant_temperature(scene, &[Cover::Grass; 11], &[], &Device::Cpu);
        assert!(matches!(refused, Err(Error::Scenario { at, .. }) if at == "city.cover"));
    }
}
