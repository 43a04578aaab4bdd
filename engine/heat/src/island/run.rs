//! The heat island hour by hour: a day is repeated until it does not change (`settle.rs`), then come the hours that are asked for.

mod settle;

use super::super::cpu::radiation::Incoming;
use super::super::forcing::Forcing;
use super::super::hour::{Covers, Radiation};
use super::super::params::Bright;
use super::super::pet::PRESSURE;
use super::super::scene::Scene;
use super::super::sky::{Patch, patches};
use super::super::solver::Solver;
use super::super::sun::Sun;
use super::air::{Air, Choices, DirectShortwave, Means, Sky, StepForcing, Totals, ViewFactors};
use super::cpu::CpuAir;
use super::exchange::{Aloft, Meadow, Over, Station, above, halves, rising, specific, whole};
use super::gpu::GpuAir;
use super::town::Town;
use super::winds::{Place, Winds};
use hanze_base::error::Result;
use hanze_base::remark::Remarks;
use hanze_device::Device;
use rayon::prelude::*;
use settle::Spin;
use std::f64::consts::PI;

/// Height by which the layer that a city warms grows on each metre of the wind's way in neutral air.
const GROWTH: f64 = 0.1;
/// How far a city reaches at least whose air blows in at its edges, m: an assumption.
const CITY: f64 = 2000.0;
/// The most that that layer is warmed, K.
const MOST_WARMED: f64 = 3.0;
/// How much warmer than at the station it is aloft, K, where that layer does not grow: an assumption.
const LID: f64 = 3.0;
/// What the city gives less for each kelvin that the air above it is warmed, W/m²K: an estimate, for steps that do not swing.
const ANSWER: f64 = 40.0;
/// Length of the time that a position of the sun stands for, s.
const POSITION: f64 = 600.0;

/// Numbers of the state before those of meadow and device.
const HEAD: usize = 16;

/// What blows in at the edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edges {
    /// Air like that of the city on average.
    #[default]
    Mean,
    /// Air of the station.
    Rural,
}

/// Anthropogenic heat flux.
#[derive(Clone, Debug, Default)]
pub struct AnthropogenicHeat {
    /// On each cell, W/m²; one number stands for all.
    pub mean: Vec<f32>,
    /// What each hour of the day (UTC) has over that; none for the same in all.
    pub by_hour: Vec<f64>,
}

/// The heat island of a city.
pub struct Island {
    town: Town,
    air: Box<dyn Air>,
    meadow: Meadow,
    choices: Choices,
    edges: Edges,
    anthropogenic: AnthropogenicHeat,
    /// Hours of the day that is repeated, and those that are asked for.
    first: Vec<Forcing>,
    hours: Vec<Forcing>,
    winds: Winds,
    patches: Vec<Patch>,
    /// View factors of walls and crowns, of a level plane and of a cylinder.
    views: Option<Incoming>,
    /// How the first day is repeated.
    spin: Spin,
    /// Hours of the first day that are done, in all; the sum of this day's air and the mean of the day before.
    spun: usize,
    day: f64,
    before: f64,
    is_settled: bool,
    /// Temperature and humidity at the station in the last step.
    met: (f64, f64),
    /// What the last step came to, and the temperature and humidity of the air in the step before it.
    latest: Totals,
    earlier: (f64, f64),
    /// How much warmer the air above the city is than above the meadow, K.
    warm: f64,
    /// Largest part of the heat that was not accounted for, W/m².
    gap: f64,
}

/// Result of an hour.
pub struct HourResult {
    /// Means of surfaces and air.
    pub means: Means,
    /// Wind at 1.2 m, m/s.
    pub wind: Vec<f32>,
    /// Radiation at people.
    pub radiation: Radiation,
}

fn pressure(hour: &Forcing) -> f64 {
    hour.weather.pressure.unwrap_or(PRESSURE)
}

impl Island {
    /// Sets it up, with the day that is repeated and the hours that are asked for, and a device's air.
    pub fn new(
        device: &Device,
        place: Place,
        town: Town,
        choices: Choices,
        (edges, anthropogenic): (Edges, AnthropogenicHeat),
        (first, hours): (Vec<Forcing>, Vec<Forcing>),
        air: Box<dyn Air>,
    ) -> Island {
        let in_time = |mut hours: Vec<Forcing>| {
            hours.iter_mut().for_each(|hour| hour.is_in_time = true);
            hours
        };
        Island {
            spin: Spin::new(&place.grid, &choices, &first),
            meadow: Meadow::new(
                0.0,
                f64::from(choices.meadow),
                (choices.conduction, choices.step),
                f64::from(town.depth),
            ),
            winds: Winds::new(device, place, &town, &choices),
            town,
            air,
            choices,
            edges,
            anthropogenic,
            first: in_time(first),
            hours: in_time(hours),
            patches: patches(),
            views: None,
            spun: 0,
            day: 0.0,
            before: f64::NAN,
            is_settled: false,
            met: (0.0, 0.0),
            latest: Totals::default(),
            earlier: (0.0, 0.0),
            warm: 0.0,
            gap: 0.0,
        }
    }

    /// On a device, of a scene with its covers.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn on(
        device: &Device,
        place: Place,
        (scene, covers): (Scene, Covers),
        choices: Choices,
        boundary: (Edges, AnthropogenicHeat),
        hours: (Vec<Forcing>, Vec<Forcing>),
    ) -> Result<Island> {
        let town = Town::new(&scene, &place.buildings, &covers);
        let air: Box<dyn Air> = match device {
            Device::Cpu => Box::new(CpuAir::new(town.clone(), scene, choices)),
            Device::Gpu(gpu) => Box::new(GpuAir::new(town.clone(), &scene, choices, gpu.clone())?),
        };
        Ok(Island::new(device, place, town, choices, boundary, hours, air))
    }

    /// View factors of walls and crowns on all cells, once horizons are known.
    fn views(&mut self, solver: &mut dyn Solver) -> Result<&Incoming> {
        if self.views.is_none() {
            let of = |patch: &Patch| Bright {
                crown_short: (1.0 / PI) as f32,
                lit_long: (1.0 / PI) as f32,
                shaded_long: (1.0 / PI) as f32,
                level: patch.level as f32,
                side: patch.side as f32,
                threshold: -1.0,
                ..Bright::default()
            };
            let found = solver.irradiance(&self.patches.iter().map(of).collect::<Vec<Bright>>())?;
            self.air.view_factors(&ViewFactors { walls: found.long_down.clone(), crowns: found.short_down.clone() })?;
            self.views = Some(found);
        }
        Ok(self.views.get_or_insert_default())
    }

    /// Largest part of the air's heat in a step that is not accounted for, W/m².
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// The town.
    pub fn town(&self) -> &Town {
        &self.town
    }

    /// An hour of those that are asked for.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn hour(&mut self, at: usize, solver: &mut dyn Solver) -> Result<HourResult> {
        self.views(solver)?;
        let mut radiation = solver.hour(&self.hours[at])?;
        let hours = std::mem::take(&mut self.hours);
        let found = self.hour_of(&hours, at, false, &radiation.incoming);
        self.hours = hours;
        let wind = found?;
        let means = self.air.means()?;
        // What walls and crowns send to people.
        let views = self.views(solver)?;
        let add = |to: &mut Vec<f32>, walls: &[f32], crowns: &[f32]| {
            to.par_iter_mut().enumerate().for_each(|(cell, to)| {
                *to += walls[cell] * means.walls[cell] + crowns[cell] * means.crowns[cell];
            });
        };
        add(&mut radiation.incoming.long_down, &views.long_down, &views.short_down);
        add(&mut radiation.incoming.long_side, &views.long_side, &views.short_side);
        radiation.long_up = solver.below(&means.up)?;
        Ok(HourResult { means, wind, radiation })
    }

    /// Mean air of the step that comes, °C and g/kg, as it went on from the last two: what blows in must not lag a step behind what it meets.
    /// In a long step air goes with that of the station, as it would overshoot.
    fn mean_ahead(&self, station: &Station) -> (f64, f64) {
        let ahead = |now: f64, before: f64, most: f64| now + (now - before).clamp(-most, most);
        let (air, humidity) = (self.latest.air, self.latest.humidity);
        if self.spin.is_long {
            return (air + station.air - self.met.0, (humidity + station.humidity - self.met.1).max(0.0));
        }
        (ahead(air, self.earlier.0, 1.0), ahead(humidity, self.earlier.1, 0.5).max(0.0))
    }

    /// How much warmer than above the meadow the air above the city is on average, K, a step later: what the city gives more than the meadow
    /// stays in a layer that grows by a tenth of the way that the wind (m/s at 10 m) has come, and that is never lower than where the air above
    /// is taken. Under a lid, `lid` (K) warmer than the station, it stays that low.
    fn warmed(&self, wind: f64, lid: f64) -> f64 {
        let grid = self.winds.place.grid;
        let extent = (grid.cols as f64 * grid.rows as f64).sqrt() * grid.cell;
        let way = if self.edges == Edges::Mean { extent.max(CITY) } else { extent };
        let grown = (GROWTH * way).max(super::exchange::ABOVE);
        let share = (lid / LID).clamp(0.0, 1.0);
        let layer = grown.powf(1.0 - share) * super::exchange::ABOVE.powf(share);
        let at_60_m = wind.max(super::exchange::CALMEST) / super::exchange::AT_60_M;
        let each = 0.5 * way / (super::exchange::AIR * layer * at_60_m);
        let end = each * (self.latest.sensible - self.meadow.given);
        // Air takes its time to pass, and a city under warmer air gives less.
        let passed = 1.0 - (-2.0 * self.choices.step * at_60_m / way).exp();
        let by = passed.min(1.0 / (1.0 + each * ANSWER));
        (self.warm + by * (end - self.warm)).clamp(-MOST_WARMED, MOST_WARMED)
    }

    /// Weather between the hours around a moment (s since 1970); what shines is that of the position of the sun.
    fn station(hours: &[Forcing], at: usize, wraps: bool, time: f64, global: f64) -> Station {
        let count = hours.len();
        let middle = hours[at].weather.end as f64 - 1800.0;
        let beside = if time < middle { at.checked_sub(1) } else { (at + 1 < count).then_some(at + 1) };
        // The repeated day follows itself.
        let beside = beside.or(wraps.then_some(if time < middle { count - 1 } else { 0 })).unwrap_or(at);
        let share = ((time - middle).abs() / 3600.0).min(0.5);
        let (hour, other) = (&hours[at], &hours[beside]);
        let between = |of: &dyn Fn(&Forcing) -> f64| (1.0 - share) * of(hour) + share * of(other);
        Station {
            air: between(&|hour| hour.weather.air),
            humidity: between(&|hour| specific(hour.vapour, pressure(hour))),
            pressure: between(&pressure),
            wind: hour.weather.mean_wind,
            global,
            sky: hour.sky,
            rain: hour.weather.rain.unwrap_or(0.0) / 3.6e6,
        }
    }

    /// Steps that a position of the sun stands for.
    fn each(choices: &Choices) -> usize {
        (POSITION / choices.step).round().max(1.0) as usize
    }

    /// Forcing of a step that stands for some shorter ones, by the weather of each. The station's meadow takes all of them: evenings and
    /// mornings, which its air aloft remembers, come when they do. The city meets what lies above in the middle.
    fn forcing(&mut self, hour: &Forcing, stations: &[Station], water_step: f64) -> StepForcing {
        let (mut station, mut aloft, mut over) = (Station::default(), Aloft::default(), Over::default());
        for (k, at) in stations.iter().enumerate() {
            let mut air_aloft = self.meadow.step(at, water_step);
            self.warm = self.warmed(at.wind, air_aloft.air - at.air);
            (air_aloft.air, air_aloft.mixed) = (air_aloft.air + self.warm, air_aloft.mixed + self.warm);
            if k == stations.len() / 2 {
                (station, aloft, over) = (*at, air_aloft, self.meadow.over);
            }
        }
        let rises = rising(self.latest.sensible, station.air);
        let edge = match self.edges {
            Edges::Mean => self.mean_ahead(&station),
            Edges::Rural => (station.air, station.humidity),
        };
        self.met = (station.air, station.humidity);
        StepForcing {
            aloft,
            edge,
            above: above(station.wind, rises),
            at_10_m: station.wind.max(super::exchange::CALMEST),
            gust: 0.5 * rises,
            over,
            diffuse: hour.light.diffuse,
            sky: hour.sky,
            through: f64::from(hour.through),
            rain: station.rain + self.choices.irrigation,
            pressure: station.pressure,
            water_step,
        }
    }

    /// The steps of an hour, under what comes in from the sky; wind at 1.2 m, m/s.
    fn hour_of(&mut self, hours: &[Forcing], at: usize, wraps: bool, incoming: &Incoming) -> Result<Vec<f32>> {
        let hour = &hours[at];
        let (wind, speed) = self.winds.of(hour)?;
        let of_day = (hour.weather.end - 1).rem_euclid(86_400) / 3600;
        let times = self.anthropogenic.by_hour.get(of_day as usize).copied().unwrap_or(1.0) as f32;
        let anthropogenic = match &self.anthropogenic.mean[..] {
            [] => Vec::new(),
            [same] => vec![times * same; self.winds.place.grid.len()],
            each => each.iter().map(|mean| times * mean).collect(),
        };
        let sky = Sky { short: incoming.short_down.clone(), long: incoming.long_down.clone(), anthropogenic };
        self.air.hour(&wind, &sky)?;
        let direct = hour.light.direct;
        let beams = hour.beams();
        let is_up = |sun: &Sun| beams.iter().any(|(up, ..)| up == sun);
        let (each, count) = (Self::each(&self.choices), hour.suns.len());
        let (positions, parts) = self.spin.shared(each);
        // A day that is repeated would dry the ground again and again.
        let water_step = if wraps { 0.0 } else { self.choices.step };
        for (k, suns) in hour.suns.chunks(positions).enumerate() {
            let share = direct / suns.len() as f64;
            let lit = suns.iter().filter(|sun| is_up(sun) && direct > 0.0);
            let shortwave: Vec<DirectShortwave> =
                lit.map(|sun| DirectShortwave { sun: *sun, direct: share, through: hour.through }).collect();
            self.air.sun(&shortwave)?;
            let mut stations = Vec::with_capacity(suns.len() * each);
            for (n, sun) in suns.iter().enumerate() {
                let down = if is_up(sun) { direct * sun.altitude.sin() } else { 0.0 };
                for part in 0..each {
                    let passed = (k * positions + n) as f64 + (part as f64 + 0.5) / each as f64;
                    let time = hour.weather.end as f64 - 3600.0 + passed * 3600.0 / count as f64;
                    stations.push(Self::station(hours, at, wraps, time, down + hour.light.diffuse));
                }
            }
            for stations in stations.chunks(parts) {
                let forcing = self.forcing(hour, stations, water_step);
                self.earlier = (self.latest.air, self.latest.humidity);
                self.latest = self.air.step(&forcing)?;
                self.day += self.latest.air * stations.len() as f64 / (each * count) as f64;
                self.gap = self.gap.max(self.latest.gap.abs());
            }
        }
        Ok(speed)
    }

    /// What was not solved to the end, once the hours have run.
    pub fn remarks(&self) -> Remarks {
        self.winds.remarks()
    }

    /// Its choices, and how temperatures converged, for the record.
    pub fn settings(&self) -> serde_json::Value {
        let mut settings = serde_json::json!({
            "step_s": self.choices.step,
            "conduction": match self.choices.conduction {
                super::column::Conduction::Layers => "twelve layers",
                super::column::Conduction::ForceRestore => "force-restore",
            },
            "edges": match self.edges {
                Edges::Mean => "mean of the city",
                Edges::Rural => "station",
            },
            "wind": if self.choices.has_depth { "three dimensions, by sector of 45°" } else { "projected" },
            "canopy_m": self.town.depth,
            "soil_water": self.choices.wet,
            "irrigation_mm_per_day": (8.64e13 * self.choices.irrigation).round() / 1e6,
            "first_day_repeated": self.settled(),
            "heat_not_accounted_for_w_per_m2": self.gap,
        });
        if let Some(spin_up) = self.spin.settings(&self.choices) {
            settings["spin_up"] = spin_up;
        }
        settings
    }

    /// What passes from one hour to the next; empty before temperatures have converged.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn state(&mut self) -> Result<Vec<f32>> {
        let mut state = vec![self.spin.mark(self.is_settled), self.spun as f32];
        let Totals { air, humidity, sensible, .. } = self.latest;
        let numbers = [air, humidity, sensible, self.gap, self.earlier.0, self.earlier.1, self.warm];
        state.extend(numbers.into_iter().flat_map(halves));
        state.extend(self.meadow.state());
        state.extend(self.air.state()?);
        Ok(state)
    }

    /// Numbers of `state`.
    pub fn state_len(&self) -> usize {
        HEAD + Meadow::STATE + self.air.state_len()
    }

    /// Takes up what `state` gave.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn set_state(&mut self, state: &[f32]) -> Result<()> {
        if let Some(mark) = state.first().filter(|mark| **mark > 0.0) {
            self.is_settled = true;
            self.spin.set_mark(*mark);
            self.take_up(state)?;
        }
        Ok(())
    }

    /// The same of temperatures that have not converged.
    fn take_up(&mut self, state: &[f32]) -> Result<()> {
        let (head, remainder) = state.split_at(HEAD.min(state.len()));
        if let [_, spun, numbers @ ..] = head {
            self.spun = *spun as usize;
            let numbers: Vec<f64> = numbers.chunks_exact(2).map(|parts| whole([parts[0], parts[1]])).collect();
            if let [air, humidity, sensible, gap, air_before, humidity_before, warm] = numbers[..] {
                self.latest = Totals { air, humidity, sensible, gap };
                (self.gap, self.earlier, self.warm) = (gap, (air_before, humidity_before), warm);
            }
            let (meadow, remainder) = remainder.split_at(Meadow::STATE.min(remainder.len()));
            self.meadow.set_state(meadow);
            self.air.set_state(remainder)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::validate::island::{Plan, hot_day};
    use super::super::column::{CAPACITY, LAYERS};
    use super::super::cpu::LANES;
    use super::*;
    use hanze_base::cover::Cover;

    #[test]
    fn a_day_that_is_repeated_leaves_the_water_as_it_was() {
        let plan = Plan::new(8, 4.0).each(|x, _, _, tree, cover| {
            (*tree, *cover) = (if x > 16.0 { 8.0 } else { 0.0 }, Cover::Grass);
        });
        let hours = hot_day(3.0).unwrap();
        let (mut island, mut solver) = plan.island(&Device::Cpu, &hours, Choices::default(), Edges::Mean).unwrap();
        while !island.settle(&mut solver).unwrap() {}
        let len = plan.grid.len();
        // Behind head and meadow: columns, skins, crowns; then water in the ground and that for roots. There are no walls.
        let first = HEAD + Meadow::STATE + len.div_ceil(LANES) * LANES * LAYERS + 2 * len;
        let water = |island: &mut Island| {
            let state = island.state().unwrap();
            let meadow = whole([state[HEAD + LAYERS + 1], state[HEAD + LAYERS + 2]]);
            (meadow, state[first..first + len].to_vec(), state[first + len..first + 2 * len].to_vec())
        };
        let start = f64::from(Choices::default().wet * CAPACITY);
        let (meadow, ground, roots) = water(&mut island);
        assert!((meadow - start).abs() < 1e-6, "{meadow}");
        assert!(ground.iter().chain(&roots).all(|water| (f64::from(*water) - start).abs() < 1e-7), "{ground:?}");
        // The hours that are asked for do empty them.
        (0..12).for_each(|hour| drop(island.hour(hour, &mut solver).unwrap()));
        let (meadow, ground, roots) = water(&mut island);
        assert!(meadow < start - 1e-3, "{meadow}");
        // In the shade of crowns by less than in the open.
        assert!(ground.iter().all(|water| f64::from(*water) < start - 1e-5), "{ground:?}");
        assert!(ground.iter().any(|water| f64::from(*water) < start - 1e-3), "{ground:?}");
        assert!(roots.iter().any(|water| f64::from(*water) < start - 1e-4));
    }
}
