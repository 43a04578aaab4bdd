//! What a hot day means for neighbourhoods and buildings, and in words.

use super::cool::{Cool, FAR, NEAR};
use super::sums::{EXTREME, HOT, Noon, Summary, Sums, WARM};
use glam::DVec2;
use hanze_base::frame::Table;
use hanze_base::grid::Grid;
use hanze_base::objects::Shape;
use hanze_base::places::{Place, Places};
use hanze_base::words::{Language, Text};
use hanze_weather::stamp;

/// What a run came to.
pub(super) struct Facts<'a> {
    pub(super) grid: &'a Grid,
    /// Whether a cell is open ground.
    pub(super) is_open: &'a [bool],
    pub(super) sums: &'a Sums,
    /// Mean PET and share of sun around noon, where there were such hours; and what is cool then.
    pub(super) noon: Option<[Vec<f32>; 2]>,
    pub(super) cool: Option<Cool>,
    /// Share of the surroundings that the data has, where they matter.
    pub(super) margin: Option<&'a [f32]>,
}

/// Columns of open ground.
const GROUND: [&str; 13] = [
    "open_m2",
    "mean_highest_pet_c",
    "over_41_c_percent",
    "over_35_c_h",
    "sun_h",
    "noon_pet_c",
    "noon_below_29_c_percent",
    "noon_29_to_35_c_percent",
    "noon_35_to_41_c_percent",
    "noon_over_41_c_percent",
    "noon_shade_percent",
    "cool_place_percent",
    "warm_night_h",
];

impl Facts<'_> {
    /// Mean over cells of open ground for each of `GROUND`; NaN for none.
    fn over(&self, cells: impl Iterator<Item = usize>) -> [f64; 13] {
        let mut sums = [0.0; 13];
        let percent = |is: bool| if is { 100.0 } else { 0.0 };
        for cell in cells.filter(|cell| self.is_open[*cell]) {
            let Sums { max_pet, hot, sun, warm, .. } = self.sums;
            let mut row = [0.0; 13];
            row[0] = 1.0;
            row[1] = f64::from(max_pet[cell]);
            row[2] = percent(max_pet[cell] > EXTREME);
            row[3] = f64::from(hot[cell]);
            row[4] = f64::from(sun[cell]);
            if let Some([pet, sun]) = &self.noon {
                let pet = pet[cell];
                row[5] = f64::from(pet);
                row[6] = percent(pet <= 29.0);
                row[7] = percent(pet > 29.0 && pet <= HOT);
                row[8] = percent(pet > HOT && pet <= EXTREME);
                row[9] = percent(pet > EXTREME);
                row[10] = 100.0 - 100.0 * f64::from(sun[cell]);
            }
            row[11] = self.cool.as_ref().map_or(f64::NAN, |cool| percent(cool.places[cell] > 0.0));
            row[12] = f64::from(warm[cell]);
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        let count = sums[0];
        let mut means = sums.map(|sum| sum / count);
        means[0] = count * self.grid.cell_area();
        if self.noon.is_none() {
            means[5..12].fill(f64::NAN);
        }
        if self.sums.nights == 0 {
            means[12] = f64::NAN;
        }
        means
    }

    /// Columns of the city's own air; none where it has none.
    fn air_columns(&self) -> &'static [&'static str] {
        const COLUMNS: [&str; 4] = ["degree_hours_25_c", "max_island_k", "night_island_k", "tropical_nights"];
        if self.sums.has_air() { &COLUMNS } else { &[] }
    }

    /// Means over open ground for each of `air_columns`; NaN for none.
    fn air(&self, cells: impl Iterator<Item = usize>) -> Vec<f64> {
        if !self.sums.has_air() {
            return Vec::new();
        }
        let nights = if self.sums.nights > 0 { self.sums.nights as f64 } else { f64::NAN };
        let Sums { degree_hours, island, tropical, night_sum, .. } = self.sums;
        let mut sums = [0.0; 5];
        for cell in cells.filter(|cell| self.is_open[*cell]) {
            let values = [degree_hours[cell], island[cell], night_sum[cell], tropical[cell]].map(f64::from);
            let row = [values[0], values[1], values[2] / nights, values[3], 1.0];
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        sums[..4].iter().map(|sum| sum / sums[4]).collect()
    }

    /// Cells of a place and those that touch them.
    fn surroundings(&self, place: &Place) -> Vec<usize> {
        let (cols, rows) = (self.grid.cols, self.grid.rows);
        let beside = place.outline.indices(self.grid).flat_map(|cell| {
            let (col, row) = (cell % cols, cell / cols);
            let rows = row.saturating_sub(1)..(row + 2).min(rows);
            rows.flat_map(move |row| (col.saturating_sub(1)..(col + 2).min(cols)).map(move |col| row * cols + col))
        });
        let mut cells: Vec<usize> = beside.collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// Walk from a building to the next cool place, m: from the side that is nearest; NaN where there is none.
    fn walk(&self, cells: &[usize]) -> f64 {
        let Some(cool) = &self.cool else { return f64::NAN };
        // What is not found within reach has no number.
        let metres = cells.iter().map(|cell| cool.distance[*cell]).filter(|metres| *metres < FAR as f32);
        metres.reduce(f32::min).map_or(f64::NAN, f64::from)
    }
}

/// Where a place lies: the middle of its bounds.
fn middle(place: &Place) -> Option<DVec2> {
    place.outline.bounds().map(|(low, high)| 0.5 * (low + high))
}

/// Tables of neighbourhoods and buildings.
pub(super) fn tables(facts: &Facts, places: &Places) -> Vec<Table> {
    let table = |name: &str, words: &str, places: &[Place], more: &[&str], rows: Vec<Vec<f64>>| Table {
        name: name.into(),
        description: words.into(),
        names: places.iter().map(|place| place.name.clone()).collect(),
        columns: GROUND.iter().chain(more).map(|name| (*name).to_string()).collect(),
        rows,
        shapes: places.iter().map(|place| Shape::Outline(place.outline.clone())).collect(),
    };
    let surroundings: Vec<Vec<usize>> = places.buildings.iter().map(|place| facts.surroundings(place)).collect();
    let walks: Vec<f64> = surroundings.iter().map(|cells| facts.walk(cells)).collect();
    let mut tables = Vec::new();
    if !places.areas.is_empty() {
        let middles: Vec<Option<DVec2>> = places.buildings.iter().map(middle).collect();
        let row = |area: &Place| {
            let mut row = facts.over(area.outline.indices(facts.grid)).to_vec();
            let homes = (0..walks.len()).filter(|k| middles[*k].is_some_and(|middle| area.outline.holds(middle)));
            let (near, all) = homes.fold((0.0, 0.0), |(near, all), k| {
                (near + f64::from(u8::from(walks[k] <= f64::from(NEAR))), all + 1.0)
            });
            row.push(if facts.cool.is_some() { 100.0 * near / all } else { f64::NAN });
            if let Some(margin) = facts.margin {
                let (sum, count) = area
                    .outline
                    .indices(facts.grid)
                    .fold((0.0, 0.0), |(sum, count), cell| (sum + f64::from(margin[cell]), count + 1.0));
                row.push(100.0 * sum / count);
            }
            row.extend(facts.air(area.outline.indices(facts.grid)));
            row
        };
        let words = "open ground of each neighbourhood: felt temperature (PET), sun, and coolness within reach";
        let mut more = vec!["buildings_near_cool_percent"];
        more.extend(facts.margin.map(|_| "window_percent"));
        more.extend(facts.air_columns());
        let more = &more[..];
        tables.push(table("neighbourhoods", words, &places.areas, more, places.areas.iter().map(row).collect()));
    }
    if !places.buildings.is_empty() {
        let row = |(cells, walk): (Vec<usize>, &f64)| {
            let air = facts.air(cells.iter().copied());
            let mut row = facts.over(cells.into_iter()).to_vec();
            row.push(*walk);
            row.extend(air);
            row
        };
        let mut more = vec!["to_cool_m"];
        more.extend(facts.air_columns());
        let rows = surroundings.into_iter().zip(&walks).map(row).collect();
        let words = "open ground that touches each building: felt temperature (PET), sun, and the walk to a cool place";
        tables.push(table("buildings", words, &places.buildings, &more, rows));
    }
    tables
}

/// Share of open ground for which the data reaches far enough, %; all of it where there is none.
fn whole_margin(margin: &[f32], is_open: &[bool]) -> f64 {
    let open = margin.iter().zip(is_open).filter(|(_, open)| **open);
    let (whole, all) =
        open.fold((0.0, 0.0), |(whole, all), (share, _)| (whole + f64::from(u8::from(*share > 0.999)), all + 1.0f64));
    if all > 0.0 { 100.0 * whole / all } else { 100.0 }
}

/// Whether the margin around a city is wide enough, for the record.
pub(super) fn margin_words(margin: &[f32], is_open: &[bool]) -> String {
    let whole = whole_margin(margin, is_open);
    if whole > 99.9 {
        "wide enough".into()
    } else {
        format!("margin too small: the surroundings are whole for {whole:.0} % of the ground")
    }
}

/// Sentences.
pub(super) fn story(facts: &Facts) -> Vec<Text> {
    let both = |words: &dyn Fn(Language) -> String| Text::new(words(Language::English), words(Language::Dutch));
    let mut story = Vec::new();
    let is_felt = |(hottest, _): &(&Summary, String)| !(hottest.sunny.is_nan() && hottest.shady.is_nan());
    if let Some((hottest, when)) = facts.sums.hottest().filter(is_felt) {
        let words = |language: Language| {
            let number = |value: f64| language.number(value, 1);
            let air = number(hottest.air);
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
        story.push(both(&words));
    }
    let means = facts.over(0..facts.is_open.len());
    if means[0] > 0.0 {
        story.push(both(&|language| day(language, &means)));
        if facts.noon.is_some() {
            story.push(both(&|language| noon(language, facts.sums.noon_hours, &means)));
        }
        if facts.sums.nights > 0 {
            story.push(both(&|language| {
                let (warm, nights) = (language.number(means[12], 1), language.number(facts.sums.nights as f64, 0));
                match language {
                    Language::English => format!("Of {nights} hours of night {warm} felt warmer than {WARM} °C (PET)."),
                    Language::Dutch => {
                        format!("Van de {nights} nachturen voelden er {warm} warmer aan dan {WARM} °C (PET).")
                    }
                }
            }));
        }
    }
    if let Some(texts) = air(facts) {
        story.extend(texts.map(|words| both(&words)));
    }
    if let Some(whole) = facts.margin.map(|margin| whole_margin(margin, facts.is_open)).filter(|whole| *whole <= 99.9) {
        story.push(both(&|language| {
            let part = language.number(100.0 - whole, 0);
            match language {
                Language::English => format!(
                    "Margin too small: for {part} % of the ground the data does not reach a kilometre upwind, and what there is stands for the \
                     rest. The layer window_share shows where."
                ),
                Language::Dutch => format!(
                    "Marge te klein: voor {part} % van de grond reiken de gegevens geen kilometer tegen de wind in, en staat wat er is voor de \
                     rest. De laag window_share laat zien waar."
                ),
            }
        }));
    }
    story
}

/// A sentence in a language.
type Words = Box<dyn Fn(Language) -> String>;

/// What there is to say of the city's own air: how warm it gets by day, and the heat island by night.
fn air(facts: &Facts) -> Option<[Words; 2]> {
    let hours = facts.sums.summaries.iter().filter(|hour| !hour.city.is_nan());
    let island = |hour: &&Summary| hour.city - hour.air;
    let warmest = hours.clone().max_by(|a, b| a.city.total_cmp(&b.city))?;
    let (city, station, when) = (warmest.city, warmest.air, stamp(warmest.end));
    let day: Words = Box::new(move |language| {
        let [city, station] = [city, station].map(|value| language.number(value, 1));
        match language {
            Language::English => format!(
                "The air between the houses was warmest in the hour that ended at {when}: {city} °C on average, with {station} °C at the \
                 weather station."
            ),
            Language::Dutch => format!(
                "De lucht tussen de huizen was het warmst in het uur dat eindigde om {when}: gemiddeld {city} °C. Bij het weerstation was \
                 het {station} °C."
            ),
        }
    });
    let nights: Vec<&Summary> = hours.filter(|hour| hour.night > 0.0).collect();
    let most = nights.iter().copied().max_by(|a, b| island(a).total_cmp(&island(b)));
    let mean = nights.iter().map(island).sum::<f64>() / nights.len().max(1) as f64;
    let most = most.map(|hour| (island(&hour), stamp(hour.end)));
    let open = facts.is_open.iter().zip(&facts.sums.tropical).filter(|(open, _)| **open);
    let (sum, count) = open.fold((0.0, 0.0f64), |(sum, count), (_, nights)| (sum + f64::from(*nights), count + 1.0));
    let (tropical, whole) = (sum / count.max(1.0), facts.sums.whole_nights());
    let night: Words = Box::new(move |language| {
        let Some((most, when)) = &most else {
            return language.pick("The run has no night.", "De berekening heeft geen nacht.").into();
        };
        let [mean, most] = [mean, *most].map(|value| language.number(value, 1));
        let island = match language {
            Language::English => format!(
                "By night the air in the city was {mean} K warmer than at the weather station on average, and {most} K in the hour that ended at \
                 {when} (the heat island)."
            ),
            Language::Dutch => format!(
                "'s Nachts was de lucht in de stad gemiddeld {mean} K warmer dan bij het weerstation, en {most} K in het uur dat eindigde \
                 om {when} (het hitte-eiland)."
            ),
        };
        let nights = tropical_nights(language, whole as f64, tropical);
        format!("{island} {nights}")
    });
    Some([day, night])
}

/// How many of the nights that ended in the run stayed above 20 °C, on average over the open ground.
fn tropical_nights(language: Language, whole: f64, tropical: f64) -> String {
    let (nights, stayed) = (language.number(whole, 0), language.number(tropical, 1));
    // Not all of it is never 100 %, and some of it never 0 %.
    let share = (100.0 * tropical / whole.max(1.0)).clamp(1.0, 99.0);
    let percent = language.number(share, 0);
    match language {
        Language::English if whole < 1.0 => "No night ended in the run.".into(),
        Language::Dutch if whole < 1.0 => "Er eindigde geen nacht in de berekening.".into(),
        Language::English if whole < 2.0 && tropical <= 0.0 => {
            "The night was below 20 °C everywhere for some time (no tropical night).".into()
        }
        Language::Dutch if whole < 2.0 && tropical <= 0.0 => {
            "De nacht bleef nergens boven 20 °C (geen tropennacht).".into()
        }
        Language::English if whole < 2.0 && tropical >= whole => {
            "The night stayed above 20 °C everywhere (a tropical night).".into()
        }
        Language::Dutch if whole < 2.0 && tropical >= whole => {
            "De nacht bleef overal boven 20 °C (een tropennacht).".into()
        }
        Language::English if whole < 2.0 => {
            format!("The night stayed above 20 °C on {percent} % of the open ground (a tropical night there).")
        }
        Language::Dutch if whole < 2.0 => {
            format!("De nacht bleef op {percent} % van de open grond boven 20 °C (daar een tropennacht).")
        }
        Language::English => {
            format!(
                "Of the {nights} nights that ended in the run {stayed} stayed above 20 °C on average (tropical nights)."
            )
        }
        Language::Dutch => {
            format!(
                "Van de {nights} nachten in de berekening bleven er gemiddeld {stayed} boven 20 °C (tropennachten)."
            )
        }
    }
}

fn day(language: Language, means: &[f64; 13]) -> String {
    let [mean, extreme, hot, sun] = [means[1], means[2], means[3], means[4]].map(|value| language.number(value, 1));
    match language {
        Language::English => format!(
            "At its hottest the open ground felt like {mean} °C on average, and {extreme} % of it hotter than {EXTREME} °C (extreme \
             heat stress). On average it felt hotter than {HOT} °C for {hot} hours, and had {sun} hours of sun."
        ),
        Language::Dutch => format!(
            "Op het heetste moment voelde het buiten gemiddeld als {mean} °C, en op {extreme} % van de grond heter dan {EXTREME} °C \
             (extreme hittestress). Gemiddeld voelde het {hot} uur heter dan {HOT} °C, en scheen de zon {sun} uur."
        ),
    }
}

fn noon(language: Language, hours: Noon, means: &[f64; 13]) -> String {
    let [mean, strong, extreme, shade, cool] =
        [means[5], means[8], means[9], means[10], means[11]].map(|value| language.number(value, 1));
    let (from, to) = hours.ends();
    match language {
        Language::English => format!(
            "Around noon (the hours that end at {from} to {to} h UTC) it felt like {mean} °C on average: strong heat stress on {strong} % of \
             the open ground, extreme on {extreme} %. {shade} % was in the shade, and {cool} % lay in a cool place."
        ),
        Language::Dutch => format!(
            "Rond de middag (de uren die eindigen om {from} tot {to} uur UTC) voelde het gemiddeld als {mean} °C: sterke hittestress op \
             {strong} % van de open grond, extreme op {extreme} %. {shade} % lag in de schaduw, en {cool} % in een koele plek."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_are_told_by_their_number() {
        for (whole, tropical, english, dutch) in [
            (0.0, 0.0, "No night", "geen nacht"),
            (1.0, 1.0, "everywhere", "bleef overal boven"),
            (1.0, 0.25, "on 25 % of", "op 25 % van"),
            (1.0, 0.9965, "on 99 % of", "op 99 % van"),
            (1.0, 0.002, "on 1 % of", "op 1 % van"),
            (1.0, 0.0, "below 20 °C everywhere", "bleef nergens boven"),
            (3.0, 1.5, "Of the 3 nights that ended in the run 1.5 stayed", "bleven er gemiddeld 1,5 boven"),
        ] {
            let sentences =
                [Language::English, Language::Dutch].map(|language| tropical_nights(language, whole, tropical));
            assert!(sentences[0].contains(english) && sentences[1].contains(dutch), "{sentences:?}");
        }
    }
}
