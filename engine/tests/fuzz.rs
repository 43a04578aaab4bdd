//! Every reader of files from outside meets damaged files: it answers with a value or an error, never with a panic, and takes no
//! more memory than its limits allow. Seeds are small good files; `HANZE_FUZZ=1000000` asks for as many inputs each.

mod damage;

use damage::{Damage, seeds_of};
use hanze_engine::city::codes::Codes;
use hanze_engine::city::import;
use hanze_engine::city::read::{Limits, Quantity, raster};
use hanze_engine::city::read::{features, lines};
use hanze_engine::city::roads::rules::Rules;
use hanze_engine::city::roads::{self, Reading, lanes};
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models::runoff::RunoffSpec;
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::scenario;
use hanze_engine::view::{Cache, Layer};
use hanze_engine::{Result, models, weather};
use std::num::NonZeroUsize;
use std::path::Path;

/// Inputs of each reader, unless more are asked for.
const INPUTS: u64 = 300;
/// Most memory of the whole process, bytes: the readers' own limits are below it.
const MEMORY: u64 = 2 << 30;

fn grid() -> Grid {
    Grid { cols: 12, rows: 9, cell: 5.0, west: 202_000.0, north: 502_000.0, crs: Crs::RD_NEW }
}

/// Reads damaged copies of the seeds, which must be good, and of small files of this ending among the tests' data that are read.
fn fuzz(ending: &str, own: Vec<Vec<u8>>, read: impl Fn(&Path) -> Result<()> + std::panic::RefUnwindSafe) {
    fuzz_beside(ending, own, &[], read);
}

/// The same with files beside it that stay as they are.
fn fuzz_beside(
    ending: &str,
    own: Vec<Vec<u8>>,
    beside: &[(&str, &[u8])],
    read: impl Fn(&Path) -> Result<()> + std::panic::RefUnwindSafe,
) {
    let count: u64 = std::env::var("HANZE_FUZZ").ok().and_then(|own| own.parse().ok()).unwrap_or(INPUTS);
    let fast = Path::new("/dev/shm");
    let folder = if fast.is_dir() { tempfile::tempdir_in(fast) } else { tempfile::tempdir() }.expect("a folder");
    for (name, bytes) in beside {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let path = folder.path().join(format!("file.{ending}"));
    let answer = |seed: &Vec<u8>| {
        std::fs::write(&path, seed).expect("written");
        read(&path)
    };
    // Damaged copies of a file that is refused before it is damaged would only meet that refusal.
    own.iter().for_each(|seed| answer(seed).unwrap_or_else(|error| panic!("a good .{ending} is refused: {error}")));
    let mut seeds = own;
    seeds.extend(seeds_of(ending).into_iter().filter(|seed| answer(seed).is_ok()));
    assert!(!seeds.is_empty(), "no seed of .{ending} can be read");
    let (mut damage, mut refused, mut slowest) = (Damage::new(ending, seeds), 0u64, 0.0f64);
    for k in 0..count {
        let bytes = damage.next();
        std::fs::write(&path, &bytes).expect("written");
        let began = std::time::Instant::now();
        let answer = std::panic::catch_unwind(|| read(&path));
        slowest = slowest.max(began.elapsed().as_secs_f64());
        let Ok(answer) = answer else {
            let kept = std::env::temp_dir().join(format!("hanze-fuzz-{k}.{ending}"));
            std::fs::write(&kept, &bytes).expect("written");
            panic!("input {k} of .{ending} makes the reader panic; it is kept as {}", kept.display());
        };
        refused += u64::from(answer.is_err());
    }
    let memory = damage::most_memory();
    eprintln!(
        ".{ending}: {count} inputs, {refused} refused, the slowest took {slowest:.3} s, {:.0} MB at most",
        memory as f64 / 1e6
    );
    assert!(memory < MEMORY, ".{ending}: {memory} bytes of memory");
    assert!(refused < count, "each of {count} damaged .{ending} is refused: nothing behind their heads is tried");
}

fn cog() -> Vec<u8> {
    let heights: Vec<f64> = (0..grid().len()).map(|k| 3.0 + 0.1 * (k % 12) as f64).collect();
    let path = tempfile::NamedTempFile::with_suffix(".tif").expect("a file").into_temp_path();
    write_cog(&path, &Raster::heights(grid(), "terrain", &heights)).expect("written");
    std::fs::read(&path).expect("read")
}

#[test]
fn geotiffs() {
    fuzz("tif", vec![cog()], |path| {
        let limits = Limits { max_cells: 1_000_000 };
        let heights = raster(path, Quantity::Heights, limits).map(|_| ());
        let cache = std::sync::Arc::new(Cache::new(NonZeroUsize::MIN));
        Layer::open(path, "max_depth", &cache).and_then(|layer| layer.value((202_010.0, 501_990.0))).ok();
        heights
    });
}

/// What programs keep beside a raster.
#[test]
fn files_beside_rasters() {
    let xml = "<PAMDataset><PAMRasterBand band=\"1\"><NoDataValue>-5.0E+00</NoDataValue><UnitType>cm</UnitType><Scale>1</Scale>\
               <Offset>0</Offset></PAMRasterBand></PAMDataset>";
    fuzz_beside("tif.aux.xml", vec![xml.into()], &[("file.tif", include_bytes!("data/water/slope.tif"))], |path| {
        raster(&path.with_file_name("file.tif"), Quantity::Heights, Limits { max_cells: 1_000_000 }).map(|_| ())
    });
    let prj = "PROJCS[\"Amersfoort / RD New\",GEOGCS[\"Amersfoort\",DATUM[\"Amersfoort\"]],PROJECTION[\"Double_Stereographic\"],\
               UNIT[\"metre\",1.0],AUTHORITY[\"EPSG\",\"28992\"]]";
    let cells = b"ncols 2\nnrows 1\nxllcorner 202000\nyllcorner 502000\ncellsize 5\n1 2\n";
    fuzz_beside("prj", vec![prj.into()], &[("file.asc", cells.as_slice())], |path| {
        raster(&path.with_extension("asc"), Quantity::Heights, Limits { max_cells: 1_000_000 }).map(|_| ())
    });
}

#[test]
fn ascii_grids() {
    let head = "ncols 3\nnrows 2\nxllcorner 202000\nyllcorner 502000\ncellsize 5\nNODATA_value -9999\n";
    let seeds = [format!("{head}1.5 2 3\n4 -9999 6e0\n"), head.replace("corner", "center") + "1 2 3 4 5 6"];
    fuzz("asc", seeds.map(String::into_bytes).to_vec(), |path| {
        raster(path, Quantity::Values, Limits { max_cells: 1_000_000 }).map(|_| ())
    });
}

const SQUARES: &str = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::28992"}},
"features":[{"type":"Feature","properties":{"name":"a","height_m":7.5,"residents":10,"highway":"residential","oneway":"yes"},
"geometry":{"type":"Polygon","coordinates":[[[202005,501960],[202040,501960],[202040,501990],[202005,501990],[202005,501960]],
[[202010,501970],[202020,501970],[202020,501980],[202010,501980],[202010,501970]]]}},
{"type":"Feature","properties":{"name":null,"height_m":"3"},"geometry":{"type":"MultiPolygon","coordinates":
[[[[202030,501970],[202055,501975],[202035,501995],[202030,501970]]]]}}]}"#;

#[test]
fn geojson_outlines() {
    fuzz("geojson", vec![SQUARES.into()], |path| features(path, &grid(), &["name", "height_m"]).map(|_| ()));
}

#[test]
fn cityjson_buildings() {
    let town = hanze_engine::city::demo::demo(1, 120.0, 100.0, 4.0).expect("a town");
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = hanze_engine::output::folder::RunFolder::create(folder.path()).expect("a folder");
    let language = hanze_engine::words::Language::English;
    hanze_engine::export::city(&town, &mut run, language, "2026-01-01").expect("written");
    let seed = std::fs::read(folder.path().join("buildings.city.json")).expect("CityJSON");
    let around = town.grid;
    fuzz("city.json", vec![seed.clone()], move |path| features(path, &around, &[]).map(|_| ()));
    let around = town.grid;
    fuzz("city.jsonl", vec![sequence(&seed)], move |path| features(path, &around, &[]).map(|_| ()));
}

/// The buildings of a CityJSON document as CityJSONSeq: a first line without any, and one line for each of the first four.
fn sequence(document: &[u8]) -> Vec<u8> {
    let mut first: serde_json::Value = serde_json::from_slice(document).expect("JSON");
    let (objects, vertices) = (first["CityObjects"].take(), first["vertices"].take());
    first["CityObjects"] = serde_json::json!({});
    first["vertices"] = serde_json::json!([]);
    let mut lines = vec![first.to_string()];
    for (id, object) in objects.as_object().expect("objects").iter().take(4) {
        let one = serde_json::json!({ "type": "CityJSONFeature", "id": id, "CityObjects": { id: object }, "vertices": vertices });
        lines.push(one.to_string());
    }
    lines.join("\n").into_bytes()
}

/// A GeoPackage of one table with one row; `shape` is well-known binary.
fn geopackage(columns: &str, values: &str, shape: &[u8]) -> Vec<u8> {
    let path = tempfile::NamedTempFile::with_suffix(".gpkg").expect("a file").into_temp_path();
    let base = rusqlite::Connection::open(&path).expect("SQLite");
    base.execute_batch(&format!(
        "PRAGMA page_size = 512; VACUUM;
         CREATE TABLE things (id INTEGER PRIMARY KEY, geom BLOB, {columns});
         CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
         INSERT INTO gpkg_geometry_columns VALUES ('things', 'geom', 28992);"
    ))
    .expect("tables");
    let blob = [b"GP\0\x01\x40\x71\0\0", shape].concat();
    base.execute(&format!("INSERT INTO things VALUES (1, ?1, {values})"), [blob]).expect("a row");
    drop(base);
    std::fs::read(&path).expect("read")
}

/// Well-known binary: its head, and corners.
fn shape(head: &[u8], corners: &[(f64, f64)]) -> Vec<u8> {
    let corners = corners.iter().flat_map(|(x, y)| x.to_le_bytes().into_iter().chain(y.to_le_bytes()));
    head.iter().copied().chain(corners).collect()
}

#[test]
fn geopackages() {
    let ring = [(202_005.0, 501_960.0), (202_040.0, 501_960.0), (202_040.0, 501_990.0), (202_005.0, 501_960.0)];
    let house = shape(&[1, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0], &ring);
    let seed = geopackage("name TEXT, height_m REAL", "'a', 8.0", &house);
    fuzz("gpkg", vec![seed], |path| features(path, &grid(), &["name"]).map(|_| ()));
    let road = shape(&[1, 2, 0, 0, 0, 2, 0, 0, 0], &[(202_005.0, 501_960.0), (202_300.0, 501_990.0)]);
    let seed = geopackage("highway TEXT, name TEXT, maxspeed INTEGER", "'residential', 'a', 30", &road);
    fuzz("gpkg", vec![seed], network);
}

#[test]
fn shapefiles() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.shp");
    let table = shapefile::dbase::TableWriterBuilder::new()
        .add_character_field("name".try_into().expect("a name"), 10)
        .add_numeric_field("height_m".try_into().expect("a name"), 8, 2);
    let mut writer = shapefile::Writer::from_path(&path, table).expect("a writer");
    let ring = [(202_005.0, 501_960.0), (202_005.0, 501_990.0), (202_040.0, 501_990.0), (202_005.0, 501_960.0)];
    let ring = shapefile::PolygonRing::Outer(ring.map(|(x, y)| shapefile::Point::new(x, y)).to_vec());
    let mut record = shapefile::dbase::Record::default();
    record.insert("name".into(), shapefile::dbase::FieldValue::Character(Some("a".into())));
    record.insert("height_m".into(), shapefile::dbase::FieldValue::Numeric(Some(7.5)));
    writer.write_shape_and_record(&shapefile::Polygon::new(ring), &record).expect("a row");
    drop(writer);
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect("read");
    let (shapes, index, rows) = (read("file.shp"), read("file.shx"), read("file.dbf"));
    let beside: [(&str, &[u8]); 2] = [("file.dbf", &rows), ("file.shx", &index)];
    fuzz_beside("shp", vec![shapes.clone()], &beside, |path| features(path, &grid(), &["name"]).map(|_| ()));
    let beside: [(&str, &[u8]); 2] = [("file.shp", &shapes), ("file.shx", &index)];
    fuzz_beside("dbf", vec![rows.clone()], &beside, |path| {
        features(&path.with_extension("shp"), &grid(), &["name"]).map(|_| ())
    });
    let beside: [(&str, &[u8]); 2] = [("file.shp", &shapes), ("file.dbf", &rows)];
    fuzz_beside("shx", vec![index], &beside, |path| {
        features(&path.with_extension("shp"), &grid(), &["name"]).map(|_| ())
    });
}

/// Reads roads, and lanes where there may be some.
fn network(path: &Path) -> Result<()> {
    let rules = Rules::dutch()?;
    let reading = Reading { crs: Crs::RD_NEW, declared: None, nodes: None, rules: &rules };
    let found = roads::read(path, &reading)?;
    if path.to_string_lossy().ends_with(".net.xml") {
        roads::lanes_of(path, &reading)?;
    } else if found.links.len() < 200 {
        let _ = lanes::build(&found, &rules.junctions, None);
    }
    Ok(())
}

const OSM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lat="52.51" lon="6.08" version="1"/> <node id="2" lat="52.51" lon="6.085"><tag k="highway" v="traffic_signals"/></node>
 <node id="3" lat="52.51" lon="6.095"/> <node id="4" lat="52.515" lon="6.085"/>
 <way id="100"><nd ref="1"/><nd ref="2"/><tag k="highway" v="secondary"/><tag k="name" v="West"/><tag k="lanes" v="2"/></way>
 <way id="101"><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="maxspeed" v="30"/><tag k="oneway" v="yes"/></way>
 <way id="102"><nd ref="2"/><nd ref="4"/><tag k="highway" v="cycleway"/><tag k="access" v="no"/></way>
 <relation id="9"><member type="way" ref="100" role="from"/><member type="node" ref="2" role="via"/>
  <member type="way" ref="101" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>
</osm>"#;

#[test]
fn openstreetmap() {
    fuzz("osm", vec![OSM.into()], network);
}

#[test]
fn openstreetmap_packed() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(OSM.as_bytes()).expect("packed");
    fuzz("osm.gz", vec![packed.finish().expect("packed")], network);
}

#[test]
fn openstreetmap_binary() {
    if hanze_engine::testing::reference_data("damaged files of OpenStreetMap in binary form").is_none() {
        return;
    }
    fuzz("osm.pbf", Vec::new(), network);
}

const NET: &str = r#"<net version="1.16" junctionCornerDetail="5">
 <location netOffset="-202000.00,-502000.00" convBoundary="0,0,200,100" origBoundary="0,0,1,1" projParameter="!"/>
 <edge id=":b_0" function="internal"><lane id=":b_0_0" index="0" speed="8" length="4" shape="98,0 102,0"/></edge>
 <edge id="ab" from="a" to="b" priority="2"><lane id="ab_0" index="0" speed="13.9" length="98" shape="0,0 98,0"/></edge>
 <edge id="bc" from="b" to="c" priority="2"><lane id="bc_0" index="0" speed="13.9" length="98" shape="102,0 200,0"/></edge>
 <tlLogic id="b" type="static" programID="0" offset="0"><phase duration="30" state="G"/><phase duration="5" state="r"/></tlLogic>
 <junction id="a" type="dead_end" x="0" y="0" incLanes="" intLanes="" shape="0,0 0,3"/>
 <junction id="b" type="traffic_light" x="100" y="0" incLanes="ab_0" intLanes=":b_0_0" shape="98,0 102,0 102,3">
  <request index="0" response="0" foes="0" cont="0"/></junction>
 <junction id="c" type="dead_end" x="200" y="0" incLanes="bc_0" intLanes="" shape="200,0 200,3"/>
 <connection from="ab" to="bc" fromLane="0" toLane="0" via=":b_0_0" tl="b" linkIndex="0" dir="s" state="O"/>
 <connection from=":b_0" to="bc" fromLane="0" toLane="0" dir="s" state="M"/>
</net>"#;

#[test]
fn sumo_networks() {
    fuzz("net.xml", vec![NET.into()], network);
}

#[test]
fn sumo_vehicles() {
    let text = r#"<routes><vType id="car" length="4.5" maxSpeed="40" accel="2.6" vClass="passenger"/>
 <route id="r" edges="ab bc"/><vehicle id="0" type="car" route="r" depart="1.5" departLane="best"/>
 <flow id="f" type="car" begin="0" end="100" vehsPerHour="300"><route edges="ab bc"/><stop busStop="s" duration="5"/></flow>
 <trip id="t" from="ab" to="bc" depart="2"/><busStop id="s" lane="ab_0" startPos="10" endPos="20"/></routes>"#;
    fuzz("rou.xml", vec![text.into()], |path| lanes::extras(path).map(|_| ()));
}

#[test]
fn tntp_networks() {
    let text = "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 3\n<FIRST THRU NODE> 1\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n\n\
                ~ \tinit\tterm\tcapacity\tlength\ttime\tb\tpower\tspeed\ttoll\ttype\t;\n\
                \t1\t3\t100\t1\t2\t0.15\t4\t50\t0\t1\t;\n\t3\t2\t100\t1\t2\t0.15\t4\t50\t0\t1\t;\n";
    fuzz("tntp", vec![text.into()], |path| roads::tntp::rows(path).map(|_| ()));
    let text =
        "<NUMBER OF ZONES> 2\n<TOTAL OD FLOW> 12.0\n<END OF METADATA>\n\nOrigin 1\n 1 : 0.0; 2 : 12.0;\nOrigin 2\n";
    fuzz("trips.tntp", vec![text.into()], |path| roads::tntp::trips(path, 2).map(|_| ()));
}

#[test]
fn lines_of_roads() {
    let text = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"highway":"residential","oneway":true,
"maxspeed":"50","name":"A"},"geometry":{"type":"LineString","coordinates":[[6.08,52.51],[6.09,52.511]]}},
{"type":"Feature","properties":{"highway":"cycleway","lanes":2},"geometry":{"type":"LineString","coordinates":[[6.09,52.511],[6.1,52.51]]}}]}"#;
    fuzz("geojson", vec![text.into()], |path| {
        lines(path, Crs::RD_NEW, None, &["oneway"]).ok();
        network(path)
    });
}

/// The hours of 1 July 2019.
fn day(path: &Path) -> Result<()> {
    let from = weather::days(2019, 7, 1).unwrap_or_default() * 86_400;
    weather::read(path, from, from + 86_400).map(|_| ())
}

#[test]
fn weather_of_knmi() {
    let mut text = "# STN,YYYYMMDD,   HH,   DD,   FH,   FF,    T,    Q,    P,    N,    U\n\n".to_string();
    for hour in 1..=24 {
        text += &format!(
            "  278,20190701,{hour:5},  250,   30,   40,  200,{:5},10150,    4,   60\n",
            10 * (12 - (hour - 12i32).abs())
        );
    }
    fuzz("txt", vec![text.clone().into()], day);
    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    packed.start_file("uurgeg_278.txt", stored).expect("a zip");
    std::io::Write::write_all(&mut packed, text.as_bytes()).expect("a zip");
    fuzz("zip", vec![packed.finish().expect("a zip").into_inner()], day);
}

#[test]
fn weather_of_epw() {
    let mut text =
        "LOCATION,Heino,OV,NLD,TMYx,062780,52.43,6.26,1.0,4.0\nDESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\n\
                    GROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,\nCOMMENTS 2,\n\
                    DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n"
            .to_string();
    for hour in 1..=26 {
        let (day, hour) = (1 + (hour - 1) / 24, 1 + (hour - 1) % 24);
        text += &format!(
            "2019,7,{day},{hour},60,?9?9,20.0,12.0,60,101500,0,0,330,{0},{0},50,0,0,0,0,250,4.0,5,5,20,22000,9,999999999,20,0.1,0,88,0.2,0,0\n",
            40 * (12 - (hour - 12i32).abs())
        );
    }
    fuzz("epw", vec![text.into()], day);
}

#[test]
fn weather_tables() {
    let mut text = "time,air_c,humidity_percent,wind_m_per_s,global_w_per_m2\n".to_string();
    let mut umep = "iy id it imin kdown Tair RH Wind press\n".to_string();
    for hour in 1..=24 {
        let light = 40 * (12 - (hour - 12i32).abs());
        let (date, hour_of) = if hour == 24 { ("2019-07-02", 0) } else { ("2019-07-01", hour) };
        text += &format!("{date}T{hour_of:02}:00:00Z,20.5,60,3,{light}\n");
        umep += &format!("2019 182 {hour} 0 {light} 20.5 60 3 101.5\n");
    }
    fuzz(
        "csv",
        vec![text.into(), include_bytes!("../../scenarios/weather/hot-day.csv").to_vec(), umep.into()],
        |path| {
            let hot = weather::days(2019, 7, 25).unwrap_or_default() * 86_400;
            day(path).or_else(|_| weather::read(path, hot, hot + 86_400).map(|_| ()))
        },
    );
}

#[test]
fn tables_of_land_use_and_of_roads() {
    let parse = |path: &Path| Codes::read(path).map(|_| ());
    fuzz("codes.toml", vec![include_bytes!("../../scenarios/codes/bgt.toml").to_vec()], parse);
    let parse = |path: &Path| Rules::read(path).map(|_| ());
    fuzz("rules.toml", vec![include_bytes!("../../scenarios/roads/roads-nl.toml").to_vec()], parse);
}

#[test]
fn point_clouds() {
    use las::point::{Classification, Format};
    let path = tempfile::NamedTempFile::with_suffix(".las").expect("a file").into_temp_path();
    let mut builder = las::Builder::from((1, 4));
    builder.point_format = Format::new(6).expect("a format");
    let mut writer = las::Writer::from_path(&path, builder.into_header().expect("a header")).expect("a writer");
    for k in 0..20 {
        let (x, y) = (202_000.0 + f64::from(k % 5), 501_990.0 + f64::from(k / 5));
        let class = if k % 3 == 0 { Classification::Building } else { Classification::Ground };
        writer
            .write_point(las::Point {
                x,
                y,
                z: 1.0,
                classification: class,
                gps_time: Some(0.0),
                ..las::Point::default()
            })
            .expect("a point");
    }
    writer.close().expect("closed");
    let seed = std::fs::read(&path).expect("read");
    fuzz("las", vec![seed], |path| import::laz(&[path.to_path_buf()], 1.0, Crs::RD_NEW, &mut |_, _| ()).map(|_| ()));
}

/// Scenarios themselves: whatever is written there, `check` answers.
#[test]
fn scenarios() {
    let stories = [
        "title = \"a\"\n[city]\ndemo = { seed = 1, width_m = 120, height_m = 100, cell_m = 5 }\n\
         [runoff]\nend_minutes = 10\nframe_minutes = 5\n[runoff.rain]\nsteps_mm = [1, 2.5]\nstep_minutes = 5\n\
         [[runoff.boundary]]\nname = \"e\"\nedge = \"east\"\nkind = \"free\"\n[[gauge]]\nname = \"g\"\nx = 139050\ny = 502050\n",
        "title = \"b\"\n[city]\ndemo = { seed = 1, width_m = 120, height_m = 100, cell_m = 5 }\n\
         [heat]\nend_minutes = 120\nweather = \"hot-day\"\ndate = \"2019-07-25\"\n",
    ];
    fuzz("toml", stories.map(|own| own.as_bytes().to_vec()).to_vec(), |path| {
        let text = std::fs::read_to_string(path).map_err(hanze_engine::Error::io("reading", path))?;
        scenario::parse_alone(path, text)?;
        let scenario = scenario::load(path)?;
        // A larger town than these is another test's.
        if scenario.spec.city.demo.as_ref().is_some_and(|demo| demo.width_m * demo.height_m / demo.cell_m.powi(2) < 2e3)
        {
            let (city, _) = scenario.city()?;
            models::check(&city, &scenario)?;
        }
        Ok(())
    });
}

/// Series and trips that a scenario names.
#[test]
fn tables_that_scenarios_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let rain = "title = \"a\"\n[city]\ndemo = { seed = 1, width_m = 120, height_m = 100, cell_m = 5 }\n\
                [runoff]\nend_minutes = 10\n[runoff.rain]\nmm_per_hour = \"file.rain.csv\"\n";
    fuzz_beside(
        "rain.csv",
        vec![b"minutes,mm_per_hour\n0,10\n5,20\n10,0\n".to_vec()],
        &[("s.toml", rain.as_bytes())],
        |path| {
            let scenario = scenario::load(&path.with_file_name("s.toml"))?;
            scenario.asked::<RunoffSpec>().map_or(Ok(()), |runoff| runoff.rain_in_time(&scenario).map(|_| ()))
        },
    );
    let level = format!(
        "{rain}[[runoff.boundary]]\nname = \"e\"\nedge = \"east\"\nkind = \"level\"\nlevel_m = \"file.level.csv\"\n",
        rain = rain.replace("\"file.rain.csv\"", "10")
    );
    let seeds = [
        "datetime;waterstand (cm NAP)\n2024-07-10T14:00+02:00;10,5\n2024-07-10T15:00+02:00;20\n",
        "minutes,0.1 m\n0,1\n5,2\n",
    ];
    fuzz_beside(
        "level.csv",
        seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        &[("s.toml", level.as_bytes())],
        |path| scenario::load(&path.with_file_name("s.toml")).map(|_| ()),
    );
    drop(folder);
    let traffic = "title = \"t\"\n[city]\nnetwork = \"n.osm\"\nepsg = 28992\n[traffic]\nend_minutes = 60\n\
                   start = \"08:00\"\n[traffic.demand]\nzones = \"zones.geojson\"\ntrips = \"file.trips.csv\"\n";
    let square = |name: &str, lon: f64| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\",\"residents\":10,\"jobs\":10}},\"geometry\":{{\"type\":\"Polygon\",\
             \"coordinates\":[[[{lon},52.509],[{0},52.509],[{0},52.511],[{lon},52.511],[{lon},52.509]]]}}}}",
            lon + 0.002
        )
    };
    let zones =
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{},{}]}}", square("A", 6.079), square("B", 6.094));
    let beside: [(&str, &[u8]); 3] =
        [("s.toml", traffic.as_bytes()), ("n.osm", OSM.as_bytes()), ("zones.geojson", zones.as_bytes())];
    fuzz_beside("trips.csv", vec![b"from,to,trips,class\nA,B,60,car\nB,A,5,truck\n".to_vec()], &beside, |path| {
        let scenario = scenario::load(&path.with_file_name("s.toml"))?;
        let (city, _) = scenario.city()?;
        models::check(&city, &scenario).map(|_| ())
    });
}
