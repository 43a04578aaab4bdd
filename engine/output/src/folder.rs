//! The folder of one run: layers, tables, pictures and the record, each with its checksum.

use super::geojson::Feature;
use super::{cityjson, fgb, geojson, geotiff, png, table, vehicles};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::frame::{Frame, Outcome, Table};
use hanze_base::grid::Crs;
use hanze_base::objects::{Building, Shape};
use hanze_base::plane::Plane;
use hanze_base::quantity::Variable;
use hanze_base::raster::Raster;
use hanze_base::words::{self, Language};
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

/// What tables and shapes of a run say about where their numbers come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Whether the city is made up.
    pub synthetic: bool,
    /// Whom to name for the data; empty for nobody.
    pub attribution: String,
}

impl Artifact {
    /// What it shows in a language; in English where no other words are known. `find` gives what a layer of a name holds.
    pub fn words(&self, language: Language, find: impl Fn(&str) -> Option<Variable>) -> String {
        let dutch = || words::file(&self.name, &self.media_type, self.unit(), find);
        match language {
            Language::English => self.description.clone(),
            Language::Dutch => dutch().unwrap_or_else(|| self.description.clone()),
        }
    }

    /// Unit of a layer's values, which stands behind what it shows; empty where there is none.
    pub fn unit(&self) -> &str {
        let end = self.description.rsplit_once(" (").and_then(|(_, unit)| unit.strip_suffix(')'));
        end.filter(|_| self.name.ends_with(".tif")).unwrap_or_default()
    }
}

/// The folder of one run.
pub struct RunFolder {
    /// Where it is.
    pub path: PathBuf,
    /// What tables and shapes say about their numbers.
    pub provenance: Provenance,
    /// The files so far.
    pub artifacts: Vec<Artifact>,
}

/// Rows of a table as features in degrees; those off the plane's map are left out.
fn features(table: &Table, plane: &Plane) -> Vec<Feature> {
    let to_degrees = |at: DVec2| plane.to_degrees(at.into()).map(DVec2::from);
    let feature = |(k, (row, shape)): (usize, (&Vec<f64>, &Shape))| {
        let name = table.names.get(k).map(|name| ("name".to_string(), json!(name)));
        let numbers = table.columns.iter().cloned().zip(row.iter().map(|value| json!(value)));
        let properties = Value::Object(name.into_iter().chain(numbers).collect());
        Some(Feature { shape: shape.moved(to_degrees)?, properties })
    };
    table.rows.iter().zip(&table.shapes).enumerate().filter_map(feature).collect()
}

/// Name of what a frame holds at a simulated time (s), without its ending.
pub fn frame_name(layer: &str, time: f64) -> String {
    format!("{}{time:010.3}s", frame_start(layer))
}

/// Beginning of [`frame_name`], up to the time: by it the frames of a layer are found.
pub fn frame_start(layer: &str) -> String {
    format!("frames/{layer}_")
}

/// Name of a layer of the city in the folder of a run, without its ending.
pub fn city_name(layer: &str) -> String {
    format!("city/{layer}")
}

/// Name of what runs of variants start from.
pub const START: &str = "start.bin";

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
        Ok(RunFolder { path: path.to_path_buf(), provenance: Provenance::default(), artifacts: Vec::new() })
    }

    fn add(&mut self, name: String, media_type: &str, description: &str) -> Result<()> {
        let (sha256, bytes) = hanze_base::checksum::of_file(&self.path.join(&name))?;
        let (media_type, description) = (media_type.to_string(), description.to_string());
        self.artifacts.retain(|artifact| artifact.name != name);
        self.artifacts.push(Artifact { name, media_type, description, sha256, bytes });
        Ok(())
    }

    /// Writes one layer as a Cloud Optimized GeoTIFF; names may hold a folder. What the layer holds decides its overviews.
    pub fn layer(&mut self, name: &str, variable: &Variable, layer: &Raster) -> Result<()> {
        let name = format!("{name}.tif");
        let path = self.path.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io("making the folder", parent))?;
        }
        geotiff::write_reduced(&path, layer, variable.reduce())?;
        let unit = if layer.unit.is_empty() { String::new() } else { format!(" ({})", layer.unit) };
        self.add(name, COG, &format!("{}{unit}", layer.description))
    }

    /// Writes the layers of a frame below `frames/`, named by their time.
    pub fn frame(&mut self, frame: &Frame) -> Result<()> {
        let mut layers = frame.layers.iter();
        layers.try_for_each(|layer| self.layer(&frame_name(&layer.name, frame.time), layer.variable(), layer))?;
        if let Some(vehicles) = &frame.vehicles {
            let folder = self.path.join("frames");
            std::fs::create_dir_all(&folder).map_err(Error::io("making the folder", &folder))?;
            let name = frame_name("vehicles", frame.time);
            vehicles::write_json(&self.path.join(format!("{name}.json")), frame.time, vehicles)?;
            self.add(format!("{name}.json"), "application/json", "where every vehicle is")?;
            vehicles::write_binary(&self.path.join(format!("{name}.bin")), frame.time, vehicles)?;
            self.add(format!("{name}.bin"), vehicles::MEDIA_TYPE, "where every vehicle is, in 20 bytes each")?;
        }
        Ok(())
    }

    /// Writes the layers and tables that sum a run up. Beside a table lies what it is. A table whose rows lie somewhere is also
    /// written as GeoJSON in degrees, if the plane of the layers is known.
    pub fn outcome(&mut self, outcome: &Outcome) -> Result<()> {
        outcome.layers.iter().try_for_each(|layer| self.layer(&layer.name, layer.variable(), layer))?;
        for rows in &outcome.tables {
            let name = format!("{}.csv", rows.name);
            table::write_csv(&self.path.join(&name), rows, &self.provenance)?;
            self.add(name, "text/csv", &rows.description)?;
            let name = format!("{}.csv-metadata.json", rows.name);
            table::write_metadata(&self.path.join(&name), rows, &self.provenance)?;
            self.add(name, "application/csvm+json", &format!("description and attribution of {}.csv", rows.name))?;
            let plane = outcome.layers.first().and_then(|layer| Plane::of(layer.grid.crs));
            if let Some(plane) = plane.filter(|_| !rows.shapes.is_empty()) {
                let name = format!("{}.geojson", rows.name);
                geojson::write_degrees(&self.path.join(&name), &rows.name, &self.provenance, features(rows, &plane))?;
                self.add(name, "application/geo+json", &rows.description)?;
            }
            // Lines are many, and wanted piece by piece.
            if rows.shapes.iter().any(|shape| matches!(shape, Shape::Line(_))) {
                let name = format!("{}.fgb", rows.name);
                let crs = outcome.layers.first().map_or(Crs::UNKNOWN, |layer| layer.grid.crs);
                fgb::write_lines(&self.path.join(&name), rows, crs)?;
                self.add(name, "application/vnd.flatgeobuf", &rows.description)?;
            }
        }
        Ok(())
    }

    /// Writes what lies below every map of the run, so that the folder is enough to draw them.
    pub fn city<'a>(&mut self, layers: impl IntoIterator<Item = (Variable, &'a Raster)>) -> Result<()> {
        let mut layers = layers.into_iter();
        layers.try_for_each(|(variable, layer)| self.layer(&city_name(&variable.name()), &variable, layer))
    }

    /// Writes a picture; names may hold a folder that is there.
    pub fn picture(&mut self, name: &str, description: &str, picture: &RgbImage) -> Result<()> {
        let name = format!("{name}.png");
        png::write_png(&self.path.join(&name), picture)?;
        self.add(name, "image/png", description)
    }

    /// Writes pictures of the folder, by their names without ending, as one animation.
    pub fn animation(&mut self, name: &str, description: &str, pictures: &[String]) -> Result<()> {
        let name = format!("{name}.png");
        let pictures: Vec<PathBuf> = pictures.iter().map(|name| self.path.join(format!("{name}.png"))).collect();
        png::write_animation(&self.path.join(&name), 500, &pictures)?;
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
        geojson::write_geojson(&self.path.join(&file), name, crs, &self.provenance, features)?;
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

    /// Writes a text that is read again: a scenario, or a table of codes.
    pub fn toml(&mut self, name: &str, description: &str, text: &str) -> Result<()> {
        let file = format!("{name}.toml");
        self.text(&file, text)?;
        self.add(file, "application/toml", description)
    }

    /// Writes a text that is a result, under a name with its ending.
    pub fn written(&mut self, name: &str, media_type: &str, description: &str, text: &str) -> Result<()> {
        self.text(name, text)?;
        self.add(name.to_string(), media_type, description)
    }

    /// Takes up a mesh that was written to the folder.
    pub fn mesh(&mut self, name: &str, description: &str) -> Result<()> {
        self.add(format!("{name}.glb"), "model/gltf-binary", description)
    }

    /// Writes what runs of variants start from; `write` tells whether there is anything.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn start(&mut self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<bool>) -> Result<()> {
        let path = self.path.join(START);
        let mut is_there = false;
        super::whole_file(&path, |out| {
            is_there = write(out)?;
            Ok(())
        })?;
        if is_there {
            return self.add(START.into(), "application/octet-stream", "what runs of variants start from");
        }
        std::fs::remove_file(&path).map_err(Error::io("removing", &path))
    }

    /// Writes a text file that belongs to the run but is no result.
    pub fn text(&self, name: &str, text: &str) -> Result<()> {
        super::whole_file(&self.path.join(name), |out| out.write_all(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::frame::Layer;
    use hanze_base::grid::Crs;

    #[test]
    fn files_say_what_they_hold_in_both_languages() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut folder = RunFolder::create(folder.path()).expect("made");
        let variable = hanze_engine::models::variable("max_depth").expect("known");
        let depth = Layer::new(variable, hanze_base::grid::Grid::local(4, 4, 1.0), vec![0.5; 16]);
        let depth = depth.described("maximum water depth");
        folder.layer("max_depth", depth.variable(), &depth).expect("written");
        let words = |language| folder.artifacts[0].words(language, hanze_engine::models::variable);
        let [english, dutch] = [Language::English, Language::Dutch].map(words);
        assert_eq!((english.as_str(), dutch.as_str()), ("maximum water depth (m)", "grootste waterdiepte (m)"));
        assert_eq!(folder.artifacts[0].unit(), "m");
    }

    #[test]
    fn rows_that_lie_somewhere_are_features_on_the_web_map() {
        let at = [DVec2::new(155_000.0, 463_000.0), DVec2::new(f64::NAN, 0.0)];
        let table = Table {
            names: vec!["Keistad".into(), "nowhere".into()],
            columns: vec!["depth_m".into(), "speed_m_per_s".into()],
            rows: vec![vec![0.3, f64::NAN]; 2],
            shapes: at.map(Shape::Point).to_vec(),
            ..Table::default()
        };
        let features = features(&table, &Plane::of(Crs::RD_NEW).expect("known"));
        let properties = json!({ "name": "Keistad", "depth_m": 0.3, "speed_m_per_s": null });
        assert_eq!((features.len(), &features[0].properties), (1, &properties));
        let Shape::Point(amersfoort) = features[0].shape else { panic!("a point") };
        assert!((amersfoort - DVec2::new(5.387_203_658, 52.155_172_897)).length() < 1e-5, "{amersfoort}");
    }
}
