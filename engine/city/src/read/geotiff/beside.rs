//! What GDAL keeps beside a file: NAME.tif.aux.xml adds to what it says of itself, NAME.tif.msk hides cells.

use hanze_base::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of such a file that are read.
const LARGEST: u64 = 1 << 20;

/// What a file beside a GeoTIFF adds.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Unit of its values; empty for none.
    pub unit: String,
    /// The number that means "no value".
    pub nodata: Option<f64>,
}

impl Beside {
    /// Looks for files beside a GeoTIFF.
    pub fn read(file: &Path) -> Result<Beside> {
        let with = |ending: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        if with(".msk").is_file() {
            let problem = "has a mask in a file beside it (.msk), which is not read";
            let mend = "write the mask as nodata into it, e.g. gdalwarp -dstnodata -9999 in.tif out.tif";
            return Err(Error::data(file, problem, mend));
        }
        let path = with(".aux.xml");
        if !path.is_file() {
            return Ok(Beside::default());
        }
        let mut bytes = Vec::new();
        let opened = File::open(&path).map_err(Error::io("reading", &path))?;
        opened.take(LARGEST).read_to_end(&mut bytes).map_err(Error::io("reading", &path))?;
        Beside::of(&path, &String::from_utf8_lossy(&bytes))
    }

    fn of(path: &Path, xml: &str) -> Result<Beside> {
        let text = |element: &str| {
            let (_, rest) = xml.split_once(&format!("<{element}"))?;
            let (_, rest) = rest.split_once('>')?;
            rest.split('<').next().map(str::trim)
        };
        for (element, without) in [("Scale", 1.0), ("Offset", 0.0)] {
            if text(element).and_then(|text| text.parse::<f64>().ok()).is_some_and(|number| number != without) {
                let mend = "write the true values into it, e.g. gdal_translate -unscale -ot Float32 in.tif out.tif";
                return Err(Error::data(path, "says that the values are kept scaled", mend));
            }
        }
        let nodata = text("NoDataValue").and_then(|text| text.parse().ok());
        Ok(Beside { unit: text("UnitType").unwrap_or_default().to_string(), nodata })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_is_taken_or_refused() {
        let of = |band: &str| {
            let xml = format!("<PAMDataset><PAMRasterBand band=\"1\">{band}</PAMRasterBand></PAMDataset>");
            Beside::of(Path::new("some.tif.aux.xml"), &xml)
        };
        let found = of("<NoDataValue>-5.0E+00</NoDataValue><UnitType>cm</UnitType><Scale>1</Scale>").unwrap();
        assert_eq!((found.unit.as_str(), found.nodata), ("cm", Some(-5.0)));
        let found = of("<Metadata><MDI key=\"STATISTICS_MEAN\">2</MDI></Metadata>").unwrap();
        assert_eq!((found.unit.as_str(), found.nodata), ("", None));
        let message = of("<Offset>3</Offset>").unwrap_err().to_string();
        assert!(message.contains("scaled") && message.contains("-unscale"), "{message}");
    }
}
