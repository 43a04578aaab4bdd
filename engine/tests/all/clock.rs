//! Weather whose clock is not that of the sun.

use hanze_engine::models::heat::forcing::forcing;
use hanze_engine::remark::Remarks;
use hanze_engine::weather::{self, Weather};

#[test]
fn clocks_of_real_stations_are_believed_and_local_time_is_seen() {
    let Some(data) = hanze_engine::testing::reference_data("clocks") else {
        return;
    };
    // Heino, ten years; summers, one day at a time.
    let start = weather::days(2011, 1, 1).unwrap() * 86_400;
    // A typical year whose light leads the sun is mended and told, and not refused.
    let path = data.join("weather/NLD_OV_Heino.062780_TMYx.2007-2021.epw");
    let july = weather::days(2019, 7, 24).unwrap() * 86_400;
    let (_, repairs) = forcing(&weather::read(&path, july, july + 86_400).unwrap(), 52.44, 6.26).unwrap();
    assert!(repairs.iter().any(|repair| repair.contains("more light than the sun gives")), "{repairs:?}");
    let files = [("uurgeg_278_2011-2020.zip", 52.44, 6.26), ("uurgeg_260_2011-2020.zip", 52.1, 5.18)];
    for (file, latitude, longitude) in files {
        let path = data.join("weather").join(file);
        let (mut days, mut late, mut summer, mut early) = (0, 0, 0, 0);
        for year in [0, 3, 8] {
            // A file gives a year at a time.
            let from = start + year * 365 * 86_400;
            let Ok(all) = weather::read(&path, from, from + 365 * 86_400) else { continue };
            for day in all.hours.chunks(24) {
                let refused = |shift: i64| {
                    let mut hours = day.to_vec();
                    hours.iter_mut().for_each(|hour| hour.end += shift * 3600);
                    forcing(
                        &Weather {
                            hours,
                            repairs: Remarks::default(),
                            station: None,
                            is_typical: false,
                            is_of_moment: false,
                        },
                        latitude,
                        longitude,
                    )
                    .is_err()
                };
                let reason = forcing(
                    &Weather {
                        hours: day.to_vec(),
                        repairs: Remarks::default(),
                        station: None,
                        is_typical: false,
                        is_of_moment: false,
                    },
                    latitude,
                    longitude,
                )
                .err();
                assert!(reason.is_none(), "{file}: {reason:?}");
                let number = (day[0].end / 86_400 - from / 86_400) % 365;
                // Bright days from April to September, as heat is asked for: on dull ones an hour does not show.
                let bright: f64 = day.iter().map(|hour| hour.global).sum();
                if (90..273).contains(&number) && bright > 6000.0 {
                    days += 1;
                    late += usize::from(refused(1));
                    summer += usize::from(refused(2));
                    early += usize::from(refused(-1));
                }
            }
        }
        eprintln!("{file}: of {days} days one hour late is seen on {late}, two on {summer}, one hour early on {early}");
        assert!(days > 80, "{file}: {days} days");
        let most = |seen: usize| seen * 10 > days * 8;
        assert!(most(late) && most(summer) && most(early), "{late} {summer} {early} of {days}");
    }
}
