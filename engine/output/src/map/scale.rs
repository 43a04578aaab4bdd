//! From values to classes, their colours and the words of the legend.

use super::colours::{AMOUNT, COVER, Colour, HAZARD, HEAT, ONE_SIDE, REACH, SPEED, WALK, WATER, arms};
use hanze_base::cover::Cover;
use hanze_base::quantity::{BELOW, Change, Classes, Colours, Form, Quantity, Variable};
use hanze_base::raster::Reduce;
use hanze_base::words::{self, Language, Text};

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
    /// Lower ends of the classes relative to the datum, as the layer's values are.
    relative: Vec<f32>,
    /// Colour of each class; none is see-through.
    colours: Vec<Option<Colour>>,
    /// What a pixel shows of the cells that it covers.
    pub reduce: Reduce,
    /// What classes are called, where it is more than a range of numbers.
    names: Vec<Option<Text>>,
}

impl Scale {
    /// The scale of a variable whose values are relative to a datum. The range of heights of the city's ground is asked for only where
    /// classes depend on it.
    pub fn new(variable: &Variable, datum: f64, ground: impl FnOnce() -> Option<(f64, f64)>) -> Scale {
        let quantity = variable.quantity;
        let scale = match (variable.form, quantity.change) {
            (Form::Value, _) => of_values(quantity, ground),
            (Form::Change, Some(change)) => of_change(&change),
            (Form::Comparison, Some(change)) => with_sides(of_change(&change), &change),
            // A difference that says nothing shows nothing.
            (_, None) => blank(quantity),
        };
        // Below all numbers only minus infinity is left, which marks cells of one side.
        let relative = |start: &f64| if *start == BELOW { f32::MIN } else { (start - datum) as f32 };
        let relative = scale.starts.iter().map(relative).collect();
        Scale { relative, reduce: variable.reduce(), ..scale }
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
        let words = |class: usize| match (&self.names[class], self.starts.get(class + 1)) {
            (Some(name), _) => name.in_language(language).to_string(),
            (None, Some(next)) if self.starts[class] <= BELOW => {
                format!("{} {}", language.pick("below", "onder"), number(*next))
            }
            (None, Some(next)) if next.is_finite() => format!("{} – {}", number(self.starts[class]), number(*next)),
            _ => format!("{} {}", number(self.starts[class]), language.pick("and more", "en meer")),
        };
        let shown = (0..self.starts.len()).rev().filter_map(|class| Some((self.colours[class]?, words(class))));
        shown.collect()
    }
}

/// A palette.
fn palette(colours: Colours) -> &'static [Colour] {
    match colours {
        Colours::Water => &WATER,
        Colours::Amount => &AMOUNT,
        Colours::Heat => &HEAT,
        Colours::Hazard => &HAZARD,
        Colours::Walk => &WALK,
        Colours::Speed => &SPEED,
        Colours::Reach => &REACH,
    }
}

/// So many colours of a palette, from its first to its last one.
fn spread(colours: Colours, count: usize) -> Vec<Option<Colour>> {
    let all = palette(colours);
    let last = (count.max(2) - 1) as f64;
    let at = |k: usize| (k as f64 / last * (all.len() - 1) as f64).round() as usize;
    (0..count).map(|k| Some(all[at(k).min(all.len() - 1)])).collect()
}

/// A scale without classes, in the unit of a quantity's legend.
fn blank(quantity: &Quantity) -> Scale {
    let shown = quantity.shown;
    Scale {
        unit: shown.unit.into(),
        factor: shown.factor,
        decimals: shown.decimals,
        starts: Vec::new(),
        relative: Vec::new(),
        colours: Vec::new(),
        reduce: quantity.reduce,
        names: Vec::new(),
    }
}

fn of_values(quantity: &Quantity, ground: impl FnOnce() -> Option<(f64, f64)>) -> Scale {
    let blank = blank(quantity);
    match quantity.classes {
        Classes::Steps(starts, colours) => Scale {
            starts: starts.to_vec(),
            colours: spread(colours, starts.len()),
            names: vec![None; starts.len()],
            ..blank
        },
        Classes::Named(classes, colours) => Scale {
            starts: classes.iter().map(|(start, ..)| *start).collect(),
            colours: spread(colours, classes.len()),
            names: classes.iter().map(|(_, english, dutch)| Some(Text::new(*english, *dutch))).collect(),
            ..blank
        },
        Classes::Covers => of_covers(blank),
        Classes::Ground => of_ground(blank, ground()),
    }
}

/// A class for each cover.
fn of_covers(mut scale: Scale) -> Scale {
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
            scale.names.push(Some(words::cover(cover)));
        }
    }
    scale
}

/// Round classes over the heights of the ground. Water may stand above the highest ground: the last class takes all that is higher.
fn of_ground(scale: Scale, range: Option<(f64, f64)>) -> Scale {
    let (low, high) = range.unwrap_or((0.0, 1.0));
    // The smallest round step that makes no more classes than there are colours.
    let most = AMOUNT.len();
    let classes = |step: f64| {
        let first = (low / step).floor();
        (first, ((high / step).floor() - first) as usize + 1)
    };
    let mut step = round_step((high - low) / most as f64);
    while classes(step).1 > most {
        step = round_step(1.01 * step);
    }
    let (first, count) = classes(step);
    let starts = (0..count).map(|k| (first + k as f64) * step).collect();
    let colours = spread(Colours::Amount, count);
    Scale { decimals: decimals(step), colours, names: vec![None; count], starts, ..scale }
}

/// A scale of two arms about a class that is not shown; the lowest class takes all that is lower.
fn of_change(change: &Change) -> Scale {
    let less = change.steps.iter().rev().map(|step| -step);
    let starts: Vec<f64> = std::iter::once(BELOW).chain(less).chain(change.steps.iter().copied()).collect();
    let (less, more) = arms(change.steps.len());
    let mut names = vec![None; starts.len()];
    if let Some([less, more]) = change.names {
        let text = |(english, dutch): (&str, &str)| Some(Text::new(english, dutch));
        names[0] = text(less);
        if let Some(last) = names.last_mut() {
            *last = text(more);
        }
    }
    Scale {
        unit: change.shown.unit.into(),
        factor: change.shown.factor,
        decimals: change.shown.decimals,
        starts,
        relative: Vec::new(),
        colours: less.into_iter().map(Some).chain([None]).chain(more.into_iter().map(Some)).collect(),
        reduce: change.reduce,
        names,
    }
}

/// Adds a class at each end of a scale of differences, for cells that have a value in one of the two runs only.
fn with_sides(mut scale: Scale, change: &Change) -> Scale {
    let [now, before] = change.one_side.map(|(english, dutch)| Some(Text::new(english, dutch)));
    let [of_now, of_before] = ONE_SIDE;
    scale.starts.insert(0, f64::NEG_INFINITY);
    scale.starts.push(f64::INFINITY);
    scale.colours.insert(0, Some(of_before));
    scale.colours.push(Some(of_now));
    scale.names.insert(0, before);
    scale.names.push(now);
    scale
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
    use hanze_engine::models;

    fn variable(name: &str) -> Variable {
        models::variable(name).unwrap_or_else(|| panic!("no quantity {name}"))
    }

    fn scale(name: &str) -> Scale {
        Scale::new(&variable(name), 0.0, || Some((-1.0, 7.0)))
    }

    /// Words of the legend, from the highest class on.
    fn words(scale: &Scale, language: Language) -> Vec<String> {
        scale.legend(language).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn differences_of_streets_mirror_each_other() {
        let scale = scale("difference_delay");
        let more = ["90 and more", "30 – 90", "10 – 30", "3 – 10"];
        let less = ["−10 – −3", "−30 – −10", "−90 – −30", "below −90"];
        assert_eq!(words(&scale, Language::English), [more, less].concat());
        assert_eq!((scale.colour(2.9), scale.colour(-2.9)), (None, None));
        let (less, more) = arms(4);
        assert_eq!((scale.colour(-1e9), scale.colour(1e9)), (Some(less[0]), Some(more[3])));
    }

    #[test]
    fn water_steps_every_five_centimetres_and_darkens() {
        let scale = scale("max_depth");
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
        let scale = scale("cover");
        for (cover, colour) in Cover::ALL.into_iter().zip(COVER) {
            assert_eq!(scale.colour(f32::from(cover as u8)), Some(colour), "{cover:?}");
        }
        assert!([3.0, 4.0, 8.0, -1.0, f32::NAN].iter().all(|number| scale.colour(*number).is_none()));
        assert_eq!(scale.legend(Language::Dutch).len(), Cover::ALL.len());
        assert_eq!(scale.legend(Language::Dutch)[0].1, "water");
    }

    #[test]
    fn differences_of_temperature_show_tenths_of_kelvins() {
        for name in ["air", "night_island", "max_pet", "surface", "tmrt"] {
            let scale = scale(&format!("difference_{name}"));
            assert_eq!((scale.unit.as_str(), scale.colour(0.09), scale.colour(-0.09)), ("K", None, None), "{name}");
            assert!(scale.colour(0.11).is_some() && scale.colour(0.11) != scale.colour(0.7), "{name}");
            let words = words(&scale, Language::Dutch);
            assert!(
                words.len() == 10 && words[4].starts_with("0,1 – 0,") && words[5].ends_with(" – −0,1"),
                "{words:?}"
            );
        }
    }

    #[test]
    fn differences_have_the_unit_of_their_layer() {
        for (name, shown) in [
            ("max_depth", "cm"),
            ("max_level", "cm"),
            ("infiltrated", "mm"),
            ("duration", "min"),
            ("degree_hours", "K h"),
            ("sun_hours", "h"),
            ("released_heat", "W/m²"),
            ("reach_fire_station", "min"),
            ("hazard", "m²/s"),
            ("sky_view", "%"),
        ] {
            assert_eq!(scale(&format!("difference_{name}")).unit, shown, "{name}");
        }
    }

    #[test]
    fn heights_get_round_classes_that_hold_the_ground() {
        for (low, high) in [(-1.3, 8.2), (0.0, 0.0), (3.0, 3.001), (-40.0, 120.0), (0.0, 1e6)] {
            for name in ["terrain", "level", "max_level"] {
                let scale = Scale::new(&variable(name), 0.0, || Some((low, high)));
                let [first, last, above] = [low, high, high + 1e3].map(|height| scale.colour(height as f32));
                assert!(first.is_some() && last.is_some() && above == last, "{low} … {high}: {scale:?}");
                assert!((1..=8).contains(&scale.legend(Language::English).len()), "{low} … {high}: {scale:?}");
            }
        }
        let high = Scale::new(&variable("terrain"), 1000.0, || Some((1000.0, 1008.0)));
        assert!(words(&high, Language::English).iter().all(|words| words.contains("1\u{a0}00")), "{high:?}");
        assert!(high.colour(0.5).is_some() && high.colour(-0.5).is_none());
    }

    #[test]
    fn a_difference_shows_less_and_more_apart_and_nothing_between() {
        let scale = scale("difference_max_depth");
        let (less, more) = arms(5);
        assert_eq!((scale.colour(-0.6), scale.colour(-0.3)), (Some(less[0]), Some(less[1])));
        assert_eq!((scale.colour(0.6), scale.colour(0.3)), (Some(more[4]), Some(more[3])));
        assert_eq!((scale.colour(0.009), scale.colour(-0.009), scale.colour(f32::NAN)), (None, None, None));
        let words = words(&scale, Language::English);
        assert_eq!((words[4].as_str(), words[5].as_str(), words[9].as_str()), ("1 – 5", "−5 – −1", "below −50"));
        assert_eq!(words.len(), 10);
    }

    #[test]
    fn cells_of_one_side_are_classes_of_their_own() {
        for (name, [en, nl]) in [
            ("max_level", [["newly wet", "dry again"], ["nieuw nat", "weer droog"]]),
            ("air", [["only now", "only before"], ["alleen nu", "alleen eerder"]]),
        ] {
            let scale = Scale::new(&variable(name).comparison(), 0.0, || None);
            let plain = Scale::new(&variable(name).change(), 0.0, || None);
            for (language, [now, before]) in [(Language::English, en), (Language::Dutch, nl)] {
                let found = words(&scale, language);
                assert_eq!((found[0].as_str(), found.last().map(String::as_str)), (now, Some(before)));
                assert_eq!(found[1..found.len() - 1], words(&plain, language), "the others are the same");
            }
            let [now, before] = ONE_SIDE.map(Some);
            assert_eq!((scale.colour(f32::INFINITY), scale.colour(f32::NEG_INFINITY)), (now, before));
            for value in [f32::MIN, -1e9, -0.3, 0.0, 0.3, 1e9, f32::MAX, f32::NAN] {
                assert_eq!(scale.colour(value), plain.colour(value), "{name}, {value}");
            }
        }
    }

    #[test]
    fn differences_of_yes_and_no_have_names() {
        let scale = scale("difference_cool_places");
        assert_eq!(words(&scale, Language::Dutch), ["nieuw koel", "niet meer koel"]);
        assert!(scale.colour(0.2).is_none() && scale.colour(1.0) != scale.colour(-1.0));
    }

    #[test]
    fn round_steps_are_round() {
        for (step, round) in [(0.3, 0.5), (1.0, 1.0), (1.01, 2.0), (70.0, 100.0), (0.0, 1.0), (f64::NAN, 1.0)] {
            assert!((round_step(step) - round).abs() < 1e-9, "{step}: {}", round_step(step));
        }
    }
}
