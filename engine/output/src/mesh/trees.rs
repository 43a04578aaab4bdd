//! One tree, to be put wherever trees stand.

use super::Mesh;
use glam::Vec3;

/// Height of a crown's middle as a share of the tree's, and half its height.
const MIDDLE: [f32; 2] = [0.62, 0.38];
/// Directions of the sides of a trunk: cosines and sines of fifths of a turn.
const FIFTHS: [[f32; 2]; 5] = [
    [1.0, 0.0],
    [0.309_017, 0.951_056_5],
    [-0.809_017, 0.587_785_24],
    [-0.809_017, -0.587_785_24],
    [0.309_017, -0.951_056_5],
];

/// Crown and trunk of a tree of height 1 and crown radius 1, to be scaled by those of a real one.
pub fn tree() -> [Mesh; 2] {
    [crown(), trunk()]
}

/// An octahedron whose sides are halved once and pushed out to a ball.
fn crown() -> Mesh {
    let mut mesh = Mesh::default();
    let [e, n, u] = [Vec3::X, Vec3::Y, Vec3::Z];
    for [a, b, c] in
        [[e, n, u], [n, -e, u], [-e, -n, u], [-n, e, u], [n, e, -u], [-e, n, -u], [-n, -e, -u], [e, -n, -u]]
    {
        let [ab, bc, ca] = [a + b, b + c, c + a].map(Vec3::normalize);
        for corners in [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]] {
            let numbers = corners.map(|corner| {
                let known = mesh.normals.iter().position(|normal| normal.distance(corner) < 1e-4);
                known.unwrap_or_else(|| {
                    mesh.positions.push(Vec3::new(corner.x, corner.y, MIDDLE[0] + MIDDLE[1] * corner.z));
                    mesh.normals.push(corner);
                    mesh.normals.len() - 1
                }) as u32
            });
            mesh.triangles.push(numbers);
        }
    }
    mesh
}

/// A pole of five sides.
fn trunk() -> Mesh {
    let mut mesh = Mesh::default();
    let corner = |k: usize| Vec3::new(FIFTHS[k][0], FIFTHS[k][1], 0.0);
    for k in 0..5 {
        for height in [-0.05, MIDDLE[0]] {
            mesh.positions.push(corner(k) * 0.08 + Vec3::Z * height);
            mesh.normals.push(corner(k));
        }
        let [low, next] = [2 * k as u32, 2 * ((k + 1) % 5) as u32];
        mesh.triangles.extend([[low, next, next + 1], [low, next + 1, low + 1]]);
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_closed_and_face_outwards() {
        let [crown, trunk] = tree();
        assert_eq!((crown.positions.len(), crown.triangles.len()), (18, 32));
        for mesh in [&crown, &trunk] {
            for t in &mesh.triangles {
                let [a, b, c] = t.map(|k| mesh.positions[k as usize]);
                let middle = t.map(|k| mesh.normals[k as usize]).into_iter().sum::<Vec3>();
                assert!((b - a).cross(c - a).dot(middle) > 0.0);
            }
        }
        let (low, high) = crown.bounds().expect("a crown");
        assert!((high.z - 1.0).abs() < 1e-6 && low.z > 0.2 && high.x == 1.0);
    }
}
