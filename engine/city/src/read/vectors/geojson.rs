//! GeoJSON.

use super::repair::NO_GEOMETRY;
use super::{Drawn, LARGEST_FILE, MOST_NAMES, Reader, Value, shown};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::outline::Outline;
use hanze_base::plane::Plane;
use serde_json::Value as Json;
use std::io::Read;

/// A value of JSON as that of a column.
pub(super) fn value_of(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Number(number) => number.as_f64().map(Value::Number),
        // As osmnx and geopandas write whether, and what differs along a line.
        Json::Bool(is_so) => Some(Value::Text(is_so.to_string())),
        Json::Array(all) if !all.is_empty() && all.iter().all(|own| !own.is_array() && !own.is_object()) => {
            Some(Value::Text(json.to_string().chars().take(1000).collect()))
        }
        _ => None,
    }
}

impl Reader<'_> {
    /// The text of a file of JSON.
    pub(super) fn json(&self) -> Result<String> {
        let file = std::fs::File::open(self.path).map_err(Error::io("reading", self.path))?;
        let mut text = String::new();
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", self.path))?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(self.bad("is larger than 100 MiB: cut it, or write a shapefile"));
        }
        Ok(text)
    }

    pub(super) fn geojson(&mut self) -> Result<()> {
        let text = self.json()?;
        let mut root: Json = serde_json::from_str(&text).map_err(|error| self.bad(format!("is not JSON: {error}")))?;
        drop(text);
        if root["type"] == "CityJSON" {
            drop(root);
            return self.cityjson();
        }
        let named = root["crs"]["properties"]["name"].as_str().map(str::to_string);
        let named = named.or_else(|| self.declared.map(|code| format!("EPSG:{code}")));
        let plane = self.plane_of(named.as_deref())?;
        let features = match root["type"].as_str() {
            Some("FeatureCollection") => match root["features"].take() {
                Json::Array(features) => features,
                _ => return Err(self.bad("has no list of features")),
            },
            Some("Feature") => vec![root],
            _ => return Err(self.bad("is not a GeoJSON Feature or FeatureCollection")),
        };
        for feature in &features {
            self.feature += 1;
            let geometry = &feature["geometry"];
            let (polygons, lines) = match geometry["type"].as_str() {
                Some("Polygon") => (vec![&geometry["coordinates"]], Vec::new()),
                Some("MultiPolygon") => (self.list(&geometry["coordinates"])?.iter().collect(), Vec::new()),
                Some("LineString") => (Vec::new(), vec![&geometry["coordinates"]]),
                Some("MultiLineString") => (Vec::new(), self.list(&geometry["coordinates"])?.iter().collect()),
                None if geometry.is_null() => {
                    self.mended(NO_GEOMETRY);
                    continue;
                }
                other => {
                    let kind = other.unwrap_or("geometry without a type");
                    return Err(self.bad(format!("is a {}, and polygons or lines are needed", shown(kind))));
                }
            };
            let mut outline = Outline::default();
            for polygon in polygons {
                let mut rings = Vec::new();
                for ring in self.list(polygon)? {
                    let corners = self.list(ring)?;
                    rings
                        .push(corners.iter().map(|at| self.place(at, plane.as_ref())).collect::<Result<Vec<DVec2>>>()?);
                }
                outline.polygons.push(rings);
            }
            let value = |name: &str| {
                let own = &feature["properties"];
                // Capitals do not matter, where the exact name is not there.
                let other = || own.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v);
                value_of(own.get(name).or_else(other)?)
            };
            let drawn = if lines.is_empty() {
                Drawn::Areas(outline)
            } else {
                let mut drawn = Vec::with_capacity(lines.len());
                for line in lines {
                    let corners = self.list(line)?;
                    drawn
                        .push(corners.iter().map(|at| self.place(at, plane.as_ref())).collect::<Result<Vec<DVec2>>>()?);
                }
                Drawn::Lines(drawn)
            };
            if self.lines.is_some()
                && let Some(own) = feature["properties"].as_object()
            {
                let new: Vec<&String> = own.keys().filter(|key| !self.names.contains(*key)).collect();
                self.names.extend(new.into_iter().take(MOST_NAMES.saturating_sub(self.names.len())).cloned());
            }
            self.keep(drawn, value_of(&feature["id"]).map(|value| value.name()), None, &value);
        }
        Ok(())
    }

    fn list<'v>(&self, value: &'v Json) -> Result<&'v Vec<Json>> {
        value.as_array().ok_or_else(|| self.bad("its coordinates are not lists of rings of [x, y]"))
    }

    fn place(&mut self, corner: &Json, plane: Option<&Plane>) -> Result<DVec2> {
        let number = |k: usize| corner[k].as_f64();
        let Some((x, y)) = number(0).zip(number(1)) else { return Err(self.bad("has a corner that is not [x, y]")) };
        match plane {
            None => self.corner(x, y),
            Some(plane) => {
                let outside = || self.bad(format!("has a corner at ({x}, {y}), which is not a longitude and latitude"));
                let (x, y) = plane.from_degrees((x, y)).ok_or_else(outside)?;
                self.corner(x, y)
            }
        }
    }
}
