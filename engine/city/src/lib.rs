//! The city: layers on one grid.
//!
//! Users take it through the facade `hanze-engine`, where it is `city`. It may name `hanze-base` only: it knows no
//! scenario, no device and no model.

pub mod codes;
pub mod demo;
mod digest;
pub mod edit;
pub mod elsewhere;
pub mod holes;
pub mod import;
pub mod layers;
pub mod objects;
pub mod read;
pub mod resample;
pub mod roads;

pub use digest::Part;

use hanze_base::grid::Grid;
use hanze_base::objects::Objects;
use hanze_base::places::{Place, Places};
use hanze_base::raster::Raster;

/// What is known of a city's soil; none of it is needed.
#[derive(Clone, Debug, Default)]
pub struct Soil {
    /// Suction head at the wetting front times the moisture deficit, m (Green and Ampt).
    pub suction: Option<Raster>,
    /// Infiltration rate at the start, m/s, and how fast it decays to the capacity, 1/s (Horton).
    pub horton: Option<(Raster, f64)>,
    /// Water that leaves and the smallest hollows hold, m.
    pub interception: Option<Raster>,
}

/// A city as the models take it. Every layer lies on the same grid.
#[derive(Clone, Debug)]
pub struct City {
    /// Name for people.
    pub title: String,
    /// Whether it was made by code and not measured.
    pub synthetic: bool,
    /// Where the cells lie.
    pub grid: Grid,
    /// Height of the ground without buildings, m; NaN where water cannot go.
    pub terrain: Raster,
    /// Height of buildings above the ground, m; 0 where there is none.
    pub buildings: Option<Raster>,
    /// Manning's n, s/m^(1/3).
    pub manning: Raster,
    /// Infiltration capacity, m/s.
    pub infiltration: Raster,
    /// How the soil takes water, besides that.
    pub soil: Soil,
    /// Depth of standing water at the start, m; 0 where it is dry.
    pub water: Option<Raster>,
    /// What covers the ground, as [`Cover`](hanze_base::cover::Cover) numbers it.
    pub cover: Option<Raster>,
    /// Share of sunlight that ground or roof reflects; unknown where the covers alone say.
    pub albedo: Option<Raster>,
    /// 1 where the sewer has inlets, 0 elsewhere; unknown where there is none.
    pub sewered: Option<Raster>,
    /// Height of the trees' crowns above the ground, m; 0 where there is none.
    pub canopy: Option<Raster>,
    /// Buildings, trees, roads and neighbourhoods.
    pub objects: Objects,
    /// Buildings, roads and neighbourhoods as tables speak of them.
    pub places: Places,
    /// The network of roads, where traffic is what it is about.
    pub network: Option<roads::Roads>,
    /// Sewer districts, where the scenario gives any.
    pub districts: Vec<District>,
}

/// A sewer district. What it does not say of itself, the scenario says for all.
#[derive(Clone, Debug, PartialEq)]
pub struct District {
    /// Its name and outline.
    pub place: Place,
    /// What its inlets take at most, mm per hour.
    pub inlet_mm_per_hour: Option<f64>,
    /// What it stores, mm on the area that drains into it.
    pub storage_mm: Option<f64>,
    /// What is pumped out, mm per hour on that area.
    pub pump_mm_per_hour: Option<f64>,
}
