//! Triangles that a twin can show: the ground, water, buildings, bridges and trees.

mod buildings;
mod ribbons;
mod rtin;
mod terrain;
mod trees;
mod water;

pub use buildings::{Rings, Surface, bridges, buildings, faces, railways};
pub use ribbons::ribbons;
pub use terrain::{check, terrain};
pub use trees::tree;
pub use water::water;

use glam::{DVec3, Vec2, Vec3};

/// Triangles. Places are metres east, north and up from the origin that the caller chose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Corners.
    pub positions: Vec<Vec3>,
    /// Upward or outward unit vectors, one per corner.
    pub normals: Vec<Vec3>,
    /// Place in the picture that is laid over the mesh, from 0 at its west and top to 1 at its east and bottom; one per
    /// corner, or none.
    pub texture: Vec<Vec2>,
    /// Corners of each triangle, counterclockwise as seen from its front.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Adds a flat, convex face with corners of its own.
    pub fn face(&mut self, corners: &[DVec3], origin: DVec3) {
        // Newell's normal suits faces that are not quite flat.
        let next = |k: usize| corners[(k + 1) % corners.len()];
        let normal: DVec3 = corners.iter().enumerate().map(|(k, p)| (*p - origin).cross(next(k) - origin)).sum();
        let normal = normal.normalize_or_zero().as_vec3();
        let first = self.positions.len() as u32;
        self.positions.extend(corners.iter().map(|p| (*p - origin).as_vec3()));
        self.normals.extend(corners.iter().map(|_| normal));
        self.triangles.extend((2..corners.len() as u32).map(|k| [first, first + k - 1, first + k]));
    }

    /// Lowest and highest corner.
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let low = self.positions.iter().copied().reduce(Vec3::min)?;
        Some((low, self.positions.iter().copied().reduce(Vec3::max)?))
    }
}
