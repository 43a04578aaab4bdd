//! The scenario as it is written: TOML with the units in the names of the keys.

use super::files::FileRef;
use super::numbers::{FARTHEST, HIGHEST, MOST_MINUTES};
use super::sections::{Kind, Kinds, Section, Sections};
use super::variant::VariantSpec;
use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::ops::Range;
use toml::de::{DeTable, ValueDeserializer};

/// A city, and what is asked of it: a section for each model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Hanze scenario")]
pub struct Spec {
    /// Title for people.
    pub title: String,
    /// What the scenario is about, in a sentence or two. None if left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whom to name beside every picture of the data. None if left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attribution: String,
    /// The city.
    pub city: CitySpec,
    /// Places where values are written down in time: of water, or of heat. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauge: Vec<GaugeSpec>,
    /// What may be otherwise: every section is run on today's city, and on each variant of it. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant: Vec<VariantSpec>,
    /// What is asked, by kinds of sections in their order.
    #[serde(skip)]
    pub(super) asked: Vec<(&'static Kind, Sections)>,
    /// The kinds that it was read with.
    #[serde(skip, default = "Kinds::none")]
    kinds: &'static Kinds,
}

/// Keys that are no sections.
const KEYS: [&str; 6] = ["title", "description", "attribution", "city", "gauge", "variant"];

/// A key at the top that is neither the city's nor a section: its name, its place in a text, and what there is instead.
pub(super) struct Unknown {
    pub key: String,
    pub span: Range<usize>,
    pub problem: String,
}

/// Why a text is no scenario.
pub(super) enum Unfit {
    /// TOML that does not fit.
    Toml(toml::de::Error),
    /// A key that is not known.
    Unknown(Unknown),
}

impl From<toml::de::Error> for Unfit {
    fn from(error: toml::de::Error) -> Unfit {
        Unfit::Toml(error)
    }
}

impl Spec {
    /// Reads TOML, in which sections of some kinds may stand.
    pub(super) fn of_toml(kinds: &'static Kinds, text: &str) -> Result<Spec, Unfit> {
        let mut root = DeTable::parse(text)?;
        let is_known = |key: &str| KEYS.contains(&key) || kinds.all().iter().any(|kind| kind.name == key);
        if let Some((key, _)) = root.get_ref().iter().find(|(key, _)| !is_known(key.get_ref())) {
            let name = key.get_ref().to_string();
            let problem = unknown(kinds, &name);
            return Err(Unfit::Unknown(Unknown { key: name, span: key.span(), problem }));
        }
        let take = |kind: &&'static Kind| Some((*kind, root.get_mut().remove(kind.name)?));
        let sections: Vec<_> = kinds.all().iter().filter_map(take).collect();
        let mut spec = Spec::deserialize(toml::Deserializer::from(root))?;
        spec.kinds = kinds;
        for (kind, value) in sections {
            spec.asked.push((kind, kind.of_toml(ValueDeserializer::from(value))?));
        }
        Ok(spec)
    }

    /// Reads JSON, in which sections of some kinds may stand.
    ///
    /// # Errors
    /// Which key does not fit.
    pub fn of_json(kinds: &'static Kinds, mut value: Value) -> serde_json::Result<Spec> {
        let mut sections = Vec::new();
        if let Some(keys) = value.as_object_mut() {
            let is_known = |key: &str| KEYS.contains(&key) || kinds.all().iter().any(|kind| kind.name == key);
            if let Some(key) = keys.keys().find(|key| !is_known(key)) {
                return Err(serde::de::Error::custom(unknown(kinds, key)));
            }
            sections.extend(kinds.all().iter().filter_map(|kind| Some((*kind, keys.remove(kind.name)?))));
        }
        let mut spec = Spec::deserialize(value)?;
        spec.kinds = kinds;
        for (kind, value) in sections.into_iter().filter(|(_, value)| !value.is_null()) {
            spec.asked.push((kind, kind.of_json(value)?));
        }
        Ok(spec)
    }

    /// The kinds of sections that may stand in it.
    pub(super) fn kinds(&self) -> &'static Kinds {
        self.kinds
    }

    /// The sections, with the place of each in the list of its kind where there is a list.
    pub fn sections(&self) -> Vec<(Option<usize>, &dyn Section)> {
        let of = |(_, sections): &'_ (&'static Kind, Sections)| matches!(sections, Sections::Several(_));
        let each = self.asked.iter().flat_map(|own| own.1.as_slice().iter().enumerate().map(move |at| (of(own), at)));
        each.map(|(is_list, (k, section))| (is_list.then_some(k), &**section)).collect()
    }

    /// The same scenario with one of its sections alone: the one at `place` in the list of its kind.
    pub(super) fn only(&self, kind: &Kind, place: usize) -> Spec {
        let own = self.asked.iter().find(|(other, _)| *other == kind);
        let own =
            own.and_then(|(kind, sections)| Some((*kind, Sections::One(sections.as_slice().get(place)?.clone()))));
        Spec {
            title: self.title.clone(),
            description: self.description.clone(),
            attribution: self.attribution.clone(),
            city: self.city.clone(),
            gauge: self.gauge.clone(),
            variant: Vec::new(),
            asked: own.into_iter().collect(),
            kinds: self.kinds,
        }
    }
}

/// What is wrong with a key at the top that nobody knows.
fn unknown(kinds: &Kinds, key: &str) -> String {
    let key: String = key.chars().take(100).collect();
    let known = KEYS.iter().copied().chain(kinds.all().iter().map(|kind| kind.name));
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    format!("unknown field `{key}`, expected one of {}", known.join(", "))
}

// By hand, as its sections stand beside its other keys.
impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_struct("Spec", KEYS.len() + self.asked.len())?;
        all.serialize_field("title", &self.title)?;
        for (key, text) in [("description", &self.description), ("attribution", &self.attribution)] {
            if text.is_empty() {
                all.skip_field(key)?;
            } else {
                all.serialize_field(key, text)?;
            }
        }
        all.serialize_field("city", &self.city)?;
        if self.gauge.is_empty() {
            all.skip_field("gauge")?;
        } else {
            all.serialize_field("gauge", &self.gauge)?;
        }
        if self.variant.is_empty() {
            all.skip_field("variant")?;
        } else {
            all.serialize_field("variant", &self.variant)?;
        }
        self.asked.iter().try_for_each(|(kind, sections)| all.serialize_field(kind.name, sections))?;
        all.end()
    }
}

/// The city: either the demo city, or the layers of a real one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CitySpec {
    /// The synthetic demo city, instead of all that follows. A real city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoSpec>,
    /// Whether the city that follows is made up and not measured: its maps, tables and records say so, and its buildings are "raised"
    /// where `buildings_are` is left out. The demo city always is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
    /// Raster of the ground's height, m: GeoTIFF (.tif) or ESRI ASCII grid (.asc). A path is relative to the scenario;
    /// after `data:` it is relative to the folder that HANZE_DATA names (or shared/data beside the project).
    /// Must not be left out of a real city, but for traffic on a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terrain: Option<FileRef>,
    /// What becomes of cells without a height. Must be given where there are any. May be left out where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holes: Option<Holes>,
    /// EPSG code of the terrain where the file carries none, such as 28992; that of the file if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1024, max = 32_766))]
    pub epsg: Option<u32>,
    /// Part of the terrain: west, south, east, north, m; snapped to the terrain's cells. The whole if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = -FARTHEST, max = FARTHEST)))]
    pub extent: Option<[f64; 4]>,
    /// Side of a cell, m; the terrain's own if left out. What is left of the terrain in the south and the east where it
    /// does not divide is not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-6, max = 1000.0))]
    pub cell_m: Option<f64>,
    /// Manning's n, s/m^(1/3): a number or a raster. 0.03 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub manning: Option<NumberOrFile>,
    /// Infiltration capacity, mm per day: a number or a raster. 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 1e6))]
    pub infiltration_mm_per_day: Option<NumberOrFile>,
    /// Suction head at the wetting front, m, for infiltration after Green and Ampt, whose conductivity is
    /// `infiltration_mm_per_day`: a number or a raster. Sand has about 0.05, loam 0.09, clay 0.3. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 10.0))]
    pub suction_head_m: Option<NumberOrFile>,
    /// Moisture deficit of the soil for Green and Ampt, share of its volume, 0 to 0.6: a number or a raster. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 0.6))]
    pub moisture_deficit: Option<NumberOrFile>,
    /// Infiltration rate of dry soil, mm per hour, for infiltration after Horton, which ends at `infiltration_mm_per_day`: a
    /// number or a raster. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 1e5))]
    pub initial_infiltration_mm_per_hour: Option<NumberOrFile>,
    /// How fast Horton's rate decays while water sinks in at that rate, per hour; 4 is usual. What sank in counts and not the clock:
    /// before the rain nothing decays. Left out without Horton.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub infiltration_decay_per_hour: Option<f64>,
    /// Water that leaves, moss and hollows too small to see hold before any sinks in, m: a number or a raster.
    /// That of `codes`, or else none, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub interception_m: Option<NumberOrFile>,
    /// Level of standing water at the start, m: cells below it are filled. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub water_level_m: Option<f64>,
    /// Raster of the depth of standing water at the start, m, instead of `water_level_m`; 0 where it is dry.
    /// None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_m: Option<FileRef>,
    /// Footprints of buildings: shapefile (.shp), GeoJSON (.geojson), GeoPackage (.gpkg, .sqlite) or CityJSON (.city.json), for the
    /// table of water at their walls and for `buildings_are`. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings: Option<FileRef>,
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
    /// Rain that green roofs hold before it runs off, m. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub green_roof_m: Option<f64>,
    /// Raster of the height of what stands on the ground, m: where it is a building, that one is so much higher than the terrain.
    /// None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surface: Option<FileRef>,
    /// Raster of the height of buildings above the ground, m, instead of `surface`; 0 where there is none. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buildings_m: Option<FileRef>,
    /// Raster of the height of trees above the ground, m. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canopy_m: Option<FileRef>,
    /// Raster of land use codes; `codes` says what they mean. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub land_use: Option<FileRef>,
    /// Files of polygons whose columns say what covers the ground; later ones lie on top. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surfaces: Vec<FileRef>,
    /// What classes of land use mean: a TOML file, or "land-use-nl" or "bgt", which come with the program.
    /// Must not be left out with `land_use` or `surfaces`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<FileRef>,
    /// Carriageways of roads, polygons or lines with a column `width_m`, in such a file, for the table of roads that stay open.
    /// None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roads: Option<FileRef>,
    /// Neighbourhoods, polygons in such a file, for the table of neighbourhoods. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbourhoods: Option<FileRef>,
    /// The network of roads, for the traffic model: OpenStreetMap (.osm, .osm.gz, .osm.pbf), SUMO (.net.xml, .net.xml.gz), lines with
    /// columns as OpenStreetMap has tags (.gpkg, .geojson), or TNTP (.tntp). The demo city brings its own. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<FileRef>,
    /// EPSG code of the network where its file carries none; 4326 for degrees. That of the file, or else of the city, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1024, max = 32_766))]
    pub network_epsg: Option<u32>,
    /// Where the nodes of a network of TNTP lie: its file of nodes. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_nodes: Option<FileRef>,
    /// Districts of the sewer, polygons with columns `inlet_mm_per_hour`, `storage_mm` and `pump_mm_per_hour` where they differ; one for
    /// the whole city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sewer_districts: Option<FileRef>,
    /// Weirs, culverts, pumps and breaches. None if left out.
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
    #[schemars(schema_with = "super::numbers::point_or_line")]
    pub from: Option<PointOrLine>,
    /// Its second end; outside of the city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::numbers::point_or_line")]
    pub to: Option<PointOrLine>,
    /// Weir: height of the sill, m; the ground if left out. Breach: height of the dike before, m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub sill_m: Option<f64>,
    /// Width of a weir or of a box culvert, m. Breach: width when it has grown. None if left out of a round culvert or a pump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-3, max = 1e5))]
    pub width_m: Option<f64>,
    /// Coefficient of a weir or breach, m^0.5/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-3, max = 10.0), extend("default" = StructureSpec::COEFFICIENT))]
    pub coefficient: Option<f64>,
    /// Diameter of a round culvert, m; it is a box if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-2, max = 100.0))]
    pub diameter_m: Option<f64>,
    /// Height of a box culvert, m; it is round if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-2, max = 100.0))]
    pub height_m: Option<f64>,
    /// Length of a culvert, m; none if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 1e5))]
    pub length_m: Option<f64>,
    /// Floor of a culvert at its two ends, m; the ground if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = -HIGHEST, max = HIGHEST)))]
    pub floors_m: Option<[f64; 2]>,
    /// Manning's n of a culvert, s/m^(1/3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-4, max = 1.0), extend("default" = StructureSpec::MANNING))]
    pub manning: Option<f64>,
    /// Losses of a culvert's inlet and outlet in velocity heads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 100.0), extend("default" = StructureSpec::LOSSES))]
    pub losses: Option<f64>,
    /// Barrels of a culvert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100), extend("default" = StructureSpec::BARRELS))]
    pub barrels: Option<u32>,
    /// Capacity of a pump, m³/s: a number, points or a CSV file; none if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::numbers::discharges")]
    pub capacity_m3_per_s: Option<SeriesSpec>,
    /// Level at its first end at which a pump starts, m; it runs while there is water if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub start_m: Option<f64>,
    /// Level at which it stops, m; the ground, or the level at which it starts, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub stop_m: Option<f64>,
    /// Level outside, m: a number, points or a CSV file. What leaves falls free if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::numbers::levels")]
    pub level_m: Option<SeriesSpec>,
    /// Breach: height that it goes down to, m; the ground behind the dike if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub bottom_m: Option<f64>,
    /// Breach: when the dike gives way, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = MOST_MINUTES), extend("default" = 0.0))]
    pub start_minutes: Option<f64>,
    /// Breach: how long it takes to go down, a tenth of its width wide, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = MOST_MINUTES), extend("default" = StructureSpec::DEEPENING))]
    pub deepening_minutes: Option<f64>,
    /// Breach: how long it then takes to grow to its width, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = MOST_MINUTES), extend("default" = StructureSpec::WIDENING))]
    pub widening_minutes: Option<f64>,
    /// Breach: when it is closed, minutes; never if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = MOST_MINUTES))]
    pub closed_minutes: Option<f64>,
}

impl StructureSpec {
    /// Coefficient of a broad-crested weir, m^0.5/s.
    pub const COEFFICIENT: f64 = 1.705;
    /// Manning's n of a culvert, s/m^(1/3).
    pub const MANNING: f64 = 0.014;
    /// Losses of a culvert's inlet and outlet in velocity heads.
    pub const LOSSES: f64 = 1.5;
    /// Barrels of a culvert.
    pub const BARRELS: u32 = 1;
    /// Minutes in which a breach goes down.
    pub const DEEPENING: f64 = 10.0;
    /// Minutes in which a breach then grows to its width.
    pub const WIDENING: f64 = 60.0;
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

impl CitySpec {
    /// Whether it is made up and not measured.
    pub fn is_synthetic(&self) -> bool {
        self.demo.is_some() || self.synthetic
    }
}

/// The synthetic demo city.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoSpec {
    /// The same seed gives the same city.
    #[schemars(range(min = 0, max = 9_007_199_254_740_991u64))]
    pub seed: u64,
    /// From west to east, m.
    #[schemars(range(min = 100.0, max = 12_000.0))]
    pub width_m: f64,
    /// From south to north, m.
    #[schemars(range(min = 100.0, max = 12_000.0))]
    pub height_m: f64,
    /// Side of a cell, m.
    #[schemars(range(min = 0.25, max = 20.0))]
    pub cell_m: f64,
}

/// A number for the whole city, or a raster file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "neither a number nor the name of a raster file")]
pub enum NumberOrFile {
    /// The same everywhere.
    Number(f64),
    /// A raster: GeoTIFF or ESRI ASCII grid.
    File(FileRef),
}

/// A number, a raster, or what another section of the scenario gives.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "neither a number, nor the name of a section, nor that of a raster with its ending")]
pub enum NumberFileOrSection {
    /// The same everywhere.
    Number(f64),
    /// A section of this scenario, such as "traffic" or "traffic-evening".
    Section(SectionRef),
    /// A raster: GeoTIFF or ESRI ASCII grid.
    File(FileRef),
}

/// A section of the same scenario, by its kind, or by its kind and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct SectionRef(#[schemars(regex(pattern = "^[a-z0-9_-]+$"))] pub String);

impl TryFrom<String> for SectionRef {
    type Error = &'static str;

    /// Names of files have an ending, or a folder.
    fn try_from(name: String) -> Result<SectionRef, &'static str> {
        let fits =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '_';
        match !name.is_empty() && name.chars().all(fits) {
            true => Ok(SectionRef(name)),
            false => Err("is no name of a section"),
        }
    }
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
    File(FileRef),
}

/// A gauge.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GaugeSpec {
    /// Name in tables.
    pub name: String,
    /// X, m.
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub x: f64,
    /// Y, m.
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub y: f64,
}
