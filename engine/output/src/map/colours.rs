//! Colours of maps. Every class is darker than any relief below it (a contrast of 1.5 and more), differs from all others of
//! its legend, and sequences darken or brighten evenly, so that they read without colour vision; of two arms one is blue.

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// Existing water.
pub const STANDING: Colour = [132, 158, 174];
/// Places without a value.
pub const NODATA: Colour = [150, 136, 144];
/// Roofs.
pub const BUILDING: Colour = [184, 172, 156];
/// Crowns of trees.
pub const TREE: Colour = [62, 108, 62];
/// Darkest and lightest grey of the relief.
pub const RELIEF: [u8; 2] = [214, 252];

/// Blues that darken evenly, for depths of water.
pub const WATER: [Colour; 10] = [
    [112, 182, 232],
    [84, 163, 224],
    [62, 144, 212],
    [48, 125, 199],
    [38, 107, 184],
    [30, 89, 166],
    [24, 72, 146],
    [18, 56, 124],
    [12, 40, 100],
    [6, 24, 72],
];
/// From little to much: gold, red, violet; it darkens evenly.
pub const AMOUNT: [Colour; 8] = [
    [226, 164, 40],
    [224, 132, 44],
    [212, 100, 60],
    [188, 70, 84],
    [154, 48, 104],
    [118, 32, 114],
    [80, 22, 104],
    [36, 12, 72],
];
/// From little danger to much; it darkens evenly.
pub const HAZARD: [Colour; 4] = [[228, 162, 44], [212, 102, 34], [166, 36, 40], [84, 4, 44]];
/// From cool to hot: blue, green, gold, dark red; the hot side darkens evenly.
pub const HEAT: [Colour; 9] = [
    [44, 84, 168],
    [84, 150, 208],
    [116, 184, 152],
    [208, 168, 48],
    [222, 128, 40],
    [202, 82, 40],
    [164, 36, 44],
    [112, 8, 52],
    [58, 0, 44],
];
/// From a short walk to a long one; it darkens evenly.
pub const WALK: [Colour; 6] =
    [[124, 182, 218], [98, 146, 206], [108, 104, 188], [122, 62, 156], [108, 20, 114], [62, 0, 66]];
/// From standing to fast: what is slow stands out; it brightens evenly.
pub const SPEED: [Colour; 8] = [
    [74, 0, 34],
    [112, 4, 40],
    [150, 18, 40],
    [182, 42, 36],
    [204, 72, 36],
    [216, 102, 38],
    [222, 132, 40],
    [220, 164, 60],
];
/// From near to far; it darkens evenly.
pub const REACH: [Colour; 8] = [
    [178, 180, 56],
    [124, 176, 96],
    [76, 170, 132],
    [44, 148, 158],
    [36, 120, 172],
    [38, 90, 164],
    [40, 60, 138],
    [22, 28, 90],
];
/// Colours of [`Cover::ALL`](hanze_base::cover::Cover::ALL).
pub const COVER: [Colour; 6] =
    [[190, 158, 142], [112, 112, 120], [164, 72, 58], [144, 184, 84], [176, 132, 60], [70, 134, 190]];

/// The two arms of a difference: blues for less, from the most to the least, oranges and reds for more, from the least to the most.
const LESS: [Colour; 5] = [[8, 40, 96], [24, 82, 152], [52, 122, 186], [84, 152, 204], [120, 178, 218]];
const MORE: [Colour; 5] = [[224, 164, 72], [222, 122, 48], [198, 78, 40], [152, 28, 42], [92, 0, 40]];

/// Cells of a difference that have a value now only, and before only.
pub const ONE_SIDE: [Colour; 2] = [[144, 48, 228], [0, 84, 12]];

/// The arms of a difference with so many classes each, at most five: from the most to the least of less, and the other way round.
pub fn arms(classes: usize) -> (Vec<Colour>, Vec<Colour>) {
    // The darkest, and of the lighter ones those that are furthest apart.
    let kept: &[usize] = match classes {
        0 | 1 => &[0],
        2 => &[0, 3],
        3 => &[0, 2, 4],
        4 => &[0, 1, 2, 4],
        _ => &[0, 1, 2, 3, 4],
    };
    let more = kept.iter().rev().map(|k| MORE[MORE.len() - 1 - k]);
    (kept.iter().map(|k| LESS[*k]).collect(), more.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Scale;
    use hanze_base::grid::Grid;
    use hanze_base::quantity::{Form, Variable};
    use hanze_base::raster::{Raster, Reduce};
    use hanze_base::words::Language;
    use hanze_engine::models;

    /// Linear light of each part of a colour.
    fn light(colour: Colour) -> [f64; 3] {
        colour.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Contrast of two colours (WCAG 2.1), 1 to 21.
    fn contrast(a: Colour, b: Colour) -> f64 {
        let bright = |colour| {
            let [red, green, blue] = light(colour);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (a, b) = (bright(a), bright(b));
        a.max(b) / a.min(b)
    }

    /// Place of linear light in OKLab (Ottosson 2020).
    fn oklab([red, green, blue]: [f64; 3]) -> [f64; 3] {
        let l = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let m = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let s = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
        ]
    }

    /// Distance of two lights in OKLab: 0.02 is just seen side by side.
    fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
        let (a, b) = (oklab(a), oklab(b));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    /// What who has no cones for red, green or blue sees (Machado, Oliveira and Fernandes 2009).
    const BLIND: [[[f64; 3]; 3]; 3] = [
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_82, 0.042_94, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_9]],
    ];

    fn seen(colour: Colour, by: [[f64; 3]; 3]) -> [f64; 3] {
        let light = light(colour);
        by.map(|row| row.iter().zip(light).map(|(own, part)| own * part).sum::<f64>().clamp(0.0, 1.0))
    }

    /// Every scale that a layer may have: of all quantities, of what edits change in them, and of one run less another; those that depend on
    /// the ground on several ones.
    fn scales() -> Vec<(String, Scale)> {
        let ranges = [(0.0, 0.0), (-3.0, 3.001), (0.0, 1e-3), (-40.0, 120.0), (0.0, 7.9), (0.0, 8.0), (5.0, 1e6)];
        let forms = [Form::Value, Form::Change, Form::Comparison];
        let mut all = Vec::new();
        for (quantity, form) in models::quantities().flat_map(|own| forms.map(|form| (own, form))) {
            let variable = Variable { form, ..Variable::of(quantity, "bridge") };
            for range in ranges {
                let scale = Scale::new(&variable, 0.0, || Some(range));
                all.push((format!("{} as {form:?}, {range:?}", variable.name()), scale));
            }
        }
        all
    }

    #[test]
    fn no_class_looks_like_another_or_like_what_lies_below() {
        let grey = |tone: u8| [tone, tone, tone - 2];
        for (name, scale) in scales() {
            let classes: Vec<Colour> = scale.colours().iter().flatten().copied().collect();
            let cover = (scale.reduce == Reduce::Most).then_some(TREE);
            // Buildings have no place on maps of classes.
            let below = if cover.is_some() { vec![NODATA] } else { vec![STANDING, BUILDING, NODATA] };
            let all: Vec<Colour> = classes.iter().copied().chain(cover).collect();
            for (k, colour) in all.iter().enumerate() {
                for tone in RELIEF {
                    let found = contrast(*colour, grey(tone));
                    assert!(found >= 1.5, "{name}: {colour:?} on {tone}: {found:.2}");
                }
                for other in all[k + 1..].iter().chain(&below) {
                    let found = apart(light(*colour), light(*other));
                    assert!(found >= 0.05, "{name}: {colour:?} and {other:?}: {found:.3}");
                    for by in BLIND.iter().filter(|_| !below.contains(other)) {
                        let found = apart(seen(*colour, *by), seen(*other, *by));
                        assert!(found >= 0.04, "{name}: {colour:?} and {other:?} without colours: {found:.3}");
                    }
                }
            }
            let legend = scale.legend(Language::Dutch);
            assert_eq!(legend.len(), classes.len(), "{name}: each class stands once in the legend");
        }
    }

    #[test]
    fn what_is_no_class_differs_too() {
        for (k, one) in [STANDING, BUILDING, NODATA].iter().enumerate() {
            for other in &[STANDING, BUILDING, NODATA][k + 1..] {
                assert!(apart(light(*one), light(*other)) >= 0.05, "{one:?} and {other:?}");
            }
            assert!(RELIEF.iter().all(|tone| contrast(*one, [*tone; 3]) >= 1.5), "{one:?}");
        }
    }

    /// Classes of cover are drawn in light and shade, and stay apart.
    #[test]
    fn shade_makes_no_class_of_another() {
        let tones = |colour: Colour| (0..=10).map(move |k| light(crate::map::scene::shaded(colour, 0.1 * k as f32)));
        let all: Vec<Colour> = COVER.into_iter().chain([TREE]).collect();
        for (k, one) in all.iter().enumerate() {
            for other in &all[k + 1..] {
                let least = tones(*one).flat_map(|a| tones(*other).map(move |b| apart(a, b))).fold(1.0, f64::min);
                assert!(least >= 0.04, "{one:?} and {other:?}: {least:.3}");
            }
        }
    }

    #[test]
    fn the_relief_stays_within_its_tones() {
        let grid = Grid::local(30, 30, 1.0);
        let steep = (0..900).map(|k| if (k % 30 + k / 30) % 7 < 3 { 3.0 } else { 0.0 }).collect();
        let terrain = Raster::from_values(grid, "terrain", "m", steep);
        let nothing = Raster::uniform(grid, "max_depth", "m", f32::NAN);
        let ground = crate::map::Ground { terrain: &terrain, buildings: None, water: None, canopy: None };
        let variable = models::variable("max_depth").expect("known");
        let image = crate::map::texture(ground, &variable, &nothing, 30);
        let is_within = |tone: u8| (RELIEF[0]..=RELIEF[1]).contains(&tone);
        assert!(image.pixels().all(|pixel| is_within(pixel.0[0])), "darker or lighter than the relief may be");
        assert!(RELIEF.iter().all(|tone| image.pixels().any(|pixel| pixel.0[0] == *tone)), "it has both ends");
    }
}
