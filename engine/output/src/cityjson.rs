//! Buildings as CityJSON 2.0 (cityjson.org/specs/2.0.1): solids with the semantics of their faces, in LoD 2.

use super::whole_file;
use crate::mesh::{Surface, faces};
use glam::DVec3;
use hanze_base::error::Result;
use hanze_base::grid::Crs;
use hanze_base::objects::Building;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// Writes buildings. `area` names the neighbourhood of an index.
///
/// # Errors
/// `Io` with the path.
pub fn write_cityjson(
    path: &Path,
    title: &str,
    crs: Crs,
    buildings: &[Building],
    area: impl Fn(usize) -> String,
) -> Result<()> {
    let text = cityjson(title, crs, buildings, area).to_string();
    whole_file(path, |out| out.write_all(text.as_bytes()))
}

fn cityjson(title: &str, crs: Crs, buildings: &[Building], area: impl Fn(usize) -> String) -> Value {
    let points = buildings.iter().flat_map(|building| {
        let low = building.floor.unwrap_or_default();
        let high = low + building.ridge.unwrap_or_default();
        let corners = building.footprint.polygons.iter().flatten().flatten();
        corners.flat_map(move |p| [p.extend(low), p.extend(high)])
    });
    let (low, high) = points.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
    let translate = if buildings.is_empty() { DVec3::ZERO } else { low.floor() };
    let mut vertices: Vec<[i64; 3]> = Vec::new();
    let mut number: HashMap<[i64; 3], usize> = HashMap::new();
    let mut vertex = |p: DVec3| {
        let place = ((p - translate) * 1000.0).round().as_i64vec3().to_array();
        *number.entry(place).or_insert_with(|| {
            vertices.push(place);
            vertices.len() - 1
        })
    };
    let mut objects = Map::new();
    for (k, building) in buildings.iter().enumerate() {
        let faces = faces(building);
        let kind = |surface: Surface| match surface {
            Surface::Ground => 0,
            Surface::Wall => 1,
            Surface::Roof => 2,
        };
        let mut ring = |corners: &Vec<DVec3>| -> Vec<usize> { corners.iter().map(|p| vertex(*p)).collect() };
        let boundaries: Vec<Vec<Vec<usize>>> =
            faces.iter().map(|(_, rings)| rings.iter().map(&mut ring).collect()).collect();
        let values: Vec<usize> = faces.iter().map(|(surface, _)| kind(*surface)).collect();
        let surfaces = ["GroundSurface", "WallSurface", "RoofSurface"].map(|kind| json!({ "type": kind }));
        let mut attributes = json!({
            "function": building.use_,
            "roofType": building.roof,
            "storeysAboveGround": building.storeys,
            "yearOfConstruction": building.year,
            "dwellings": building.dwellings,
            "floorLevel": building.floor,
            "eavesHeight": building.eaves,
            "measuredHeight": building.ridge,
            "neighbourhood": building.area.map(&area),
        });
        attributes.as_object_mut().into_iter().for_each(|own| own.retain(|_, value| !value.is_null()));
        let geometry = match building.ridge {
            Some(_) => json!({
                "type": "Solid",
                "lod": if building.is_shaped() { "2.0" } else { "1.0" },
                "boundaries": [boundaries],
                "semantics": { "surfaces": surfaces, "values": [values] },
            }),
            None => json!({
                "type": "MultiSurface",
                "lod": "0.0",
                "boundaries": boundaries,
                "semantics": { "surfaces": surfaces, "values": values },
            }),
        };
        // Names need not be unique where they come from.
        let mut id = building.id.clone().filter(|id| !objects.contains_key(id));
        while id.as_ref().is_none_or(|id| objects.contains_key(id)) {
            id = Some(id.map_or_else(|| format!("building-{k}"), |id| id + "_"));
        }
        let id = id.unwrap_or_default();
        objects.insert(id, json!({ "type": "Building", "attributes": attributes, "geometry": [geometry] }));
    }
    let mut metadata = json!({ "title": title });
    if let Some(code) = crs.epsg {
        // RD New with heights above NAP has a code of its own.
        let code = if crs.plane() == Some(28_992) { 7415 } else { code };
        metadata["referenceSystem"] = format!("https://www.opengis.net/def/crs/EPSG/0/{code}").into();
    }
    if !buildings.is_empty() {
        metadata["geographicalExtent"] = json!([low.x, low.y, low.z, high.x, high.y, high.z]);
    }
    json!({
        "type": "CityJSON",
        "version": "2.0",
        "transform": { "scale": [0.001, 0.001, 0.001], "translate": translate.to_array() },
        "metadata": metadata,
        "CityObjects": objects,
        "vertices": vertices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let ring = |corners: &[(f64, f64)]| corners.iter().map(|p| glam::DVec2::from(*p)).collect::<Vec<_>>();
        let outer = ring(&[(0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (0.0, 10.0)]);
        let yard = ring(&[(5.0, 2.0), (5.0, 6.0), (10.0, 6.0), (10.0, 2.0)]);
        let footprint = hanze_base::outline::Outline { polygons: vec![vec![outer, yard]] };
        let flat = Building { id: Some("a".into()), footprint, ..Building::default() };
        let block = Building { floor: Some(1.0), ridge: Some(9.0), ..flat.clone() };
        let unnamed = Building { id: None, ..block.clone() };
        let read = cityjson("t", Crs::UNKNOWN, &[flat, block, unnamed], |_| String::new());
        let objects = read["CityObjects"].as_object().expect("objects");
        // Two of one name are two buildings.
        assert_eq!(objects.keys().map(String::as_str).collect::<Vec<_>>(), ["a", "building-1", "building-2"]);
        let geometry = |id: &str| &objects[id]["geometry"][0];
        assert_eq!((&geometry("a")["type"], &geometry("a")["lod"]), (&json!("MultiSurface"), &json!("0.0")));
        assert_eq!(objects["a"]["attributes"], json!({}));
        // Ground and top with a hole, and a wall below each of eight sides.
        let shell = geometry("building-1")["boundaries"][0].as_array().expect("a shell");
        assert_eq!(shell.iter().map(|face| face.as_array().map_or(0, Vec::len)).sum::<usize>(), 2 * 2 + 8);
        assert_eq!(objects["building-1"]["attributes"], json!({ "floorLevel": 1.0, "measuredHeight": 9.0 }));
    }

    #[test]
    fn solids_come_out_with_their_semantics() {
        let city = hanze_city::demo::demo(2, 300.0, 200.0, 2.0).expect("a good size");
        let names = |k: usize| city.objects.areas[k].name.clone();
        let read = cityjson("Demo", city.grid.crs, &city.objects.buildings, names);
        assert_eq!(read["metadata"]["referenceSystem"], "https://www.opengis.net/def/crs/EPSG/0/7415");
        let objects = read["CityObjects"].as_object().expect("objects");
        assert_eq!(objects.len(), city.objects.buildings.len());
        let count = read["vertices"].as_array().map_or(0, Vec::len);
        for object in objects.values() {
            let shell = object["geometry"][0]["boundaries"][0].as_array().expect("a shell");
            let kinds = object["geometry"][0]["semantics"]["values"][0].as_array().expect("values");
            assert_eq!(shell.len(), kinds.len());
            let corners = shell.iter().flat_map(|face| face[0].as_array().expect("a ring"));
            assert!(corners.into_iter().all(|k| k.as_u64().is_some_and(|k| (k as usize) < count)));
        }
        // The first building is where it was.
        let (building, at) = (&city.objects.buildings[0], &read["CityObjects"]["building-0"]);
        let first = at["geometry"][0]["boundaries"][0][1][0][0].as_u64().expect("a vertex") as usize;
        for k in 0..2 {
            let value = |list: &Value, k: usize| list[k].as_f64().expect("a number");
            let place = value(&read["vertices"][first], k) * 0.001 + value(&read["transform"]["translate"], k);
            assert!((place - building.corners().expect("four")[0][k]).abs() < 0.001, "{place}");
        }
    }
}
