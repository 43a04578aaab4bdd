//! From values to one byte a pixel, and from these to colours.

use colorgrad::{Gradient, preset};
use hanze_output::map::Scale;

/// How a layer is painted.
pub enum Paint {
    /// In the classes of its map.
    Classes(Scale),
    /// From the first to the last colour, evenly over a range of values; what lies beyond takes the last colour there.
    Ramp {
        /// Value of the first colour.
        low: f64,
        /// Value of the last colour.
        high: f64,
        /// 255 colours.
        colours: Vec<[u8; 3]>,
    },
}

/// Colour maps that can be asked for by name; `_r` behind a name turns it round.
pub const COLORMAPS: [&str; 12] =
    ["viridis", "cividis", "magma", "inferno", "plasma", "turbo", "blues", "greens", "reds", "ylorrd", "rdbu", "brbg"];

/// The 255 colours of a colour map; `None` where there is none of that name.
pub fn colormap(name: &str) -> Option<Vec<[u8; 3]>> {
    let (plain, is_turned) = name.strip_suffix("_r").map_or((name, false), |plain| (plain, true));
    let gradient: Box<dyn Gradient> = match plain {
        "viridis" => Box::new(preset::viridis()),
        "cividis" => Box::new(preset::cividis()),
        "magma" => Box::new(preset::magma()),
        "inferno" => Box::new(preset::inferno()),
        "plasma" => Box::new(preset::plasma()),
        "turbo" => Box::new(preset::turbo()),
        "blues" => Box::new(preset::blues()),
        "greens" => Box::new(preset::greens()),
        "reds" => Box::new(preset::reds()),
        "ylorrd" => Box::new(preset::yl_or_rd()),
        "rdbu" => Box::new(preset::rd_bu()),
        "brbg" => Box::new(preset::br_bg()),
        _ => return None,
    };
    let colour = |k: u8| {
        let share = f32::from(k) / 254.0;
        let [red, green, blue, _] = gradient.at(if is_turned { 1.0 - share } else { share }).to_rgba8();
        [red, green, blue]
    };
    Some((0..255).map(colour).collect())
}

impl Paint {
    /// The byte of a value; 0 is see-through.
    pub fn index(&self, value: f32) -> u8 {
        match self {
            Paint::Classes(scale) => match scale.class(value) {
                Some(class) if scale.colours()[class].is_some() => (class + 1).min(255) as u8,
                _ => 0,
            },
            Paint::Ramp { low, high, .. } => {
                if value.is_nan() {
                    return 0;
                }
                let share = ((f64::from(value) - low) / (high - low)).clamp(0.0, 1.0);
                1 + (share * 254.0).round() as u8
            }
        }
    }

    /// Colours of the bytes from 1 on.
    pub fn colours(&self) -> Vec<[u8; 3]> {
        match self {
            Paint::Classes(scale) => scale.colours().iter().take(255).map(|c| c.unwrap_or_default()).collect(),
            Paint::Ramp { colours, .. } => colours.clone(),
        }
    }
}
