//! How fast the model looks around and computes hours: the demo town on a hot day, or the city of a scenario.

use super::forcing::{Forcing, forcing};
use super::hour::Covers;
use super::model::{covers, scene};
use super::scene::Scene;
use super::solver::{Solver, solver};
use super::sun::sun;
use super::views::ViewStorage;
use hanze_base::error::Result;
use hanze_base::remark::Remarks;
use hanze_city::City;
use hanze_city::demo::demo;
use hanze_device::Device;
use hanze_model::yardstick::{Kernel, Size, again};
use hanze_weather::{Hour, Weather};
use std::f64::consts::PI;
use std::time::Instant;

/// A place in the Netherlands, degrees.
const PLACE: (f64, f64) = (52.5, 6.1);
/// 25 July 2019, s since 1970.
const DAY: i64 = 1_564_012_800;
/// Hour of that day (UTC) around noon.
const NOON: usize = 11;

/// What is measured.
pub struct Load {
    scene: Scene,
    covers: Covers,
    hours: Vec<Forcing>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Time to look around from all cells, s.
    pub look: f64,
    /// Time for the hours, mean radiant temperature included, s; PET and UTCI are tables and are not.
    pub hours: f64,
    /// Cells.
    pub cells: usize,
    /// Hours.
    pub count: usize,
}

/// A load that has looked around.
pub struct Looked {
    solver: Box<dyn Solver>,
    noon: Forcing,
    cells: usize,
}

/// What is measured of the model: looking around in the demo town, radiation there around noon, and an hour of surfaces
/// and air.
///
/// # Errors
/// Those of the loads and the device.
pub fn stages(device: &Device, size: Size) -> Result<Vec<Kernel>> {
    // There is no smaller demo town.
    let town = Load::town(size.pick(100, 100, 1000))?;
    let bytes = super::views::bytes_per_cell(town.scene.has_crowns()) as f64;
    let mut looked = town.looked(device)?;
    // Reads what a cell sees, and writes the four sums of what comes in.
    let radiation = Kernel::new("heat radiation", "cell-hour", move |budget| again(budget, || looked.noon()));
    let device_of_views = device.clone();
    let views = Kernel::new("heat views", "cell", move |budget| {
        again(budget, || town.measure(&device_of_views, 0).map(|speed| (speed.cells as f64, speed.look)))
    });
    Ok(vec![views.moving(bytes), radiation.moving(bytes + 16.0), in_time(device, size)?])
}

/// An hour of surfaces and air in time around noon, with its radiation, between houses, lawns and trees.
fn in_time(device: &Device, size: Size) -> Result<Kernel> {
    use super::island::air::Choices;
    use super::island::run::Edges;
    use super::scene::EYE;
    use super::validate::island::{Plan, hot_day};
    use hanze_base::cover::Cover;
    let side = size.pick(40, 100, 400);
    let plan = Plan::new(side, 2.0).each(|x, y, building, tree, cover| match (x % 40.0 > 20.0, y % 40.0 > 20.0) {
        (true, true) => (*building, *cover) = (10.0, Cover::Roof),
        (true, false) => (*tree, *cover) = (if x % 8.0 > 4.0 { 8.0 } else { 0.0 }, Cover::Grass),
        (false, _) => *cover = Cover::Asphalt,
    });
    let day = hot_day(2.5)?;
    let (mut island, _) = plan.island(device, &day[10..13], Choices::default(), Edges::Mean)?;
    // Radiation on the same device.
    let mut scene = Scene::new(plan.grid, &vec![0.0; plan.grid.len()], &plan.buildings, &plan.trees, EYE);
    scene.albedo = plan.albedo.clone();
    let covers: Covers = plan.covers.iter().map(|cover| cover.index()).collect();
    let Looked { mut solver, .. } = Load { scene, covers, hours: day }.looked(device)?;
    while !island.settle(solver.as_mut())? {}
    let cells = plan.grid.len() as f64;
    Ok(Kernel::new("heat surfaces and air", "cell-hour", move |budget| {
        again(budget, || {
            let begun = Instant::now();
            island.hour(1, solver.as_mut())?;
            Ok((cells, begun.elapsed().as_secs_f64()))
        })
    }))
}

impl Load {
    /// The demo town with its trees, so many cells of 1 m along each side, on a cloudless summer day.
    ///
    /// # Errors
    /// As [`Load::of`].
    pub fn town(side: usize) -> Result<Load> {
        Load::of(&demo(1, side as f64, side as f64, 1.0)?)
    }

    /// A city on that day.
    ///
    /// # Errors
    /// As [`forcing`].
    pub fn of(city: &City) -> Result<Load> {
        let (hours, _) = forcing(&day(), PLACE.0, PLACE.1)?;
        Ok(Load { scene: scene(city), covers: covers(city), hours })
    }

    /// Looks around and computes so many hours of the day, the brightest first.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn measure(&self, device: &Device, count: usize) -> Result<Speed> {
        let mut solver = solver(self.scene.clone(), self.covers.clone(), device, &ViewStorage::default())?;
        let begun = Instant::now();
        while !solver.look()? {}
        let look = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        for hour in self.hours.iter().cycle().skip(8).take(count) {
            solver.hour(hour)?.radiant();
        }
        Ok(Speed { look, hours: begun.elapsed().as_secs_f64(), cells: self.scene.grid.len(), count })
    }

    /// Looks around.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn looked(&self, device: &Device) -> Result<Looked> {
        let mut solver = solver(self.scene.clone(), self.covers.clone(), device, &ViewStorage::default())?;
        while !solver.look()? {}
        Ok(Looked { solver, noon: self.hours[NOON].clone(), cells: self.scene.grid.len() })
    }
}

impl Looked {
    /// Computes the hour around noon, mean radiant temperature included; cells, and the seconds that it took.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn noon(&mut self) -> Result<(f64, f64)> {
        let begun = Instant::now();
        self.solver.hour(&self.noon)?.radiant();
        Ok((self.cells as f64, begun.elapsed().as_secs_f64()))
    }
}

/// A cloudless day of 19 to 36 °C.
pub(super) fn day() -> Weather {
    let hour = |k: i64| {
        // What a clear sky lets through of what comes in above it.
        let middle = (DAY + 3600 * k + 1800) as f64;
        let height = sun(PLACE.0, PLACE.1, middle).map_or(0.0, |sun| sun.altitude.sin().max(0.0));
        Hour {
            end: DAY + 3600 * (k + 1),
            air: 27.0 - 8.5 * ((k as f64 - 2.0) / 12.0 * PI).cos(),
            humidity: 45.0,
            wind: 2.5,
            mean_wind: 2.5,
            direction: Some(120.0),
            global: 950.0 * height,
            diffuse: None,
            direct: None,
            pressure: None,
            cloud: None,
            longwave: None,
            rain: None,
        }
    };
    Weather {
        hours: (0..24).map(hour).collect(),
        repairs: Remarks::default(),
        station: None,
        is_typical: false,
        is_of_moment: false,
    }
}
