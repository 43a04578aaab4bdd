//! Heat as a [`Model`]: an hour is a step.

use super::comfort::Table as Comfort;
use super::cpu::horizons::sky_view_with_crowns;
use super::cpu::radiation::Fluxes;
use super::forcing::{Forcing, forcing};
use super::hour::Covers;
use super::scene::{EYE, Scene};
use super::sky::PATCHES;
use super::solver::{Solver, solver};
use super::wind::{Axis, ratios};
use super::{national, story};
use crate::city::City;
use crate::cover::Cover;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::frame::{Frame, Outcome, Table};
use crate::grid::Grid;
use crate::models::saved::{damaged, read, write};
use crate::models::{Model, Progress};
use crate::places::Places;
use crate::plane::Plane;
use crate::raster::Raster;
use crate::scenario::Scenario;
use crate::weather;
use rayon::prelude::*;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// PET from which an hour counts as hot, °C: strong heat stress.
pub(super) const HOT: f32 = 35.0;
/// PET of extreme heat stress, °C.
pub(super) const EXTREME: f32 = 41.0;
/// Side of the smallest cell, m: what is seen below has more cells, the smaller they are.
const SMALLEST_CELL: f64 = 0.1;
/// Memory that a cell takes besides what it sees, bytes.
const BYTES_PER_CELL: u64 = 4 * PATCHES as u64 + 200;
/// A place that is written down hour by hour.
struct Gauge {
    name: String,
    cell: usize,
}

/// Everything that a run starts from.
struct Problem {
    grid: Grid,
    scene: Scene,
    covers: Covers,
    hours: Vec<Forcing>,
    repairs: Vec<String>,
    gauges: Vec<Gauge>,
    /// Whether a cell is open ground, of which layers speak.
    is_open: Vec<bool>,
}

/// What is felt in an hour, on every cell.
#[derive(Clone, Default)]
struct Felt {
    radiant: Vec<f32>,
    pet: Vec<f32>,
    utci: Vec<f32>,
    sun: Vec<f32>,
}

/// What an hour was like on open ground: for the story.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct Summary {
    /// When it ended, s since 1970.
    pub(super) end: i64,
    /// Air temperature, °C.
    pub(super) air: f64,
    /// Mean PET in the sun and in the shade, °C; NaN where there is none.
    pub(super) sunny: f64,
    /// See `sunny`.
    pub(super) shady: f64,
    /// Share of the open ground in the sun.
    pub(super) sun: f64,
}

struct Heat {
    problem: Problem,
    solver: Box<dyn Solver>,
    /// Whether all cells have looked around.
    has_looked: bool,
    /// Wind over that in the open, by axis, where it was wanted.
    winds: Vec<(Axis, Vec<f32>)>,
    buildings: Vec<f32>,
    trees: Vec<f32>,
    /// Hours that are done.
    done: usize,
    latest: Felt,
    max_pet: Vec<f32>,
    sum_pet: Vec<f32>,
    hot: Vec<f32>,
    sun: Vec<f32>,
    summaries: Vec<Summary>,
    readings: Vec<Vec<f64>>,
    places: Places,
}

/// Whether weather, place and gauges fit.
///
/// # Errors
/// `Scenario` or `Data` with the place and the mend.
pub fn check(city: &City, scenario: &Scenario) -> Result<()> {
    problem(city, scenario).map(|_| ()).map_err(|error| scenario.locate(error))
}

/// Sets the heat model up.
///
/// # Errors
/// `Scenario` or `Data` where weather, place or gauges do not fit; `Memory` where the device has no room.
pub fn prepare(city: &City, scenario: &Scenario, device: &Device) -> Result<Box<dyn Model>> {
    let cells = city.grid.len() as u64;
    let needed = cells * BYTES_PER_CELL;
    if let Some(available) = crate::device::free_memory().filter(|available| needed > *available) {
        let what = format!("what {cells} cells see");
        return Err(Error::Memory { what, needed, available, mend: "take a larger cell_m or a smaller extent".into() });
    }
    let problem = problem(city, scenario).map_err(|error| scenario.locate(error))?;
    let row = || vec![0.0f32; problem.grid.len()];
    let layer = |layer: &Option<Raster>| layer.as_ref().map_or(Vec::new(), |layer| layer.values.clone());
    Ok(Box::new(Heat {
        solver: solver(problem.scene.clone(), problem.covers.clone(), device)?,
        has_looked: false,
        winds: Vec::new(),
        buildings: layer(&city.buildings),
        trees: layer(&city.canopy),
        done: 0,
        latest: Felt::default(),
        max_pet: vec![f32::MIN; problem.grid.len()],
        sum_pet: row(),
        hot: row(),
        sun: row(),
        summaries: Vec::new(),
        readings: Vec::new(),
        places: city.places.clone(),
        problem,
    }))
}

fn problem(city: &City, scenario: &Scenario) -> Result<Problem> {
    let grid = city.grid;
    if grid.cell < SMALLEST_CELL {
        let problem = format!("makes cells of {} m", grid.cell);
        return Err(Error::scenario("city.cell_m", problem, format!("take at least {SMALLEST_CELL} m for heat")));
    }
    let missing = || Error::scenario("heat", "is missing", "write [heat] with weather and date");
    let (heat, day) = (scenario.spec.heat.as_ref().ok_or_else(missing)?, scenario.day().ok_or_else(missing)?);
    let path = scenario.existing_at("heat.weather", &heat.weather)?;
    let start = day * 86_400;
    let hours = (scenario.spec.time.end_minutes / 60.0).round() as i64;
    let found = weather::read(&path, start, start + hours * 3600)?;
    let (latitude, longitude) = place(&grid, heat.latitude.zip(heat.longitude))?;
    let (hours, mut repairs) = forcing(&found, latitude, longitude)?;
    let none = Vec::new();
    let buildings = city.buildings.as_ref().map_or(&none, |layer| &layer.values);
    let trees = city.canopy.as_ref().map_or(&none, |layer| &layer.values);
    let through = buildings.iter().zip(trees).filter(|(building, tree)| **building > 0.0 && *tree > *building).count();
    if through > 0 {
        repairs.push(format!("{through} cells have crowns above roofs"));
    }
    let scene = Scene::new(grid, &city.terrain.values, buildings, trees, EYE);
    let number = |cover: Cover| Cover::ALL.iter().position(|own| *own == cover).unwrap_or(0) as u8;
    let covers = match &city.cover {
        Some(cover) => {
            let of = |code: &f32| Cover::ALL.iter().find(|own| f32::from(**own as u8) == *code).copied();
            cover.values.iter().map(|code| number(of(code).unwrap_or(Cover::Cobble))).collect()
        }
        None => {
            repairs.push("nothing says what covers the ground: bricks and slabs are taken".into());
            vec![number(Cover::Cobble); grid.len()]
        }
    };
    let mut gauges = Vec::new();
    for (k, gauge) in scenario.spec.gauge.iter().enumerate() {
        let at = format!("gauge[{k}].x");
        let (col, row) = grid.cell_at(gauge.x, gauge.y).ok_or_else(|| {
            let extent = format!("x {}…{}, y {}…{}", grid.west, grid.east(), grid.south(), grid.north);
            Error::scenario(
                at.clone(),
                format!("({}, {}) lies outside the city", gauge.x, gauge.y),
                format!("stay within {extent}"),
            )
        })?;
        let cell = row * grid.cols + col;
        if scene.is_roof[cell] {
            return Err(Error::scenario(
                at,
                format!("({}, {}) lies in a building", gauge.x, gauge.y),
                "choose a place outside",
            ));
        }
        gauges.push(Gauge { name: gauge.name.clone(), cell });
    }
    let is_open = scene.is_roof.iter().zip(&city.terrain.values).map(|(roof, z)| !roof && !z.is_nan()).collect();
    Ok(Problem { grid, scene, covers, hours, repairs, gauges, is_open })
}

/// Latitude and longitude of a city.
fn place(grid: &Grid, given: Option<(f64, f64)>) -> Result<(f64, f64)> {
    if let Some(given) = given {
        return Ok(given);
    }
    let middle = (0.5 * (grid.west + grid.east()), 0.5 * (grid.south() + grid.north));
    let found = Plane::of(grid.crs).and_then(|plane| plane.to_degrees(middle));
    let (longitude, latitude) = found.ok_or_else(|| {
        let mend = "write latitude and longitude in degrees";
        Error::scenario("heat.latitude", "is needed: the city's plane does not say where on Earth it lies", mend)
    })?;
    Ok((latitude, longitude))
}

impl Heat {
    /// Wind at 1.2 m over that in the open, for a direction; made when it is first wanted.
    fn winds(&mut self, axis: Axis) -> usize {
        if let Some(at) = self.winds.iter().position(|(own, _)| *own == axis) {
            return at;
        }
        self.winds.push((axis, ratios(&self.problem.grid, &self.buildings, &self.trees, axis)));
        self.winds.len() - 1
    }

    fn hour(&mut self) -> Result<()> {
        let axis = Axis::of(self.problem.hours[self.done].weather.direction);
        let wind = self.winds(axis);
        let ratios = &self.winds[wind].1;
        let Problem { hours, gauges, is_open, .. } = &self.problem;
        let hour = &hours[self.done];
        let all = self.solver.hour(hour)?;
        let weather = hour.weather;
        let (pet, utci) = (Comfort::pet(weather.air, hour.vapour), Comfort::utci(weather.air, weather.humidity));
        let radiant = all.radiant();
        let wind = |cell: usize| national::wind(f64::from(ratios[cell]), weather.wind) as f32;
        let felt = |table: &Comfort| -> Vec<f32> {
            (0..radiant.len()).into_par_iter().map(|cell| table.at(radiant[cell], wind(cell))).collect()
        };
        let (pet, utci) = (felt(&pet), felt(&utci));
        for (cell, pet) in pet.iter().enumerate() {
            self.max_pet[cell] = self.max_pet[cell].max(*pet);
            self.sum_pet[cell] += pet;
            self.hot[cell] += f32::from(u8::from(*pet > HOT));
            self.sun[cell] += all.lit[cell];
        }
        let mut sums = [[0.0f64; 2]; 2];
        for cell in (0..pet.len()).filter(|cell| is_open[*cell]) {
            let sum = &mut sums[usize::from(all.lit[cell] > 0.5)];
            sum[0] += f64::from(pet[cell]);
            sum[1] += 1.0;
        }
        let [shady, sunny] = sums.map(|[sum, count]| sum / count);
        let sun = sums[1][1] / (sums[0][1] + sums[1][1]);
        self.summaries.push(Summary { end: weather.end, air: weather.air, sunny, shady, sun });
        let mut row = vec![(self.done + 1) as f64 * 60.0];
        for gauge in gauges {
            let cell = gauge.cell;
            let Fluxes { short, long } = all.fluxes(cell);
            row.extend([radiant[cell], pet[cell], utci[cell], wind(cell), 60.0 * all.lit[cell]].map(f64::from));
            row.extend(short.into_iter().chain(long).map(f64::from));
        }
        self.readings.push(row);
        self.latest = Felt { radiant, pet, utci, sun: all.lit };
        self.done += 1;
        Ok(())
    }

    fn layer(&self, name: &str, unit: &str, words: &str, values: &[f32]) -> Raster {
        let open = values.iter().zip(&self.problem.is_open).map(|(value, open)| if *open { *value } else { f32::NAN });
        Raster::from_values(self.problem.grid, name, unit, open.collect()).described(words)
    }

    fn gauges(&self) -> Option<Table> {
        const OF_EACH: [&str; 11] = [
            "tmrt_c",
            "pet_c",
            "utci_c",
            "wind_m_per_s",
            "sun_min",
            "short_down_w_per_m2",
            "short_up_w_per_m2",
            "short_around_w_per_m2",
            "long_down_w_per_m2",
            "long_up_w_per_m2",
            "long_around_w_per_m2",
        ];
        if self.problem.gauges.is_empty() {
            return None;
        }
        let of = |gauge: &Gauge| OF_EACH.map(|what| format!("{} {what}", gauge.name));
        let columns = std::iter::once("time_min".to_string()).chain(self.problem.gauges.iter().flat_map(of));
        Some(Table {
            name: "gauges".into(),
            description: "the gauges hour by hour, each the mean of the hour before".into(),
            columns: columns.collect(),
            rows: self.readings.clone(),
            ..Table::default()
        })
    }
}

impl Model for Heat {
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress> {
        let deadline = Instant::now() + budget;
        loop {
            let time = self.done as f64 * 3600.0;
            let reached = time >= until;
            if reached || Instant::now() >= deadline {
                return Ok(Progress { time, steps: self.done as u64, dt: 3600.0, reached });
            }
            if self.has_looked {
                self.hour()?;
            } else {
                self.has_looked = self.solver.look()?;
            }
        }
    }

    fn frame(&mut self) -> Result<Frame> {
        let Felt { radiant, pet, utci, sun } = &self.latest;
        let layers = vec![
            self.layer("pet", "°C", "felt temperature (PET, Walther and Goestchel 2018), mean of the hour before", pet),
            self.layer("utci", "°C", "felt temperature (UTCI), mean of the hour before", utci),
            self.layer("tmrt", "°C", "mean radiant temperature of one who stands, mean of the hour before", radiant),
            self.layer("sun", "", "share of the hour before in the sun", sun),
        ];
        Ok(Frame { time: self.done as f64 * 3600.0, layers })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        // A run that was stopped after its last hour has not looked around again.
        while !self.has_looked {
            self.has_looked = self.solver.look()?;
        }
        let hours = self.done.max(1) as f32;
        let mean: Vec<f32> = self.sum_pet.iter().map(|sum| sum / hours).collect();
        let sky = sky_view_with_crowns(&self.solver.view()?);
        let axis = self.problem.hours.first().map_or(Axis::None, |hour| Axis::of(hour.weather.direction));
        let wind = self.winds(axis);
        let layers = vec![
            self.layer("max_pet", "°C", "highest felt temperature (PET) of an hour", &self.max_pet),
            self.layer("mean_pet", "°C", "mean felt temperature (PET) of all hours", &mean),
            self.layer("hot_hours", "h", "hours with a felt temperature (PET) above 35 °C", &self.hot),
            self.layer("sun_hours", "h", "hours of sun, as far as houses and trees let it through", &self.sun),
            self.layer("sky_view", "", "share of the sky that is seen past houses and trees", &sky),
            self.layer("wind", "", "wind at 1.2 m over that above open grass, in the first hour", &self.winds[wind].1),
        ];
        let facts = story::Facts {
            grid: &self.problem.grid,
            is_open: &self.problem.is_open,
            max_pet: &self.max_pet,
            hot: &self.hot,
            sun: &self.sun,
            hours: &self.summaries,
        };
        let mut tables = story::tables(&facts, &self.places);
        tables.extend(self.gauges());
        Ok(Outcome { layers, tables, balance: None, story: story::story(&facts) })
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "sky": "Perez 1993, 153 patches",
            "surface_temperatures": "sine of the day (Lindberg et al. 2016)",
            "wind": "national method (Macdonald 2000)",
            "eye_m": EYE,
            "azimuths": super::cpu::horizons::AZIMUTHS,
            "hours": self.problem.hours.len(),
            "repairs": self.problem.repairs,
        })
    }

    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>> {
        let warmth = match self.solver.warmth() {
            Ok(warmth) => warmth,
            Err(error) => return Ok(Err(error)),
        };
        write(out, &[self.done as u64])?;
        let Felt { radiant, pet, utci, sun } = &self.latest;
        for values in [&warmth, &self.max_pet, &self.sum_pet, &self.hot, &self.sun, radiant, pet, utci, sun] {
            write(out, values)?;
        }
        write(out, &self.summaries)?;
        write(out, &self.readings.concat())?;
        Ok(Ok(()))
    }

    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>> {
        let len = self.problem.grid.len();
        let done = read::<u64>(from, Some(1))?[0];
        let done = usize::try_from(done).ok().filter(|done| *done <= self.problem.hours.len()).ok_or_else(damaged)?;
        let row = |from: &mut dyn Read| read::<f32>(from, Some(len));
        let warmth = row(from)?;
        self.max_pet = row(from)?;
        self.sum_pet = row(from)?;
        self.hot = row(from)?;
        self.sun = row(from)?;
        // Before the first hour nothing was felt.
        let felt = |from: &mut dyn Read| read::<f32>(from, Some(if done > 0 { len } else { 0 }));
        self.latest = Felt { radiant: felt(from)?, pet: felt(from)?, utci: felt(from)?, sun: felt(from)? };
        self.summaries = read(from, Some(done))?;
        let width = 1 + 11 * self.problem.gauges.len();
        self.readings = read::<f64>(from, Some(done * width))?.chunks(width).map(<[f64]>::to_vec).collect();
        self.done = done;
        Ok(self.solver.set_warmth(warmth))
    }
}
