//! What the heat model is asked for: keys of `[heat]`.

mod check;
mod released;

use hanze_base::cover::Cover;
use hanze_base::error::Result;
use hanze_city::Part;
use hanze_model::ANTHROPOGENIC_HEAT;
use hanze_scenario::keys::MOST_MINUTES;
use hanze_scenario::{CitySpec, FileRef, Kind, NumberFileOrSection, Reads, Scenario, Section, Takes};
use hanze_weather::{days, is_shipped};
use released::MOST_RELEASED;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
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

/// What decides how hot it is.
const PARTS: [Part; 6] = [Part::Terrain, Part::Buildings, Part::Canopy, Part::Cover, Part::Albedo, Part::Places];

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
        Reads { standing: true, albedo: true, parts: Some(PARTS.to_vec()), ..Reads::default() }
    }

    fn check(&self, scenario: &Scenario) -> Result<()> {
        check::check(self, scenario)
    }

    fn takes(&self) -> Vec<Takes<'_>> {
        match self.released() {
            Some(NumberFileOrSection::Section(section)) => {
                vec![Takes { key: "heat.island.released_w_per_m2", what: ANTHROPOGENIC_HEAT, section: &section.0 }]
            }
            _ => Vec::new(),
        }
    }

    fn other_files<'a>(&'a self, _: &'a Scenario) -> Vec<(String, &'a str)> {
        let weather = [self.weather(), self.pressure.as_deref()].into_iter().flatten();
        let weather = weather.filter(|name| !is_shipped(name)).map(|name| ("weather".to_string(), name));
        let released = match self.released() {
            Some(NumberFileOrSection::File(name)) => Some(("released heat".to_string(), &**name)),
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

    /// The day on which the run begins, counted from 1 January 1970.
    pub fn day(&self) -> Option<i64> {
        let parts: Vec<&str> = self.date()?.split('-').collect();
        let [year, month, day] = parts[..] else { return None };
        days(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
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
    #[schemars(schema_with = "shares_of_light")]
    pub albedo: BTreeMap<String, f64>,
    /// Heat that traffic and buildings set free outside, W/m²: a number, a raster, or the section of traffic that gives it ("traffic");
    /// on average over a day, or what `released_by_hour` multiplies. None if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = MOST_RELEASED))]
    pub released_w_per_m2: Option<NumberFileOrSection>,
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

fn product() -> HeatProduct {
    HeatProduct::Physical
}

/// Shares of sunlight by the names of what reflects them.
fn shares_of_light(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "additionalProperties": { "type": "number", "minimum": 0.0, "maximum": 0.95 }
    })
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
    pub fn released(&self) -> Option<&NumberFileOrSection> {
        self.island.as_ref()?.released_w_per_m2.as_ref()
    }

    /// Whether surfaces and air are followed in time.
    pub fn is_in_time(&self) -> bool {
        self.product() == HeatProduct::Physical && self.surfaces != Some(HeatSurfaces::Sine)
    }
}
