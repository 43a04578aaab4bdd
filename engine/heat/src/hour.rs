//! Mean radiant temperature of every cell in an hour.

use super::cpu::radiation::{Fluxes, Incoming, STEFAN_BOLTZMANN, radiant, upwelling};
use super::cpu::shade::shade;
use super::forcing::Forcing;
use super::ground;
use super::scene::{EYE, Scene};
use hanze_base::cover::Cover;
use rayon::prelude::*;

/// How much of what the ground radiated an hour ago it still does: its surface follows slowly (Lindberg et al. 2016).
pub(super) const MEMORY: f32 = 0.25;

/// What covers each cell, as its place among [`Cover::ALL`].
pub type Covers = Vec<u8>;

/// Radiation on every cell in an hour, W/m².
#[derive(Clone, Debug)]
pub struct Radiation {
    /// Beam of the sun on a level plane.
    pub beam_down: Vec<f32>,
    /// Beam of the sun on an upright cylinder.
    pub beam_side: Vec<f32>,
    /// Share of the hour's beam that comes through; 0 by night.
    pub lit: Vec<f32>,
    /// From sky, walls and crowns.
    pub incoming: Incoming,
    /// Shortwave from the ground.
    pub short_up: Vec<f32>,
    /// Longwave from the ground.
    pub long_up: Vec<f32>,
}

impl Radiation {
    /// What comes to a person on a cell.
    pub fn fluxes(&self, cell: usize) -> Fluxes {
        let Incoming { short_down, short_side, long_down, long_side } = &self.incoming;
        Fluxes {
            short: [
                short_down[cell] + self.beam_down[cell],
                self.short_up[cell],
                short_side[cell] + self.beam_side[cell],
            ],
            long: [long_down[cell], self.long_up[cell], long_side[cell]],
        }
    }

    /// Mean radiant temperature of every cell, °C.
    pub fn radiant(&self) -> Vec<f32> {
        (0..self.lit.len()).into_par_iter().map(|cell| radiant(&self.fluxes(cell))).collect()
    }
}

/// The radiation of an hour, of which `incoming` comes from sky, walls and crowns. `warmth` is how much warmer than the air the ground radiates, K, of the hour before; it becomes that of
/// this hour.
pub fn radiation(
    scene: &Scene,
    incoming: Incoming,
    covers: &Covers,
    forcing: &Forcing,
    warmth: &mut [f32],
) -> Radiation {
    let len = scene.grid.len();
    let (mut beam_down, mut beam_side) = (vec![0.0f32; len], vec![0.0f32; len]);
    let mut lit = vec![0.0f32; len];
    let beams = forcing.beams();
    let share = if beams.is_empty() { 0.0 } else { 1.0 / beams.len() as f32 };
    for (sun, down, side) in beams {
        let shone = shade(scene, sun, forcing.through);
        let sums = beam_down.par_iter_mut().zip(&mut beam_side).zip(&mut lit).zip(&shone);
        sums.for_each(|(((beam_down, beam_side), lit), shone)| {
            *beam_down += down * shone;
            *beam_side += side * shone;
            *lit += share * shone;
        });
    }
    let kinds = Cover::ALL.map(ground::kind);
    let kind = |cell: usize| usize::from(covers[cell]).min(kinds.len() - 1);
    let reflected: Vec<f32> = (0..len)
        .into_par_iter()
        .map(|cell| scene.albedo_of(cell, kinds[kind(cell)].albedo) * (beam_down[cell] + incoming.short_down[cell]))
        .collect();
    warmth.par_iter_mut().enumerate().for_each(|(cell, warmth)| {
        *warmth = MEMORY * *warmth + (1.0 - MEMORY) * forcing.ground[kind(cell)] as f32 * lit[cell];
    });
    let air = forcing.weather.air as f32 + 273.15;
    let emitted: Vec<f32> = (0..len)
        .into_par_iter()
        .map(|cell| {
            let emissivity = kinds[kind(cell)].emissivity;
            let warm = air + warmth[cell];
            emissivity * STEFAN_BOLTZMANN as f32 * warm.powi(4) + (1.0 - emissivity) * incoming.long_down[cell]
        })
        .collect();
    let short_up = upwelling(scene, &reflected, f64::from(EYE));
    let long_up = upwelling(scene, &emitted, f64::from(EYE));
    Radiation { beam_down, beam_side, lit, incoming, short_up, long_up }
}
