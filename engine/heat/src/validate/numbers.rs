//! Formulas against tables of their results.

use super::super::national::{self, Day, Hour, Roughness, Spot};
use super::super::pet::{Body, Environment, PRESSURE, pet as equivalent, saturation};
use super::super::{sun as position, utci as index};
use super::{Bench, Figure, most, within};
use hanze_base::error::{Error, Result};
use jiff::Timestamp;
use serde_json::Value;

/// Files of numbers.
trait Read {
    fn text(&self, name: &str) -> Result<String>;
    fn json(&self, name: &str) -> Result<Value>;
    fn records(&self, name: &str, list: &str) -> Result<Vec<Value>>;
}

impl Read for Bench<'_> {
    fn text(&self, name: &str) -> Result<String> {
        let path = self.file(name);
        std::fs::read_to_string(&path).map_err(Error::io("reading", &path))
    }

    fn json(&self, name: &str) -> Result<Value> {
        let wrong = |error| Error::data(&self.file(name), format!("is not JSON: {error}"), "fetch it again");
        serde_json::from_str(&self.text(name)?).map_err(wrong)
    }

    /// The records of a list in a JSON file.
    fn records(&self, name: &str, list: &str) -> Result<Vec<Value>> {
        let json = self.json(name)?;
        let found = json[list].as_array().filter(|rows| !rows.is_empty()).cloned();
        found.ok_or_else(|| Error::data(&self.file(name), format!("has no list {list}"), "fetch it again"))
    }
}

/// A number of a record; what is none is no number, and fails every bar.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// The larger; what is no number stays.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Seconds since 1970 of a time such as 2003-10-17T19:30:30Z.
fn unix(text: &str) -> Option<f64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_second() as f64)
}

/// Degrees between two directions.
fn apart(a: f64, b: f64) -> f64 {
    ((a - b + 540.0).rem_euclid(360.0) - 180.0).abs()
}

/// The sun against NREL's worked example and a hundred times at Zwolle.
pub fn sun(bench: &Bench) -> Result<Vec<Figure>> {
    let mut worst_of = [0.0f64; 2];
    let mut rows = 0;
    for line in bench.text("heat/sun/zwolle_spa_100.csv")?.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [time, zenith, _, azimuth, _] = cells[..] else { continue };
        let [zenith, azimuth] = [zenith, azimuth].map(|cell| cell.parse().unwrap_or(f64::NAN));
        let at = position::sun(52.5168, 6.083, unix(time).unwrap_or(f64::NAN))?;
        worst_of[0] = worst(worst_of[0], (90.0 - at.altitude.to_degrees() - zenith).abs());
        worst_of[1] = worst(worst_of[1], apart(at.azimuth.to_degrees(), azimuth));
        rows += 1;
    }
    let nrel = bench.json("heat/sun/nrel_spa_reference.json")?;
    let time = nrel["utc"].as_str().and_then(unix).unwrap_or(f64::NAN);
    let at = position::sun(number(&nrel["lat"]), number(&nrel["lon"]), time)?;
    Ok(vec![
        within("rows at Zwolle", f64::from(rows), 100.0, 0.0),
        most("zenith at Zwolle, degrees off", worst_of[0], 0.01),
        most("azimuth at Zwolle, degrees off", worst_of[1], 0.01),
        most("azimuth of NREL's example, degrees off", apart(at.azimuth.to_degrees(), number(&nrel["azimuth"])), 0.01),
        // Its zenith is that of the refracted sun: 0.02° at that height.
        most(
            "zenith of NREL's example, degrees off",
            (90.0 - at.altitude.to_degrees() - number(&nrel["zenith"])).abs(),
            0.025,
        ),
    ])
}

/// PET against the tables of pythermalcomfort.
pub fn pet(bench: &Bench) -> Result<Vec<Figure>> {
    let mut off = 0.0;
    for row in bench.records("heat/indices/ts_pet_steady.json", "data")? {
        let of = |key: &str| number(&row["inputs"][key]);
        let environment = Environment {
            air: of("tdb"),
            radiant: of("tr"),
            wind: of("v"),
            vapour: of("rh") / 100.0 * saturation(of("tdb")),
            pressure: PRESSURE,
        };
        let found = equivalent(environment, Body { activity: of("met"), clothes: of("clo") });
        off = worst(off, (found - number(&row["outputs"]["pet"])).abs());
    }
    let at = |air: f64, radiant: f64, humidity: f64, wind: f64, clothes: f64| {
        let vapour = humidity / 100.0 * saturation(air);
        let environment = Environment { air, radiant, wind, vapour, pressure: PRESSURE };
        equivalent(environment, Body { clothes, ..Body::default() })
    };
    Ok(vec![
        most("tables of pythermalcomfort, K off", off, 0.1),
        within("20 °C, 50 %, 0.15 m/s, 0.5 clo", at(20.0, 20.0, 50.0, 0.15, 0.5), 18.85, 0.1),
        within("30 °C, radiation 60 °C, 80 %, 1 m/s, 0.9 clo", at(30.0, 60.0, 80.0, 1.0, 0.9), 44.63, 0.1),
    ])
}

/// UTCI against its own test data and the tables of pythermalcomfort.
pub fn utci(bench: &Bench) -> Result<Vec<Figure>> {
    let (mut off, mut squares, mut rows) = (0.0, 0.0, 0.0);
    for line in bench.text("heat/indices/utci_fiala_reference_even.txt")?.lines() {
        let cells: Vec<f64> = line.split('\t').filter_map(|cell| cell.trim().parse().ok()).collect();
        let [air, warmer, wind, humidity, _, _, model, _, polynomial] = cells[..] else { continue };
        let vapour = index::saturation(air) * humidity / 100.0;
        let found = index::polynomial(air, warmer, wind, vapour);
        off = worst(off, (found - polynomial).abs());
        squares += (found - model).powi(2);
        rows += 1.0;
    }
    let mut off_table = 0.0;
    for row in bench.records("heat/indices/ts_utci.json", "data")? {
        let of = |key: &str| row["inputs"][key].as_f64();
        let (Some(air), Some(radiant), Some(wind), Some(humidity)) = (of("tdb"), of("tr"), of("v"), of("rh")) else {
            continue;
        };
        // Those beyond the index's range have no answer; those in degrees Fahrenheit are not meant.
        let Some(answer) = row["outputs"]["utci"].as_f64().filter(|_| row["inputs"]["units"] != "ip") else { continue };
        off_table = worst(off_table, (index::utci(air, radiant, wind, humidity) - answer).abs());
    }
    Ok(vec![
        within("25 °C, radiation 27 °C, 50 %, 1 m/s", index::utci(25.0, 27.0, 1.0, 50.0), 25.2, 0.1),
        most("tables of pythermalcomfort, K off", off_table, 0.1),
        most("polynomial of the test data, K off", off, 0.1),
        within("RMSE to Fiala's model, K", (squares / rows).sqrt(), 2.86, 0.02),
    ])
}

/// The chain of the national heat map against worked rows.
pub fn national(bench: &Bench) -> Result<Vec<Figure>> {
    let mut off = [0.0f64; 5];
    let relative = |found: f64, wanted: &Value| (found - number(wanted)).abs() / number(wanted).abs().max(1.0);
    for row in bench.records("heat/dpra/dpra_vectors.json", "rows")? {
        let of = |key: &str| number(&row[key]);
        let day = Day { warmest: of("Tmax"), coolest: of("Tmin"), wind: of("Umean"), global: of("Qmean") };
        let island = day.island(of("svf_window"), of("fveg_window"), of("T"), 1013.25);
        let air = of("T") + island * of("diurnal");
        let wet_bulb = national::wet_bulb(of("T"), of("RH"));
        let wind = national::wind(of("wind_ratio"), of("FF"));
        let hour = Hour { wet_bulb, global: of("Q"), altitude: of("sun_alt_deg") };
        let sunny = row["in_sun"].as_bool().unwrap_or(false);
        let pet = hour.pet(&Spot { air, wind, sky_view: of("svf"), bowen: of("bowen"), sunny });
        let found = [(island, "UHImax"), (air, "Ta"), (wet_bulb, "Tw"), (wind, "u1_2"), (pet, "PET")];
        for (off, (found, key)) in off.iter_mut().zip(found) {
            *off = worst(*off, relative(found, &row[key]));
        }
    }
    let names = ["heat island", "air temperature", "wet-bulb temperature", "wind at 1.2 m", "PET"];
    Ok(names.iter().zip(off).map(|(name, off)| most(format!("{name}, relative"), off, 1e-3)).collect())
}

/// The reduction of wind in the national heat map against worked rows.
pub fn national_wind(bench: &Bench) -> Result<Vec<Figure>> {
    let mut off = 0.0;
    for row in bench.records("heat/dpra/dpra_wind_vectors.json", "rows")? {
        let of = |key: &str| number(&row[key]);
        let found = Roughness {
            buildings: (of("Hb"), of("Ab")),
            trees: (national::wind_height(of("Ht")), of("At")),
            fronts: (of("Fb"), of("Ft")),
            area: of("Atot"),
        };
        off = worst(off, (found.ratio() - of("ratio")).abs() / of("ratio"));
    }
    Ok(vec![most("ratio, relative", off, 1e-3)])
}
