//! What a hot day means for neighbourhoods and buildings, and in words.

use super::model::{EXTREME, HOT, Summary};
use crate::frame::Table;
use crate::grid::Grid;
use crate::objects::Shape;
use crate::places::{Place, Places};
use crate::weather::stamp;
use crate::words::{Language, Text};

/// What a run came to.
pub(super) struct Facts<'a> {
    pub(super) grid: &'a Grid,
    /// Whether a cell is open ground.
    pub(super) is_open: &'a [bool],
    /// Highest PET, °C.
    pub(super) max_pet: &'a [f32],
    /// Hours over 35 °C PET.
    pub(super) hot: &'a [f32],
    /// Hours of sun.
    pub(super) sun: &'a [f32],
    pub(super) hours: &'a [Summary],
}

impl Facts<'_> {
    /// Mean highest PET, share over 41 °C (%), mean hours over 35 °C, and mean hours of sun over cells; NaN for none.
    fn over(&self, cells: impl Iterator<Item = usize>) -> [f64; 5] {
        let mut sums = [0.0; 5];
        for cell in cells.filter(|cell| self.is_open[*cell]) {
            sums[0] += 1.0;
            sums[1] += f64::from(self.max_pet[cell]);
            sums[2] += if self.max_pet[cell] > EXTREME { 100.0 } else { 0.0 };
            sums[3] += f64::from(self.hot[cell]);
            sums[4] += f64::from(self.sun[cell]);
        }
        let [count, pet, extreme, hot, sun] = sums;
        [count * self.grid.cell_area(), pet / count, extreme / count, hot / count, sun / count]
    }
}

/// Tables of neighbourhoods and buildings.
pub(super) fn tables(facts: &Facts, places: &Places) -> Vec<Table> {
    const COLUMNS: [&str; 5] = ["open_m2", "mean_highest_pet_c", "over_41_c_percent", "over_35_c_h", "sun_h"];
    let table = |name: &str, words: &str, places: &[Place], rows: Vec<Vec<f64>>| Table {
        name: name.into(),
        description: words.into(),
        names: places.iter().map(|place| place.name.clone()).collect(),
        columns: COLUMNS.map(String::from).to_vec(),
        rows,
        shapes: places.iter().map(|place| Shape::Outline(place.outline.clone())).collect(),
    };
    let mut tables = Vec::new();
    if !places.areas.is_empty() {
        let rows = places.areas.iter().map(|area| facts.over(area.outline.indices(facts.grid)).to_vec());
        let words = "open ground of each neighbourhood: highest felt temperature (PET), hours of heat and of sun";
        tables.push(table("neighbourhoods", words, &places.areas, rows.collect()));
    }
    if !places.buildings.is_empty() {
        let (cols, rows) = (facts.grid.cols, facts.grid.rows);
        let around = |place: &Place| {
            let beside = place.outline.indices(facts.grid).flat_map(|cell| {
                let (col, row) = (cell % cols, cell / cols);
                let rows = row.saturating_sub(1)..(row + 2).min(rows);
                rows.flat_map(move |row| (col.saturating_sub(1)..(col + 2).min(cols)).map(move |col| row * cols + col))
            });
            let mut cells: Vec<usize> = beside.collect();
            cells.sort_unstable();
            cells.dedup();
            facts.over(cells.into_iter()).to_vec()
        };
        let rows = places.buildings.iter().map(around).collect();
        let words = "open ground that touches each building: highest felt temperature (PET), hours of heat and of sun";
        tables.push(table("buildings", words, &places.buildings, rows));
    }
    tables
}

/// Sentences.
pub(super) fn story(facts: &Facts) -> Vec<Text> {
    let mut story = Vec::new();
    let warmth = |hour: &&Summary| if hour.sunny.is_nan() { hour.shady } else { hour.sunny };
    if let Some(hottest) = facts.hours.iter().max_by(|a, b| warmth(a).total_cmp(&warmth(b))) {
        let words = |language: Language| {
            let number = |value: f64| language.number(value, 1);
            let (when, air) = (stamp(hottest.end), number(hottest.air));
            let felt = match (hottest.sunny.is_nan(), hottest.shady.is_nan()) {
                (true, _) => language.pick("it felt like S", "voelde het als S").replace('S', &number(hottest.shady)),
                (_, true) => language
                    .pick("it felt like Z in the sun", "voelde het in de zon als Z")
                    .replace('Z', &number(hottest.sunny)),
                _ => language
                    .pick(
                        "it felt like Z in the sun and like S in the shade",
                        "voelde het in de zon als Z en in de schaduw als S",
                    )
                    .replace('Z', &number(hottest.sunny))
                    .replace('S', &number(hottest.shady)),
            };
            match language {
                Language::English => {
                    format!("The hottest hour ended at {when}: the air had {air} °C, and {felt} (°C PET).")
                }
                Language::Dutch => {
                    format!("Het heetste uur eindigde om {when}: de lucht was {air} °C, en {felt} (°C PET).")
                }
            }
        };
        story.push(Text::new(words(Language::English), words(Language::Dutch)));
    }
    let [area, mean, extreme, hot, sun] = facts.over(0..facts.is_open.len());
    if area > 0.0 {
        let words = |language: Language| {
            let number = |value: f64| language.number(value, 1);
            let (mean, extreme, hot, sun) = (number(mean), number(extreme), number(hot), number(sun));
            match language {
                Language::English => format!(
                    "At its hottest the open ground felt like {mean} °C on average, and {extreme} % of it hotter than {EXTREME} °C (extreme \
                     heat stress). On average it felt hotter than {HOT} °C for {hot} hours, and had {sun} hours of sun."
                ),
                Language::Dutch => format!(
                    "Op zijn heetst voelde het buiten gemiddeld als {mean} °C, en op {extreme} % van de grond heter dan {EXTREME} °C \
                     (extreme hittestress). Gemiddeld voelde het {hot} uur heter dan {HOT} °C, en scheen de zon {sun} uur."
                ),
            }
        };
        story.push(Text::new(words(Language::English), words(Language::Dutch)));
    }
    story
}
