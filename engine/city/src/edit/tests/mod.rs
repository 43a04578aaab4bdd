//! Edits on the demo town: what each kind changes and what it leaves, what is refused, and that a list without an edit is as if that
//! edit had never been.

mod bad;
mod kinds;
mod undo;

use super::*;
use crate::demo::demo;
use hanze_base::cover::Cover;
use hanze_base::raster::Raster;

/// A town of cells of 2 m, with a meadow near its south-western corner.
fn town() -> City {
    let mut city = demo(2, 600.0, 400.0, 2.0).expect("a good size");
    let low = DVec2::new(city.grid.west + 40.0, city.grid.south() + 40.0);
    let high = low + 40.0;
    let meadow = rectangle([low, high]);
    let meets = |(from, to): (DVec2, DVec2)| to.cmpge(low).all() && from.cmple(high).all();
    let is_beside = |outline: &Outline| !outline.bounds().is_some_and(meets);
    city.objects.trees.retain(|tree| !meets((tree.at - tree.radius, tree.at + tree.radius)));
    city.objects.buildings.retain(|building| is_beside(&building.footprint));
    city.places.buildings.retain(|place| is_beside(&place.outline));
    city.places.roads.retain(|place| is_beside(&place.outline));
    let (manning, infiltration) = Cover::Grass.hydraulics();
    let grass = f32::from(Cover::Grass as u8);
    meadow.fill(&city.grid, &mut city.terrain.values, 3.0);
    meadow.fill(&city.grid, &mut city.manning.values, manning);
    meadow.fill(&city.grid, &mut city.infiltration.values, infiltration);
    for (layer, value) in [
        (&mut city.buildings, 0.0),
        (&mut city.water, 0.0),
        (&mut city.canopy, 0.0),
        (&mut city.sewered, 0.0),
        (&mut city.cover, grass),
    ] {
        meadow.fill(&city.grid, &mut layer.as_mut().expect("a demo has it").values, value);
    }
    city
}

/// The same with its network of roads.
fn town_with_roads() -> City {
    let mut city = town();
    let rules = Rules::dutch().expect("shipped");
    city.network = Some(crate::roads::demo(&city.objects.network, &rules));
    city
}

/// All layers by name.
fn layers(city: &City) -> Vec<(&'static str, Option<&Raster>)> {
    vec![
        ("terrain", Some(&city.terrain)),
        ("buildings", city.buildings.as_ref()),
        ("manning", Some(&city.manning)),
        ("infiltration", Some(&city.infiltration)),
        ("suction", city.soil.suction.as_ref()),
        ("initial_infiltration", city.soil.horton.as_ref().map(|(initial, _)| initial)),
        ("interception", city.soil.interception.as_ref()),
        ("water", city.water.as_ref()),
        ("cover", city.cover.as_ref()),
        ("albedo", city.albedo.as_ref()),
        ("sewered", city.sewered.as_ref()),
        ("canopy", city.canopy.as_ref()),
    ]
}

/// What differs between two cities, to the last bit.
fn difference(one: &City, other: &City) -> Option<String> {
    for ((name, a), (_, b)) in layers(one).into_iter().zip(layers(other)) {
        let bits = |layer: Option<&Raster>| {
            layer.map(|own| (own.datum.to_bits(), own.values.iter().map(|v| v.to_bits()).collect::<Vec<u32>>()))
        };
        if bits(a) != bits(b) {
            return Some(name.into());
        }
    }
    let parts = [
        ("objects", one.objects == other.objects),
        ("places", one.places == other.places),
        ("network", one.network == other.network),
        ("districts", one.districts == other.districts),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(name, _)| name.into())
}

/// A square of free ground of one cover, without crowns, water, roads and buildings in it or beside it.
fn free_square(city: &City, cells: usize, cover: Cover) -> [DVec2; 2] {
    let grid = city.grid;
    let mut is_taken = vec![false; grid.len()];
    city.places.roads.iter().for_each(|place| place.outline.fill(&grid, &mut is_taken, true));
    let layer = |layer: &Option<Raster>, cell: usize| layer.as_ref().expect("a demo has it").values[cell];
    for (cell, is_taken) in is_taken.iter_mut().enumerate() {
        *is_taken |= [&city.buildings, &city.water, &city.canopy].iter().any(|own| layer(own, cell) > 0.0);
        *is_taken |= layer(&city.cover, cell) != f32::from(cover as u8);
    }
    for row in 1..grid.rows - cells - 1 {
        for col in 1..grid.cols - cells - 1 {
            let free = |r: usize| (0..cells + 2).all(|c| !is_taken[(row - 1 + r) * grid.cols + col - 1 + c]);
            if (0..cells + 2).all(free) {
                let west = grid.west + col as f64 * grid.cell;
                let north = grid.north - row as f64 * grid.cell;
                let side = cells as f64 * grid.cell;
                return [DVec2::new(west, north - side), DVec2::new(west + side, north)];
            }
        }
    }
    panic!("no free square of {cells} cells of {cover:?}");
}

/// The outline of a rectangle.
fn rectangle([low, high]: [DVec2; 2]) -> Outline {
    Outline::of(vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)])
}

fn house(outline: Outline, height: f64) -> What {
    What::Building(NewBuilding {
        outline,
        height,
        roof: Roof::Flat,
        use_: Use::Dwelling,
        residents: 40.0,
        jobs: 0.0,
        green_roof: 0.0,
        albedo: None,
    })
}

fn trees(place: Shape, amount: Option<Amount>) -> What {
    What::Trees(Planting { place, amount, height: 10.0, crown: 6.0, species: Species::Broadleaf })
}

fn edited(city: &City, edits: &[Edit]) -> (City, Touched) {
    city.edited(edits).unwrap_or_else(|error| panic!("{error}"))
}

/// xorshift64*: the same edits on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() >> 33) as usize % most
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
