//! What covers the ground.

/// A kind of cover. The numbers are those of UMEP's land cover rasters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Cover {
    /// Bricks and slabs with joints.
    Cobble = 0,
    /// Asphalt and concrete.
    Asphalt = 1,
    /// Roofs.
    Roof = 2,
    /// Grass and low plants.
    Grass = 5,
    /// Bare soil and gravel.
    Soil = 6,
    /// Water.
    Water = 7,
}

impl Cover {
    /// All kinds.
    pub const ALL: [Cover; 6] = [Cover::Cobble, Cover::Asphalt, Cover::Roof, Cover::Grass, Cover::Soil, Cover::Water];

    /// Its place among [`Cover::ALL`], by which the heat model numbers covers.
    pub fn index(self) -> u8 {
        Cover::ALL.iter().position(|listed| *listed == self).unwrap_or(0) as u8
    }

    /// Share of sunlight that it reflects where nothing else says (SOLWEIG: Lindberg et al. 2016, as UMEP has it).
    pub fn albedo(self) -> f32 {
        match self {
            Cover::Cobble => 0.20,
            Cover::Asphalt | Cover::Roof => 0.18,
            Cover::Grass => 0.16,
            Cover::Soil => 0.25,
            Cover::Water => 0.05,
        }
    }

    /// Whether it is paving, which drains into the sewer where there is one.
    pub fn is_paved(self) -> bool {
        matches!(self, Cover::Cobble | Cover::Asphalt)
    }

    /// Manning's n, s/m^(1/3), and infiltration capacity, m/s (1 m a day on soil), after Dutch practice.
    pub fn hydraulics(self) -> (f32, f32) {
        const SOIL: f32 = 1.0 / 86_400.0;
        match self {
            Cover::Roof => (0.013, 0.0),
            Cover::Asphalt | Cover::Cobble => (0.015, 0.0),
            Cover::Water => (0.025, 0.0),
            Cover::Grass => (0.05, SOIL),
            Cover::Soil => (0.03, SOIL),
        }
    }
}
