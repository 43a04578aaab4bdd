//! The keys of variants.

use super::shapes::ShapeSpec;
use crate::files::FileRef;
use crate::numbers::HIGHEST;
use crate::spec::StructureSpec;
use hanze_base::objects::{Roof, Use};
use hanze_city::edit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A variant of the city: edits on top of today's, or of another variant.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    /// Name for people; other variants are based on it by this name.
    pub name: String,
    /// What it is about, in a sentence or two. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Name of the variant whose edits come first. Today's city if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<String>,
    /// What changes in the city, one after another. Nothing if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<EditSpec>,
    /// Numbers of the sections that are otherwise. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<SetSpec>,
}

/// A number of a section that a variant sets before the section is read: it changes no layer of the city.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSpec {
    /// The key, such as `runoff.sewer.inlet_mm_per_hour`.
    pub key: String,
    /// Its value. Left out beside `times`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1e12, max = 1e12))]
    pub value: Option<f64>,
    /// What today's value is multiplied with. Left out beside `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1e6))]
    pub times: Option<f64>,
}

/// A change in the city. Where it is, one of `area`, `line`, `points`, `street`, `neighbourhood`, `building` and `links` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VariantEditSpec")]
pub struct EditSpec {
    /// What changes.
    pub what: WhatName,
    /// Name of it, and of what it adds. One made of its kind and place if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is not done for now. It is done if this is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Whether a house may stand in water, on a road or in another house, and water may be filled up. Not if it is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// An area: a ring [[x, y], …] in m, rings of a polygon with holes, GeoJSON, or a file of polygons. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::shapes::schema")]
    pub area: Option<ShapeSpec>,
    /// A line: [[x, y], …] in m, GeoJSON, or a file with one line. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::shapes::schema")]
    pub line: Option<ShapeSpec>,
    /// Points: [[x, y], …] in m, GeoJSON, or a GeoJSON file of points. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::shapes::schema")]
    pub points: Option<ShapeSpec>,
    /// Name of a street, or of a stretch of road. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Name of a neighbourhood. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbourhood: Option<String>,
    /// Name of a building, as tables have it. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<String>,
    /// Road: names of links, as the table of links has them; two that meet for a ban. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// Ground: what becomes of it. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<GroundKind>,
    /// Road: what is done to it. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// Height of a building, a tree, a wall, a kerb or a dike above the ground, m. 8 for trees if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = edit::BUILDING_M[1]))]
    pub height_m: Option<f64>,
    /// Building: kind of roof. Flat if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roof: Option<Roof>,
    /// Building: what it is for. Dwellings if left out.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub use_: Option<Use>,
    /// Building: people who live there. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = edit::MOST_PEOPLE))]
    pub residents: Option<f64>,
    /// Building: people who work there. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = edit::MOST_PEOPLE))]
    pub jobs: Option<f64>,
    /// Building: rain that its green roof holds, m. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = edit::GREEN_ROOF_M))]
    pub green_roof_m: Option<f64>,
    /// Building: share of sunlight that its roof reflects. That of roofs if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = edit::ALBEDO))]
    pub albedo: Option<f64>,
    /// Trees: how many, in an area or along a line. Left out beside `spacing_m` and for points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = edit::MOST_TREES as u64))]
    pub count: Option<u64>,
    /// Trees: how far apart, in an area or along a line, m. Left out beside `count` and for points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = edit::SPACING_M[0], max = edit::SPACING_M[1]))]
    pub spacing_m: Option<f64>,
    /// Trees: diameter of the crown, m. 0.6 times the height if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = edit::CROWN_M[0], max = edit::CROWN_M[1]))]
    pub crown_m: Option<f64>,
    /// Trees: their kind. Broadleaf if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub species: Option<SpeciesName>,
    /// Cover, or what is left of a building that is demolished: cobble, asphalt, roof, grass, soil or water, or a class of `codes`. Soil
    /// if left out of a demolition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// Table of classes for `becomes`: a TOML file, or "land-use-nl" or "bgt". The city's kinds of cover alone if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<FileRef>,
    /// Water: height of the bed, m. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub bed_m: Option<f64>,
    /// Water: its level, m. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub level_m: Option<f64>,
    /// Ground that is raised or lowered: by how much, m. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = edit::RAISE_M))]
    pub by_m: Option<f64>,
    /// Ground that is flattened: to which height, m. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -HIGHEST, max = HIGHEST))]
    pub to_m: Option<f64>,
    /// Wadi: how deep, m. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = edit::RAISE_M))]
    pub depth_m: Option<f64>,
    /// Wadi and dike: slope of the banks, m along for each m up. 3 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = edit::SLOPE[0], max = edit::SLOPE[1]))]
    pub slope: Option<f64>,
    /// Wall, kerb and crest of a dike: width, m. 0.3, 0.15 and 3 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = edit::WIDTH_M[0], max = edit::WIDTH_M[1]))]
    pub width_m: Option<f64>,
    /// Structure: the culvert, weir, pump or breach, with the keys of `city.structure`. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Box<StructureSpec>>,
    /// Road that is moved: its new line. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::shapes::schema")]
    pub to: Option<ShapeSpec>,
    /// Road that is added: its kind, as the rules name it. "distributor" if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Road: lanes in each direction; those of its kind if left out of a new road.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 12.0))]
    pub lanes: Option<f64>,
    /// Road: speed limit, km/h; that of its kind if left out of a new road, and 30 of a cycle street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 200.0))]
    pub speed_kmh: Option<f64>,
    /// Road: what its capacity is multiplied with. None if left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 100.0))]
    pub factor: Option<f64>,
    /// Road that is added: whether it leads only in the direction of its line. Both ways if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_way: Option<bool>,
    /// Road: for whom it is closed, or a new one open: car, truck, cycle. Cars and trucks if left out of a closure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<Vec<String>>,
    /// Road that is closed: from and until which time of the day, as ["07:00", "09:30"]. Always if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<[String; 2]>,
}

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhatName {
    /// A new building on an area.
    Building,
    /// Buildings go.
    Demolish,
    /// New trees.
    Trees,
    /// Trees go.
    Fell,
    /// Other cover.
    Cover,
    /// A pond.
    Water,
    /// Other ground, or a wall, kerb or dike.
    Ground,
    /// A culvert, weir, pump or breach.
    Structure,
    /// Other roads.
    Road,
}

/// What becomes of the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroundKind {
    /// Higher.
    Raise,
    /// Lower.
    Lower,
    /// At one level.
    Flatten,
    /// A hollow with grass that rain drains into.
    Wadi,
    /// A wall along a line.
    Wall,
    /// A kerb along a line.
    Kerb,
    /// A dike along a line.
    Dike,
}

/// A kind of tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpeciesName {
    /// Sheds its leaves in autumn.
    Broadleaf,
    /// Keeps its needles.
    Conifer,
}

/// What is done to roads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    /// They are closed.
    Close,
    /// A road is added along `line`.
    Add,
    /// A road is moved to another line.
    Move,
    /// They get other lanes.
    Lanes,
    /// They get another speed limit.
    Speed,
    /// No road is faster than this, such as in an area of 30 km/h.
    Limit,
    /// Their capacity changes.
    Capacity,
    /// They lead one way only: that of the line, or of the links that are named.
    OneWay,
    /// They lead both ways.
    BothWays,
    /// A turn is banned.
    BanTurn,
    /// Cars are guests.
    CycleStreet,
    /// Cars and trucks may not go there; cycles may as before. Buses are in no model yet.
    BusOnly,
}

impl WhatName {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            WhatName::Building => "building",
            WhatName::Demolish => "demolish",
            WhatName::Trees => "trees",
            WhatName::Fell => "fell",
            WhatName::Cover => "cover",
            WhatName::Water => "water",
            WhatName::Ground => "ground",
            WhatName::Structure => "structure",
            WhatName::Road => "road",
        }
    }
}
