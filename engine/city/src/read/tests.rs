use super::*;
use std::path::PathBuf;

const LIMITS: Limits = Limits { max_cells: 1000 };

/// A file of 2 x 2 cells of 1 m with these values.
fn file(folder: &tempfile::TempDir, name: &str, values: &str) -> PathBuf {
    let path = folder.path().join(name);
    let head = "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -1\n";
    std::fs::write(&path, format!("{head}{values}")).unwrap();
    path
}

#[test]
fn the_ending_chooses_the_format_and_the_file_names_the_layer() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["land use.asc", "land use.DEM", "land use.txt"] {
        let layer = raster(&file(&folder, name, "1 2\n3 -1"), Quantity::Values, LIMITS).unwrap();
        assert_eq!((layer.name.as_str(), layer.unit.as_str(), layer.datum), ("land use", "", 0.0));
        assert_eq!(layer.values[..3], [1.0, 2.0, 3.0]);
        assert!(layer.values[3].is_nan());
    }
    for (name, words) in
        [("a.png", "`.png` is not"), ("a", "`.` is not"), ("a.tif", "not a TIFF"), ("b.tiff", "not a TIFF")]
    {
        let message = raster(&file(&folder, name, "1 2 3 4"), Quantity::Values, LIMITS).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
    let missing = raster(&folder.path().join("none.asc"), Quantity::Values, LIMITS).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }) && missing.to_string().contains("none.asc"), "{missing}");
}

#[test]
fn numbers_beyond_belief_name_their_cell() {
    let folder = tempfile::tempdir().unwrap();
    let both = [Quantity::Heights, Quantity::Values];
    let cases: [(&str, &[Quantity]); 7] = [
        ("1e30", &both),
        ("-1e30", &both),
        ("inf", &both),
        ("-inf", &both),
        ("3.4e38", &both),
        ("12000.1", &[Quantity::Heights]),
        ("-9999", &[Quantity::Heights]),
    ];
    for (value, refusing) in cases {
        let path = file(&folder, "dem.asc", &format!("1 2\n{value} 4"));
        for quantity in both {
            match raster(&path, quantity, LIMITS) {
                Ok(_) => assert!(!refusing.contains(&quantity), "{value} as {quantity:?}"),
                Err(error) => {
                    let (message, value) = (error.to_string(), format!("{:?}", value.parse::<f64>().unwrap()));
                    let words = ["dem.asc", "row 1, column 0", value.as_str(), "declare it as nodata in the file"];
                    assert!(refusing.contains(&quantity) && words.iter().all(|w| message.contains(w)), "{message}");
                }
            }
        }
    }
}

#[test]
fn heights_keep_a_tenth_of_a_millimetre_on_a_mountain() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "dem.asc", "4001.00011 4000.9\n4003.5 -1");
    let dem = raster(&path, Quantity::Heights, LIMITS).unwrap();
    assert_eq!((dem.datum, dem.unit.as_str()), (4000.0, "m"));
    assert!((dem.at(0, 0) - 4001.00011).abs() < 1e-6 && dem.at(1, 1).is_nan());
    let classes = raster(&path, Quantity::Values, LIMITS).unwrap();
    assert_eq!((classes.datum, classes.values[2]), (0.0, 4003.5));
    // Singles take another way, with the same result.
    let singles = [4001.5f32, f32::NAN, 3999.25, 4000.0];
    let doubles = singles.map(f64::from);
    let (grid, name) = (Grid::local(2, 2, 1.0), "dem");
    let one = layer(grid, name, Quantity::Heights, Cells::Single(singles.to_vec()));
    let other = layer(grid, name, Quantity::Heights, Cells::Double(doubles.to_vec()));
    assert_eq!((one.datum, other.datum), (3999.0, 3999.0));
    // NaN equals NaN in bits only.
    let bits = |raster: &Raster| raster.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&one), bits(&other));
    let empty = layer(grid, name, Quantity::Heights, Cells::Single(vec![f32::NAN; 4]));
    assert_eq!((empty.datum, empty.range()), (0.0, None));
}
