//! From values to colours and legends. Every palette reads without colour vision: it darkens evenly, or it is a
//! diverging one whose two arms differ in blue and brown.

use crate::cover::Cover;
use crate::raster::{Raster, Reduce};
use crate::words::{self, Language, Text};

/// Blues that darken evenly, for depths of water.
pub const WATER: [[u8; 3]; 10] = [
    [186, 215, 242],
    [160, 201, 237],
    [133, 185, 230],
    [107, 167, 221],
    [82, 148, 210],
    [60, 129, 197],
    [42, 109, 182],
    [28, 89, 164],
    [17, 68, 141],
    [8, 45, 112],
];
/// Cividis (Nuñez, Anderton and Renslow 2018), from little to much.
const CIVIDIS: [[u8; 3]; 8] = [
    [253, 231, 90],
    [225, 204, 92],
    [187, 174, 109],
    [150, 145, 119],
    [117, 117, 117],
    [85, 91, 109],
    [46, 66, 108],
    [0, 34, 78],
];
/// From little danger to much; it darkens evenly.
const HAZARD: [[u8; 3]; 4] = [[253, 231, 150], [250, 176, 90], [214, 94, 60], [122, 24, 50]];
/// From cool to hot: blue over pale yellow to a dark red; the hot side darkens evenly.
const HEAT: [[u8; 3]; 9] = [
    [69, 117, 180],
    [116, 173, 209],
    [171, 217, 233],
    [255, 248, 200],
    [254, 224, 144],
    [253, 174, 97],
    [244, 109, 67],
    [200, 40, 40],
    [120, 0, 38],
];
/// From a short walk to a long one (ColorBrewer's BuPu); it darkens evenly.
const WALK: [[u8; 3]; 6] =
    [[237, 248, 251], [191, 211, 230], [158, 188, 218], [140, 150, 198], [136, 86, 167], [110, 1, 107]];
/// From standing to fast: what is slow stands out (ColorBrewer's YlOrRd, reversed); it brightens evenly.
const SPEED: [[u8; 3]; 8] = [
    [128, 0, 38],
    [189, 0, 38],
    [227, 26, 28],
    [252, 78, 42],
    [253, 141, 60],
    [254, 178, 76],
    [254, 217, 118],
    [255, 237, 160],
];
/// From near to far (ColorBrewer's YlGnBu); it darkens evenly.
const REACH: [[u8; 3]; 8] = [
    [255, 255, 217],
    [237, 248, 177],
    [199, 233, 180],
    [127, 205, 187],
    [65, 182, 196],
    [29, 145, 192],
    [34, 94, 168],
    [12, 44, 132],
];
/// ColorBrewer's BrBG (Harrower and Brewer 2003), from less to more.
const LESS: [[u8; 3]; 4] = [[1, 102, 94], [53, 151, 143], [128, 205, 193], [199, 234, 229]];
const MORE: [[u8; 3]; 4] = [[246, 232, 195], [223, 194, 125], [191, 129, 45], [140, 81, 10]];

/// The two arms for thin bands, which pale colours would hide: blues for less, oranges and reds for more.
const LESS_BANDS: [[u8; 3]; 4] = [[8, 48, 107], [33, 102, 172], [67, 147, 195], [128, 188, 219]];
const MORE_BANDS: [[u8; 3]; 4] = [[253, 184, 99], [244, 130, 60], [215, 48, 39], [140, 0, 38]];

/// Colours of [`Cover::ALL`]; they differ in lightness, too.
const COVER: [[u8; 3]; 6] =
    [[214, 200, 188], [150, 150, 154], [176, 96, 78], [201, 219, 158], [228, 211, 160], [118, 168, 205]];

/// Start of a class that has none, °C.
const COLDEST: f64 = -60.0;

/// Classes of values with a colour each.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Unit in the legend.
    pub unit: &'static str,
    /// What a value of the layer is multiplied with to be in that unit.
    factor: f64,
    decimals: usize,
    /// Lower ends of the classes, rising, in the layer's unit and with its datum.
    starts: Vec<f64>,
    /// The same relative to the datum, as the layer's values are.
    relative: Vec<f32>,
    /// Colour of each class; none is see-through.
    colours: Vec<Option<[u8; 3]>>,
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
        let fixed = |unit, factor, decimals, starts: Vec<f64>, colours: &[[u8; 3]]| Scale {
            unit,
            factor,
            decimals,
            relative: starts.iter().map(|start| (start - datum) as f32).collect(),
            starts,
            colours: colours.iter().map(|colour| Some(*colour)).collect(),
            reduce: Reduce::of(name),
            names: Vec::new(),
        };
        if let Some((unit, decimals, steps)) = name.strip_prefix("difference_").and_then(bands) {
            let less = steps.iter().rev().map(|step| -step);
            let starts: Vec<f64> = std::iter::once(f64::MIN).chain(less).chain(steps).collect();
            let mut scale = fixed(unit, 1.0, decimals, starts, &[]);
            let arms = (LESS_BANDS.map(Some), MORE_BANDS.map(Some));
            scale.colours = arms.0.into_iter().chain([None]).chain(arms.1).collect();
            scale.relative[0] = f32::NEG_INFINITY;
            return scale;
        }
        if name.starts_with("difference") {
            return difference(name, unit, datum, range());
        }
        match name {
            "depth" | "max_depth" => {
                let starts = (1..=10).map(|k| f64::from(k) * 0.05).collect();
                fixed("cm", 100.0, 0, starts, &WATER)
            }
            "velocity" | "max_velocity" => {
                let starts = vec![0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0];
                fixed("m/s", 1.0, 2, starts, &CIVIDIS)
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
                fixed("per h", 1.0, 0, starts, &CIVIDIS)
            }
            "released_heat" => fixed("W/m²", 1.0, 0, vec![0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0], &CIVIDIS),
            "cycle_bands" => fixed("per h", 1.0, 0, vec![1.0, 20.0, 50.0, 100.0, 200.0, 400.0, 600.0, 800.0], &CIVIDIS),
            "density" => fixed("per km", 1.0, 0, vec![1.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 120.0], &CIVIDIS),
            "delay" => fixed("s", 1.0, 0, vec![5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0], &CIVIDIS),
            "queue" => fixed("m", 1.0, 0, vec![10.0, 20.0, 40.0, 60.0, 90.0, 130.0, 200.0, 300.0], &CIVIDIS),
            "nox" => fixed("g/km/h", 1.0, 0, vec![0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 400.0], &CIVIDIS),
            "no2_kerb" => fixed("µg/m³", 1.0, 1, vec![0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0], &CIVIDIS),
            "noise_power" => fixed("dB(A)", 1.0, 0, vec![0.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0], &CIVIDIS),
            "speed" => fixed("km/h", 1.0, 0, vec![0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 90.0], &SPEED),
            _ if name.starts_with("users_") => {
                fixed("per h", 1.0, 0, vec![1.0, 10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0], &CIVIDIS)
            }
            _ if name.starts_with("reach_") => {
                fixed("min", 1.0, 0, vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0], &REACH)
            }
            "cool_distance" => fixed("m", 1.0, 0, vec![0.0, 100.0, 200.0, 300.0, 500.0, 1000.0], &WALK),
            // Where it was never wet it has no value, so that no class begins at 0.
            "duration" => fixed("min", 1.0, 0, vec![1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0], &CIVIDIS),
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
    pub fn colour(&self, value: f32) -> Option<[u8; 3]> {
        self.class(value).and_then(|class| self.colours[class])
    }

    /// Colour of each class.
    pub fn colours(&self) -> &[Option<[u8; 3]>] {
        &self.colours
    }

    /// Lower end of each class in the legend's unit.
    pub fn starts(&self) -> impl Iterator<Item = f64> {
        self.starts.iter().map(|start| start * self.factor)
    }

    /// The coloured classes from the highest to the lowest: colour and words.
    pub fn legend(&self, language: Language) -> Vec<([u8; 3], String)> {
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

/// Round classes over the range of a layer.
fn ranged(name: &str, unit: &str, datum: f64, range: Option<(f64, f64)>) -> Scale {
    let (unit, factor): (&'static str, f64) = match (name, unit) {
        ("infiltrated" | "sewered", "m") => ("mm", 1000.0),
        (_, "m") => ("m", 1.0),
        (_, "min") => ("min", 1.0),
        (_, "m/s") => ("m/s", 1.0),
        (_, "°C") => ("°C", 1.0),
        _ => ("", 1.0),
    };
    let (low, high) = range.unwrap_or((0.0, 1.0));
    // The smallest round step that makes no more classes than there are colours, or one more.
    let most = CIVIDIS.len() + 1;
    let classes = |step: f64| {
        let first = (low * factor / step).floor();
        (first, ((high * factor / step).floor() - first) as usize + 1)
    };
    let mut step = round_step((high - low) * factor / most as f64);
    if classes(step).1 > most {
        step = round_step(1.01 * step);
    }
    let (first, count) = classes(step);
    let count = count.min(most);
    let starts: Vec<f64> = (0..count).map(|k| (first + k as f64) * step / factor).collect();
    let last = (count - 1).max(1) as f64;
    let colour = |k: usize| CIVIDIS[(k as f64 / last * (CIVIDIS.len() - 1) as f64).round() as usize];
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

/// Unit, decimals and lower ends of the four classes of more for differences that are thin bands; those of less mirror them.
fn bands(of: &str) -> Option<(&'static str, usize, [f64; 4])> {
    Some(match of {
        "speed" => ("km/h", 0, [2.0, 5.0, 10.0, 20.0]),
        "density" => ("per km", 0, [2.0, 5.0, 15.0, 40.0]),
        "delay" => ("s", 0, [3.0, 10.0, 30.0, 90.0]),
        "queue" => ("m", 0, [5.0, 20.0, 60.0, 150.0]),
        "nox" => ("g/km/h", 0, [2.0, 10.0, 30.0, 100.0]),
        "no2_kerb" => ("µg/m³", 1, [0.1, 0.3, 1.0, 3.0]),
        "noise_power" => ("dB(A)", 1, [0.5, 1.5, 3.0, 6.0]),
        of if of.ends_with("_bands") => ("per h", 0, [10.0, 75.0, 200.0, 400.0]),
        _ => return None,
    })
}

/// Four classes of less and four of more, and nothing shown between.
fn difference(name: &str, of: &str, datum: f64, range: Option<(f64, f64)>) -> Scale {
    let (unit, factor) = if name.ends_with("depth") { ("cm", 100.0) } else { ("", 1.0) };
    let unit = match of {
        _ if !unit.is_empty() => unit,
        "m/s" => "m/s",
        "per h" => "per h",
        "min" => "min",
        _ => unit,
    };
    let (low, high) = range.unwrap_or((-1.0, 1.0));
    let step = round_step(low.abs().max(high.abs()) * factor / 4.5).max(if factor > 1.0 { 1.0 } else { 1e-9 });
    let half = step / 2.0;
    // The lowest class takes all that is lower.
    let inner = (-3..=4).map(|k: i32| (f64::from(k) * step - half) / factor);
    let starts: Vec<f64> = std::iter::once((-4.0 * step - half) / factor).chain(inner).collect();
    let mut relative: Vec<f32> = starts.iter().map(|start| (start - datum) as f32).collect();
    relative[0] = f32::NEG_INFINITY;
    let colours = LESS.iter().map(|colour| Some(*colour));
    Scale {
        unit,
        factor,
        decimals: decimals(half),
        relative,
        colours: colours.chain([None]).chain(MORE.iter().map(|colour| Some(*colour))).collect(),
        starts,
        reduce: if name.ends_with("_bands") { Reduce::Largest } else { Reduce::Mean },
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
        assert_eq!((scale.colour(-1e9), scale.colour(1e9)), (Some(LESS_BANDS[0]), Some(MORE_BANDS[3])));
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
        let light = |c: &[u8; 3]| c.iter().map(|part| u32::from(*part)).sum::<u32>();
        assert!(WATER.is_sorted_by(|a, b| light(a) > light(b)) && CIVIDIS.is_sorted_by(|a, b| light(a) > light(b)));
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
    fn any_layer_gets_round_classes_that_hold_its_range() {
        for (low, high) in [(-1.3, 8.2), (0.0, 0.0), (3.0, 3.001), (-40.0, 120.0), (0.0, 1e6)] {
            let scale = Scale::of(&layer("anything", "m", &[low, high]));
            assert!(scale.colour(low).is_some() && scale.colour(high).is_some(), "{low} … {high}: {scale:?}");
            assert!((1..=9).contains(&scale.legend(Language::English).len()), "{low} … {high}: {scale:?}");
        }
        let heights = Raster { datum: 1000.0, ..layer("terrain", "m", &[0.0, 8.0]) };
        assert!(Scale::of(&heights).legend(Language::English).iter().all(|(_, words)| words.contains("1\u{a0}00")));
    }

    #[test]
    fn a_difference_shows_less_and_more_apart_and_nothing_between() {
        let scale = Scale::of(&layer("difference_max_depth", "m", &[-0.3, 0.12]));
        // Steps of 10 cm about 0.
        assert_eq!((scale.colour(-0.36), scale.colour(-0.3)), (Some(LESS[0]), Some(LESS[1])));
        assert_eq!((scale.colour(0.36), scale.colour(0.3)), (Some(MORE[3]), Some(MORE[2])));
        assert_eq!((scale.colour(0.04), scale.colour(-0.04), scale.colour(f32::NAN)), (None, None, None));
        assert_eq!(scale.colour(-5.0), Some(LESS[0]));
        assert_eq!(scale.legend(Language::English).len(), 8);
    }

    #[test]
    fn round_steps_are_round() {
        for (step, round) in [(0.3, 0.5), (1.0, 1.0), (1.01, 2.0), (70.0, 100.0), (0.0, 1.0), (f64::NAN, 1.0)] {
            assert!((round_step(step) - round).abs() < 1e-9, "{step}: {}", round_step(step));
        }
    }
}
