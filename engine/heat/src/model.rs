//! Heat as a [`Model`]: an hour is a step.

use super::activity;
use super::cool::cool;
use super::forcing::{Forcing, forcing_under, to_means};
use super::ground;
use super::hour::Covers;
use super::island::air::Choices;
use super::island::column::Conduction;
use super::island::run::{AnthropogenicHeat, Edges, Island};
use super::island::town::land_cover;
use super::island::winds::Place;
use super::layers;
use super::product::national::{self, National};
use super::product::physical::Physical;
use super::product::{Hour, Product, ThermalIndices};
use super::scene::{EYE, Scene};
use super::solver::solver;
use super::spec::{ALBEDOS, ConductionName, EdgesName, HeatProduct, HeatSky, HeatSpec, WindName};
use super::story;
use super::sums::{Noon, Sums};
use super::views::{ViewStorage, bytes_per_cell};
use hanze_base::cache::Cache;
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::frame::{Frame, Layer, Outcome, Table};
use hanze_base::grid::Grid;
use hanze_base::places::Places;
use hanze_base::plane::Plane;
use hanze_base::quantity::Quantity;
use hanze_base::raster::Raster;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::City;
use hanze_device::Device;
use hanze_model::Basis;
use hanze_model::saved::{damaged, read, write};
use hanze_model::{Model, Progress};
use hanze_scenario::Scenario;
use hanze_weather as weather;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Side of the smallest cell, m: what is seen below has more cells, the smaller they are.
const SMALLEST_CELL: f64 = 0.1;
/// Memory that a cell takes besides what it sees, bytes.
const BYTES_PER_CELL: u64 = 300;
/// Memory that surfaces and air in time take of a cell besides: columns, grids of the air, winds from a few sides, bytes.
const BYTES_IN_TIME: u64 = 1000;
/// How far the station of a typical year may lie from the city, km, and the radius of the Earth, km.
const FARTHEST: f64 = 100.0;
const EARTH: f64 = 6371.0;
/// Latitudes and longitudes for which the national method is made, degrees.
const DUTCH: [std::ops::RangeInclusive<f64>; 2] = [50.5..=53.8, 3.0..=7.5];
/// Degrees that given coordinates may lie from where the city's plane has it.
const NEARBY: f64 = 1.0;

/// A place that is written down hour by hour.
struct Gauge {
    name: String,
    cell: usize,
}

/// What a product is made of, and what is common to both.
struct Problem {
    product: Box<dyn Product>,
    repairs: Remarks,
    gauges: Vec<Gauge>,
    /// Whether a cell is open ground, of which layers speak.
    is_open: Vec<bool>,
    /// Which hours are around noon.
    noon: Noon,
}

/// The day of spin-up, and the hours of the run.
type Hours = (Vec<Forcing>, Vec<Forcing>);

struct Heat {
    grid: Grid,
    product: Box<dyn Product>,
    hours: Vec<Hour>,
    repairs: Remarks,
    gauges: Vec<Gauge>,
    is_open: Vec<bool>,
    places: Places,
    /// Whether all cells have looked around.
    has_looked: bool,
    /// Hours that are done.
    done: usize,
    latest: ThermalIndices,
    sums: Sums,
    readings: Vec<Vec<f64>>,
}

/// Whether weather, place and gauges fit; what is guessed, mended or left out.
///
/// # Errors
/// `Scenario` or `Data` with the place and the mend.
pub fn check(city: &City, scenario: &Scenario) -> Result<Remarks> {
    problem(city, scenario, &Device::Cpu, &ViewStorage::default(), None)
        .map(|problem| problem.repairs)
        .map_err(|error| scenario.locate(error))
}

/// Sets the heat model up.
///
/// # Errors
/// `Scenario` or `Data` where weather, place or gauges do not fit; `Memory` where the device has no room.
pub fn prepare(city: &City, scenario: &Scenario, device: &Device, cache: Option<&Cache>) -> Result<Box<dyn Model>> {
    prepare_on(city, scenario, device, cache, &Basis::default())
}

/// The same on what other runs left.
///
/// # Errors
/// Those of [`prepare`], and `Scenario` where what the section takes is not there.
pub fn prepare_on(
    city: &City,
    scenario: &Scenario,
    device: &Device,
    cache: Option<&Cache>,
    basis: &Basis,
) -> Result<Box<dyn Model>> {
    let grid = city.grid;
    let cells = grid.len() as u64;
    let is_national = scenario.asked::<HeatSpec>().is_some_and(|heat| heat.product() == HeatProduct::National);
    let view_bytes = if is_national { 0 } else { cells * bytes_per_cell(city.canopy.is_some()) };
    let is_in_time = scenario.asked::<HeatSpec>().is_some_and(HeatSpec::is_in_time);
    let each = BYTES_PER_CELL + if is_in_time { BYTES_IN_TIME } else { 0 };
    let available = hanze_device::free_memory().unwrap_or(u64::MAX);
    let mut storage = ViewStorage { cache: cache.cloned(), ..ViewStorage::default() };
    // View factors may lie on the disk; other arrays may not.
    storage.in_memory = cache.is_none() || cells * each + view_bytes <= available;
    let needed = cells * each + if storage.in_memory { view_bytes } else { 0 };
    if needed > available {
        let what = format!("{cells} cells");
        return Err(Error::Memory { what, needed, available, mend: "take a larger cell_m or a smaller extent".into() });
    }
    let problem = problem(city, scenario, device, &storage, Some(basis)).map_err(|error| scenario.locate(error))?;
    let Problem { product, repairs, gauges, is_open, noon } = problem;
    Ok(Box::new(Heat {
        grid,
        hours: product.hours(),
        product,
        repairs,
        gauges,
        is_open,
        places: city.places.clone(),
        has_looked: false,
        done: 0,
        latest: ThermalIndices::default(),
        sums: Sums::new(grid.len(), noon),
        readings: Vec::new(),
    }))
}

fn problem(
    city: &City,
    scenario: &Scenario,
    device: &Device,
    storage: &ViewStorage,
    basis: Option<&Basis>,
) -> Result<Problem> {
    let grid = city.grid;
    if grid.cell < SMALLEST_CELL {
        let problem = format!("makes cells of {} m", grid.cell);
        return Err(Error::scenario("city.cell_m", problem, format!("take at least {SMALLEST_CELL} m for heat")));
    }
    let missing = || Error::scenario("heat", "is missing", "write [heat] with weather and date");
    let heat = scenario.asked::<HeatSpec>().ok_or_else(missing)?;
    let (day, file) = heat.day().zip(heat.weather()).ok_or_else(missing)?;
    let file_of = |key: &str, name: &str| match weather::is_shipped(name) {
        true => Ok(PathBuf::from(name)),
        false => scenario.existing_at(key, name),
    };
    let path = file_of("heat.weather", file)?;
    let pressure = heat.pressure.as_ref().map(|name| file_of("heat.pressure", name)).transpose()?;
    let start = day * 86_400;
    let hours = (heat.end_minutes / 60.0).round() as i64;
    let place = place(&grid, heat.latitude.zip(heat.longitude))?;
    let layer = |layer: &Option<Raster>| layer.as_ref().map_or(Vec::new(), |layer| layer.values.clone());
    let (buildings, trees) = (layer(&city.buildings), layer(&city.canopy));
    let is_roof = |cell: usize| buildings.get(cell).is_some_and(|height| *height > 0.0);
    let is_water =
        |cell: usize| city.cover.as_ref().is_some_and(|cover| cover.values[cell] == Cover::Water as u8 as f32);
    let is_open = |cell: usize| !is_roof(cell) && !is_water(cell) && !city.terrain.values[cell].is_nan();
    let is_open: Vec<bool> = (0..grid.len()).map(is_open).collect();
    let gauges = gauges(scenario, &grid, is_roof)?;
    let (product, mut repairs): (Box<dyn Product>, Remarks) = match heat.product() {
        HeatProduct::National => {
            let mut found = national::read(&path, start, hours)?;
            is_near(&found, place)?;
            pressure.map_or(Ok(()), |path| weather::take_pressure(&mut found, &path))?;
            let product = National::new(city, &mut found, (start, start + 3600 * hours), place)?;
            if !(DUTCH[0].contains(&place.0) && DUTCH[1].contains(&place.1)) {
                found.repairs.push(Remark::new(
                    1.0,
                    "the national method is made for the Netherlands, and the city lies elsewhere",
                    "de landelijke methode is gemaakt voor Nederland, en de stad ligt elders",
                ));
            }
            if city.albedo.is_some() {
                found.repairs.push(Remark::new(
                    1.0,
                    "the albedo of the classes of land use changes nothing: the national method does not know what ground and roofs reflect",
                    "het albedo van de klassen van het landgebruik verandert niets: de landelijke methode rekent niet met wat grond en daken \
                     weerkaatsen",
                ));
            }
            (Box::new(product), found.repairs)
        }
        HeatProduct::Physical => {
            let ((mut first, mut hours), mut repairs) =
                hours_of(heat, &path, pressure.as_deref(), (start, hours), place)?;
            if heat.clear_sky_less.is_some() {
                let measured = hours.iter().filter(|hour| hour.weather.longwave.is_some()).count();
                if measured == hours.len() {
                    let problem = "does nothing: the weather has longwave radiation";
                    return Err(Error::scenario("heat.clear_sky_less", problem, "leave it out"));
                }
                if measured > 0 {
                    let count = hours.len();
                    repairs.push(Remark::new(
                        measured as f64 / count as f64,
                        format!("clear_sky_less does nothing in {measured} of {count} hours, which have longwave radiation"),
                        format!("clear_sky_less doet niets in {measured} van de {count} uren, die langgolvige straling hebben"),
                    ));
                }
            }
            let isotropic = heat.sky == Some(HeatSky::Isotropic);
            hours.iter_mut().for_each(|hour| hour.is_isotropic = isotropic);
            if let Some(albedo) = heat.island.as_ref().and_then(|island| island.albedo.get("wall")) {
                first.iter_mut().chain(&mut hours).for_each(|hour| hour.wall_albedo = *albedo);
            }
            let solver = solver(reflecting(city, heat), covers(city), device, storage)?;
            let (buildings, trees) = (buildings.clone(), trees.clone());
            let is_known: Vec<bool> = city.terrain.values.iter().map(|z| !z.is_nan()).collect();
            let island = match heat.is_in_time() {
                true => Some(island(city, scenario, (heat, device), (first, hours.clone()), basis, &mut repairs)?),
                false => None,
            };
            let product = Physical {
                hoeppe: heat.pet_hoeppe.unwrap_or(false),
                grid,
                solver,
                hours,
                buildings,
                trees,
                island,
                winds: Vec::new(),
                latest: None,
                neighbour_longwave: None,
                gauges: gauges.iter().map(|gauge| gauge.cell).collect(),
                gauge_views: Vec::new(),
                is_known,
            };
            (Box::new(product), repairs)
        }
    };
    let through = buildings.iter().zip(&trees).filter(|(building, tree)| **building > 0.0 && *tree > *building).count();
    if through > 0 {
        repairs.push(Remark::new(
            through as f64 / grid.len() as f64,
            format!("{through} cells have crowns above roofs"),
            format!("{through} cellen hebben boomkronen boven daken"),
        ));
    }
    if city.cover.is_none() {
        repairs.push(Remark::new(
            1.0,
            "nothing says what covers the ground: bricks and slabs are taken",
            "niets zegt wat de grond bedekt: er is gerekend met klinkers en tegels",
        ));
    }
    Ok(Problem { product, repairs, gauges, is_open, noon: Noon::at(place.1) })
}

/// Hours of a run, with the day before where surfaces and air need one; and repairs.
fn hours_of(
    heat: &HeatSpec,
    path: &Path,
    pressure: Option<&Path>,
    (start, hours): (i64, i64),
    place: (f64, f64),
) -> Result<(Hours, Remarks)> {
    let end = start + hours * 3600;
    let read = |from: i64| -> Result<weather::Weather> {
        let take = |from: i64| -> Result<weather::Weather> {
            let mut found = weather::read(path, from, end)?;
            is_near(&found, place)?;
            pressure.map_or(Ok(()), |path| weather::take_pressure(&mut found, path))?;
            Ok(found)
        };
        if !heat.is_in_time() {
            return take(from);
        }
        // The first hour began as the hour before ended.
        let mut found = match take(from - 3600) {
            Ok(found) if found.is_of_moment => found,
            _ => take(from)?,
        };
        to_means(&mut found);
        found.hours.retain(|hour| hour.end > from);
        Ok(found)
    };
    let under = |weather: &weather::Weather| forcing_under(weather, place, heat.clear_sky_less.unwrap_or(0.0));
    if !heat.is_in_time() {
        let (hours, repairs) = under(&read(start)?)?;
        return Ok(((Vec::new(), hours), repairs));
    }
    // The run's own hours must be sound, whatever the day before is.
    if let Ok(found) = read(start - 86_400)
        && let Ok((mut all, repairs)) = under(&found)
    {
        let hours = all.split_off(all.len().min(24));
        return Ok(((all, hours), repairs));
    }
    let (hours, mut repairs) = under(&read(start)?)?;
    repairs.push(Remark::new(
        hours.len().min(24) as f64 / hours.len().max(1) as f64,
        "the weather has no whole day before: spin-up uses the run's own first day",
        "het weerbestand heeft geen hele dag ervoor: de eerste dag van de berekening dient als aanlooptijd",
    ));
    Ok(((hours[..hours.len().min(24)].to_vec(), hours), repairs))
}

/// Surfaces and air in time.
fn island(
    city: &City,
    scenario: &Scenario,
    (heat, device): (&HeatSpec, &Device),
    hours: Hours,
    basis: Option<&Basis>,
    repairs: &mut Remarks,
) -> Result<Island> {
    let given = heat.island.clone().unwrap_or_default();
    let layer = |layer: &Option<Raster>| layer.as_ref().map_or(Vec::new(), |layer| layer.values.clone());
    let (buildings, trees) = (layer(&city.buildings), layer(&city.canopy));
    let albedo = |name: &str, usual: f32| given.albedo.get(name).map_or(usual, |share| *share as f32);
    let of_cover = |cover: Cover| {
        let name = ALBEDOS.iter().find(|(_, listed)| *listed == Some(cover)).map_or("", |(name, _)| name);
        albedo(name, ground::kind(cover).albedo)
    };
    let choices = Choices {
        step: given.step_s,
        conduction: match given.conduction {
            ConductionName::ForceRestore => Conduction::ForceRestore,
            ConductionName::Layers => Conduction::Layers,
        },
        wall_albedo: albedo("wall", ground::WALL.albedo),
        albedo: Cover::ALL.map(of_cover),
        wet: given.soil_water as f32,
        meadow: given.meadow_water as f32,
        irrigation: given.irrigation_mm_per_day / 8.64e7,
        has_depth: given.wind == WindName::ThreeDimensional,
        ..Choices::default()
    };
    let edges = match given.edges {
        EdgesName::Rural => Edges::Rural,
        EdgesName::Mean => Edges::Mean,
    };
    let (mean, by_hour, remarks) = heat.released_on(scenario, &city.grid, basis)?;
    repairs.extend(remarks);
    let anthropogenic = AnthropogenicHeat { mean, by_hour };
    let is_known = city.terrain.values.iter().map(|z| !z.is_nan()).collect();
    if hours.1.iter().all(|hour| hour.weather.rain.is_none()) {
        repairs.push(Remark::new(
            1.0,
            "the weather has no rain: none is taken",
            "het weerbestand geeft geen regen: er is zonder regen gerekend",
        ));
    }
    let place = Place { grid: city.grid, buildings, trees, is_known };
    let island =
        Island::on(device, place, (reflecting(city, heat), covers(city)), choices, (edges, anthropogenic), hours)?;
    repairs.extend(island.remark());
    Ok(island)
}

/// What stands in a city's light.
pub(super) fn scene(city: &City) -> Scene {
    let values = |layer: &Option<Raster>| layer.as_ref().map_or(Vec::new(), |layer| layer.values.clone());
    Scene::new(city.grid, &city.terrain.values, &values(&city.buildings), &values(&city.canopy), EYE)
}

/// The same, with what each cell reflects where the scenario or its classes of land use say: what the scenario says of a cover counts first.
fn reflecting(city: &City, heat: &HeatSpec) -> Scene {
    let mut scene = scene(city);
    let given = |cover: u8| {
        let cover = Cover::ALL.get(usize::from(cover)).copied();
        let (name, _) = ALBEDOS.iter().find(|(_, listed)| listed.is_some() && *listed == cover)?;
        heat.island.as_ref()?.albedo.get(*name).map(|albedo| *albedo as f32)
    };
    if city.albedo.is_none() && (0..Cover::ALL.len() as u8).all(|cover| given(cover).is_none()) {
        return scene;
    }
    let usual = |cover: u8| Cover::ALL.get(usize::from(cover)).map_or(0.0, |cover| ground::kind(*cover).albedo);
    let of_class = |cell: usize| city.albedo.as_ref().map(|albedo| albedo.values[cell]);
    let covers = land_cover(&scene, &covers(city));
    let albedo =
        |(cell, cover): (usize, &u8)| given(*cover).or_else(|| of_class(cell)).unwrap_or_else(|| usual(*cover));
    scene.albedo = covers.iter().enumerate().map(albedo).collect();
    scene
}

/// What covers each cell, as its place among all kinds; bricks and slabs where nothing says.
pub(super) fn covers(city: &City) -> Covers {
    let Some(cover) = &city.cover else { return vec![Cover::Cobble.index(); city.grid.len()] };
    let of = |code: &f32| Cover::ALL.iter().find(|listed| f32::from(**listed as u8) == *code).copied();
    cover.values.iter().map(|code| of(code).unwrap_or(Cover::Cobble).index()).collect()
}

fn gauges(scenario: &Scenario, grid: &Grid, is_roof: impl Fn(usize) -> bool) -> Result<Vec<Gauge>> {
    let mut gauges = Vec::new();
    for (k, gauge) in scenario.spec.gauge.iter().enumerate() {
        let at = format!("gauge[{k}].x");
        let (col, row) = grid.cell_at(gauge.x, gauge.y).ok_or_else(|| {
            let extent = format!("x {}…{}, y {}…{}", grid.west, grid.east(), grid.south(), grid.north);
            let problem = format!("({}, {}) lies outside the city", gauge.x, gauge.y);
            Error::scenario(at.clone(), problem, format!("stay within {extent}"))
        })?;
        let cell = row * grid.cols + col;
        if is_roof(cell) {
            let problem = format!("({}, {}) lies in a building", gauge.x, gauge.y);
            return Err(Error::scenario(at, problem, "choose a place outside"));
        }
        gauges.push(Gauge { name: gauge.name.clone(), cell });
    }
    Ok(gauges)
}

/// Latitude and longitude of a city.
fn place(grid: &Grid, given: Option<(f64, f64)>) -> Result<(f64, f64)> {
    let middle = (0.5 * (grid.west + grid.east()), 0.5 * (grid.south() + grid.north));
    let found = Plane::of(grid.crs).and_then(|plane| plane.to_degrees(middle));
    let found = found.map(|(longitude, latitude)| (latitude, longitude));
    match (given, found) {
        (Some(given), Some(found)) if (given.0 - found.0).abs().max((given.1 - found.1).abs()) > NEARBY => {
            let problem = format!("is {}, but the city lies at {:.3}, {:.3} by its plane", given.0, found.0, found.1);
            Err(Error::scenario("heat.latitude", problem, "leave latitude and longitude out, or correct them"))
        }
        (Some(place), _) | (None, Some(place)) => Ok(place),
        (None, None) => {
            let mend = "write latitude and longitude in degrees";
            Err(Error::scenario(
                "heat.latitude",
                "is needed: the city's plane does not say where on Earth it lies",
                mend,
            ))
        }
    }
}

/// Refuses weather of a station that is too far from the city (degrees).
fn is_near(weather: &weather::Weather, place: (f64, f64)) -> Result<()> {
    let Some(station) = weather.station else { return Ok(()) };
    let far = apart(station, place);
    if far <= FARTHEST {
        return Ok(());
    }
    let problem = format!(
        "is of a station at {:.2}, {:.2} (latitude, longitude), {far:.0} km from the city at {:.2}, {:.2}",
        station.0, station.1, place.0, place.1
    );
    let mend =
        format!("give the weather of a station within {FARTHEST} km, or correct the place of the city or of the file");
    Err(Error::scenario("heat.weather", problem, mend))
}

/// Distance of two places (degrees) on a round Earth, km.
fn apart(one: (f64, f64), other: (f64, f64)) -> f64 {
    let [(a, b), (c, d)] = [one, other].map(|(latitude, longitude)| (latitude.to_radians(), longitude.to_radians()));
    let half = |angle: f64| (0.5 * angle).sin().powi(2);
    2.0 * EARTH * (half(c - a) + a.cos() * c.cos() * half(d - b)).sqrt().min(1.0).asin()
}

impl Heat {
    fn hour(&mut self) -> Result<()> {
        let indices = self.product.hour(self.done)?;
        self.sums.add(&self.hours[self.done], &indices, &self.is_open);
        let mut row = vec![(self.done + 1) as f64 * 60.0];
        for gauge in &self.gauges {
            row.extend(self.product.reading(gauge.cell, &indices)?);
        }
        self.readings.push(row);
        self.latest = indices;
        self.done += 1;
        Ok(())
    }

    fn layer(&self, quantity: &'static Quantity, words: &str, values: &[f32]) -> Layer {
        let open = values.iter().zip(&self.is_open).map(|(value, open)| if *open { *value } else { f32::NAN });
        Layer::new(quantity, self.grid, open.collect()).described(words)
    }

    fn readings(&self) -> Option<Table> {
        if self.gauges.is_empty() {
            return None;
        }
        let of = |gauge: &Gauge| self.product.columns().iter().map(|what| format!("{} {what}", gauge.name)).collect();
        let columns = std::iter::once("time_min".to_string()).chain(self.gauges.iter().flat_map::<Vec<String>, _>(of));
        Some(Table {
            name: "gauges".into(),
            description: "the gauges hour by hour".into(),
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
                let settling = if self.has_looked { None } else { self.product.settling() };
                let activity = settling.map(|(day, hour)| activity::spin_up(day, hour));
                return Ok(Progress { time, steps: self.done as u64, dt: 3600.0, reached, activity });
            }
            if self.has_looked {
                self.hour()?;
            } else {
                self.has_looked = self.product.look()?;
            }
        }
    }

    fn frame(&mut self) -> Result<Frame> {
        let words = self.product.words();
        let mut layers = vec![
            self.layer(&layers::PET, words[0], &self.latest.pet),
            self.layer(&layers::SUN, words[1], &self.latest.sun),
        ];
        layers.extend(self.latest.others.iter().map(|own| self.layer(own.quantity, own.words, &own.values)));
        Ok(Frame { time: self.done as f64 * 3600.0, layers, vehicles: None })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        // A run that was stopped after its last hour has not looked around again.
        while !self.has_looked {
            self.has_looked = self.product.look()?;
        }
        let sums = &self.sums;
        let mut layers = vec![
            self.layer(&layers::MAX_PET, "highest felt temperature (PET) of an hour", &sums.max_pet),
            self.layer(&layers::MEAN_PET, "mean felt temperature (PET) of all hours", &sums.mean_pet()),
            self.layer(&layers::HOT_HOURS, "hours with a felt temperature (PET) above 35 °C", &sums.hot),
            self.layer(&layers::EXTREME_HOURS, "hours with a felt temperature (PET) above 41 °C", &sums.extreme),
            self.layer(&layers::SUN_HOURS, "hours of sun, as far as houses and trees let it through", &sums.sun),
        ];
        if sums.nights > 0 {
            let words = "hours of night with a felt temperature (PET) above 20 °C";
            layers.push(self.layer(&layers::WARM_NIGHT_HOURS, words, &sums.warm));
        }
        let noon = sums.noon();
        let cool = noon.as_ref().map(|[pet, _]| cool(&self.grid, pet, &self.is_open));
        if let (Some([pet, _]), Some(cool)) = (&noon, &cool) {
            let (from, to) = sums.noon_hours.ends();
            let words = format!("mean felt temperature (PET) of the hours that end at {from} to {to} h UTC");
            layers.push(self.layer(&layers::NOON_PET, &words, pet));
            let words = "1 where it stays cool around noon (PET of at most 35 °C, at least 200 m², no ribbons), else 0";
            layers.push(self.layer(&layers::COOL_PLACES, words, &cool.places));
            layers.push(self.layer(
                &layers::COOL_DISTANCE,
                "walk to the next cool place; 2000 where there is none within two kilometres",
                &cool.distance,
            ));
        }
        if sums.has_air() {
            let words = "sum of kelvins above 25 °C over all hours";
            layers.push(self.layer(&layers::DEGREE_HOURS, words, &sums.degree_hours));
            let words = "maximum difference with the air temperature at the weather station (heat island)";
            layers.push(self.layer(&layers::MAX_ISLAND, words, &sums.island));
        }
        if let Some(island) = sums.night_island() {
            let words = "night-time heat island: mean difference with the weather station";
            layers.push(self.layer(&layers::NIGHT_ISLAND, words, &island));
            let words = "nights whose coolest hour had 20 °C or more, of those that ended in the run";
            layers.push(self.layer(&layers::TROPICAL_NIGHTS, words, &sums.tropical));
        }
        let own = self.product.layers()?;
        layers.extend(own.iter().map(|own| self.layer(own.quantity, own.words, &own.values)));
        let facts = story::Facts {
            grid: &self.grid,
            is_open: &self.is_open,
            sums: &self.sums,
            noon,
            cool,
            margin: self.product.margin(),
        };
        let mut tables = story::tables(&facts, &self.places);
        tables.extend(self.readings());
        Ok(Outcome { layers, tables, story: story::story(&facts), ..Outcome::default() })
    }

    fn remarks(&self) -> Remarks {
        let mut remarks = self.repairs.clone();
        remarks.extend(self.product.remarks());
        remarks
    }

    fn settings(&self) -> serde_json::Value {
        let mut settings = self.product.settings();
        settings["hours"] = self.hours.len().into();
        settings["repairs"] = serde_json::json!(self.remarks());
        if let Some(margin) = self.product.margin() {
            settings["margin"] = story::margin_words(margin, &self.is_open).into();
        }
        settings
    }

    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>> {
        let state = match self.product.state() {
            Ok(state) => state,
            Err(error) => return Ok(Err(error)),
        };
        self.sums.save(out)?;
        for values in [&state, &self.latest.pet, &self.latest.sun] {
            write(out, values)?;
        }
        write(out, &self.readings.concat())?;
        Ok(Ok(()))
    }

    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>> {
        let len = self.grid.len();
        self.sums = Sums::load(from, len, self.hours.len(), self.sums.noon_hours)?;
        let done = self.sums.summaries.len();
        let state = read::<f32>(from, Some(self.product.state_len()))?;
        // Before the first hour nothing was felt. A frame is written before a checkpoint is, so that its other layers are not needed.
        let indices = |from: &mut dyn Read| read::<f32>(from, Some(if done > 0 { len } else { 0 }));
        self.latest = ThermalIndices { pet: indices(from)?, sun: indices(from)?, air: Vec::new(), others: Vec::new() };
        let width = 1 + self.product.columns().len() * self.gauges.len();
        let readings = read::<f64>(from, Some(done.checked_mul(width).ok_or_else(damaged)?))?;
        self.readings = readings.chunks(width).map(<[f64]>::to_vec).collect();
        self.done = done;
        Ok(self.product.set_state(state))
    }
}
