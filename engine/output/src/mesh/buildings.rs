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

/// A face: its outer ring and its holes.
pub type Rings = Vec<Vec<DVec3>>;

/// The faces of a building, outer rings counterclockwise as seen from outside: walls and a roof of its kind on four corners, a block
/// with a flat top where its eaves or its kind of roof are not known or its footprint is another, and the ground alone where no
/// height is known. Ground of unknown height lies at 0.
pub fn faces(building: &Building) -> Vec<(Surface, Rings)> {
    let floor = building.floor.unwrap_or_default();
    let shaped = building.corners().zip(building.eaves).zip(building.ridge).zip(building.roof);
    match (shaped, building.ridge) {
        (Some((((corners, eaves), ridge), roof)), _) => house(*corners, floor, [eaves, ridge], roof),
        (None, ridge) => block(building, floor, ridge),
    }
}

/// Flat ground and top, and a wall below each side.
fn block(building: &Building, floor: f64, height: Option<f64>) -> Vec<(Surface, Rings)> {
    let mut faces = Vec::new();
    for rings in &building.footprint.polygons {
        let turned = |ring: &Vec<DVec2>| ring.iter().rev().map(|p| p.extend(floor)).collect();
        faces.push((Surface::Ground, rings.iter().map(turned).collect()));
        let Some(height) = height else { continue };
        let top = floor + height;
        for (from, to) in rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1))) {
            let wall = vec![from.extend(floor), to.extend(floor), to.extend(top), from.extend(top)];
            faces.push((Surface::Wall, vec![wall]));
        }
        let above = |ring: &Vec<DVec2>| ring.iter().map(|p| p.extend(top)).collect();
        faces.push((Surface::Roof, rings.iter().map(above).collect()));
    }
    faces
}

/// A house on four corners, with the heights of its eaves and ridge above the floor.
fn house(footprint: [DVec2; 4], floor: f64, [low, high]: [f64; 2], kind: Roof) -> Vec<(Surface, Rings)> {
    let base = footprint.map(|p| p.extend(floor));
    let eaves = footprint.map(|p| p.extend(floor + low));
    let ridge = |from: DVec2, to: DVec2, share: f64| from.lerp(to, share).extend(floor + high);
    let [a, b, c, d] = footprint;
    let (start, end) = ((a + d) / 2.0, (b + c) / 2.0);
    let mut faces = vec![(Surface::Ground, vec![base.iter().rev().copied().collect()])];
    for k in 0..4 {
        let next = (k + 1) % 4;
        let mut wall = vec![base[k], base[next], eaves[next]];
        if kind == Roof::Gable && k % 2 == 1 {
            wall.push(if k == 1 { ridge(start, end, 1.0) } else { ridge(start, end, 0.0) });
        }
        wall.push(eaves[k]);
        faces.push((Surface::Wall, vec![wall]));
    }
    let mut roof = |corners: &[DVec3]| faces.push((Surface::Roof, vec![corners.to_vec()]));
    match kind {
        Roof::Flat => roof(&eaves),
        Roof::Gable | Roof::Hip => {
            let inset = if kind == Roof::Hip { 0.25 } else { 0.0 };
            let (from, to) = (ridge(start, end, inset), ridge(start, end, 1.0 - inset));
            roof(&[eaves[0], eaves[1], to, from]);
            roof(&[eaves[2], eaves[3], from, to]);
            if kind == Roof::Hip {
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
        let is_shaped = building.is_shaped();
        let is_pitched = is_shaped && building.roof != Some(Roof::Flat);
        for (surface, mut rings) in faces(building) {
            let mesh = match surface {
                Surface::Ground => continue,
                Surface::Wall => {
                    rings[0][..2].iter_mut().for_each(|corner| corner.z -= 1.0);
                    &mut meshes[0]
                }
                Surface::Roof if is_pitched => &mut meshes[1],
                Surface::Roof => &mut meshes[2],
            };
            match &rings[..] {
                [corners] if is_shaped || surface == Surface::Wall => mesh.face(corners, origin),
                rings => pieces(rings).iter().for_each(|piece| mesh.face(piece, origin)),
            }
        }
    }
    meshes
}

/// Corners of a face up to which it is cut into pieces, which takes their square; a face with more is left out.
const MOST_CORNERS: usize = 2000;

/// A level face with holes, of any shape, as convex pieces: the parts between one corner's y and the next, cut where its sides cross.
fn pieces(rings: &[Vec<DVec3>]) -> Vec<Vec<DVec3>> {
    let corners = rings.iter().flatten();
    let Some(z) = corners.clone().map(|p| p.z).next().filter(|_| corners.clone().count() <= MOST_CORNERS) else {
        return Vec::new();
    };
    let mut heights: Vec<f64> = corners.map(|p| p.y).collect();
    heights.sort_by(f64::total_cmp);
    heights.dedup();
    let sides: Vec<(DVec3, DVec3)> = rings
        .iter()
        .flat_map(|ring| ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)))
        .filter(|(from, to)| from.y != to.y)
        .collect();
    let mut pieces = Vec::new();
    for pair in heights.windows(2) {
        let [low, high] = [pair[0], pair[1]];
        let x_at = |(from, to): &(DVec3, DVec3), y: f64| {
            // At its ends exactly there, so that pieces meet in one corner.
            if y == from.y {
                from.x
            } else if y == to.y {
                to.x
            } else {
                from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x)
            }
        };
        let reaches = |(from, to): &&(DVec3, DVec3)| from.y.min(to.y) <= low && from.y.max(to.y) >= high;
        let mut ends: Vec<[f64; 2]> =
            sides.iter().filter(reaches).map(|side| [x_at(side, low), x_at(side, high)]).collect();
        ends.sort_by(|one, other| (one[0] + one[1]).total_cmp(&(other[0] + other[1])));
        for pair in ends.chunks_exact(2) {
            let (left, right) = (pair[0], pair[1]);
            let corners = [(left[0], low), (right[0], low), (right[1], high), (left[1], high)];
            let mut piece: Vec<DVec3> = corners.into_iter().map(|(x, y)| DVec3::new(x, y, z)).collect();
            piece.dedup();
            if piece.len() > 3 && piece[0] == piece[piece.len() - 1] {
                piece.pop();
            }
            if piece.len() > 2 {
                pieces.push(piece);
            }
        }
    }
    pieces
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
    use hanze_base::outline::Outline;
    use std::collections::HashMap;

    fn house(roof: Roof) -> Building {
        let footprint = [(0.0, 0.0), (10.0, 0.0), (10.0, 6.0), (0.0, 6.0)].map(|(x, y)| DVec2::new(x, y));
        let ridge = if roof == Roof::Flat { 5.0 } else { 8.0 };
        Building {
            footprint: Outline::of(footprint.to_vec()),
            floor: Some(1.0),
            eaves: Some(5.0),
            ridge: Some(ridge),
            roof: Some(roof),
            ..Building::default()
        }
    }

    #[test]
    fn houses_are_closed_and_hold_what_their_shape_says() {
        // Box 300 m³; prism 90; pyramid 60; a hip as long as 5 m at its ridge 75.
        for (roof, volume) in [(Roof::Flat, 300.0), (Roof::Gable, 390.0), (Roof::Pyramid, 360.0), (Roof::Hip, 375.0)] {
            let mut sum = 0.0;
            let mut sides: HashMap<[[i64; 3]; 2], i32> = HashMap::new();
            for (_, rings) in faces(&house(roof)) {
                let corners = &rings[0];
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
                        let c = &c[0];
                        let n = (c[1] - c[0]).cross(c[2] - c[0]);
                        (n.z > 1e-9).then(|| c[0].z - (n.x * (p.x - c[0].x) + n.y * (p.y - c[0].y)) / n.z)
                    });
                let height = over.fold(f64::INFINITY, f64::min) - 1.0;
                let roof_at = house.roof_at(p).expect("known");
                assert!((height - roof_at).abs() < 1e-9, "{roof:?} at {p}: {height} and {roof_at}");
            }
        }
    }

    /// A block of that shape has its roof over its whole footprint, and walls around it.
    fn check_block(rings: &[&[(f64, f64)]]) {
        let ring = |ring: &&[(f64, f64)]| ring.iter().map(|p| DVec2::from(*p)).collect();
        let footprint = Outline { polygons: vec![rings.iter().map(ring).collect()] };
        let block = Building { footprint, floor: Some(2.0), ridge: Some(7.5), ..Building::default() };
        let [walls, pitched, flat] = buildings([&block], DVec3::ZERO);
        assert!(pitched.triangles.is_empty(), "nothing is known of a pitched roof");
        let area = |mesh: &Mesh| -> f64 {
            let of = |t: &[u32; 3]| {
                let [a, b, c] = t.map(|k| mesh.positions[k as usize].as_dvec3());
                0.5 * (b - a).cross(c - a).z
            };
            assert!(mesh.triangles.iter().all(|t| of(t) > -1e-6), "a triangle lies on its back");
            mesh.triangles.iter().map(of).sum()
        };
        assert!((area(&flat) - block.area_m2()).abs() < 1e-3, "{} of {} m2", area(&flat), block.area_m2());
        assert!(flat.positions.iter().all(|p| p.z == 9.5));
        assert_eq!(walls.triangles.len(), 2 * rings.iter().map(|ring| ring.len()).sum::<usize>());
    }

    #[test]
    fn a_block_is_roofed_whatever_its_shape() {
        let outer = [(0.0, 0.0), (20.0, 0.0), (20.0, 14.0), (0.0, 14.0)];
        let yard = [(5.0, 3.0), (5.0, 9.0), (12.0, 11.0), (14.0, 3.0)];
        check_block(&[&outer]);
        check_block(&[&outer, &yard]);
        check_block(&[&[(0.0, 0.0), (20.0, 0.0), (20.0, 14.0), (13.0, 14.0), (13.0, 6.0), (0.0, 6.0)]]);
        check_block(&[&[(0.0, 0.0), (8.0, 1.0), (4.0, 9.0)]]);
        // Four corners that are no convex face.
        check_block(&[&[(0.0, 0.0), (8.0, 1.0), (3.0, 3.0), (1.0, 9.0)]]);
        let comb: Vec<(f64, f64)> = (0..40)
            .map(|k| (f64::from(k), if k % 2 == 0 { 3.0 } else { 5.0 + f64::from(k) / 7.0 }))
            .rev()
            .chain([(0.0, 0.0), (39.0, 0.0)])
            .collect();
        check_block(&[&comb]);
    }

    #[test]
    fn without_a_height_there_is_the_ground_alone() {
        let mut unknown = house(Roof::Gable);
        unknown.ridge = None;
        let faces = faces(&unknown);
        assert!(faces.len() == 1 && faces[0].0 == Surface::Ground, "{faces:?}");
        assert!(buildings([&unknown], DVec3::ZERO).iter().all(|mesh| mesh.triangles.is_empty()));
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
