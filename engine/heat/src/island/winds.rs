//! Winds of a city: the national method's, made free of divergence around buildings, or in three dimensions by sector.

use super::super::forcing::Forcing;
use super::super::wind::{quarter, windows};
use super::super::window::Quarter;
use super::air::{Choices, Wind};
use super::diagnostic::{self, Wind3d};
use super::exchange::{ABOVE, AT_60_M, CALMEST};
use super::flow::{DIVERGENCE, Faces, LOOKS, blown, free, left};
use super::town::Town;
use super::transport::passing;
use hanze_base::error::Result;
use hanze_base::grid::Grid;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Language;
use hanze_device::Device;
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
    /// Heights of buildings, m.
    pub buildings: Vec<f32>,
    /// Heights of trees, m.
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
    /// Looks and relaxations that a wind may take.
    looks: usize,
    relaxations: usize,
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
            looks: LOOKS,
            relaxations: diagnostic::MOST,
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
        let (share, more) = match direction {
            Some(_) => (1.0, (at_skins / at_10_m) as f32),
            None => ((at_10_m / at_skins) as f32, 1.0),
        };
        let near: Vec<f32> = speed.iter().map(|speed| (speed * share).max(LEAST_WIND)).collect();
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
        if let Some((_, faces, near)) = sectors.iter().find(|(known, ..)| *known == sector) {
            return Ok(Some((faces.clone(), near.clone())));
        }
        let from = sector as f64 * width;
        let grid = self.place.grid;
        let to = (-from.sin(), from.cos());
        let wind = Wind3d::solve_within(&grid, &self.place.buildings, to, &self.device, self.relaxations)?;
        // What flows between the houses stays there.
        let still = Faces::still(grid.cols, grid.rows);
        let found = free([wind.mean(f64::from(self.depth)), still], &self.is_open, 1.0, self.looks);
        self.left_above = self.left_above.max(wind.divergence());
        self.left = worse(self.left, left(&found, 1.0));
        let [faces, _] = found;
        let near = wind.near();
        sectors.push((sector, faces.clone(), near.clone()));
        Ok(Some((faces, near)))
    }

    /// What the winds so far leave of divergence; nothing where they are free of it.
    pub fn remarks(&self) -> Remarks {
        let (most, share) = self.left;
        let mut remarks = Remarks::default();
        remarks.extend(divergent(most, share, "the wind between the houses", "de wind tussen de huizen"));
        remarks.extend(divergent(self.left_above, 0.0, "the wind in three dimensions", "de wind in drie dimensies"));
        remarks
    }

    fn blowing(&mut self, from: Quarter) -> &Blowing {
        let at = match self.quarters.iter().position(|(known, _)| *known == from) {
            Some(at) => at,
            None => {
                let Place { grid, buildings, trees, is_known } = &self.place;
                let windows = windows(grid, buildings, trees, is_known, from);
                let ratio: Vec<f32> = windows.iter().map(|window| window.ratio() as f32).collect();
                let rough = windows.iter().map(|window| {
                    let (roughness, displacement) = window.lengths();
                    [(ABOVE - displacement) as f32, roughness as f32]
                });
                let rough = rough.collect();
                let share: Vec<f32> = ratio.iter().map(|ratio| (ratio - 0.125) * 0.5829 + 0.125).collect();
                let faces = if from == Quarter::Calm {
                    [Faces::still(grid.cols, grid.rows), Faces::still(grid.cols, grid.rows)]
                } else {
                    let mean = share.iter().sum::<f32>() / share.len().max(1) as f32;
                    let found = free(blown(grid, &share, &self.is_open), &self.is_open, mean, self.looks);
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

/// That a wind has more than [`DIVERGENCE`] left, in a share of its cells.
fn divergent(most: f32, share: f64, en: &str, nl: &str) -> Option<Remark> {
    if most <= DIVERGENCE {
        return None;
    }
    if !most.is_finite() {
        let (en, nl) = (format!("{en} is no number in some cells"), format!("{nl} is in sommige cellen geen getal"));
        return Some(Remark::new(share, en, nl));
    }
    let percent = |language: Language| language.number(100.0 * f64::from(most), 3);
    let [more, meer] = [Language::English, Language::Dutch].map(percent);
    Some(Remark::new(
        share,
        format!("{en} is not wholly free of divergence: up to {more} % of the wind at roofs is left in a cell"),
        format!(
            "{nl}: de lucht die in een cel komt en eruit gaat is niet helemaal gelijk; het verschil is hoogstens {meer} % van de wind op dakhoogte"
        ),
    ))
}

/// The worse of two leftovers.
fn worse(one: (f32, f64), other: (f32, f64)) -> (f32, f64) {
    (one.0.max(other.0), one.1.max(other.1))
}

#[cfg(test)]
mod tests {
    use super::super::super::scene::{EYE, Scene};
    use super::super::super::validate::island::hot_day;
    use super::*;

    /// Winds around a house, and an hour from the south-east.
    fn winds(has_depth: bool) -> (Winds, Forcing) {
        let grid = Grid::local(20, 16, 4.0);
        let house = |k: usize| (6..10).contains(&(k % 20)) && (5..9).contains(&(k / 20));
        let buildings: Vec<f32> = (0..grid.len()).map(|k| if house(k) { 8.0 } else { 0.0 }).collect();
        let (none, covers) = (vec![0.0; grid.len()], vec![0; grid.len()]);
        let scene = Scene::new(grid, &none, &buildings, &none, EYE);
        let choices = Choices { has_depth, ..Choices::default() };
        let town = Town::new(&scene, &buildings, &covers);
        let place = Place { grid, buildings, trees: none, is_known: vec![true; grid.len()] };
        (Winds::new(&Device::Cpu, place, &town, &choices), hot_day(3.0).unwrap().swap_remove(12))
    }

    #[test]
    fn what_is_not_solved_to_the_end_is_said() {
        for has_depth in [false, true] {
            let (mut solved, hour) = winds(has_depth);
            solved.of(&hour).unwrap();
            assert!(solved.remarks().is_empty(), "{has_depth}: {:?}", solved.remarks());
            let (mut cut, hour) = winds(has_depth);
            (cut.looks, cut.relaxations) = (0, 0);
            let (wind, near) = cut.of(&hour).unwrap();
            assert!(wind.speed.iter().chain(&near).all(|speed| speed.is_finite()), "a run goes on");
            let remarks = cut.remarks();
            let between =
                remarks.iter().find(|remark| remark.contains("the wind between the houses is not wholly free"));
            let between = between.unwrap_or_else(|| panic!("{has_depth}: {remarks:?}"));
            assert!(
                (0.001..=1.0).contains(&between.share) && between.contains(" % of the wind at roofs"),
                "{between:?}"
            );
            assert!(between.text.nl.contains("niet helemaal gelijk"), "{between:?}");
            let above = remarks.iter().any(|remark| remark.contains("the wind in three dimensions is not wholly free"));
            assert_eq!((above, remarks.len()), (has_depth, if has_depth { 2 } else { 1 }), "{remarks:?}");
        }
        let (mut broken, _) = winds(false);
        broken.left = (f32::INFINITY, 0.25);
        let remarks = broken.remarks();
        assert!(remarks[0].share == 0.25 && remarks[0].contains("is no number in some cells"), "{remarks:?}");
    }
}
