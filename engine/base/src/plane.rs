//! From a city's plane to degrees and to the web's map, and back.
//!
//! RD New goes through the seven parameters of its PROJ string, which are within 0.25 m of RDNAPTRANS over the country
//! (0.11 m at Zwolle): less than a cell.

use crate::grid::Crs;
use proj4rs::proj::Proj;
use proj4rs::transform::transform;

/// Half of the equator's length on the web's map, m (EPSG:3857).
pub const HALF_WORLD: f64 = 20_037_508.342_789_244;

/// A metric plane and the way from it to degrees of WGS 84.
pub struct Plane {
    plane: Proj,
    degrees: Proj,
}

impl Plane {
    /// The plane of a CRS; `None` where it has no code or one that is not known.
    pub fn of(crs: Crs) -> Option<Plane> {
        let code = u16::try_from(crs.plane()?).ok()?;
        let plane = Proj::from_epsg_code(code).ok().filter(|plane| !plane.is_latlong() && !plane.is_geocent())?;
        Some(Plane { plane, degrees: Proj::from_epsg_code(4326).ok()? })
    }

    /// The plane of a PROJ string; `None` where it is not understood or no plane.
    pub fn of_projection(words: &str) -> Option<Plane> {
        let plane = Proj::from_proj_string(words).ok().filter(|plane| !plane.is_latlong() && !plane.is_geocent())?;
        Some(Plane { plane, degrees: Proj::from_epsg_code(4326).ok()? })
    }

    /// Longitude and latitude of a point, degrees.
    pub fn to_degrees(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let mut point = (x, y, 0.0);
        transform(&self.plane, &self.degrees, &mut point).ok()?;
        Some((point.0.to_degrees(), point.1.to_degrees())).filter(is_finite)
    }

    /// The point at a longitude and latitude, degrees.
    pub fn from_degrees(&self, (lon, lat): (f64, f64)) -> Option<(f64, f64)> {
        if !(lon.abs() <= 360.0 && lat.abs() <= 90.0) {
            return None;
        }
        let mut point = (lon.to_radians(), lat.to_radians(), 0.0);
        transform(&self.degrees, &self.plane, &mut point).ok()?;
        Some((point.0, point.1)).filter(is_finite)
    }
}

/// Metres of one unit of a plane's coordinates; `None` where its code is not known.
pub fn unit(crs: Crs) -> Option<f64> {
    Plane::of(crs).map(|plane| plane.plane.to_meter())
}

fn is_finite((x, y): &(f64, f64)) -> bool {
    x.is_finite() && y.is_finite()
}

/// Longitude and latitude of a point of the web's map (EPSG:3857), degrees.
pub fn from_web((x, y): (f64, f64)) -> (f64, f64) {
    let radius = HALF_WORLD / std::f64::consts::PI;
    let lat = std::f64::consts::FRAC_PI_2 - 2.0 * (-y / radius).exp().atan();
    ((x / radius).to_degrees(), lat.to_degrees())
}

/// Point of the web's map (EPSG:3857) at a longitude and latitude, degrees.
pub fn to_web((lon, lat): (f64, f64)) -> (f64, f64) {
    let radius = HALF_WORLD / std::f64::consts::PI;
    let y = (std::f64::consts::FRAC_PI_4 + lat.to_radians() / 2.0).tan().ln() * radius;
    (lon.to_radians() * radius, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
        (a.0 - b.0).hypot(a.1 - b.1)
    }

    #[test]
    fn rd_new_is_where_the_kadaster_puts_it() {
        let plane = Plane::of(Crs::RD_NEW).expect("known");
        // Self-validation points of RDNAPTRANS2018 (NSGI), ETRS89 degrees and RD metres: Texel, Noord-Groningen, Amersfoort,
        // Zeeuws-Vlaanderen, Zuid-Limburg. WGS 84 and ETRS89 are taken as one, as maps do.
        for (degrees, metres) in [
            ((4.824_761_912, 53.160_753_042), (117_380.12, 575_040.34)),
            ((6.776_726_674, 53.419_482_050), (247_380.56, 604_580.78)),
            ((5.387_203_658, 52.155_172_897), (155_000.0, 463_000.0)),
            ((3.397_588_595, 51.368_607_152), (16_460.91, 377_380.23)),
            ((5.773_795_548, 50.792_584_916), (182_260.45, 311_480.67)),
        ] {
            let found = plane.from_degrees(degrees).expect("inside");
            assert!(apart(found, metres) < 0.3, "{found:?} for {metres:?}");
            let back = plane.to_degrees(found).expect("inside");
            assert!(apart(back, degrees) < 1e-8, "{back:?} for {degrees:?}");
        }
        assert!(Plane::of(Crs { epsg: Some(7415) }).is_some());
    }

    #[test]
    fn what_is_no_plane_is_none() {
        for epsg in [None, Some(4326), Some(1), Some(4_000_000_000)] {
            assert!(Plane::of(Crs { epsg }).is_none(), "{epsg:?}");
        }
        let plane = Plane::of(Crs::RD_NEW).expect("known");
        for point in [(f64::NAN, 52.0), (5.0, f64::INFINITY), (1e300, 0.0), (5.0, 91.0)] {
            assert!(plane.from_degrees(point).is_none(), "{point:?}");
        }
    }

    #[test]
    fn the_web_map_is_a_square() {
        let corner = from_web((HALF_WORLD, HALF_WORLD));
        assert!(apart(corner, (180.0, 85.051_128_779_806_6)) < 1e-9, "{corner:?}");
        for degrees in [(6.1, 52.5), (-70.0, -33.0), (0.0, 0.0)] {
            assert!(apart(from_web(to_web(degrees)), degrees) < 1e-11);
        }
    }
}
