//! Winds of a city: the national method's, made free of divergence around buildings, or in three dimensions by sector.

use super::super::forcing::Forcing;
use super::super::wind::{quarter, windows};
use super::super::window::Quarter;
use super::air::{Choices, Wind};
use super::diagnostic::Wind3d;
use super::exchange::{ABOVE, AT_60_M, CALMEST};
use super::flow::{DIVERGENCE, Faces, free, left, project};
use super::town::Town;
use super::transport::passing;
use crate::device::Device;
use crate::error::Result;
use crate::grid::Grid;
use crate::remark::{Remark, Remarks};
use crate::words::Language;
use std::f64::consts::PI;

/// Least wind that people and skins feel, m/s, and least diffusivity, m²/s.
const LEAST_WIND: f32 = 0.5;
const LEAST_MIXING: f32 = 0.2;

/// Sectors of the wind in three dimensions.
const SECTORS: usize = 8;

/// What stands around, and on what wind depends.
pub struct Place {
    /// Where the cells lie.
    pub grid: Grid,
    /// Heights of buildings and trees, m.
    pub buildings: Vec<f32>,
    /// See `buildings`.
    pub trees: Vec<f32>,
    /// Whether the ground is known.
    pub is_known: Vec<bool>,
}

/// Wind from a quarter: roughness, what blows of winds from the west and the north of 1 m/s, what of wind without direction.
struct Blowing {
    rough: Vec<[f32; 2]>,
    share: Vec<f32>,
    faces: [Faces; 2],
}

/// Winds that were solved for.
pub struct Winds {
    /// Where they blow.
    pub place: Place,
    is_open: Vec<bool>,
    depth: f32,
    wraps: bool,
    quarters: Vec<(Quarter, Blowing)>,
    /// Wind in three dimensions, by sector, where it is wanted: of 1 m/s at 10 m what flows between the houses, and what people feel.
    sectors: Option<Vec<(usize, Faces, Vec<f32>)>>,
    /// What is left of divergence between the houses, over the wind at roofs, and the share of cells that have too much of it; and the
    /// most in three dimensions.
    left: (f32, f64),
    left_above: f32,
    device: Device,
}

impl Winds {
    /// None yet.
    pub fn new(device: &Device, place: Place, town: &Town, choices: &Choices) -> Winds {
        Winds {
            place,
            is_open: town.is_open.clone(),
            depth: town.depth,
            wraps: choices.wraps,
            quarters: Vec::new(),
            sectors: choices.has_depth.then(Vec::new),
            left: (0.0, 0.0),
            left_above: 0.0,
            device: device.clone(),
        }
    }

    /// Wind of an hour between houses, and what people feel of it at 1.2 m, m/s.
    pub fn of(&mut self, hour: &Forcing) -> Result<(Wind, Vec<f32>)> {
        let from = quarter(&hour.weather);
        let grid = self.place.grid;
        let cell = grid.cell as f32;
        let (is_open, wraps, depth) = (self.is_open.clone(), self.wraps, self.depth);
        let at_10_m = hour.weather.mean_wind;
        let has_direction = from != Quarter::Calm && at_10_m > 0.1;
        let direction = hour.weather.direction.filter(|_| has_direction).map(f64::to_radians);
        // Skins and the station's meadow know the same least wind.
        let at_skins = at_10_m.max(CALMEST);
        let deep = match direction {
            Some(direction) => self.sector(direction)?,
            None => None,
        };
        let blowing = self.blowing(from);
        let (faces, mut speed) = match (direction, deep) {
            (Some(_), Some((faces, near))) => {
                let speed = near.iter().map(|near| near * at_10_m as f32).collect();
                (faces.blend(at_10_m as f32, &faces, 0.0), speed)
            }
            (Some(from), None) => {
                let (east, south) = (-from.sin() * at_10_m, from.cos() * at_10_m);
                let faces = blowing.faces[0].blend(east as f32, &blowing.faces[1], south as f32);
                let speed = faces.speeds();
                (faces, speed)
            }
            // Wind from nowhere carries nothing along.
            (None, _) => {
                let speed = blowing.share.iter().map(|share| share * at_skins as f32).collect();
                (Faces::still(grid.cols, grid.rows), speed)
            }
        };
        let (felt, more) = match direction {
            Some(_) => (1.0, (at_skins / at_10_m) as f32),
            None => ((at_10_m / at_skins) as f32, 1.0),
        };
        let near: Vec<f32> = speed.iter().map(|speed| (speed * felt).max(LEAST_WIND)).collect();
        speed.iter_mut().for_each(|speed| *speed = (*speed * more).max(LEAST_WIND));
        let rough = blowing.rough.clone();
        // 0.4 u* times the depth.
        let at_60_m = (at_10_m.max(CALMEST) / AT_60_M) as f32;
        let mixing = |[height, rough]: &[f32; 2]| (0.16 * at_60_m / (height / rough).ln() * depth).max(LEAST_MIXING);
        let mixing: Vec<f32> = rough.iter().map(mixing).collect();
        let passing = passing(&faces, &is_open, &mixing, cell, wraps);
        Ok((Wind { faces, passing, speed, rough }, near))
    }

    /// Wind in three dimensions of the sector of a direction (rad, from where it blows), where it is wanted.
    fn sector(&mut self, direction: f64) -> Result<Option<(Faces, Vec<f32>)>> {
        let Some(sectors) = &mut self.sectors else { return Ok(None) };
        let width = 2.0 * PI / SECTORS as f64;
        let sector = (direction / width).round().rem_euclid(SECTORS as f64) as usize;
        if let Some((_, faces, near)) = sectors.iter().find(|(own, ..)| *own == sector) {
            return Ok(Some((faces.clone(), near.clone())));
        }
        let from = sector as f64 * width;
        let grid = self.place.grid;
        let wind = Wind3d::solve(&grid, &self.place.buildings, (-from.sin(), from.cos()), &self.device)?;
        // What flows between the houses stays there.
        let still = Faces::still(grid.cols, grid.rows);
        let found = free([wind.mean(f64::from(self.depth)), still], &self.is_open, 1.0);
        self.left_above = self.left_above.max(wind.divergence());
        self.left = worse(self.left, left(&found, 1.0));
        let [faces, _] = found;
        let near = wind.near();
        sectors.push((sector, faces.clone(), near.clone()));
        Ok(Some((faces, near)))
    }

    /// What the winds so far leave of divergence; nothing where they are free of it.
    pub fn remarks(&self) -> Remarks {
        let percent = |language: Language, own: f32| language.number(100.0 * f64::from(own), 3);
        let mut remarks = Remarks::default();
        let (most, share) = self.left;
        if most > DIVERGENCE {
            let [en, nl] = [Language::English, Language::Dutch].map(|language| percent(language, most));
            remarks.push(Remark::new(
                share,
                format!("the wind between the houses is not wholly free of divergence: up to {en} % of the wind at roofs is left in a cell"),
                format!(
                    "de lucht die in een cel komt en eruit gaat is niet helemaal gelijk: het verschil is hoogstens {nl} % van de wind op dakhoogte"
                ),
            ));
        }
        if self.left_above > DIVERGENCE {
            let [en, nl] = [Language::English, Language::Dutch].map(|language| percent(language, self.left_above));
            remarks.push(Remark::new(
                0.0,
                format!(
                    "the wind in three dimensions is not wholly free of divergence: up to {en} % of the wind at roofs is left in a cell"
                ),
                format!(
                    "in het driedimensionale windveld is de lucht die in een cel komt en eruit gaat niet helemaal gelijk: het verschil is hoogstens {nl} % van de wind op dakhoogte"
                ),
            ));
        }
        remarks
    }

    fn blowing(&mut self, from: Quarter) -> &Blowing {
        let at = match self.quarters.iter().position(|(own, _)| *own == from) {
            Some(at) => at,
            None => {
                let Place { grid, buildings, trees, is_known } = &self.place;
                let windows = windows(grid, buildings, trees, is_known, from);
                let ratio: Vec<f32> = windows.iter().map(|own| own.ratio() as f32).collect();
                let rough = windows.iter().map(|own| {
                    let (roughness, displacement) = own.lengths();
                    [(ABOVE - displacement) as f32, roughness as f32]
                });
                let rough = rough.collect();
                let share: Vec<f32> = ratio.iter().map(|own| (own - 0.125) * 0.5829 + 0.125).collect();
                let faces = if from == Quarter::Calm {
                    [Faces::still(grid.cols, grid.rows), Faces::still(grid.cols, grid.rows)]
                } else {
                    let mean = share.iter().sum::<f32>() / share.len().max(1) as f32;
                    let found = project(grid, &share, &self.is_open, mean);
                    self.left = worse(self.left, left(&found, mean));
                    found
                };
                self.quarters.push((from, Blowing { rough, share, faces }));
                self.quarters.len() - 1
            }
        };
        &self.quarters[at].1
    }
}

/// The worse of two leftovers.
fn worse(one: (f32, f64), other: (f32, f64)) -> (f32, f64) {
    (one.0.max(other.0), one.1.max(other.1))
}
