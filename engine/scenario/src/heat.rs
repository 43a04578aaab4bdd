//! What the heat model is asked for.

use super::Scenario;
use super::files::FileRef;
use super::numbers::{MOST_MINUTES, defaults};
use super::rain::{missing, percent};
use super::sections::{Kind, Reads, Section};
use super::spec::{CitySpec, NumberOrFile};
use super::units::to_unit_of;
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::read::{Limits, Quantity, raster_with_remarks};
use hanze_city::resample::{Method, resample};
use hanze_weather::is_shipped;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked of the heat model: a span of time, weather, and how heat is computed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatSpec {
    /// Name, where there are several sections. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of the run, minutes: whole hours.
    #[schemars(range(min = 60.0, max = MOST_MINUTES), extend("multipleOf" = 60))]
    pub end_minutes: f64,
    /// Time between frames, minutes: whole hours; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60.0, max = MOST_MINUTES), extend("multipleOf" = 60))]
    pub frame_minutes: Option<f64>,
    /// How it is computed.
    #[serde(default = "product")]
    pub product: HeatProduct,
    /// Hourly weather: KNMI's hourly values, EPW (of a station within 100 km), a met file of UMEP, or a CSV of Hanze, each also in a zip;
    /// or "hot-day", a made one of 25 July 2019 that comes with the program. The national
    /// product has the hours of De Bilt (data:weather/uurgeg_260_2011-2020.zip) if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather: Option<FileRef>,
    /// Weather of another station, whose pressure is taken where the weather has none. 1013.25 hPa if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<FileRef>,
    /// The day on which the run begins, at 0:00 UTC: 2019-07-25. The national product has its standard day, 2015-07-01, if it is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// How light and warmth are spread over the sky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = HeatSky::Anisotropic))]
    pub sky: Option<HeatSky>,
    /// How much less a clear sky emits than Prata 1996 has it, as a share of a black body. SOLWEIG 2014a takes 0.04, which
    /// comes nearer to what was measured at two places in Göteborg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 0.1), extend("default" = 0.0))]
    pub clear_sky_less: Option<f64>,
    /// How warm surfaces are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = HeatSurfaces::InTime))]
    pub surfaces: Option<HeatSurfaces>,
    /// Choices of surfaces and air in time. The usual ones if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub island: Option<IslandSpec>,
    /// Whether the older PET of Höppe is given, too, as the layer pet_hoeppe, to compare with UMEP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub pet_hoeppe: Option<bool>,
    /// Where the city lies, degrees; as its plane says if left out, and only given where that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90.0, max = 90.0))]
    pub latitude: Option<f64>,
    /// Where the city lies to the east, degrees; as its plane says if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180.0, max = 180.0))]
    pub longitude: Option<f64>,
}

impl Section for HeatSpec {
    fn kind(&self) -> &'static Kind {
        &HeatSpec::KIND
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn end_minutes(&self) -> f64 {
        self.end_minutes
    }

    fn frame_minutes(&self) -> Option<f64> {
        self.frame_minutes
    }

    fn reads(&self, _: &CitySpec) -> Reads {
        Reads { standing: true, albedo: true, ..Reads::default() }
    }

    fn check(&self, scenario: &Scenario) -> Result<()> {
        scenario.check_heat(self)
    }

    fn other_files<'a>(&'a self, _: &'a Scenario) -> Vec<(String, &'a str)> {
        let weather = [self.weather(), self.pressure.as_deref()].into_iter().flatten();
        let weather = weather.filter(|name| !is_shipped(name)).map(|name| ("weather".to_string(), name));
        let released = match self.released() {
            Some(NumberOrFile::File(name)) => Some(("released heat".to_string(), &**name)),
            _ => None,
        };
        weather.chain(released).collect()
    }
}

/// How hot it feels, in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeatProduct {
    /// Radiation on all sides, and PET and UTCI from it.
    Physical,
    /// The heat map of the Dutch stress test: PET by regression (Koopmans et al. 2020).
    National,
}

/// How light and warmth are spread over the sky.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeatSky {
    /// Brightest about the sun (Perez 1993), warmest at the horizon.
    Anisotropic,
    /// The same everywhere, with walls as the first SOLWEIG has them.
    Isotropic,
}

impl HeatSpec {
    /// Its kind of section.
    pub const KIND: Kind = Kind::of::<HeatSpec>("heat", "What is asked of the heat model. Nothing if left out.");

    /// How it is computed.
    pub fn product(&self) -> HeatProduct {
        self.product
    }

    /// The file with the weather; `None` where none is given and none is the standard.
    pub fn weather(&self) -> Option<&str> {
        let standard = || (self.product() == HeatProduct::National).then_some("data:weather/uurgeg_260_2011-2020.zip");
        self.weather.as_deref().or_else(standard)
    }

    /// The date, as it is written; `None` where none is given and none is the standard.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref().or_else(|| (self.product() == HeatProduct::National).then_some("2015-07-01"))
    }
}

/// How warm surfaces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeatSurfaces {
    /// By their energy balance, hour after hour, together with the air between the houses: the heat island in time.
    InTime,
    /// By SOLWEIG's sine of the day, in the air of the station: to compare.
    Sine,
}

/// Choices of surfaces and air in time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IslandSpec {
    /// Length of a step, s: 600 or a part of it.
    #[schemars(range(min = 10.0, max = 600.0))]
    pub step_s: f64,
    /// How the ground stores heat.
    pub conduction: ConductionName,
    /// What blows in at the edges.
    pub edges: EdgesName,
    /// How the wind blows between buildings.
    pub wind: WindName,
    /// Share of their water that soils hold for plants at the start, 0 (dry) to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub soil_water: f64,
    /// The same of the meadow at the station, whose air the weather is.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub meadow_water: f64,
    /// Water that is sprinkled on grass, soil and trees of the city, mm a day, all day long.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub irrigation_mm_per_day: f64,
    /// Share of sunlight that is reflected: by asphalt, cobble, roof, grass, soil, water and wall; that of `codes`, or else usual values, for
    /// what is left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::numbers::shares_of_light")]
    pub albedo: BTreeMap<String, f64>,
    /// Heat that traffic and buildings set free outside, W/m²: a number, or a raster; on average over a day, or what `released_by_hour`
    /// multiplies. None if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = MOST_RELEASED))]
    pub released_w_per_m2: Option<NumberOrFile>,
    /// What each of the 24 hours of the day (UTC; the first ends at 1) has over that; all the same if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = 0.0, max = 24.0)))]
    pub released_by_hour: Option<Vec<f64>>,
}

impl Default for IslandSpec {
    fn default() -> IslandSpec {
        IslandSpec {
            step_s: 600.0,
            conduction: ConductionName::Layers,
            edges: EdgesName::Mean,
            wind: WindName::Projected,
            soil_water: IslandSpec::WATER,
            meadow_water: IslandSpec::WATER,
            irrigation_mm_per_day: 0.0,
            albedo: BTreeMap::new(),
            released_w_per_m2: None,
            released_by_hour: None,
        }
    }
}

impl IslandSpec {
    /// Share of their water that soils hold for plants at the start.
    pub const WATER: f64 = 0.6;
}

defaults! {
    product: HeatProduct = HeatProduct::Physical;
}

/// How the ground stores heat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConductionName {
    /// In twelve layers.
    Layers,
    /// In a skin and a deep temperature: faster, and exact only for the wave of a whole day.
    ForceRestore,
}

/// How the wind blows between buildings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindName {
    /// The national method's wind, made free of divergence around buildings.
    Projected,
    /// In three dimensions, for each of eight sectors: with the air that turns back behind buildings and in streets. Trees do not stand in it.
    ThreeDimensional,
}

/// What blows in at the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgesName {
    /// Air like that of the city on average.
    Mean,
    /// Air of the station.
    Rural,
}

/// Names of surfaces whose albedo may be given, with their cover; walls have none.
pub const ALBEDOS: [(&str, Option<Cover>); 7] = [
    ("asphalt", Some(Cover::Asphalt)),
    ("cobble", Some(Cover::Cobble)),
    ("roof", Some(Cover::Roof)),
    ("grass", Some(Cover::Grass)),
    ("soil", Some(Cover::Soil)),
    ("water", Some(Cover::Water)),
    ("wall", None),
];

impl HeatSpec {
    /// Heat that is set free outside.
    pub fn released(&self) -> Option<&NumberOrFile> {
        self.island.as_ref()?.released_w_per_m2.as_ref()
    }

    /// Whether surfaces and air are followed in time.
    pub fn is_in_time(&self) -> bool {
        self.product() == HeatProduct::Physical && self.surfaces != Some(HeatSurfaces::Sine)
    }
}

impl Scenario {
    /// Whether what the heat island is asked for can be.
    pub(super) fn check_island(&self, heat: &HeatSpec) -> Result<()> {
        let given = heat.surfaces.map(|_| "heat.surfaces").or(heat.island.as_ref().map(|_| "heat.island"));
        if let (HeatProduct::National, Some(key)) = (heat.product(), given) {
            return Err(Error::scenario(key, "does nothing in the national product", "leave it out"));
        }
        if heat.is_in_time() && heat.sky == Some(HeatSky::Isotropic) {
            let mend = "leave sky out, or write surfaces = \"sine\"";
            return Err(Error::scenario("heat.sky", "goes with surfaces by the sine of the day alone", mend));
        }
        let Some(island) = &heat.island else { return Ok(()) };
        if !heat.is_in_time() {
            return Err(Error::scenario("heat.island", "does nothing with surfaces = \"sine\"", "leave it out"));
        }
        if (600.0 / island.step_s).fract() > 1e-9 {
            let problem = format!("is {}", island.step_s);
            return Err(Error::scenario("heat.island.step_s", problem, "take a whole part of 600 s"));
        }
        for name in island.albedo.keys() {
            if !ALBEDOS.iter().any(|(own, _)| own == name) {
                let key = format!("heat.island.albedo.{name}");
                let known = ALBEDOS.map(|(own, _)| own).join(", ");
                return Err(Error::scenario(key, "is not a surface", format!("write one of {known}")));
            }
        }
        if let Some(hours) = &island.released_by_hour {
            if hours.len() != 24 {
                let problem = format!("has {} numbers", hours.len());
                return Err(Error::scenario("heat.island.released_by_hour", problem, "write 24, one for each hour"));
            }
            if island.released_w_per_m2.is_none() {
                let mend = "write released_w_per_m2, too";
                return Err(Error::scenario("heat.island.released_by_hour", "does nothing alone", mend));
            }
        }
        Ok(())
    }
}

impl Scenario {
    /// Heat that is set free on each cell of a city, W/m²; one number where it is the same everywhere, none where there is none; and what
    /// was converted or left out.
    ///
    /// # Errors
    /// `Data` where the raster holds what cannot be, or is in another unit.
    pub fn released(&self, city: &Grid) -> Result<(Vec<f32>, Remarks)> {
        let name = match self.heat().and_then(HeatSpec::released) {
            None => return Ok((Vec::new(), Remarks::default())),
            Some(NumberOrFile::Number(value)) => return Ok((vec![*value as f32], Remarks::default())),
            Some(NumberOrFile::File(name)) => name,
        };
        let path = self.existing_at("heat.island.released_w_per_m2", name)?;
        let (mut source, mut told) =
            raster_with_remarks(&path, Quantity::Values, Limits { max_cells: self.most_cells })?;
        told.extend(to_unit_of("released_w_per_m2", 60.0, &mut source, &path)?);
        let share = missing(&source, city);
        if share > 0.0 {
            let [en, nl] = percent(share);
            told.push(Remark::new(
                share,
                format!("{en} % of the city has no value in it: no heat is set free there"),
                format!("{nl} % van de stad heeft er geen waarde in: daar komt geen warmte vrij"),
            ));
        }
        for value in &mut source.values {
            if !value.is_nan() && !(0.0..=MOST_IN_A_CELL).contains(&f64::from(*value)) {
                let mend = format!("write 0 to {MOST_IN_A_CELL} W/m², or declare it as nodata");
                return Err(Error::data(&path, format!("holds {value}"), mend));
            }
            // Where nothing is known nothing is set free, and a road beside it is no wider for that.
            *value = if value.is_nan() { 0.0 } else { *value };
        }
        let mut found = resample(&source, city, Method::Bilinear, &path)?.values;
        found.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
        let mean = found.iter().map(|value| f64::from(*value)).sum::<f64>() / found.len().max(1) as f64;
        if mean > MOST_RELEASED {
            let mend = format!("write W/m²: a city does not set more than {MOST_RELEASED} free");
            return Err(Error::data(&path, format!("has {mean:.0} on average"), mend));
        }
        Ok((found, told.iter().map(|remark| remark.of(name)).collect()))
    }
}

/// Heat that a city may set free, W/m²; and a cell of it, as a lane on which cars stand.
pub const MOST_RELEASED: f64 = 1000.0;
const MOST_IN_A_CELL: f64 = 20_000.0;
