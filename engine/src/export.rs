//! A city as the files that a twin or a GIS takes: rasters, roads, buildings, neighbourhoods, meshes.

mod edits;
mod scenario;

pub use edits::edits;

use crate::city::{City, layers};
use crate::error::Result;
use crate::frame::{Layer, Ribbons};
use crate::mesh::{self, Mesh};
use crate::objects::Objects;
use crate::objects::Shape;
use crate::output::folder::RunFolder;
use crate::output::geojson::Feature;
use crate::output::glb::{About, Material, Part, Place, write_glb};
use crate::output::map::{self, Ground, Map, Scale};
use crate::raster::Raster;
use crate::words::Language;
use glam::{DVec3, Vec3};
use serde_json::json;
use std::path::Path;

/// Longest side of the picture that is laid over the ground, pixels; what any graphics card takes.
const LARGEST_TEXTURE: u32 = 4096;
/// Part of a terrain's error that the rounding of positions to centimetres takes, m.
const ROUNDING: f64 = 0.006;
/// Depth from which water has a surface, m.
const SHALLOWEST: f64 = 0.05;
const MM_PER_DAY: f32 = 86_400.0 * 1000.0;

/// Colours of some of the buildings, so that neighbours can be told apart.
struct Tone {
    number: usize,
    wall: [u8; 3],
    roof: [u8; 3],
    flat: [u8; 3],
}

/// Bricks from brown to yellow under red and grey tiles.
const TONES: [Tone; 3] = [
    Tone { number: 0, wall: [170, 124, 102], roof: [172, 88, 64], flat: [134, 132, 130] },
    Tone { number: 1, wall: [204, 182, 156], roof: [150, 80, 64], flat: [150, 147, 142] },
    Tone { number: 2, wall: [150, 104, 88], roof: [112, 104, 104], flat: [120, 122, 124] },
];

/// What a mesh shows of a city.
pub struct View<'a> {
    /// Title.
    pub title: &'a str,
    /// Whether the city is made up.
    pub synthetic: bool,
    /// Height of the ground.
    pub terrain: &'a Raster,
    /// Depth of the water that stands there.
    pub water: Option<&'a Raster>,
    /// What covers the ground.
    pub cover: Option<&'a Raster>,
    /// What stands on it.
    pub objects: &'a Objects,
}

impl<'a> View<'a> {
    /// All of a city.
    pub fn of(city: &'a City) -> View<'a> {
        View {
            title: &city.title,
            synthetic: city.synthetic,
            terrain: &city.terrain,
            water: city.water.as_ref(),
            cover: city.cover.as_ref(),
            objects: &city.objects,
        }
    }

    /// Origin of mesh coordinates: the middle of the grid, in whole metres, at the datum.
    pub fn origin(&self) -> DVec3 {
        let grid = self.terrain.grid;
        let middle = |a: f64, b: f64| ((a + b) / 2.0).floor();
        DVec3::new(middle(grid.west, grid.east()), middle(grid.south(), grid.north), 0.0)
    }
}

/// How a mesh shows it.
pub struct Look<'a> {
    /// Largest distance between the ground and its triangles, m; at least 0.02.
    pub error_m: f64,
    /// Layer whose classes are laid over the ground; what covers it, if none.
    pub layer: Option<&'a Layer>,
    /// Whom to name.
    pub attribution: &'a str,
}

/// Writes every layer and object of a city: GeoTIFF, GeoJSON, CityJSON, and a map of what covers the ground.
///
/// # Errors
/// `Io` with the path.
pub fn city(city: &City, folder: &mut RunFolder, language: Language, date: &str) -> Result<()> {
    folder.provenance.synthetic = city.synthetic;
    let infiltration = Raster {
        values: city.infiltration.values.iter().map(|value| value * MM_PER_DAY).collect(),
        ..city.infiltration.clone()
    };
    let infiltration = Layer::of(&layers::INFILTRATION, infiltration);
    let optional = [
        (&layers::BUILDINGS, &city.buildings),
        (&layers::WATER, &city.water),
        (&layers::COVER, &city.cover),
        (&layers::CANOPY, &city.canopy),
    ];
    let always =
        [(&layers::TERRAIN, &city.terrain), (&layers::MANNING, &city.manning), (&layers::INFILTRATION, &*infiltration)];
    let optional = optional.into_iter().filter_map(|(quantity, layer)| Some((quantity, layer.as_ref()?)));
    let surface = city.buildings.as_ref().map(|buildings| surface_of(&city.terrain, buildings));
    let surface = surface.iter().map(|layer| (&layers::SURFACE, layer));
    for (quantity, layer) in always.into_iter().chain(optional).chain(surface) {
        folder.layer(quantity.name, &quantity.into(), layer)?;
    }
    if let Some(cover) = &city.cover {
        let cover = Layer::of(&layers::COVER, cover.clone());
        let map = Map {
            title: &city.title,
            moment: "",
            layer: &cover,
            ground: ground(city),
            attribution: "",
            date,
            synthetic: city.synthetic,
            language,
            longest: 1600,
        };
        folder.picture("plan", "map of what covers the ground", &map.draw())?;
    }
    let objects = &city.objects;
    let roads = objects.network.roads.iter().enumerate().map(|(k, road)| Feature {
        shape: Shape::Line(road.line.clone()),
        properties: json!({
            "name": road.name.clone().unwrap_or_else(|| format!("road-{k}")),
            "from": road.nodes[0], "to": road.nodes[1], "kind": road.kind, "lanes": whole(road.lanes[0]),
            // As OpenStreetMap has them, so that the file is read as a network: there `lanes` alone is of both directions.
            "id": road.id.clone().unwrap_or_else(|| format!("road-{k}")),
            "oneway": if road.lanes[1] > 0.0 { "no" } else { "yes" },
            "lanes:forward": whole(road.lanes[0]), "lanes:backward": whole(road.lanes[1]),
            "speed_kmh": whole(road.speed_kmh), "width_m": road.width, "bridge": road.bridge, "underpass": road.underpass,
        }),
    });
    folder.geojson("roads", "roads between junctions, for both directions", city.grid.crs, roads)?;
    let railways = objects
        .railways
        .iter()
        .map(|line| Feature { shape: Shape::Line(line.clone()), properties: json!({ "kind": "railway" }) });
    folder.geojson("railways", "middle lines of railways", city.grid.crs, railways)?;
    let trees = objects.trees.iter().map(|tree| Feature {
        shape: Shape::Point(tree.at),
        properties: json!({ "height_m": centimetres(tree.height), "crown_radius_m": centimetres(tree.radius) }),
    });
    folder.geojson("trees", "trees with height and crown", city.grid.crs, trees)?;
    let areas = objects.areas.iter().filter(|area| area.outline.len() > 2).map(|area| Feature {
        shape: Shape::Polygon(area.outline.clone()),
        properties: json!({ "name": area.name, "residents": area.residents, "jobs": area.jobs }),
    });
    folder.geojson("neighbourhoods", "neighbourhoods with residents and jobs", city.grid.crs, areas)?;
    let name = |k: usize| objects.areas.get(k).map_or_else(String::new, |area| area.name.clone());
    folder.cityjson("buildings.city", &city.title, city.grid.crs, &objects.buildings, name)
}

/// Writes what makes the files of a demo town a city again: a scenario that names them, and the table of what its covers mean. Roughness
/// and infiltration are those of the covers.
///
/// # Errors
/// `Io` with the path.
pub fn scenario(city: &City, folder: &mut RunFolder) -> Result<()> {
    if city.cover.is_some() {
        folder.toml("codes", "what the numbers of the land cover mean", &scenario::codes())?;
    }
    folder.toml("scenario", "scenario that reads the city from these files", &scenario::scenario(city))
}

/// Height of the ground, and of the buildings where they stand.
fn surface_of(terrain: &Raster, buildings: &Raster) -> Raster {
    let heights = terrain.values.iter().zip(&buildings.values).map(|(ground, height)| ground + height).collect();
    let surface = Raster::from_values(terrain.grid, layers::SURFACE.name, layers::SURFACE.unit, heights);
    Raster { datum: terrain.datum, ..surface }.described("Height of the ground and of the buildings on it")
}

/// A number that is written without decimals where it has none.
fn whole(number: f64) -> serde_json::Value {
    if number.fract() == 0.0 && number.abs() < 1e9 { json!(number as i64) } else { json!(number) }
}

fn centimetres(metres: f64) -> f64 {
    (metres * 100.0).round() / 100.0
}

fn ground(city: &City) -> Ground<'_> {
    Ground {
        terrain: &city.terrain,
        buildings: city.buildings.as_ref(),
        water: city.water.as_ref(),
        canopy: city.canopy.as_ref(),
    }
}

/// Writes a city as one GLB: ground, buildings, bridges, rails, trees and the water that stands there.
///
/// # Errors
/// `Io` with the path, `Scenario` where the city has too many cells for one mesh.
pub fn town(city: &View, look: &Look, path: &Path) -> Result<()> {
    let origin = city.origin();
    let ground = mesh::terrain(city.terrain, (look.error_m - ROUNDING).max(0.01), origin)?;
    let houses = TONES.map(|tone| {
        let of_tone = |k: usize| (k * 7 + k / 5) % TONES.len() == tone.number;
        let buildings = city.objects.buildings.iter().enumerate().filter(|(k, _)| of_tone(*k));
        mesh::buildings(buildings.map(|(_, building)| building), origin)
    });
    let (roads, rails): (Vec<_>, Vec<_>) = city.objects.bridges.iter().cloned().partition(|bridge| !bridge.rail);
    let [roads, rail_decks] = [roads, rails].map(|bridges| mesh::bridges(&bridges, origin));
    let height = |p: glam::DVec2| {
        // Rails lie on a bridge where there is one, and on the ground elsewhere.
        let on = |bridge: &&crate::objects::Bridge| bridge.rail;
        let decks = city.objects.bridges.iter().filter(on).flat_map(|bridge| bridge.line.windows(2));
        let deck = decks.filter_map(|pair| {
            let along = pair[1].0 - pair[0].0;
            let share = (p - pair[0].0).dot(along) / along.length_squared();
            let off = (p - pair[0].0).perp_dot(along).abs() / along.length();
            ((0.0..=1.0).contains(&share) && off < 4.5).then(|| pair[0].1 + (pair[1].1 - pair[0].1) * share)
        });
        let (col, row) = city.terrain.grid.cell_at(p.x, p.y)?;
        Some(deck.fold(city.terrain.at(col, row), f64::max))
    };
    let rails = mesh::railways(&city.objects.railways, height, origin);
    let flat = Raster::uniform(city.terrain.grid, layers::TERRAIN.name, layers::TERRAIN.unit, 0.0);
    let bare = Ground { terrain: &flat, buildings: None, water: None, canopy: None };
    let picture = match (look.layer, city.cover) {
        (Some(layer), _) => {
            let under = Ground { terrain: city.terrain, ..bare };
            Some(map::texture(under, layer.variable(), layer, LARGEST_TEXTURE))
        }
        (None, Some(cover)) => Some(map::texture(bare, &(&layers::COVER).into(), cover, LARGEST_TEXTURE)),
        (None, None) => None,
    };
    let [crown, trunk] = mesh::tree();
    let places = places(city, origin);
    let water = city.water.map(|depth| surface(city, depth, look, origin)).transpose()?.unwrap_or_default();
    let soil = Material { picture, ..Material::dull([205, 212, 190]) };
    let painted = TONES.iter().zip(&houses).flat_map(|(tone, [walls, roofs, flats])| {
        [(walls, tone.wall), (roofs, tone.roof), (flats, tone.flat)]
            .map(|(mesh, colour)| (mesh, Material::dull(colour)))
    });
    let painted = painted.collect();
    let mut parts = vec![
        Part { name: "terrain", meshes: vec![(&ground, soil)], places: Vec::new() },
        Part { name: "buildings", meshes: painted, places: Vec::new() },
        Part {
            name: "bridges",
            meshes: vec![
                (&roads, Material::dull([168, 160, 152])),
                (&rail_decks, Material::dull([120, 124, 128])),
                (&rails, Material::dull([84, 78, 74])),
            ],
            places: Vec::new(),
        },
        Part { name: "water", meshes: vec![(&water, still())], places: Vec::new() },
    ];
    if !places.is_empty() {
        let meshes = vec![(&crown, Material::dull([94, 134, 74])), (&trunk, Material::dull([104, 84, 66]))];
        parts.push(Part { name: "trees", meshes, places });
    }
    write_glb(path, &about(city, look, origin), &parts)
}

/// Writes the surface of water as a GLB of its own, on the origin of [`town`].
///
/// # Errors
/// `Io` with the path, `Scenario` where the city has too many cells for one mesh.
pub fn water(city: &View, depth: &Raster, look: &Look, path: &Path) -> Result<()> {
    let origin = city.origin();
    let surface = surface(city, depth, look, origin)?;
    let flood = Material { colour: [62, 124, 190], opacity: 0.8, roughness: 0.15, picture: None };
    let part = Part { name: "water", meshes: vec![(&surface, flood)], places: Vec::new() };
    write_glb(path, &about(city, look, origin), &[part])
}

/// Writes bands along lines as a GLB of their own, on the origin of [`town`]: a part for each class of their values.
///
/// # Errors
/// `Io` with the path.
pub fn ribbons(city: &View, ribbons: &Ribbons, attribution: &str, path: &Path) -> Result<()> {
    let origin = city.origin();
    let largest = ribbons.lines.iter().fold(0.0f64, |most, (_, value)| most.max(value.abs()));
    let (name, unit) = (ribbons.variable.name(), ribbons.variable.quantity.unit);
    let scale = Scale::new(&ribbons.variable, 0.0, || city.terrain.range());
    let legend = scale.legend(Language::English);
    let colours: Vec<[u8; 3]> = legend.iter().map(|(colour, _)| *colour).collect();
    let meshes: Vec<Mesh> = colours
        .iter()
        .map(|colour| {
            let own = ribbons.lines.iter().filter(|(_, value)| scale.colour(*value as f32) == Some(*colour));
            let own = own.map(|(line, value)| (&line[..], (ribbons.width * value.abs() / largest).max(1.0)));
            mesh::ribbons(city.terrain, own, origin)
        })
        .collect();
    let names: Vec<String> = legend.iter().map(|(_, words)| format!("{name} {words}")).collect();
    let parts: Vec<Part> = meshes
        .iter()
        .zip(&colours)
        .zip(&names)
        .map(|((mesh, colour), name)| Part { name, meshes: vec![(mesh, Material::dull(*colour))], places: Vec::new() })
        .collect();
    let facts = json!({
        "unit": unit, "largest": largest, "width_of_largest_m": ribbons.width, "shows": ribbons.description,
    });
    let facts = if let serde_json::Value::Object(facts) = facts { facts } else { Default::default() };
    let about =
        About { title: city.title, attribution, synthetic: city.synthetic, origin, crs: city.terrain.grid.crs, facts };
    write_glb(path, &about, &parts)
}

/// How far water is lifted, m. Ground that is drawn less exactly than the shallowest water is deep would hide it.
fn lift(look: &Look) -> f64 {
    (look.error_m - SHALLOWEST).max(0.0)
}

/// The surface of water.
fn surface(city: &View, depth: &Raster, look: &Look, origin: DVec3) -> Result<Mesh> {
    let origin = origin - DVec3::Z * lift(look);
    let mut mesh = mesh::water(city.terrain, depth, SHALLOWEST, look.error_m.min(0.05), origin)?;
    // A picture over the ground has no place on water.
    mesh.texture.clear();
    Ok(mesh)
}

fn still() -> Material {
    Material { colour: [92, 138, 166], opacity: 0.85, roughness: 0.15, picture: None }
}

fn about<'a>(city: &'a View, look: &'a Look, origin: DVec3) -> About<'a> {
    let facts = json!({
        "terrain_error_m": look.error_m,
        "water_from_depth_m": SHALLOWEST,
        "water_lifted_by_m": lift(look),
    });
    let facts = if let serde_json::Value::Object(facts) = facts { facts } else { Default::default() };
    About {
        title: city.title,
        attribution: look.attribution,
        synthetic: city.synthetic,
        origin,
        crs: city.terrain.grid.crs,
        facts,
    }
}

/// Where trees stand, with crowns as wide and as high as they are.
fn places(city: &View, origin: DVec3) -> Vec<Place> {
    let trees = city.objects.trees.iter().filter_map(|tree| {
        let (col, row) = city.terrain.grid.cell_at(tree.at.x, tree.at.y)?;
        let foot = city.terrain.at(col, row);
        let at = (tree.at.extend(foot) - origin).as_vec3();
        let (radius, height) = (tree.radius as f32, tree.height as f32);
        foot.is_finite().then_some(Place { at, scale: Vec3::new(radius, radius, height) })
    });
    trees.collect()
}
