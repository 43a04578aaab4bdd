//! CityJSON and CityJSONSeq: footprints and heights of buildings.

use super::geojson::value_of;
use super::repair::NO_FLOOR;
use super::{Drawn, MOST_CORNERS, Reader};
use glam::{DVec2, DVec3};
use hanze_base::error::Result;
use hanze_base::grid::Crs;
use hanze_base::outline::Outline;
use serde_json::{Map, Value as Json};

/// Height above the lowest point up to which a flat surface may be the floor, m.
const FLOOR: f64 = 1.0;

/// Where the vertices of a city lie.
#[derive(Clone, Copy)]
struct Transform {
    scale: DVec3,
    translate: DVec3,
}

/// What is known of one building.
#[derive(Default)]
struct Found {
    floor: Vec<Vec<Vec<DVec2>>>,
    low: f64,
    high: f64,
}

impl Reader<'_> {
    pub(super) fn cityjson(&mut self) -> Result<()> {
        let text = self.json()?;
        let mut transform = Transform { scale: DVec3::ONE, translate: DVec3::ZERO };
        // One document, or one in each line, of which the first says where they lie.
        let whole: std::result::Result<Json, _> = serde_json::from_str(&text);
        let documents: Vec<Json> = match whole {
            Ok(document) => vec![document],
            Err(_) => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                let parsed = lines.map(serde_json::from_str).collect::<std::result::Result<_, _>>();
                parsed.map_err(|error| self.bad(format!("is not CityJSON: {error}")))?
            }
        };
        drop(text);
        for document in &documents {
            if !matches!(document["type"].as_str(), Some("CityJSON" | "CityJSONFeature")) {
                return Err(self.bad("is not CityJSON"));
            }
            self.check_system(document)?;
            if let Some(given) =
                triple(&document["transform"]["scale"]).zip(triple(&document["transform"]["translate"]))
            {
                transform = Transform { scale: given.0, translate: given.1 };
            }
            let Some(objects) = document["CityObjects"].as_object() else {
                return Err(self.bad("has no CityObjects"));
            };
            let vertices = self.vertices(&document["vertices"], transform)?;
            self.buildings(objects, &vertices)?;
        }
        Ok(())
    }

    fn check_system(&self, document: &Json) -> Result<()> {
        let Some(system) = document["metadata"]["referenceSystem"].as_str() else { return Ok(()) };
        let code = system.rsplit(['/', ':']).next().and_then(|code| code.parse().ok());
        let (own, city) = (Crs { epsg: code }.plane(), self.grid.crs.plane());
        if own.is_some() && city.is_some() && own != city {
            return Err(self.bad(format!("lies in {}, and the city in {}", super::shown(system), self.grid.crs)));
        }
        Ok(())
    }

    fn vertices(&mut self, vertices: &Json, transform: Transform) -> Result<Vec<DVec3>> {
        let Some(vertices) = vertices.as_array() else { return Err(self.bad("has no vertices")) };
        let place = |vertex: &Json| -> Result<DVec3> {
            let Some(at) = triple(vertex) else { return Err(self.bad("has a vertex that is not [x, y, z]")) };
            let at = at * transform.scale + transform.translate;
            self.corner(at.x, at.y)?;
            Ok(at)
        };
        vertices.iter().map(place).collect()
    }

    /// Keeps every building, with its parts.
    fn buildings(&mut self, objects: &Map<String, Json>, vertices: &[DVec3]) -> Result<()> {
        let is_building = |object: &Json| object["type"].as_str() == Some("Building");
        for (name, object) in objects.iter().filter(|(_, object)| is_building(object)) {
            self.feature += 1;
            let mut found = Found { low: f64::INFINITY, high: f64::NEG_INFINITY, ..Found::default() };
            let children = object["children"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut names: Vec<&str> = children.iter().filter_map(Json::as_str).collect();
            names.sort_unstable();
            names.dedup();
            // A part is of this building if it says so, too.
            let is_part = |part: &&Json| {
                let parents = part["parents"].as_array().map(Vec::as_slice).unwrap_or_default();
                part["type"].as_str() == Some("BuildingPart") && parents.iter().any(|parent| parent == name.as_str())
            };
            self.part(object, vertices, &mut found, false)?;
            // Where the building itself has a floor plan, its parts only add their height.
            let known = !found.floor.is_empty();
            for part in names.into_iter().filter_map(|child| objects.get(child)).filter(is_part) {
                self.part(part, vertices, &mut found, known)?;
            }
            if found.floor.is_empty() {
                self.mended(NO_FLOOR);
                continue;
            }
            let height = Some(found.high - found.low).filter(|height| *height > 0.0 && *height < 1e4);
            let value = |column: &str| value_of(&object["attributes"][column]);
            let solid = Some((found.low, height)).filter(|(low, _)| low.is_finite());
            self.keep(Drawn::Areas(Outline { polygons: found.floor }), Some(name.clone()), solid, &value);
        }
        Ok(())
    }

    /// Adds what one object's geometries say.
    fn part(&mut self, object: &Json, vertices: &[DVec3], found: &mut Found, known: bool) -> Result<()> {
        let geometries = object["geometry"].as_array().map(Vec::as_slice).unwrap_or_default();
        // The plan (LoD 0) if there is one, else the most detailed.
        let level = |geometry: &&Json| match &geometry["lod"] {
            Json::String(lod) => lod.parse().unwrap_or(9.0),
            lod => lod.as_f64().unwrap_or(9.0),
        };
        let known_kind = |geometry: &&Json| {
            let kinds = ["MultiSurface", "CompositeSurface", "Solid", "MultiSolid", "CompositeSolid"];
            geometry["type"].as_str().is_some_and(|kind| kinds.contains(&kind))
        };
        let geometries: Vec<&Json> = geometries.iter().filter(known_kind).collect();
        let plan = geometries.iter().copied().find(|geometry| level(geometry) < 1.0);
        let best = geometries.iter().copied().max_by(|a, b| level(a).total_cmp(&level(b)));
        let Some(best) = best else { return Ok(()) };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for surface in self.surfaces(best, vertices)? {
            for corner in surface.rings.iter().flatten() {
                (low, high) = (low.min(corner.z), high.max(corner.z));
            }
        }
        (found.low, found.high) = (found.low.min(low), found.high.max(high));
        if known {
            return Ok(());
        }
        let surfaces = self.surfaces(plan.unwrap_or(best), vertices)?;
        let named = surfaces.iter().any(|surface| surface.is_ground);
        for surface in surfaces {
            let flat = surface.rings.iter().flatten().all(|corner| corner.z < low + FLOOR);
            if plan.is_some() || surface.is_ground || (!named && flat) {
                let rings = surface.rings.into_iter().map(|ring| ring.into_iter().map(DVec3::truncate).collect());
                found.floor.push(rings.collect());
            }
        }
        Ok(())
    }

    /// The surfaces of a geometry.
    fn surfaces<'j>(&mut self, geometry: &'j Json, vertices: &[DVec3]) -> Result<Vec<Surface>> {
        let depth = match geometry["type"].as_str() {
            Some("MultiSurface" | "CompositeSurface") => 0,
            Some("Solid") => 1,
            Some("MultiSolid" | "CompositeSolid") => 2,
            _ => return Ok(Vec::new()),
        };
        // Shells of solids are lists of surfaces, and so are the values that say what each surface is.
        let mut parts = vec![(&geometry["boundaries"], &geometry["semantics"]["values"])];
        for _ in 0..=depth {
            let open = |(boundary, value): (&'j Json, &'j Json)| {
                let list = boundary.as_array().map(Vec::as_slice).unwrap_or_default();
                list.iter().enumerate().map(move |(k, part)| (part, &value[k]))
            };
            parts = parts.into_iter().flat_map(open).collect();
        }
        self.read_surfaces(&parts, &geometry["semantics"]["surfaces"], vertices)
    }

    fn read_surfaces(&mut self, parts: &[(&Json, &Json)], kinds: &Json, vertices: &[DVec3]) -> Result<Vec<Surface>> {
        let mut surfaces = Vec::with_capacity(parts.len());
        for (rings, value) in parts {
            let kind = value.as_u64().and_then(|k| kinds[k as usize]["type"].as_str());
            let mut surface = Surface { rings: Vec::new(), is_ground: kind == Some("GroundSurface") };
            for ring in rings.as_array().map(Vec::as_slice).unwrap_or_default() {
                let corner = |index: &Json| index.as_u64().and_then(|index| vertices.get(index as usize).copied());
                let corners: Option<Vec<DVec3>> = ring.as_array().and_then(|ring| ring.iter().map(corner).collect());
                let Some(corners) = corners else { return Err(self.bad("names a vertex that is not there")) };
                // A vertex may stand in many rings, and each costs.
                self.corners += corners.len();
                if self.corners > MOST_CORNERS {
                    return Err(self.bad(format!("has more than {MOST_CORNERS} corners")));
                }
                surface.rings.push(corners);
            }
            surfaces.push(surface);
        }
        Ok(surfaces)
    }
}

/// A surface of a building.
struct Surface {
    rings: Vec<Vec<DVec3>>,
    is_ground: bool,
}

fn triple(value: &Json) -> Option<DVec3> {
    let at = |k: usize| value[k].as_f64();
    Some(DVec3::new(at(0)?, at(1)?, at(2)?)).filter(|at| at.is_finite())
}
