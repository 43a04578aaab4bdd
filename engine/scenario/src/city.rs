//! The city that a scenario names.

use super::Scenario;
use super::files::FileRef;
use super::ground::Ground;
use super::spec::{Holes, NumberOrFile};
use super::standing;
use super::units::to_unit_of;
use super::variant::VariantSpec;
use hanze_base::checksum::of_file;
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::objects::Objects;
use hanze_base::places::{Place, Places};
use hanze_base::raster::Raster;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::edit::{Edit, Touched};
use hanze_city::read::{Features, Limits, Quantity, Value, features, raster_with_remarks};
use hanze_city::resample::{Method, resample};
use hanze_city::{City, District, Soil, demo, holes, objects, roads};
use std::path::PathBuf;
use std::sync::Arc;

/// Memory that one cell takes in a run at most, bytes: two states, the ground, the statistics, and copies on the way
/// in and out.
pub(super) const BYTES_PER_CELL: u64 = 245;
/// Cells of one grid, so that indices fit in 32 bits.
pub(super) const MOST_CELLS: u64 = 4_000_000_000;
const MM_PER_DAY: f64 = 1e-3 / 86_400.0;
const MM_PER_HOUR: f64 = 1e-3 / 3600.0;

/// A file that a run has read.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Input {
    /// As the scenario names it.
    pub name: String,
    /// What it is for.
    pub layer: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size, bytes.
    pub bytes: u64,
    /// Share of its cells in the city that had no value.
    pub nodata_share: f64,
    /// What had to be mended in it, in words.
    #[serde(skip_serializing_if = "Remarks::is_empty")]
    pub repairs: Remarks,
}

/// What is read of a city whoever asks, and what was read for it.
#[derive(Clone)]
pub(super) struct Common {
    pub city: City,
    /// What covers the ground, where it says how light it is.
    pub ground: Option<Arc<Ground>>,
    pub inputs: Vec<Input>,
}

/// The places of a file.
fn places(features: Option<Features>) -> Vec<Place> {
    features.into_iter().flat_map(|features| features.features).map(|feature| feature.place).collect()
}

impl Scenario {
    /// Reads or makes the city.
    ///
    /// # Errors
    /// `Data` and `Scenario` with the file or the key and the mend; `Memory` before anything large is set aside.
    pub fn city(&self) -> Result<(City, Vec<Input>)> {
        let (city, inputs, edits) = self.today()?;
        if edits.is_empty() {
            return Ok((city, inputs));
        }
        Ok((self.edited(&city, &edits)?.0, inputs))
    }

    /// A city after some edits of this scenario, and what they touch.
    ///
    /// # Errors
    /// `Scenario` at the edit that cannot be made.
    pub fn edited(&self, city: &City, edits: &[Edit]) -> Result<(City, Touched)> {
        self.rules().and_then(|rules| city.edited_by(edits, &rules)).map_err(|error| self.locate(error))
    }

    fn read_city(&self) -> Result<(City, Vec<Input>)> {
        let Common { mut city, ground, mut inputs } = self.common()?;
        if !self.is_flat() {
            city.network = self.network_on(&city.grid, &city.objects)?;
            if self.spec.city.demo.is_none() {
                city.objects.network = city.network.as_ref().map(roads::objects).unwrap_or_default();
            }
        }
        if self.reads().standing {
            self.stand(&mut city, &mut inputs);
        }
        if self.reads().albedo {
            city.albedo = ground.and_then(|ground| ground.albedo(city.buildings.as_ref()));
        }
        Ok((city, inputs))
    }

    /// The city as it is today, and the edits of the variant that is asked.
    ///
    /// # Errors
    /// Those of [`Scenario::city`], and of the keys of edits.
    pub fn today(&self) -> Result<(City, Vec<Input>, Vec<Edit>)> {
        let read = || {
            let (city, inputs) = self.read_city()?;
            let path = |name: &FileRef| self.path(name);
            let edits = match self.variant() {
                Some(name) => VariantSpec::edits(&self.asked.variants, name, &city, &path)?,
                None => Vec::new(),
            };
            Ok((city, inputs, edits))
        };
        read().map_err(|error| self.locate(error))
    }

    /// Whether a network is all that is known of the city, and its ground is flat.
    pub(super) fn is_flat(&self) -> bool {
        self.spec.city.demo.is_none() && self.spec.city.terrain.is_none() && self.reads().flat
    }

    /// Raises buildings that are known by their outlines.
    fn stand(&self, city: &mut City, inputs: &mut [Input]) {
        if city.buildings.is_some() || self.spec.city.buildings.is_none() {
            return;
        }
        let buildings = &city.objects.buildings;
        city.buildings = Some(objects::heights(&city.grid, &city.places.buildings, buildings));
        standing::guessed_heights(buildings, inputs);
    }

    /// What is the same for all models, without the layers that only some of them read.
    pub(super) fn read_common(&self) -> Result<Common> {
        let spec = &self.spec.city;
        if let Some(d) = &spec.demo {
            check_demo_memory(d.width_m, d.height_m, d.cell_m)?;
            let mut city = demo::demo(d.seed, d.width_m, d.height_m, d.cell_m)?;
            let mut inputs = Vec::new();
            city.districts = self.districts(&city.grid, &mut inputs)?;
            return Ok(Common { city, ground: None, inputs });
        }
        let mut inputs = Vec::new();
        if self.is_flat() {
            let mut city = self.flat()?;
            let grid = city.grid;
            let footprints =
                self.features("buildings", &spec.buildings, &objects::building_columns(), &grid, &mut inputs)?;
            // The ground is not known.
            city.objects.buildings =
                footprints.iter().flat_map(|own| objects::buildings(&own.features, None, None)).collect();
            city.places = Places {
                buildings: places(footprints),
                roads: Vec::new(),
                areas: places(self.features("neighbourhoods", &spec.neighbourhoods, &[], &grid, &mut inputs)?),
            };
            return Ok(Common { city, ground: None, inputs });
        }
        let name = spec.terrain.as_deref().unwrap_or_default();
        let source = self.read("terrain", name, Quantity::Heights, &mut inputs)?;
        let grid = self.grid(&source)?;
        check_memory(grid.len() as u64, grid.cell, "the city")?;
        let mut terrain = resample(&source, &grid, Method::Bilinear, &self.path(name))?;
        // Named after what it is and not after its file, as all that reads a run's folder expects.
        terrain.name = "terrain".into();
        terrain.description = "Height of the ground".into();
        drop(source);
        let missing = holes::count_holes(&terrain);
        note_share(&mut inputs, missing, &grid);
        match spec.holes {
            _ if missing == grid.len() => {
                return Err(Error::data(&self.path(name), "has no height in the city's extent", "move city.extent"));
            }
            None if missing > 0 => {
                let problem = format!("has no height in {missing} of {} cells", grid.len());
                let mend = "write holes = \"fill\" to fill them in from around, or \"wall\" to keep water out";
                return Err(Error::data(&self.path(name), problem, mend));
            }
            Some(Holes::Fill) => {
                holes::fill_holes(&mut terrain);
            }
            _ => {}
        }
        if missing > 0 {
            let share = missing as f64 / grid.len() as f64;
            let (en, nl) = match spec.holes {
                Some(Holes::Fill) => {
                    ("are filled in with the heights around them", "zijn gevuld met de hoogtes eromheen")
                }
                _ => ("are walls to water, and no rain falls there", "houden water tegen, en daar valt geen regen"),
            };
            let remark = Remark::new(
                share,
                format!("its {missing} cells without a height {en}"),
                format!("de {missing} cellen zonder hoogte {nl}"),
            );
            inputs.last_mut().into_iter().for_each(|input| input.repairs.push(remark.clone()));
        }
        let ground = self.ground(&grid, &mut inputs)?;
        let mut manning =
            self.layer_or("manning", &spec.manning, 1.0, &ground, |class| class.manning, 0.03, &mut inputs)?;
        manning.unit = "s/m^(1/3)".into();
        let mut infiltration = self.layer_or(
            "infiltration_mm_per_day",
            &spec.infiltration_mm_per_day,
            1e6,
            &ground,
            |class| class.infiltration_mm_per_day,
            0.0,
            &mut inputs,
        )?;
        infiltration.values.iter_mut().for_each(|value| *value = (f64::from(*value) * MM_PER_DAY) as f32);
        (infiltration.name, infiltration.unit) = ("infiltration".into(), "m/s".into());
        let mut optional = |key: &str, spec: &Option<NumberOrFile>, most: f64| {
            spec.as_ref().map(|_| self.layer(key, spec, 0.0, most, &grid, &mut inputs)).transpose()
        };
        let (suction, deficit) = (
            optional("suction_head_m", &spec.suction_head_m, 10.0)?,
            optional("moisture_deficit", &spec.moisture_deficit, 0.6)?,
        );
        let suction = suction.zip(deficit).map(|(mut suction, deficit)| {
            suction.values.iter_mut().zip(&deficit.values).for_each(|(head, deficit)| *head *= deficit);
            suction
        });
        let mut initial = optional("initial_infiltration_mm_per_hour", &spec.initial_infiltration_mm_per_hour, 1e5)?;
        if let Some(initial) = &mut initial {
            initial.values.iter_mut().for_each(|rate| *rate = (f64::from(*rate) * MM_PER_HOUR) as f32);
        }
        let mut interception = optional("interception_m", &spec.interception_m, 1.0)?;
        if interception.is_none() && ground.codes.is_some() {
            let values = ground.each(|class| class.interception_m, 0.0);
            interception = Some(Raster::from_values(grid, "interception_m", "m", values));
        }
        let soil = Soil {
            suction,
            horton: initial.map(|initial| (initial, spec.infiltration_decay_per_hour.unwrap_or(0.0) / 3600.0)),
            interception,
        };
        let water = match &spec.water_m {
            Some(name) => Some(self.standing_water(name, &terrain, &mut inputs)?),
            None => spec.water_level_m.map(|level| {
                let depth = |z: &f32| ((level - terrain.datum) as f32 - z).max(0.0);
                let depths = terrain.values.iter().map(depth).collect();
                Raster::from_values(grid, "water", "m", depths).described("depth of standing water at the start")
            }),
        };
        let title = self.spec.title.clone();
        let footprints =
            self.features("buildings", &spec.buildings, &objects::building_columns(), &grid, &mut inputs)?;
        let canopy = spec.canopy_m.as_ref().map(|name| self.canopy(name, &terrain, &mut inputs)).transpose()?;
        let buildings = match (&spec.buildings_m, &spec.surface) {
            (Some(name), _) => Some(self.heights_of_buildings(name, &grid, &mut inputs)?),
            (None, Some(name)) => {
                Some(self.buildings_of(name, &terrain, footprints.as_ref(), canopy.as_ref(), &mut inputs)?)
            }
            (None, None) => None,
        };
        let stand = |own: &Features| objects::buildings(&own.features, Some(&terrain), buildings.as_ref());
        let mut objects = Objects { buildings: footprints.iter().flat_map(stand).collect(), ..Objects::default() };
        let (cover, sewered) = (ground.cover(), ground.sewered());
        let roads = self.features("roads", &spec.roads, &objects::road_columns(), &grid, &mut inputs)?;
        objects.carriageways = roads.iter().flat_map(|own| objects::carriageways(&own.features)).collect();
        let places = Places {
            buildings: places(footprints),
            roads: places(roads),
            areas: places(self.features("neighbourhoods", &spec.neighbourhoods, &[], &grid, &mut inputs)?),
        };
        let city = City {
            title,
            synthetic: spec.synthetic,
            grid,
            terrain,
            buildings,
            manning,
            infiltration,
            soil,
            water,
            cover,
            albedo: None,
            sewered,
            canopy,
            objects,
            places,
            network: None,
            districts: self.districts(&grid, &mut inputs)?,
        };
        let ground = Some(ground).filter(Ground::has_albedo).map(Arc::new);
        Ok(Common { city, ground, inputs })
    }

    /// The city's grid: the terrain's own, or the part and the cell size that the scenario asks for.
    fn grid(&self, terrain: &Raster) -> Result<Grid> {
        let spec = &self.spec.city;
        let mut own = terrain.grid;
        if let Some(epsg) = spec.epsg {
            let crs = Crs { epsg: Some(epsg) };
            if !own.crs.same_plane(crs) {
                let problem = format!("EPSG:{epsg} is not the plane of the terrain, which carries {}", own.crs);
                return Err(Error::scenario("city.epsg", problem, "leave epsg out, or take another file"));
            }
            own.crs = crs;
        }
        let cell = spec.cell_m.unwrap_or(own.cell);
        let Some([west, south, east, north]) = spec.extent else {
            let count = |length: f64| (length / cell + 1e-6).floor().max(1.0);
            let (cols, rows) = (count(own.east() - own.west), count(own.north - own.south()));
            return sized(cols, rows, Grid { cell, ..own });
        };
        // Whole cells of the terrain, so that values are copied and not interpolated where the size agrees.
        let snapped = |from: f64, edge: f64| from + ((edge - from) / own.cell).round() * own.cell;
        let (west, east) = (snapped(own.west, west), snapped(own.west, east));
        let (south, north) = (snapped(own.south(), south), snapped(own.south(), north));
        let slack = 0.5 * own.cell;
        let inside = west > own.west - slack && east < own.east() + slack;
        if !(inside && south > own.south() - slack && north < own.north + slack) {
            let there = format!("{}…{} m east, {}…{} m north", own.west, own.east(), own.south(), own.north);
            let problem = format!("reaches beyond the terrain, which covers {there}");
            return Err(Error::scenario("city.extent", problem, "write [west, south, east, north] within it"));
        }
        let count = |length: f64| (length / cell + 1e-6).floor();
        let (cols, rows) = (count(east - west), count(north - south));
        if cols < 1.0 || rows < 1.0 {
            return Err(Error::scenario("city.extent", "is smaller than a cell", "make it larger"));
        }
        sized(cols, rows, Grid { cell, west, north, ..own })
    }

    /// The path of a file that a key of the city names.
    pub(super) fn existing(&self, layer: &str, name: &str) -> Result<PathBuf> {
        self.existing_at(&format!("city.{layer}"), name)
    }

    /// The path of a file that the key `at` names.
    ///
    /// # Errors
    /// `Scenario` where there is no such file.
    pub fn existing_at(&self, at: &str, name: &str) -> Result<PathBuf> {
        let path = self.path(name);
        if !path.exists() {
            let mend = match name.strip_prefix("data:") {
                Some(_) => "check the spelling, and set HANZE_DATA to the folder that holds the data",
                None => "check the spelling; paths are relative to the scenario",
            };
            return Err(Error::scenario(at, format!("there is no {}", path.display()), mend));
        }
        Ok(path)
    }

    pub(super) fn read(&self, layer: &str, name: &str, quantity: Quantity, inputs: &mut Vec<Input>) -> Result<Raster> {
        let path = self.existing(layer, name)?;
        let free = hanze_device::free_memory().unwrap_or(u64::MAX);
        let most = (free / 16).min(self.most_cells);
        let (raster, repairs) = raster_with_remarks(&path, quantity, Limits { max_cells: most })?;
        let (sha256, bytes) = of_file(&path)?;
        inputs.push(Input { name: name.into(), layer: layer.into(), sha256, bytes, nodata_share: 0.0, repairs });
        Ok(raster)
    }

    /// The features of a file.
    fn features(
        &self,
        key: &str,
        name: &Option<FileRef>,
        columns: &[&str],
        grid: &Grid,
        inputs: &mut Vec<Input>,
    ) -> Result<Option<Features>> {
        let Some(name) = name else { return Ok(None) };
        let at = format!("city.{key}");
        let found = self.features_of(&at, key, name, grid, columns, inputs)?;
        found.touch(&at, &self.path(name), grid)?;
        Ok(Some(found))
    }

    /// The features of a file that the key `at` names.
    pub(super) fn features_of(
        &self,
        at: &str,
        layer: &str,
        name: &str,
        grid: &Grid,
        columns: &[&str],
        inputs: &mut Vec<Input>,
    ) -> Result<Features> {
        let path = self.existing_at(at, name)?;
        let found = features(&path, grid, columns)?;
        let (sha256, bytes) = of_file(&path)?;
        let mut repairs = found.repairs.clone();
        repairs.extend(found.left_out());
        // A shapefile is several files.
        for ending in ["dbf", "prj"] {
            let beside = path.with_extension(ending);
            if path.extension().is_some_and(|own| own.eq_ignore_ascii_case("shp")) && beside.is_file() {
                let (sha256, bytes) = of_file(&beside)?;
                let (name, layer) = (format!("{name} ({ending})"), layer.into());
                inputs.push(Input { name, layer, sha256, bytes, nodata_share: 0.0, repairs: Remarks::default() });
            }
        }
        inputs.push(Input { name: name.into(), layer: layer.into(), sha256, bytes, nodata_share: 0.0, repairs });
        Ok(found)
    }

    /// The sewer districts of the scenario.
    fn districts(&self, grid: &Grid, inputs: &mut Vec<Input>) -> Result<Vec<District>> {
        let Some(name) = &self.spec.city.sewer_districts else { return Ok(Vec::new()) };
        const COLUMNS: [&str; 3] = ["inlet_mm_per_hour", "storage_mm", "pump_mm_per_hour"];
        let found = self.features_of("city.sewer_districts", "districts", name, grid, &COLUMNS, inputs)?;
        found.touch("city.sewer_districts", &self.path(name), grid)?;
        if found.features.is_empty() {
            let mend = "give polygons that lie on the city, or leave sewer_districts out";
            return Err(Error::scenario("city.sewer_districts", "has no district that touches the city", mend));
        }
        let mut districts = Vec::with_capacity(found.features.len());
        for feature in found.features {
            let mut numbers = [None; 3];
            for ((number, value), column) in numbers.iter_mut().zip(&feature.values).zip(COLUMNS) {
                // Some programs write numbers as words.
                let value = match value {
                    Some(Value::Text(text)) if text.trim().is_empty() => &None,
                    Some(Value::Text(text)) => &text.trim().parse().ok().map(Value::Number).or_else(|| value.clone()),
                    value => value,
                };
                match value {
                    None => {}
                    Some(Value::Number(value)) if (0.0..=1e5).contains(value) => *number = Some(*value),
                    Some(other) => {
                        let problem = format!("feature {}: {column} is {}", feature.number, other.name());
                        return Err(Error::data(
                            &self.path(name),
                            problem,
                            "write a number from 0 to 100000, or leave it empty",
                        ));
                    }
                }
            }
            let [inlet_mm_per_hour, storage_mm, pump_mm_per_hour] = numbers;
            districts.push(District { place: feature.place, inlet_mm_per_hour, storage_mm, pump_mm_per_hour });
        }
        Ok(districts)
    }

    /// A layer as the scenario gives it, or else as the classes of the ground say.
    #[allow(clippy::too_many_arguments, reason = "a layer has a name, two sources, a range and a default")]
    fn layer_or(
        &self,
        key: &str,
        spec: &Option<NumberOrFile>,
        most: f64,
        ground: &Ground,
        value: impl Fn(&hanze_city::codes::Class) -> f64,
        default: f64,
        inputs: &mut Vec<Input>,
    ) -> Result<Raster> {
        if spec.is_some() || ground.codes.is_none() {
            return self.layer(key, spec, default, most, &ground.grid, inputs);
        }
        Ok(Raster::from_values(ground.grid, key, "", ground.each(value, default)))
    }

    /// A layer of numbers on the city's grid; cells without a value take the default.
    pub(super) fn layer(
        &self,
        key: &str,
        spec: &Option<NumberOrFile>,
        default: f64,
        most: f64,
        grid: &Grid,
        inputs: &mut Vec<Input>,
    ) -> Result<Raster> {
        let name = match spec {
            None => return Ok(Raster::uniform(*grid, key, "", default as f32)),
            Some(NumberOrFile::Number(value)) => return Ok(Raster::uniform(*grid, key, "", *value as f32)),
            Some(NumberOrFile::File(name)) => name,
        };
        let mut source = self.read(key, name, Quantity::Values, inputs)?;
        let converted = to_unit_of(key, 60.0, &mut source, &self.path(name))?;
        inputs.last_mut().into_iter().for_each(|input| input.repairs.extend(converted.clone()));
        let mut raster = resample(&source, grid, Method::Nearest, &self.path(name))?;
        note_share(inputs, holes::count_holes(&raster), grid);
        if let Some(i) = raster.values.iter().position(|value| *value < 0.0 || *value > most as f32) {
            let (col, row) = (i % grid.cols, i / grid.cols);
            let problem = format!("holds {} in row {row}, column {col} of the city", raster.values[i]);
            let mend = format!("{key} lies between 0 and {most}; declare other values as nodata");
            return Err(Error::data(&self.path(name), problem, mend));
        }
        raster.values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = default as f32);
        Ok(raster)
    }
}

/// A grid of so many cells, if they can be counted.
fn sized(cols: f64, rows: f64, grid: Grid) -> Result<Grid> {
    if cols * rows > MOST_CELLS as f64 {
        let problem = format!("makes {cols:.0} × {rows:.0} cells");
        return Err(Error::scenario("city.cell_m", problem, "take a larger cell or a smaller extent"));
    }
    Ok(Grid { cols: cols as usize, rows: rows as usize, ..grid })
}

/// Refuses a demo city that does not fit in memory, before anything is set aside.
///
/// # Errors
/// `Memory` with the cell size that would fit.
pub fn check_demo_memory(width_m: f64, height_m: f64, cell_m: f64) -> Result<()> {
    check_memory(((width_m / cell_m) * (height_m / cell_m)) as u64, cell_m, "the demo city")
}

/// Refuses a city that does not fit in memory, before anything is set aside.
pub(super) fn check_memory(cells: u64, cell: f64, what: &str) -> Result<()> {
    let needed = cells.saturating_mul(BYTES_PER_CELL);
    match hanze_device::free_memory() {
        Some(available) if needed > available => Err(Error::Memory {
            what: format!("{what} of {cells} cells"),
            needed,
            available,
            mend: smaller(needed, available, cell),
        }),
        _ => Ok(()),
    }
}

/// What makes a city of such cells fit. Order 1 takes less time than order 2, but no less memory.
fn smaller(needed: u64, available: u64, cell: f64) -> String {
    let ratio = needed as f64 / available.max(1) as f64;
    // To the next tenth of a metre, and down to the next whole percent.
    let larger = (10.0 * cell * ratio.sqrt()).ceil() / 10.0;
    let share = (100.0 / ratio).floor();
    format!(
        "take a larger cell_m ({larger} or more) or a smaller extent ({share} % of it); order 1 needs as much memory"
    )
}

pub(super) fn note_share(inputs: &mut [Input], missing: usize, grid: &Grid) {
    if let Some(input) = inputs.last_mut() {
        input.nodata_share = missing as f64 / grid.len() as f64;
    }
}
