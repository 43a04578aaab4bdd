use super::*;
use std::io::Cursor;

const LIMITS: Limits = Limits { max_cells: 1000 };
const HEAD: &str = "ncols 3\nnrows 2\nxllcorner 100\nyllcorner 200\ncellsize 2\n";

fn read_text(text: &str) -> Result<(Grid, Cells)> {
    // A buffer of 7 bytes cuts words in two.
    let input = BufReader::with_capacity(7, Cursor::new(text.as_bytes()));
    let found = read_from(Path::new("some.asc"), input, text.len() as u64, Crs::UNKNOWN, LIMITS)?;
    Ok((found.grid, found.cells))
}

fn check(text: &str, west: f64, north: f64, expected: [f64; 6]) {
    let (grid, cells) = read_text(text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
    assert_eq!(grid, Grid { cols: 3, rows: 2, cell: 2.0, west, north, crs: Crs::UNKNOWN }, "{text:?}");
    let found: Vec<f64> = (0..cells.len()).map(|index| cells.at(index)).collect();
    let equal = found.iter().zip(expected).all(|(a, b)| *a == b || (a.is_nan() && b.is_nan()));
    assert!(equal && found.len() == 6, "{found:?} from {text:?}");
}

fn check_refused(text: &str, words: &[&str]) {
    let message = read_text(text).unwrap_err().to_string();
    assert!(words.iter().chain(&["some.asc"]).all(|word| message.contains(word)), "{message}, expected {words:?}");
}

#[test]
fn headers_as_they_occur() {
    let to_6 = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let values = "1 2 3\n4 5 6\n";
    check(&format!("{HEAD}{values}"), 100.0, 204.0, to_6);
    check(&format!("{HEAD}{values}").replace('\n', "\r\n"), 100.0, 204.0, to_6);
    check(&format!("\u{feff}{}{values}", HEAD.to_uppercase()), 100.0, 204.0, to_6);
    check(&format!("{HEAD}1\t2 3 4 5\n\n6"), 100.0, 204.0, to_6);
    check(&format!("{}{values}", HEAD.replace("corner", "center")), 99.0, 203.0, to_6);
    check(&format!("{}{values}", HEAD.replace("cellsize 2", "dx 2\ndy 2.0")), 100.0, 204.0, to_6);
    let reversed: String = HEAD.lines().rev().map(|line| format!("{line}\n")).collect();
    check(&format!("{reversed}{values}"), 100.0, 204.0, to_6);
    check(
        &format!("{}{values}", HEAD.replace(" 100", " 1.0e2").replace("cellsize 2", "CellSize +2.0")),
        100.0,
        204.0,
        to_6,
    );
}

#[test]
fn nodata_is_declared_or_the_customary_one() {
    let hole = f64::NAN;
    check(&format!("{HEAD}1 2 -9999\n4 nan 6.5"), 100.0, 204.0, [1.0, 2.0, hole, 4.0, hole, 6.5]);
    check(&format!("{HEAD}nan 2 3\n4 5 6"), 100.0, 204.0, [hole, 2.0, 3.0, 4.0, 5.0, 6.0]);
    check(&format!("{HEAD}NODATA_value 3.0\n1 2 3\n4 -9999 6"), 100.0, 204.0, [1.0, 2.0, hole, 4.0, -9999.0, 6.0]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let swap = |from: &str, to: &str| format!("{}1 2 3\n4 5 6\n", HEAD.replace(from, to));
    let cases: [(String, &[&str]); 20] = [
        (format!("{HEAD}1 2 3\n4 five 6"), &["line 7", "`five`", "not a number"]),
        (format!("{HEAD}1 2 3\n4 5,5,5 6"), &["line 7", "`5,5,5`", "decimal point"]),
        (format!("{HEAD}1 2 3\n4 5"), &["ends at line 7", "5 values", "6 (3 x 2)"]),
        (HEAD.to_string(), &["0 values", "6 (3 x 2)"]),
        (format!("{HEAD}1 2 3\n4 5 6\n7 8"), &["line 8", "`7`", "more than the 6 (3 x 2)"]),
        (swap("ncols 3", "ncols 3.0"), &["line 1", "ncols `3.0`", "whole number"]),
        (swap("ncols 3", "ncols -3"), &["line 1", "ncols `-3`"]),
        (swap("nrows 2", "nrows 99999999999999999999"), &["line 2", "whole number"]),
        (swap("ncols 3", "ncols 18446744073709551615"), &["36893488147419103230 cells", "1000"]),
        (swap("cellsize 2", "cellsize 0"), &["line 5", "cellsize `0`"]),
        (swap("cellsize 2", "cellsize -2"), &["line 5", "cellsize `-2`"]),
        (swap("cellsize 2", "cellsize nan"), &["line 5", "cellsize `nan`"]),
        (swap("cellsize 2", "cellsize two"), &["line 5", "cellsize `two`", "not a number"]),
        (swap("cellsize 2", "cellsize 0.000833"), &["degrees", "gdalwarp"]),
        (swap("cellsize 2", "dx 2\ndy 3"), &["2 by 3 m", "not square"]),
        (swap("cellsize 2", ""), &["no cellsize"]),
        (swap("xllcorner 100", "xllcorner inf"), &["not a place"]),
        (swap("xllcorner 100", "xllcorner 1\nxllcenter 2"), &["line 4", "xllcenter `2` stands beside xllcorner"]),
        (swap("nrows 2", "ncols 2"), &["line 2", "`ncols` stands twice"]),
        (swap("nrows 2", "north 2"), &["line 2", "`north` is not a key", "nrows"]),
    ];
    for (text, words) in cases {
        check_refused(&text, words);
    }
    check_refused("", &["no ncols"]);
    check_refused("ncols", &["ends after ncols at line 1"]);
    check_refused(&format!("{HEAD}{}", "1".repeat(1000)), &["line 6", "more than 64 characters"]);
}

#[test]
fn a_prj_file_names_the_crs() {
    let rd = "PROJCS[\"Amersfoort / RD New\",GEOGCS[\"x\",AUTHORITY[\"EPSG\",\"4289\"]],UNIT[\"metre\",1,\
              AUTHORITY[\"EPSG\",\"9001\"]],AUTHORITY[\"EPSG\",\"28992\"]]\n";
    let cases = [
        (rd.to_string(), Some(28992)),
        (rd.replace("28992", "25832").replace("RD New", "other"), Some(25832)),
        ("PROJCRS[\"x\",ID[\"EPSG\",28992]]".into(), Some(28992)),
        ("PROJCS[\"RD_New\",GEOGCS[\"GCS_Amersfoort\"],UNIT[\"Meter\",1.0]]".into(), Some(28992)),
        ("PROJCS[\"own\",UNIT[\"metre\",1,AUTHORITY[\"EPSG\",\"9001\"]]]".into(), None),
        ("Projection UTM".into(), None),
        ("]]".into(), None),
        ("\"]]".into(), None),
        (String::new(), None),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dem.asc");
    std::fs::write(&file, format!("{HEAD}1 2 3 4 5 6")).unwrap();
    assert_eq!(read(&file, LIMITS).unwrap().grid.crs, Crs::UNKNOWN);
    for (text, epsg) in cases {
        std::fs::write(folder.path().join("dem.prj"), &text).unwrap();
        assert_eq!(read(&file, LIMITS).unwrap().grid.crs, Crs { epsg }, "{text}");
    }
    std::fs::write(folder.path().join("dem.prj"), "GEOGCS[\"WGS 84\",AUTHORITY[\"EPSG\",\"4326\"]]").unwrap();
    let message = read(&file, LIMITS).unwrap_err().to_string();
    assert!(message.contains("dem.prj") && message.contains("degrees"), "{message}");
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = format!("{HEAD}NODATA_value -9999\n1 2 -9999\n4 5 6\n").into_bytes();
    let mut state = 20_260_101u64;
    let mut random = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..4000 {
        let mut bytes = whole.clone();
        bytes.truncate(random(8 * whole.len()).max(1));
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            bytes[at] = [b' ', b'\n', b'9', b'e', b'-', 0, 0xff, random(256) as u8][random(8)];
        }
        let size = bytes.len() as u64;
        if let Ok(Found { grid, cells, .. }) =
            read_from(Path::new("some.asc"), Cursor::new(bytes), size, Crs::UNKNOWN, LIMITS)
        {
            assert_eq!(grid.len(), cells.len());
        }
    }
}

#[test]
fn a_decimal_comma_is_read_and_said() {
    let text = format!(
        "{}0,5 -1,25 2\n,5e1 5 -9999,0\n",
        HEAD.replace("cellsize 2", "cellsize 2,0").replace(" 100", " 100,0")
    );
    check(&text, 100.0, 204.0, [0.5, -1.25, 2.0, 5.0, 5.0, f64::NAN]);
    let input = Cursor::new(text.as_bytes());
    let found = read_from(Path::new("some.asc"), input, text.len() as u64, Crs::UNKNOWN, LIMITS).unwrap();
    assert!(found.remarks[0].contains("decimal point") && found.remarks[0].share > 0.5, "{:?}", found.remarks);
    for word in ["1,", "1,2,3", "1.5,2", ","] {
        check_refused(&format!("{HEAD}1 2 3\n4 5 {word}"), &["line 7", word]);
    }
}
