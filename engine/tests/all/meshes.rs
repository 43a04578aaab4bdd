//! GLB files of the demo town, read back as a viewer reads them.

use glam::{DVec2, DVec3};
use hanze_engine::city::City;
use hanze_engine::city::demo::demo;
use hanze_engine::export::{Look, View, town, water};
use hanze_engine::raster::Raster;
use serde_json::Value;
use std::path::Path;

/// A GLB file, taken apart.
struct Glb {
    json: Value,
    data: Vec<u8>,
}

fn read(path: &Path) -> Glb {
    let bytes = std::fs::read(path).expect("a file");
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    assert_eq!((&bytes[..4], word(4), word(8)), (b"glTF".as_slice(), 2, bytes.len()));
    let json = word(12);
    assert_eq!((&bytes[16..20], json % 4), (b"JSON".as_slice(), 0));
    let data = 20 + json;
    assert_eq!((&bytes[data + 4..data + 8], word(data)), (b"BIN\0".as_slice(), bytes.len() - data - 8));
    Glb { json: serde_json::from_slice(&bytes[20..data]).expect("JSON"), data: bytes[data + 8..].to_vec() }
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("a whole number") as usize
}

impl Glb {
    /// Numbers of an accessor, as they are stored.
    fn numbers(&self, accessor: &Value) -> Vec<Vec<f64>> {
        let accessor = &self.json["accessors"][number(accessor)];
        let view = &self.json["bufferViews"][number(&accessor["bufferView"])];
        let start = number(&view["byteOffset"]) + accessor["byteOffset"].as_u64().unwrap_or(0) as usize;
        let parts = match accessor["type"].as_str() {
            Some("SCALAR") => 1,
            Some("VEC2") => 2,
            _ => 3,
        };
        let size = match number(&accessor["componentType"]) {
            5120 => 1,
            5123 => 2,
            _ => 4,
        };
        let stride = view["byteStride"].as_u64().map_or(parts * size, |stride| stride as usize);
        let one = |at: usize| match number(&accessor["componentType"]) {
            5120 => f64::from(self.data[at] as i8),
            5123 => f64::from(u16::from_le_bytes([self.data[at], self.data[at + 1]])),
            5125 => f64::from(u32::from_le_bytes(self.data[at..at + 4].try_into().expect("four bytes"))),
            _ => f64::from(f32::from_le_bytes(self.data[at..at + 4].try_into().expect("four bytes"))),
        };
        (0..number(&accessor["count"]))
            .map(|k| (0..parts).map(|p| one(start + k * stride + p * size)).collect())
            .collect()
    }

    /// Triangles of a part, in metres east, north and up of the origin.
    fn triangles(&self, name: &str) -> Vec<[DVec3; 3]> {
        let nodes = self.json["nodes"].as_array().expect("nodes");
        let Some(part) = nodes.iter().find(|node| node["name"] == name) else { return Vec::new() };
        let mut found = Vec::new();
        for child in part["children"].as_array().expect("children") {
            let node = &nodes[number(child)];
            let list = |key: &str, k: usize| node[key][k].as_f64().expect("a number");
            for primitive in self.json["meshes"][number(&node["mesh"])]["primitives"].as_array().expect("primitives") {
                let places: Vec<DVec3> = self
                    .numbers(&primitive["attributes"]["POSITION"])
                    .iter()
                    .map(|p| {
                        let [x, y, z] = [0, 1, 2].map(|k| list("translation", k) + list("scale", k) * p[k]);
                        DVec3::new(x, -z, y)
                    })
                    .collect();
                let indices: Vec<usize> = self.numbers(&primitive["indices"]).iter().map(|k| k[0] as usize).collect();
                found.extend(indices.chunks_exact(3).map(|t| [places[t[0]], places[t[1]], places[t[2]]]));
            }
        }
        found
    }
}

fn look(error_m: f64) -> Look<'static> {
    Look { error_m, layer: None, attribution: "nobody" }
}

/// Largest distance between the heights of cells and the ground in a file; fails if a cell has no ground.
fn terrain_error(city: &City, glb: &Glb, origin: DVec3) -> f64 {
    let grid = city.grid;
    let mut heights = vec![f64::NAN; grid.len()];
    for [a, b, c] in glb.triangles("terrain").into_iter().map(|t| t.map(|p| p + origin)) {
        let turn = (b - a).truncate().perp_dot((c - a).truncate());
        assert!(turn > 0.0, "the ground faces up");
        let (low, high) = (a.min(b).min(c), a.max(b).max(c));
        let (first, last) = ((grid.north - high.y) / grid.cell - 0.5, (grid.north - low.y) / grid.cell - 0.5);
        let (west, east) = ((low.x - grid.west) / grid.cell - 0.5, (high.x - grid.west) / grid.cell - 0.5);
        for row in first.round().max(0.0) as usize..=(last.round() as usize).min(grid.rows - 1) {
            for col in west.round().max(0.0) as usize..=(east.round() as usize).min(grid.cols - 1) {
                let (x, y) = grid.centre(col, row);
                let share = |q: DVec3, r: DVec3| {
                    let off = (r - q).truncate().perp_dot(DVec2::new(x, y) - q.truncate());
                    // Corners are moved by half a step at most, so that a centre may lie that far outside.
                    (off > -0.006 * (r - q).truncate().length()).then_some(off / turn)
                };
                if let (Some(u), Some(v), Some(w)) = (share(b, c), share(c, a), share(a, b)) {
                    let off = (u * a.z + v * b.z + w * c.z - city.terrain.at(col, row)).abs();
                    // Of all triangles around a centre the worst counts.
                    let worst = &mut heights[row * grid.cols + col];
                    *worst = worst.max(off);
                }
            }
        }
    }
    assert!(heights.iter().all(|off| !off.is_nan()), "a cell without ground");
    heights.into_iter().fold(0.0, f64::max)
}

#[test]
fn a_square_kilometre_at_half_a_metre_is_small_and_as_exact_as_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("town.glb");
    let city = demo(1, 1000.0, 1000.0, 0.5).expect("a good size");
    let view = View::of(&city);
    town(&view, &look(0.05), &path).expect("written");
    let bytes = std::fs::metadata(&path).expect("a file").len();
    assert!(bytes < 25_000_000, "{bytes} bytes");
    let error = terrain_error(&city, &read(&path), view.origin());
    println!("1 km² at 0.5 m: {:.1} MB, ground within {error:.3} m of 0.05 m asked", bytes as f64 / 1e6);
    assert!(error <= 0.05, "{error} m");
}

#[test]
fn a_town_comes_back_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("town.glb");
    let city = demo(4, 700.0, 450.0, 1.0).expect("a good size");
    let view = View::of(&city);
    let origin = view.origin();
    for asked in [0.03, 0.3] {
        town(&view, &look(asked), &path).expect("written");
        let error = terrain_error(&city, &read(&path), origin);
        assert!(error <= asked, "{error} of {asked} m");
    }
    let glb = read(&path);
    let extras = &glb.json["asset"]["extras"];
    assert_eq!(extras["origin"], serde_json::json!([139_350.0, 502_225.0, 0.0]));
    assert_eq!((&extras["crs"], &extras["synthetic"]), (&"EPSG:28992".into(), &true.into()));
    // Every corner of every house is there, to the centimetre.
    let houses = glb.triangles("buildings");
    let corners: std::collections::HashSet<[i64; 2]> = houses.iter().flatten().map(|p| whole(*p + origin)).collect();
    for building in &city.objects.buildings {
        for corner in building.corners().expect("four") {
            let [x, y] = whole(corner.extend(0.0));
            let near = (-1..=1).any(|dx| (-1..=1).any(|dy| corners.contains(&[x + dx, y + dy])));
            assert!(near, "no corner at {corner}");
        }
    }
    let highest = houses.iter().flatten().map(|p| p.z).fold(f64::MIN, f64::max);
    let ridge = city.objects.buildings.iter().map(|b| b.floor.unwrap() + b.ridge.unwrap()).fold(f64::MIN, f64::max);
    assert!((highest - ridge).abs() < 0.01, "{highest} and {ridge}");
    // Trees stand on the ground, one place each.
    let nodes = glb.json["nodes"].as_array().expect("nodes");
    let trees = nodes.iter().find(|node| node["name"] == "trees").expect("trees");
    let places = &trees["extensions"]["EXT_mesh_gpu_instancing"]["attributes"];
    let (feet, sizes) = (glb.numbers(&places["TRANSLATION"]), glb.numbers(&places["SCALE"]));
    assert_eq!((feet.len(), sizes.len()), (city.objects.trees.len(), city.objects.trees.len()));
    for (k, tree) in city.objects.trees.iter().enumerate() {
        let at = DVec3::new(feet[k][0], -feet[k][2], feet[k][1]) + origin;
        let (col, row) = city.grid.cell_at(at.x, at.y).expect("inside");
        assert!((at.truncate() - tree.at).length() < 0.01 && (at.z - city.terrain.at(col, row)).abs() < 1e-3);
        assert!((sizes[k][1] - tree.height).abs() < 1e-3 && (sizes[k][0] - tree.radius).abs() < 1e-3);
    }
    // The water lies level at the stage of the canals, lifted by what the ground may be too high beyond 5 cm.
    let lifted = extras["water_lifted_by_m"].as_f64().expect("a number");
    assert!((lifted - 0.25).abs() < 1e-9, "{lifted}");
    let water = glb.triangles("water");
    assert!(
        !water.is_empty() && water.iter().flatten().all(|p| (p.z + 0.2 - lifted).abs() < 0.006),
        "the canals' stage"
    );
}

#[test]
fn any_cell_and_any_relief_keep_the_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("town.glb");
    for cell in [0.25, 0.3, 7.0] {
        let city = demo(2, 130.0, 110.0, cell).expect("a good size");
        let view = View::of(&city);
        town(&view, &look(0.05), &path).expect("written");
        let error = terrain_error(&city, &read(&path), view.origin());
        assert!(error <= 0.05, "{error} m at cells of {cell} m");
    }
    // Mountains of more than 512 m in one piece, and cells larger than a piece.
    for (cell, height) in [(5.0, 1400.0), (250.0, 900.0)] {
        let mut city = demo(2, 400.0, 400.0, 5.0).expect("a good size");
        let grid = hanze_engine::grid::Grid { cell, ..city.grid };
        let heights: Vec<f64> = (0..grid.len()).map(|k| if k % 7 == 3 { height } else { 0.0 }).collect();
        city.terrain = Raster::heights(grid, "terrain", &heights);
        (city.grid, city.water, city.cover) = (grid, None, None);
        let view = View::of(&city);
        town(&view, &look(0.2), &path).expect("written");
        let highest = read(&path).triangles("terrain").iter().flatten().map(|p| p.z).fold(f64::MIN, f64::max);
        assert!((highest - height).abs() < 0.2, "{highest} of {height} m");
        let area: f64 = read(&path)
            .triangles("terrain")
            .iter()
            .map(|[a, b, c]| (*b - *a).truncate().perp_dot((*c - *a).truncate()) / 2.0)
            .sum();
        let whole = ((grid.cols - 1) * (grid.rows - 1)) as f64 * cell * cell;
        assert!((area / whole - 1.0).abs() < 1e-4, "{area} of {whole} m²");
    }
}

#[test]
fn equal_towns_are_equal_files_and_no_water_is_a_file_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one.glb", "two.glb"].map(|name| folder.path().join(name));
    let city = demo(9, 300.0, 300.0, 1.0).expect("a good size");
    town(&View::of(&city), &look(0.1), &one).expect("written");
    town(&View::of(&city), &look(0.1), &two).expect("written");
    assert!(std::fs::read(&one).expect("a file") == std::fs::read(&two).expect("a file"), "the files differ");
    let mut dry = city.water.clone().expect("a demo has it");
    dry.values.fill(0.0);
    water(&View::of(&city), &dry, &look(0.1), &one).expect("written");
    let bytes = std::fs::read(&one).expect("a file");
    let json: Value = serde_json::from_slice(&bytes[20..]).expect("JSON alone");
    assert!(json.get("meshes").is_none() && json["asset"]["extras"]["crs"] == "EPSG:28992");
}

/// A place in whole centimetres.
fn whole(p: DVec3) -> [i64; 2] {
    [(p.x * 100.0).round() as i64, (p.y * 100.0).round() as i64]
}
