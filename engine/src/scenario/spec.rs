//! The scenario as it is written: TOML with the units in the names of the keys.

use crate::grid::Edge;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One run: a city, a span of time, and what happens to the city in it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Hanze scenario")]
pub struct Spec {
    /// Title for people.
    pub title: String,
    /// What the scenario is about, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The model that runs.
    pub model: ModelName,
    /// Whom to name beside every picture of the data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attribution: String,
    /// The city.
    pub city: CitySpec,
    /// The span of time.
    pub time: TimeSpec,
    /// Rain; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rain: Option<RainSpec>,
    /// Choices of the runoff model.
    #[serde(default)]
    pub runoff: RunoffSpec,
    /// Open stretches of the edges; the rest is wall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boundary: Vec<BoundarySpec>,
    /// Point inflows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inflow: Vec<InflowSpec>,
    /// Places whose water is written down in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauge: Vec<GaugeSpec>,
}

impl Spec {
    /// Every file that the scenario names.
    pub fn files(&self) -> Vec<&str> {
        let city = &self.city;
        let layers = [
            &city.manning,
            &city.infiltration_mm_per_day,
            &city.suction_head_m,
            &city.moisture_deficit,
            &city.initial_infiltration_mm_per_hour,
            &city.interception_m,
        ];
        let layers = layers.into_iter().filter_map(|layer| match layer {
            Some(NumberOrFile::File(name)) => Some(name.as_str()),
            _ => None,
        });
        let rain = self.rain.iter().filter_map(|rain| rain.mm_per_hour.as_ref());
        let edges = self.boundary.iter().flat_map(|b| [b.level_m.as_ref(), b.discharge_m3_per_s.as_ref()]).flatten();
        let inflows = self.inflow.iter().map(|inflow| &inflow.discharge_m3_per_s);
        let series = rain.chain(edges).chain(inflows).filter_map(|series| match series {
            SeriesSpec::File(name) => Some(name.as_str()),
            _ => None,
        });
        let places =
            [&city.buildings, &city.roads, &city.neighbourhoods].into_iter().filter_map(|name| name.as_deref());
        city.terrain.as_deref().into_iter().chain(layers).chain(places).chain(series).collect()
    }
}

/// A model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelName {
    /// Rainfall runoff.
    Runoff,
}

/// The city: either the demo city, or the layers of a real one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CitySpec {
    /// The synthetic demo city, instead of all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoSpec>,
    /// Raster of the ground's height, m: GeoTIFF (.tif) or ESRI ASCII grid (.asc). A path is relative to the scenario;
    /// after `data:` it is relative to the folder that HANZE_DATA names (or shared/data beside the project).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terrain: Option<String>,
    /// What becomes of cells without a height. Must be given where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holes: Option<Holes>,
    /// EPSG code of the terrain where the file carries none, such as 28992.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsg: Option<u32>,
    /// Part of the terrain: west, south, east, north, m; snapped to the terrain's cells. The whole if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<[f64; 4]>,
    /// Side of a cell, m; the terrain's own if left out. What is left of the terrain in the south and the east where it
    /// does not divide is not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell_m: Option<f64>,
    /// Manning's n, s/m^(1/3): a number or a raster. 0.03 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manning: Option<NumberOrFile>,
    /// Infiltration capacity, mm per day: a number or a raster. 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infiltration_mm_per_day: Option<NumberOrFile>,
    /// Suction head at the wetting front, m, for infiltration after Green and Ampt, whose conductivity is
    /// `infiltration_mm_per_day`: a number or a raster. Sand has about 0.05, loam 0.09, clay 0.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suction_head_m: Option<NumberOrFile>,
    /// Moisture deficit of the soil for Green and Ampt, share of its volume, 0 to 0.6: a number or a raster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moisture_deficit: Option<NumberOrFile>,
    /// Infiltration rate of dry soil, mm per hour, for infiltration after Horton, which ends at `infiltration_mm_per_day`: a
    /// number or a raster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_infiltration_mm_per_hour: Option<NumberOrFile>,
    /// How fast Horton's rate decays from the start of the run on, whether it rains or not, per hour; 4 is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infiltration_decay_per_hour: Option<f64>,
    /// Water that leaves, moss and hollows too small to see hold before any sinks in, m: a number or a raster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interception_m: Option<NumberOrFile>,
    /// Level of standing water at the start, m: cells below it are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_level_m: Option<f64>,
    /// Footprints of buildings, a shapefile (.shp) or GeoJSON (.geojson), for the table of water at their walls. The terrain is
    /// taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings: Option<String>,
    /// Carriageways of roads, polygons in a shapefile or GeoJSON, for the table of roads that stay open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roads: Option<String>,
    /// Neighbourhoods, polygons in a shapefile or GeoJSON, for the table of neighbourhoods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbourhoods: Option<String>,
}

/// What becomes of cells without a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holes {
    /// Heights are filled in from around the hole.
    Fill,
    /// Water cannot enter them.
    Wall,
}

/// The synthetic demo city.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoSpec {
    /// The same seed gives the same city.
    pub seed: u64,
    /// From west to east, m: 100 to 12 000.
    pub width_m: f64,
    /// From south to north, m: 100 to 12 000.
    pub height_m: f64,
    /// Side of a cell, m: 0.25 to 20.
    pub cell_m: f64,
}

/// A number for the whole city, or a raster file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "neither a number nor the name of a raster file")]
pub enum NumberOrFile {
    /// The same everywhere.
    Number(f64),
    /// A raster: GeoTIFF or ESRI ASCII grid.
    File(String),
}

/// The span of time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// End of the run, minutes.
    pub end_minutes: f64,
    /// Time between frames, minutes; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_minutes: Option<f64>,
}

/// Rain on the whole city.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RainSpec {
    /// Intensity, mm per hour: a number, a list of [minute, mm per hour] that each hold until the next, or a CSV file
    /// with a header (`minutes` or `seconds`, then the value).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mm_per_hour: Option<SeriesSpec>,
    /// How long a single number rains, minutes; to the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// A design storm by name, instead of `mm_per_hour`: bui01 … bui10, stresstest-t100, -t250 and -t1000, kea-140,
    /// waterboard-t10-2h, -t100-2h, -t1000-2h, -t10-48h, -t100-48h and -t1000-48h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<String>,
    /// Shape of a storm that is a block: how much falls in each of equal parts of its time, in any unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Vec<f64>>,
    /// Depth of each step of a hyetograph, mm; instead of `mm_per_hour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_mm: Option<Vec<f64>>,
    /// Length of a step of the hyetograph, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_minutes: Option<f64>,
}

/// A value in time: a number, a list of [minute, value], or a CSV file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "neither a number, nor points [[minute, value], …], nor the name of a CSV file")]
pub enum SeriesSpec {
    /// The same all the time.
    Number(f64),
    /// Points: minute and value.
    Points(Vec<[f64; 2]>),
    /// A CSV file with a header: `minutes` or `seconds`, then the value.
    File(String),
}

/// Choices of the runoff model; each has a default.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunoffSpec {
    /// Order of accuracy: 1 (twice as fast) or 2 (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
    /// Courant number, above 0 and up to 0.5 (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courant: Option<f64>,
    /// Longest time step, s; that of a wave of 1 m/s if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_step_s: Option<f64>,
    /// Depth that counts as arrived, m; 0.05 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival_depth_m: Option<f64>,
    /// Depth whose duration is counted, m; 0.10 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_depth_m: Option<f64>,
    /// Time between readings of gauges and boundaries, minutes; 1 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gauge_minutes: Option<f64>,
}

/// A stretch of an edge.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundarySpec {
    /// Name in tables.
    pub name: String,
    /// The edge.
    pub edge: Edge,
    /// Start of the stretch: x of northern and southern, y of western and eastern edges, m. The whole edge if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_m: Option<f64>,
    /// End of the stretch, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_m: Option<f64>,
    /// What happens there.
    pub kind: BoundaryName,
    /// Level for kind "level", m: a number, points [minute, m] or a CSV file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_m: Option<SeriesSpec>,
    /// Discharge into the city for kind "discharge", m³/s: a number, points [minute, m³/s] or a CSV file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discharge_m3_per_s: Option<SeriesSpec>,
}

/// What happens at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoundaryName {
    /// Nothing passes.
    Wall,
    /// Water leaves as it comes.
    Free,
    /// The level is given.
    Level,
    /// The discharge is given.
    Discharge,
}

/// A point inflow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InflowSpec {
    /// Name in tables.
    pub name: String,
    /// X, m.
    pub x: f64,
    /// Y, m.
    pub y: f64,
    /// Discharge, m³/s: a number, points [minute, m³/s] or a CSV file.
    pub discharge_m3_per_s: SeriesSpec,
}

/// A gauge.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GaugeSpec {
    /// Name in tables.
    pub name: String,
    /// X, m.
    pub x: f64,
    /// Y, m.
    pub y: f64,
}
