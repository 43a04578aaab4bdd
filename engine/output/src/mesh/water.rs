//! The surface of water as triangles that end at the shore.

use super::Mesh;
use super::rtin::{Triangle, Vertex, network};
use super::terrain::{LARGEST, Vertices, bends, check};
use glam::{DVec3, Vec2, Vec3};
use hanze_base::error::Result;
use hanze_base::raster::Raster;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// The water's surface where it is deeper than `shallowest`, within `tolerance` metres of every cell's level. The shore
/// runs between the last wet and the first dry cell, where the depth would pass `shallowest`, and not along cells.
///
/// # Errors
/// `Scenario` where the rasters have too many or too few cells for one mesh.
///
/// # Panics
/// If the two do not lie on one grid.
pub fn water(terrain: &Raster, depth: &Raster, shallowest: f64, tolerance: f64, origin: DVec3) -> Result<Mesh> {
    assert_eq!(terrain.grid, depth.grid, "one grid");
    let grid = depth.grid;
    check(&grid)?;
    let levels = terrain.values.iter().zip(&depth.values).map(|(bed, depth)| bed + depth).collect();
    let level = Raster { datum: terrain.datum, ..Raster::from_values(grid, "water surface", "m", levels) };
    let at = |[col, row]: Vertex| row as usize * grid.cols + col as usize;
    let is_wet = |vertex: Vertex| depth.values[at(vertex)] > shallowest as f32;
    let value = |col: i64, row: i64| level.values[at([col, row])];
    let triangles = network(grid.cols, grid.rows, |triangle| {
        let first = is_wet(triangle.0[0]);
        let differs =
            |col, row| if is_wet([col, row]) == first { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        triangle.visit(differs).is_break()
            || (first && triangle.extent() as f64 * grid.cell > LARGEST)
            || (first && bends(triangle, &value, tolerance as f32))
    });
    let mut shore = Shore { terrain, depth, shallowest, origin, places: HashMap::new() };
    let mut vertices = Vertices::new(&level, origin);
    for Triangle(corners) in triangles {
        let wet = corners.map(is_wet);
        match wet.iter().filter(|wet| **wet).count() {
            0 => {}
            3 => vertices.triangle(corners),
            count => {
                // Begin at the corner that differs from the two others.
                let odd = wet.iter().position(|wet| *wet == (count == 1)).unwrap_or(0);
                let [a, b, c] = [corners[odd], corners[(odd + 1) % 3], corners[(odd + 2) % 3]];
                let (to_b, to_c) = (shore.between(a, b, &mut vertices), shore.between(a, c, &mut vertices));
                if count == 1 {
                    let a = vertices.vertex(a);
                    vertices.facing_up([a, to_b, to_c]);
                } else {
                    let (b, c) = (vertices.vertex(b), vertices.vertex(c));
                    vertices.facing_up([to_b, b, c]);
                    vertices.facing_up([to_b, c, to_c]);
                }
            }
        }
    }
    let mut mesh = vertices.mesh;
    // Still or slowly moving water is close to level; the slope of a step in the bed would only look like a fault.
    mesh.normals.iter_mut().for_each(|normal| *normal = Vec3::Z);
    Ok(mesh)
}

/// Vertices where the water ends, between two neighbours of the grid.
struct Shore<'a> {
    terrain: &'a Raster,
    depth: &'a Raster,
    shallowest: f64,
    origin: DVec3,
    places: HashMap<[Vertex; 2], u32>,
}

impl Shore<'_> {
    fn between(&mut self, a: Vertex, b: Vertex, vertices: &mut Vertices) -> u32 {
        let key = [a.min(b), a.max(b)];
        if let Some(&number) = self.places.get(&key) {
            return number;
        }
        let grid = self.depth.grid;
        let at = |[col, row]: Vertex| (col as usize, row as usize);
        let deep = |vertex: Vertex| {
            let (col, row) = at(vertex);
            self.depth.at(col, row) - self.shallowest
        };
        // The deeper one is the wet one, also where both are a rounding away from the threshold.
        // Ground without a height has no depth either, and is dry.
        let (wet, dry) = if deep(a) > deep(b) || deep(b).is_nan() { (a, b) } else { (b, a) };
        let ground = |vertex: Vertex| {
            let (col, row) = at(vertex);
            self.terrain.at(col, row)
        };
        let level = ground(wet) + deep(wet) + self.shallowest;
        // Depth that the wet cell's level would have on the dry one; where that is not negative a thin film runs on, and the
        // shore is half-way. Ground without a height is a wall there.
        let beyond = level - self.shallowest - ground(dry);
        let share = if beyond < 1e-4 { (deep(wet) / (deep(wet) - beyond.min(0.0))).clamp(0.02, 0.98) } else { 0.5 };
        let place = |(col, row): (usize, usize)| {
            let (x, y) = grid.centre(col, row);
            DVec3::new(x, y, level)
        };
        let shore = place(at(wet)).lerp(place(at(dry)), share) - self.origin;
        let texture = |vertex: Vertex| {
            let share = |k: i64, count: usize| (k as f32 + 0.5) / count as f32;
            Vec2::new(share(vertex[0], grid.cols), share(vertex[1], grid.rows))
        };
        let number = vertices.extra(shore.as_vec3(), texture(wet).lerp(texture(dry), share as f32));
        self.places.insert(key, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Grid;

    /// A round bowl of depth 1 m and radius 20 m filled to a level.
    fn bowl(level: f64) -> (Raster, Raster) {
        let grid = Grid::local(61, 61, 1.0);
        let bed = |k: usize| {
            let (x, y) = grid.centre(k % 61, k / 61);
            ((x - 30.5).powi(2) + (y - 30.5).powi(2)) / 400.0
        };
        let beds: Vec<f64> = (0..grid.len()).map(bed).collect();
        let depth = (0..grid.len()).map(|k| (level - bed(k)).max(0.0) as f32).collect();
        (Raster::heights(grid, "terrain", &beds), Raster::from_values(grid, "depth", "m", depth))
    }

    #[test]
    fn the_shore_of_a_bowl_is_round() {
        for (level, shallowest) in [(0.5, 0.0), (0.8, 0.05), (0.3, 0.1)] {
            let (terrain, depth) = bowl(level);
            let mesh = water(&terrain, &depth, shallowest, 0.01, DVec3::ZERO).expect("a mesh");
            let radius = 20.0 * (level - shallowest).sqrt();
            let mut area = 0.0;
            for [a, b, c] in mesh.triangles.iter().map(|t| t.map(|k| mesh.positions[k as usize])) {
                let turn = f64::from((b - a).truncate().perp_dot((c - a).truncate()));
                assert!(turn > 0.0, "faces up");
                area += turn / 2.0;
            }
            let exact = std::f64::consts::PI * radius * radius;
            // Between cells the bed is taken as straight, so that the shore of a bowl lies some centimetres inside.
            assert!((area / exact - 1.0).abs() < 0.01, "{area} of {exact} m²");
            // No corner lies off the circle by more than the sagitta of a cell; stairs of cells would by half a metre.
            let mut sides: HashMap<[u32; 2], i32> = HashMap::new();
            for t in &mesh.triangles {
                for k in 0..3 {
                    let (a, b) = (t[k], t[(k + 1) % 3]);
                    *sides.entry([a.min(b), a.max(b)]).or_default() += 1;
                }
            }
            for ([a, b], _) in sides.iter().filter(|(_, passed)| **passed == 1) {
                for k in [a, b] {
                    let p = mesh.positions[*k as usize];
                    let off = (f64::from((p.truncate() - 30.5).length()) - radius).abs();
                    assert!(off < 0.06, "{off} m off the shore of radius {radius} m");
                    assert!((f64::from(p.z) - level).abs() < 1e-4, "the shore is level");
                }
            }
        }
    }

    #[test]
    fn water_ends_half_way_to_ground_without_height() {
        let grid = Grid::local(24, 24, 1.0);
        let (mut terrain, mut depth) =
            (Raster::uniform(grid, "terrain", "m", 1.0), Raster::uniform(grid, "depth", "m", 0.5));
        for at in [10 * 24 + 10, 10 * 24 + 11, 11 * 24 + 10, 23] {
            (terrain.values[at], depth.values[at]) = (f32::NAN, f32::NAN);
        }
        let mesh = water(&terrain, &depth, 0.05, 0.01, DVec3::ZERO).expect("a mesh");
        assert!(mesh.positions.iter().all(|p| p.is_finite() && (p.z - 1.5).abs() < 1e-6));
        let area: f32 = mesh
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|k| mesh.positions[k as usize].truncate());
                (b - a).perp_dot(c - a) / 2.0
            })
            .sum();
        // The hole of 2 × 2 cells and the corner take away what lies less than half a cell from them.
        assert!((520.0..527.0).contains(&area), "{area} m²");
    }

    #[test]
    fn open_water_is_coarse_and_dry_land_has_none() {
        let (terrain, depth) = bowl(0.5);
        let fine = water(&terrain, &depth, 0.0, 0.01, DVec3::ZERO).expect("a mesh");
        let wet = depth.values.iter().filter(|depth| **depth > 0.0).count();
        assert!(fine.triangles.len() < wet, "{} triangles for {wet} cells", fine.triangles.len());
        let dry = Raster::uniform(depth.grid, "depth", "m", 0.0);
        assert!(water(&terrain, &dry, 0.0, 0.01, DVec3::ZERO).expect("a mesh").triangles.is_empty());
    }
}
