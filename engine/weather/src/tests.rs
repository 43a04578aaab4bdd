use super::*;

fn from_text(name: &str, text: &str, from: (i64, u32, u32), hours: i64) -> Result<Weather> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let start = days(from.0, from.1, from.2).expect("a day") * 86_400;
    read(&path, start, start + hours * 3600)
}

const KNMI: &str = "# STN,YYYYMMDD,   HH,   DD,   FF,    T,    Q,    P,    N,    U\n\n";

#[test]
fn each_format_means_the_same() {
    let knmi = format!(
        "{KNMI}  278,20190725,    1,  990,   20,  251,   36,10132,    9,   50\n  278,20190725,    2,  270,   30,  240,    0,10130,    4,   60\n"
    );
    let csv = "time,air_c,humidity_percent,wind_m_per_s,direction_degrees,global_w_per_m2,pressure_hpa,cloud_percent\n2019-07-25T01:00Z,25.1,50,2,,100,1013.2,\n2019-07-25T02:00:00Z,24,60,3,270,0,1013,50\n";
    let umep = "%iy id it imin Wind RH Td press Kdn Wd fcld\n2019 206 1 0 2 50 25.1 101.32 100 -999 -999\n2019 206 2 0 3 60 24 101.3 0 270 0.5\n";
    let mut epw = "LOCATION,Heino,-,NLD,-,278,52.4,6.3,1.0,4\n".to_string() + &"x\n".repeat(7);
    for (hour, air, rh, pressure, global, dir, wind, cloud) in
        [(2, "25.1", 50, 101_320, 100, 999, 2, 99), (3, "24", 60, 101_300, 0, 270, 3, 5)]
    {
        epw += &format!(
            "2019,7,25,{hour},0,?,{air},9,{rh},{pressure},0,0,9999,{global},9999,9999,0,0,0,0,{dir},{wind},{cloud},0,0\n"
        );
    }
    let suews = "iy id it imin U RH Tair pres kdown wdir fcld\n2019 206 1 0 2 50 25.1 101.32 100 -999 -999\n2019 206 2 0 3 60 24 101.3 0 270 0.5\n";
    let cases = [("a.txt", knmi.as_str()), ("a.csv", csv), ("b.txt", umep), ("c.txt", suews), ("a.epw", &epw)];
    for (name, text) in cases {
        let found = from_text(name, text, (2019, 7, 25), 2).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [one, two] = found.hours[..] else { panic!("{name}: {found:?}") };
        assert_eq!(one.end, 18_102 * 86_400 + 3600, "{name}");
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(one.air, 25.1) && near(one.global, 100.0) && one.direction.is_none(), "{name}: {one:?}");
        assert!(one.cloud.is_none() && near(one.pressure.unwrap_or(0.0), 1013.2), "{name}: {one:?}");
        assert!(near(two.humidity, 60.0) && two.direction == Some(270.0) && two.cloud == Some(0.5), "{name}: {two:?}");
        assert!(found.repairs.is_empty(), "{name}: {:?}", found.repairs);
    }
}

#[test]
fn gaps_are_filled_or_refused() {
    let csv = |rows: &[&str]| {
        let head = "time,air_c,humidity_percent,global_w_per_m2\n".to_string();
        rows.iter().enumerate().fold(head, |text, (k, row)| text + &format!("2019-07-25T{:02}:00Z,{row}\n", k + 1))
    };
    let found = from_text("a.csv", &csv(&["20,50,0", "-999,50,0", "22,102,-3"]), (2019, 7, 25), 3).expect("mended");
    assert_eq!((found.hours[1].air, found.hours[2].humidity, found.hours[2].global), (21.0, 100.0, 0.0));
    assert_eq!((found.repairs.len(), found.hours[0].wind), (3, USUAL_WIND), "{:?}", found.repairs);
    let cases: [(&[&str], &str); 6] = [
        (&["20,140,0"], "line 2: humidity of 140"),
        (&["20,50,0", "20,50,5000"], "line 3: global radiation of 5000"),
        (
            &["20,50,0", ",50,0", ",50,0", ",50,0", ",50,0", "21,50,0"],
            "no air temperature for 4 hours from 2019-07-25 01:00",
        ),
        (&[",50,0"], "has no air temperature"),
        (&["20,fifty,0"], "line 2: \"fifty\" is not a number"),
        (&["20,50"], "line 2: has 3 values for 4 columns"),
    ];
    for (rows, words) in cases {
        let error = from_text("a.csv", &csv(rows), (2019, 7, 25), rows.len() as i64).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("a.csv"), "{error} | {words}");
    }
    let other = from_text("a.csv", &csv(&["20,50,0"]), (2018, 7, 25), 24).expect_err("another year").to_string();
    assert!(other.contains("no weather on 2018-07-25"), "{other}");
    let local = "time,air_c\n2019-07-25T01:00+02:00,20\n";
    assert!(from_text("a.csv", local, (2019, 7, 25), 1).expect_err("local").to_string().contains("not an hour in UTC"));
    let twice = format!("{}2019-07-25T01:00Z,20,50,0\n", csv(&["20,50,0"]));
    assert!(from_text("a.csv", &twice, (2019, 7, 25), 1).expect_err("twice").to_string().contains("lines 2 and 3"));
    assert!(from_text("a.zip", "no zip", (2019, 7, 25), 1).expect_err("no zip").to_string().contains("unpacked"));
    assert!(from_text("a.txt", "hello", (2019, 7, 25), 1).is_err());
}

/// Each format, with days and hours that there are none.
#[test]
fn dates_that_are_none_are_refused_in_words() {
    let refused = |text: &str, from: (i64, u32, u32), words: &str| {
        let error = from_text("a.txt", text, from, 2).expect_err(text).to_string();
        assert!(error.contains(words) && error.contains("a.txt"), "{text}: {error} | {words}");
    };
    for time in [
        "",
        "T",
        "Z",
        "2019-02-29T14:00Z",
        "1900-02-29T14:00Z",
        "2019-13-01T14:00Z",
        "2019-00-10T14:00Z",
        "2019-07-00T14:00Z",
        "2019-07-32T14:00Z",
        "2019-07-288T14:00Z",
        "2019-07T14:00Z",
        "2019-07-25T25:00Z",
        "2019-07-25T14:30Z",
        "99999-01-01T00:00Z",
        "4294967295-01-01T00:00Z",
        "4294967296-01-01T00:00Z",
        "-2019-07-25T14:00Z",
        "2019-07-25T14:00",
    ] {
        let words = format!("line 2: \"{time}\" is not an hour in UTC");
        refused(&format!("time,air_c\n{time},20\n"), (2019, 7, 25), &words);
    }
    for (date, from) in [("20190732", (2019, 7, 31)), ("20190229", (2019, 2, 28)), ("20190230", (2019, 2, 28))] {
        let text = format!("{KNMI}  278,{date},    1,  990,   20,  251,   36,10132,    9,   50\n");
        refused(&text, from, &format!("line 3: {date} is not a date"));
    }
    for (time, words) in [
        ("2019 0 1", "line 2: 2019 0 1 is not a time"),
        ("2019 367 1", "line 2: 2019 367 1 is not a time"),
        ("2019 206 25", "line 2: 2019 206 25 is not a time"),
        ("1500 1 1", "line 2: 1500 1 1 is not a time"),
        ("1e300 1 1", "is not a time"),
        ("nan 1 1", "line 2: NaN 1 1 is not a time"),
        ("2019 x 1", "line 2: has no year, day and hour"),
    ] {
        refused(&format!("%iy id it imin Wind RH Td\n{time} 0 2 50 25\n"), (2019, 7, 25), words);
    }
}

#[test]
fn a_station_is_read_from_its_zip() {
    let Some(data) = hanze_base::testing::reference_data("Heino") else {
        return;
    };
    let start = days(2019, 7, 25).expect("a day") * 86_400;
    let found = read(&data.join("weather/uurgeg_278_2011-2020.zip"), start, start + 86_400).expect("read");
    let warmest = found.hours.iter().map(|hour| hour.air).fold(f64::MIN, f64::max);
    assert!((warmest - 38.7).abs() < 0.5 && found.hours.len() == 24, "{warmest}");
    let brightest = found.hours.iter().max_by(|a, b| a.global.total_cmp(&b.global)).expect("hours");
    assert!(brightest.global > 750.0 && (11..14).contains(&(brightest.end / 3600 % 24)), "{brightest:?}");
}

#[test]
fn each_missing_code_of_epw_is_missing() {
    let codes = [
        (6, AIR, "99.9"),
        (8, HUMIDITY, "999"),
        (9, PRESSURE, "999999"),
        (9, PRESSURE, "0"),
        (12, LONGWAVE, "9999"),
        (12, LONGWAVE, "0"),
        (13, GLOBAL, "9999"),
        (14, DIRECT, "9999"),
        (15, DIFFUSE, "9999"),
        (20, DIRECTION, "999"),
        (21, WIND, "999"),
        (22, CLOUD, "99"),
    ];
    let head = "LOCATION,T,-,-,-,1,52.4,6.3,0.0,4\n".to_string() + &"x\n".repeat(7);
    let sound = "2019,7,25,1,60,?,25.1,9,50,101320,0,0,350,100,200,80,0,0,0,0,270,2,5,0,0";
    let start = days(2019, 7, 25).expect("a day") * 86_400;
    let values = |line: &str| {
        let text = format!("{head}{line}\n");
        let found = epw::rows(Path::new("a.epw"), &text, start, start + 3600).expect("read");
        let [row] = &found.rows[..] else { panic!("{} rows", found.rows.len()) };
        row.values
    };
    let all = values(sound);
    for (column, field, code) in codes {
        let mut cells: Vec<&str> = sound.split(',').collect();
        cells[column] = code;
        let found = values(&cells.join(","));
        for (k, (found, all)) in found.iter().zip(&all).enumerate() {
            assert_eq!(*found, if k == field { None } else { *all }, "column {column}, {code}, field {k}");
        }
        assert!(all[field].is_some(), "column {column}");
    }
    // What cannot be is refused with the code of its own field.
    for (column, value, code) in [(6, "80", "99.9"), (8, "140", "999"), (9, "20000", "999999"), (12, "20", "9999")] {
        let mut cells: Vec<&str> = sound.split(',').collect();
        cells[column] = value;
        let text = format!("{head}{}\n", cells.join(","));
        let error = from_text("a.epw", &text, (2019, 7, 25), 1).expect_err("refused").to_string();
        assert!(error.contains("line 9") && error.contains(&format!(", {code} is none")), "{error}");
    }
}

/// Whole months of other years make a typical year, and a stray row does not.
#[test]
fn a_year_is_typical_by_its_months() {
    let text = |year: &dyn Fn(u32, u32, u32) -> i64| {
        let mut text = "LOCATION,T,-,-,-,1,52.4,6.3,0.0,4\n".to_string() + &"x\n".repeat(7);
        for month in 1..=12 {
            for day in (1..=31).filter(|day| days(2019, month, *day).is_some()) {
                for hour in 1..=24 {
                    let year = year(month, day, hour);
                    let rest = "60,?,25.1,9,50,101320,0,0,350,100,200,80,0,0,0,0,270,2,5,0,0";
                    text += &format!("{year},{month},{day},{hour},{rest}\n");
                }
            }
        }
        text
    };
    let read = |text: &str, year: i64| {
        let start = days(year, 7, 25).expect("a day") * 86_400;
        let found = epw::rows(Path::new("a.epw"), text, start, start + 86_400).map_err(|error| error.to_string())?;
        let words: Vec<String> = found.remarks.iter().map(|remark| remark.text.en.clone()).collect();
        Ok::<_, String>((found.rows.len(), words.join("; ")))
    };
    // 8759 rows of 2019 and one of 2020, wherever it stands.
    for (stray, rows) in [((1, 1, 1), 24), ((7, 25, 10), 23), ((12, 31, 24), 24)] {
        let text = text(&|month, day, hour| if (month, day, hour) == stray { 2020 } else { 2019 });
        let (found, words) = read(&text, 2019).expect("its own year");
        assert!(found == rows && words.contains("1 of 8760 hours") && !words.contains("typical"), "{found}: {words}");
        let words = read(&text, 2018).expect_err("another year");
        assert!(words.contains("nearly all its hours are of 2019, and 2018-07-25 is asked for"), "{words}");
    }
    let plain = text(&|_, _, _| 2019);
    assert_eq!(read(&plain, 2019), Ok((24, String::new())));
    // Typical: each month of a year of its own; the joints in another's; and a single month of another year.
    let of_month = |month: u32| 2000 + i64::from(month * 7 % 12);
    let typical: [&dyn Fn(u32, u32, u32) -> i64; 3] = [
        &|month, _, _| of_month(month),
        &|month, day, hour| of_month(if month > 1 && day == 1 && hour < 9 { month - 1 } else { month }),
        &|month, _, _| if month == 2 { 2011 } else { 2007 },
    ];
    for (k, year) in typical.into_iter().enumerate() {
        let (rows, words) = read(&text(year), 2018).expect("any year");
        assert!(rows == 24 && words.contains("a typical year"), "{k}: {rows} {words}");
    }
}
