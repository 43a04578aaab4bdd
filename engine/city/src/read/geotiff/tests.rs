use super::*;
use crate::read::{Quantity, raster};
use hanze_base::grid::{Crs, Grid};
use std::time::{Duration, Instant};
use tiff::encoder::colortype::{ColorType, Gray16, Gray32Float};
use tiff::encoder::{Compression, Predictor, TiffEncoder, TiffValue};

const LIMITS: Limits = Limits { max_cells: 1 << 20 };

/// The values of a tag.
#[derive(Clone)]
enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Double(Vec<f64>),
    Text(&'static str),
}
use Value::{Double, Long, Short, Text};

/// A TIFF made by hand, with the tags of the writer's choice.
#[derive(Clone)]
struct Made {
    big_endian: bool,
    big: bool,
    tags: Vec<(u16, Value)>,
    chunks: Vec<Vec<u8>>,
}

impl Made {
    /// 3 x 2 cells of 2 m at (100, 204) in RD New, in strips of one row.
    fn new(bits: u16, format: u16, rows: [Vec<u8>; 2]) -> Made {
        let tags = vec![
            (256, Long(vec![3])),
            (257, Long(vec![2])),
            (258, Short(vec![bits])),
            (259, Short(vec![1])),
            (262, Short(vec![1])),
            (277, Short(vec![1])),
            (278, Long(vec![1])),
            (339, Short(vec![format])),
            (33550, Double(vec![2.0, 2.0, 0.0])),
            (33922, Double(vec![0.0, 0.0, 0.0, 100.0, 204.0, 0.0])),
            (34735, Short(vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 28992])),
        ];
        Made { big_endian: false, big: false, tags, chunks: rows.to_vec() }
    }

    /// The numbers 0 to 5 in bytes.
    fn bytes_0_to_5() -> Made {
        Made::new(8, 1, [vec![0, 1, 2], vec![3, 4, 5]])
    }

    fn with(mut self, tag: u16, value: Value) -> Made {
        self.tags.retain(|(number, _)| *number != tag);
        self.tags.push((tag, value));
        self
    }

    fn without(mut self, tag: u16) -> Made {
        self.tags.retain(|(number, _)| *number != tag);
        self
    }

    /// The same cells in two tiles of 2 x 2 numbers, padded with 99.
    fn tiled(self) -> Made {
        let made = self.without(278).with(322, Long(vec![2])).with(323, Long(vec![2]));
        Made { chunks: vec![vec![0, 1, 3, 4], vec![2, 99, 5, 99]], ..made }
    }

    fn number(&self, value: u64, width: usize) -> Vec<u8> {
        let bytes = value.to_le_bytes();
        if self.big_endian { bytes[..width].iter().rev().copied().collect() } else { bytes[..width].to_vec() }
    }

    fn bytes(&self) -> Vec<u8> {
        let tiled = self.tags.iter().any(|(tag, _)| *tag == 322);
        let (offsets, counts) = if tiled { (324, 325) } else { (273, 279) };
        let mut file = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        let (counter, room) = if self.big { (8, 8) } else { (2, 4) };
        let head = if self.big { vec![(43, 2), (8, 2), (0, 2), (16, 8)] } else { vec![(42, 2), (8, 4)] };
        file.extend(head.iter().flat_map(|&(value, width)| self.number(value, width)));
        let mut tags = self.tags.clone();
        tags.push((counts, Long(self.chunks.iter().map(|chunk| chunk.len() as u32).collect())));
        tags.push((offsets, Long(vec![0; self.chunks.len()])));
        tags.sort_by_key(|(tag, _)| *tag);
        let values = |value: &Value| match value {
            Short(list) => (3u64, list.len(), list.iter().flat_map(|&v| self.number(u64::from(v), 2)).collect()),
            Long(list) => (4, list.len(), list.iter().flat_map(|&v| self.number(u64::from(v), 4)).collect()),
            Double(list) => (12, list.len(), list.iter().flat_map(|v| self.number(v.to_bits(), 8)).collect()),
            Text(text) => (2, text.len() + 1, [text.as_bytes(), &[0]].concat()),
        };
        let start = file.len() + counter + tags.len() * (4 + 2 * room) + room;
        let outside: usize = tags.iter().map(|(_, v)| values(v).2.len()).filter(|&size| size > room).sum();
        let mut at = (start + outside) as u32;
        let places = self.chunks.iter().map(|chunk| {
            at += chunk.len() as u32;
            if chunk.is_empty() { 0 } else { at - chunk.len() as u32 }
        });
        let places = Long(places.collect());
        tags.iter_mut().filter(|(tag, _)| *tag == offsets).for_each(|(_, value)| *value = places.clone());
        file.extend(self.number(tags.len() as u64, counter));
        let mut tail: Vec<u8> = Vec::new();
        for (tag, value) in &tags {
            let (kind, count, mut bytes): (u64, usize, Vec<u8>) = values(value);
            file.extend(
                [self.number(u64::from(*tag), 2), self.number(kind, 2), self.number(count as u64, room)].concat(),
            );
            if bytes.len() > room {
                let place = self.number((start + tail.len()) as u64, room);
                tail.extend(std::mem::replace(&mut bytes, place));
            }
            bytes.resize(room, 0);
            file.extend(bytes);
        }
        file.extend(vec![0; room]);
        file.extend(tail);
        file.extend(self.chunks.concat());
        file
    }

    fn read(&self) -> Result<(Grid, Cells)> {
        read_bytes(&self.bytes())
    }
}

fn read_bytes(bytes: &[u8]) -> Result<(Grid, Cells)> {
    let found = read_from(Path::new("some.tif"), Cursor::new(bytes), &Beside::default(), LIMITS)?;
    Ok((found.grid, found.cells))
}

fn numbers(cells: &Cells) -> Vec<f64> {
    (0..cells.len()).map(|index| cells.at(index)).collect()
}

fn check_cells(made: &Made, expected: &[f64]) {
    let (_, cells) = made.read().unwrap();
    let found = numbers(&cells);
    let equal = found.iter().zip(expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
    assert!(equal && found.len() == expected.len(), "{found:?}, expected {expected:?}");
}

/// The file is refused, with all these words.
fn check_refused(made: &Made, words: &[&str]) {
    let message = made.read().unwrap_err().to_string();
    assert!(words.iter().chain(&["some.tif"]).all(|word| message.contains(word)), "{message}, expected {words:?}");
}

#[test]
fn every_type_in_every_byte_order_and_offset_width() {
    // Bits, format and how 6 numbers from -2 (or from 250) lie in bytes, most significant first.
    type Write = fn(i32) -> Vec<u8>;
    let types: [(u16, u16, i32, Write); 11] = [
        (8, 1, 250, |v| vec![v as u8]),
        (8, 2, -2, |v| (v as i8).to_be_bytes().to_vec()),
        (16, 1, 250, |v| (v as u16).to_be_bytes().to_vec()),
        (16, 2, -2, |v| (v as i16).to_be_bytes().to_vec()),
        (32, 1, 250, |v| (v as u32).to_be_bytes().to_vec()),
        (32, 2, -2, |v| v.to_be_bytes().to_vec()),
        (64, 1, 250, |v| (v as u64).to_be_bytes().to_vec()),
        (64, 2, -2, |v| i64::from(v).to_be_bytes().to_vec()),
        (32, 3, -2, |v| (v as f32).to_be_bytes().to_vec()),
        (64, 3, -2, |v| f64::from(v).to_be_bytes().to_vec()),
        (8, 4, 250, |v| vec![v as u8]),
    ];
    for (bits, format, first, write) in types {
        for (big_endian, big) in [(false, false), (true, false), (false, true), (true, true)] {
            let row = |from: i32| {
                let numbers = (from..from + 3).map(write);
                numbers.flat_map(|n| if big_endian { n } else { n.into_iter().rev().collect() }).collect()
            };
            let made = Made { big_endian, big, ..Made::new(bits, format, [row(first), row(first + 3)]) };
            check_cells(&made, &[0, 1, 2, 3, 4, 5].map(|step| f64::from(first + step)));
        }
    }
}

/// An image of `cols` columns by the encoder of the `tiff` crate, in strips of 8 rows, at (5, 9) without a CRS.
fn encoded<C: ColorType>(compression: Compression, predictor: Predictor, cols: u32, samples: &[C::Inner]) -> Vec<u8>
where
    [C::Inner]: TiffValue,
{
    let tag = tiff::tags::Tag::from_u16_exhaustive;
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap().with_compression(compression).with_predictor(predictor);
    let mut image = encoder.new_image::<C>(cols, samples.len() as u32 / cols).unwrap();
    image.rows_per_strip(8).unwrap();
    image.encoder().write_tag(tag(33550), &[1.0, 1.0, 0.0][..]).unwrap();
    image.encoder().write_tag(tag(33922), &[0.0, 0.0, 0.0, 5.0, 9.0, 0.0][..]).unwrap();
    image.write_data(samples).unwrap();
    out.into_inner()
}

#[test]
fn compressed_strips_with_and_without_a_predictor() {
    let floats: Vec<f32> = (0..7 * 50).map(|i| (i as f32 * 0.37).sin()).collect();
    let shorts: Vec<u16> = (0..7 * 50).map(|i| i * 31 % 1000).collect();
    let deflate = Compression::Deflate(Default::default());
    for (name, compression) in [("LZW", Compression::Lzw), ("DEFLATE", deflate), ("PackBits", Compression::Packbits)] {
        let file = encoded::<Gray32Float>(compression, Predictor::None, 7, &floats);
        let (_, cells) = read_bytes(&file).unwrap();
        assert!(numbers(&cells).iter().zip(&floats).all(|(a, b)| *a == f64::from(*b)), "{name}");
        // Predictors belong to LZW and DEFLATE; PackBits has none.
        let predictor = if name == "PackBits" { Predictor::None } else { Predictor::Horizontal };
        let (grid, cells) = read_bytes(&encoded::<Gray16>(compression, predictor, 7, &shorts)).unwrap();
        assert_eq!((grid.cols, grid.rows, grid.west, grid.crs), (7, 50, 5.0, Crs::UNKNOWN));
        assert!(numbers(&cells).iter().zip(&shorts).all(|(a, b)| *a == f64::from(*b)), "{name}");
    }
}

#[test]
fn tiles_palettes_and_missing_chunks() {
    let plain = Made::bytes_0_to_5();
    let to_5 = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    check_cells(&plain.clone().tiled(), &to_5);
    check_cells(&Made { big: true, ..plain.clone().tiled() }, &to_5);
    // Colours do not change numbers: white is zero, a palette, and no photometric tag.
    for made in
        [plain.clone().with(262, Short(vec![0])), plain.clone().with(262, Short(vec![3])), plain.clone().without(262)]
    {
        check_cells(&made, &to_5);
    }
    let mut sparse = plain.tiled();
    sparse.chunks[1].clear();
    check_cells(&sparse, &[0.0, 1.0, 0.0, 3.0, 4.0, 0.0]);
    check_cells(&sparse.with(42113, Text("7")), &[0.0, 1.0, f64::NAN, 3.0, 4.0, f64::NAN]);
}

#[test]
fn nodata_becomes_nan() {
    let hole = f64::NAN;
    check_cells(&Made::bytes_0_to_5().with(42113, Text("4 ")), &[0.0, 1.0, 2.0, 3.0, hole, 5.0]);
    check_cells(&Made::bytes_0_to_5().with(42113, Text("-9999")), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let row = |list: [f32; 3]| list.iter().flat_map(|v| v.to_le_bytes()).collect();
    let made = Made::new(32, 3, [row([1.5, f32::NAN, 2.5]), row([f32::MIN, 3.5, -0.1])]);
    check_cells(
        &made.clone().with(42113, Text("nan")),
        &[1.5, hole, 2.5, f64::from(f32::MIN), 3.5, f64::from(-0.1f32)],
    );
    // The text is that of the f32, rounded to 15 digits; and one that f64 and f32 write differently.
    check_cells(
        &made.clone().with(42113, Text("-3.40282346638529e+38")),
        &[1.5, hole, 2.5, hole, 3.5, f64::from(-0.1f32)],
    );
    check_cells(&made.clone().with(42113, Text("-0.1")), &[1.5, hole, 2.5, f64::from(f32::MIN), 3.5, hole]);
    check_refused(&made.with(42113, Text("none")), &["`none` as nodata", "-a_nodata"]);
}

#[test]
fn the_place_of_the_first_cell() {
    let plain = Made::bytes_0_to_5();
    let keys =
        |list: &[[u16; 4]]| Short([[1, 1, 0, list.len() as u16]].iter().chain(list).flatten().copied().collect());
    let transformation = |xy: [f64; 6]| {
        let [a, b, x, e, f, y] = xy;
        let matrix = vec![a, b, 0.0, x, e, f, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        plain.clone().without(33550).without(33922).with(34264, Double(matrix))
    };
    let point = [[1024, 0, 1, 1], [1025, 0, 1, 2], [3072, 0, 1, 7415]];
    let user = [[1024, 0, 1, 1], [1025, 0, 1, 1], [3072, 0, 1, 32767], [2048, 0, 1, 4289]];
    let (rd, unknown) = (Crs::RD_NEW, Crs::UNKNOWN);
    let cases = [
        (plain.clone(), 100.0, 204.0, rd),
        (plain.clone().with(33922, Double(vec![1.0, 2.0, 0.0, 100.0, 204.0, 0.0])), 98.0, 208.0, rd),
        (plain.clone().with(34735, keys(&point)), 99.0, 205.0, Crs { epsg: Some(7415) }),
        (plain.clone().with(34735, keys(&user)), 100.0, 204.0, unknown),
        (plain.clone().without(34735), 100.0, 204.0, unknown),
        (transformation([2.0, 0.0, 7.0, 0.0, -2.0, 9.0]), 7.0, 9.0, rd),
        (
            transformation([2.0, 0.0, 7.0, 0.0, -2.0, 9.0]).with(34735, keys(&point)),
            6.0,
            10.0,
            Crs { epsg: Some(7415) },
        ),
    ];
    for (made, west, north, crs) in cases {
        let (grid, _) = made.read().unwrap();
        assert_eq!(grid, Grid { cols: 3, rows: 2, cell: 2.0, west, north, crs });
    }

    let geographic = keys(&[[1024, 0, 1, 2], [2048, 0, 1, 4326]]);
    let misplaced = keys(&[[1024, 0, 1, 1], [3072, 0, 1, 4258]]);
    let feet = keys(&[[1024, 0, 1, 1], [3072, 0, 1, 2263], [3076, 0, 1, 9003]]);
    let refused: [(Made, &[&str]); 10] = [
        (plain.clone().with(34735, geographic), &["degrees", "EPSG:4326", "gdalwarp -t_srs EPSG:28992"]),
        (plain.clone().with(34735, misplaced), &["degrees", "EPSG:4258"]),
        (plain.clone().with(34735, feet), &["not the metre", "EPSG:9003"]),
        (plain.clone().without(33550).without(33922), &["does not say where it lies", "-a_ullr"]),
        (plain.clone().without(33550), &["ground control points", "gdalwarp"]),
        (plain.clone().with(33550, Double(vec![2.0, 2.5, 0.0])), &["2 by 2.5 m", "not square", "EPSG:28992"]),
        (plain.clone().with(33550, Double(vec![0.0, 0.0, 0.0])), &["0 by 0 m"]),
        (plain.clone().with(33550, Double(vec![1e-4, 1e-4, 0.0])), &["looks like degrees"]),
        (transformation([2.0, 0.5, 7.0, 0.5, -2.0, 9.0]), &["rotated or sheared", "gdalwarp"]),
        (transformation([2.0, 0.0, 7.0, 0.0, 2.0, 9.0]), &["from south to north", "gdalwarp"]),
    ];
    for (made, words) in refused {
        check_refused(&made, words);
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_a_mend() {
    let plain = Made::bytes_0_to_5();
    let scaled = "<GDALMetadata><Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.01</Item></GDALMetadata>";
    let unscaled = "<GDALMetadata><Item name=\"SCALE\" sample=\"0\" role=\"scale\">1</Item></GDALMetadata>";
    check_cells(&plain.clone().with(42112, Text(unscaled)), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let mut short_strip = plain.clone();
    short_strip.chunks[1].pop();
    let refused: [(Made, &[&str]); 11] = [
        (plain.clone().with(277, Short(vec![3])), &["3 bands", "gdal_translate -b 1"]),
        (plain.clone().with(258, Short(vec![4])), &["4 bits", "-ot Float32"]),
        (plain.clone().with(339, Short(vec![6])), &["format 6"]),
        (plain.clone().with(259, Short(vec![7])), &["compressed", "COMPRESS=DEFLATE"]),
        (plain.clone().with(317, Short(vec![3])), &["predictor 3"]),
        (plain.clone().with(42112, Text(scaled)), &["scale", "-unscale"]),
        (plain.clone().with(278, Long(vec![2])), &["2 places and 2 sizes for 1"]),
        (plain.clone().with(322, Long(vec![u32::MAX])).with(323, Long(vec![u32::MAX])), &["4294967295 x 4294967295"]),
        (plain.clone().with(278, Long(vec![0])), &["3 x 0"]),
        (plain.clone().with(256, Long(vec![0])), &["0 x 2 cells"]),
        (short_strip, &["strip 1", "damaged"]),
    ];
    for (made, words) in refused {
        check_refused(&made, words);
    }
    for (bytes, words) in
        [(&b""[..], "not a TIFF"), (b"II", "not a TIFF"), (b"II*\0\x08", "header"), (b"GIF89a", "not a TIFF")]
    {
        let message = read_bytes(bytes).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
    let whole = plain.bytes();
    let message = read_bytes(&whole[..whole.len() - 1]).unwrap_err().to_string();
    assert!(message.contains("ends at byte") && message.contains("cut off"), "{message}");
    let missing = read(Path::new("no/such.tif"), LIMITS).unwrap_err().to_string();
    assert!(missing.contains("no/such.tif") && missing.contains("spelling"), "{missing}");
}

#[test]
fn a_claim_beyond_the_limit_is_refused_at_once() {
    let start = Instant::now();
    let huge = Made::bytes_0_to_5().with(256, Long(vec![1_000_000])).with(257, Long(vec![1_000_000]));
    check_refused(&huge, &["1000000000000 cells", "1048576"]);
    let tall = Made::bytes_0_to_5().with(257, Long(vec![u32::MAX]));
    check_refused(&tall, &["12884901885 cells"]);
    assert!(start.elapsed() < Duration::from_secs(1));
}

/// xorshift64*: the same bytes on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

#[test]
fn no_damage_makes_it_panic() {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for (big_endian, big) in [(false, false), (true, true)] {
        let plain = Made { big_endian, big, ..Made::bytes_0_to_5().with(42113, Text("4")) };
        seeds.push(plain.bytes());
        seeds.push(plain.tiled().bytes());
    }
    for compression in [Compression::Lzw, Compression::Deflate(Default::default()), Compression::Packbits] {
        seeds.push(encoded::<Gray16>(compression, Predictor::None, 20, &(0..400).collect::<Vec<u16>>()));
    }
    let raster =
        hanze_base::raster::Raster::uniform(Grid { crs: Crs::RD_NEW, ..Grid::local(5, 4, 1.0) }, "depth", "m", 1.5);
    let mut cog = Vec::new();
    hanze_output::geotiff::write_cog_to(&mut cog, &raster).unwrap();
    seeds.push(cog);

    let (mut random, mut read, mut refused) = (Random(20_260_101), 0, 0);
    for round in 0..6000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        assert!(read_bytes(&bytes).is_ok(), "seed {}", round % seeds.len());
        if random.below(8) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        for _ in 0..=random.below(4) {
            if !bytes.is_empty() {
                // Directories lie at the front or, by the encoder, at the end.
                let span = if random.below(2) == 0 { bytes.len() } else { bytes.len().min(400) };
                let at = random.below(span);
                bytes[at] = [0, 1, 0x7f, 0xff, random.below(256) as u8][random.below(5)];
            }
        }
        match read_bytes(&bytes) {
            Ok((grid, cells)) => {
                assert_eq!(grid.len(), cells.len());
                read += 1;
            }
            Err(error) => {
                assert!(matches!(error, Error::Data { .. }), "{error}");
                refused += 1;
            }
        }
    }
    assert!(read > 500 && refused > 500, "{read} read, {refused} refused: the damage is too little or too much");
}

#[test]
fn the_polder_of_the_hoeksche_waard() {
    let Some(data) = hanze_base::testing::reference_data("real rasters") else { return };
    let file = data.join("terrain/hoekschewaard_3di_rastergroup/dem.tif");
    let dem = raster(&file, Quantity::Heights, LIMITS).unwrap();
    assert_eq!((dem.grid.cols, dem.grid.rows, dem.grid.cell), (1032, 730, 0.5));
    assert_eq!((dem.grid.west, dem.grid.north, dem.grid.crs), (96797.0, 417515.0, Crs::RD_NEW));
    assert_eq!((dem.name.as_str(), dem.unit.as_str(), dem.datum), ("dem", "m", -3.0));
    assert_eq!(dem.values.iter().filter(|v| v.is_nan()).count(), 55_189);
    let (low, high) = dem.range().unwrap();
    assert!((low - -2.485).abs() < 1e-6 && (high - 2.565).abs() < 1e-6, "{low} to {high}");
}
