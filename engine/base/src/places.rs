//! Places with an outline that tables speak of: buildings, stretches of road, neighbourhoods.

use crate::objects::Objects;
use crate::outline::Outline;
use glam::DVec2;

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What it is called in tables: the name or number that its source gives it.
    pub name: String,
    /// Its outline, in the city's plane.
    pub outline: Outline,
}

/// The places of a city.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Buildings, by their footprints.
    pub buildings: Vec<Place>,
    /// Stretches of road, by their carriageways.
    pub roads: Vec<Place>,
    /// Neighbourhoods.
    pub areas: Vec<Place>,
}

impl Places {
    /// The places of a city whose objects are known one by one.
    pub fn of(objects: &Objects) -> Places {
        // Numbered as in the files of the city (CityJSON, GeoJSON), so that tables can be laid beside them.
        let numbered = |kind: &str, k: usize| format!("{kind}-{k}");
        let buildings = objects.buildings.iter().enumerate().map(|(k, building)| Place {
            name: building.id.clone().unwrap_or_else(|| numbered("building", k)),
            outline: building.footprint.clone(),
        });
        let roads = objects.network.roads.iter().enumerate().filter_map(|(k, road)| {
            let name = road.id.clone().unwrap_or_else(|| numbered("road", k));
            Some(Place { name, outline: carriageway(&road.line, 0.5 * road.width?) })
        });
        let areas = objects.areas.iter().filter(|area| area.outline.len() > 2);
        let areas = areas.map(|area| Place { name: area.name.clone(), outline: Outline::of(area.outline.clone()) });
        Places { buildings: buildings.collect(), roads: roads.collect(), areas: areas.collect() }
    }
}

/// The ground within a distance of a line, without the rounding at its ends: a rectangle for each piece and an octagon where two
/// meet, made one.
pub fn carriageway(line: &[DVec2], half: f64) -> Outline {
    let pieces = line.windows(2).filter_map(|ends| {
        let along = (ends[1] - ends[0]).try_normalize()?;
        let beside = half * along.perp();
        Some(vec![vec![ends[0] + beside, ends[0] - beside, ends[1] - beside, ends[1] + beside]])
    });
    let joints = line.iter().skip(1).take(line.len().saturating_sub(2)).map(|&at| {
        let corner = |k: i32| at + half * DVec2::from_angle(std::f64::consts::TAU * (f64::from(k) + 0.5) / 8.0);
        vec![(0..8).map(corner).collect()]
    });
    let whole = Outline { polygons: pieces.chain(joints).collect() }.simplified(false);
    // What sticks out by less than files write would be a ring that touches itself there.
    let smoothed = |rings: Vec<Vec<DVec2>>| rings.into_iter().map(smooth).filter(|ring| ring.len() > 2).collect();
    Outline { polygons: whole.polygons.into_iter().map(smoothed).collect() }.simplified(false)
}

/// A ring without the corners that lie on the line between their neighbours, to two centimetres, and without slits and spikes that are
/// no wider: where two pieces of a road meet at a small angle the octagon does not fill all of the wedge.
fn smooth(ring: Vec<DVec2>) -> Vec<DVec2> {
    const NEAR: f64 = 0.02;
    let is_between = |from: DVec2, at: DVec2, to: DVec2| {
        let along = to - from;
        let share =
            if along == DVec2::ZERO { 0.0 } else { ((at - from).dot(along) / along.length_squared()).clamp(0.0, 1.0) };
        along.length() < NEAR || at.distance(from + share * along) < NEAR
    };
    let mut kept: Vec<DVec2> = Vec::with_capacity(ring.len());
    for at in ring {
        while let [.., from, last] = kept[..]
            && is_between(from, last, at)
        {
            kept.pop();
        }
        kept.push(at);
    }
    // Where it closes.
    while let [first, .., from, last] = kept[..]
        && is_between(from, last, first)
    {
        kept.pop();
    }
    while let [first, second, .., last] = kept[..]
        && is_between(last, first, second)
    {
        kept.remove(0);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    #[test]
    fn a_road_covers_the_ground_along_its_line_once() {
        let line = [DVec2::new(10.0, 50.0), DVec2::new(60.0, 50.0), DVec2::new(60.0, 10.0)];
        let cells = carriageway(&line, 3.0).cells(&Grid::local(200, 200, 0.5)).expect("short");
        let area: usize = cells.iter().flat_map(|(_, ranges)| ranges).map(ExactSizeIterator::len).sum();
        // Two stretches of 6 m, that share a quarter of a crossing, and the tip of the joint.
        assert!((0.25 * area as f64 - (50.0 + 40.0) * 6.0).abs() < 12.0, "{area}");
        // One ring, however many pieces; a loop has a hole.
        let bent = carriageway(&line, 3.0);
        assert_eq!((bent.polygons.len(), bent.polygons[0].len()), (1, 1));
        let around = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0), (0.0, 0.0)].map(DVec2::from);
        let around = carriageway(&around, 3.0);
        assert_eq!((around.polygons.len(), around.polygons[0].len()), (1, 2));
        assert_eq!(carriageway(&[DVec2::ONE, DVec2::ONE], 3.0), Outline::default());
        // A bend of a thousandth is none.
        let straight = [(0.0, 0.0), (40.0, 30.0), (80.0, 60.05), (120.0, 90.0)].map(DVec2::from);
        let straight = carriageway(&straight, 3.5);
        assert!(straight.polygons.len() == 1 && straight.polygons[0][0].len() <= 8, "{straight:?}");
    }
}
