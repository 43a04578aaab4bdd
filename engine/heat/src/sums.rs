//! What all hours of a run come to, cell by cell.

use super::product::{Hour, ThermalIndices};
use hanze_model::saved::{damaged, read, write};
use hanze_weather::stamp;
use rayon::prelude::*;
use std::io::{Read, Write};

/// PET from which an hour counts as hot, °C: strong heat stress.
pub(super) const HOT: f32 = 35.0;
/// PET of extreme heat stress, °C.
pub(super) const EXTREME: f32 = 41.0;
/// PET above which a night is warm, °C.
pub(super) const WARM: f32 = 20.0;
/// Air temperature above which degree-hours count, °C.
pub(super) const DEGREES: f32 = 25.0;
/// Air temperature that the coolest hour of a tropical night stays above, °C.
const TROPICAL: f32 = 20.0;
/// Seven hours around the highest sun, whose mean the standard heat map shows: in the Netherlands those that end at 10 to 16 h UTC, and
/// elsewhere those in which the sun stands in the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Noon {
    /// The hour (UTC) at which the first of them ends, 1 to 24.
    first: i64,
}

impl Noon {
    /// How many they are, at which hour the first one ends in the Netherlands, and the longitude of that, degrees.
    const COUNT: i64 = 7;
    const DUTCH: (i64, f64) = (10, 5.0);

    /// The hours around noon at a longitude, degrees.
    pub(super) fn at(longitude: f64) -> Noon {
        let (first, home) = Noon::DUTCH;
        let earlier = ((longitude - home) / 15.0).round() as i64;
        Noon { first: (first - earlier - 1).rem_euclid(24) + 1 }
    }

    /// Whether the hour that ends at a time (s since 1970) is one of them.
    pub(super) fn holds(self, end: i64) -> bool {
        let label = (end - 1).rem_euclid(86_400) / 3600 + 1;
        (label - self.first).rem_euclid(24) < Noon::COUNT
    }

    /// The hours (UTC) at which the first and the last of them end.
    pub(super) fn ends(self) -> (i64, i64) {
        (self.first, (self.first + Noon::COUNT - 2) % 24 + 1)
    }
}

/// What an hour was like on open ground: for the story.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct Summary {
    /// When it ended, s since 1970.
    pub(super) end: i64,
    /// Air temperature, °C.
    pub(super) air: f64,
    /// Mean PET in the sun, °C; NaN where no open ground is in the sun.
    pub(super) sunny: f64,
    /// Mean PET in the shade, °C; NaN where no open ground is in the shade.
    pub(super) shady: f64,
    /// Share of the open ground in the sun.
    pub(super) sun: f64,
    /// Mean air temperature on open ground, °C; NaN where it is that of the station.
    pub(super) city: f64,
    /// Highest air temperature on open ground, °C; NaN where it is that of the station.
    pub(super) warmest: f64,
    /// 1 by night, else 0.
    pub(super) night: f64,
}

/// Sums so far.
pub(super) struct Sums {
    /// Highest PET, °C.
    pub(super) max_pet: Vec<f32>,
    sum_pet: Vec<f32>,
    /// Hours above `HOT`, `EXTREME`, and in nights above `WARM`.
    pub(super) hot: Vec<f32>,
    pub(super) extreme: Vec<f32>,
    pub(super) warm: Vec<f32>,
    /// Hours of sun.
    pub(super) sun: Vec<f32>,
    noon_pet: Vec<f32>,
    noon_sun: Vec<f32>,
    /// Of air that is the city's own: kelvins above `DEGREES` times hours, lowest temperature of this night, nights that stayed
    /// above `TROPICAL`, how much warmer than the station it was at most, and the sum of that by night.
    pub(super) degree_hours: Vec<f32>,
    lowest: Vec<f32>,
    pub(super) tropical: Vec<f32>,
    pub(super) island: Vec<f32>,
    pub(super) night_sum: Vec<f32>,
    /// Hours in all, around noon, and of night.
    pub(super) hours: u64,
    pub(super) noon: u64,
    pub(super) nights: u64,
    pub(super) summaries: Vec<Summary>,
    /// Which hours are around noon.
    pub(super) noon_hours: Noon,
}

impl Sums {
    pub(super) fn new(len: usize, noon_hours: Noon) -> Sums {
        let row = || vec![0.0f32; len];
        Sums {
            max_pet: vec![f32::MIN; len],
            sum_pet: row(),
            hot: row(),
            extreme: row(),
            warm: row(),
            sun: row(),
            noon_pet: row(),
            noon_sun: row(),
            degree_hours: row(),
            lowest: vec![f32::MAX; len],
            tropical: row(),
            island: vec![f32::MIN; len],
            night_sum: row(),
            hours: 0,
            noon: 0,
            nights: 0,
            summaries: Vec::new(),
            noon_hours,
        }
    }

    /// Adds an hour.
    pub(super) fn add(&mut self, hour: &Hour, indices: &ThermalIndices, is_open: &[bool]) {
        let (is_noon, is_night) = (self.noon_hours.holds(hour.end), hour.is_night);
        let count = |values: &mut Vec<f32>, over: f32| {
            values.par_iter_mut().zip(&indices.pet).for_each(|(count, pet)| *count += f32::from(u8::from(*pet > over)));
        };
        let sum = |sums: &mut Vec<f32>, values: &[f32]| {
            sums.par_iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        };
        self.max_pet.par_iter_mut().zip(&indices.pet).for_each(|(most, pet)| *most = most.max(*pet));
        sum(&mut self.sum_pet, &indices.pet);
        count(&mut self.hot, HOT);
        count(&mut self.extreme, EXTREME);
        sum(&mut self.sun, &indices.sun);
        self.hours += 1;
        if is_noon {
            sum(&mut self.noon_pet, &indices.pet);
            sum(&mut self.noon_sun, &indices.sun);
            self.noon += 1;
        }
        if is_night {
            count(&mut self.warm, WARM);
            self.nights += 1;
        }
        let mut sums = [[0.0f64; 2]; 2];
        for cell in (0..indices.pet.len()).filter(|cell| is_open[*cell]) {
            let sum = &mut sums[usize::from(indices.sun[cell] > 0.5)];
            sum[0] += f64::from(indices.pet[cell]);
            sum[1] += 1.0;
        }
        let (city, warmest) = self.add_air(hour, &indices.air, is_open);
        let [shady, sunny] = sums.map(|[sum, count]| sum / count);
        let sun = sums[1][1] / (sums[0][1] + sums[1][1]);
        self.summaries.push(Summary {
            end: hour.end,
            air: hour.air,
            sunny,
            shady,
            sun,
            city,
            warmest,
            night: f64::from(u8::from(is_night)),
        });
    }

    /// Adds the city's own air of an hour; its mean and its highest temperature on open ground, °C.
    fn add_air(&mut self, hour: &Hour, air: &[f32], is_open: &[bool]) -> (f64, f64) {
        if air.is_empty() {
            return (f64::NAN, f64::NAN);
        }
        let station = hour.air as f32;
        // A night has ended: only now its coolest hour is known.
        let ends = !hour.is_night && self.summaries.last().is_some_and(|last| last.night > 0.0);
        let Sums { degree_hours, lowest, tropical, island, night_sum, .. } = self;
        degree_hours.par_iter_mut().zip(air).for_each(|(sum, air)| *sum += (air - DEGREES).max(0.0));
        island.par_iter_mut().zip(air).for_each(|(most, air)| *most = most.max(air - station));
        if ends {
            tropical.par_iter_mut().zip(&mut *lowest).for_each(|(count, lowest)| {
                *count += f32::from(u8::from(*lowest >= TROPICAL));
                *lowest = f32::MAX;
            });
        }
        if hour.is_night {
            lowest.par_iter_mut().zip(air).for_each(|(lowest, air)| *lowest = lowest.min(*air));
            night_sum.par_iter_mut().zip(air).for_each(|(sum, air)| *sum += air - station);
        }
        let open = air.iter().zip(is_open).filter(|(_, open)| **open).map(|(air, _)| f64::from(*air));
        let (sum, count, warmest) =
            open.fold((0.0, 0.0, f64::MIN), |(sum, count, most), air| (sum + air, count + 1.0, f64::max(most, air)));
        (sum / count, warmest)
    }

    /// Whether the air was the city's own.
    pub(super) fn has_air(&self) -> bool {
        self.summaries.last().is_some_and(|last| !last.city.is_nan())
    }

    /// How much warmer than at the station the air was by night on average, K; `None` without nights or air of its own.
    pub(super) fn night_island(&self) -> Option<Vec<f32>> {
        let nights = self.nights as f32;
        (self.has_air() && self.nights > 0).then(|| self.night_sum.iter().map(|sum| sum / nights).collect())
    }

    /// Nights that ended within the run.
    pub(super) fn whole_nights(&self) -> usize {
        self.summaries.windows(2).filter(|pair| pair[0].night > 0.0 && pair[1].night == 0.0).count()
    }

    /// Mean PET of all hours, °C.
    pub(super) fn mean_pet(&self) -> Vec<f32> {
        let hours = self.hours.max(1) as f32;
        self.sum_pet.iter().map(|sum| sum / hours).collect()
    }

    /// Mean PET of the hours around noon (°C), and the share of them in the sun; `None` where the run does not have all of them, on
    /// each of its days that has any.
    pub(super) fn noon(&self) -> Option<[Vec<f32>; 2]> {
        let mean = |sums: &[f32]| sums.iter().map(|sum| sum / self.noon as f32).collect();
        let whole = Noon::COUNT as u64;
        (self.noon > 0 && self.noon.is_multiple_of(whole)).then(|| [mean(&self.noon_pet), mean(&self.noon_sun)])
    }

    /// The hour that felt hottest, in words.
    pub(super) fn hottest(&self) -> Option<(&Summary, String)> {
        let warmth = |hour: &&Summary| if hour.sunny.is_nan() { hour.shady } else { hour.sunny };
        let hottest = self.summaries.iter().max_by(|a, b| warmth(a).total_cmp(&warmth(b)))?;
        Some((hottest, stamp(hottest.end)))
    }

    pub(super) fn save(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write(out, &[self.hours, self.noon, self.nights])?;
        let Sums { max_pet, sum_pet, hot, extreme, warm, sun, noon_pet, noon_sun, .. } = self;
        for values in [max_pet, sum_pet, hot, extreme, warm, sun, noon_pet, noon_sun] {
            write(out, values)?;
        }
        let Sums { degree_hours, lowest, tropical, island, night_sum, .. } = self;
        for values in [degree_hours, lowest, tropical, island, night_sum] {
            write(out, values)?;
        }
        write(out, &self.summaries)
    }

    pub(super) fn load(from: &mut dyn Read, len: usize, most: usize, noon_hours: Noon) -> std::io::Result<Sums> {
        let counts = read::<u64>(from, Some(3))?;
        let mut row = || read::<f32>(from, Some(len));
        let [max_pet, sum_pet, hot, extreme, warm, sun, noon_pet, noon_sun] =
            [row()?, row()?, row()?, row()?, row()?, row()?, row()?, row()?];
        let [degree_hours, lowest, tropical, island, night_sum] = [row()?, row()?, row()?, row()?, row()?];
        let hours = usize::try_from(counts[0]).ok().filter(|hours| *hours <= most).ok_or_else(damaged)?;
        let summaries = read(from, Some(hours))?;
        let [hours, noon, nights] = [counts[0], counts[1], counts[2]];
        Ok(Sums {
            max_pet,
            sum_pet,
            hot,
            extreme,
            warm,
            sun,
            noon_pet,
            noon_sun,
            degree_hours,
            lowest,
            tropical,
            island,
            night_sum,
            hours,
            noon,
            nights,
            summaries,
            noon_hours,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sun::sun;
    use super::*;

    #[test]
    fn noon_holds_the_highest_sun_anywhere() {
        assert_eq!([3.4, 5.2, 7.1].map(|longitude| Noon::at(longitude).ends()), [(10, 16); 3]);
        assert_eq!((Noon::at(138.0).ends(), Noon::at(-155.0).ends()), ((1, 7), (21, 3)));
        let mut state = 5u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for _ in 0..100 {
            let (latitude, longitude) = (130.0 * random() - 65.0, 360.0 * random() - 180.0);
            let day = (20_000.0 * random()) as i64 * 86_400;
            let noon = Noon::at(longitude);
            let height = |minutes: i64| sun(latitude, longitude, (day + 60 * minutes) as f64).unwrap().altitude;
            let all = (0..1440).step_by(20).map(|minutes| (height(minutes), minutes));
            let (_, highest) = all.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            let end = day + (60 * highest / 3600 + 1) * 3600;
            assert!(noon.holds(end), "{latitude:.1}, {longitude:.1}: {noon:?}, highest after {highest} min");
            assert_eq!((1..=24).filter(|label| noon.holds(day + 3600 * label)).count(), 7);
            let (first, last) = noon.ends();
            assert!(noon.holds(day + 3600 * first) && noon.holds(day + 3600 * last));
        }
    }
}
