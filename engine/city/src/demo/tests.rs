//! The town over seeds and sizes.

use super::*;
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::objects::Building;
use std::collections::HashSet;

/// Seed, width, height and cell of the towns that are looked at.
const TOWNS: [(u64, f64, f64, f64); 7] = [
    (1, 100.0, 100.0, 0.5),
    (2, 600.0, 400.0, 1.0),
    (3, 1000.0, 1000.0, 1.0),
    (4, 2000.0, 1200.0, 2.0),
    (5, 2500.0, 2500.0, 2.0),
    (6, 5000.0, 4000.0, 4.0),
    (7, 12_000.0, 9000.0, 20.0),
];

fn town((seed, width, height, cell): (u64, f64, f64, f64)) -> City {
    demo(seed, width, height, cell).expect("a good size")
}

fn layers(city: &City) -> Vec<&Raster> {
    let optional = [&city.buildings, &city.water, &city.cover, &city.canopy];
    let optional = optional.into_iter().map(|layer| layer.as_ref().expect("a demo has it"));
    [&city.terrain, &city.manning, &city.infiltration].into_iter().chain(optional).collect()
}

fn water(city: &City) -> &Raster {
    city.water.as_ref().expect("a demo has it")
}

#[test]
fn a_seed_means_the_same_bits_and_another_seed_another_town() {
    let [one, same, other] = [7, 7, 8].map(|seed| demo(seed, 600.0, 400.0, 2.0).expect("a good size"));
    for (a, b) in layers(&one).into_iter().zip(layers(&same)) {
        assert!(a.values.iter().zip(&b.values).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", a.name);
    }
    assert_eq!(one.objects, same.objects);
    assert_ne!(one.terrain.values, other.terrain.values);
    assert_ne!(one.buildings, other.buildings);
    assert_ne!(one.objects.network, other.objects.network);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let (one, many) = (alone.install(|| town(TOWNS[1])), town(TOWNS[1]));
    assert_eq!(one.objects, many.objects);
    for (a, b) in layers(&one).into_iter().zip(layers(&many)) {
        assert!(a == b, "{}", a.name);
    }
}

#[test]
fn finer_cells_show_the_same_town() {
    // Also where the cell does not divide the sides.
    let [even, odd] = [2.0, 7.0].map(|cell| demo(1, 1500.0, 1500.0, cell).expect("a good size"));
    assert_eq!(even.objects, odd.objects);
    let [coarse, fine] = [2.0, 1.0].map(|cell| demo(3, 600.0, 400.0, cell).expect("a good size"));
    assert_eq!(coarse.objects, fine.objects);
    // Only edges differ: kerbs and quays in the bed, walls in the buildings.
    for (k, tolerance) in [(0, 0.02), (3, 0.3)] {
        let [coarse, fine] = [&coarse, &fine].map(|city| layers(city)[k]);
        let mut off = 0.0;
        for row in 0..coarse.grid.rows {
            for col in 0..coarse.grid.cols {
                let quarters = (0..4).map(|k| fine.at(2 * col + k % 2, 2 * row + k / 2));
                off += (quarters.sum::<f64>() / 4.0 - coarse.at(col, row)).abs();
            }
        }
        let off = off / coarse.grid.len() as f64;
        assert!(off < tolerance, "{}: {off} m", coarse.name);
    }
}

#[test]
fn sizes_are_as_asked_and_all_layers_finite() {
    for (width, height, cell) in [(100.0, 100.0, 0.5), (600.0, 400.0, 2.0), (3000.0, 100.0, 20.0)] {
        let city = demo(1, width, height, cell).expect("a good size");
        assert_eq!((city.grid.cols, city.grid.rows), ((width / cell) as usize, (height / cell) as usize));
        assert_eq!((city.grid.west, city.grid.south()), CORNER);
        for layer in layers(&city) {
            assert!(layer.values.iter().all(|v| v.is_finite()), "{}", layer.name);
        }
    }
}

/// The largest town, too, lies in the open water of the Markermeer.
#[test]
fn no_town_is_where_the_demo_lies() {
    let plane = hanze_base::plane::Plane::of(Crs::RD_NEW).expect("known");
    for (east, north) in [(0.0, 0.0), (12_000.0, 0.0), (0.0, 12_000.0), (12_000.0, 12_000.0)] {
        let (lon, lat) = plane.to_degrees((CORNER.0 + east, CORNER.1 + north)).expect("inside");
        assert!((5.14..5.34).contains(&lon) && (52.49..52.63).contains(&lat), "{lon}, {lat}");
    }
}

#[test]
fn every_road_leads_to_every_other() {
    for size in TOWNS {
        let network = town(size).objects.network;
        assert!(network.roads.len() > 10, "{size:?}: {} roads", network.roads.len());
        let mut ways = vec![Vec::new(); network.nodes.len()];
        for road in &network.roads {
            let [from, to] = road.nodes;
            ways[from].push(to);
            ways[to].push(from);
            let ends = [road.line[0], road.line[road.line.len() - 1]];
            assert_eq!(ends, [network.nodes[from], network.nodes[to]], "{size:?}: a line ends at its nodes");
            assert!(from != to && road.speed_kmh > 0.0 && road.lanes[0] > 0.0, "{size:?}");
        }
        let (mut seen, mut queue) = (HashSet::from([0]), vec![0]);
        while let Some(node) = queue.pop() {
            queue.extend(ways[node].iter().filter(|next| seen.insert(**next)));
        }
        assert_eq!(seen.len(), network.nodes.len(), "{size:?}: nodes that cannot be reached");
    }
}

#[test]
fn little_is_left_out_of_the_network() {
    for (seed, width, height, _) in [TOWNS[2], TOWNS[3], TOWNS[4], TOWNS[5]] {
        let plan = plan::Plan::new(seed, width, height);
        let (all, _) = network::all(&plan, &trees::Waters::new(&plan));
        let length = |network: &hanze_base::objects::Network| -> f64 {
            let lines = network.roads.iter().flat_map(|road| road.line.windows(2));
            lines.map(|pair| (pair[1] - pair[0]).length()).sum()
        };
        let (drawn, kept) = (length(&all), length(&network::largest_part(all)));
        assert!(kept > 0.98 * drawn, "seed {seed}: {kept} of {drawn} m");
    }
}

/// Whether a point lies in a building.
fn is_in(building: &Building, p: DVec2) -> bool {
    let corners = building.corners().expect("four");
    (0..4).all(|k| (corners[(k + 1) % 4] - corners[k]).perp_dot(p - corners[k]) > 0.0)
}

#[test]
fn streets_are_lower_than_doorsteps() {
    for size in &TOWNS[..5] {
        let city = town(*size);
        let (grid, buildings) = (city.grid, city.buildings.as_ref().expect("a demo has them"));
        let mut street = vec![false; grid.len()];
        for pair in city.objects.network.roads.iter().filter(|road| !road.bridge).flat_map(|road| road.line.windows(2))
        {
            for k in 0..=20 {
                let p = pair[0].lerp(pair[1], f64::from(k) / 20.0);
                if let Some((col, row)) = grid.cell_at(p.x, p.y) {
                    let at = row * grid.cols + col;
                    street[at] = buildings.values[at] == 0.0;
                }
            }
        }
        let mut compared = 0;
        for building in &city.objects.buildings {
            let floor = building.floor.expect("known");
            for corner in building.corners().expect("four") {
                let Some((col, row)) = grid.cell_at(corner.x, corner.y) else { continue };
                let reach = (9.0 / grid.cell) as usize;
                for row in row.saturating_sub(reach)..(row + reach + 1).min(grid.rows) {
                    for col in col.saturating_sub(reach)..(col + reach + 1).min(grid.cols) {
                        if street[row * grid.cols + col] {
                            let height = city.terrain.at(col, row);
                            assert!(height < floor - 0.1, "{size:?}: {height} m at a floor of {floor}",);
                            compared += 1;
                        }
                    }
                }
            }
        }
        assert!(compared > 100, "{size:?}: {compared} pairs");
    }
}

#[test]
fn water_lies_where_the_terrain_is_low_and_no_house_in_it() {
    for size in TOWNS {
        let city = town(size);
        let (water, buildings) = (water(&city), city.buildings.as_ref().expect("a demo has them"));
        for row in 0..city.grid.rows {
            for col in 0..city.grid.cols {
                let (bed, depth) = (city.terrain.at(col, row), water.at(col, row));
                assert!(depth == 0.0 || bed < ground::STAGE, "{size:?}: {depth} m of water on {bed} m NAP");
                assert!(depth > 0.0 || bed > ground::POLDER_STAGE, "{size:?}: {bed} m NAP is dry");
                assert!(depth == 0.0 || buildings.at(col, row) == 0.0, "{size:?}: a house in the water");
            }
        }
        // The footprints as drawn keep their distance, too, and not only the cells.
        let plan = plan::Plan::new(size.0, size.1, size.2);
        let waters = trees::Waters::new(&plan);
        let houses = houses::build(&plan);
        assert!(
            !houses.is_empty() && houses.iter().flat_map(|h| h.corners).all(|p| waters.distance(p) > 1.0),
            "{size:?}"
        );
    }
}

#[test]
fn houses_do_not_stand_in_each_other_and_trees_not_in_houses() {
    for size in &TOWNS[1..5] {
        let city = town(*size);
        let corners = |building: &Building| *building.corners().expect("four");
        let middle = |building: &Building| building.middle().expect("an area");
        let buildings = &city.objects.buildings;
        let half = DVec2::new(size.1, size.2) / 2.0;
        let centre = DVec2::new(city.grid.west, city.grid.south()) + half;
        let mut index = index::Index::new(half);
        for (k, building) in buildings.iter().enumerate() {
            index.add(k, &corners(building).map(|p| p - centre), 1.0);
        }
        for (k, building) in buildings.iter().enumerate() {
            for other in index.near(middle(building) - centre).filter(|other| *other != k) {
                let is_apart = !shapes::overlap(&corners(building), &corners(&buildings[other]), 0.5);
                assert!(is_apart, "{size:?}: {building:?} and {:?}", buildings[other]);
            }
        }
        for tree in &city.objects.trees {
            let hit = index.near(tree.at - centre).any(|k| is_in(&buildings[k], tree.at));
            assert!(!hit, "{size:?}: a tree in a house at {}", tree.at);
        }
        assert!(city.objects.trees.len() > 50, "{size:?}");
    }
}

#[test]
fn sixteen_neighbourhoods_live_and_work() {
    for size in [TOWNS[5], TOWNS[6], (1, 2000.0, 2000.0, 4.0)] {
        let city = town(size);
        let areas = &city.objects.areas;
        assert_eq!(areas.len(), 16);
        let ground: f64 = areas
            .iter()
            .map(|area| {
                let next = |k: usize| area.outline[(k + 1) % area.outline.len()];
                0.5 * area.outline.iter().enumerate().map(|(k, p)| p.perp_dot(next(k))).sum::<f64>()
            })
            .sum();
        // They cover the window once.
        assert!((ground / (size.1 * size.2) - 1.0).abs() < 0.002, "{size:?}: {ground} m²");
        let residents: u32 = areas.iter().map(|area| area.residents).sum();
        let jobs: u32 = areas.iter().map(|area| area.jobs).sum();
        assert!(areas.iter().all(|area| area.residents + area.jobs > 0), "{size:?}: {areas:?}");
        let names: HashSet<&str> = areas.iter().map(|area| area.name.as_str()).collect();
        assert_eq!(names.len(), 16);
        assert!(
            (10_000..300_000).contains(&residents) && jobs > residents / 12 && jobs < residents,
            "{residents}, {jobs}"
        );
    }
}

#[test]
fn the_relief_is_that_of_a_delta_town() {
    for size in [TOWNS[4], TOWNS[5]] {
        let city = town(size);
        let (low, high) = city.terrain.range().expect("there is ground");
        assert!((-2.0..-1.0).contains(&low) && (5.0..8.5).contains(&high), "{size:?}: {low} … {high} m NAP");
        let share = |cover: Cover| {
            let values = &city.cover.as_ref().expect("a demo has it").values;
            values.iter().filter(|value| **value == f32::from(cover as u8)).count() as f64 / city.grid.len() as f64
        };
        for cover in Cover::ALL {
            assert!(share(cover) > 0.01, "{size:?}: {cover:?} covers {}", share(cover));
        }
    }
}

/// No water stands next to lower dry ground, and touching water has one level.
#[test]
fn water_is_at_rest_at_the_start() {
    for size in TOWNS {
        let city = town(size);
        let (grid, bed, water) = (city.grid, &city.terrain.values, &water(&city).values);
        let level = |at: usize| bed[at] + water[at];
        for at in 0..grid.len() {
            let east = (at % grid.cols + 1 < grid.cols).then_some(at + 1);
            let south = (at + grid.cols < grid.len()).then_some(at + grid.cols);
            for to in [east, south].into_iter().flatten() {
                let still = match (water[at] > 0.0, water[to] > 0.0) {
                    (true, true) => level(at) == level(to),
                    (true, false) => level(at) <= bed[to],
                    (false, true) => level(to) <= bed[at],
                    (false, false) => true,
                };
                assert!(still, "{size:?}: {at} and {to}: {} and {}", level(at), level(to));
            }
        }
        assert!(water.iter().any(|&depth| depth > 0.8), "{size:?}: some water");
        assert!(water.iter().all(|&depth| depth <= 2.0), "{size:?}: shallow water only");
    }
}

#[test]
fn bad_sizes_are_refused() {
    for (width, height, cell) in [
        (99.0, 500.0, 1.0),
        (500.0, 12_001.0, 1.0),
        (f64::NAN, 500.0, 1.0),
        (500.0, 500.0, 0.2),
        (500.0, 500.0, 21.0),
        (12_000.0, 12_000.0, 0.25),
    ] {
        let error = demo(1, width, height, cell).expect_err("refused").to_string();
        assert!(error.starts_with("city.demo."), "{error}");
    }
}
