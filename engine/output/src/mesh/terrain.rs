//! The ground as triangles, small where it bends and large where it does not.

use super::Mesh;
use super::rtin::{MOST_SIDE, Triangle, network};
use glam::{DVec3, Vec2, Vec3};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::raster::{Raster, normal};
use std::ops::ControlFlow;

/// Longest extent of a triangle, m: meshes are stored in pieces, and a piece must hold its triangles.
pub(super) const LARGEST: f64 = 200.0;

/// The ground as a mesh that stays within `tolerance` metres of every cell's height. Cells without a height have no
/// triangles. `origin` is where the mesh's zero lies in the raster's plane and above its datum.
///
/// # Errors
/// `Scenario` where the raster has too many or too few cells for one mesh.
pub fn terrain(terrain: &Raster, tolerance: f64, origin: DVec3) -> Result<Mesh> {
    let grid = terrain.grid;
    check(&grid)?;
    let value = |col: i64, row: i64| terrain.values[row as usize * grid.cols + col as usize];
    let triangles = network(grid.cols, grid.rows, |triangle| {
        triangle.extent() as f64 * grid.cell > LARGEST || bends(triangle, &value, tolerance as f32)
    });
    let mut vertices = Vertices::new(terrain, origin);
    for Triangle(corners) in triangles {
        if corners.iter().all(|[col, row]| value(*col, *row).is_finite()) {
            vertices.triangle(corners);
        }
    }
    Ok(vertices.mesh)
}

/// Whether a grid can be made into one mesh.
///
/// # Errors
/// `Scenario` where it has too many cells or too few.
pub fn check(grid: &Grid) -> Result<()> {
    let (longest, shortest) = (grid.cols.max(grid.rows), grid.cols.min(grid.rows));
    if longest > MOST_SIDE || shortest < 2 {
        let problem = format!("has {} × {} cells, and a mesh takes 2 to {MOST_SIDE} a side", grid.cols, grid.rows);
        return Err(Error::scenario("city", problem, "take larger cells or a smaller part"));
    }
    Ok(())
}

/// Whether some vertex lies further than `tolerance` above or below the plane through a triangle's corners, or a triangle
/// is half without values.
pub(super) fn bends(triangle: &Triangle, value: &impl Fn(i64, i64) -> f32, tolerance: f32) -> bool {
    let [a, b, c] = triangle.0;
    let turn = triangle.turn() as f32;
    if turn == 0.0 {
        return false;
    }
    let [za, zb, zc] = [a, b, c].map(|[col, row]| value(col, row));
    let (east_b, south_b) = ((b[0] - a[0]) as f32, (b[1] - a[1]) as f32);
    let (east_c, south_c) = ((c[0] - a[0]) as f32, (c[1] - a[1]) as f32);
    let per_col = ((zb - za) * south_c - (zc - za) * south_b) / turn;
    let per_row = ((zc - za) * east_b - (zb - za) * east_c) / turn;
    let is_void = !(za.is_finite() && zb.is_finite() && zc.is_finite());
    let off = |col: i64, row: i64| {
        let z = value(col, row);
        if is_void {
            // Fine where all of it is void.
            return z.is_finite();
        }
        let plane = za + per_col * (col - a[0]) as f32 + per_row * (row - a[1]) as f32;
        z.is_nan() || (z - plane).abs() > tolerance
    };
    triangle.visit(|col, row| if off(col, row) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }).is_break()
}

/// Vertices of a grid, numbered as they are used.
pub(super) struct Vertices<'a> {
    raster: &'a Raster,
    origin: DVec3,
    number: Vec<u32>,
    pub(super) mesh: Mesh,
}

impl Vertices<'_> {
    pub(super) fn new(raster: &Raster, origin: DVec3) -> Vertices<'_> {
        Vertices { raster, origin, number: vec![u32::MAX; raster.grid.len()], mesh: Mesh::default() }
    }

    /// Adds a triangle of the grid, so that it faces up.
    pub(super) fn triangle(&mut self, corners: [[i64; 2]; 3]) {
        let corners = corners.map(|corner| self.vertex(corner));
        self.facing_up(corners);
    }

    /// Adds a triangle of numbered vertices, so that it faces up.
    pub(super) fn facing_up(&mut self, [a, b, c]: [u32; 3]) {
        let [p, q, r] = [a, b, c].map(|k| self.mesh.positions[k as usize].truncate());
        let turn = (q - p).perp_dot(r - p);
        self.mesh.triangles.push(if turn > 0.0 { [a, b, c] } else { [a, c, b] });
    }

    /// Number of a vertex of the grid.
    pub(super) fn vertex(&mut self, [col, row]: [i64; 2]) -> u32 {
        let grid = self.raster.grid;
        let (col, row) = (col as usize, row as usize);
        let at = row * grid.cols + col;
        if self.number[at] == u32::MAX {
            self.number[at] = self.mesh.positions.len() as u32;
            let (x, y) = grid.centre(col, row);
            let place = DVec3::new(x, y, self.raster.at(col, row)) - self.origin;
            self.mesh.positions.push(place.as_vec3());
            let values = &self.raster.values;
            self.mesh.normals.push(normal(&grid, col, row, |at| values[at]));
            // Vertices are centres of cells, and the picture reaches to the cells' edges.
            let share = |k: usize, count: usize| (k as f32 + 0.5) / count as f32;
            self.mesh.texture.push(Vec2::new(share(col, grid.cols), share(row, grid.rows)));
        }
        self.number[at]
    }

    /// Adds a vertex that is not one of the grid.
    pub(super) fn extra(&mut self, place: Vec3, texture: Vec2) -> u32 {
        self.mesh.positions.push(place);
        self.mesh.normals.push(Vec3::Z);
        self.mesh.texture.push(texture);
        self.mesh.positions.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest distance from a cell's height to the mesh, and how many cells the mesh covers.
    pub fn error(raster: &Raster, mesh: &Mesh, origin: DVec3) -> (f64, usize) {
        let grid = raster.grid;
        let mut found = vec![f64::NAN; grid.len()];
        let place = |k: u32| mesh.positions[k as usize].as_dvec3() + origin;
        for [a, b, c] in mesh.triangles.iter().map(|t| t.map(place)) {
            let turn = (b - a).truncate().perp_dot((c - a).truncate());
            assert!(turn > 0.0, "faces up");
            let col = |x: f64| (x - grid.west) / grid.cell - 0.5;
            let row = |y: f64| (grid.north - y) / grid.cell - 0.5;
            let (west, east) = (a.x.min(b.x).min(c.x), a.x.max(b.x).max(c.x));
            let (south, north) = (a.y.min(b.y).min(c.y), a.y.max(b.y).max(c.y));
            for row in row(north).round() as usize..=row(south).round() as usize {
                for col in col(west).round() as usize..=col(east).round() as usize {
                    let (x, y) = grid.centre(col, row);
                    let p = glam::DVec2::new(x, y);
                    let share = |q: DVec3, r: DVec3| (r - q).truncate().perp_dot(p - q.truncate()) / turn;
                    let (u, v, w) = (share(b, c), share(c, a), share(a, b));
                    if u.min(v).min(w) > -1e-6 {
                        found[row * grid.cols + col] = u * a.z + v * b.z + w * c.z;
                    }
                }
            }
        }
        let mut worst: f64 = 0.0;
        for row in 0..grid.rows {
            for col in 0..grid.cols {
                let z = found[row * grid.cols + col];
                if z.is_finite() {
                    worst = worst.max((z - raster.at(col, row)).abs());
                }
            }
        }
        (worst, found.iter().filter(|z| z.is_finite()).count())
    }

    #[test]
    fn the_error_is_at_most_what_was_asked_and_the_whole_town_is_covered() {
        let city = hanze_city::demo::demo(3, 500.0, 310.0, 1.0).expect("a good size");
        let origin = DVec3::new(city.grid.west, city.grid.south(), 0.0);
        let mut before = usize::MAX;
        for tolerance in [0.02, 0.1, 0.5, 5.0] {
            let mesh = terrain(&city.terrain, tolerance, origin).expect("a mesh");
            let (worst, covered) = error(&city.terrain, &mesh, origin);
            assert!(worst <= tolerance + 1e-4, "{worst} of {tolerance} m");
            assert_eq!(covered, city.grid.len());
            assert!(mesh.triangles.len() < before, "a larger error needs fewer triangles");
            before = mesh.triangles.len();
            let up = mesh.normals.iter().all(|n| n.z > 0.0 && (n.length() - 1.0).abs() < 1e-5);
            assert!(up && mesh.normals.len() == mesh.positions.len() && mesh.texture.len() == mesh.positions.len());
        }
        assert!(before < 200, "{before} triangles for a flat town");
    }

    #[test]
    fn a_plane_needs_two_triangles_and_a_void_none() {
        let grid = Grid::local(17, 17, 2.0);
        let heights: Vec<f64> = (0..grid.len()).map(|k| 0.5 * (k % 17) as f64 + 0.25 * (k / 17) as f64).collect();
        let plane = Raster::heights(grid, "terrain", &heights);
        assert_eq!(terrain(&plane, 0.001, DVec3::ZERO).expect("a mesh").triangles.len(), 2);
        let mut holed = plane.clone();
        holed.values[5 * 17 + 5] = f32::NAN;
        let mesh = terrain(&holed, 0.001, DVec3::ZERO).expect("a mesh");
        let (worst, covered) = error(&holed, &mesh, DVec3::ZERO);
        assert!(worst < 1e-4 && covered == grid.len() - 1, "{covered} cells");
        let void = Raster::uniform(grid, "terrain", "m", f32::NAN);
        assert!(terrain(&void, 0.1, DVec3::ZERO).expect("a mesh").triangles.is_empty());
        assert!(terrain(&Raster::uniform(Grid::local(1, 5, 1.0), "terrain", "m", 0.0), 0.1, DVec3::ZERO).is_err());
    }
}
