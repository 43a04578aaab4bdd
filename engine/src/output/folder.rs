//! The folder of one run: layers, tables, pictures and the record, each with its checksum.

use super::geojson::{Feature, Shape};
use super::map::Ground;
use super::{cityjson, geojson, geotiff, png, table};
use crate::error::{Error, Result};
use crate::frame::{Frame, Outcome, Table};
use crate::grid::Crs;
use crate::objects::Building;
use crate::plane::Plane;
use crate::raster::Raster;
use glam::DVec2;
use image::RgbImage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that a run made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Path within the run's folder.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// What it shows, in words.
    pub description: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size, bytes.
    pub bytes: u64,
}

/// The folder of one run.
pub struct RunFolder {
    /// Where it is.
    pub path: PathBuf,
    /// The files so far.
    pub artifacts: Vec<Artifact>,
}

/// Rows of a table as points in degrees, if they lie somewhere; those off the plane's map are left out.
fn points(table: &Table, plane: &Plane) -> Option<Vec<Feature>> {
    let column = |name: &str| table.columns.iter().position(|column| column == name);
    let (x, y) = (column("x_m")?, column("y_m")?);
    let point = |row: &Vec<f64>| {
        let (lon, lat) = plane.to_degrees((row[x], row[y]))?;
        let properties = table.columns.iter().cloned().zip(row.iter().map(|value| json!(value)));
        Some(Feature { shape: Shape::Point(DVec2::new(lon, lat)), properties: Value::Object(properties.collect()) })
    };
    Some(table.rows.iter().filter_map(point).collect())
}

const COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";

impl RunFolder {
    /// Makes the folder and sees that it can be written.
    ///
    /// # Errors
    /// `Io` with the path and the mend.
    pub fn create(path: &Path) -> Result<RunFolder> {
        std::fs::create_dir_all(path).map_err(Error::io("making the folder", path))?;
        let probe = path.join(".probe");
        std::fs::write(&probe, b"hanze").map_err(Error::io("writing", &probe))?;
        std::fs::remove_file(&probe).map_err(Error::io("removing", &probe))?;
        Ok(RunFolder { path: path.to_path_buf(), artifacts: Vec::new() })
    }

    fn add(&mut self, name: String, media_type: &str, description: &str) -> Result<()> {
        let (sha256, bytes) = crate::checksum::of_file(&self.path.join(&name))?;
        let (media_type, description) = (media_type.to_string(), description.to_string());
        self.artifacts.retain(|artifact| artifact.name != name);
        self.artifacts.push(Artifact { name, media_type, description, sha256, bytes });
        Ok(())
    }

    /// Writes one layer as a Cloud Optimized GeoTIFF; names may hold a folder.
    pub fn layer(&mut self, name: &str, layer: &Raster) -> Result<()> {
        let name = format!("{name}.tif");
        let path = self.path.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io("making the folder", parent))?;
        }
        geotiff::write_cog(&path, layer)?;
        self.add(name, COG, &format!("{} ({})", layer.description, layer.unit))
    }

    /// Writes the layers of a frame below `frames/`, named by their time.
    pub fn frame(&mut self, frame: &Frame) -> Result<()> {
        let stamp = format!("{:010.3}s", frame.time);
        frame.layers.iter().try_for_each(|layer| self.layer(&format!("frames/{}_{stamp}", layer.name), layer))
    }

    /// Writes the layers and tables that sum a run up. A table whose rows lie somewhere (`x_m`, `y_m`) is also written as points
    /// in degrees, if the plane of the layers is known.
    pub fn outcome(&mut self, outcome: &Outcome) -> Result<()> {
        outcome.layers.iter().try_for_each(|layer| self.layer(&layer.name, layer))?;
        for rows in &outcome.tables {
            let name = format!("{}.csv", rows.name);
            table::write_csv(&self.path.join(&name), rows)?;
            self.add(name, "text/csv", &rows.description)?;
            let plane = outcome.layers.first().and_then(|layer| Plane::of(layer.grid.crs));
            if let Some(points) = plane.and_then(|plane| points(rows, &plane)) {
                let name = format!("{}.geojson", rows.name);
                geojson::write_degrees(&self.path.join(&name), &rows.name, points)?;
                self.add(name, "application/geo+json", &rows.description)?;
            }
        }
        Ok(())
    }

    /// Writes what lies below every map of the run, so that the folder is enough to draw them.
    pub fn city(&mut self, ground: Ground) -> Result<()> {
        let layers = [Some(ground.terrain), ground.buildings, ground.water, ground.canopy].into_iter().flatten();
        layers.into_iter().try_for_each(|layer| self.layer(&format!("city/{}", layer.name), layer))
    }

    /// Writes a picture; names may hold a folder that is there.
    pub fn picture(&mut self, name: &str, description: &str, picture: &RgbImage) -> Result<()> {
        let name = format!("{name}.png");
        png::write_png(&self.path.join(&name), picture)?;
        self.add(name, "image/png", description)
    }

    /// Writes pictures in time as one animation.
    pub fn animation(
        &mut self,
        name: &str,
        description: &str,
        count: u32,
        pictures: impl IntoIterator<Item = Result<RgbImage>>,
    ) -> Result<()> {
        let name = format!("{name}.png");
        png::write_animation(&self.path.join(&name), count, 500, pictures)?;
        self.add(name, "image/apng", description)
    }

    /// Writes shapes with their properties.
    pub fn geojson(
        &mut self,
        name: &str,
        description: &str,
        crs: Crs,
        features: impl IntoIterator<Item = Feature>,
    ) -> Result<()> {
        let file = format!("{name}.geojson");
        geojson::write_geojson(&self.path.join(&file), name, crs, features)?;
        self.add(file, "application/geo+json", description)
    }

    /// Writes buildings as solids.
    pub fn cityjson(
        &mut self,
        name: &str,
        title: &str,
        crs: Crs,
        buildings: &[Building],
        area: impl Fn(usize) -> String,
    ) -> Result<()> {
        let file = format!("{name}.json");
        cityjson::write_cityjson(&self.path.join(&file), title, crs, buildings, area)?;
        self.add(file, "application/city+json", "buildings with walls and roofs")
    }

    /// Takes up a mesh that was written to the folder.
    pub fn mesh(&mut self, name: &str, description: &str) -> Result<()> {
        self.add(format!("{name}.glb"), "model/gltf-binary", description)
    }

    /// Writes a text file that belongs to the run but is no result.
    pub fn text(&self, name: &str, text: &str) -> Result<()> {
        super::whole_file(&self.path.join(name), |out| out.write_all(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Crs;

    #[test]
    fn rows_that_lie_somewhere_are_points_on_the_web_map() {
        let table = |columns: &[&str]| Table {
            name: "spots".into(),
            description: String::new(),
            columns: columns.iter().map(|column| (*column).to_string()).collect(),
            rows: vec![vec![155_000.0, 463_000.0, 0.3], vec![f64::NAN, 0.0, 0.1]],
        };
        let plane = Plane::of(Crs::RD_NEW).expect("known");
        assert!(points(&table(&["a", "y_m", "depth_m"]), &plane).is_none());
        let points = points(&table(&["x_m", "y_m", "depth_m"]), &plane).expect("places");
        assert_eq!((points.len(), &points[0].properties["depth_m"]), (1, &json!(0.3)));
        let Shape::Point(amersfoort) = points[0].shape else { panic!("a point") };
        assert!((amersfoort - DVec2::new(5.387_203_658, 52.155_172_897)).length() < 1e-5, "{amersfoort}");
    }
}
