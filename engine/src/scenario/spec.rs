//! The scenario as it is written: TOML with the units in the names of the keys.

use super::heat::HeatSpec;
use super::sections::{Reads, Section, Sections};
use super::traffic::TrafficSpec;
use crate::city::codes::SHIPPED;
use crate::grid::Edge;
use crate::weather::is_shipped;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A city, and what is asked of it: a section for each model.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Hanze scenario")]
pub struct Spec {
    /// Title for people.
    pub title: String,
    /// What the scenario is about, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whom to name beside every picture of the data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attribution: String,
    /// The city.
    pub city: CitySpec,
    /// Places where values are written down in time: of water, or of heat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauge: Vec<GaugeSpec>,
    /// What is asked of the runoff model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runoff: Option<Sections<RunoffSpec>>,
    /// What is asked of the heat model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat: Option<Sections<HeatSpec>>,
    /// What is asked of the traffic model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Sections<TrafficSpec>>,
}

impl Spec {
    /// The sections, with the place of each in the list of its kind where there is a list.
    pub fn sections(&self) -> Vec<(Option<usize>, &dyn Section)> {
        fn of<T: Section>(sections: &Option<Sections<T>>) -> impl Iterator<Item = (Option<usize>, &dyn Section)> {
            let is_list = matches!(sections, Some(Sections::Several(_)));
            let own = sections.as_ref().map_or(&[][..], Sections::as_slice).iter().enumerate();
            own.map(move |(k, section)| (is_list.then_some(k), section as &dyn Section))
        }
        of(&self.runoff).chain(of(&self.heat)).chain(of(&self.traffic)).collect()
    }

    /// The same scenario with one of its sections alone: the one at `place` in the list of its kind.
    pub(super) fn only(&self, model: ModelName, place: usize) -> Spec {
        fn pick<T: Clone>(sections: &Option<Sections<T>>, place: usize) -> Option<Sections<T>> {
            let own = sections.as_ref()?.as_slice().get(place)?;
            Some(Sections::One(Box::new(own.clone())))
        }
        let mut only = Spec { runoff: None, heat: None, traffic: None, ..self.clone() };
        match model {
            ModelName::Runoff => only.runoff = pick(&self.runoff, place),
            ModelName::Heat => only.heat = pick(&self.heat, place),
            ModelName::Traffic => only.traffic = pick(&self.traffic, place),
        }
        only
    }
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
        let runoff = || self.runoff.iter().flat_map(Sections::as_slice);
        let heat = || self.heat.iter().flat_map(Sections::as_slice);
        let traffic = self.traffic.iter().flat_map(Sections::as_slice);
        let rain = runoff().filter_map(|runoff| runoff.rain.as_ref()?.mm_per_hour.as_ref());
        let edges = runoff().flat_map(|runoff| &runoff.boundary);
        let edges = edges.flat_map(|b| [b.level_m.as_ref(), b.discharge_m3_per_s.as_ref()]).flatten();
        let inflows = runoff().flat_map(|runoff| &runoff.inflow).map(|inflow| &inflow.discharge_m3_per_s);
        let structures =
            city.structure.iter().flat_map(|s| [s.capacity_m3_per_s.as_ref(), s.level_m.as_ref()]).flatten();
        let series = rain.chain(edges).chain(inflows).chain(structures).filter_map(|series| match series {
            SeriesSpec::File(name) => Some(name.as_str()),
            _ => None,
        });
        let heights = [&city.surface, &city.buildings_m, &city.canopy_m, &city.water_m]
            .into_iter()
            .filter_map(|name| name.as_deref());
        let weather = heat().flat_map(|heat| [heat.weather(), heat.pressure.as_deref()]).flatten();
        let released = heat().filter_map(|heat| match heat.released()? {
            NumberOrFile::File(name) => Some(name.as_str()),
            NumberOrFile::Number(_) => None,
        });
        let weather = weather.filter(|name| !is_shipped(name)).chain(released);
        let traffic = traffic.flat_map(TrafficSpec::files);
        let places =
            [&city.buildings, &city.roads, &city.neighbourhoods, &city.land_use, &city.network, &city.network_nodes]
                .into_iter()
                .filter_map(|name| name.as_deref());
        let codes = city.codes.as_deref().filter(|name| !SHIPPED.iter().any(|(shipped, _)| shipped == name));
        let districts = city.sewer_districts.as_deref();
        let inlets = runoff().filter_map(|runoff| match &runoff.sewer.as_ref()?.inlet_mm_per_hour {
            Some(NumberOrFile::File(name)) => Some(name.as_str()),
            _ => None,
        });
        let radar =
            runoff().filter_map(|runoff| runoff.rain.as_ref()?.rasters_mm.as_ref()).flatten().map(String::as_str);
        let places = places.chain(city.surfaces.iter().map(String::as_str)).chain(codes).chain(districts);
        let places = places.chain(inlets).chain(radar).chain(heights).chain(weather).chain(traffic);
        city.terrain.as_deref().into_iter().chain(layers).chain(places).chain(series).collect()
    }
}

/// A model: the name of its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelName {
    /// Rainfall runoff.
    Runoff,
    /// Urban heat.
    Heat,
    /// Traffic.
    Traffic,
}

impl ModelName {
    /// The name of its sections in a scenario.
    pub fn section(self) -> &'static str {
        match self {
            ModelName::Runoff => "runoff",
            ModelName::Heat => "heat",
            ModelName::Traffic => "traffic",
        }
    }
}

/// The city: either the demo city, or the layers of a real one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CitySpec {
    /// The synthetic demo city, instead of all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoSpec>,
    /// Whether the city that follows is made up and not measured: its maps, tables and records say so, and its buildings are "raised"
    /// where `buildings_are` is left out. The demo city always is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
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
    /// How fast Horton's rate decays while water sinks in at that rate, per hour; 4 is usual. What sank in counts and not the clock:
    /// before the rain nothing decays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infiltration_decay_per_hour: Option<f64>,
    /// Water that leaves, moss and hollows too small to see hold before any sinks in, m: a number or a raster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interception_m: Option<NumberOrFile>,
    /// Level of standing water at the start, m: cells below it are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_level_m: Option<f64>,
    /// Raster of the depth of standing water at the start, m, instead of `water_level_m`; 0 where it is dry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_m: Option<String>,
    /// Footprints of buildings: shapefile (.shp), GeoJSON (.geojson), GeoPackage (.gpkg, .sqlite) or CityJSON (.city.json), for the
    /// table of water at their walls and for `buildings_are`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings: Option<String>,
    /// What buildings are to water: the ground is taken as it is ("ground", for terrains that hold the floors already), water
    /// flows around them ("blocked"), or they stand as high as they are ("raised"). "ground" if left out; "raised" in the demo city and
    /// where the city is `synthetic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings_are: Option<BuildingsAre>,
    /// Where the rain on buildings goes: it falls on their cells ("ground"), runs to the nearest street ("street"), or goes into
    /// the sewer ("sewer"). "ground" if left out, and "street" where buildings are blocked or
    /// raised by `buildings_are`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roof_water: Option<RoofWater>,
    /// Rain that green roofs hold before it runs off, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub green_roof_m: Option<f64>,
    /// Raster of the height of what stands on the ground, m: where it is a building, that one is so much higher than the terrain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
    /// Raster of the height of buildings above the ground, m, instead of `surface`; 0 where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings_m: Option<String>,
    /// Raster of the height of trees above the ground, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canopy_m: Option<String>,
    /// Raster of land use codes; `codes` says what they mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub land_use: Option<String>,
    /// Files of polygons whose columns say what covers the ground; later ones lie on top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surfaces: Vec<String>,
    /// What classes of land use mean: a TOML file, or "land-use-nl" or "bgt", which come with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<String>,
    /// Carriageways of roads, polygons or lines with a column `width_m`, in such a file, for the table of roads that stay open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roads: Option<String>,
    /// Neighbourhoods, polygons in such a file, for the table of neighbourhoods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbourhoods: Option<String>,
    /// The network of roads, for the traffic model: OpenStreetMap (.osm, .osm.gz, .osm.pbf), SUMO (.net.xml, .net.xml.gz), lines with
    /// columns as OpenStreetMap has tags (.gpkg, .geojson), or TNTP (.tntp). The demo city brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// EPSG code of the network where its file carries none; 4326 for degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_epsg: Option<u32>,
    /// Where the nodes of a network of TNTP lie: its file of nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_nodes: Option<String>,
    /// Districts of the sewer, polygons with columns `inlet_mm_per_hour`, `storage_mm` and `pump_mm_per_hour` where they differ; one for
    /// the whole city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sewer_districts: Option<String>,
    /// Weirs, culverts, pumps and breaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub structure: Vec<StructureSpec>,
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

/// What buildings are to water.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildingsAre {
    /// Ground like any other.
    Ground,
    /// As high as they are.
    Raised,
    /// Closed to water.
    Blocked,
}

/// Where the rain on buildings goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoofWater {
    /// On the cells that it falls on.
    Ground,
    /// To the nearest street.
    Street,
    /// Into the sewer of the nearest street.
    Sewer,
}

/// The sewer: inlets in paved ground, and storage that is pumped out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SewerSpec {
    /// What inlets take at most, mm per hour: a number for all paved ground, or a raster with 0 where there are none. 20 if left
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inlet_mm_per_hour: Option<NumberOrFile>,
    /// What a district stores, mm on the area that drains into it: paving with inlets, and roofs; it never is full if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_mm: Option<f64>,
    /// What is pumped out of a district, mm per hour on that area; 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pump_mm_per_hour: Option<f64>,
}

/// A structure that moves water between two places, or between a place and outside.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StructureSpec {
    /// Name in tables.
    pub name: String,
    /// What it is.
    pub kind: StructureName,
    /// Its first end: [x, y] or a line [[x, y], …], m; outside of the city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PointOrLine>,
    /// Its second end; outside of the city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PointOrLine>,
    /// Weir: height of the sill, m; the ground if left out. Breach: height of the dike before, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sill_m: Option<f64>,
    /// Width of a weir or of a box culvert, m. Breach: width when it has grown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_m: Option<f64>,
    /// Coefficient of a weir or breach, m^0.5/s; 1.705 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coefficient: Option<f64>,
    /// Diameter of a round culvert, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diameter_m: Option<f64>,
    /// Height of a box culvert, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_m: Option<f64>,
    /// Length of a culvert, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_m: Option<f64>,
    /// Floor of a culvert at its two ends, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floors_m: Option<[f64; 2]>,
    /// Manning's n of a culvert, s/m^(1/3); 0.014 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manning: Option<f64>,
    /// Losses of a culvert's inlet and outlet in velocity heads; 1.5 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub losses: Option<f64>,
    /// Barrels of a culvert; 1 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barrels: Option<u32>,
    /// Capacity of a pump, m³/s: a number, points or a CSV file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_m3_per_s: Option<SeriesSpec>,
    /// Level at its first end at which a pump starts, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_m: Option<f64>,
    /// Level at which it stops, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_m: Option<f64>,
    /// Level outside, m: a number, points or a CSV file. What leaves falls free if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_m: Option<SeriesSpec>,
    /// Breach: height that it goes down to, m; the ground behind the dike if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bottom_m: Option<f64>,
    /// Breach: when the dike gives way, minutes; at the start if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_minutes: Option<f64>,
    /// Breach: how long it takes to go down, a tenth of its width wide, minutes; 10 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deepening_minutes: Option<f64>,
    /// Breach: how long it then takes to grow to its width, minutes; 60 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widening_minutes: Option<f64>,
    /// Breach: when it is closed, minutes; never if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_minutes: Option<f64>,
}

/// A kind of structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StructureName {
    /// Water falls over a sill.
    Weir,
    /// Water runs through barrels.
    Culvert,
    /// Water is lifted.
    Pump,
    /// A dike gives way.
    Breach,
}

/// A place: a point, or a line through points.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "neither a point [x, y] nor a line [[x, y], …]")]
pub enum PointOrLine {
    /// A point.
    Point([f64; 2]),
    /// A line.
    Line(Vec<[f64; 2]>),
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

/// Rain on the whole city.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RainSpec {
    /// Intensity, mm per hour: a number, a list of [minute, mm per hour] that each hold until the next, the last to the end, or a
    /// CSV file. Its first column is `minutes`, `seconds`, `hours` or dates; the header of its second names the unit: `mm_per_hour`
    /// (or mm/h, mm/5min …) for intensities that hold until the next line, `mm` for what falls from each line to the next. The last
    /// line counts for a step as long as the one before it. Before the first point or line no rain falls.
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
    /// Rasters of what fell in each step, mm, from the first on, as a radar gives them; instead of `mm_per_hour`. They may be
    /// coarser than the city. Cells without a value are dry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rasters_mm: Option<Vec<String>>,
    /// Length of a step of the hyetograph or of the rasters, minutes.
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
    /// A CSV file with a header: `minutes`, `seconds`, `hours` or dates (the first is time 0), then the value, in the unit of the key
    /// unless its header names another (cm, l/s, …).
    File(String),
}

/// What is asked of the runoff model: a span of time, what comes and goes in it, and choices of the scheme.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunoffSpec {
    /// Name, where there are several sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of the run, minutes.
    pub end_minutes: f64,
    /// Time between frames, minutes; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_minutes: Option<f64>,
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
    /// Rain; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rain: Option<RainSpec>,
    /// The sewer; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sewer: Option<SewerSpec>,
    /// Open stretches of the edges; the rest is wall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boundary: Vec<BoundarySpec>,
    /// Point inflows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inflow: Vec<InflowSpec>,
}

impl Section for RunoffSpec {
    fn model(&self) -> ModelName {
        ModelName::Runoff
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

    fn reads(&self) -> Reads {
        Reads::default()
    }
}

/// A stretch of an edge.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundarySpec {
    /// Name in tables.
    pub name: String,
    /// The edge, or else a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// A line [[x, y], …] through the city, m, instead of an edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Vec<[f64; 2]>>,
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
