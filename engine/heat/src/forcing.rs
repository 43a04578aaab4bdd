//! From weather and place to what shines on a city, hour by hour.

use super::ground::{self, Day, Kind};
use super::params::Bright;
use super::pet;
use super::sky::{self, Light, Patch};
use super::sun::{Sun, extraterrestrial, sun};
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use hanze_weather::{Hour, Weather, date, day_of_year, stamp};
use std::f64::consts::{FRAC_PI_2, PI};

/// Positions of the sun in an hour: the middles of ten minutes.
const POSITIONS: usize = 6;
/// Below this altitude the sun has no direct part, rad.
const LOWEST: f64 = PI / 180.0;
/// Light that comes through a crown with leaves, and through a bare one; days of the year with leaves north of the tropics, and days
/// after which the south has the same season.
const THROUGH: (f32, f32) = (0.03, 0.5);
const LEAVES: std::ops::RangeInclusive<i64> = 97..=300;
const HALF_YEAR: i64 = 182;
/// Latitude up to which trees keep their leaves all year, degrees.
const TROPIC: f64 = 23.44;
/// Global radiation that is believed while the sun is down all hour, W/m²; up to `STRAY` it is taken as none.
const NIGHT: f64 = 8.0;
const STRAY: f64 = 40.0;
/// Global radiation in an hour over that above the air, with clouds that shine; and sum over a day (Wh/m²) above the air from which
/// some must come through.
const MOST_CLEAR: f64 = 1.1;
/// Light of a sky whose sun has not risen, W/m².
const TWILIGHT: f64 = 12.0;
const BRIGHT: f64 = 1000.0;
const STEFAN_BOLTZMANN: f64 = super::cpu::radiation::STEFAN_BOLTZMANN;

/// What shines on a city in an hour.
#[derive(Clone, Debug)]
pub struct Forcing {
    /// The hour's weather.
    pub weather: Hour,
    /// The sun, every ten minutes.
    pub suns: Vec<Sun>,
    /// The sun in the middle of the hour, and its light.
    pub light: Light,
    /// Vapour pressure, hPa.
    pub vapour: f64,
    /// Longwave radiation of the whole sky on a level plane, W/m².
    pub sky: f64,
    /// Emissivity of the sky.
    pub emissivity: f64,
    /// Whether walls and crowns get their warmth in time, and send out none here.
    pub is_in_time: bool,
    /// Whether the sky is equally bright and warm everywhere (as in the first SOLWEIG).
    pub is_isotropic: bool,
    /// Light that comes through a crown.
    pub through: f32,
    /// Share of sunlight that walls reflect.
    pub wall_albedo: f64,
    /// How much warmer than the air walls in the sun are, K.
    pub walls: f64,
    /// How much warmer than the air the ground in the sun is, by its cover in the order of [`Cover::ALL`], K.
    pub ground: [f64; Cover::ALL.len()],
}

/// What shines in each hour of some weather at a place (degrees), and repairs in words.
///
/// # Errors
/// `Data` where radiation and sun cannot be of the same clock; `Scenario` for a place that is none.
pub fn forcing(weather: &Weather, latitude: f64, longitude: f64) -> Result<(Vec<Forcing>, Remarks)> {
    forcing_under(weather, (latitude, longitude), 0.0)
}

/// The same under a clear sky whose emissivity is `less` than Prata's.
///
/// # Errors
/// As `forcing`.
pub fn forcing_under(
    weather: &Weather,
    (latitude, longitude): (f64, f64),
    less: f64,
) -> Result<(Vec<Forcing>, Remarks)> {
    let (weather, suns) = cleaned(weather, latitude, longitude)?;
    let Weather { hours, repairs, .. } = weather;
    let clouds = clouds(&hours, &suns);
    let mut days_of = std::collections::BTreeMap::<i64, Day>::new();
    let mut clear = 1.0;
    let mut forcings = Vec::with_capacity(hours.len());
    for ((hour, suns), cloud) in hours.into_iter().zip(suns).zip(clouds) {
        let middle = hour.end as f64 - 1800.0;
        let solar = middle + longitude * 240.0;
        let day_number = (solar / 86_400.0).floor() as i64;
        let day = match days_of.get(&day_number) {
            Some(day) => *day,
            None => *days_of.entry(day_number).or_insert(day_of(latitude, longitude, day_number)?),
        };
        let day_of_year = day_of_year(day_number);
        let above = extraterrestrial(day_of_year as f64);
        let light = light(&hour, &suns, sun(latitude, longitude, middle)?, above);
        let vapour = hour.humidity / 100.0 * pet::saturation(hour.air);
        let emissivity = sky::emissivity(sky::clear_emissivity(vapour, hour.air) - less, cloud);
        let black = STEFAN_BOLTZMANN * (hour.air + 273.15).powi(4);
        // A low sun does not tell how clear the sky is: as it was before.
        if light.altitude.to_degrees() > 5.0 {
            let whole = 910.0 * light.altitude.sin() - 30.0;
            let correction = 0.1473 * light.altitude.to_degrees().ln() + 0.3454;
            clear = (hour.global / whole.max(1.0) + 1.0 - correction).clamp(0.0, 1.0);
        }
        let local = (solar / 3600.0).rem_euclid(24.0);
        let warmer = |kind: Kind| if light.altitude > 0.0 { kind.warmer(&day, local, clear) } else { 0.0 };
        forcings.push(Forcing {
            sky: hour.longwave.unwrap_or(emissivity * black),
            emissivity: hour.longwave.map_or(emissivity, |sky| (sky / black).min(1.0)),
            weather: hour,
            suns,
            light,
            vapour,
            is_in_time: false,
            is_isotropic: false,
            through: if has_leaves(latitude, day_of_year) { THROUGH.0 } else { THROUGH.1 },
            wall_albedo: f64::from(ground::WALL.albedo),
            walls: warmer(ground::WALL),
            ground: Cover::ALL.map(|cover| warmer(ground::kind(cover))),
        });
    }
    Ok((forcings, repairs))
}

/// Whether trees have leaves at a latitude (degrees) on a day of the year from 1 on.
fn has_leaves(latitude: f64, day_of_year: i64) -> bool {
    let season = if latitude < 0.0 { (day_of_year - 1 + HALF_YEAR) % 365 + 1 } else { day_of_year };
    latitude.abs() <= TROPIC || LEAVES.contains(&season)
}

/// Makes means of the hour of what is of the moment at its end: the middle between both of its ends. The first hour stays as it is.
pub fn to_means(weather: &mut Weather) {
    if !std::mem::take(&mut weather.is_of_moment) {
        return;
    }
    let full = |hour: &Hour| hour.humidity * pet::saturation(hour.air);
    let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| 0.5 * (a + b)).or(b);
    for k in (1..weather.hours.len()).rev() {
        let (before, hour) = (weather.hours[k - 1], &mut weather.hours[k]);
        let vapour = 0.5 * (full(&before) + full(hour));
        hour.air = 0.5 * (before.air + hour.air);
        hour.humidity = (vapour / pet::saturation(hour.air)).min(100.0);
        hour.pressure = both(before.pressure, hour.pressure);
        hour.cloud = both(before.cloud, hour.cloud);
    }
    // How the file is read, and no guess: it comes last.
    weather.repairs.push(Remark::new(
        0.0,
        "temperature and humidity of an hour are the mean of those at both of its ends",
        "temperatuur en vochtigheid van een uur zijn het gemiddelde van die aan het begin en het eind ervan",
    ));
}

/// The sun over some weather at a place (degrees), six times an hour, and the weather without light that cannot be the sun's.
///
/// # Errors
/// `Scenario` where radiation and sun cannot be of the same clock, where a day has no light, and for a place that is none.
pub fn cleaned(weather: &Weather, latitude: f64, longitude: f64) -> Result<(Weather, Vec<Vec<Sun>>)> {
    let mut weather = weather.clone();
    let mut suns = Vec::with_capacity(weather.hours.len());
    for hour in &weather.hours {
        let at = |k: usize| hour.end as f64 - 3600.0 + (k as f64 + 0.5) * 3600.0 / POSITIONS as f64;
        suns.push((0..POSITIONS).map(|k| sun(latitude, longitude, at(k))).collect::<Result<Vec<Sun>>>()?);
    }
    let is_typical = weather.is_typical;
    if !is_typical {
        same_clock(&weather.hours, &suns)?;
    }
    let (mut lowered, mut dark, mut brightest_night) = (0, 0, 0.0f64);
    let Weather { hours, repairs, .. } = &mut weather;
    for (hour, suns) in hours.iter_mut().zip(&suns) {
        let is_night = suns.iter().all(|sun| sun.altitude < -LOWEST);
        if is_night && hour.global > 0.0 {
            if hour.global > NIGHT {
                (dark, brightest_night) = (dark + 1, brightest_night.max(hour.global));
            }
            (hour.global, hour.diffuse, hour.direct) = (0.0, Some(0.0), Some(0.0));
        }
        // Typical years are made in many ways, and nobody can set their clock right.
        let (most, _) = brightest(hour, suns);
        if is_typical && hour.global > most {
            (hour.global, hour.diffuse, hour.direct) = (most, None, None);
            lowered += 1;
        }
    }
    let count = hours.len();
    let share = |some: usize| some as f64 / count.max(1) as f64;
    if dark > 0 {
        let en = format!(
            "{dark} of {count} hours have light, up to {brightest_night:.0} W/m², while the sun is down: taken as none"
        );
        let nl = format!(
            "{dark} van de {count} uren hebben licht, tot {brightest_night:.0} W/m², terwijl de zon onder is: dat licht telt niet mee"
        );
        repairs.push(Remark::new(share(dark), en, nl));
    }
    if lowered > 0 {
        let en = format!(
            "{lowered} of {count} hours have more light than the sun gives at that height: as much as it gives is taken"
        );
        let nl = format!(
            "{lowered} van de {count} uren hebben meer licht dan de zon op die hoogte geeft: er is gerekend met wat de zon kan geven"
        );
        repairs.push(Remark::new(share(lowered), en, nl));
    }
    plausible(&weather.hours, &suns)?;
    Ok((weather, suns))
}

/// Most global radiation that is believed in an hour, and what comes in above the air, W/m².
fn brightest(hour: &Hour, suns: &[Sun]) -> (f64, f64) {
    let mean = suns.iter().map(|sun| sun.altitude.max(0.0).sin()).sum::<f64>() / suns.len() as f64;
    let day = (hour.end - 1).div_euclid(86_400);
    let above = extraterrestrial(day_of_year(day) as f64) * mean;
    (MOST_CLEAR * above + TWILIGHT, above)
}

/// Direct and diffuse light of an hour: what was measured, or else what Reindl's regression makes of the global radiation.
fn light(hour: &Hour, suns: &[Sun], middle: Sun, above: f64) -> Light {
    let up = suns.iter().filter(|sun| sun.altitude >= LOWEST);
    let mean_sin = up.map(|sun| sun.altitude.sin()).sum::<f64>() / suns.len() as f64;
    let without_beam = |direct: f64| (hour.global - direct * mean_sin).max(0.0);
    let measured = hour.diffuse.or(hour.direct.map(without_beam));
    let regression = || sky::diffuse(hour.global, above, mean_sin.asin(), hour.air, hour.humidity);
    let diffuse = measured.unwrap_or_else(regression);
    let beam = (hour.global - diffuse).max(0.0);
    // Of a sun that touches the horizon nothing comes directly.
    let direct = if mean_sin > 0.01 { (beam / mean_sin).min(above) } else { 0.0 };
    let diffuse = hour.global - direct * mean_sin;
    Light { altitude: middle.altitude, azimuth: middle.azimuth, direct, diffuse: diffuse.max(0.0), above }
}

/// Hours of radiation that tell of the night before or after them.
const HALF_DAY: usize = 6;

/// Share of the sky that is covered, in each hour: as it was seen, or else from radiation by day and between two days by night. A night lies
/// between all of the afternoon before and of the morning after it: the last hour alone, of a low sun, sees clouds in every haze.
fn clouds(hours: &[Hour], suns: &[Vec<Sun>]) -> Vec<f64> {
    let clear = |suns: &Vec<Sun>| sky::cloudless(suns.iter().map(|sun| sun.altitude).sum::<f64>() / suns.len() as f64);
    let clear: Vec<Option<f64>> = suns.iter().map(clear).collect();
    let known: Vec<Option<f64>> = hours
        .iter()
        .zip(&clear)
        .map(|(hour, clear)| hour.cloud.or_else(|| clear.map(|clear| sky::covered(hour.global / clear))))
        .collect();
    // Of the hours from one on, forwards or backwards, that radiation tells of.
    let estimated = |from: usize, back: bool| {
        let at = |n: usize| if back { from.checked_sub(n) } else { Some(from + n).filter(|at| *at < hours.len()) };
        if hours[from].cloud.is_some() {
            return hours[from].cloud.unwrap_or(0.5);
        }
        let all = (0..HALF_DAY).map_while(|n| at(n).and_then(|at| clear[at].map(|clear| (hours[at].global, clear))));
        let (sum, most) = all.fold((0.0, 0.0), |(sum, most), (measured, clear)| (sum + measured, most + clear));
        sky::covered(sum / most)
    };
    let between = |k: usize| {
        if let Some(cloud) = known[k] {
            return cloud;
        }
        let before = (0..k).rev().find(|at| known[*at].is_some());
        let after = (k + 1..hours.len()).find(|at| known[*at].is_some());
        match (before, after) {
            (Some(before), Some(after)) => {
                let (from, to) = (estimated(before, true), estimated(after, false));
                from + (to - from) * (k - before) as f64 / (after - before) as f64
            }
            (Some(before), None) => estimated(before, true),
            (None, Some(after)) => estimated(after, false),
            // Nothing is known: half.
            (None, None) => 0.5,
        }
    };
    (0..hours.len()).map(between).collect()
}

/// Sunrise and noon of a day, counted in local solar days since 1970.
fn day_of(latitude: f64, longitude: f64, day: i64) -> Result<Day> {
    const STEPS: usize = 144;
    let (mut sunrise, mut noon, mut before) = (None, 0.0f64, f64::NAN);
    for k in 0..=STEPS {
        let hour = 24.0 * k as f64 / STEPS as f64;
        let altitude = sun(latitude, longitude, day as f64 * 86_400.0 + hour * 3600.0 - longitude * 240.0)?.altitude;
        if before < 0.0 && altitude >= 0.0 && sunrise.is_none() {
            sunrise = Some(hour - 24.0 / STEPS as f64 * altitude / (altitude - before));
        }
        noon = noon.max(altitude.to_degrees());
        before = altitude;
    }
    Ok(Day { sunrise: sunrise.unwrap_or(0.0), noon })
}

/// Refuses weather whose radiation is of another clock than the sun: much light by night.
fn same_clock(hours: &[Hour], suns: &[Vec<Sun>]) -> Result<()> {
    let night = |suns: &Vec<Sun>| suns.iter().all(|sun| sun.altitude < -LOWEST);
    let bright: Vec<&Hour> = hours
        .iter()
        .zip(suns)
        .filter(|(hour, suns)| night(suns) && hour.global > STRAY)
        .map(|(hour, _)| hour)
        .collect();
    let Some(first) = bright.first() else { return Ok(()) };
    let words = format!(
        "there are {:.0} W/m² in the hour before {}, when the sun is down ({} such hours)",
        first.global,
        stamp(first.end),
        bright.len()
    );
    Err(Error::scenario("heat.weather", words, "give hours in UTC, not in local or summer time, and the right place"))
}

/// Refuses light that the sun cannot give at that height, and days without any.
fn plausible(hours: &[Hour], suns: &[Vec<Sun>]) -> Result<()> {
    let mut days = std::collections::BTreeMap::<i64, (f64, f64)>::new();
    for (hour, suns) in hours.iter().zip(suns) {
        let day = (hour.end - 1).div_euclid(86_400);
        let (most, above) = brightest(hour, suns);
        if hour.global > most {
            let words = format!(
                "there are {:.0} W/m² in the hour before {}, when the sun is so low that above the air there are {:.0}",
                hour.global,
                stamp(hour.end),
                above
            );
            let mend = "give hours in UTC, each by its end, not in local or summer time, and the right place";
            return Err(Error::scenario("heat.weather", words, mend));
        }
        let sums = days.entry(day).or_default();
        *sums = (sums.0 + hour.global, sums.1 + above);
    }
    match days.iter().find(|(_, (global, above))| *above > BRIGHT && *global <= 0.0) {
        None => Ok(()),
        Some((day, _)) => {
            let words = format!("has no radiation on {}, though the sun was up", date(*day));
            Err(Error::scenario("heat.weather", words, "give weather with global radiation"))
        }
    }
}

impl Forcing {
    /// Share of the hour's beam on a level plane and on an upright one that faces the sun, for each position of the sun: weights
    /// for what is lit then.
    pub fn beams(&self) -> Vec<(Sun, f32, f32)> {
        let part = |sun: &Sun| {
            let direct = self.light.direct / self.suns.len() as f64;
            (*sun, (direct * sun.altitude.sin()) as f32, (direct * sun.altitude.cos()) as f32)
        };
        self.suns.iter().filter(|sun| sun.altitude >= LOWEST).map(part).collect()
    }

    /// As [`Forcing::bright`], with what walls and crowns around send out, W/m², where that is followed in time.
    pub fn bright_with(&self, patches: &[Patch], neighbours: Option<(f32, f32)>) -> Vec<Bright> {
        let mut all = self.bright(patches);
        if let Some((walls, crowns)) = neighbours {
            let radiance = |flux: f32| flux / PI as f32;
            for patch in &mut all {
                (patch.lit_long, patch.shaded_long, patch.crown_long) =
                    (radiance(walls), radiance(walls), radiance(crowns));
            }
        }
        all
    }

    /// What is seen in the place of each patch.
    pub fn bright(&self, patches: &[Patch]) -> Vec<Bright> {
        let black = |celsius: f64| STEFAN_BOLTZMANN * (celsius + 273.15).powi(4);
        let air = self.weather.air;
        let Light { altitude, azimuth, direct, diffuse, .. } = self.light;
        let direct = if altitude >= LOWEST { direct } else { 0.0 };
        let (short, long) = match self.is_isotropic {
            false => (self.light.radiances(patches), sky::longwave_radiances(patches, self.sky, self.emissivity)),
            true => (vec![self.light.diffuse / PI; patches.len()], vec![self.sky / PI; patches.len()]),
        };
        let wall = f64::from(ground::WALL.emissivity);
        // What walls and crowns do not emit they reflect, of surroundings about as warm as the air.
        let emits = f64::from(u8::from(!self.is_in_time));
        let emitted = |warmer: f64| emits * (wall * black(air + warmer) + (1.0 - wall) * black(air)) / PI;
        let scattered = |albedo: f64| albedo * 0.5 * diffuse / PI;
        let (albedo, leaves) = (self.wall_albedo, f64::from(ground::WALL.albedo));
        let through = f64::from(self.through);
        let of = |((patch, short), long): ((&Patch, f64), f64)| {
            // Of a wall that is seen there and faces the one who sees it.
            let facing = -(patch.azimuth - azimuth).cos();
            let is_facing = facing > 0.0 && altitude >= LOWEST;
            let on_wall = direct * altitude.cos() * facing.max(0.0);
            let tangent = if patch.altitude < FRAC_PI_2 { patch.altitude.tan() } else { 1e6 };
            // The shadow of the other side of the street ends lower by what the sun falls across it.
            let [north, east, south, west] = patch.halves().map(|share| share as f32);
            let threshold = if is_facing { tangent + 2.0 * altitude.tan() * facing } else { -1.0 };
            Bright {
                sky_short: short as f32,
                sky_long: long as f32,
                crown_short: (through * short + scattered(leaves)) as f32,
                crown_long: (emits * black(air) / PI) as f32,
                lit_short: (scattered(albedo) + albedo * on_wall / PI) as f32,
                lit_long: emitted(self.walls) as f32,
                shaded_short: scattered(albedo) as f32,
                shaded_long: emitted(0.0) as f32,
                threshold: threshold as f32,
                level: patch.level as f32,
                side: patch.side as f32,
                north,
                east,
                south,
                west,
                padding: 0.0,
            }
        };
        patches.iter().zip(short).zip(long).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench;
    use super::*;
    use hanze_weather::days;

    #[test]
    fn trees_have_leaves_in_the_summer_of_their_hemisphere() {
        for month in 1..=12 {
            let day = days(2019, month, 15).unwrap() - days(2019, 1, 1).unwrap() + 1;
            let [north, south] = [52.0, -35.0].map(|latitude| has_leaves(latitude, day));
            assert_eq!(north, (4..=10).contains(&month), "north in month {month}");
            assert_eq!(south, !(5..=9).contains(&month), "south in month {month}");
            for latitude in [-20.0, -1.0, 0.0, 15.0, 23.0] {
                assert!(has_leaves(latitude, day), "{latitude} in month {month}");
            }
            assert!((1..=366).all(|day| has_leaves(0.0, day)));
        }
    }

    #[test]
    fn a_clear_sky_may_emit_less() {
        let mut weather = bench::day();
        weather.hours[5].longwave = Some(333.0);
        let usual = forcing(&weather, 52.5, 6.1).unwrap().0;
        let less = forcing_under(&weather, (52.5, 6.1), 0.04).unwrap().0;
        for (k, (one, other)) in usual.iter().zip(&less).enumerate() {
            // Clouds hide a part of the clear sky.
            let clear = (1.0 - one.emissivity) / (1.0 - sky::clear_emissivity(one.vapour, one.weather.air));
            let black = STEFAN_BOLTZMANN * (one.weather.air + 273.15).powi(4);
            let wanted = if k == 5 { 0.0 } else { 0.04 * clear * black };
            assert!((one.sky - other.sky - wanted).abs() < 1e-6 && (k == 5 || wanted > 5.0), "{k}: {wanted}");
        }
    }

    #[test]
    fn moments_become_means_of_the_hour() {
        let mut weather = Weather { is_of_moment: true, ..bench::day() };
        for (hour, air) in weather.hours.iter_mut().zip([20.0, 24.0]) {
            (hour.air, hour.humidity, hour.pressure, hour.cloud) = (air, 100.0, Some(1000.0 + air), None);
        }
        weather.hours[1].cloud = Some(0.5);
        to_means(&mut weather);
        let [one, two, ..] = weather.hours[..] else { panic!("{weather:?}") };
        assert!(
            one.air == 20.0 && two.air == 22.0 && two.pressure == Some(1022.0) && two.cloud == Some(0.5),
            "{two:?}"
        );
        // Air that is mixed of two that are full is full.
        assert!(two.humidity == 100.0 && weather.repairs.len() == 1);
        let once = weather.clone();
        to_means(&mut weather);
        assert_eq!(once, weather);
    }
}
