//! What covers the ground, by a table of codes: a raster of land use, and polygons on top of it.

use super::Scenario;
use super::city::{Input, note_share};
use hanze_base::checksum::of_file;
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::raster::Raster;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Language;
use hanze_city::codes::{Class, Codes, SHIPPED};
use hanze_city::holes;
use hanze_city::read::{Quantity, Value};
use hanze_city::resample::{Method, resample};
use rayon::prelude::*;

/// Codes without a class that a remark names.
const SHOWN: usize = 10;
/// Class of a part of a cell that has none.
const NO_CLASS: u16 = u16::MAX;
/// Side of the parts in which cells are looked at, m, parts along the side of a cell at most, and parts in all.
const PART: f64 = 0.5;
const MOST_PARTS: usize = 16;
const MOST_PARTS_IN_ALL: usize = 64_000_000;

/// What covers the ground: of each cell, the classes of its parts, so that it has every class by its share.
pub(super) struct Ground {
    pub(super) grid: Grid,
    pub(super) codes: Option<Codes>,
    /// Parts along the side of a cell.
    parts: usize,
    /// Class of each part, or `NO_CLASS`, on a grid as much finer.
    class: Vec<u16>,
}

impl Ground {
    /// The classes of the parts of each cell, as something makes of them.
    fn of_cells(&self, of: impl Fn(&mut dyn Iterator<Item = u16>) -> f32 + Sync) -> Vec<f32> {
        let (parts, cols) = (self.parts, self.grid.cols);
        let cell = |cell: usize| {
            let first = (cell / cols * cols * parts + cell % cols) * parts;
            let rows = (0..parts).map(|row| first + row * cols * parts);
            of(&mut rows.flat_map(|first| &self.class[first..first + parts]).copied())
        };
        (0..self.grid.len()).into_par_iter().map(cell).collect()
    }

    /// A value for each cell: the mean over its parts.
    pub(super) fn each(&self, value: impl Fn(&Class) -> f64, default: f64) -> Vec<f32> {
        let values: Vec<f64> = self.codes.iter().flat_map(|codes| &codes.classes).map(value).collect();
        let count = (self.parts * self.parts) as f64;
        self.of_cells(|classes| {
            (classes.map(|class| values.get(usize::from(class)).copied().unwrap_or(default)).sum::<f64>() / count)
                as f32
        })
    }

    /// What covers the largest share of each cell.
    pub(super) fn cover(&self) -> Option<Raster> {
        let codes = self.codes.as_ref()?;
        let values = self.of_cells(|classes| {
            let mut counts = [0; Cover::ALL.len()];
            for class in classes {
                let cover = codes.classes.get(usize::from(class)).map_or(Cover::Soil, |class| class.cover);
                Cover::ALL.iter().zip(&mut counts).filter(|(own, _)| **own == cover).for_each(|(_, count)| *count += 1);
            }
            // The first of those that share the cell equally.
            let most = (0..counts.len()).rev().max_by_key(|k| counts[*k]).unwrap_or_default();
            f32::from(Cover::ALL[most] as u8)
        });
        Some(Raster::from_values(self.grid, "cover", "", values).described("Land cover, numbered as in UMEP"))
    }

    /// Whether a class says which share of sunlight it reflects.
    pub(super) fn has_albedo(&self) -> bool {
        self.codes.iter().flat_map(|codes| &codes.classes).any(|class| class.albedo.is_some())
    }

    /// Share of sunlight that each cell reflects, as its classes say: on buildings those of roofs, elsewhere all others, by their shares of
    /// the cell. What is usual for its cover stands for a class that does not say. `None` where no class says.
    pub(super) fn albedo(&self, buildings: Option<&Raster>) -> Option<Raster> {
        let classes = &self.codes.as_ref().filter(|_| self.has_albedo())?.classes;
        let of_class = |class: &Class| {
            let albedo = class.albedo.unwrap_or_else(|| f64::from(class.cover.albedo()));
            (class.cover == Cover::Roof, albedo)
        };
        let albedos: Vec<(bool, f64)> = classes.iter().map(of_class).collect();
        let bare = (false, f64::from(Cover::Soil.albedo()));
        let of_parts = |is_roof: bool, usual: Cover| {
            self.of_cells(|classes| {
                let own = classes.map(|class| albedos.get(usize::from(class)).copied().unwrap_or(bare));
                let own = own.filter(|own| own.0 == is_roof);
                let (sum, count) = own.fold((0.0, 0.0), |(sum, count), (_, albedo)| (sum + albedo, count + 1.0));
                if count > 0.0 { (sum / count) as f32 } else { usual.albedo() }
            })
        };
        let mut values = of_parts(false, Cover::Cobble);
        if let Some(buildings) = buildings {
            let roofs = of_parts(true, Cover::Roof);
            let cells = values.iter_mut().zip(roofs).zip(&buildings.values);
            cells.filter(|(_, height)| **height > 0.0).for_each(|((own, roof), _)| *own = roof);
        }
        let words = "Share of sunlight that ground or roof reflects";
        Some(Raster::from_values(self.grid, "albedo", "", values).described(words))
    }

    pub(super) fn sewered(&self) -> Option<Raster> {
        self.codes.as_ref()?;
        let values = self.each(|class| f64::from(u8::from(class.sewered)), 0.0);
        Some(Raster::from_values(self.grid, "sewered", "", values).described("Share with inlets of the sewer"))
    }
}

impl Scenario {
    /// What covers the ground, by the scenario's table of codes.
    pub(super) fn ground(&self, grid: &Grid, inputs: &mut Vec<Input>) -> Result<Ground> {
        let spec = &self.spec.city;
        let Some(name) = &spec.codes else {
            return Ok(Ground { grid: *grid, codes: None, parts: 1, class: Vec::new() });
        };
        let codes = match SHIPPED.iter().find(|(shipped, _)| *shipped == &**name) {
            Some((shipped, text)) => Codes::parse(std::path::Path::new(shipped), text)?,
            None => {
                let path = self.existing("codes", name)?;
                let codes = Codes::read(&path)?;
                let (sha256, bytes) = of_file(&path)?;
                let layer = "codes".into();
                inputs.push(Input {
                    name: name.to_string(),
                    layer,
                    sha256,
                    bytes,
                    nodata_share: 0.0,
                    repairs: Remarks::default(),
                });
                codes
            }
        };
        let wanted = ((grid.cell / PART).ceil() as usize).clamp(1, MOST_PARTS);
        let parts = (1..=wanted).rev().find(|n| grid.len() * n * n <= MOST_PARTS_IN_ALL).unwrap_or(1);
        let fine = Grid { cols: grid.cols * parts, rows: grid.rows * parts, cell: grid.cell / parts as f64, ..*grid };
        let mut class = vec![NO_CLASS; fine.len()];
        if let Some(name) = &spec.land_use {
            let source = self.read("land_use", name, Quantity::Values, inputs)?;
            let raster = resample(&source, &fine, Method::Nearest, &self.path(name))?;
            note_share(inputs, holes::count_holes(&raster), &fine);
            let mut unknown = std::collections::BTreeMap::<i64, usize>::new();
            for (class, code) in class.iter_mut().zip(&raster.values).filter(|(_, code)| !code.is_nan()) {
                match codes.of_number(*code) {
                    Some(found) => *class = found as u16,
                    None => *unknown.entry(*code as i64).or_default() += 1,
                }
            }
            let cells = |count: usize| count.div_ceil(parts * parts);
            let share = unknown.values().sum::<usize>() as f64 / class.len() as f64;
            let of_each = |word: &str| {
                let shown =
                    unknown.iter().take(SHOWN).map(|(code, count)| format!("{code} ({} {word})", cells(*count)));
                let more = if unknown.len() > SHOWN { ", …" } else { "" };
                format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
            };
            if let Some(input) = inputs.last_mut().filter(|_| !unknown.is_empty()) {
                let en = format!("codes that are in no class: {}", of_each("cells"));
                let nl = format!("codes die in geen klasse zitten: {}", of_each("cellen"));
                input.repairs.push(Remark::new(share, en, nl));
            }
        }
        let mut elsewhere = Vec::new();
        for name in &spec.surfaces {
            elsewhere.extend(self.paint(name, &codes, &fine, &mut class, inputs)?);
        }
        // One kind of surface may be missing in a city, such as water, but not all.
        if elsewhere.len() == spec.surfaces.len()
            && let Some(first) = elsewhere.into_iter().next()
        {
            return Err(first);
        }
        let bare = class.iter().filter(|class| **class == NO_CLASS).count();
        if bare > 0
            && let Some(input) = inputs.last_mut()
        {
            let share = bare as f64 / class.len() as f64;
            let percent = |language: Language| language.number(100.0 * share, 1);
            let en = format!(
                "{} % of all cells, those under buildings included, are in no class and taken as bare soil",
                percent(Language::English)
            );
            let nl = format!(
                "{} % van alle cellen, ook die onder gebouwen, zit in geen klasse en telt als kale grond",
                percent(Language::Dutch)
            );
            input.repairs.push(Remark::new(share, en, nl));
        }
        Ok(Ground { grid: *grid, codes: Some(codes), parts, class })
    }

    /// Lays the features of a file on the ground; gives the error of a file that lies elsewhere.
    fn paint(
        &self,
        name: &str,
        codes: &Codes,
        grid: &Grid,
        class: &mut [u16],
        inputs: &mut Vec<Input>,
    ) -> Result<Option<Error>> {
        let mut columns: Vec<&str> = codes.columns.iter().map(String::as_str).collect();
        columns.extend(codes.ground.as_ref().map(|ground| ground.column.as_str()));
        let found = self.features_of("city.surfaces", "surfaces", name, grid, &columns, inputs)?;
        let stem = std::path::Path::new(name).file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
        let stem = stem.unwrap_or_default();
        let (mut unknown, mut first) = (0, None);
        for feature in &found.features {
            if let Some(ground) = &codes.ground
                && let Some(Some(level)) = feature.values.last()
                && level.name().parse::<f64>().is_ok_and(|level| level != ground.value)
            {
                continue;
            }
            let words = feature.values.iter().take(codes.columns.len()).flatten().filter_map(|value| match value {
                Value::Text(word) => Some(word.as_str()),
                Value::Number(_) => None,
            });
            // A file of one kind, such as bgt_pand, needs no column.
            let kind = stem.rsplit('_').next().unwrap_or_default();
            let found = words.clone().chain([kind]).find_map(|word| codes.of_word(word));
            let Some(found) = found else {
                unknown += 1;
                first.get_or_insert_with(|| {
                    let words: String = words.collect::<Vec<_>>().join(", ").chars().take(100).collect();
                    (feature.number, words)
                });
                continue;
            };
            feature.place.outline.fill(grid, class, found as u16);
        }
        if let (Some(input), Some((number, words))) = (inputs.last_mut(), first) {
            let share = unknown as f64 / found.features.len() as f64;
            let en = format!(
                "features without a class: {unknown}, the first is feature {number} ({words:?}); what lies under them shows"
            );
            let nl =
                format!("vlakken zonder klasse: {unknown}, het eerste is {number} ({words:?}); wat eronder ligt telt");
            input.repairs.push(Remark::new(share, en, nl));
        }
        Ok(found.touch("city.surfaces", &self.path(name), grid).err())
    }
}
