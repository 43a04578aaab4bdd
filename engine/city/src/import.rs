//! From a classified point cloud (LAS, LAZ) to rasters: ground, surface, buildings and crowns of trees.
//!
//! Classes are those of the ASPRS as AHN uses them: 2 ground, 6 building, 9 water, 26 bridges and the like; what is not classified
//! (1) and vegetation (3 to 5) is taken for plants where it is high enough, which cars and lamp posts mostly are not.

use super::holes::fill_holes;
use super::layers::{BUILDINGS, CANOPY, TERRAIN};
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::raster::Raster;
use las::Reader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Cells of the rasters at most; each takes up to 36 bytes on the way.
const MOST_CELLS: f64 = 2e8;
/// Points that are read at once.
const AT_ONCE: u64 = 100_000;
/// Bytes of points that are read at once, at most.
const BYTES_AT_ONCE: u64 = 16 << 20;
/// Height above the ground from which something is a crown, m; lower plants are no obstacle to the sun.
const CROWN: f32 = 1.5;
/// Height above the ground from which something is a building, m.
const BUILDING: f32 = 0.5;
/// No point on the Earth is further from sea level, m.
const HIGHEST: f64 = 12_000.0;

const GROUND: u8 = 2;
const WATER: u8 = 9;
const ROOF: u8 = 6;
const PLANTS: [u8; 4] = [1, 3, 4, 5];
/// Cells that are made for each point at most, beyond a number that costs little: sparse clouds have one point in ten square metres, 40 cells of half a metre.
const CELLS_OF_POINT: f64 = 100.0;
const FEW_CELLS: f64 = 4e6;
/// Points that are mistakes: low points, and high noise.
const NOISE: [u8; 2] = [7, 18];

/// Rasters of a point cloud, and what it held.
pub struct Import {
    /// Height of the ground and of water, holes filled in from around.
    pub terrain: Raster,
    /// Highest thing on each cell; the ground where there is none.
    pub surface: Raster,
    /// Height of buildings above the ground; 0 where there is none.
    pub buildings: Raster,
    /// Height of crowns above the ground, outside of buildings; 0 where there is none.
    pub canopy: Raster,
    /// Points that were read.
    pub points: u64,
    /// Points that were left out: noise, withheld, or outside of what their file says that it covers.
    pub left_out: u64,
    /// Cells without a point of ground or water, whose ground was filled in.
    pub filled: usize,
}

/// Reads point clouds of one area into rasters with square cells of `cell` metres, whose edges are multiples of that. `tell` hears how
/// many points were read, and of how many.
///
/// # Errors
/// `Io` and `Data` with the file; `Data` where there are too many cells, or no ground.
pub fn laz(files: &[PathBuf], cell: f64, crs: Crs, tell: &mut dyn FnMut(u64, u64)) -> Result<Import> {
    let first = files.first().map_or(Path::new(""), PathBuf::as_path);
    // The reader of others trusts some lengths in a file.
    let read = catch_unwind(AssertUnwindSafe(|| read(files, cell, crs, tell)));
    read.unwrap_or_else(|_| Err(Error::data(first, "is damaged, or another one beside it", "fetch the files again")))
}

fn read(files: &[PathBuf], cell: f64, crs: Crs, tell: &mut dyn FnMut(u64, u64)) -> Result<Import> {
    let nothing = Path::new("");
    let first = files.first().map_or(nothing, PathBuf::as_path);
    let (grid, all) = grid(files, cell, crs)?;
    let mut ground = vec![(0.0f64, 0u32); grid.len()];
    let [mut highest, mut roofs, mut plants] = [(); 3].map(|()| vec![f32::NAN; grid.len()]);
    let (mut points, mut left_out) = (0, 0);
    for file in files {
        let mut reader = open(file)?;
        // A damaged head may say that each point takes 64 KiB.
        let each = u64::from(reader.header().point_format().len()).max(1);
        let at_once = (BYTES_AT_ONCE / each).clamp(1, AT_ONCE);
        loop {
            let batch = reader.read_points(at_once).map_err(|error| bad(file, &error))?;
            if batch.is_empty() {
                break;
            }
            for point in batch.points() {
                let point = point.map_err(|error| bad(file, &error))?;
                points += 1;
                let class = u8::from(point.classification);
                let place = grid.cell_at(point.x, point.y).filter(|_| point.z.abs() < HIGHEST && !point.is_withheld);
                let Some((col, row)) = place.filter(|_| !NOISE.contains(&class)) else {
                    left_out += 1;
                    continue;
                };
                let (at, z) = (row * grid.cols + col, point.z as f32);
                highest[at] = highest[at].max(z);
                match class {
                    GROUND | WATER => ground[at] = (ground[at].0 + point.z, ground[at].1 + 1),
                    ROOF => roofs[at] = roofs[at].max(z),
                    class if PLANTS.contains(&class) => plants[at] = plants[at].max(z),
                    _ => {}
                }
            }
            tell(points, all);
        }
    }
    let heights: Vec<f64> = ground.iter().map(|(sum, count)| sum / f64::from(*count)).collect();
    drop(ground);
    let mut terrain = Raster::heights(grid, TERRAIN.name, &heights).described("Height of the ground");
    drop(heights);
    let filled = fill_holes(&mut terrain);
    if terrain.values.first().is_none_or(|z| z.is_nan()) {
        let mend = "give a point cloud that is classified, such as AHN (class 2 is ground)";
        return Err(Error::data(first, "has no point of ground or water", mend));
    }
    let height = |z: f32, at: usize| (f64::from(z) - terrain.datum) as f32 - terrain.values[at];
    let above = |z: f32, at: usize, least: f32| {
        let height = height(z, at);
        // What is not a number is not above.
        if height > least { height } else { 0.0 }
    };
    let layer = |name: &str, words: &str, value: &dyn Fn(usize) -> f32| {
        Raster::from_values(grid, name, "m", (0..grid.len()).map(value).collect()).described(words)
    };
    let buildings =
        layer(BUILDINGS.name, "Height of buildings above the terrain", &|at| above(roofs[at], at, BUILDING));
    let canopy = layer(CANOPY.name, "Height of the trees' crowns above the terrain", &|at| {
        if roofs[at].is_nan() { above(plants[at], at, CROWN) } else { 0.0 }
    });
    let top = |at: usize| terrain.values[at] + height(highest[at], at).max(0.0);
    let surface = Raster { datum: terrain.datum, ..layer("surface", "Height of the highest thing on each cell", &top) };
    Ok(Import { surface, buildings, canopy, terrain, points, left_out, filled })
}

/// The grid that holds all that the files say they cover, and the number of their points.
fn grid(files: &[PathBuf], cell: f64, crs: Crs) -> Result<(Grid, u64)> {
    let (mut low, mut high, mut points) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2], 0u64);
    let mut believed = 0u64;
    for file in files {
        let reader = open(file)?;
        let (bounds, count) = (reader.header().bounds(), reader.header().number_of_points());
        let places = [bounds.min.x, bounds.min.y, bounds.max.x, bounds.max.y];
        if places.iter().any(|place| !place.is_finite() || place.abs() > 1e8) || count == 0 {
            return Err(Error::data(
                file,
                format!("covers {places:?} with {count} points"),
                "fetch or export it again",
            ));
        }
        low = [low[0].min(bounds.min.x), low[1].min(bounds.min.y)];
        high = [high[0].max(bounds.max.x), high[1].max(bounds.max.y)];
        points = points.saturating_add(count);
        // However well it is packed, a point takes two bytes.
        let format = reader.header().point_format();
        let each = if format.is_compressed { 2 } else { u64::from(format.len()).max(2) };
        let bytes = std::fs::metadata(file).map_err(Error::io("reading", file))?.len();
        believed = believed.saturating_add(count.min(bytes / each));
    }
    let first = files.first().map_or(Path::new(""), PathBuf::as_path);
    if !(0.05..=100.0).contains(&cell) || files.is_empty() {
        return Err(Error::data(first, format!("cannot be laid on cells of {cell} m"), "take a cell of 0.05 to 100 m"));
    }
    // A point on the last edge lies in a cell, too.
    // As `Grid::cell_at` has it: a cell holds its western and its northern edge.
    let start = [(low[0] / cell).floor(), (low[1] / cell).ceil() - 1.0];
    let count = [(high[0] / cell).floor() - start[0] + 1.0, (high[1] / cell).ceil() - start[1]];
    if count[0] * count[1] > MOST_CELLS {
        let problem = format!("makes {:.0} × {:.0} cells", count[0], count[1]);
        return Err(Error::data(first, problem, "take a larger --cell, or fewer files at once"));
    }
    // Corners of a damaged head would take all memory for a few points.
    if count[0] * count[1] > FEW_CELLS + CELLS_OF_POINT * believed as f64 {
        let problem = format!("covers {:.0} × {:.0} cells with {believed} points", count[0], count[1]);
        return Err(Error::data(
            first,
            problem,
            "take a larger --cell, or fetch the files again: a head may be damaged",
        ));
    }
    let (cols, rows) = (count[0] as usize, count[1] as usize);
    let (west, north) = (start[0] * cell, (start[1] + count[1]) * cell);
    Ok((Grid { cols, rows, cell, west, north, crs }, points))
}

fn open(file: &Path) -> Result<Reader> {
    // The reader knows compressed points by the file itself.
    Reader::from_path(file).map_err(|error| bad(file, &error))
}

fn bad(file: &Path, error: &las::Error) -> Error {
    match error {
        las::Error::Io(error) => Error::io("reading", file)(std::io::Error::new(error.kind(), error.to_string())),
        other => Error::data(file, format!("cannot be read: {other}"), "give a LAS or LAZ file; fetch it again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use las::point::{Classification, Format};
    use las::{Builder, Point, Writer};

    fn write(path: &Path, points: &[(f64, f64, f64, u8)]) {
        let mut builder = Builder::from((1, 4));
        builder.point_format = Format::new(0).expect("a format");
        builder.transforms.x.offset = 85_000.0;
        builder.transforms.y.offset = 447_000.0;
        let header = builder.into_header().expect("a header");
        let mut writer = Writer::from_path(path, header).expect("a file");
        for &(x, y, z, class) in points {
            let classification = Classification::new(class).expect("a class");
            writer.write_point(Point { x, y, z, classification, ..Point::default() }).expect("written");
        }
        writer.close().expect("written");
    }

    #[test]
    fn classes_become_layers() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one.laz"), folder.path().join("two.las"));
        // Cells of a metre: ground, a house over unseen ground, a tree, a bush, a bird, a bad point.
        let at = |col: f64, z: f64, class: u8| (85_000.5 + col, 447_000.5, z, class);
        write(
            &one,
            &[at(0.0, 1.0, 2), at(0.0, 1.2, 2), at(1.0, 7.0, 6), at(1.0, 9.0, 1), at(2.0, 2.0, 9), at(2.0, 6.0, 1)],
        );
        write(&two, &[at(3.0, 3.0, 2), at(3.0, 4.0, 1), at(4.0, 3.0, 2), at(4.0, 400.0, 18), at(4.0, -40.0, 7)]);
        let mut heard = Vec::new();
        let import = laz(&[one, two], 1.0, Crs::RD_NEW, &mut |read, all| heard.push((read, all))).expect("read");
        assert_eq!(heard, [(6, 11), (11, 11)]);
        assert_eq!((import.points, import.left_out, import.filled), (11, 2, 1));
        let grid = import.terrain.grid;
        assert_eq!((grid.cols, grid.rows, grid.west, grid.south()), (5, 1, 85_000.0, 447_000.0));
        let row = |raster: &Raster| (0..5).map(|col| (raster.at(col, 0) * 1e3).round() / 1e3).collect::<Vec<f64>>();
        // The ground under the house is that around it.
        assert_eq!(row(&import.terrain), [1.1, 1.55, 2.0, 3.0, 3.0]);
        assert_eq!(row(&import.surface), [1.2, 9.0, 6.0, 4.0, 3.0]);
        assert_eq!(row(&import.buildings), [0.0, 5.45, 0.0, 0.0, 0.0]);
        assert_eq!(row(&import.canopy), [0.0, 0.0, 4.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_no_cloud_of_ground_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("text.las"), "no points at all").expect("written");
        write(&path("roof.las"), &[(85_000.5, 447_000.5, 9.0, 6)]);
        write(&path("wide.las"), &[(85_000.5, 447_000.5, 9.0, 2), (185_000.5, 547_000.5, 9.0, 2)]);
        for (name, cell, words) in [
            ("text.las", 1.0, "text.las"),
            ("none.las", 1.0, "none.las"),
            ("roof.las", 1.0, "no point of ground"),
            ("wide.las", 0.5, "take a larger --cell"),
            ("roof.las", 0.0, "take a cell of"),
            ("roof.las", f64::NAN, "take a cell of"),
        ] {
            let refused = laz(&[path(name)], cell, Crs::RD_NEW, &mut |_, _| {}).err().expect(name).to_string();
            assert!(refused.contains(words), "{refused}");
        }
        // Points on the edges lie in cells.
        write(&path("edge.las"), &[(85_000.0, 447_000.0, 1.0, 2), (85_001.0, 447_001.0, 2.0, 2)]);
        let import = laz(&[path("edge.las")], 0.5, Crs::RD_NEW, &mut |_, _| {}).expect("read");
        assert_eq!((import.left_out, import.terrain.grid.cols, import.terrain.grid.rows), (0, 3, 3));
        // A file that was cut off.
        let whole = std::fs::read(path("roof.las")).expect("a file");
        for cut in [10, 200, whole.len() - 3] {
            std::fs::write(path("cut.las"), &whole[..cut]).expect("written");
            assert!(laz(&[path("cut.las")], 1.0, Crs::RD_NEW, &mut |_, _| {}).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_piece_of_delft() {
        let Some(data) = hanze_base::testing::reference_data("the point cloud of Delft") else {
            return;
        };
        let files = [1, 2].map(|k| data.join(format!("terrain/delft_ahn3_laz_bgt/ahn3_cropped_{k}.laz")));
        let import = laz(&files, 0.5, Crs::RD_NEW, &mut |_, _| {}).expect("read");
        assert_eq!(import.points, 640_510 + 208_432);
        let grid = import.terrain.grid;
        assert_eq!((grid.cols, grid.rows), (529, 458));
        let share = |raster: &Raster| raster.values.iter().filter(|z| **z > 0.0).count() as f64 / grid.len() as f64;
        let (low, high) = import.terrain.range().expect("ground");
        assert!(low > -2.0 && high < 8.0, "ground from {low} to {high} m NAP");
        // Houses up to the height of the highest roof, and trees along the streets.
        assert!((0.1..0.5).contains(&share(&import.buildings)), "{}", share(&import.buildings));
        assert!((0.03..0.4).contains(&share(&import.canopy)), "{}", share(&import.canopy));
        assert!((import.surface.range().expect("a surface").1 - 26.329).abs() < 0.01);
    }
}
