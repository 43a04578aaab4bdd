//! Buildings with walls and roofs, decks of bridges, rails.

use super::Mesh;
use glam::{DVec2, DVec3};
use hanze_base::objects::{Bridge, Building, Roof};

/// What a face of a building is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Its floor.
    Ground,
    /// A wall or a gable.
    Wall,
    /// A part of its roof.
    Roof,
}

/// The faces of a building, each counterclockwise as seen from outside.
pub fn faces(building: &Building) -> Vec<(Surface, Vec<DVec3>)> {
    let base = building.footprint.map(|p| p.extend(building.floor));
    let eaves = building.footprint.map(|p| p.extend(building.floor + building.eaves));
    let ridge = |from: DVec2, to: DVec2, share: f64| from.lerp(to, share).extend(building.floor + building.ridge);
    let [a, b, c, d] = building.footprint;
    let (start, end) = ((a + d) / 2.0, (b + c) / 2.0);
    let mut faces = vec![(Surface::Ground, base.iter().rev().copied().collect())];
    for k in 0..4 {
        let next = (k + 1) % 4;
        let mut wall = vec![base[k], base[next], eaves[next]];
        if building.roof == Roof::Gable && k % 2 == 1 {
            wall.push(if k == 1 { ridge(start, end, 1.0) } else { ridge(start, end, 0.0) });
        }
        wall.push(eaves[k]);
        faces.push((Surface::Wall, wall));
    }
    let mut roof = |corners: &[DVec3]| faces.push((Surface::Roof, corners.to_vec()));
    match building.roof {
        Roof::Flat => roof(&eaves),
        Roof::Gable | Roof::Hip => {
            let inset = if building.roof == Roof::Hip { 0.25 } else { 0.0 };
            let (from, to) = (ridge(start, end, inset), ridge(start, end, 1.0 - inset));
            roof(&[eaves[0], eaves[1], to, from]);
            roof(&[eaves[2], eaves[3], from, to]);
            if building.roof == Roof::Hip {
                roof(&[eaves[1], eaves[2], to]);
                roof(&[eaves[3], eaves[0], from]);
            }
        }
        Roof::Pyramid => {
            let top = ridge(start, end, 0.5);
            (0..4).for_each(|k| roof(&[eaves[k], eaves[(k + 1) % 4], top]));
        }
    }
    faces
}

/// Walls, pitched roofs and flat roofs of buildings. Walls reach a metre into the ground, so that no gap shows where the
/// ground is drawn coarser than it is.
pub fn buildings<'a>(buildings: impl IntoIterator<Item = &'a Building>, origin: DVec3) -> [Mesh; 3] {
    let mut meshes = [Mesh::default(), Mesh::default(), Mesh::default()];
    for building in buildings {
        for (surface, mut corners) in faces(building) {
            let mesh = match surface {
                Surface::Ground => continue,
                Surface::Wall => {
                    corners[..2].iter_mut().for_each(|corner| corner.z -= 1.0);
                    &mut meshes[0]
                }
                Surface::Roof if building.roof == Roof::Flat => &mut meshes[2],
                Surface::Roof => &mut meshes[1],
            };
            mesh.face(&corners, origin);
        }
    }
    meshes
}

/// Decks of bridges, 0.6 m thick.
pub fn bridges(bridges: &[Bridge], origin: DVec3) -> Mesh {
    let mut mesh = Mesh::default();
    for bridge in bridges {
        let sides: Vec<[DVec3; 2]> = (0..bridge.line.len())
            .map(|k| {
                let (before, after) =
                    (bridge.line[k.saturating_sub(1)].0, bridge.line[(k + 1).min(bridge.line.len() - 1)].0);
                let left = (after - before).perp().normalize_or_zero() * bridge.half;
                let (at, height) = bridge.line[k];
                [(at + left).extend(height), (at - left).extend(height)]
            })
            .collect();
        let under = DVec3::new(0.0, 0.0, -0.6);
        for pair in sides.windows(2) {
            let ([l0, r0], [l1, r1]) = (pair[0], pair[1]);
            mesh.face(&[r0, r1, l1, l0], origin);
            mesh.face(&[l0 + under, l1 + under, r1 + under, r0 + under], origin);
            mesh.face(&[r0 + under, r1 + under, r1, r0], origin);
            mesh.face(&[l1 + under, l0 + under, l0, l1], origin);
        }
        if let (Some([l, r]), Some([end_l, end_r])) = (sides.first(), sides.last()) {
            mesh.face(&[*l + under, *r + under, *r, *l], origin);
            mesh.face(&[*end_r + under, *end_l + under, *end_l, *end_r], origin);
        }
    }
    mesh
}

/// Two rails along a middle line at heights of their own, as flat bands 0.3 m wide.
pub fn railways(lines: &[Vec<DVec2>], height: impl Fn(DVec2) -> Option<f64>, origin: DVec3) -> Mesh {
    let mut mesh = Mesh::default();
    for line in lines {
        for pair in line.windows(2) {
            let left = (pair[1] - pair[0]).perp().normalize_or_zero();
            // The ground may bend more often than the line.
            let pieces = ((pair[1] - pair[0]).length() / 5.0).ceil().max(1.0) as usize;
            for track in [-2.9, -1.5, 1.5, 2.9] {
                for k in 0..pieces {
                    let at = |n: usize, side: f64| {
                        let p = pair[0].lerp(pair[1], n as f64 / pieces as f64);
                        let z = height(p)?;
                        Some((p + left * (track + side)).extend(z + 0.25))
                    };
                    let corners = [at(k, -0.15), at(k + 1, -0.15), at(k + 1, 0.15), at(k, 0.15)];
                    if let [Some(a), Some(b), Some(c), Some(d)] = corners {
                        mesh.face(&[a, b, c, d], origin);
                    }
                }
            }
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::objects::Use;
    use std::collections::HashMap;

    fn house(roof: Roof) -> Building {
        let footprint = [(0.0, 0.0), (10.0, 0.0), (10.0, 6.0), (0.0, 6.0)].map(|(x, y)| DVec2::new(x, y));
        let ridge = if roof == Roof::Flat { 5.0 } else { 8.0 };
        Building {
            footprint,
            floor: 1.0,
            eaves: 5.0,
            ridge,
            roof,
            use_: Use::Dwelling,
            year: 1930,
            area: 0,
            dwellings: 1,
        }
    }

    #[test]
    fn houses_are_closed_and_hold_what_their_shape_says() {
        // Box 300 m³; prism 90; pyramid 60; a hip as long as 5 m at its ridge 75.
        for (roof, volume) in [(Roof::Flat, 300.0), (Roof::Gable, 390.0), (Roof::Pyramid, 360.0), (Roof::Hip, 375.0)] {
            let mut sum = 0.0;
            let mut sides: HashMap<[[i64; 3]; 2], i32> = HashMap::new();
            for (_, corners) in faces(&house(roof)) {
                for k in 1..corners.len() - 1 {
                    sum += corners[0].dot(corners[k].cross(corners[k + 1])) / 6.0;
                }
                for k in 0..corners.len() {
                    let [a, b] =
                        [corners[k], corners[(k + 1) % corners.len()]].map(|p| (p * 1000.0).as_i64vec3().to_array());
                    *sides.entry([a.min(b), a.max(b)]).or_default() += if a < b { 1 } else { -1 };
                }
            }
            assert!((sum - volume).abs() < 1e-9, "{roof:?}: {sum} m³");
            assert!(sides.values().all(|passed| *passed == 0), "{roof:?} is not closed");
        }
    }

    #[test]
    fn the_roof_on_cells_is_the_roof_in_the_mesh() {
        for roof in [Roof::Flat, Roof::Gable, Roof::Pyramid, Roof::Hip] {
            let house = house(roof);
            for p in [DVec2::new(5.0, 3.0), DVec2::new(2.0, 1.0), DVec2::new(9.0, 3.5), DVec2::new(1.0, 3.0)] {
                // The lowest roof plane over the point.
                let over =
                    faces(&house).into_iter().filter(|(surface, _)| *surface == Surface::Roof).filter_map(|(_, c)| {
                        let n = (c[1] - c[0]).cross(c[2] - c[0]);
                        (n.z > 1e-9).then(|| c[0].z - (n.x * (p.x - c[0].x) + n.y * (p.y - c[0].y)) / n.z)
                    });
                let height = over.fold(f64::INFINITY, f64::min) - house.floor;
                assert!((height - house.roof_at(p)).abs() < 1e-9, "{roof:?} at {p}: {height} and {}", house.roof_at(p));
            }
        }
    }

    #[test]
    fn decks_are_closed_boxes() {
        let line = (0..5).map(|k| (DVec2::new(10.0 * f64::from(k), 3.0), 2.0)).collect();
        let mesh = bridges(&[Bridge { line, half: 3.0, rail: false }], DVec3::ZERO);
        let volume: f32 = mesh
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|k| mesh.positions[k as usize]);
                a.dot(b.cross(c)) / 6.0
            })
            .sum();
        assert!((volume - 40.0 * 6.0 * 0.6).abs() < 0.01, "{volume} m³");
    }
}
