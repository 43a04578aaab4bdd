//! What a device does for the air between houses.

use super::super::ground;
use super::super::sun::Sun;
use super::column::{Conduction, Material};
use super::exchange::{Aloft, Over, START};
use super::flow::Faces;
use super::transport::Passing;
use hanze_base::cover::Cover;
use hanze_base::error::Result;

/// What does not change in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    /// Length of a step, s.
    pub step: f64,
    /// How the ground stores heat.
    pub conduction: Conduction,
    /// Albedo of walls.
    pub wall_albedo: f32,
    /// Albedo of each cover, in the order of [`Cover::ALL`].
    pub albedo: [f32; Cover::ALL.len()],
    /// What of the ground's and of the trees' buckets is full at the start.
    pub wet: f32,
    /// What of the meadow's bucket at the station is full at the start.
    pub meadow: f32,
    /// Water that is sprinkled on grass, soil and trees, m/s.
    pub irrigation: f64,
    /// Whether the wind is solved for in three dimensions.
    pub has_depth: bool,
    /// Whether opposite edges are joined: for tests.
    pub wraps: bool,
}

impl Default for Choices {
    fn default() -> Choices {
        Choices {
            step: 600.0,
            conduction: Conduction::Layers,
            wall_albedo: ground::WALL.albedo,
            albedo: Cover::ALL.map(|cover| ground::kind(cover).albedo),
            wet: START as f32,
            meadow: START as f32,
            irrigation: 0.0,
            has_depth: false,
            wraps: false,
        }
    }
}

impl Choices {
    /// What grounds and roofs are made of, in the order of [`Cover::ALL`], and what walls are, for steps of this length.
    pub fn materials(&self) -> (Vec<Material>, Material) {
        let ground = |(cover, albedo): (Cover, f32)| Material::ground(cover, albedo, self.conduction, self.step);
        let grounds = Cover::ALL.into_iter().zip(self.albedo).map(ground).collect();
        (grounds, Material::wall(self.wall_albedo, self.step))
    }
}

/// Wind of an hour between the houses.
pub struct Wind {
    /// Through the sides of all cells, m/s.
    pub faces: Faces,
    /// What passes between cells.
    pub passing: Passing,
    /// Speed on each cell, m/s: what skins feel.
    pub speed: Vec<f32>,
    /// Height above the displacement and roughness of each cell, m.
    pub rough: Vec<[f32; 2]>,
}

/// Radiation besides the sun's beam, and anthropogenic heat, in an hour, W/m².
#[derive(Clone, Debug, Default)]
pub struct Sky {
    /// Shortwave on each ground or roof.
    pub short: Vec<f32>,
    /// Longwave of the sky alone on each ground or roof.
    pub long: Vec<f32>,
    /// Anthropogenic heat flux of each cell.
    pub anthropogenic: Vec<f32>,
}

/// View factors of walls and crowns from a level plane, on all cells.
#[derive(Clone, Debug, Default)]
pub struct ViewFactors {
    /// Walls.
    pub walls: Vec<f32>,
    /// Crowns.
    pub crowns: Vec<f32>,
}

/// Direct shortwave radiation from a position of the sun above the horizon.
#[derive(Clone, Copy, Debug)]
pub struct DirectShortwave {
    /// Where it stands.
    pub sun: Sun,
    /// On a plane that faces the sun, W/m².
    pub direct: f64,
    /// Share of that that comes through crowns.
    pub through: f32,
}

/// Forcing of a step, the same for all cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepForcing {
    /// Above the city.
    pub aloft: Aloft,
    /// What blows in through the edges: temperature, °C, and humidity, g/kg.
    pub edge: (f64, f64),
    /// Wind at 60 m, m/s.
    pub above: f64,
    /// Wind at 10 m, m/s.
    pub at_10_m: f64,
    /// What convection adds to the wind between houses, m/s.
    pub gust: f64,
    /// The exchange over the station's meadow.
    pub over: Over,
    /// Diffuse radiation, W/m².
    pub diffuse: f64,
    /// Longwave radiation of the whole sky, W/m².
    pub sky: f64,
    /// Share of light that comes through crowns.
    pub through: f64,
    /// Rain and what is sprinkled, m/s.
    pub rain: f64,
    /// Pressure, hPa.
    pub pressure: f64,
    /// Time in which buckets fill and empty, s: the step, or 0 while the first day is repeated, so that it leaves them as they were.
    pub water_step: f64,
}

/// What a step came to, over the whole city.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Mean temperature of the air, °C.
    pub air: f64,
    /// Mean humidity of the air, g/kg.
    pub humidity: f64,
    /// Sensible heat that the city gives to what lies above, W/m² of its area.
    pub sensible: f64,
    /// Heat of the air that is not accounted for, W/m² of open ground.
    pub gap: f64,
}

/// Means of an hour.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Air temperature, °C.
    pub air: Vec<f32>,
    /// Specific humidity, g/kg.
    pub humidity: Vec<f32>,
    /// Temperature of ground and roofs, °C.
    pub skin: Vec<f32>,
    /// Longwave radiation that ground or roof sends up, W/m².
    pub up: Vec<f32>,
    /// Longwave radiation of the walls around, W/m².
    pub walls: Vec<f32>,
    /// Longwave radiation of the crowns around, W/m².
    pub crowns: Vec<f32>,
}

/// Air and surfaces on a device.
pub trait Air: Send {
    /// Sets the view factors of all cells.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn view_factors(&mut self, view_factors: &ViewFactors) -> Result<()>;
    /// Begins with all at a temperature (°C) and a humidity (g/kg).
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn start(&mut self, celsius: f64, humidity: f64) -> Result<()>;
    /// An hour begins.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn hour(&mut self, wind: &Wind, sky: &Sky) -> Result<()>;
    /// Direct shortwave radiation of the next steps, which adds up over its positions of the sun; none where there is no sun.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn sun(&mut self, shortwave: &[DirectShortwave]) -> Result<()>;
    /// Steps have another length (s) from now on. The state stays as it is.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn pace(&mut self, step: f64) -> Result<()>;
    /// A step.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn step(&mut self, forcing: &StepForcing) -> Result<Totals>;
    /// Means over the steps since they were last asked for.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn means(&mut self) -> Result<Means>;
    /// What passes from one step to the next.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn state(&mut self) -> Result<Vec<f32>>;
    /// Numbers of `state`.
    fn state_len(&self) -> usize;
    /// Takes up what `state` gave.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn set_state(&mut self, state: &[f32]) -> Result<()>;
}
