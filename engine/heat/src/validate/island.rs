//! The heat island in time: closure, storage, transport, wind, and whether places and measures differ as they do outdoors.

use super::super::bench::day;
use super::super::cpu::CpuSolver;
use super::super::cpu::horizons::view;
use super::super::forcing::{Forcing, forcing};
use super::super::island::air::Choices;
use super::super::island::column::{Conduction, LAYERS, Load, Material, balance, soil};
use super::super::island::diagnostic::Wind3d;
use super::super::island::flow::project;
use super::super::island::run::{AnthropogenicHeat, Edges, Island};
use super::super::island::winds::Place;
use super::super::national::Day;
use super::super::pet::PRESSURE;
use super::super::scene::{EYE, Scene};
use super::super::solver::Solver;
use super::super::views::ViewStorage;
use super::{Bench, Figure, least, most, told, within};
use hanze_base::cover::Cover;
use hanze_base::error::Result;
use hanze_base::grid::Grid;
use hanze_device::Device;
use std::f64::consts::TAU;

/// Where the sun shines on made places, degrees.
const PLACE: (f64, f64) = (52.5, 6.1);

/// A made place.
#[derive(Clone)]
pub struct Plan {
    /// Its cells.
    pub grid: Grid,
    /// Heights of buildings, m.
    pub buildings: Vec<f32>,
    /// Heights of trees, m.
    pub trees: Vec<f32>,
    /// What covers the ground.
    pub covers: Vec<Cover>,
    /// Share of sunlight that ground or roof of each cell reflects; empty where the covers alone say.
    pub albedo: Vec<f32>,
}

/// What an hour of a made place was like.
pub struct Hour {
    /// Air temperature, °C, by cell.
    pub air: Vec<f32>,
    /// Temperature of the ground, °C, by cell.
    pub skin: Vec<f32>,
    /// Air temperature at the station, °C.
    pub station: f64,
}

impl Plan {
    /// Open ground of cobbles.
    pub fn new(side: usize, cell: f64) -> Plan {
        let len = side * side;
        Plan {
            grid: Grid::local(side, side, cell),
            buildings: vec![0.0; len],
            trees: vec![0.0; len],
            covers: vec![Cover::Cobble; len],
            albedo: Vec::new(),
        }
    }

    /// Changes cells by their middle, m from the west and the north.
    pub fn each(mut self, mut change: impl FnMut(f64, f64, &mut f32, &mut f32, &mut Cover)) -> Plan {
        for k in 0..self.grid.len() {
            let (x, y) = ((k % self.grid.cols) as f64 + 0.5, (k / self.grid.cols) as f64 + 0.5);
            let (building, tree) = (&mut self.buildings[k], &mut self.trees[k]);
            change(x * self.grid.cell, y * self.grid.cell, building, tree, &mut self.covers[k]);
        }
        self
    }

    /// Mean over open cells between two corners, m.
    pub fn mean(&self, values: &[f32], west: f64, north: f64, east: f64, south: f64) -> f64 {
        let within = |k: &usize| {
            let (x, y) = ((k % self.grid.cols) as f64 + 0.5, (k / self.grid.cols) as f64 + 0.5);
            let (x, y) = (x * self.grid.cell, y * self.grid.cell);
            self.buildings[*k] <= 0.0 && (west..east).contains(&x) && (north..south).contains(&y)
        };
        let (sum, count) = (0..values.len())
            .filter(within)
            .fold((0.0, 0.0), |(sum, count), k| (sum + f64::from(values[k]), count + 1.0));
        sum / count
    }

    /// Its heat island and radiation, before temperatures converge.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn island(
        &self,
        device: &Device,
        hours: &[Forcing],
        choices: Choices,
        edges: Edges,
    ) -> Result<(Island, CpuSolver)> {
        let len = self.grid.len();
        let mut scene = Scene::new(self.grid, &vec![0.0; len], &self.buildings, &self.trees, EYE);
        scene.albedo = self.albedo.clone();
        let covers: Vec<u8> = self.covers.iter().map(|cover| cover.index()).collect();
        let mut solver = CpuSolver::new(scene.clone(), covers.clone(), &ViewStorage::default());
        while !solver.look()? {}
        let place = Place {
            grid: self.grid,
            buildings: self.buildings.clone(),
            trees: self.trees.clone(),
            is_known: vec![true; len],
        };
        let boundary = (edges, AnthropogenicHeat::default());
        let island = Island::on(device, place, (scene, covers), choices, boundary, (hours.to_vec(), hours.to_vec()))?;
        Ok((island, solver))
    }

    /// Runs 24 hours once temperatures of the same day have converged; gives the hours and the largest gap in the air's heat, W/m².
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn run(&self, device: &Device, hours: &[Forcing], choices: Choices, edges: Edges) -> Result<(Vec<Hour>, f64)> {
        let (mut island, mut solver) = self.island(device, hours, choices, edges)?;
        while !island.settle(&mut solver)? {}
        let mut found = Vec::new();
        for (k, hour) in hours.iter().enumerate() {
            let means = island.hour(k, &mut solver)?.means;
            found.push(Hour { air: means.air, skin: means.skin, station: hour.weather.air });
        }
        Ok((found, island.gap()))
    }
}

/// The cloudless day of 19 to 36 °C with a wind (m/s) from the south-east.
///
/// # Errors
/// As [`forcing`].
pub fn hot_day(wind: f64) -> Result<Vec<Forcing>> {
    let mut weather = day();
    weather.hours.iter_mut().for_each(|hour| (hour.wind, hour.mean_wind) = (wind, wind));
    Ok(forcing(&weather, PLACE.0, PLACE.1)?.0)
}

/// Blocks of houses of a height around streets of cobbles: so many m of block in every 40 m.
fn blocks(side: usize, cell: f64, block: f64, height: f32) -> Plan {
    Plan::new(side, cell).each(|x, y, building, _, cover| {
        if x % 40.0 >= 40.0 - block && y % 40.0 >= 40.0 - block {
            (*building, *cover) = (height, Cover::Roof);
        }
    })
}

/// Closure of skins, and storage of columns.
pub fn closure(_: &Bench) -> Result<Vec<Figure>> {
    let (mut worst, mut held, mut given) = (0.0f64, 0.0f64, 0.0f64);
    for cover in Cover::ALL {
        for conduction in [Conduction::Layers, Conduction::ForceRestore] {
            let material = Material::ground(cover, 0.2, conduction, 600.0);
            let mut column = [20.0f32; LAYERS];
            let mut skin = 20.0;
            for k in 0..144 {
                let hour = f64::from(k) / 6.0;
                let sun = (850.0 * ((hour - 5.0) / 14.0 * std::f64::consts::PI).sin()).max(0.0) as f32;
                let load = Load {
                    absorbed: 0.8 * sun + 330.0,
                    emissivity: material.skin.emissivity,
                    convection: 12.0 + (k % 7) as f32,
                    air: 20.0 + (k % 11) as f32,
                    evaporation: if material.skin.bucket > 0.0 { 0.5 } else { 0.0 },
                    top: material.skin.top,
                    first: (material.up(|k| column[k]), material.skin.b),
                    ..Load::default()
                };
                let found = balance(&load, skin);
                let remainder = f64::from(found.net - found.sensible - found.latent - found.ground).abs();
                worst = worst.max(remainder / (1e-3 * f64::from(found.net.abs())).max(0.1));
                let before = column;
                material.down(found.skin, &mut column, 1);
                skin = found.skin;
                if conduction == Conduction::Layers && cover != Cover::Water {
                    given += f64::from(found.ground);
                    held += (0..LAYERS)
                        .map(|k| f64::from(material.layers[k].storage) * f64::from(column[k] - before[k]))
                        .sum::<f64>();
                }
            }
        }
    }
    let (_, gap) = blocks(40, 3.0, 20.0, 10.0).run(&Device::Cpu, &hot_day(2.5)?, Choices::default(), Edges::Mean)?;
    Ok(vec![
        most("skins: |Rn−H−LE−G| over max(0.001 |Rn|, 0.1 W/m²)", worst, 1.0),
        most("columns: heat held over heat given, off by", (held / given - 1.0).abs(), 2e-3),
        most("air of a town: heat not accounted for in a step, W/m²", gap, 0.1),
    ])
}

/// The wave of a day in the ground, against a half-space.
pub fn half_space(_: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for cover in [Cover::Asphalt, Cover::Cobble, Cover::Roof, Cover::Grass, Cover::Soil] {
        let (amplitude, lag) = wave(cover, Conduction::Layers, 600.0, 24.0);
        figures.push(within(format!("{cover:?}: amplitude over that of a half-space"), amplitude, 1.0, 0.01));
        figures.push(within(format!("{cover:?}: lag, degrees"), lag, 45.0, 1.0));
    }
    for (hours, wanted) in [(12.0, 0.89), (8.0, 0.77), (6.0, 0.69)] {
        let found = wave(Cover::Asphalt, Conduction::ForceRestore, 60.0, hours).0;
        figures.push(within(format!("force-restore, wave of {hours} h: amplitude"), found, wanted, 0.02));
    }
    Ok(figures)
}

/// Amplitude of the skin under a wave of heat with a period of so many hours over that of a half-space, and its lag, degrees.
fn wave(cover: Cover, conduction: Conduction, step: f64, hours: f64) -> (f64, f64) {
    let material = Material::ground(cover, 0.2, conduction, step);
    let (capacity, diffusivity) = soil(cover);
    let mut column = [0.0f32; LAYERS];
    let omega = TAU / (3600.0 * hours);
    let steps = (40.0 * 86_400.0 / step) as usize;
    let (mut sin, mut cos, mut count) = (0.0, 0.0, 0.0);
    for k in 0..steps {
        let time = (k + 1) as f64 * step;
        let flux = 100.0 * (omega * time).sin();
        // G is given: the skin that takes it.
        let skin = (flux as f32 / material.skin.top + material.up(|k| column[k])) / (1.0 - material.skin.b);
        material.down(skin, &mut column, 1);
        if time > 30.0 * 86_400.0 {
            sin += f64::from(skin) * (omega * time).sin();
            cos += f64::from(skin) * (omega * time).cos();
            count += 0.5;
        }
    }
    let amplitude = (sin / count).hypot(cos / count);
    (amplitude / (100.0 / (capacity * (diffusivity * omega).sqrt())), (-cos).atan2(sin).to_degrees())
}

/// Wind around houses.
pub fn wind(_: &Bench) -> Result<Vec<Figure>> {
    let plan = blocks(160, 2.0, 22.0, 12.0);
    let is_open: Vec<bool> = plan.buildings.iter().map(|height| *height <= 0.0).collect();
    let share: Vec<f32> = (0..plan.grid.len()).map(|k| 0.25 + 0.1 * (k as f32 * 0.01).sin()).collect();
    // The wind at roofs over that at 10 m is at least what blows in the streets on average.
    let at_roofs = 0.25;
    let [east, south] = project(&plan.grid, &share, &is_open, at_roofs);
    let most_left = f64::from(east.divergence().max(south.divergence()) / at_roofs);
    let through = (0..plan.grid.len()).filter(|k| !is_open[*k]).flat_map(|k| east.of(k % 160, k / 160));
    let grid = Grid::local(80, 60, 1.0);
    let inside = |k: usize| (25..35).contains(&(k % 80)) && (25..35).contains(&(k / 80));
    let cube: Vec<f32> = (0..grid.len()).map(|k| if inside(k) { 10.0 } else { 0.0 }).collect();
    let deep = Wind3d::solve(&grid, &cube, (1.0, 0.0), &Device::Cpu)?;
    Ok(vec![
        most("three dimensions: max |∇·u| Δx / u_H around a cube", f64::from(deep.divergence()), 1e-4),
        within("recirculation behind a cube of 10 m, m (Fackrell 1984)", deep.recirculation(34, 30), 14.5, 2.9),
        most("max |∇·u| Δx / u_H between blocks", most_left, 1e-4),
        most("wind through houses, m/s", f64::from(through.map(f32::abs).fold(0.0, f32::max)), 0.0),
    ])
}

/// Steps of ten minutes against those of one.
pub fn steps(_: &Bench) -> Result<Vec<Figure>> {
    let plan = blocks(40, 3.0, 20.0, 10.0).each(|x, y, building, tree, cover| {
        if x > 60.0 && y > 60.0 && *building <= 0.0 {
            (*cover, *tree) = (Cover::Grass, if x > 90.0 { 8.0 } else { 0.0 });
        }
    });
    let hours = hot_day(2.5)?;
    let run = |step: f64| plan.run(&Device::Cpu, &hours, Choices { step, ..Choices::default() }, Edges::Mean);
    let ((long, _), (short, _)) = (run(600.0)?, run(60.0)?);
    let open: Vec<usize> = (0..plan.grid.len()).filter(|k| plan.buildings[*k] <= 0.0).collect();
    let mean = |hour: &Hour| open.iter().map(|cell| f64::from(hour.air[*cell])).sum::<f64>() / open.len() as f64;
    let of_town = long.iter().zip(&short).map(|(long, short)| (mean(long) - mean(short)).abs()).fold(0.0, f64::max);
    let pairs =
        long.iter().zip(&short).flat_map(|(a, b)| open.iter().map(move |cell| (a.air[*cell] - b.air[*cell]).abs()));
    let mut off: Vec<f64> = pairs.map(f64::from).collect();
    off.sort_by(f64::total_cmp);
    let squares = off.iter().map(|off| off * off).sum::<f64>() / off.len() as f64;
    Ok(vec![
        most("air of the town, steps of 600 s against 60 s, K: the most of all hours", of_town, 0.2),
        most("air of each cell and hour, RMS, K", squares.sqrt(), 0.2),
        told("air of each cell and hour: 99 of 100 are nearer than, K", off[off.len() * 99 / 100]),
        told("air of each cell and hour: the most, K", off[off.len() - 1]),
    ])
}

/// A park beside a square, and what else makes places warmer or cooler.
pub fn park(_: &Bench) -> Result<Vec<Figure>> {
    // 120 m of each, beside each other across the wind, in a town of blocks.
    let town = blocks(100, 4.0, 22.0, 12.0);
    let (west, middle, east, north, south) = (80.0, 200.0, 320.0, 140.0, 260.0);
    let plan = town.each(|x, y, building, tree, cover| {
        if (west..east).contains(&x) && (north..south).contains(&y) {
            *building = 0.0;
            *cover = if x < middle { Cover::Grass } else { Cover::Asphalt };
            *tree = if x < middle && x % 12.0 < 8.0 && y % 12.0 < 8.0 { 10.0 } else { 0.0 };
        }
    });
    let (hours, _) = plan.run(&Device::Cpu, &hot_day(2.5)?, Choices::default(), Edges::Mean)?;
    let apart = |hour: usize| {
        let air = &hours[hour - 1].air;
        plan.mean(air, middle, north, east, south) - plan.mean(air, west, north, middle, south)
    };
    Ok(vec![
        least("square less park at 15 h, K: at least", apart(15), 0.5),
        most("square less park at 15 h, K: at most", apart(15), 2.0),
        told("square less park at 3 h, K", apart(3)),
    ])
}

/// Mean of the air less the station's over some hours, K.
fn island_of(plan: &Plan, hours: &[Hour], labels: &[usize]) -> f64 {
    let side = plan.grid.cols as f64 * plan.grid.cell;
    let of = |label: &usize| {
        let hour = &hours[label - 1];
        plan.mean(&hour.air, 0.0, 0.0, side, side) - hour.station
    };
    labels.iter().map(of).sum::<f64>() / labels.len() as f64
}

/// What measures do to the air of a square of 120 m in a town, in the afternoon.
pub fn measures(_: &Bench) -> Result<Vec<Figure>> {
    let town = blocks(80, 4.0, 24.0, 12.0);
    let (from, to) = (100.0, 220.0);
    let is_square = |x: f64, y: f64| (from..to).contains(&x) && (from..to).contains(&y);
    let square = town.each(|x, y, building, _, cover| {
        if is_square(x, y) {
            (*building, *cover) = (0.0, Cover::Asphalt);
        }
    });
    let hours = hot_day(2.5)?;
    let run = |plan: &Plan, choices: Choices| plan.run(&Device::Cpu, &hours, choices, Edges::Mean).map(|found| found.0);
    let at_15 = |plan: &Plan, found: &[Hour]| plan.mean(&found[14].air, from, from, to, to);
    let today = run(&square, Choices::default())?;
    let now = at_15(&square, &today);
    // 200 trees of 8 m across: 200 of the 225 places of a grid of 8 m.
    let trees = square.clone().each(|x, y, building, tree, _| {
        let place = ((x - from) / 8.0).floor() + 15.0 * ((y - from) / 8.0).floor();
        if is_square(x, y) && *building <= 0.0 && place % 9.0 != 4.0 {
            *tree = 8.0;
        }
    });
    let with_trees = run(&trees, Choices::default())?;
    let grass = square.clone().each(|x, y, _, _, cover| {
        if is_square(x, y) {
            *cover = Cover::Grass;
        }
    });
    let depaved = run(&grass, Choices::default())?;
    let dry = run(&grass, Choices { wet: 0.0, ..Choices::default() })?;
    let pond = square.clone().each(|x, y, _, _, cover| {
        if is_square(x, y) {
            *cover = Cover::Water;
        }
    });
    let ponded = run(&pond, Choices::default())?;
    let mut white = Choices::default();
    white.albedo[usize::from(Cover::Roof.index())] = 0.7;
    let whitened = run(&square, white)?;
    let side = 320.0;
    let everywhere = |found: &[Hour]| square.mean(&found[14].air, 0.0, 0.0, side, side);
    let skin = |plan: &Plan, found: &[Hour]| plan.mean(&found[14].skin, from, from, to, to);
    Ok(vec![
        most(
            "200 trees on the square: its air at 15 h, K (parks: −0.94, Bowler et al. 2010)",
            at_15(&trees, &with_trees) - now,
            -0.1,
        ),
        least("200 trees: not more than 3 K cooler", at_15(&trees, &with_trees) - now, -3.0),
        most(
            "200 trees: the ground's surface at 15 h, K (cities: −8 to −12, Schwaab et al. 2021)",
            skin(&trees, &with_trees) - skin(&square, &today),
            -8.0,
        ),
        most("white roofs: the town's air at 15 h, K", everywhere(&whitened) - everywhere(&today), 0.0),
        least("white roofs: not more than 2 K cooler", everywhere(&whitened) - everywhere(&today), -2.0),
        most("depaving the square: its air at 15 h, K", at_15(&grass, &depaved) - now, -0.1),
        least("depaving: not more than 3 K cooler", at_15(&grass, &depaved) - now, -3.0),
        most("a pond in its place: its air at 15 h, K", at_15(&pond, &ponded) - now, 0.0),
        told("a pond in its place: its air at 3 h, K", {
            let at_3 = |found: &[Hour]| square.mean(&found[2].air, from, from, to, to);
            at_3(&ponded) - at_3(&today)
        }),
        least("dry grass instead of moist: its air at 15 h, K", at_15(&grass, &dry) - at_15(&grass, &depaved), 0.1),
        most("dry grass instead of moist: not more than 3 K", at_15(&grass, &dry) - at_15(&grass, &depaved), 3.0),
    ])
}

/// Open grass in the city's own cells, under a wind: its air is that of the station's meadow.
pub fn meadow(_: &Bench) -> Result<Vec<Figure>> {
    let plan = Plan::new(40, 4.0).each(|_, _, _, _, cover| *cover = Cover::Grass);
    let mut figures = Vec::new();
    for (wind, bar) in [(0.5, 1.0), (1.6, 1.0), (4.0, 0.5)] {
        let (hours, _) = plan.run(&Device::Cpu, &hot_day(wind)?, Choices::default(), Edges::Mean)?;
        let off: Vec<f64> = (1..=hours.len()).map(|label| island_of(&plan, &hours, &[label])).collect();
        let far = |off: f64, difference: &f64| off.max(difference.abs());
        let name = format!("a plain of grass, wind of {wind} m/s: its air off the station's, K");
        figures.push(most(format!("{name}: the most of all hours"), off.iter().fold(0.0, far), bar));
    }
    Ok(figures)
}

/// Highest heat island of a town on a day by the regression of Theeuwes et al. 2017, K.
fn by_theeuwes(plan: &Plan, hours: &[Forcing], wind: f64) -> f64 {
    let len = plan.grid.len();
    let scene = Scene::new(plan.grid, &vec![0.0; len], &plan.buildings, &plan.trees, 0.0);
    let side = plan.grid.cols as f64 * plan.grid.cell;
    let sky_view = plan.mean(&view(&scene).sky_view, 0.0, 0.0, side, side);
    let green = plan.covers.iter().filter(|cover| **cover == Cover::Grass).count() as f64 / len as f64;
    let air = |pick: fn(f64, f64) -> f64, from: f64| hours.iter().map(|hour| hour.weather.air).fold(from, pick);
    let day = Day {
        warmest: air(f64::max, f64::MIN),
        coolest: air(f64::min, f64::MAX),
        wind,
        global: hours.iter().map(|hour| hour.weather.global).sum::<f64>() / hours.len() as f64,
    };
    day.island(sky_view, green, 0.5 * (day.warmest + day.coolest), PRESSURE)
}

/// Towns of more and fewer houses, in more and less wind.
pub fn density(_: &Bench) -> Result<Vec<Figure>> {
    let night = [22usize, 23, 24, 1, 2, 3];
    let mut figures = Vec::new();
    let mut found = Vec::new();
    for (name, block, height) in [("loose", 12.0, 6.0f32), ("middling", 20.0, 10.0), ("dense", 28.0, 15.0)] {
        // Gardens of grass where few houses stand.
        let plan = blocks(60, 4.0, block, height).each(|x, y, building, _, cover| {
            if *building <= 0.0 && x % 40.0 > block.min(14.0) && y % 40.0 > 8.0 && block < 25.0 {
                *cover = Cover::Grass;
            }
        });
        let day = hot_day(2.5)?;
        let (hours, _) = plan.run(&Device::Cpu, &day, Choices::default(), Edges::Mean)?;
        found.push(island_of(&plan, &hours, &night));
        figures.push(told(format!("{name} town: island by night, K"), island_of(&plan, &hours, &night)));
        let most = (1..=24).map(|label| island_of(&plan, &hours, &[label])).fold(f64::MIN, f64::max);
        figures.push(told(format!("{name} town: the highest island of all hours, K"), most));
        let least = (1..=24).map(|label| island_of(&plan, &hours, &[label])).fold(f64::MAX, f64::min);
        figures.push(told(format!("{name} town: the lowest island of all hours, K"), least));
        figures.push(told(format!("{name} town: the same by Theeuwes et al. 2017, K"), by_theeuwes(&plan, &day, 2.5)));
    }
    figures.push(least("island by night: a middling town over a loose one, K", found[1] - found[0], 0.05));
    figures.push(least("island by night: a dense town over a middling one, K", found[2] - found[1], 0.05));
    let plan = blocks(60, 4.0, 28.0, 15.0);
    let windy: Vec<f64> = [2.0, 4.0, 7.0]
        .into_iter()
        .map(|wind| {
            let (hours, _) = plan.run(&Device::Cpu, &hot_day(wind)?, Choices::default(), Edges::Mean)?;
            Ok(island_of(&plan, &hours, &night))
        })
        .collect::<Result<_>>()?;
    figures.push(told("dense town, wind of 2 m/s: island by night, K", windy[0]));
    for wind in [2.0, 4.0, 7.0] {
        let name = format!("dense town, wind of {wind} m/s: the highest by Theeuwes et al. 2017, K");
        figures.push(told(name, by_theeuwes(&plan, &hot_day(wind)?, wind)));
    }
    figures.push(most("wind of 4 m/s instead of 2: K", windy[1] - windy[0], -0.1));
    figures.push(most("wind of 7 m/s instead of 4: K", windy[2] - windy[1], -0.1));
    Ok(figures)
}
