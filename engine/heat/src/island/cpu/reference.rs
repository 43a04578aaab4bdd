//! Walls and cells one at a time, as formulas read; what the blocks find must be the same bit by bit.

use super::super::air::{Choices, DirectShortwave, Sky, StepForcing, ViewFactors, Wind};
use super::super::column::{
    Balance, CAPACITY, Conduction, LAYERS, Load, WALL_LAYERS, balance, evaporation, saturation,
};
use super::super::exchange::{AIR, Aloft, DENSITY, LATENT, Over, Rough, at_2_m, meadow, smooth};
use super::super::flow::Faces;
use super::super::grids::Pair;
use super::super::params::{Effect, black};
use super::super::town::{NONE, Town};
use super::super::transport::passing;
use super::cells::{BUCKET, CROWN, Effects, WATER};
use super::lanes::{blocks, place};
use super::walls::WallEffects;
use super::{Air, Beam, CpuAir, LANES, LEAF_CAUGHT, LEAF_EMISSIVITY, LEAVES, NeighbourRadiosity, ROUNDS, Scratch};
use crate::scene::{EYE, Scene};
use crate::sun::Sun;
use hanze_base::cover::Cover;
use hanze_base::grid::Grid;
use hanze_model::validate::noise;

/// Around a cell, W/m²: shortwave and longwave of ground and walls, longwave of walls, longwave of crowns.
type Faced = [f32; 4];

impl CpuAir {
    /// A wall in a pass: its balance, and the shortwave and longwave radiation that it sends out.
    fn wall(&self, w: usize, forcing: &StepForcing, neighbours: &Faced, first: f32) -> (Balance, [f32; 2]) {
        let walls = &self.town.walls;
        let skin = self.wall.skin;
        let (sky, diffuse, through) = (forcing.sky as f32, forcing.diffuse as f32, forcing.through as f32);
        let cell = walls.cell[w] as usize;
        let [short, long, _, crowns] = *neighbours;
        let (open, leaves) = (walls.sky[w], walls.crowns[w]);
        let remainder = (1.0 - open - leaves).max(0.0);
        let beam = self.beam.walls.get(w).copied().unwrap_or(0.0);
        let short = beam + (open + leaves * through) * diffuse + remainder * short;
        let long = open * sky + leaves * crowns + remainder * long;
        let load = Load {
            absorbed: (1.0 - skin.albedo) * short + skin.emissivity * long,
            emissivity: skin.emissivity,
            convection: self.convection_at(cell, forcing),
            air: self.air[0][cell],
            top: skin.top,
            first: (first, skin.b),
            ..Load::default()
        };
        let found = balance(&load, self.wall_skin[w]);
        let up = skin.emissivity * black(found.skin) + (1.0 - skin.emissivity) * long;
        (found, [skin.albedo * short, up])
    }

    /// What leaves skins for each kelvin, W/m²K (Rowley; Masson 2000).
    fn convection_at(&self, cell: usize, forcing: &StepForcing) -> f32 {
        11.8 + 4.2 * self.breeze_at(cell, forcing)
    }

    /// Wind at surfaces with what convection stirs, m/s.
    fn breeze_at(&self, cell: usize, forcing: &StepForcing) -> f32 {
        let speed = self.wind.as_ref().map_or(0.0, |wind| wind.speed[cell]);
        let gust = forcing.gust as f32;
        (speed * speed + gust * gust).sqrt()
    }

    /// The surfaces of a cell in a pass, but for its wall.
    fn cell(&self, cell: usize, forcing: &StepForcing, neighbours: &Faced, first: f32) -> Effect {
        let material = &self.materials[usize::from(self.town.covers[cell])];
        let skin = material.skin;
        let [short_around, long_around, wall_long, crown_long] = *neighbours;
        let [air, humidity] = [0, 1].map(|f| self.air[f][cell]);
        let aloft = forcing.aloft.air as f32;
        let is_open = self.town.is_open[cell];
        let [height, rough] = self.wind.as_ref().map_or([60.0, 0.03], |wind| wind.rough[cell]);
        let below = if is_open { air } else { forcing.edge.0 as f32 };
        // Above houses the air is mixed.
        let mixed = forcing.aloft.mixed as f32;
        let over = mixed + smooth(rough) * (aloft - mixed);
        let meadow_over = (forcing.over.ratio as f32, forcing.over.richardson as f32);
        let (exchange, like) = Rough::new(height, rough).exchange(forcing.above as f32, over, below, meadow_over);
        let remainder = like * forcing.over.remainder as f32 + AIR as f32 * exchange * (aloft - over);
        let breeze = self.breeze_at(cell, forcing);
        let convection = 11.8 + 4.2 * breeze;
        let speed = self.wind.as_ref().map_or(0.0, |wind| wind.speed[cell]);
        let wind_at_2_m = at_2_m(speed, forcing.gust as f32);
        let long = self.sky.long[cell]
            + self.view_factors.walls[cell] * wall_long
            + self.view_factors.crowns[cell] * crown_long;
        let short = self.beam.ground.get(cell).copied().unwrap_or(0.0) + self.sky.short[cell];
        let albedo = self.scene.albedo_of(cell, skin.albedo);
        let mut load = Load {
            absorbed: (1.0 - albedo) * short + skin.emissivity * long,
            emissivity: skin.emissivity,
            convection,
            air,
            top: skin.top,
            first: (first, skin.b),
            ..Load::default()
        };
        if skin.is_roof > 0.0 {
            load.convection = 1.0 / (1.0 / convection + 1.0 / (AIR as f32 * exchange));
            load.air = over;
        } else if skin.is_water > 0.0 {
            let bulk = 1.3e-3 * forcing.at_10_m as f32;
            load.convection = AIR as f32 * bulk;
            let (full, slope) = saturation(self.skin[cell]);
            // g/kg for each kPa.
            let each = 6220.0 / forcing.pressure as f32;
            let by = DENSITY as f32 * LATENT as f32 * 1e-3 * bulk;
            load.bulk = (by * (each * (full - slope * self.skin[cell]) - humidity), by * each * slope);
        } else if skin.bucket > 0.0 {
            load.evaporation = evaporation(self.water[cell], air);
        }
        let mut ground = Balance { skin: self.skin[cell], ..Balance::default() };
        // What grass and soil give in the open depends on how warm they are.
        for _ in 0..if skin.bucket > 0.0 { ROUNDS } else { 1 } {
            if skin.bucket > 0.0 {
                load.convection = convection + smooth(rough) * (meadow(wind_at_2_m, air, ground.skin) - convection);
            }
            ground = balance(&load, ground.skin);
        }
        let up = skin.emissivity * black(ground.skin) + (1.0 - skin.emissivity) * long;
        let mut found = Effect {
            exchange,
            skin: ground.skin,
            ground_latent: ground.latent,
            crown: self.crown[cell],
            short: albedo * short,
            long: up,
            ..Effect::default()
        };
        let open_sky = self.town.crown_sky[cell];
        if open_sky > 0.0 {
            let (sky, diffuse) = (forcing.sky as f32, forcing.diffuse as f32);
            let lit = self.beam.crowns.get(cell).copied().unwrap_or(0.0);
            let short = lit + open_sky * diffuse + (1.0 - open_sky) * short_around;
            let caught = LEAF_CAUGHT * short * (1.0 - forcing.through as f32);
            let sky = open_sky * sky + (1.0 - open_sky) * long_around;
            let leaves = Load {
                absorbed: caught + LEAF_EMISSIVITY * (sky + up),
                emissivity: 2.0 * LEAF_EMISSIVITY,
                convection: AIR as f32 * 0.012 * breeze.max(0.1).sqrt() * LEAVES,
                air,
                evaporation: evaporation(self.roots[cell], air),
                ..Load::default()
            };
            let crown = balance(&leaves, self.crown[cell]);
            (found.crown, found.crown_latent) = (crown.skin, crown.latent);
            found.crown_long = LEAF_EMISSIVITY * black(crown.skin) + (1.0 - LEAF_EMISSIVITY) * up;
            found.conductance += 0.5 * leaves.convection;
            found.source += 0.5 * leaves.convection * crown.skin;
            found.latent += 0.5 * crown.latent;
            found.bypass += 0.5 * crown.sensible;
        }
        if is_open {
            found.conductance += load.convection;
            found.source += load.convection * ground.skin - remainder;
            found.bypass += remainder;
            found.latent += ground.latent - like * forcing.over.remainder_latent as f32;
        } else {
            found.bypass += ground.sensible;
        }
        found
    }

    /// Decay and right-hand side of the air of a cell in a pass.
    fn mixed(&self, cell: usize, forcing: &StepForcing, scratch: &Scratch) -> (Pair, Pair) {
        let Scratch { old, gain, cells, walls, .. } = scratch;
        let (town, step) = (&self.town, self.choices.step as f32);
        let Some(wind) = &self.wind else { return ([0.0; 2], [0.0; 2]) };
        let depth = town.depth;
        let (edge, aloft) = ([forcing.edge.0 as f32, forcing.edge.1 as f32], forcing.aloft);
        let aloft = [aloft.air as f32, aloft.humidity as f32];
        let moist = 1000.0 / (DENSITY * LATENT) as f32;
        if !town.is_open[cell] {
            return ([0.0; 2], [0.0; 2]);
        }
        let (block, lane) = place(cell);
        let effects = &cells[block];
        let (mut conductance, mut source, latent) =
            (effects.conductance[lane], effects.source[lane], effects.latent[lane]);
        let wall = town.wall_of[cell];
        if wall != NONE {
            let (block, lane) = place(wall as usize);
            let by = town.walls.area[wall as usize] * self.convection_at(cell, forcing);
            conductance += by;
            source += by * walls[block].skin[lane];
        }
        source += self.sky.anthropogenic.get(cell).copied().unwrap_or(0.0);
        let exchange = effects.exchange[lane] / depth;
        let by = 1.0 / (AIR as f32 * depth);
        let (out, inflow) = (wind.passing.out[cell] + 1.0 / step + exchange, wind.passing.inflow[cell]);
        let same = |k: usize| old[k][cell] / step + inflow * edge[k] + exchange * aloft[k] + gain[k][cell];
        ([out + by * conductance, out], [same(0) + by * source, same(1) + moist * latent / depth])
    }
}

/// A number between two others.
fn between(random: &mut impl FnMut() -> f64, low: f32, high: f32) -> f32 {
    low + (high - low) * random() as f32
}

/// A town of all covers whose surfaces, air and wind have numbers of all kinds. Its first cells are of asphalt, without trees.
fn town(seed: u64, has_sun: bool, has_albedo: bool) -> CpuAir {
    town_with(seed, has_sun, has_albedo, Choices::default())
}

/// The same with choices.
fn town_with(seed: u64, has_sun: bool, has_albedo: bool, choices: Choices) -> CpuAir {
    let mut random = noise(seed);
    let grid = Grid::local(37, 29, 3.0);
    let len = grid.len();
    let mut list = |count: usize, low: f32, high: f32| -> Vec<f32> {
        (0..count).map(|_| between(&mut random, low, high)).collect()
    };
    let dice = list(len, 0.0, 6.0);
    let is_house = |k: usize| k >= 2 * LANES && k % 37 % 7 > 3 && k / 37 % 6 > 2;
    let houses: Vec<f32> = (0..len).map(|k| if is_house(k) { 3.0 + 2.0 * dice[k] } else { 0.0 }).collect();
    let trees: Vec<f32> =
        (0..len).map(|k| if k >= 2 * LANES && !is_house(k) && dice[k].fract() > 0.6 { 9.0 } else { 0.0 }).collect();
    let covers: Vec<u8> = (0..len).map(|k| if k < 2 * LANES { 1 } else { dice[k] as u8 }).collect();
    let mut scene = Scene::new(grid, &vec![0.0; len], &houses, &trees, EYE);
    if has_albedo {
        scene.albedo = list(len, 0.05, 0.9);
    }
    let town = Town::new(&scene, &houses, &covers);
    let count = town.walls.cell.len();
    let mut air = CpuAir::new(town, scene, choices);
    air.columns = list(air.columns.len(), 5.0, 40.0);
    air.wall_columns = list(air.wall_columns.len(), 5.0, 40.0);
    (air.skin, air.crown, air.wall_skin) = (list(len, 2.0, 55.0), list(len, 5.0, 40.0), list(count, 2.0, 55.0));
    (air.water, air.roots) = (list(len, 0.0, CAPACITY), list(len, 0.0, CAPACITY));
    air.air = [list(len, 8.0, 38.0), list(len, 3.0, 15.0)];
    air.view_factors = ViewFactors { walls: list(len, 0.0, 0.5), crowns: list(len, 0.0, 0.4) };
    if has_sun {
        air.beam =
            Beam { ground: list(len, 0.0, 800.0), crowns: list(len, 0.0, 800.0), walls: list(count, 0.0, 600.0) };
    }
    let sky = Sky { short: list(len, 0.0, 150.0), long: list(len, 200.0, 420.0), anthropogenic: list(len, 0.0, 20.0) };
    let rough = list(len, 45.0, 60.0).into_iter().zip(list(len, -3.5, 1.0)).map(|(height, log)| [height, log.exp()]);
    let rough = rough.collect();
    let mut faces = Faces::still(grid.cols, grid.rows);
    (faces.east, faces.south) = (list(faces.east.len(), -2.0, 2.0), list(faces.south.len(), -2.0, 2.0));
    let passing = passing(&faces, &air.town.is_open, &list(len, 0.2, 3.0), grid.cell as f32, false);
    air.hour(&Wind { faces, passing, speed: list(len, 0.5, 6.0), rough }, &sky).unwrap();
    air
}

/// Moments of a day: of an unstable noon, a stable night, and an evening in which the meadow gives heat besides.
fn forcings() -> [StepForcing; 3] {
    let noon = StepForcing {
        aloft: Aloft { air: 22.0, mixed: 22.5, humidity: 8.0 },
        edge: (27.0, 9.0),
        above: 6.0,
        at_10_m: 4.0,
        gust: 0.9,
        over: Over { ratio: 1.3, richardson: -0.7, remainder: 0.0, remainder_latent: 12.0 },
        diffuse: 140.0,
        sky: 370.0,
        through: 0.05,
        rain: 1e-7,
        pressure: 1012.0,
        water_step: 600.0,
    };
    let night = StepForcing {
        aloft: Aloft { air: 24.0, mixed: 20.0, humidity: 9.0 },
        edge: (15.0, 9.5),
        above: 2.0,
        at_10_m: 1.0,
        gust: 0.0,
        over: Over { ratio: 0.3, richardson: 0.15, remainder: 0.0, remainder_latent: -3.0 },
        diffuse: 0.0,
        sky: 300.0,
        water_step: 0.0,
        ..noon
    };
    let over = Over { ratio: 1.0, richardson: 0.01, remainder: 35.0, remainder_latent: 4.0 };
    [noon, night, StepForcing { over, above: 3.0, gust: 0.4, ..night }]
}

/// Radiosity around the cells: numbers between those of a cold night and of a hot street.
fn surroundings(seed: u64, cells: usize) -> Vec<NeighbourRadiosity> {
    let mut random = noise(seed);
    let mut neighbours = vec![NeighbourRadiosity::NONE; blocks(cells)];
    for block in &mut neighbours {
        let NeighbourRadiosity { short, long, walls, crowns } = block;
        short.iter_mut().for_each(|value| *value = between(&mut random, 0.0, 200.0));
        for lanes in [long, walls, crowns] {
            lanes.iter_mut().for_each(|value| *value = between(&mut random, 250.0, 550.0));
        }
    }
    neighbours
}

/// Around a cell.
fn at(neighbours: &[NeighbourRadiosity], cell: usize) -> Faced {
    let (block, lane) = place(cell);
    let NeighbourRadiosity { short, long, walls, crowns } = &neighbours[block];
    [short[lane], long[lane], walls[lane], crowns[lane]]
}

/// Temperature of the first layer below each skin, and behind that of each wall, if those had 0 °C.
fn first_layers(air: &CpuAir) -> (Vec<f32>, Vec<f32>) {
    let (mut ground, mut walls) = (vec![0.0; air.skin.len()], vec![0.0; air.wall_skin.len()]);
    air.forward_elimination(&mut ground, &mut walls);
    (ground, walls)
}

/// Layers of a column, in a list of blocks of so many layers.
fn layers(columns: &[f32], at: usize, layers: usize) -> Vec<f32> {
    let (block, lane) = place(at);
    (0..layers).map(|layer| columns[(block * layers + layer) * LANES + lane]).collect()
}

/// Panics unless numbers are the same bits.
fn check(name: &str, at: usize, found: &[f32], wanted: &[f32]) {
    let same = found.iter().zip(wanted).all(|(found, wanted)| found.to_bits() == wanted.to_bits());
    assert!(same && wanted.iter().all(|value| value.is_finite()), "{name} {at}: {found:?} for {wanted:?}");
}

#[test]
fn the_town_has_cells_and_blocks_of_all_kinds() {
    let air = town(3, true, true);
    let any: Vec<u32> = air.kinds.chunks(LANES).map(|block| block.iter().fold(0, |any, kind| any | kind)).collect();
    for kind in [BUCKET, CROWN, WATER] {
        assert!(any.iter().any(|any| any & kind != 0) && any.iter().any(|any| any & kind == 0), "{kind}: {any:?}");
    }
    let has = |cover: Cover| air.town.covers.iter().any(|code| Cover::ALL[usize::from(*code)] == cover);
    assert!(Cover::ALL.into_iter().all(has));
    let walls = air.town.walls.cell.len();
    assert!(walls > LANES && !walls.is_multiple_of(LANES) && !air.kinds.len().is_multiple_of(LANES));
}

#[test]
fn blocks_of_cells_find_what_each_cell_finds() {
    for (seed, has_sun, has_albedo) in [(3, true, true), (4, false, false)] {
        let air = town(seed, has_sun, has_albedo);
        let len = air.skin.len();
        let (neighbours, first) = (surroundings(seed, len), first_layers(&air).0);
        for forcing in forcings() {
            let mut found = vec![Effects::NONE; blocks(len)];
            air.cells(&forcing, &neighbours, &first, &mut found);
            for (cell, first) in first.iter().enumerate() {
                let (block, lane) = place(cell);
                let effects = &found[block];
                let wanted = air.cell(cell, &forcing, &at(&neighbours, cell), *first);
                let found = [
                    [effects.conductance[lane], effects.source[lane], effects.latent[lane], effects.bypass[lane]],
                    [effects.exchange[lane], effects.skin[lane], effects.ground_latent[lane], effects.crown[lane]],
                    [effects.crown_latent[lane], effects.short[lane], effects.long[lane], effects.crown_long[lane]],
                ];
                let wanted = [
                    [wanted.conductance, wanted.source, wanted.latent, wanted.bypass],
                    [wanted.exchange, wanted.skin, wanted.ground_latent, wanted.crown],
                    [wanted.crown_latent, wanted.short, wanted.long, wanted.crown_long],
                ];
                check("cell", cell, found.as_flattened(), wanted.as_flattened());
            }
        }
    }
}

#[test]
fn blocks_of_walls_find_what_each_wall_finds() {
    for (seed, has_sun) in [(5, true), (6, false)] {
        let air = town(seed, has_sun, false);
        let (neighbours, first) = (surroundings(seed, air.skin.len()), first_layers(&air).1);
        for forcing in forcings() {
            let mut found = vec![WallEffects::NONE; blocks(first.len())];
            air.walls(&forcing, &neighbours, &first, &mut found);
            for (w, first) in first.iter().enumerate() {
                let (block, lane) = place(w);
                let effects = &found[block];
                let cell = air.town.walls.cell[w] as usize;
                let (balance, [short, long]) = air.wall(w, &forcing, &at(&neighbours, cell), *first);
                let found = [effects.convection[lane], effects.skin[lane], effects.short[lane], effects.long[lane]];
                check("wall", w, &found, &[air.convection_at(cell, &forcing), balance.skin, short, long]);
                assert!(air.town.wall_of[cell] != NONE);
            }
        }
    }
}

#[test]
fn blocks_of_columns_find_what_each_column_finds() {
    for conduction in [Conduction::Layers, Conduction::ForceRestore] {
        let mut air = town_with(7, true, false, Choices { conduction, ..Choices::default() });
        let (len, walls) = (air.skin.len(), air.wall_skin.len());
        let (ground_first, wall_first_layer) = first_layers(&air);
        let mut random = noise(8);
        let mut cells = vec![Effects::NONE; blocks(len)];
        let mut faces = vec![WallEffects::NONE; blocks(walls)];
        for skin in cells.iter_mut().map(|block| &mut block.skin).chain(faces.iter_mut().map(|block| &mut block.skin)) {
            skin.iter_mut().for_each(|value| *value = between(&mut random, 2.0, 60.0));
        }
        let (columns, wall_columns) = (air.columns.clone(), air.wall_columns.clone());
        air.column_storage(&cells, &faces);
        for (cell, first) in ground_first.iter().enumerate() {
            let material = &air.materials[usize::from(air.town.covers[cell])];
            let mut wanted = layers(&columns, cell, LAYERS);
            check("first layer of cell", cell, &[*first], &[material.up(|k| wanted[k])]);
            let (block, lane) = place(cell);
            material.down(cells[block].skin[lane], &mut wanted, 1);
            check("column of cell", cell, &layers(&air.columns, cell, LAYERS), &wanted);
        }
        for (w, first) in wall_first_layer.iter().enumerate() {
            let mut wanted = layers(&wall_columns, w, WALL_LAYERS);
            check("first layer of wall", w, &[*first], &[air.wall.up(|k| wanted[k])]);
            let (block, lane) = place(w);
            air.wall.down(faces[block].skin[lane], &mut wanted, 1);
            check("column of wall", w, &layers(&air.wall_columns, w, WALL_LAYERS), &wanted);
        }
        // Where no cell or wall is, nothing changes: it is part of the state.
        let ends = [(&air.columns, &columns, len, LAYERS), (&air.wall_columns, &wall_columns, walls, WALL_LAYERS)];
        for (found, wanted, count, depth) in ends {
            for at in count..blocks(count) * LANES {
                check("no column", at, &layers(found, at, depth), &layers(wanted, at, depth));
            }
        }
    }
}

#[test]
fn blocks_find_the_system_of_each_cell() {
    for (seed, has_anthropogenic) in [(9, true), (10, false)] {
        let mut air = town(seed, true, false);
        if !has_anthropogenic {
            air.sky.anthropogenic.clear();
        }
        let (len, walls) = (air.skin.len(), air.wall_skin.len());
        for forcing in forcings() {
            let mut random = noise(seed);
            let mut scratch = Scratch::default();
            scratch.fit(len, walls);
            air.forward_elimination(&mut scratch.first_layer, &mut scratch.wall_first_layer);
            scratch.neighbours = surroundings(seed, len);
            scratch.old = [0, 1].map(|_| (0..len).map(|_| between(&mut random, 5.0, 30.0)).collect());
            scratch.gain = [0, 1].map(|_| (0..len).map(|_| between(&mut random, -0.02, 0.02)).collect());
            air.walls(&forcing, &scratch.neighbours, &scratch.wall_first_layer, &mut scratch.walls);
            air.cells(&forcing, &scratch.neighbours, &scratch.first_layer, &mut scratch.cells);
            air.system(&forcing, &scratch);
            let wanted: Vec<(Pair, Pair)> = (0..len).map(|cell| air.mixed(cell, &forcing, &scratch)).collect();
            let (decay, rhs) = air.grids.finest();
            for (cell, (wanted_decay, wanted_rhs)) in wanted.into_iter().enumerate() {
                check("decay of cell", cell, &[decay[0][cell], decay[1][cell]], &wanted_decay);
                check("right-hand side of cell", cell, &[rhs[0][cell], rhs[1][cell]], &wanted_rhs);
            }
        }
    }
}

#[test]
fn positions_of_the_sun_add_up() {
    let mut air = town(12, false, false);
    let position = |altitude, azimuth| DirectShortwave { sun: Sun { altitude, azimuth }, direct: 300.0, through: 0.03 };
    let shortwave = [position(0.4, 1.9), position(0.7, 2.9), position(0.3, 4.4)];
    let mut of = |shortwave: &[DirectShortwave]| {
        air.sun(shortwave).unwrap();
        let Beam { ground, crowns, walls } = &air.beam;
        [ground.clone(), crowns.clone(), walls.clone()]
    };
    let each = shortwave.map(|position| of(&[position]));
    let lit = |position: usize, cell: usize| each[position][0][cell] > 0.0;
    // Some cells are in the sun for a part of the time.
    assert!((0..each[0][0].len()).any(|cell| lit(0, cell) && !lit(1, cell)));
    for (part, found) in of(&shortwave).iter().enumerate() {
        assert!(!found.is_empty());
        for (k, found) in found.iter().enumerate() {
            check("beam", k, &[*found], &[each[0][part][k] + each[1][part][k] + each[2][part][k]]);
        }
    }
    assert!(of(&[]).iter().all(Vec::is_empty));
}

#[test]
fn a_step_follows_from_the_state_alone() {
    let new = || {
        let mut air = town(11, true, false);
        // A steady wind from the west.
        let mut faces = Faces::still(37, 29);
        faces.east.fill(0.8);
        let passing = passing(&faces, &air.town.is_open, &vec![1.0; air.skin.len()], 3.0, false);
        let (speed, rough) = air.wind.as_ref().map(|wind| (wind.speed.clone(), wind.rough.clone())).unwrap();
        let sky = air.sky.clone();
        air.hour(&Wind { faces, passing, speed, rough }, &sky).unwrap();
        air
    };
    let (mut one, mut other) = (new(), new());
    let [noon, night, evening] = forcings();
    one.step(&noon).unwrap();
    one.step(&night).unwrap();
    let state = one.state().unwrap();
    assert_eq!(state.len(), one.state_len());
    assert!(state.iter().all(|number| number.is_finite()));
    // Temperature and humidity of a cell lie together.
    let air = one.columns.len() + one.wall_columns.len() + 4 * one.skin.len() + one.wall_skin.len();
    assert_eq!(state[air..air + 4], [one.air[0][0], one.air[1][0], one.air[0][1], one.air[1][1]]);
    other.set_state(&state).unwrap();
    // Steps of another length change the state when they are taken, and not before.
    other.pace(1800.0).unwrap();
    assert_eq!(other.state().unwrap(), state);
    other.step(&evening).unwrap();
    other.pace(600.0).unwrap();
    other.set_state(&state).unwrap();
    assert_eq!(other.state().unwrap(), state);
    // What the steps before worked on is left behind, in one and the other.
    assert_eq!(one.step(&evening).unwrap(), other.step(&evening).unwrap());
    assert_eq!(one.state().unwrap(), other.state().unwrap());
}
