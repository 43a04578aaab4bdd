//! What the indicators are in a run, in all and by neighbourhood.

use crate::areas::Areas;
use crate::indicators::{Indicator, Values};
use crate::run::{Run, Told};
use crate::statistic::Statistic;
use crate::tables::{self, Rows};
use hanze_base::error::Result;
use hanze_base::quantity::{Form, Variable};
use hanze_base::words::Text;
use hanze_output::folder::frame_start;
use std::collections::{BTreeSet, HashMap};

/// An indicator of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    /// NaN where no value is a number.
    pub all: f64,
    /// In each neighbourhood; empty where it is not known where values lie.
    pub by_area: Vec<f64>,
}

/// The indicators with a `{}` in the name of their layer become one for each such layer of a run.
pub(crate) fn expanded(indicators: &[Indicator], run: &Run) -> Vec<Indicator> {
    let stems = run.stems(".tif");
    let of = |indicator: &Indicator| -> Vec<Indicator> {
        let Values::Layer(layer) = &indicator.values else { return vec![indicator.clone()] };
        let Some((start, end)) = layer.split_once("{}") else { return vec![indicator.clone()] };
        let place = |stem: &&str| {
            let place = stem.strip_prefix(start)?.strip_suffix(end)?;
            (!place.is_empty() && !place.contains('/')).then(|| place.to_string())
        };
        let one = |place: String| {
            let words = place.replace('_', " ");
            let [en, nl] = [&indicator.words.en, &indicator.words.nl].map(|text| text.replace("{}", &words));
            Indicator {
                name: format!("{}_{place}", indicator.name),
                words: Text::new(en, nl),
                values: Values::Layer(format!("{start}{place}{end}")),
                ..indicator.clone()
            }
        };
        let found: Vec<Indicator> = stems.iter().filter_map(place).map(one).collect();
        // Of none it is told that the run lacks it.
        if found.is_empty() { vec![indicator.clone()] } else { found }
    };
    indicators.iter().flat_map(of).collect()
}

/// Each indicator of a run, or why it has none. Layers and tables are read once each, and one is held at a time.
pub(crate) fn measure(
    run: &Run,
    indicators: &[Indicator],
    areas: Option<&Areas>,
    find: &dyn Fn(&str) -> Option<Variable>,
) -> Result<Vec<Told<Measured>>> {
    let lacks = |what: &str| {
        let label = &run.label;
        Text::new(format!("\"{label}\" has no {what}"), format!("\"{label}\" heeft geen {what}"))
    };
    let mut found: Vec<Told<Measured>> = vec![Err(lacks("value")); indicators.len()];
    let files: BTreeSet<(bool, &str)> = indicators
        .iter()
        .map(|own| match &own.values {
            Values::Layer(layer) => (true, layer.as_str()),
            Values::Column { table, .. } => (false, table.as_str()),
        })
        .collect();
    for (is_layer, file) in files {
        let of_file = |own: &Indicator| match &own.values {
            Values::Layer(layer) => is_layer && layer == file,
            Values::Column { table, .. } => !is_layer && table == file,
        };
        let asked: Vec<usize> = (0..indicators.len()).filter(|k| of_file(&indicators[*k])).collect();
        if is_layer {
            let (hours, plain): (Vec<usize>, Vec<usize>) =
                asked.into_iter().partition(|k| indicators[*k].statistic == Statistic::HoursOver);
            for k in hours {
                found[k] = hours_over(run, file, &indicators[k], areas, find)?;
            }
            if plain.is_empty() {
                continue;
            }
            let layer = match find(file).filter(|own| own.form == Form::Value) {
                Some(variable) if run.has(&format!("{file}.tif")) => run.layer(file, variable)?,
                _ => Err(lacks(&format!("layer {file}"))),
            };
            match layer {
                Ok(layer) => {
                    let unit = layer.variable().quantity.unit;
                    plain
                        .into_iter()
                        .for_each(|k| found[k] = of_layer(&indicators[k], &layer.values, unit, run, areas));
                }
                Err(told) => plain.into_iter().for_each(|k| found[k] = Err(told.clone())),
            }
            continue;
        }
        let rows = if run.has(&format!("{file}.csv")) {
            tables::read(run, file)?
        } else {
            Err(lacks(&format!("table {file}")))
        };
        match rows {
            Ok(rows) => {
                let places = match areas.filter(|_| !rows.names.is_empty()) {
                    Some(areas) => areas.of_rows(run, file)?,
                    None => None,
                };
                for k in asked {
                    found[k] = of_table(&indicators[k], &rows, places.as_ref(), areas.map_or(0, Areas::len))
                        .map_or_else(
                            || Err(lacks(&format!("column for it in {file}"))),
                            |own| known(own, &indicators[k], run),
                        );
                }
            }
            Err(told) => asked.into_iter().for_each(|k| found[k] = Err(told.clone())),
        }
    }
    Ok(found)
}

/// What is a number; that there is none is told.
fn known(own: Measured, indicator: &Indicator, run: &Run) -> Told<Measured> {
    if own.all.is_finite() {
        return Ok(own);
    }
    let (label, name) = (&run.label, &indicator.name);
    Err(Text::new(
        format!("\"{label}\" has no value for {name} that is a number"),
        format!("\"{label}\" heeft voor {name} geen enkele waarde"),
    ))
}

fn of_layer(indicator: &Indicator, values: &[f32], unit: &str, run: &Run, areas: Option<&Areas>) -> Told<Measured> {
    let is_other_unit = indicator.statistic.keeps_unit() && indicator.unit.en != unit;
    if is_other_unit {
        let (name, own) = (&indicator.name, &indicator.unit.en);
        return Err(Text::new(
            format!("{name} is in \"{own}\", and its layer in \"{unit}\""),
            format!("{name} staat in \"{own}\", en de laag in \"{unit}\""),
        ));
    }
    let (threshold, percent) = (indicator.threshold.unwrap_or_default(), indicator.percent.unwrap_or_default());
    let area = run.grid.cell_area();
    let all = values.iter().map(|value| (f64::from(*value), 1.0));
    let all = indicator.statistic.of(all, threshold, percent, area);
    let within = |areas: &Areas| -> Vec<f64> {
        let of = |k: usize| indicator.statistic.of(areas.values(k, values), threshold, percent, area);
        (0..areas.len()).map(of).collect()
    };
    known(Measured { all, by_area: areas.map_or(Vec::new(), within) }, indicator, run)
}

/// `None` where the table lacks a column.
fn of_table(
    indicator: &Indicator,
    rows: &Rows,
    places: Option<&HashMap<String, usize>>,
    areas: usize,
) -> Option<Measured> {
    let Values::Column { column, weight, .. } = &indicator.values else { return None };
    let column = rows.column(column)?;
    let weight = match weight {
        Some(weight) => Some(rows.column(weight)?),
        None => None,
    };
    let value = |row: usize| (rows.at(row, column), weight.map_or(1.0, |weight| rows.at(row, weight)));
    let (threshold, percent) = (indicator.threshold.unwrap_or_default(), indicator.percent.unwrap_or_default());
    let of =
        |chosen: &mut dyn Iterator<Item = usize>| indicator.statistic.of(chosen.map(value), threshold, percent, 1.0);
    let mut by_area: Vec<Vec<usize>> = vec![Vec::new(); if places.is_some() { areas } else { 0 }];
    for (row, name) in rows.names.iter().enumerate() {
        if let Some(own) = places.and_then(|places| places.get(name)).and_then(|area| by_area.get_mut(*area)) {
            own.push(row);
        }
    }
    Some(Measured {
        all: of(&mut (0..rows.len())),
        by_area: by_area.into_iter().map(|own| of(&mut own.into_iter())).collect(),
    })
}

/// Hours at or above the threshold, from the frames of a layer: each stands for the time since the one before it, the first one for as
/// long as the second.
fn hours_over(
    run: &Run,
    layer: &str,
    indicator: &Indicator,
    areas: Option<&Areas>,
    find: &dyn Fn(&str) -> Option<Variable>,
) -> Result<Told<Measured>> {
    let start = frame_start(layer);
    let time = |stem: &&str| stem.strip_prefix(&start)?.strip_suffix('s')?.parse::<f64>().ok();
    let mut frames: Vec<(f64, &str)> = run
        .stems(".tif")
        .into_iter()
        .filter_map(|stem| Some((time(&stem).filter(|time| time.is_finite())?, stem)))
        .collect();
    frames.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(variable), true) = (find(layer), frames.len() > 1) else {
        let label = &run.label;
        return Ok(Err(Text::new(
            format!("\"{label}\" has no two frames of {layer}"),
            format!("\"{label}\" heeft geen twee beelden van {layer}"),
        )));
    };
    let threshold = indicator.threshold.unwrap_or_default();
    let mut hours = vec![f32::NAN; run.grid.len()];
    for (k, (time, stem)) in frames.iter().enumerate() {
        let since = if k == 0 { frames[1].0 - time } else { time - frames[k - 1].0 };
        let own = match run.layer(stem, variable.clone())? {
            Ok(own) => own,
            Err(told) => return Ok(Err(told)),
        };
        for (hours, value) in hours.iter_mut().zip(&own.values).filter(|(_, value)| value.is_finite()) {
            let more = if f64::from(*value) >= threshold { (since / 3600.0) as f32 } else { 0.0 };
            *hours = if hours.is_nan() { more } else { *hours + more };
        }
    }
    Ok(of_layer(indicator, &hours, "", run, areas))
}
