//! Meshes as binary glTF 2.0 (GLB), as three.js, Cesium and Unity load them.
//!
//! glTF's y points up: a place east, north and up of the origin is (east, up, -north). A part is cut into square pieces of
//! 240 m, and positions are whole steps of 1/128 m in 16 bits from a corner of their piece (`KHR_mesh_quantization`). Both
//! are exact in binary, so that neighbouring pieces fit to the last bit. Where a piece reaches further than 512 m, as
//! in mountains, its steps are larger. Trees are one mesh and many places (`EXT_mesh_gpu_instancing`). The origin in the city's plane, in
//! f64, and its CRS are in the asset's extras.

use super::png::encode_png;
use super::whole_file;
use crate::mesh::Mesh;
use glam::{DVec3, Vec3};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Crs;
use image::RgbImage;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Smallest step of positions, m.
const STEP: f32 = 1.0 / 128.0;
/// Side of the square pieces that a part is cut into, m; less than 65 535 steps, as triangles reach beyond.
const PIECE: f32 = 240.0;
const FLOAT: u32 = 5126;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
const BYTE: u32 = 5120;

/// Column and row of a piece, from the origin.
type Square = [i32; 2];

/// A mesh of a part by its number, and those of its triangles that lie in a square.
type PieceOf = (usize, Vec<[u32; 3]>);

/// What a part looks like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Material {
    /// Colour, sRGB.
    pub colour: [u8; 3],
    /// Opacity, 0..1; below 1 what lies behind shows.
    pub opacity: f32,
    /// Roughness, 0..1.
    pub roughness: f32,
    /// A picture laid over the mesh instead of the colour.
    pub picture: Option<RgbImage>,
}

impl Material {
    /// A dull colour.
    pub fn dull(colour: [u8; 3]) -> Material {
        Material { colour, opacity: 1.0, roughness: 0.95, picture: None }
    }
}

/// A place of a tree: foot, and size along the radius and the height, m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Metres east, north and up of the origin.
    pub at: Vec3,
    /// Size east, north and up.
    pub scale: Vec3,
}

/// One thing in a scene.
pub struct Part<'a> {
    /// Name for programs and people, such as `terrain`.
    pub name: &'a str,
    /// Meshes that belong together, each with its look.
    pub meshes: Vec<(&'a Mesh, Material)>,
    /// Where the meshes are put; once, at the origin, if empty.
    pub places: Vec<Place>,
}

/// Facts about a scene, for its extras.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Title.
    pub title: &'a str,
    /// Whom to name.
    pub attribution: &'a str,
    /// Whether the city is made up.
    pub synthetic: bool,
    /// The origin in the city's plane, and above its datum.
    pub origin: DVec3,
    /// The plane.
    pub crs: Crs,
    /// Further facts, such as the terrain's error.
    pub facts: Map<String, Value>,
}

/// Writes parts as one GLB file. Empty meshes are left out.
///
/// # Errors
/// `Io` with the path; `Data` where the file would pass the 4 GiB that a GLB can hold.
pub fn write_glb(path: &Path, about: &About, parts: &[Part]) -> Result<()> {
    let bytes = glb(about, parts);
    if u32::try_from(bytes.len()).is_err() {
        let problem = format!("would be of {} bytes, and a GLB holds 4 GiB", bytes.len());
        return Err(Error::data(path, problem, "ask for a larger error, or a smaller part of the city"));
    }
    whole_file(path, |out| out.write_all(&bytes))
}

/// Parts as the bytes of one GLB file.
pub fn glb(about: &About, parts: &[Part]) -> Vec<u8> {
    let mut file = File::default();
    for part in parts {
        file.part(part);
    }
    file.finish(about)
}

#[derive(Default)]
struct File {
    data: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    materials: Vec<Value>,
    images: Vec<Value>,
    meshes: Vec<Value>,
    nodes: Vec<Value>,
    /// Nodes that belong to no other.
    roots: Vec<usize>,
    has_places: bool,
    has_steps: bool,
}

impl File {
    fn part(&mut self, part: &Part) {
        let meshes: Vec<&(&Mesh, Material)> =
            part.meshes.iter().filter(|(mesh, _)| !mesh.triangles.is_empty()).collect();
        if meshes.is_empty() {
            return;
        }
        let materials: Vec<usize> = meshes.iter().map(|(_, material)| self.material(material)).collect();
        if !part.places.is_empty() {
            let primitives: Vec<Value> =
                meshes.iter().zip(&materials).map(|((mesh, _), material)| self.plain(mesh, *material)).collect();
            let mesh = self.mesh(part.name, primitives);
            let places = self.places(&part.places);
            let extensions = json!({ "EXT_mesh_gpu_instancing": { "attributes": places } });
            self.root(json!({ "name": part.name, "mesh": mesh, "extensions": extensions }));
            return;
        }
        // Pieces of all meshes by their square, each square a node of its own.
        let mut squares: BTreeMap<Square, Vec<PieceOf>> = BTreeMap::new();
        for (k, (mesh, _)) in meshes.iter().enumerate() {
            for (square, triangles) in squares_of(mesh) {
                squares.entry(square).or_default().push((k, triangles));
            }
        }
        let mut numbers: Vec<Vec<u32>> = meshes.iter().map(|(mesh, _)| vec![u32::MAX; mesh.positions.len()]).collect();
        let mut children = Vec::new();
        for (_, pieces) in squares {
            let corners = pieces.iter().flat_map(|(k, triangles)| {
                let mesh = meshes[*k].0;
                triangles.iter().flatten().map(|corner| mesh.positions[*corner as usize])
            });
            let frame = Frame::around(corners);
            let primitives: Vec<Value> = pieces
                .iter()
                .map(|(k, triangles)| self.piece(meshes[*k].0, triangles, &frame, materials[*k], &mut numbers[*k]))
                .collect();
            let mesh = self.mesh(part.name, primitives);
            let (at, step) = (frame.corner, frame.step);
            let node = json!({ "mesh": mesh, "translation": [at.x, at.z, -at.y], "scale": [step, step, step] });
            children.push(self.node(node));
        }
        self.has_steps = true;
        self.root(json!({ "name": part.name, "children": children }));
    }

    fn node(&mut self, node: Value) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn root(&mut self, node: Value) {
        let node = self.node(node);
        self.roots.push(node);
    }

    fn mesh(&mut self, name: &str, primitives: Vec<Value>) -> usize {
        self.meshes.push(json!({ "name": name, "primitives": primitives }));
        self.meshes.len() - 1
    }

    fn material(&mut self, material: &Material) -> usize {
        // glTF's factors are linear, colours are sRGB.
        let linear = |part: u8| {
            let s = f64::from(part) / 255.0;
            let linear = if s <= 0.040_45 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) };
            // The last digits of a power differ between platforms.
            (linear * 1e4).round() / 1e4
        };
        let [red, green, blue] = material.colour.map(linear);
        let mut surface = json!({ "metallicFactor": 0.0, "roughnessFactor": material.roughness });
        match &material.picture {
            Some(picture) => {
                let view = self.view(&encode_png(picture), None, None);
                self.images.push(json!({ "mimeType": "image/png", "bufferView": view }));
                surface["baseColorTexture"] = json!({ "index": self.images.len() - 1 });
            }
            None => surface["baseColorFactor"] = json!([red, green, blue, material.opacity]),
        }
        let mut look = json!({ "pbrMetallicRoughness": surface });
        if material.opacity < 1.0 {
            look["alphaMode"] = "BLEND".into();
            look["doubleSided"] = true.into();
        }
        self.materials.push(look);
        self.materials.len() - 1
    }

    /// Some triangles of a mesh in whole steps from a corner. `number` has a place for each corner of the mesh, and is
    /// left as it was.
    fn piece(
        &mut self,
        mesh: &Mesh,
        triangles: &[[u32; 3]],
        frame: &Frame,
        material: usize,
        number: &mut [u32],
    ) -> Value {
        let mut used = Vec::new();
        let indices: Vec<u32> = triangles
            .iter()
            .flatten()
            .map(|&k| {
                if number[k as usize] == u32::MAX {
                    number[k as usize] = used.len() as u32;
                    used.push(k as usize);
                }
                number[k as usize]
            })
            .collect();
        used.iter().for_each(|&k| number[k] = u32::MAX);
        let places: Vec<[u16; 3]> = used.iter().map(|&k| frame.steps(mesh.positions[k])).collect();
        let mut bytes = Vec::with_capacity(16 * used.len());
        for (&k, place) in used.iter().zip(&places) {
            bytes.extend(place.iter().flat_map(|part| part.to_le_bytes()));
            bytes.extend([0, 0]);
            let normal = mesh.normals[k];
            let small = [normal.x, normal.z, -normal.y].map(|part| (part * 127.0).round() as i8);
            bytes.extend(small.map(|part| part as u8));
            bytes.push(0);
            if let Some(place) = mesh.texture.get(k) {
                for part in [place.x, place.y] {
                    bytes.extend(((part * 65_535.0).round() as u16).to_le_bytes());
                }
            }
        }
        let has_texture = !mesh.texture.is_empty();
        let view = self.view(&bytes, Some(if has_texture { 16 } else { 12 }), Some(34_962));
        let count = used.len();
        let bound = |pick: fn(u16, u16) -> u16| {
            let all = places.iter().copied().reduce(|a, b| [0, 1, 2].map(|k| pick(a[k], b[k])));
            all.unwrap_or_default()
        };
        let (low, high) = (bound(u16::min), bound(u16::max));
        let position = self.accessor(json!({
            "bufferView": view, "byteOffset": 0, "componentType": UNSIGNED_SHORT, "count": count, "type": "VEC3",
            "min": low, "max": high,
        }));
        let normal = self.accessor(json!({
            "bufferView": view, "byteOffset": 8, "componentType": BYTE, "normalized": true, "count": count, "type": "VEC3",
        }));
        let mut attributes = json!({ "POSITION": position, "NORMAL": normal });
        if has_texture {
            attributes["TEXCOORD_0"] = self.accessor(json!({
                "bufferView": view, "byteOffset": 12, "componentType": UNSIGNED_SHORT, "normalized": true, "count": count,
                "type": "VEC2",
            })).into();
        }
        let indices = self.indices(&indices, count);
        json!({ "attributes": attributes, "indices": indices, "material": material })
    }

    /// A small mesh with positions in f32.
    fn plain(&mut self, mesh: &Mesh, material: usize) -> Value {
        let turned = |v: Vec3| [v.x, v.z, -v.y];
        let count = mesh.positions.len();
        let places: Vec<[f32; 3]> = mesh.positions.iter().map(|p| turned(*p)).collect();
        let bound = |pick: fn(f32, f32) -> f32| {
            places.iter().copied().reduce(|a, b| [0, 1, 2].map(|k| pick(a[k], b[k]))).unwrap_or_default()
        };
        let (low, high) = (bound(f32::min), bound(f32::max));
        let view = self.view(bytemuck::cast_slice(&places), None, Some(34_962));
        let position = self.accessor(json!({
            "bufferView": view, "componentType": FLOAT, "count": count, "type": "VEC3", "min": low, "max": high,
        }));
        let normals: Vec<[f32; 3]> = mesh.normals.iter().map(|n| turned(*n)).collect();
        let view = self.view(bytemuck::cast_slice(&normals), None, Some(34_962));
        let normal =
            self.accessor(json!({ "bufferView": view, "componentType": FLOAT, "count": count, "type": "VEC3" }));
        let indices: Vec<u32> = mesh.triangles.iter().flatten().copied().collect();
        let indices = self.indices(&indices, count);
        json!({ "attributes": { "POSITION": position, "NORMAL": normal }, "indices": indices, "material": material })
    }

    fn places(&mut self, places: &[Place]) -> Value {
        let count = places.len();
        let turned: Vec<[f32; 3]> = places.iter().map(|place| [place.at.x, place.at.z, -place.at.y]).collect();
        let scales: Vec<[f32; 3]> = places.iter().map(|place| [place.scale.x, place.scale.z, place.scale.y]).collect();
        let mut add = |values: &[[f32; 3]]| {
            let view = self.view(bytemuck::cast_slice(values), None, None);
            self.accessor(json!({ "bufferView": view, "componentType": FLOAT, "count": count, "type": "VEC3" }))
        };
        let attributes = json!({ "TRANSLATION": add(&turned), "SCALE": add(&scales) });
        self.has_places = true;
        attributes
    }

    fn indices(&mut self, indices: &[u32], vertices: usize) -> usize {
        // 65 535 itself restarts a primitive and is no index.
        let is_short = vertices < 65_535;
        let bytes: Vec<u8> = if is_short {
            indices.iter().flat_map(|k| (*k as u16).to_le_bytes()).collect()
        } else {
            indices.iter().flat_map(|k| k.to_le_bytes()).collect()
        };
        let view = self.view(&bytes, None, Some(34_963));
        let kind = if is_short { UNSIGNED_SHORT } else { UNSIGNED_INT };
        self.accessor(json!({ "bufferView": view, "componentType": kind, "count": indices.len(), "type": "SCALAR" }))
    }

    fn view(&mut self, bytes: &[u8], stride: Option<usize>, target: Option<u32>) -> usize {
        // Everything begins at a multiple of four bytes.
        self.data.resize(self.data.len().next_multiple_of(4), 0);
        let mut view = json!({ "buffer": 0, "byteOffset": self.data.len(), "byteLength": bytes.len() });
        if let Some(stride) = stride {
            view["byteStride"] = stride.into();
        }
        if let Some(target) = target {
            view["target"] = target.into();
        }
        self.data.extend(bytes);
        self.views.push(view);
        self.views.len() - 1
    }

    fn accessor(&mut self, accessor: Value) -> usize {
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    fn finish(mut self, about: &About) -> Vec<u8> {
        let mut extras = about.facts.clone();
        extras.insert("title".into(), about.title.into());
        extras.insert("attribution".into(), about.attribution.into());
        extras.insert("synthetic".into(), about.synthetic.into());
        extras.insert("origin".into(), json!(about.origin.to_array()));
        extras.insert("crs".into(), about.crs.epsg.map_or(Value::Null, |code| format!("EPSG:{code}").into()));
        extras.insert("axes".into(), "x = east, y = up, z = south of the origin, m".into());
        let mut root = json!({
            "asset": { "version": "2.0", "generator": concat!("Hanze ", env!("CARGO_PKG_VERSION")), "extras": extras },
            "scene": 0,
            "scenes": [{ "name": about.title }],
        });
        if !self.roots.is_empty() {
            root["scenes"][0]["nodes"] = json!(self.roots);
        }
        let lists = [
            ("nodes", self.nodes),
            ("meshes", self.meshes),
            ("materials", self.materials),
            ("accessors", self.accessors),
            ("bufferViews", self.views),
        ];
        // An empty list is not allowed.
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            root[name] = list.into();
        }
        if !self.images.is_empty() {
            // Pictures are not repeated beyond their edges.
            root["samplers"] = json!([{ "wrapS": 33_071, "wrapT": 33_071, "magFilter": 9729, "minFilter": 9987 }]);
            root["textures"] = (0..self.images.len()).map(|k| json!({ "source": k, "sampler": 0 })).collect();
            root["images"] = self.images.into();
        }
        let used = [(self.has_steps, "KHR_mesh_quantization"), (self.has_places, "EXT_mesh_gpu_instancing")];
        let used: Vec<&str> = used.into_iter().filter(|(is_used, _)| *is_used).map(|(_, name)| name).collect();
        if !used.is_empty() {
            root["extensionsUsed"] = json!(used);
            root["extensionsRequired"] = json!(used);
        }
        self.data.resize(self.data.len().next_multiple_of(4), 0);
        if !self.data.is_empty() {
            root["buffers"] = json!([{ "byteLength": self.data.len() }]);
        }
        let mut text = root.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let mut bytes = Vec::with_capacity(28 + text.len() + self.data.len());
        let word = |bytes: &mut Vec<u8>, word: usize| bytes.extend((word as u32).to_le_bytes());
        bytes.extend(b"glTF");
        word(&mut bytes, 2);
        let binary = if self.data.is_empty() { 0 } else { 8 + self.data.len() };
        word(&mut bytes, 20 + text.len() + binary);
        word(&mut bytes, text.len());
        bytes.extend(b"JSON");
        bytes.extend(text);
        if binary > 0 {
            word(&mut bytes, self.data.len());
            bytes.extend(b"BIN\0");
            bytes.extend(self.data);
        }
        bytes
    }
}

/// Where the steps of a piece begin, and how large they are.
struct Frame {
    /// West, north and lowest: the least x and y and z of glTF.
    corner: Vec3,
    step: f32,
}

impl Frame {
    fn around(corners: impl Iterator<Item = Vec3>) -> Frame {
        let span = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        let (low, high) = corners.fold(span, |(low, high), p| (low.min(p), high.max(p)));
        let mut step = STEP;
        while (high - low).max_element() > 65_530.0 * step && step < 1e6 {
            step *= 2.0;
        }
        Frame { corner: Vec3::new((low.x / step).floor(), (high.y / step).ceil(), (low.z / step).floor()) * step, step }
    }

    fn steps(&self, p: Vec3) -> [u16; 3] {
        // The corner is a whole number of steps from the origin, so that pieces agree about their border.
        let from = ((p - self.corner) / self.step).round();
        [from.x, from.z, -from.y].map(|steps| steps as u16)
    }
}

/// Triangles by the square that their middle lies in.
fn squares_of(mesh: &Mesh) -> BTreeMap<Square, Vec<[u32; 3]>> {
    let mut squares: BTreeMap<Square, Vec<[u32; 3]>> = BTreeMap::new();
    for triangle in &mesh.triangles {
        let middle = triangle.iter().map(|k| mesh.positions[*k as usize]).sum::<Vec3>() / 3.0;
        let square = [(middle.x / PIECE).floor() as i32, (middle.y / PIECE).floor() as i32];
        squares.entry(square).or_default().push(*triangle);
    }
    squares
}
