//! Why a file does not touch the city: both extents, and the mistake that explains them.

use glam::DVec2;
use hanze_base::grid::{Crs, Grid};
use hanze_base::plane::{Plane, from_web};

/// Lowest and highest coordinates.
pub(crate) type Extent = (DVec2, DVec2);

/// Planes, by EPSG code, whose numbers are taken for those of another: RD New, UTM zones 31 and 32. The web's map is one, too.
const OTHERS: [u32; 3] = [28992, 25831, 25832];
const WEB: u32 = 3857;
/// Names of the directions, counterclockwise from the east by an eighth of a turn.
const DIRECTIONS: [&str; 8] =
    ["east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"];

/// Extent of a grid.
pub fn of(grid: &Grid) -> Extent {
    (DVec2::new(grid.west, grid.south()), DVec2::new(grid.east(), grid.north))
}

/// Whether an extent and a grid have no ground in common.
pub fn is_apart((low, high): Extent, grid: &Grid) -> bool {
    let (from, to) = of(grid);
    !(high.x > from.x && low.x < to.x && high.y > from.y && low.y < to.y)
}

/// An extent in words.
pub fn words((low, high): Extent) -> String {
    format!("x {} to {}, y {} to {}", number(low.x), number(high.x), number(low.y), number(high.y))
}

/// A coordinate: metres to a decimal, what may be degrees to four.
fn number(value: f64) -> f64 {
    let unit = if value.abs() > 360.0 { 10.0 } else { 1e4 };
    (value * unit).round() / unit
}

/// The likely cause for a file whose extent, in the city's plane, does not touch the city, and what to do; `tool` is what
/// reprojects such a file.
pub fn cause(extent: Extent, grid: &Grid, tool: &str) -> (String, String) {
    let touches = |corners: Option<Extent>| corners.is_some_and(|corners| !is_apart(corners, grid));
    let turned = |(low, high): Extent| (DVec2::new(low.y, low.x), DVec2::new(high.y, high.x));
    let swap = "write the coordinate to the east first (QGIS: Swap X and Y coordinates)";
    if touches(Some(turned(extent))) {
        return ("x and y are swapped".into(), swap.into());
    }
    if let Some(own) = Plane::of(grid.crs) {
        let reproject = |from: u32| format!("reproject it, e.g. {tool} -s_srs EPSG:{from} -t_srs {}", grid.crs);
        let (low, high) = extent;
        if low.min_element() >= -180.0 && high.max_element() <= 180.0 {
            if touches(moved(extent, |at| own.from_degrees(at))) {
                return ("its numbers are degrees".into(), reproject(4326));
            }
            if touches(moved(turned(extent), |at| own.from_degrees(at))) {
                return ("its numbers are degrees, latitude first".into(), swap.into());
            }
        }
        if touches(moved(extent, |at| own.from_degrees(own.to_degrees(at).map(|(lon, lat)| (lat, lon))?))) {
            return ("longitude and latitude are swapped".into(), "write the longitude first".into());
        }
        if touches(moved(extent, |at| own.from_degrees(from_web(at)))) {
            return (format!("its numbers are those of EPSG:{WEB}"), reproject(WEB));
        }
        for epsg in OTHERS {
            let Some(other) = Plane::of(Crs { epsg: Some(epsg) }).filter(|_| grid.crs.plane() != Some(epsg)) else {
                continue;
            };
            if touches(moved(extent, |at| own.from_degrees(other.to_degrees(at)?))) {
                return (format!("its numbers are those of EPSG:{epsg}"), reproject(epsg));
            }
        }
    }
    let (from, to) = of(grid);
    let way = (extent.0 + extent.1 - from - to) / 2.0;
    let eighth = (way.y.atan2(way.x) / std::f64::consts::FRAC_PI_4).round().rem_euclid(8.0);
    let direction = DIRECTIONS[eighth as usize % DIRECTIONS.len()];
    let mend = "give a file of the same area in the same plane, or correct the city's extent";
    (format!("its middle lies {:.1} km to the {direction}", way.length() / 1000.0), mend.into())
}

/// The extent of four moved corners; `None` where one of them has no place there.
fn moved((low, high): Extent, to: impl Fn((f64, f64)) -> Option<(f64, f64)>) -> Option<Extent> {
    let corners = [(low.x, low.y), (low.x, high.y), (high.x, low.y), (high.x, high.y)];
    let mut found: Option<Extent> = None;
    for corner in corners {
        let at = DVec2::from(to(corner)?);
        found = Some(found.map_or((at, at), |(low, high)| (low.min(at), high.max(at))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid { cols: 1000, rows: 1000, cell: 1.0, west: 203_000.0, north: 503_000.0, crs: Crs::RD_NEW }
    }

    /// A square of so many metres around the middle of the grid, as another plane or order writes it.
    fn square(to: impl Fn((f64, f64)) -> Option<(f64, f64)>) -> Extent {
        moved((DVec2::new(203_400.0, 502_400.0), DVec2::new(203_600.0, 502_600.0)), to).expect("has a place")
    }

    #[test]
    fn each_mistake_is_told_by_its_name() {
        let own = Plane::of(Crs::RD_NEW).expect("known");
        let of = |epsg: u32| Plane::of(Crs { epsg: Some(epsg) }).expect("known");
        let other = |epsg: u32| square(|at| of(epsg).from_degrees(own.to_degrees(at)?));
        for (extent, words) in [
            (square(|(x, y)| Some((y, x))), "x and y are swapped"),
            (square(|at| own.to_degrees(at)), "are degrees"),
            (square(|at| own.to_degrees(at).map(|(lon, lat)| (lat, lon))), "latitude first"),
            (
                square(|at| own.from_degrees(own.to_degrees(at).map(|(lon, lat)| (lat, lon))?)),
                "longitude and latitude are swapped",
            ),
            (square(|at| own.to_degrees(at).map(hanze_base::plane::to_web)), "EPSG:3857"),
            (other(25832), "EPSG:25832"),
            (square(|(x, y)| Some((x - 50_000.0, y))), "50.0 km to the west"),
            (square(|(x, y)| Some((x + 9000.0, y - 9000.0))), "12.7 km to the south-east"),
        ] {
            assert!(is_apart(extent, &grid()), "{words}: {extent:?}");
            let (cause, mend) = cause(extent, &grid(), "ogr2ogr");
            assert!(cause.contains(words) && !mend.is_empty(), "{cause}: {mend} | {words}");
        }
        assert!(!is_apart(square(Some), &grid()));
        // Without a plane there is a distance at least.
        let unknown = Grid { crs: Crs::UNKNOWN, ..grid() };
        let (cause, _) = cause((DVec2::ZERO, DVec2::ONE), &unknown, "ogr2ogr");
        assert!(cause.ends_with("km to the south"), "{cause}");
    }

    #[test]
    fn extents_read_as_metres_or_degrees() {
        assert_eq!(
            words((DVec2::new(6.087_654_3, 52.5), DVec2::new(203_000.04, 503_000.0))),
            "x 6.0877 to 203000, y 52.5 to 503000"
        );
    }
}
