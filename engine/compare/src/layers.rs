//! Layers of two runs: which both have, what differs, and a map of it.

use crate::areas::Areas;
use crate::run::{Run, Told};
use hanze_base::error::Result;
use hanze_base::frame::Layer;
use hanze_base::grid::Grid;
use hanze_base::quantity::{Change, Classes, Colours, Form, Quantity, Shown, Variable};
use hanze_base::raster::Reduce;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::{Language, Text};
use hanze_city::layers::{BUILDINGS, CANOPY, TERRAIN, WATER};
use hanze_output::folder::city_name;
use hanze_output::map::{Atlas, Ground, Map};
use serde::Serialize;

/// Where a layer has a value in one of two runs only: 1 in the variant, -1 in the base, 0 in both.
pub const ONE_SIDE: Quantity = Quantity {
    name: "one_side_{}",
    english: "Where only one of two runs has a value: {}",
    dutch: "Waar maar één van twee berekeningen een waarde heeft: {}",
    classes: Classes::Named(
        &[
            (-1.5, "in the base only", "alleen in de basis"),
            (-0.5, "in both", "in beide"),
            (0.5, "in the variant only", "alleen in de variant"),
        ],
        Colours::Amount,
    ),
    shown: Shown::plain("", 0),
    reduce: Reduce::Largest,
    ..Quantity::BASE
};

/// Longest and shortest side of the maps, and pixels of a cell's side at most.
const LONGEST: u32 = 1200;
const SHORTEST: u32 = 640;
const PER_CELL: u32 = 16;
const FRAMES: &str = "frames/";
const CITY: &str = "city/";

/// A layer that two runs have.
pub(crate) struct Common {
    /// Its file in both, without the ending.
    pub stem: String,
    /// Folder in front of its name, `frames/` or `city/` or nothing.
    pub folder: &'static str,
    /// Behind its name: the time of a frame.
    pub time: String,
    pub variable: Variable,
    pub change: Change,
}

impl Common {
    /// The file of what is made of it.
    pub fn file(&self, start: &str) -> String {
        format!("{}{start}_{}{}", self.folder, self.variable.name(), self.time)
    }
}

/// Folder, name and time in the name of a layer's file; `None` for one that no run writes.
fn parts(stem: &str) -> Option<(&'static str, &str, &str)> {
    let (folder, rest) = match (stem.strip_prefix(FRAMES), stem.strip_prefix(CITY)) {
        (Some(rest), _) => (FRAMES, rest),
        (_, Some(rest)) => (CITY, rest),
        _ => ("", stem),
    };
    if rest.contains('/') {
        return None;
    }
    match folder {
        FRAMES => rest.rfind('_').map(|at| (folder, &rest[..at], &rest[at..])),
        _ => Some((folder, rest, "")),
    }
}

/// The layers that both runs have and of which a difference says something; what is left out is told. Layers in time are left out
/// unless they are asked for.
pub(crate) fn common(
    base: &Run,
    run: &Run,
    frames: bool,
    find: &dyn Fn(&str) -> Option<Variable>,
    remarks: &mut Remarks,
) -> Vec<Common> {
    let (of_base, of_run) = (base.stems(".tif"), run.stems(".tif"));
    let mut all = Vec::new();
    let mut alone: [Vec<&str>; 2] = Default::default();
    let (mut mute, mut unknown, mut in_time) = (Vec::new(), Vec::new(), 0);
    for stem in of_base.union(&of_run) {
        if !frames && stem.starts_with(FRAMES) {
            in_time += 1;
            continue;
        }
        if !(of_base.contains(stem) && of_run.contains(stem)) {
            alone[usize::from(of_run.contains(stem))].push(*stem);
            continue;
        }
        let Some((folder, name, time)) = parts(stem) else {
            unknown.push(*stem);
            continue;
        };
        match find(name) {
            None => unknown.push(*stem),
            Some(Variable { form: Form::Value, quantity: Quantity { change: Some(change), .. }, .. }) => {
                // The match shows that there is one.
                let Some(variable) = find(name) else { continue };
                all.push(Common { stem: stem.to_string(), folder, time: time.into(), variable, change: *change });
            }
            Some(_) => mute.push(*stem),
        }
    }
    let label = &run.label;
    for (names, en, nl) in [
        (&alone[0], "in the base only", "alleen in de basis"),
        (&alone[1], "in the variant only", "alleen in de variant"),
        (&unknown, "of no quantity that is known", "van een onbekende grootheid"),
        (&mute, "of which a difference says nothing", "waarvan een verschil niets zegt"),
    ] {
        if !names.is_empty() {
            let (list, share) = (names.join(", "), names.len() as f64 / of_base.len().max(1) as f64);
            remarks.push(Remark::new(
                share,
                format!("{label}: layers {en}: {list}"),
                format!("{label}: lagen {nl}: {list}"),
            ));
        }
    }
    if in_time > 0 {
        remarks.push(Remark::new(
            0.0,
            format!("{label}: {in_time} layers in time are left out (--frames compares them)"),
            format!("{label}: {in_time} lagen in de tijd zijn weggelaten (--frames vergelijkt ze)"),
        ));
    }
    all
}

/// One layer less another, cell by cell. Where one of the two only has a value it is infinite: above all numbers where it is the variant.
pub(crate) fn difference(base: &[f32], run: &[f32]) -> Vec<f32> {
    let less = |(is, was): (&f32, &f32)| match (is.is_nan(), was.is_nan()) {
        (false, true) => f32::INFINITY,
        (true, false) => f32::NEG_INFINITY,
        _ => (f64::from(*is) - f64::from(*was)) as f32,
    };
    run.iter().zip(base).map(less).collect()
}

/// Makes 0 of no value where the whole layer has one.
pub(crate) fn zero_where(values: &mut [f32], whole: &[f32]) {
    let missing = values.iter_mut().zip(whole).filter(|(value, whole)| value.is_nan() && !whole.is_nan());
    missing.for_each(|(value, _)| *value = 0.0);
}

/// What differs in a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The file of the layer in both runs, without the ending.
    pub layer: String,
    /// What it shows.
    pub words: Text,
    /// Unit of the values.
    pub unit: String,
    /// From which difference on there is a change.
    pub threshold: f64,
    /// Cells with more, by the threshold or beyond it.
    pub more: u64,
    /// Cells with less.
    pub less: u64,
    /// Cells with a value in both that changes by less than the threshold.
    pub no_change: u64,
    /// Cells with a value in the variant only.
    pub variant_only: u64,
    /// Cells with a value in the base only.
    pub base_only: u64,
    /// Cells without any value.
    pub without: u64,
    /// Mean difference of the cells with a value in both; none without such cells.
    pub mean: Option<f64>,
    /// Lowest difference.
    pub lowest: Option<f64>,
    /// Highest difference.
    pub highest: Option<f64>,
}

impl Summary {
    pub(crate) fn of(common: &Common, difference: &[f32]) -> Summary {
        let threshold = common.change.steps.first().copied().unwrap_or(0.0);
        // As the classes of the map have it: at the step or above it is more, below its mirror less.
        let step = threshold as f32;
        let mut own = Summary {
            layer: common.stem.clone(),
            words: common.variable.words(),
            unit: common.variable.quantity.unit.into(),
            threshold,
            more: 0,
            less: 0,
            no_change: 0,
            variant_only: 0,
            base_only: 0,
            without: 0,
            mean: None,
            lowest: None,
            highest: None,
        };
        let (mut sum, mut low, mut high) = (0.0, f32::INFINITY, f32::NEG_INFINITY);
        for value in difference.iter().copied() {
            let count = match value {
                _ if value.is_nan() => &mut own.without,
                f32::INFINITY => &mut own.variant_only,
                f32::NEG_INFINITY => &mut own.base_only,
                _ => {
                    sum += f64::from(value);
                    (low, high) = (low.min(value), high.max(value));
                    match value {
                        _ if value >= step => &mut own.more,
                        _ if value < -step => &mut own.less,
                        _ => &mut own.no_change,
                    }
                }
            };
            *count += 1;
        }
        let both = own.more + own.less + own.no_change;
        if both > 0 {
            own.mean = Some(sum / both as f64);
            (own.lowest, own.highest) = (Some(f64::from(low)), Some(f64::from(high)));
        }
        own
    }

    /// Whether anything changes.
    pub fn changes(&self) -> bool {
        self.more + self.less + self.variant_only + self.base_only > 0
    }
}

/// A pair of layers as they are compared: base and variant.
pub(crate) fn read(
    common: &Common,
    base: &Run,
    run: &Run,
    find: &dyn Fn(&str) -> Option<Variable>,
) -> Result<Told<[Layer; 2]>> {
    let (was, is) = match (read_one(common, base, find)?, read_one(common, run, find)?) {
        (Ok(was), Ok(is)) => (was, is),
        (Err(told), _) | (_, Err(told)) => return Ok(Err(told)),
    };
    if was.values.iter().chain(&is.values).all(|value| value.is_nan()) {
        let stem = &common.stem;
        let (en, nl) =
            (format!("{stem} has no value anywhere in either run"), format!("{stem} heeft nergens een waarde"));
        return Ok(Err(Text::new(en, nl)));
    }
    Ok(Ok([was, is]))
}

/// A layer in which none means 0 where its quantity says so.
fn read_one(common: &Common, run: &Run, find: &dyn Fn(&str) -> Option<Variable>) -> Result<Told<Layer>> {
    let layer = match run.layer(&common.stem, common.variable.clone())? {
        Ok(layer) => layer,
        Err(told) => return Ok(Err(told)),
    };
    // Of a frame the layer of the whole run says nothing.
    let Some(whole) = common.change.zero_where.filter(|_| common.folder.is_empty()) else { return Ok(Ok(layer)) };
    let Some(variable) = find(whole).filter(|_| run.has(&format!("{whole}.tif"))) else {
        let (stem, label) = (&common.stem, &run.label);
        return Ok(Err(Text::new(
            format!("{stem} cannot be compared without {whole}, which \"{label}\" lacks"),
            format!("{stem} is niet te vergelijken zonder {whole}, en dat heeft \"{label}\" niet"),
        )));
    };
    let whole = match run.layer(whole, variable)? {
        Ok(whole) => whole,
        Err(told) => return Ok(Err(told)),
    };
    let mut raster = layer.into_raster();
    zero_where(&mut raster.values, &whole.values);
    Ok(Ok(Layer::of(common.variable.clone(), raster)))
}

/// What lies below the maps of a run.
pub(crate) struct Town {
    terrain: Layer,
    others: [Option<Layer>; 3],
}

impl Town {
    /// The layers of the city in a run's folder; `None` where it has no ground.
    pub fn read(run: &Run, remarks: &mut Remarks) -> Result<Option<Town>> {
        let mut read = |quantity: &'static Quantity| -> Result<Option<Layer>> {
            let stem = city_name(quantity.name);
            if !run.has(&format!("{stem}.tif")) {
                return Ok(None);
            }
            let told = run.layer(&stem, quantity.into())?;
            Ok(told.map_err(|text| remarks.push(Remark::new(0.0, text.en, text.nl))).ok())
        };
        let Some(terrain) = read(&TERRAIN)? else { return Ok(None) };
        let others = [read(&BUILDINGS)?, read(&WATER)?, read(&CANOPY)?];
        Ok(Some(Town { terrain, others }))
    }

    /// Maps of differences over this town.
    pub fn atlas<'a>(
        &'a self,
        title: &'a str,
        attribution: &'a str,
        date: &'a str,
        synthetic: bool,
        language: Language,
    ) -> Atlas<'a> {
        let [buildings, water, canopy] = self.others.each_ref().map(|layer| layer.as_deref());
        Atlas::new(Map {
            title,
            moment: "",
            layer: &self.terrain,
            ground: Ground { terrain: &self.terrain, buildings, water, canopy },
            attribution,
            date,
            synthetic,
            language,
            longest: LONGEST,
        })
    }
}

/// The longest side of the maps of a grid, pixels.
pub(crate) fn longest(grid: &Grid) -> u32 {
    let enough = u32::try_from(grid.cols.max(grid.rows)).unwrap_or(u32::MAX).saturating_mul(PER_CELL);
    LONGEST.min(enough.max(SHORTEST))
}

/// What stands behind the name of a layer on its map: from where on a change is drawn, and its time.
pub(crate) fn moment(common: &Common, language: Language) -> String {
    let shown = common.change.shown;
    let step = common.change.steps.first().copied().unwrap_or(0.0) * shown.factor;
    let is_whole = |value: f64| (value - value.round()).abs() < 1e-6;
    // What has names has no number.
    let words = match common.change.names {
        Some(_) => String::new(),
        None => {
            let decimals = shown.decimals.max((0..3).find(|k| is_whole(step * 10f64.powi(*k))).unwrap_or(3) as usize);
            let unit = language.unit(shown.unit);
            let start = language.pick("no change below", "geen verandering onder");
            format!("{start} {} {unit}", language.number(step, decimals)).trim_end().to_string()
        }
    };
    let seconds = common.time.trim_start_matches('_').trim_end_matches('s').parse::<f64>().ok();
    let time = seconds.map(|seconds| format!("{} min", language.number(seconds / 60.0, 0)));
    [time, Some(words)].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Thresholds of a layer within areas: those that are asked for, or the first class of its maps that does not hold everything.
pub(crate) fn thresholds(quantity: &Quantity, asked: &[f64]) -> Vec<f64> {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    let is_some = |start: &f64| start.is_finite() && *start > 0.0;
    match quantity.classes {
        Classes::Steps(starts, _) => starts.iter().copied().find(is_some).into_iter().collect(),
        Classes::Named(classes, _) => classes.iter().map(|(start, ..)| *start).find(is_some).into_iter().collect(),
        Classes::Covers | Classes::Ground => Vec::new(),
    }
}

/// The statistics of both layers within areas, as a table.
pub(crate) fn within(
    areas: &Areas,
    common: &Common,
    [was, is]: &[Layer; 2],
    asked: &[f64],
) -> hanze_base::frame::Table {
    let ends = thresholds(common.variable.quantity, asked);
    let (base, run) = (areas.statistics(&was.values, &ends), areas.statistics(&is.values, &ends));
    areas.table(&common.variable.name(), common.variable.quantity.unit, &ends, &base, &run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_engine::models;

    fn common_of(name: &str) -> Common {
        let variable = models::variable(name).expect("known");
        let change = variable.quantity.change.expect("a difference");
        Common { stem: name.into(), folder: "", time: String::new(), variable, change }
    }

    #[test]
    fn cells_of_one_side_are_infinite_and_counted() {
        let none = f32::NAN;
        let (mut was, mut is) = (vec![0.3, 0.2, none, none, 0.5], vec![0.32, none, 0.4, none, 0.495]);
        let found = difference(&was, &is);
        assert_eq!(found[1..3], [f32::NEG_INFINITY, f32::INFINITY]);
        let own = Summary::of(&common_of("max_level"), &found);
        assert_eq!(
            [own.more, own.less, own.no_change, own.variant_only, own.base_only, own.without],
            [1, 0, 1, 1, 1, 1]
        );
        assert!(own.changes() && own.lowest.is_some_and(|low| (low + 0.005).abs() < 1e-6));
        zero_where(&mut was, &[1.0; 5]);
        zero_where(&mut is, &[1.0, none, 1.0, 1.0, 1.0]);
        assert!(was[2] == 0.0 && was[3] == 0.0 && is[1].is_nan() && is[3] == 0.0);
    }

    #[test]
    fn equal_layers_have_no_change() {
        let values = [1.5, f32::NAN, -3.0, 0.0];
        let found = difference(&values, &values);
        assert!(found.iter().all(|value| *value == 0.0 || value.is_nan()));
        let own = Summary::of(&common_of("max_pet"), &found);
        assert!(!own.changes() && own.no_change == 3 && own.mean == Some(0.0));
    }

    #[test]
    fn names_of_files_lead_to_layers() {
        assert_eq!(parts("frames/pet_hoeppe_000060.000s"), Some(("frames/", "pet_hoeppe", "_000060.000s")));
        assert_eq!(parts("city/terrain"), Some(("city/", "terrain", "")));
        assert_eq!((parts("a/b"), parts("frames/x")), (None, None));
        let mut own = common_of("depth");
        (own.folder, own.time) = ("frames/", "_000060.000s".into());
        assert_eq!(own.file("difference"), "frames/difference_depth_000060.000s");
        assert_eq!(moment(&own, Language::Dutch), "1 min, geen verandering onder 1 cm");
        assert_eq!(moment(&common_of("air"), Language::English), "no change below 0.1 K");
        assert_eq!(moment(&common_of("cool_places"), Language::English), "");
        assert_eq!(thresholds(common_of("max_depth").variable.quantity, &[]), [0.05]);
        assert_eq!(thresholds(common_of("max_depth").variable.quantity, &[0.1, 0.3]), [0.1, 0.3]);
    }
}
