//! What lies below a surface, and the balance of its skin. Twins: `forward_elimination.wgsl`, `balance.wgsl`, `storage.wgsl` and `wall_storage.wgsl` in
//! `shaders/heat/island/`.
//!
//! Conduction by backward Euler in layers that grow with depth, or by force-restore (Bhumralkar 1975; Deardorff 1978).

use super::super::ground;
use super::params::{SIGMA, ZERO, black};
use hanze_base::cover::Cover;
use hanze_device::shared_struct;

/// Layers of the ground.
pub const LAYERS: usize = 12;
/// Layers of a wall.
pub const WALL_LAYERS: usize = 6;
/// Angular frequency of a day, 1/s.
pub const DAY: f64 = std::f64::consts::TAU / 86_400.0;
/// Thickness of the first layer over the depth at which a day's wave has lost all but 1/e, and each layer's over the one above.
const FIRST: f64 = 0.05;
const GROWTH: f64 = 1.31;
/// Outer leaf of a wall, m; its conductivity, W/mK; what insulates it inside, m²K/W; temperature of rooms, °C.
const LEAF: f64 = 0.10;
const LEAF_CONDUCTIVITY: f64 = 0.84;
const INSULATION: f64 = 1.5;
const INSIDE: f64 = 24.0;
/// Time in which the deep temperature of force-restore follows the skin, s.
const DEEP: f64 = 5.0 * 86_400.0;
/// Steps of Newton's method for the skin.
const NEWTON: usize = 3;

/// Heat capacity, J/m³K, and thermal diffusivity, m²/s, of what a surface is made of (`wall`: κ = k/C).
pub fn soil(cover: Cover) -> (f64, f64) {
    match cover {
        Cover::Asphalt => (1.94e6, 3.8e-7),
        Cover::Cobble => (2.11e6, 7.2e-7),
        Cover::Roof => (1.25e6, 0.5e-7),
        Cover::Grass => (1.35e6, 2.1e-7),
        Cover::Soil => (2.0e6, 3.0e-7),
        // Mixed through.
        Cover::Water => (4.18e6, 0.0),
    }
}

/// Depth at which the wave of a day has lost all but 1/e, m.
fn damping(diffusivity: f64) -> f64 {
    (2.0 * diffusivity / DAY).sqrt()
}

shared_struct! {
    /// A layer in a step of backward Euler: `T = (storage Tₒₗ + below a + inside) inverse + b T₋₁`, where `a`, `b` give the layer
    /// below in the same way.
    pub struct Layer {
        /// Heat that it stores for each kelvin in a step, W/m²K.
        pub storage: f32,
        /// What it passes to the layer below, W/m²K.
        pub below: f32,
        /// 1 over the diagonal of its equation: storage and conductances, m²K/W.
        pub inverse: f32,
        /// How much it follows what is above.
        pub b: f32,
        /// What the room behind gives, W/m².
        pub inside: f32,
    }
}

shared_struct! {
    /// A material in a step: its skin.
    pub struct Skin {
        /// What the skin passes to the first layer, W/m²K.
        pub top: f32,
        /// How much the first layer follows the skin in the step.
        pub b: f32,
        /// Share of shortwave radiation that it reflects.
        pub albedo: f32,
        /// Emissivity.
        pub emissivity: f32,
        /// Bucket of water, m deep; 0 for none.
        pub bucket: f32,
        /// 1 for water, whose evaporation knows no bucket.
        pub is_water: f32,
        /// 1 for roofs, which are above the canopy's air.
        pub is_roof: f32,
        /// Layers; 0 for force-restore.
        pub layers: f32,
        /// For force-restore: how much the deep temperature follows the skin in a step.
        pub follow: f32,
    }
}

/// How heat is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conduction {
    /// Layers.
    #[default]
    Layers,
    /// A skin and a deep temperature: exact for the wave of a day alone.
    ForceRestore,
}

/// A material, for steps of one length.
#[derive(Clone, Debug)]
pub struct Material {
    /// Its skin.
    pub skin: Skin,
    /// Its layers from above.
    pub layers: Vec<Layer>,
    /// How they store.
    pub conduction: Conduction,
}

/// Thickness of each layer below a surface, m.
pub fn depths(diffusivity: f64) -> Vec<f64> {
    (0..LAYERS).map(|k| FIRST * damping(diffusivity) * GROWTH.powi(k as i32)).collect()
}

/// Layers of a thickness each (m) for a step (s). Below the last lies nothing, or a room behind a resistance.
fn layers(thick: &[f64], capacity: f64, conductivity: f64, room: Option<(f64, f64)>, step: f64) -> (f32, Vec<Layer>) {
    let top = 2.0 * conductivity / thick[0];
    let last = thick.len() - 1;
    let above = |k: usize| if k == 0 { top } else { 2.0 * conductivity / (thick[k - 1] + thick[k]) };
    let mut found = vec![Layer::default(); thick.len()];
    let mut b = 0.0;
    for k in (0..thick.len()).rev() {
        let storage = capacity * thick[k] / step;
        let behind = room.map_or(0.0, |(resistance, _)| 1.0 / (0.5 * thick[k] / conductivity + resistance));
        let (below, conductance, inside) = match (k == last, room) {
            (true, Some((_, celsius))) => (0.0, behind, behind * celsius),
            (true, None) => (0.0, 0.0, 0.0),
            (false, _) => (above(k + 1), above(k + 1) * (1.0 - b), 0.0),
        };
        let inverse = 1.0 / (storage + above(k) + conductance);
        b = above(k) * inverse;
        found[k] = Layer {
            storage: storage as f32,
            below: below as f32,
            inverse: inverse as f32,
            b: b as f32,
            inside: inside as f32,
        };
    }
    (top as f32, found)
}

impl Material {
    /// The ground below a cover, for steps of so many seconds.
    pub fn ground(cover: Cover, albedo: f32, conduction: Conduction, step: f64) -> Material {
        let (capacity, diffusivity) = soil(cover);
        let is = |wanted: Cover| f32::from(u8::from(cover == wanted));
        let mut skin = Skin {
            albedo,
            emissivity: ground::kind(cover).emissivity,
            bucket: if matches!(cover, Cover::Grass | Cover::Soil) { 0.3 } else { 0.0 },
            is_water: is(Cover::Water),
            is_roof: is(Cover::Roof),
            ..Skin::default()
        };
        if cover == Cover::Water {
            // One metre that is mixed is its own skin.
            skin.top = (capacity / step) as f32;
            let layers = vec![Layer { storage: 0.0, below: 0.0, inverse: 0.0, b: 0.0, inside: 0.0 }];
            return Material { skin, layers, conduction: Conduction::ForceRestore };
        }
        match conduction {
            Conduction::Layers => {
                let (top, layers) = layers(&depths(diffusivity), capacity, capacity * diffusivity, None, step);
                (skin.top, skin.b, skin.layers) = (top, layers[0].b, LAYERS as f32);
                Material { skin, layers, conduction }
            }
            Conduction::ForceRestore => {
                let half = 0.5 * capacity * damping(diffusivity);
                skin.top = (half * (1.0 / step + DAY)) as f32;
                let layer = Layer { inverse: (DAY / (1.0 / step + DAY)) as f32, ..Layer::default() };
                skin.follow = (step / DEEP) as f32;
                Material { skin, layers: vec![layer], conduction }
            }
        }
    }

    /// A wall, for steps of so many seconds.
    pub fn wall(albedo: f32, step: f64) -> Material {
        let thick = [LEAF / WALL_LAYERS as f64; WALL_LAYERS];
        let (top, layers) = layers(&thick, 1.36e6, LEAF_CONDUCTIVITY, Some((INSULATION, INSIDE)), step);
        let skin = Skin {
            top,
            b: layers[0].b,
            albedo,
            emissivity: ground::WALL.emissivity,
            layers: WALL_LAYERS as f32,
            ..Skin::default()
        };
        Material { skin, layers, conduction: Conduction::Layers }
    }

    /// Temperature that the first layer would have in the next step above a skin of 0 °C; `old(k)` is that of layer `k` now.
    pub fn up(&self, old: impl Fn(usize) -> f32) -> f32 {
        match self.conduction {
            Conduction::Layers => {
                let mut a = 0.0;
                for (k, layer) in self.layers.iter().enumerate().rev() {
                    a = (layer.storage * old(k) + layer.below * a + layer.inside) * layer.inverse;
                }
                a
            }
            // Layer 0 is the skin, layer 1 the deep temperature.
            Conduction::ForceRestore => {
                let deep = self.layers[0].inverse;
                (1.0 - deep) * old(0) + deep * old(1)
            }
        }
    }

    /// All layers in the next step below a skin (°C).
    pub fn down(&self, skin: f32, column: &mut [f32], stride: usize) {
        match self.conduction {
            Conduction::Layers => {
                let mut a = [0.0f32; LAYERS + 1];
                for (k, layer) in self.layers.iter().enumerate().rev() {
                    a[k] = (layer.storage * column[k * stride] + layer.below * a[k + 1] + layer.inside) * layer.inverse;
                }
                let mut above = skin;
                for (k, layer) in self.layers.iter().enumerate() {
                    above = a[k] + layer.b * above;
                    column[k * stride] = above;
                }
            }
            Conduction::ForceRestore => {
                column[0] = skin;
                column[stride] += self.skin.follow * (skin - column[stride]);
            }
        }
    }
}

/// What acts on a skin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Absorbed shortwave and longwave radiation, W/m².
    pub absorbed: f32,
    /// What it emits for each black body: its emissivity, or both sides of a leaf.
    pub emissivity: f32,
    /// To the air, W/m²K.
    pub convection: f32,
    /// Temperature of the air, °C.
    pub air: f32,
    /// Share of what is left of the radiation that evaporates water.
    pub evaporation: f32,
    /// Latent heat of open water at 0 °C, W/m², and what each degree adds, W/m²K.
    pub bulk: (f32, f32),
    /// Conductance to the first layer, W/m²K.
    pub top: f32,
    /// Temperature of the first layer: at a skin of 0 °C, °C, and what each degree of the skin adds.
    pub first: (f32, f32),
}

/// What a skin comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    /// Its temperature, °C.
    pub skin: f32,
    /// Net radiation, W/m².
    pub net: f32,
    /// Sensible heat, W/m².
    pub sensible: f32,
    /// Latent heat, W/m².
    pub latent: f32,
    /// Heat into the ground, W/m².
    pub ground: f32,
}

/// The balance of a skin, by Newton's method from a temperature (°C) on.
///
/// This and what it calls must be inlined to be compiled for the instruction set of a loop over many skins.
#[inline(always)]
pub fn balance(load: &Load, start: f32) -> Balance {
    fluxes(load, newton(load, start))
}

/// Temperature of a skin in balance, °C, by Newton's method from another on.
#[inline(always)]
pub fn newton(load: &Load, start: f32) -> f32 {
    let mut skin = start;
    let Load { absorbed, emissivity, convection, air, evaporation, bulk, top, first } = *load;
    for _ in 0..NEWTON {
        let kelvin = skin + ZERO;
        let cube = emissivity * SIGMA * kelvin * kelvin * kelvin;
        let left = absorbed - cube * kelvin - top * (skin - first.0 - first.1 * skin);
        let slope = -4.0 * cube - top * (1.0 - first.1);
        let share = if left > 0.0 { 1.0 - evaporation } else { 1.0 };
        let off = share * left - convection * (skin - air) - bulk.0 - bulk.1 * skin;
        skin -= off / (share * slope - convection - bulk.1);
    }
    skin
}

/// What leaves and enters a skin of a temperature (°C).
#[inline(always)]
pub fn fluxes(load: &Load, skin: f32) -> Balance {
    let Load { absorbed, emissivity, convection, air, evaporation, bulk, top, first } = *load;
    let net = absorbed - emissivity * black(skin);
    let ground = top * (skin - first.0 - first.1 * skin);
    Balance {
        skin,
        net,
        sensible: convection * (skin - air),
        latent: evaporation * (net - ground).max(0.0) + bulk.0 + bulk.1 * skin,
        ground,
    }
}

/// Saturation vapour pressure, kPa, and its slope, kPa/K, at a temperature (°C; Tetens).
pub fn saturation(celsius: f32) -> (f32, f32) {
    saturated(exponent(celsius).exp(), celsius)
}

/// The exponent in Tetens' formula at a temperature (°C).
#[inline(always)]
pub fn exponent(celsius: f32) -> f32 {
    17.27 * celsius / (celsius + 237.3)
}

/// [`saturation`], where e to the power of [`exponent`] is known.
#[inline(always)]
pub fn saturated(power: f32, celsius: f32) -> (f32, f32) {
    let pressure = 0.6108 * power;
    (pressure, 4098.0 * pressure / ((celsius + 237.3) * (celsius + 237.3)))
}

/// Share of the available heat that evaporates from plants and soil whose bucket holds a share of water (m³/m³), after Priestley and
/// Taylor, at most 0.8.
pub fn evaporation(water: f32, air: f32) -> f32 {
    evaporating(water, saturation(air).1)
}

/// [`evaporation`], where the slope of the saturation vapour pressure at the air's temperature is known, kPa/K.
#[inline(always)]
pub fn evaporating(water: f32, slope: f32) -> f32 {
    let wet = ((water - DRY) / WETTER).clamp(0.0, 1.0);
    (1.26 * wet * slope / (slope + 0.066)).min(0.8)
}

/// Water below which nothing evaporates, m³/m³.
pub const DRY: f32 = 0.12;
/// How much more water than `DRY` it takes to evaporate freely, m³/m³.
const WETTER: f32 = 0.13;
/// Water that a bucket holds, m³/m³.
pub const CAPACITY: f32 = 0.35;

#[cfg(test)]
mod tests {
    use super::*;

    /// Amplitude (K) and lag (degrees) of the skin under a wave of heat of 100 W/m² with a period of so many hours, over those of a half-space.
    fn wave(cover: Cover, conduction: Conduction, step: f64, hours: f64) -> (f64, f64) {
        let material = Material::ground(cover, 0.2, conduction, step);
        let (capacity, diffusivity) = soil(cover);
        let mut column = [0.0f32; LAYERS];
        let omega = DAY * 24.0 / hours;
        let steps = (40.0 * 86_400.0 / step) as usize;
        let (mut sin, mut cos, mut count) = (0.0, 0.0, 0);
        for k in 0..steps {
            let time = (k + 1) as f64 * step;
            let flux = 100.0 * (omega * time).sin();
            let first = material.up(|k| column[k]);
            // G is given: the skin that takes it.
            let skin = (flux as f32 / material.skin.top + first) / (1.0 - material.skin.b);
            material.down(skin, &mut column, 1);
            if time > 30.0 * 86_400.0 {
                sin += f64::from(skin) * (omega * time).sin();
                cos += f64::from(skin) * (omega * time).cos();
                count += 1;
            }
        }
        let half = 0.5 * f64::from(count);
        let amplitude = (sin / half).hypot(cos / half);
        let lag = (-cos).atan2(sin).to_degrees();
        (amplitude / (100.0 / (capacity * (diffusivity * omega).sqrt())), lag)
    }

    #[test]
    fn layers_take_the_wave_of_a_day_as_a_half_space_does() {
        for cover in [Cover::Asphalt, Cover::Cobble, Cover::Roof, Cover::Grass, Cover::Soil] {
            let (amplitude, lag) = wave(cover, Conduction::Layers, 600.0, 24.0);
            assert!((amplitude - 1.0).abs() < 0.01 && (lag - 45.0).abs() < 1.0, "{cover:?}: {amplitude} {lag}°");
        }
        // Force-restore only that of a whole day.
        let (amplitude, lag) = wave(Cover::Asphalt, Conduction::ForceRestore, 600.0, 24.0);
        assert!((amplitude - 1.0).abs() < 0.03 && (lag - 45.0).abs() < 3.0, "{amplitude} {lag}°");
        let short = [12.0, 8.0, 6.0].map(|hours| wave(Cover::Asphalt, Conduction::ForceRestore, 60.0, hours).0);
        for (found, wanted) in short.into_iter().zip([0.89, 0.77, 0.69]) {
            assert!((found - wanted).abs() < 0.02, "{short:?}");
        }
    }

    #[test]
    fn columns_keep_their_heat() {
        for material in [
            Material::ground(Cover::Asphalt, 0.18, Conduction::Layers, 600.0),
            Material::ground(Cover::Water, 0.05, Conduction::Layers, 600.0),
        ] {
            let mut column = [20.0f32; LAYERS];
            let (mut held, mut given) = (0.0f64, 0.0f64);
            for k in 0..144 {
                let first = material.up(|k| column[k]);
                let load = Load {
                    absorbed: 400.0 + 500.0 * (k as f32 * 0.05).sin(),
                    emissivity: 0.95,
                    convection: 15.0,
                    air: 20.0,
                    top: material.skin.top,
                    first: (first, material.skin.b),
                    ..Load::default()
                };
                let found = balance(&load, column[0]);
                let remainder = found.net - found.sensible - found.latent - found.ground;
                assert!(remainder.abs() <= (1e-3 * found.net.abs()).max(0.1), "{remainder}");
                let before = column;
                material.down(found.skin, &mut column, 1);
                given += f64::from(found.ground);
                held += match material.skin.is_water > 0.0 {
                    true => f64::from(material.skin.top) * f64::from(column[0] - before[0]),
                    false => (0..LAYERS)
                        .map(|k| f64::from(material.layers[k].storage) * f64::from(column[k] - before[k]))
                        .sum(),
                };
            }
            assert!((held - given).abs() < 2e-3 * held.abs().max(10.0), "{held} {given}");
        }
    }
}
