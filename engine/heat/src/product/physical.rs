//! Mean radiant temperature from radiation on all sides, and from it PET and UTCI.

use super::super::comfort::{each, everywhere, hoeppe_in, pet_in, utci_in};
use super::super::cpu::horizons::View;
use super::super::cpu::radiation::{Fluxes, sides};
use super::super::forcing::Forcing;
use super::super::hour::Radiation;
use super::super::island::exchange::{specific, vapour};
use super::super::island::run::{HourResult, Island};
use super::super::layers;
use super::super::national;
use super::super::pet::{PRESSURE, saturation};
use super::super::scene::EYE;
use super::super::sky::patches;
use super::super::solver::Solver;
use super::super::wind::{quarter, ratios};
use super::super::window::Quarter;
use super::{Hour, Layer, Product, ThermalIndices};
use hanze_base::error::Result;
use hanze_base::grid::Grid;
use hanze_base::quantity::Quantity;
use hanze_base::remark::Remarks;
use rayon::prelude::*;

/// Direct radiation on a plane that faces the sun from which it is sunny, W/m² (WMO).
const SUNNY: f64 = 120.0;

/// Columns of a gauge.
const COLUMNS: [&str; 19] = [
    "tmrt_c",
    "pet_c",
    "utci_c",
    "wind_m_per_s",
    "sun_min",
    "short_down_w_per_m2",
    "short_up_w_per_m2",
    "short_around_w_per_m2",
    "short_north_w_per_m2",
    "short_east_w_per_m2",
    "short_south_w_per_m2",
    "short_west_w_per_m2",
    "long_down_w_per_m2",
    "long_up_w_per_m2",
    "long_around_w_per_m2",
    "long_north_w_per_m2",
    "long_east_w_per_m2",
    "long_south_w_per_m2",
    "long_west_w_per_m2",
];

/// The physical product.
pub(crate) struct Physical {
    pub(crate) grid: Grid,
    pub(crate) solver: Box<dyn Solver>,
    pub(crate) hours: Vec<Forcing>,
    pub(crate) buildings: Vec<f32>,
    pub(crate) trees: Vec<f32>,
    /// Whether the ground of a cell is known.
    pub(crate) is_known: Vec<bool>,
    /// Whether Höppe's PET is wanted beside.
    pub(crate) hoeppe: bool,
    /// Surfaces and air in time; without it surfaces follow a sine and the air is that of the station.
    pub(crate) island: Option<Island>,
    /// Wind over that in the open, by quarter, where it was wanted.
    pub(crate) winds: Vec<(Quarter, Vec<f32>)>,
    /// Place of the latest hour, its radiation and its wind.
    pub(crate) latest: Option<(usize, Radiation, Vec<f32>)>,
    /// Longwave of the walls and crowns around in the latest hour, W/m², where that is followed in time.
    pub(crate) neighbour_longwave: Option<[Vec<f32>; 2]>,
    /// Cells of gauges, and their view factors, once these are known.
    pub(crate) gauges: Vec<usize>,
    pub(crate) gauge_views: Vec<View>,
}

/// Share of an hour in the sun: what shines through of a sun that is above the horizon for a part of it.
fn sunny(hour: &Forcing, all: &Radiation) -> Vec<f32> {
    let up = hour.beams().len() as f32 / hour.suns.len() as f32;
    let share = if hour.light.direct >= SUNNY { up } else { 0.0 };
    all.lit.iter().map(|lit| share * lit).collect()
}

impl Physical {
    /// Thermal indices of an hour in the city's own air.
    fn in_time(&mut self, at: usize, found: HourResult) -> ThermalIndices {
        let HourResult { means, wind, radiation } = found;
        let hour = &self.hours[at];
        let pressure = hour.weather.pressure.unwrap_or(PRESSURE);
        let is_open = self.island.as_ref().map_or(&[][..], |island| &island.town().is_open);
        // Roofs have no air of their own, and nobody asks how it feels there.
        let filled = |values: &[f32], usual: f64| -> Vec<f32> {
            values.iter().zip(is_open).map(|(value, open)| if *open { *value } else { usual as f32 }).collect()
        };
        let air = filled(&means.air, hour.weather.air);
        let moist = filled(&means.humidity, specific(hour.vapour, pressure));
        let vapours: Vec<f32> = moist.iter().map(|moisture| vapour(f64::from(*moisture), pressure) as f32).collect();
        let radiant = radiation.radiant();
        let humidity = |air: f64, vapour: f64| (100.0 * vapour / saturation(air)).clamp(0.0, 100.0);
        let pet = each(|air, vapour| pet_in(air, vapour, pressure), &air, &vapours, &radiant, &wind);
        let utci = each(|air, vapour| utci_in(air, humidity(air, vapour)), &air, &vapours, &radiant, &wind);
        let sun = sunny(hour, &radiation);
        let layer = |quantity, words, values| Layer { quantity, words, values };
        let station = hour.weather.air as f32;
        let moist = air.iter().zip(&vapours).map(|(air, vapour)| humidity(f64::from(*air), f64::from(*vapour)) as f32);
        let mut others = vec![
            layer(&layers::UTCI, "felt temperature (UTCI), mean of the hour before", utci),
            layer(&layers::AIR, "air temperature between the houses, mean of the hour before", air.clone()),
            layer(
                &layers::HEAT_ISLAND,
                "heat island: difference with the weather station, mean of the hour before",
                air.iter().map(|celsius| celsius - station).collect(),
            ),
            layer(&layers::SURFACE, "temperature of the ground's surface, mean of the hour before", means.skin),
            layer(&layers::HUMIDITY, "relative humidity between the houses, mean of the hour before", moist.collect()),
            layer(&layers::WIND_SPEED, "wind at 1.2 m, mean of the hour before", wind.clone()),
        ];
        if self.hoeppe {
            let hoeppe = |air, vapour| hoeppe_in(air, humidity(air, vapour));
            let values = each(hoeppe, &air, &vapours, &radiant, &wind);
            let words = "felt temperature (PET) after Höppe, as UMEP has it, mean of the hour before";
            others.push(layer(&layers::PET_HOEPPE, words, values));
        }
        others.push(layer(
            &layers::TMRT,
            "mean radiant temperature of one who stands, mean of the hour before",
            radiant,
        ));
        self.neighbour_longwave = Some([means.walls, means.crowns]);
        self.latest = Some((at, radiation, wind));
        ThermalIndices { pet, sun, air, others }
    }

    /// Wind at 1.2 m over that in the open, for a direction; made when it is first wanted.
    fn winds(&mut self, from: Quarter) -> &[f32] {
        let at = self.winds.iter().position(|(known, _)| *known == from).unwrap_or_else(|| {
            self.winds.push((from, ratios(&self.grid, &self.buildings, &self.trees, &self.is_known, from)));
            self.winds.len() - 1
        });
        &self.winds[at].1
    }
}

impl Product for Physical {
    fn hours(&self) -> Vec<Hour> {
        let of = |hour: &Forcing| Hour {
            end: hour.weather.end,
            air: hour.weather.air,
            is_night: hour.suns.iter().all(|sun| sun.altitude < 0.0),
        };
        self.hours.iter().map(of).collect()
    }

    fn look(&mut self) -> Result<bool> {
        if !self.solver.look()? {
            return Ok(false);
        }
        match &mut self.island {
            Some(island) => island.settle(&mut *self.solver),
            None => Ok(true),
        }
    }

    fn settling(&self) -> Option<(u64, u64)> {
        self.island.as_ref().and_then(Island::settling)
    }

    fn hour(&mut self, at: usize) -> Result<ThermalIndices> {
        let weather = self.hours[at].weather;
        if let Some(island) = &mut self.island {
            let found = island.hour(at, &mut *self.solver)?;
            return Ok(self.in_time(at, found));
        }
        let ratios = self.winds(quarter(&weather));
        let wind: Vec<f32> =
            ratios.par_iter().map(|ratio| national::wind(f64::from(*ratio), weather.wind) as f32).collect();
        let hour = &self.hours[at];
        let all = self.solver.hour(hour)?;
        let radiant = all.radiant();
        let pressure = weather.pressure.unwrap_or(PRESSURE);
        let pet = everywhere(pet_in(weather.air, hour.vapour, pressure), &radiant, &wind);
        let utci = everywhere(utci_in(weather.air, weather.humidity), &radiant, &wind);
        let sun = sunny(hour, &all);
        let mut others = vec![
            Layer { quantity: &layers::UTCI, words: "felt temperature (UTCI), mean of the hour before", values: utci },
            Layer {
                quantity: &layers::TMRT,
                words: "mean radiant temperature of one who stands, mean of the hour before",
                values: radiant,
            },
        ];
        if self.hoeppe {
            let values = everywhere(hoeppe_in(weather.air, weather.humidity), &others[1].values, &wind);
            let words = "felt temperature (PET) after Höppe, as UMEP has it, mean of the hour before";
            others.push(Layer { quantity: &layers::PET_HOEPPE, words, values });
        }
        self.latest = Some((at, all, wind));
        Ok(ThermalIndices { pet, sun, air: Vec::new(), others })
    }

    fn columns(&self) -> &'static [&'static str] {
        &COLUMNS
    }

    fn reading(&mut self, cell: usize, indices: &ThermalIndices) -> Result<Vec<f64>> {
        let Some((at, all, wind)) = &self.latest else { return Ok(vec![f64::NAN; COLUMNS.len()]) };
        let Fluxes { short, long } = all.fluxes(cell);
        if self.gauge_views.is_empty() {
            self.gauge_views = self.solver.views_of(&self.gauges)?;
        }
        let Some(view) = self.gauges.iter().position(|gauge| *gauge == cell).and_then(|at| self.gauge_views.get(at))
        else {
            return Ok(vec![f64::NAN; COLUMNS.len()]);
        };
        let (hour, patches) = (&self.hours[*at], patches());
        let beam = (all.beam_side[cell], hour.light.azimuth);
        let bright = hour
            .bright_with(&patches, self.neighbour_longwave.as_ref().map(|[walls, crowns]| (walls[cell], crowns[cell])));
        let upright = sides(view, &patches, &bright, beam, [short[1], long[1]], hour.is_isotropic);
        let of = |quantity: &Quantity| {
            let layer = indices.others.iter().find(|layer| layer.quantity.name == quantity.name);
            layer.map_or(f32::NAN, |layer| layer.values[cell])
        };
        let first = [of(&layers::TMRT), indices.pet[cell], of(&layers::UTCI), wind[cell], 60.0 * indices.sun[cell]];
        let fluxes = short.into_iter().chain(upright.short).chain(long).chain(upright.long);
        Ok(first.into_iter().chain(fluxes).map(f64::from).collect())
    }

    fn words(&self) -> [&'static str; 2] {
        [
            "felt temperature (PET, Walther and Goestchel 2018), mean of the hour before",
            "share of the hour before in the sun",
        ]
    }

    fn layers(&mut self) -> Result<Vec<Layer>> {
        let from = self.hours.first().map_or(Quarter::Calm, |hour| quarter(&hour.weather));
        let wind = self.winds(from).to_vec();
        let words = "sky view factor, past buildings and trees";
        Ok(vec![
            Layer { quantity: &layers::SKY_VIEW, words, values: self.solver.sky_view()? },
            Layer {
                quantity: &layers::WIND,
                words: "wind at 1.2 m over that above open grass, in the first hour",
                values: wind,
            },
        ])
    }

    fn margin(&self) -> Option<&[f32]> {
        None
    }

    fn remarks(&self) -> Remarks {
        self.island.as_ref().map_or_else(Remarks::default, Island::remarks)
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "product": "physical",
            "sky": if self.hours.iter().any(|hour| hour.is_isotropic) { "isotropic" } else { "Perez 1993, 153 patches" },
            "surface_temperatures": match &self.island {
                Some(_) => "energy balance in time",
                None => "sine of the day (Lindberg et al. 2016)",
            },
            "island": self.island.as_ref().map(Island::settings),
            "wind": match &self.island {
                Some(_) => "national method (Macdonald 2000), free of divergence around buildings",
                None => "national method (Macdonald 2000)",
            },
            "eye_m": EYE,
            "azimuths": super::super::cpu::horizons::AZIMUTHS,
        })
    }

    fn state(&mut self) -> Result<Vec<f32>> {
        match &mut self.island {
            Some(island) => island.state(),
            None => self.solver.warmth(),
        }
    }

    fn state_len(&self) -> usize {
        self.island.as_ref().map_or(self.grid.len(), Island::state_len)
    }

    fn set_state(&mut self, state: Vec<f32>) -> Result<()> {
        match &mut self.island {
            Some(island) => island.set_state(&state),
            None => self.solver.set_warmth(state),
        }
    }
}
