//! Bands along lines, above the crowns of most trees.

use super::Mesh;
use glam::{DVec2, DVec3, Vec3};
use hanze_base::raster::Raster;

/// Height above the ground, m.
const ABOVE: f64 = 16.0;
/// Distance between the places where the ground is looked at, m.
const STEP: f64 = 8.0;

/// Height of the ground at a place; NaN outside.
fn ground(terrain: &Raster, at: DVec2) -> f64 {
    terrain.grid.cell_at(at.x, at.y).map_or(f64::NAN, |(col, row)| terrain.at(col, row))
}

/// A band on the right-hand side of each line, as wide as its value is large: `width` metres for the largest. Over cuts in the ground,
/// as water under a bridge, it goes on straight from the line's one end to the other. What lies outside the terrain is left out.
///
/// Lines come with their widths, m.
pub fn ribbons<'a>(terrain: &Raster, lines: impl Iterator<Item = (&'a [DVec2], f64)>, origin: DVec3) -> Mesh {
    let mut mesh = Mesh::default();
    for (line, width) in lines {
        let mut points: Vec<DVec2> = Vec::new();
        for ends in line.windows(2) {
            let steps = (ends[0].distance(ends[1]) / STEP).ceil().clamp(1.0, 10_000.0) as usize;
            points.extend((0..steps).map(|k| ends[0].lerp(ends[1], k as f64 / steps as f64)));
        }
        points.extend(line.last());
        points.dedup();
        let length: Vec<f64> = points
            .iter()
            .scan((0.0, None), |(sum, before): &mut (f64, Option<DVec2>), at| {
                *sum += before.map_or(0.0, |before| before.distance(*at));
                *before = Some(*at);
                Some(*sum)
            })
            .collect();
        let (Some(&first), Some(&last), Some(&whole)) = (points.first(), points.last(), length.last()) else {
            continue;
        };
        let ends = [ground(terrain, first), ground(terrain, last)];
        let straight = |k: usize| ends[0] + (ends[1] - ends[0]) * length[k] / whole.max(1e-9);
        let mut before: Option<u32> = None;
        for (k, at) in points.iter().enumerate() {
            // The largest of a number and none is the number.
            let height = ground(terrain, *at).max(straight(k));
            if height.is_nan() {
                before = None;
                continue;
            }
            let (from, to) = (points[k.saturating_sub(1)], points[(k + 1).min(points.len() - 1)]);
            let right = -(to - from).normalize_or_zero().perp();
            let index = mesh.positions.len() as u32;
            for offset in [0.0, width] {
                let place = (*at + offset * right).extend(height + ABOVE) - origin;
                mesh.positions.push(place.as_vec3());
                mesh.normals.push(Vec3::Z);
            }
            if let Some(before) = before {
                // Counterclockwise as seen from above, with the right-hand side on the right.
                mesh.triangles.push([before, before + 1, index]);
                mesh.triangles.push([index, before + 1, index + 1]);
            }
            before = Some(index);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Grid;

    #[test]
    fn a_band_lies_right_of_its_line_and_faces_up() {
        let terrain = Raster::uniform(Grid::local(100, 100, 1.0), "terrain", "m", 5.0);
        let line = [DVec2::new(10.0, 50.0), DVec2::new(60.0, 50.0)];
        let mesh = ribbons(&terrain, std::iter::once((&line[..], 4.0)), DVec3::ZERO);
        let (low, high) = mesh.bounds().expect("a band");
        assert_eq!((low.y, high.y, high.x), (46.0, 50.0, 60.0));
        assert!((low.z - 21.0).abs() < 1e-6 && !mesh.triangles.is_empty());
        for t in &mesh.triangles {
            let [a, b, c] = t.map(|k| mesh.positions[k as usize]);
            assert!((b - a).cross(c - a).z > 0.0);
        }
    }
}
