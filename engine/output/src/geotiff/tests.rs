use super::*;
use hanze_base::Error;
use hanze_base::grid::Grid;
use hanze_city::read::{self, Limits, Quantity};
use std::fs;

/// A wavy layer with every 7th cell a hole.
fn waves(cols: usize, rows: usize, crs: Crs) -> Raster {
    let grid = Grid { cols, rows, cell: 0.5, west: 200_123.5, north: 503_999.25, crs };
    let value = |i: usize| if i % 7 == 3 { f32::NAN } else { (i % cols) as f32 * 0.01 + (i / cols) as f32 * 0.003 };
    let values = (0..grid.len()).map(value).collect();
    Raster { datum: 1000.0, ..Raster::from_values(grid, "stage", "m", values) }.described("Water & <level>")
}

fn bytes(raster: &Raster, big: Option<bool>) -> Vec<u8> {
    let mut out = Vec::new();
    write_as(&mut out, raster, Reduce::Mean, big).unwrap();
    out
}

/// What our own reader makes of a file; rasterio and rio-cogeo judge the files in `.ci/check_cog.py`.
fn read_back(bytes: &[u8], quantity: Quantity) -> Raster {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.tif");
    fs::write(&path, bytes).unwrap();
    read::raster(&path, quantity, Limits { max_cells: 10_000_000 }).unwrap()
}

#[test]
fn values_place_and_holes_come_back() {
    let sizes = [(1, 1), (257, 131), (512, 512), (513, 2), (1300, 900)];
    for (cols, rows) in sizes {
        for (crs, back) in
            [(Crs::RD_NEW, Crs::RD_NEW), (Crs { epsg: Some(7415) }, Crs::RD_NEW), (Crs::UNKNOWN, Crs::UNKNOWN)]
        {
            let raster = waves(cols, rows, crs);
            for big in [false, true] {
                let found = read_back(&bytes(&raster, Some(big)), Quantity::Values);
                assert_eq!(found.grid, Grid { crs: back, ..raster.grid });
                for (a, b) in raster.values.iter().zip(&found.values) {
                    let expected = (raster.datum + f64::from(*a)) as f32;
                    assert!(expected == *b || (a.is_nan() && b.is_nan()), "{expected} became {b}");
                }
            }
        }
    }
}

#[test]
fn equal_rasters_give_equal_bytes_on_any_number_of_threads() {
    let raster = waves(1300, 900, Crs::RD_NEW);
    let once = bytes(&raster, None);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(once == alone.install(|| bytes(&raster, None)));
    assert_eq!(&once[..4], b"II*\0");
    assert_eq!(&bytes(&raster, Some(true))[..4], b"II+\0");
}

#[test]
fn the_layout_is_that_of_a_cog() {
    let file = bytes(&waves(1300, 900, Crs::RD_NEW), None);
    let note = &file[8..8 + LAYOUT_NOTE.len()];
    assert_eq!(note, LAYOUT_NOTE.as_bytes());
    // The note tells its own length after the first line.
    assert_eq!(LAYOUT_NOTE.len() - "GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\n".len(), 140);
    let u16_at = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().unwrap());
    let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let (mut directory, mut sizes, mut firsts) = (u32_at(4), Vec::new(), Vec::new());
    while directory != 0 {
        assert!(directory % 2 == 0);
        let entries = u16_at(directory) as usize;
        let entry = |tag: u16| (0..entries).map(|i| directory + 2 + 12 * i).find(|&at| u16_at(at) == tag).unwrap();
        let value = |tag: u16| u32_at(entry(tag) + 8);
        let list = |tag: u16| if u32_at(entry(tag) + 4) > 1 { u32_at(value(tag)) } else { value(tag) };
        let (offset, size) = (list(324), list(325));
        assert_eq!((u32_at(offset - 4), &file[offset + size..][..4]), (size, &file[offset + size - 4..][..4]));
        sizes.push((value(254), value(256), value(257)));
        firsts.push(offset);
        directory = u32_at(directory + 2 + 12 * entries);
    }
    assert_eq!(sizes, [(0, 1300, 900), (1, 650, 450), (1, 325, 225)]);
    assert!(firsts.is_sorted_by(|a, b| a > b), "the smallest overview comes first: {firsts:?}");
}

#[test]
fn overviews_are_means_of_valid_cells() {
    let grid = Grid::local(1025, 1, 1.0);
    let mut raster = Raster::from_values(grid, "a", "", (0..1025).map(|i| i as f32).collect());
    raster.values[0] = f32::NAN;
    raster.values[2] = f32::NAN;
    raster.values[3] = f32::NAN;
    let levels = pyramid::levels(&raster, Reduce::Mean);
    let sizes: Vec<_> = levels.iter().map(|level| (level.cols, level.rows)).collect();
    assert_eq!(sizes, [(1025, 1), (513, 1), (257, 1)]);
    let half = &levels[1].values;
    assert!(half[1].is_nan());
    assert_eq!((half[0], half[2], half[512]), (1.0, 4.5, 1024.0));
    assert_eq!(levels[2].values[0], 1.0);
}

#[test]
fn overviews_of_depths_keep_the_deepest_and_of_classes_the_most() {
    let grid = Grid::local(1026, 2, 1.0);
    let half = |reduce: Reduce, cells: [f32; 4]| {
        let mut raster = Raster::uniform(grid, "a", "", f32::NAN);
        let [a, b, c, d] = cells;
        (raster.values[0], raster.values[1], raster.values[1026], raster.values[1027]) = (a, b, c, d);
        let half = pyramid::levels(&raster, reduce)[1].values.clone();
        assert!(half[1].is_nan());
        half[0]
    };
    assert_eq!(half(Reduce::Highest, [0.0, f32::NAN, 0.7, 0.1]), 0.7);
    assert_eq!(half(Reduce::Most, [5.0, 2.0, f32::NAN, 2.0]), 2.0);
    assert_eq!(half(Reduce::Most, [5.0, 2.0, 1.0, 3.0]), 5.0);
    assert_eq!(half(Reduce::Mean, [0.0, f32::NAN, 0.5, 0.1]), 0.2);
    assert_eq!(half(Reduce::Largest, [0.1, f32::NAN, -0.5, 0.4]), -0.5);
}

#[test]
fn words_are_escaped_and_empty_ones_left_out() {
    let xml = metadata(&waves(1, 1, Crs::UNKNOWN).described("a & b <\"c\">\u{7}"));
    assert!(
        xml.contains("a &amp;amp; b &lt;&quot;c&quot;&gt; </Item>") && xml.contains("role=\"unittype\">m<"),
        "{xml}"
    );
    assert!(!metadata(&Raster::uniform(Grid::local(1, 1, 1.0), "a", "", 0.0)).contains("role"));
    assert_eq!(geo_keys(Crs::UNKNOWN), None);
    assert_eq!(geo_keys(Crs { epsg: Some(100_000) }), None);
}

#[test]
fn a_failure_leaves_nothing_behind_and_tells_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let names = || fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    let path = folder.path().join("depth.tif");
    write_cog(&path, &waves(3, 3, Crs::RD_NEW)).unwrap();
    assert_eq!(names(), ["depth.tif"]);
    // An impossible raster leaves the file as it was.
    let before = fs::read(&path).unwrap();
    let none = Raster::from_values(Grid::local(0, 3, 1.0), "a", "", Vec::new());
    let error = write_cog(&path, &none).unwrap_err();
    assert!(matches!(error, Error::Io { action: "writing", .. }), "{error}");
    assert_eq!((names().len(), fs::read(&path).unwrap()), (1, before));
    // The name is taken by a folder.
    let taken = folder.path().join("taken.tif");
    fs::create_dir(&taken).unwrap();
    write_cog(&taken, &waves(3, 3, Crs::RD_NEW)).unwrap_err();
    assert_eq!(names().len(), 2);
    let message = write_cog(&folder.path().join("no/depth.tif"), &waves(1, 1, Crs::RD_NEW)).unwrap_err().to_string();
    assert!(message.contains("depth.tif") && message.contains("spelling"), "{message}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_says_so() {
    // The device /dev/full answers every write as a full disk does.
    let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let source = write_cog_to(&mut full, &waves(600, 600, Crs::RD_NEW)).unwrap_err();
    let message = Error::io("writing", Path::new("runs/7/depth.tif"))(source).to_string();
    assert!(message.starts_with("writing runs/7/depth.tif: ") && message.contains("free some space"), "{message}");
}
