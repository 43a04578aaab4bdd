//! The heat map of the national stress test on a city: PET by regression (Koopmans et al. 2020; RIVM 2019-0008).

use super::super::cpu::horizons::{open_sky, rays};
use super::super::cpu::shade::shade;
use super::super::forcing::cleaned;
use super::super::layers;
use super::super::national::{self, Day, Spot, shares};
use super::super::pet::PRESSURE;
use super::super::rays::Step;
use super::super::scene::Scene;
use super::super::sun::{Sun, sun};
use super::super::wind::{quarter, ratios};
use super::super::window::{Quarter, Sums, Window, count};
use super::{Hour, Layer, Product, ThermalIndices};
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::remark::Remark;
use hanze_city::City;
use hanze_weather::{self as weather, Weather, date};
use rayon::prelude::*;
use std::path::Path;

/// Height from which one looks, m, and how far: what is further off hides no sky.
const EYE: f32 = 1.2;
const FAR: f64 = 100.0;
/// Of what the heat island takes the mean, m.
const WINDOW: Window = Window { upwind: 1000.0, downwind: 100.0, aside: 250.0, calm: 350.0 };
/// Bowen ratios of plants and water, and of all else.
const BOWEN: (f64, f64) = (0.4, 3.0);
/// Hours of a day (UTC) that go with the day before.
const LATE: i64 = 7;
/// Rows that look around before the clock is looked at.
const ROWS: usize = 64;

/// Columns of a gauge.
const COLUMNS: [&str; 5] = ["pet_c", "air_c", "wind_m_per_s", "sun_min", "window_percent"];

/// An hour at the station.
struct Label {
    weather: weather::Hour,
    sun: Sun,
    /// Whether the sun was down all the hour.
    is_night: bool,
    /// K of the heat island in this hour for a sky view and a green share that add up to 1.
    island: f64,
}

/// The national product.
pub(crate) struct National {
    grid: Grid,
    scene: Scene,
    rays: Vec<Vec<Step>>,
    sky_view: Vec<f32>,
    buildings: Vec<f32>,
    trees: Vec<f32>,
    /// Plants or water, which have a low Bowen ratio; and plants alone.
    is_moist: Vec<bool>,
    is_green: Vec<bool>,
    /// Ground outside of buildings.
    is_street: Vec<bool>,
    /// Ground that the data has.
    is_known: Vec<bool>,
    hours: Vec<Label>,
    /// By quarter: sums of what the heat island depends on, and wind, where they were wanted.
    islands: Vec<(Quarter, Vec<f32>)>,
    winds: Vec<(Quarter, Vec<f32>)>,
    /// Share of all windows that the data has.
    margin: Vec<f32>,
    /// Air temperature and wind of the latest hour.
    latest: [Vec<f32>; 2],
}

/// Weather from the day before on, where the file has it, to the morning after; and the start of the first day (s since 1970).
///
/// # Errors
/// `Data` or `Io` where the file cannot be read.
pub(crate) fn read(path: &Path, start: i64, hours: i64) -> Result<Weather> {
    let end = start + 3600 * hours;
    // A day of the method lasts from 7 to 7 UTC; what a file lacks of that is done without.
    // Radiation is the mean of a whole date.
    let (early, late) = (start - 86_400, end.max(start + 86_400) + LATE * 3600);
    for (from, to) in [(early, late), (start, late), (early, end)] {
        if let Ok(found) = weather::read(path, from, to) {
            return Ok(found);
        }
    }
    weather::read(path, start, end)
}

impl National {
    /// Sets it up for hours that end after `start` and not after `end` (s since 1970); weather may have more. What had to be done
    /// without is added to its repairs.
    ///
    /// # Errors
    /// `Scenario` for a season that the method does not know.
    pub(crate) fn new(
        city: &City,
        weather: &mut Weather,
        (start, end): (i64, i64),
        (latitude, longitude): (f64, f64),
    ) -> Result<National> {
        let grid = city.grid;
        let layer = |layer: &Option<hanze_base::raster::Raster>| {
            layer.as_ref().map_or(Vec::new(), |raster| raster.values.clone())
        };
        let (buildings, trees) = (layer(&city.buildings), layer(&city.canopy));
        let at = |values: &[f32], cell: usize| values.get(cell).map_or(0.0, |value| value.max(0.0));
        // Leaves let nothing through.
        let tall: Vec<f32> = (0..grid.len()).map(|cell| at(&buildings, cell).max(at(&trees, cell))).collect();
        let mut scene = Scene::new(grid, &city.terrain.values, &tall, &[], EYE);
        // One stands below a tree and not upon it.
        let eyes = scene.eye.iter_mut().zip(&tall).enumerate();
        eyes.for_each(|(cell, (eye, tall))| *eye -= tall - at(&buildings, cell));
        let cover = |cell: usize, kinds: &[Cover]| {
            let code = city.cover.as_ref().map(|cover| cover.values[cell]);
            code.is_some_and(|code| kinds.iter().any(|kind| f32::from(*kind as u8) == code))
        };
        let is_green: Vec<bool> =
            (0..grid.len()).map(|cell| at(&trees, cell) > 0.0 || cover(cell, &[Cover::Grass])).collect();
        let is_moist = (0..grid.len()).map(|cell| is_green[cell] || cover(cell, &[Cover::Water])).collect();
        Ok(National {
            grid,
            rays: rays(&scene, FAR),
            scene,
            sky_view: Vec::with_capacity(grid.len()),
            is_street: (0..grid.len())
                .map(|cell| at(&buildings, cell) <= 0.0 && !city.terrain.values[cell].is_nan())
                .collect(),
            is_known: city.terrain.values.iter().map(|z| !z.is_nan()).collect(),
            is_moist,
            is_green,
            buildings,
            trees,
            hours: labels(weather, (start, end), (latitude, longitude))?,
            islands: Vec::new(),
            winds: Vec::new(),
            margin: vec![1.0; grid.len()],
            latest: [Vec::new(), Vec::new()],
        })
    }

    /// Twice 1 less sky view and green share in the window of each cell.
    fn island(&mut self, from: Quarter) -> usize {
        if let Some(at) = self.islands.iter().position(|(known, _)| *known == from) {
            return at;
        }
        let grid = self.grid;
        let National { is_street, is_known, sky_view, is_green, .. } = &*self;
        let known = Sums::new(&grid, |cell| f64::from(u8::from(is_known[cell])));
        // The sky is that of streets and gardens, not of roofs.
        let streets = Sums::new(&grid, |cell| f64::from(u8::from(is_street[cell])));
        let sky = Sums::new(&grid, |cell| if is_street[cell] { f64::from(sky_view[cell]) } else { 0.0 });
        let green = Sums::new(&grid, |cell| f64::from(u8::from(is_known[cell] && is_green[cell])));
        let all: Vec<(f32, f32)> = (0..grid.len())
            .into_par_iter()
            .map(|cell| {
                let (window, share) = WINDOW.cells(&grid, from, cell);
                let open = streets.within(window);
                let sky = if open > 0.5 { sky.within(window) / open } else { 1.0 };
                // What the data does not have stands for nothing.
                let there = known.within(window);
                let green = if there > 0.5 { green.within(window) / there } else { 0.0 };
                ((2.0 - sky - green) as f32, (share * there / count(window) as f64) as f32)
            })
            .collect();
        self.margin.iter_mut().zip(&all).for_each(|(least, (_, share))| *least = least.min(*share));
        self.islands.push((from, all.into_iter().map(|(sum, _)| sum).collect()));
        self.islands.len() - 1
    }

    fn wind(&mut self, from: Quarter) -> usize {
        self.winds.iter().position(|(known, _)| *known == from).unwrap_or_else(|| {
            self.winds.push((from, ratios(&self.grid, &self.buildings, &self.trees, &self.is_known, from)));
            self.winds.len() - 1
        })
    }

    /// Where the sun comes to: 1, or 0 in the shade of houses and below and behind trees.
    fn sunny(&self, label: &Label) -> Vec<f32> {
        if label.weather.global <= 0.0 || label.sun.altitude <= 0.0 {
            return vec![0.0; self.grid.len()];
        }
        let mut lit = shade(&self.scene, label.sun, 0.0);
        lit.iter_mut().zip(&self.trees).for_each(|(lit, tree)| *lit *= f32::from(u8::from(*tree <= 0.0)));
        lit
    }
}

/// Hours of a run, with the sun at their end and the heat island of their day.
fn labels(weather: &mut Weather, (start, end): (i64, i64), (latitude, longitude): (f64, f64)) -> Result<Vec<Label>> {
    let day_of = |end: i64| (end - 1 - LATE * 3600).div_euclid(86_400);
    let civil = |end: i64| (end - 1).div_euclid(86_400);
    let (mut short, mut first_short) = (0usize, None);
    let mut labels = Vec::new();
    // A season that the method does not know is said first.
    for hour in weather.hours.iter().filter(|hour| hour.end > start && hour.end <= end) {
        let date = date(civil(hour.end));
        shares(date.month(), date.day())?;
    }
    // The clock is that of the sun, and stray light of the night is none.
    let (cleaned, suns) = cleaned(weather, latitude, longitude)?;
    *weather = cleaned;
    let all = &weather.hours;
    for (hour, suns) in all.iter().zip(&suns).filter(|(hour, _)| hour.end > start && hour.end <= end) {
        // The day by the method, or else what the file has of it, or else the civil day.
        let whole = |day: i64| all.iter().filter(|other| day_of(other.end) == day).collect::<Vec<_>>();
        let mut of_day = whole(day_of(hour.end));
        if of_day.len() < 24 {
            let same_day: Vec<_> = all.iter().filter(|other| civil(other.end) == civil(hour.end)).collect();
            (short, first_short) = (short + 1, first_short.or(Some(civil(hour.end))));
            of_day = same_day;
        }
        // Radiation is that of a date: of the one on which the day of the method began.
        let lit = civil(of_day.first().map_or(hour.end, |first| first.end));
        let mut of_date: Vec<_> = all.iter().filter(|other| civil(other.end) == lit).collect();
        if of_date.len() < 24 {
            of_date = all.iter().filter(|other| civil(other.end) == civil(hour.end)).collect();
        }
        let mean = |hours: &[&weather::Hour], of: fn(&weather::Hour) -> f64| {
            hours.iter().map(|hour| of(hour)).sum::<f64>() / hours.len().max(1) as f64
        };
        let day = Day {
            warmest: of_day.iter().map(|hour| hour.air).fold(f64::MIN, f64::max),
            coolest: of_day.iter().map(|hour| hour.air).fold(f64::MAX, f64::min),
            wind: mean(&of_day, |hour| hour.mean_wind).max(0.1),
            global: mean(&of_date, |hour| hour.global),
        };
        let date = date(civil(hour.end));
        let of_hour = shares(date.month(), date.day())?[(hour.end.rem_euclid(86_400) / 3600) as usize];
        let island = of_hour * day.island(1.0, 0.0, hour.air, hour.pressure.unwrap_or(PRESSURE));
        let is_night = suns.iter().all(|sun| sun.altitude < 0.0);
        labels.push(Label { weather: *hour, sun: sun(latitude, longitude, hour.end as f64)?, is_night, island });
    }
    if let Some(first) = first_short.map(date) {
        let count = labels.len();
        weather.repairs.push(Remark::new(
            short as f64 / count.max(1) as f64,
            format!(
                "the heat island wants a whole day from 8 to 7 h UTC: for {short} of {count} hours, the first on {first}, the hours of the date \
                 itself are taken"
            ),
            format!(
                "het hitte-eiland vraagt een hele dag van 8 tot 7 uur UTC: voor {short} van de {count} uren, de eerste op {first}, zijn de uren \
                 van de datum zelf gebruikt"
            ),
        ));
    }
    if labels.is_empty() {
        return Err(Error::scenario("heat.date", "has no hours", "choose a date within the weather"));
    }
    Ok(labels)
}

impl Product for National {
    fn hours(&self) -> Vec<Hour> {
        let of = |label: &Label| Hour { end: label.weather.end, air: label.weather.air, is_night: label.is_night };
        self.hours.iter().map(of).collect()
    }

    fn look(&mut self) -> Result<bool> {
        let (done, rows) = (self.sky_view.len() / self.grid.cols, self.grid.rows);
        let band = done..(done + ROWS).min(rows);
        self.sky_view.extend(open_sky(&self.scene, &self.rays, band));
        Ok(self.sky_view.len() == self.grid.len())
    }

    fn hour(&mut self, at: usize) -> Result<ThermalIndices> {
        let weather = self.hours[at].weather;
        let from = quarter(&weather);
        let (island, wind) = (self.island(from), self.wind(from));
        let label = &self.hours[at];
        let lit = self.sunny(label);
        let hour = national::Hour {
            wet_bulb: national::wet_bulb(weather.air, weather.humidity),
            global: weather.global,
            altitude: label.sun.altitude.to_degrees(),
        };
        let (islands, ratios) = (&self.islands[island].1, &self.winds[wind].1);
        let air: Vec<f32> =
            islands.par_iter().map(|sum| (weather.air + label.island * f64::from(*sum)) as f32).collect();
        let wind: Vec<f32> =
            ratios.par_iter().map(|ratio| national::wind(f64::from(*ratio), weather.wind) as f32).collect();
        let pet = |cell: usize| {
            let spot = Spot {
                air: f64::from(air[cell]),
                wind: f64::from(wind[cell]),
                sky_view: f64::from(self.sky_view[cell]),
                bowen: if self.is_moist[cell] { BOWEN.0 } else { BOWEN.1 },
                sunny: lit[cell] > 0.5,
            };
            hour.pet(&spot) as f32
        };
        let pet: Vec<f32> = (0..self.grid.len()).into_par_iter().map(pet).collect();
        self.latest = [air.clone(), wind];
        let words = "air temperature with the heat island, at the full hour";
        Ok(ThermalIndices {
            pet,
            sun: lit,
            air: Vec::new(),
            others: vec![Layer { quantity: &layers::AIR, words, values: air }],
        })
    }

    fn columns(&self) -> &'static [&'static str] {
        &COLUMNS
    }

    fn reading(&mut self, cell: usize, indices: &ThermalIndices) -> Result<Vec<f64>> {
        let [air, wind] = &self.latest;
        let row = [indices.pet[cell], air[cell], wind[cell], 60.0 * indices.sun[cell], 100.0 * self.margin[cell]];
        Ok(row.map(f64::from).to_vec())
    }

    fn words(&self) -> [&'static str; 2] {
        [
            "felt temperature (PET by the national method) at the full hour",
            "1 where the sun comes to at the full hour, else 0",
        ]
    }

    fn layers(&mut self) -> Result<Vec<Layer>> {
        let green = self.is_green.iter().map(|is_green| f32::from(u8::from(*is_green))).collect();
        Ok(vec![
            Layer {
                quantity: &layers::SKY_VIEW,
                words: "sky view factor within 100 m, trees taken as opaque",
                values: self.sky_view.clone(),
            },
            Layer { quantity: &layers::GREEN, words: "1 where there are plants or trees, else 0", values: green },
            Layer {
                quantity: &layers::WINDOW_SHARE,
                words: "share of the surroundings upwind (1 km) that the data has: where it is less than 1 the margin is too small",
                values: self.margin.clone(),
            },
        ])
    }

    fn margin(&self) -> Option<&[f32]> {
        Some(&self.margin)
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "product": "national",
            "method": "Koopmans et al. 2020, RIVM 2019-0008",
            "computed_on": "cpu",
            "eye_m": EYE,
            "horizon_m": FAR,
            "green": "land cover and trees (no NDVI)",
        })
    }

    fn state(&mut self) -> Result<Vec<f32>> {
        Ok(self.margin.clone())
    }

    fn state_len(&self) -> usize {
        self.grid.len()
    }

    fn set_state(&mut self, state: Vec<f32>) -> Result<()> {
        self.margin = state;
        Ok(())
    }
}
