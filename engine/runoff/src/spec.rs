//! What the runoff model is asked: keys of `[runoff]`.

mod check;
mod rain;
mod rasters;
mod storms;

use hanze_base::error::Result;
use hanze_base::grid::Edge;
use hanze_city::Part;
use hanze_scenario::keys::{FARTHEST, LEAST_MINUTES, MOST_MINUTES, discharges, levels, series_schema};
use hanze_scenario::{CitySpec, FileRef, Kind, NumberOrFile, Reads, Scenario, Section, SeriesSpec};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// What is asked of the runoff model: a span of time, what comes and goes in it, and choices of the scheme.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunoffSpec {
    /// Name, where there are several sections. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of the run, minutes.
    #[schemars(range(min = LEAST_MINUTES, max = MOST_MINUTES))]
    pub end_minutes: f64,
    /// Time between frames, minutes; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = LEAST_MINUTES, max = MOST_MINUTES))]
    pub frame_minutes: Option<f64>,
    /// Order of accuracy; 1 is twice as fast.
    #[serde(default = "order")]
    #[schemars(range(min = 1, max = 2))]
    pub order: u32,
    /// Courant number.
    #[serde(default = "courant")]
    #[schemars(range(min = 0.01, max = 0.5))]
    pub courant: f64,
    /// Longest time step, s; that of a wave of 1 m/s if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-6, max = 3600.0))]
    pub longest_step_s: Option<f64>,
    /// Depth that counts as arrived, m.
    #[serde(default = "arrival_depth_m")]
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub arrival_depth_m: f64,
    /// Depth whose duration is counted, m.
    #[serde(default = "duration_depth_m")]
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub duration_depth_m: f64,
    /// Time between readings of gauges and boundaries, minutes.
    #[serde(default = "gauge_minutes")]
    #[schemars(range(min = LEAST_MINUTES, max = MOST_MINUTES))]
    pub gauge_minutes: f64,
    /// Rain; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rain: Option<RainSpec>,
    /// The sewer; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sewer: Option<SewerSpec>,
    /// Open stretches of the edges; the rest is wall. All of them are wall if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boundary: Vec<BoundarySpec>,
    /// Point inflows. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inflow: Vec<InflowSpec>,
}

/// What decides where water goes.
const PARTS: [Part; 7] =
    [Part::Terrain, Part::Buildings, Part::Manning, Part::Soil, Part::Water, Part::Canopy, Part::Places];

/// Keys of the city that the runoff model alone reads, and what must be written for each.
const WATER_KEYS: [(&str, &str); 6] = [
    ("structure", "[runoff]"),
    ("sewer_districts", "[runoff.sewer]"),
    ("water_level_m", "[runoff]"),
    ("buildings_are", "[runoff]"),
    ("roof_water", "[runoff]"),
    ("green_roof_m", "[runoff]"),
];

impl RunoffSpec {
    /// Its kind of section.
    pub const KIND: Kind = Kind::of::<RunoffSpec>("runoff", "What is asked of the runoff model. Nothing if left out.")
        .reading(&WATER_KEYS);
    /// Order of accuracy.
    pub const ORDER: u32 = 2;
    /// Courant number.
    pub const COURANT: f64 = 0.5;
    /// Depth that counts as arrived, m.
    pub const ARRIVAL_DEPTH: f64 = 0.05;
    /// Depth whose duration is counted, m.
    pub const DURATION_DEPTH: f64 = 0.10;
}

fn order() -> u32 {
    RunoffSpec::ORDER
}

fn courant() -> f64 {
    RunoffSpec::COURANT
}

fn arrival_depth_m() -> f64 {
    RunoffSpec::ARRIVAL_DEPTH
}

fn duration_depth_m() -> f64 {
    RunoffSpec::DURATION_DEPTH
}

fn gauge_minutes() -> f64 {
    1.0
}

impl Section for RunoffSpec {
    fn kind(&self) -> &'static Kind {
        &RunoffSpec::KIND
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

    fn reads(&self, city: &CitySpec) -> Reads {
        // Water goes through buildings, unless the city says that it does not.
        let standing = city.buildings_are.is_some() || city.roof_water.is_some();
        let keys = WATER_KEYS.into_iter().map(|(key, _)| key);
        Reads {
            keys: keys.filter(|key| *key != "sewer_districts" || self.sewer.is_some()).collect(),
            standing,
            parts: Some(PARTS.to_vec()),
            ..Reads::default()
        }
    }

    fn names(&self) -> Vec<(&'static str, Vec<&str>)> {
        vec![
            ("runoff.boundary", self.boundary.iter().map(|own| own.name.as_str()).collect()),
            ("runoff.inflow", self.inflow.iter().map(|own| own.name.as_str()).collect()),
        ]
    }

    fn check(&self, scenario: &Scenario) -> Result<()> {
        check::check(self, scenario)
    }

    fn series_files<'a>(&'a self, scenario: &'a Scenario) -> Vec<(String, &'a str)> {
        let rain = self.rain.as_ref().and_then(|rain| rain.mm_per_hour.as_ref());
        let rain = rain.map(|series| ("rain".to_string(), series));
        let edges = self.boundary.iter().flat_map(|b| {
            let series = [&b.level_m, &b.discharge_m3_per_s].into_iter().flatten();
            series.map(|series| (format!("boundary {}", b.name), series))
        });
        let structures = scenario.spec.city.structure.iter().flat_map(|s| {
            let series = [&s.level_m, &s.capacity_m3_per_s].into_iter().flatten();
            series.map(|series| (format!("structure {}", s.name), series))
        });
        let points = self.inflow.iter().map(|i| (format!("inflow {}", i.name), &i.discharge_m3_per_s));
        let files = rain.into_iter().chain(edges).chain(structures).chain(points).filter_map(|(layer, series)| {
            let SeriesSpec::File(name) = series else { return None };
            Some((layer, &**name))
        });
        files.collect()
    }

    fn other_files<'a>(&'a self, _: &'a Scenario) -> Vec<(String, &'a str)> {
        let rasters = self.rain.as_ref().and_then(|rain| rain.rasters_mm.as_ref()).into_iter().flatten();
        let inlets = match self.sewer.as_ref().map(|sewer| &sewer.inlet_mm_per_hour) {
            Some(NumberOrFile::File(name)) => Some(("inlets".to_string(), &**name)),
            _ => None,
        };
        rasters.map(|name| ("rain".to_string(), &**name)).chain(inlets).collect()
    }
}

/// The sewer: inlets in paved ground, and storage that is pumped out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SewerSpec {
    /// What inlets take at most, mm per hour: a number for all paved ground, or a raster with 0 where there are none.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1e4))]
    pub inlet_mm_per_hour: NumberOrFile,
    /// What a district stores, mm on the area that drains into it: paving with inlets, and roofs; it never is full if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e5))]
    pub storage_mm: Option<f64>,
    /// What is pumped out of a district, mm per hour on that area.
    #[schemars(range(min = 0.0, max = 1e5))]
    pub pump_mm_per_hour: f64,
}

impl Default for SewerSpec {
    fn default() -> SewerSpec {
        // What inlets take is 55.6 l/s/ha.
        SewerSpec { inlet_mm_per_hour: NumberOrFile::Number(20.0), storage_mm: None, pump_mm_per_hour: 0.0 }
    }
}

/// Rain on the whole city.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RainSpec {
    /// Intensity, mm per hour: a number, a list of [minute, mm per hour] that each hold until the next, the last to the end, or a
    /// CSV file. Its first column is `minutes`, `seconds`, `hours` or dates; the header of its second names the unit: `mm_per_hour`
    /// (or mm/h, mm/5min …) for intensities that hold until the next line, `mm` for what falls from each line to the next. The last
    /// line counts for a step as long as the one before it. Before the first point or line no rain falls.
    /// Left out beside one of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "intensities")]
    pub mm_per_hour: Option<SeriesSpec>,
    /// How long a single number rains, minutes; to the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = LEAST_MINUTES, max = MOST_MINUTES))]
    pub minutes: Option<f64>,
    /// A design storm by name, instead of `mm_per_hour`: bui01 … bui10, stresstest-t100, -t250 and -t1000, kea-140,
    /// waterboard-t10-2h, -t100-2h, -t1000-2h, -t10-48h, -t100-48h and -t1000-48h. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<String>,
    /// Shape of a storm that is a block: how much falls in each of equal parts of its time, in any unit. All at one rate if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = 0.0, max = 1e9)))]
    pub pattern: Option<Vec<f64>>,
    /// Depth of each step of a hyetograph, mm; instead of `mm_per_hour`. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = 0.0, max = 2e7)))]
    pub steps_mm: Option<Vec<f64>>,
    /// Rasters of what fell in each step, mm, from the first on, as a radar gives them; instead of `mm_per_hour`. They may be
    /// coarser than the city. Cells without a value are dry. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rasters_mm: Option<Vec<FileRef>>,
    /// Length of a step of the hyetograph or of the rasters, minutes. Left out without either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = LEAST_MINUTES, max = MOST_MINUTES))]
    pub step_minutes: Option<f64>,
}

/// Intensities in time.
fn intensities(_: &mut SchemaGenerator) -> Schema {
    series_schema(rain::ALLOWED)
}

/// A stretch of an edge.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundarySpec {
    /// Name in tables.
    pub name: String,
    /// The edge, or else a line. One of both is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// A line [[x, y], …] through the city, m, instead of an edge. Left out beside `edge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(inner(range(min = -FARTHEST, max = FARTHEST))))]
    pub line: Option<Vec<[f64; 2]>>,
    /// Start of the stretch: x of northern and southern, y of western and eastern edges, m. The whole edge if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub from_m: Option<f64>,
    /// End of the stretch, m. The end of the edge if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub to_m: Option<f64>,
    /// What happens there.
    pub kind: BoundaryName,
    /// Level for kind "level", m: a number, points [minute, m] or a CSV file. Left out with other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "levels")]
    pub level_m: Option<SeriesSpec>,
    /// Discharge into the city for kind "discharge", m³/s: a number, points [minute, m³/s] or a CSV file. Left out with other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "discharges")]
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
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub x: f64,
    /// Y, m.
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub y: f64,
    /// Discharge, m³/s: a number, points [minute, m³/s] or a CSV file.
    #[schemars(schema_with = "discharges")]
    pub discharge_m3_per_s: SeriesSpec,
}
