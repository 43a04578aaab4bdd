//! From values to classes, their colours and the words of the legend.

use super::colours::{AMOUNT, COVER, Colour, HAZARD, HEAT, REACH, SPEED, WALK, WATER, arms};
use crate::cover::Cover;
use crate::raster::{Raster, Reduce};
use crate::words::{self, Language, Text};

/// Start of a class that has none, °C.
const COLDEST: f64 = -60.0;

/// Classes of values with a colour each.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Unit in the legend.
    pub unit: String,
    /// What a value of the layer is multiplied with to be in that unit.
    factor: f64,
    decimals: usize,
    /// Lower ends of the classes, rising, in the layer's unit and with its datum.
    starts: Vec<f64>,
    /// The same relative to the datum, as the layer's values are.
    relative: Vec<f32>,
    /// Colour of each class; none is see-through.
    colours: Vec<Option<Colour>>,
    /// What a pixel shows of the cells that it covers.
    pub reduce: Reduce,
    /// What the classes are called, where they are more than ranges of numbers.
    names: Vec<Text>,
}

impl Scale {
    /// The scale that fits a layer: water in steps of 5 cm, differences from less to more, anything else in up to eight
    /// round classes over the range of its values.
    pub fn of(layer: &Raster) -> Scale {
        Scale::new(&layer.name, &layer.unit, layer.datum, || layer.range())
    }

    /// The scale that fits a layer of a name and unit, whose values are relative to a datum. Its range, datum included, is
    /// asked for only where it matters.
    pub fn new(name: &str, unit: &str, datum: f64, range: impl FnOnce() -> Option<(f64, f64)>) -> Scale {
        let fixed = |unit: &str, factor, decimals, starts: Vec<f64>, colours: &[Colour]| Scale {
            unit: unit.into(),
            factor,
            decimals,
            relative: starts.iter().map(|start| (start - datum) as f32).collect(),
            starts,
            colours: colours.iter().map(|colour| Some(*colour)).collect(),
            reduce: Reduce::of(name),
            names: Vec::new(),
        };
        if let Some(of) = name.strip_prefix("difference_") {
            return match steps(of, unit) {
                Some((unit, decimals, steps)) => stepped(name, unit, decimals, steps, datum),
                None => difference(name, of, unit, datum, range()),
            };
        }
        match name {
            "depth" | "max_depth" => {
                let starts = (1..=10).map(|k| f64::from(k) * 0.05).collect();
                fixed("cm", 100.0, 0, starts, &WATER)
            }
            "velocity" | "max_velocity" => {
                let starts = vec![0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0];
                fixed("m/s", 1.0, 2, starts, &AMOUNT)
            }
            "pet" | "pet_hoeppe" | "max_pet" | "mean_pet" | "noon_pet" | "utci" => {
                let starts = vec![COLDEST, 18.0, 23.0, 29.0, 35.0, 41.0, 45.0, 49.0, 53.0];
                fixed("°C", 1.0, 0, starts, &HEAT)
            }
            "tmrt" => {
                let starts = vec![COLDEST, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 65.0, 70.0];
                fixed("°C", 1.0, 0, starts, &HEAT)
            }
            "heat_island" | "max_island" | "night_island" => {
                let starts = vec![COLDEST, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
                fixed("K", 1.0, 1, starts, &HEAT)
            }
            "flow" | "flow_bands" => {
                let starts = vec![1.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1200.0, 1800.0];
                fixed("per h", 1.0, 0, starts, &AMOUNT)
            }
            "released_heat" => fixed("W/m²", 1.0, 0, vec![0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0], &AMOUNT),
            "cycle_bands" => fixed("per h", 1.0, 0, vec![1.0, 20.0, 50.0, 100.0, 200.0, 400.0, 600.0, 800.0], &AMOUNT),
            "density" => fixed("per km", 1.0, 0, vec![1.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 120.0], &AMOUNT),
            "delay" => fixed("s", 1.0, 0, vec![5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0], &AMOUNT),
            "queue" => fixed("m", 1.0, 0, vec![10.0, 20.0, 40.0, 60.0, 90.0, 130.0, 200.0, 300.0], &AMOUNT),
            "nox" => fixed("g/km/h", 1.0, 0, vec![0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 400.0], &AMOUNT),
            "no2_kerb" => fixed("µg/m³", 1.0, 1, vec![0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0], &AMOUNT),
            "noise_power" => fixed("dB(A)", 1.0, 0, vec![0.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0], &AMOUNT),
            "speed" => fixed("km/h", 1.0, 0, vec![0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 90.0], &SPEED),
            _ if name.starts_with("users_") => {
                fixed("per h", 1.0, 0, vec![1.0, 10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0], &AMOUNT)
            }
            _ if name.starts_with("reach_") => {
                fixed("min", 1.0, 0, vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0], &REACH)
            }
            "cool_distance" => fixed("m", 1.0, 0, vec![0.0, 100.0, 200.0, 300.0, 500.0, 1000.0], &WALK),
            // Where it was never wet it has no value, so that no class begins at 0.
            "duration" => fixed("min", 1.0, 0, vec![1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0], &AMOUNT),
            "hazard" => {
                let mut scale = fixed("", 1.0, 2, vec![0.5, 0.75, 1.25, 2.0], &HAZARD);
                scale.names = words::HAZARDS.map(|(english, dutch)| Text::new(english, dutch)).to_vec();
                scale
            }
            "cover" => {
                let mut scale = fixed("", 1.0, 0, Vec::new(), &[]);
                for (cover, colour) in Cover::ALL.into_iter().zip(COVER) {
                    // What follows a number that is a cover may be one that is none, and is not drawn.
                    for (start, colour) in [(-0.5, Some(colour)), (0.5, None)] {
                        let start = f64::from(cover as u8) + start;
                        if scale.starts.last() == Some(&start) {
                            scale.starts.pop();
                            scale.colours.pop();
                            scale.names.pop();
                        }
                        scale.starts.push(start);
                        scale.colours.push(colour);
                        scale.names.push(words::cover(cover));
                    }
                }
                scale.relative = scale.starts.iter().map(|start| (start - datum) as f32).collect();
                scale
            }
            _ => ranged(name, unit, datum, range()),
        }
    }

    /// Class of a value relative to the layer's datum; `None` for none, or where it is under the lowest.
    pub fn class(&self, value: f32) -> Option<usize> {
        // A value that is not a number is in no class.
        self.relative.partition_point(|start| *start <= value).checked_sub(1).filter(|_| !value.is_nan())
    }

    /// Colour of a value relative to the layer's datum; `None` is see-through.
    pub fn colour(&self, value: f32) -> Option<Colour> {
        self.class(value).and_then(|class| self.colours[class])
    }

    /// Colour of each class.
    pub fn colours(&self) -> &[Option<Colour>] {
        &self.colours
    }

    /// Lower end of each class in the legend's unit.
    pub fn starts(&self) -> impl Iterator<Item = f64> {
        self.starts.iter().map(|start| start * self.factor)
    }

    /// The coloured classes from the highest to the lowest: colour and words.
    pub fn legend(&self, language: Language) -> Vec<(Colour, String)> {
        let number = |value: f64| language.number(value * self.factor, self.decimals);
        let words = |class: usize| match self.starts.get(class + 1) {
            _ if !self.names.is_empty() => self.names[class].in_language(language).to_string(),
            Some(next) if self.starts[class] <= f64::MIN || self.starts[class] == COLDEST => {
                format!("{} {}", language.pick("below", "onder"), number(*next))
            }
            Some(next) => format!("{} – {}", number(self.starts[class]), number(*next)),
            None => format!("{} {}", number(self.starts[class]), language.pick("and more", "en meer")),
        };
        let shown = (0..self.starts.len()).rev().filter_map(|class| Some((self.colours[class]?, words(class))));
        shown.collect()
    }
}

/// The unit of a layer's values in a legend, and what they are multiplied with to be in it.
fn shown(name: &str, unit: &str) -> (String, f64) {
    match (name, unit) {
        ("infiltrated" | "sewered", "m") => ("mm".into(), 1000.0),
        (_, "W/m2") => ("W/m²".into(), 1.0),
        (_, "ug/m3") => ("µg/m³".into(), 1.0),
        (_, unit) => (unit.into(), 1.0),
    }
}

/// Round classes over the range of a layer.
fn ranged(name: &str, unit: &str, datum: f64, range: Option<(f64, f64)>) -> Scale {
    let (unit, factor) = shown(name, unit);
    let (low, high) = range.unwrap_or((0.0, 1.0));
    // The smallest round step that makes no more classes than there are colours.
    let most = AMOUNT.len();
    let classes = |step: f64| {
        let first = (low * factor / step).floor();
        (first, ((high * factor / step).floor() - first) as usize + 1)
    };
    let mut step = round_step((high - low) * factor / most as f64);
    while classes(step).1 > most {
        step = round_step(1.01 * step);
    }
    let (first, count) = classes(step);
    let starts: Vec<f64> = (0..count).map(|k| (first + k as f64) * step / factor).collect();
    let last = (count - 1).max(1) as f64;
    let colour = |k: usize| AMOUNT[(k as f64 / last * (AMOUNT.len() - 1) as f64).round() as usize];
    Scale {
        unit,
        factor,
        decimals: decimals(step),
        relative: starts.iter().map(|start| (start - datum) as f32).collect(),
        colours: (0..count).map(|k| Some(colour(k))).collect(),
        starts,
        reduce: Reduce::Mean,
        names: Vec::new(),
    }
}

/// Unit, decimals and lower ends of the classes of more for differences whose size is known beforehand; those of less mirror them.
fn steps(of: &str, unit: &str) -> Option<(&'static str, usize, &'static [f64])> {
    let known: (&'static str, usize, &'static [f64]) = match of {
        "pet" | "pet_hoeppe" | "max_pet" | "mean_pet" | "noon_pet" | "utci" | "tmrt" | "surface" => {
            ("K", 1, &[0.1, 0.5, 1.0, 2.0, 5.0])
        }
        "speed" => ("km/h", 0, &[2.0, 5.0, 10.0, 20.0]),
        "density" => ("per km", 0, &[2.0, 5.0, 15.0, 40.0]),
        "delay" => ("s", 0, &[3.0, 10.0, 30.0, 90.0]),
        "queue" => ("m", 0, &[5.0, 20.0, 60.0, 150.0]),
        "nox" => ("g/km/h", 0, &[2.0, 10.0, 30.0, 100.0]),
        "no2_kerb" => ("µg/m³", 1, &[0.1, 0.3, 1.0, 3.0]),
        "noise_power" => ("dB(A)", 1, &[0.5, 1.5, 3.0, 6.0]),
        _ if of.ends_with("_bands") => ("per h", 0, &[10.0, 75.0, 200.0, 400.0]),
        _ if matches!(unit, "°C" | "K") => ("K", 1, &[0.1, 0.2, 0.5, 1.0, 2.0]),
        _ => return None,
    };
    Some(known)
}

/// A difference in classes of known size, with nothing shown between the smallest ones.
fn stepped(name: &str, unit: &str, decimals: usize, steps: &[f64], datum: f64) -> Scale {
    let less = steps.iter().rev().map(|step| -step);
    let starts: Vec<f64> = std::iter::once(f64::MIN).chain(less).chain(steps.iter().copied()).collect();
    two_armed(name, (unit.into(), 1.0), decimals, starts, datum)
}

/// Four classes of less and four of more by the largest difference, and nothing shown between.
fn difference(name: &str, of: &str, unit: &str, datum: f64, range: Option<(f64, f64)>) -> Scale {
    let (unit, factor) = if of.ends_with("depth") { ("cm".into(), 100.0) } else { shown(of, unit) };
    let (low, high) = range.unwrap_or((-1.0, 1.0));
    let step = round_step(low.abs().max(high.abs()) * factor / 4.5).max(if factor > 1.0 { 1.0 } else { 1e-9 });
    let half = step / 2.0;
    let inner = (-3..=4).map(|k: i32| (f64::from(k) * step - half) / factor);
    let starts: Vec<f64> = std::iter::once(f64::MIN).chain(inner).collect();
    two_armed(name, (unit, factor), decimals(half), starts, datum)
}

/// A scale of two arms about a class that is not shown; the lowest class takes all that is lower.
fn two_armed(name: &str, (unit, factor): (String, f64), decimals: usize, starts: Vec<f64>, datum: f64) -> Scale {
    let (less, more) = arms(starts.len() / 2);
    let mut relative: Vec<f32> = starts.iter().map(|start| (start - datum) as f32).collect();
    relative[0] = f32::NEG_INFINITY;
    Scale {
        unit,
        factor,
        decimals,
        relative,
        colours: less.into_iter().map(Some).chain([None]).chain(more.into_iter().map(Some)).collect(),
        starts,
        reduce: Reduce::of(name),
        names: Vec::new(),
    }
}

/// The round number (1, 2 or 5 times a power of ten) at or above a step.
pub fn round_step(step: f64) -> f64 {
    if !(step > 0.0 && step.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|k| k * power >= 0.999_999 * step).unwrap_or(10.0);
    round * power
}

/// Decimals that tell multiples of a step apart.
fn decimals(step: f64) -> usize {
    (0..6).find(|k| (step * 10f64.powi(*k)).fract().abs() < 1e-6).unwrap_or(6) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    fn layer(name: &str, unit: &str, values: &[f32]) -> Raster {
        Raster::from_values(Grid::local(values.len(), 1, 1.0), name, unit, values.to_vec())
    }

    #[test]
    fn differences_of_streets_mirror_each_other() {
        let scale = Scale::of(&layer("difference_delay", "s", &[-500.0, 500.0]));
        let words: Vec<String> = scale.legend(Language::English).into_iter().map(|(_, words)| words).collect();
        let more = ["90 and more", "30 – 90", "10 – 30", "3 – 10"];
        let less = ["−10 – −3", "−30 – −10", "−90 – −30", "below −90"];
        assert_eq!(words, [more, less].concat());
        assert_eq!((scale.colour(2.9), scale.colour(-2.9)), (None, None));
        let (less, more) = arms(4);
        assert_eq!((scale.colour(-1e9), scale.colour(1e9)), (Some(less[0]), Some(more[3])));
    }

    #[test]
    fn water_steps_every_five_centimetres_and_darkens() {
        let scale = Scale::of(&layer("max_depth", "m", &[0.0, 3.0]));
        assert_eq!((scale.colour(0.0499), scale.colour(f32::NAN)), (None, None));
        for (k, colour) in WATER.into_iter().enumerate() {
            let from = 0.05 * (k + 1) as f32;
            assert_eq!((scale.colour(from), scale.colour(from + 0.049)), (Some(colour), Some(colour)));
        }
        assert_eq!(scale.colour(12.0), Some(WATER[9]));
        let light = |c: &Colour| c.iter().map(|part| u32::from(*part)).sum::<u32>();
        assert!(WATER.is_sorted_by(|a, b| light(a) > light(b)) && AMOUNT.is_sorted_by(|a, b| light(a) > light(b)));
        let legend = scale.legend(Language::Dutch);
        assert_eq!(legend[0], (WATER[9], "50 en meer".to_string()));
        assert_eq!(legend[9], (WATER[0], "5 – 10".to_string()));
    }

    #[test]
    fn covers_have_names_and_other_numbers_no_colour() {
        let scale = Scale::of(&layer("cover", "", &[0.0]));
        for (cover, colour) in Cover::ALL.into_iter().zip(COVER) {
            assert_eq!(scale.colour(f32::from(cover as u8)), Some(colour), "{cover:?}");
        }
        assert!([3.0, 4.0, 8.0, -1.0, f32::NAN].iter().all(|number| scale.colour(*number).is_none()));
        assert_eq!(scale.legend(Language::Dutch).len(), Cover::ALL.len());
        assert_eq!(scale.legend(Language::Dutch)[0].1, "water");
    }

    #[test]
    fn differences_of_temperature_show_tenths_of_kelvins() {
        for (name, unit) in [("air", "°C"), ("night_island", "K"), ("max_pet", "°C"), ("anything", "°C")] {
            let scale = Scale::of(&layer(&format!("difference_{name}"), unit, &[-3.0, 0.3]));
            assert_eq!((scale.unit.as_str(), scale.colour(0.09), scale.colour(-0.09)), ("K", None, None), "{name}");
            assert!(scale.colour(0.11).is_some() && scale.colour(0.11) != scale.colour(0.7), "{name}");
            let words: Vec<String> = scale.legend(Language::Dutch).into_iter().map(|(_, words)| words).collect();
            assert!(
                words.len() == 10 && words[4].starts_with("0,1 – 0,") && words[5].ends_with(" – −0,1"),
                "{words:?}"
            );
        }
    }

    #[test]
    fn differences_have_the_unit_of_their_layer() {
        for (name, unit, shown) in [
            ("max_depth", "m", "cm"),
            ("max_level", "m", "m"),
            ("infiltrated", "m", "mm"),
            ("duration", "min", "min"),
            ("degree_hours", "K h", "K h"),
            ("sun_hours", "h", "h"),
            ("released_heat", "W/m2", "W/m²"),
            ("reach_fire_station", "min", "min"),
        ] {
            assert_eq!(Scale::of(&layer(&format!("difference_{name}"), unit, &[-3.0, 3.0])).unit, shown, "{name}");
        }
    }

    #[test]
    fn any_layer_gets_round_classes_that_hold_its_range() {
        for (low, high) in [(-1.3, 8.2), (0.0, 0.0), (3.0, 3.001), (-40.0, 120.0), (0.0, 1e6)] {
            let scale = Scale::of(&layer("anything", "m", &[low, high]));
            assert!(scale.colour(low).is_some() && scale.colour(high).is_some(), "{low} … {high}: {scale:?}");
            assert!((1..=8).contains(&scale.legend(Language::English).len()), "{low} … {high}: {scale:?}");
        }
        let heights = Raster { datum: 1000.0, ..layer("terrain", "m", &[0.0, 8.0]) };
        assert!(Scale::of(&heights).legend(Language::English).iter().all(|(_, words)| words.contains("1\u{a0}00")));
    }

    #[test]
    fn a_difference_shows_less_and_more_apart_and_nothing_between() {
        let scale = Scale::of(&layer("difference_max_depth", "m", &[-0.3, 0.12]));
        // Steps of 10 cm about 0.
        let (less, more) = arms(4);
        assert_eq!((scale.colour(-0.36), scale.colour(-0.3)), (Some(less[0]), Some(less[1])));
        assert_eq!((scale.colour(0.36), scale.colour(0.3)), (Some(more[3]), Some(more[2])));
        assert_eq!((scale.colour(0.04), scale.colour(-0.04), scale.colour(f32::NAN)), (None, None, None));
        assert_eq!(scale.colour(-5.0), Some(less[0]));
        let words: Vec<String> = scale.legend(Language::English).into_iter().map(|(_, words)| words).collect();
        assert_eq!((words[3].as_str(), words[4].as_str(), words[7].as_str()), ("5 – 15", "−15 – −5", "below −35"));
        assert_eq!(scale.legend(Language::English).len(), 8);
    }

    #[test]
    fn round_steps_are_round() {
        for (step, round) in [(0.3, 0.5), (1.0, 1.0), (1.01, 2.0), (70.0, 100.0), (0.0, 1.0), (f64::NAN, 1.0)] {
            assert!((round_step(step) - round).abs() < 1e-9, "{step}: {}", round_step(step));
        }
    }
}
