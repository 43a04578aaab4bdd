//! Spin-up: the first day is repeated until the mean of its air does not change from one day to the next.
//!
//! Wide cities begin with long steps, and go back to those of the run for the last hours of the day at whose end temperatures have converged.
//! All cells keep their own columns meanwhile: how deep heat has got depends on where the shade falls, cell by cell, and on the days that
//! passed. Means over blocks of 2 × 2 cells, even right ones, would leave surfaces at the edges of shade and of water tenths of a kelvin off
//! after a day on all cells. For the same reason as many days must pass as with the run's own steps; where long ones leave that in doubt,
//! own steps begin again.

use super::super::super::forcing::Forcing;
use super::super::super::solver::Solver;
use super::super::air::{Choices, Totals};
use super::super::exchange::{Meadow, specific};
use super::{Island, pressure};
use hanze_base::error::Result;
use hanze_base::grid::Grid;
use hanze_base::remark::Remark;
use hanze_base::words::Language;

/// Change of the mean air temperature from one day to the next at which the first day is done, K; days that are tried.
const SETTLED: f64 = 0.1;
const MOST_DAYS: usize = 10;
/// How far that change may be off after long steps, K: to the second day, as the first begins with one temperature everywhere, and later.
const DOUBT: [f64; 2] = [0.06, 0.02];
/// Positions of the sun in a long step, where each has one step of the run; where it has more, a long step is one position.
const POSITIONS: usize = 3;
/// Hours of a day whose first ones may run with long steps, and its last ones that always run with the run's own.
const HOURS: usize = 24;
const LAST: usize = 12;
/// Narrowest city with long steps, in cells and in metres on each side. In a narrower one air passes within less than such a step, and what
/// blows in decides; few cells take no time anyhow.
const CELLS: usize = 64;
const WIDTH: f64 = 200.0;
/// How far temperatures are off after long steps, K: a bound, which tests hold in made towns.
const OFF: f64 = 0.05;

/// How the first day is repeated.
#[derive(Clone, Debug, Default)]
pub(super) struct Spin {
    /// Positions of the sun in a long step; none where all steps are those of the run.
    long: Option<usize>,
    /// Whether steps are long now.
    pub(super) is_long: bool,
    /// Whether the last hours run again, with the run's own steps.
    is_last: bool,
    /// State before these hours.
    saved: Vec<f32>,
}

impl Spin {
    /// For a day on some cells.
    pub(super) fn new(grid: &Grid, choices: &Choices, day: &[Forcing]) -> Spin {
        let positions = if Island::each(choices) > 1 { 1 } else { POSITIONS };
        let is_wide = |cells: usize| cells >= CELLS && cells as f64 * grid.cell >= WIDTH;
        let is_whole = day.len() == HOURS && day.iter().all(|hour| hour.suns.len().is_multiple_of(positions));
        let takes_long = is_wide(grid.cols) && is_wide(grid.rows) && is_whole;
        Spin { long: takes_long.then_some(positions), ..Spin::default() }
    }

    /// Positions of the sun that a step has in common now, and steps of the run for which it stands; `each` of them are one position.
    pub(super) fn shared(&self, each: usize) -> (usize, usize) {
        match self.long.filter(|_| self.is_long) {
            Some(positions) => (positions, positions * each),
            None => (1, 1),
        }
    }

    /// Whether long steps leave in doubt that temperatures have converged, after a change of the mean air (K) to a day, from 1 on.
    fn doubts(change: f64, day: usize) -> bool {
        let [second, later] = DOUBT;
        (change - SETTLED).abs() < if day > 2 { later } else { second }
    }

    /// Length of long steps, s, where there are any.
    fn length(&self, choices: &Choices) -> Option<f64> {
        self.long.map(|positions| (positions * Island::each(choices)) as f64 * choices.step)
    }

    /// How temperatures converged: 0 where they have not, 1 after the run's own steps alone, 2 after long ones too.
    pub(super) fn mark(&self, is_settled: bool) -> f32 {
        match is_settled {
            true if self.long.is_some() => 2.0,
            true => 1.0,
            false => 0.0,
        }
    }

    /// Takes that up.
    pub(super) fn set_mark(&mut self, mark: f32) {
        self.long = self.long.filter(|_| mark > 1.0);
    }

    /// For the record: nothing where all steps are those of the run.
    pub(super) fn settings(&self, choices: &Choices) -> Option<serde_json::Value> {
        self.length(choices).map(|step| {
            serde_json::json!({ "step_s": step, "last_hours_with_own_steps": LAST, "temperatures_within_k": OFF })
        })
    }
}

impl Island {
    /// One more hour of the day that is repeated; true when temperatures have converged.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    pub fn settle(&mut self, solver: &mut dyn Solver) -> Result<bool> {
        self.views(solver)?;
        if self.is_settled || self.first.is_empty() {
            return Ok(true);
        }
        let count = self.first.len();
        if self.spun == 0 {
            self.begin()?;
        }
        let at = self.spun % count;
        if self.spin.is_long && at + LAST == count {
            self.spin.saved = self.state()?;
        }
        let hours = std::mem::take(&mut self.first);
        let found = self.again(&hours, at, solver);
        self.first = hours;
        found?;
        self.air.means()?;
        self.spun += 1;
        if self.spun.is_multiple_of(count) {
            let mean = self.day / count as f64;
            let change = (mean - self.before).abs();
            let is_settled = change < SETTLED || self.spun >= MOST_DAYS * count;
            (self.before, self.day) = (mean, 0.0);
            if !self.spin.is_long {
                self.is_settled = is_settled || self.spin.is_last;
            } else if Spin::doubts(change, self.spun / count) {
                self.begin_again()?;
            } else if is_settled {
                self.go_back()?;
            } else {
                self.spin.saved = Vec::new();
            }
        }
        Ok(self.is_settled)
    }

    /// All is as warm and as moist as the air at the station is on average.
    fn begin(&mut self) -> Result<()> {
        let mean = |of: &dyn Fn(&Forcing) -> f64| self.first.iter().map(of).sum::<f64>() / self.first.len() as f64;
        let (air, vapour) = (mean(&|hour| hour.weather.air), mean(&|hour| specific(hour.vapour, pressure(hour))));
        self.air.start(air, vapour)?;
        self.meadow = Meadow::new(
            air,
            f64::from(self.choices.meadow),
            (self.choices.conduction, self.choices.step),
            f64::from(self.town.depth),
        );
        self.latest = Totals { air, humidity: vapour, ..Default::default() };
        self.earlier = (air, vapour);
        self.met = (air, vapour);
        self.warm = 0.0;
        if self.spin.long.is_some() {
            self.pace(true)?;
        }
        Ok(())
    }

    /// Takes long steps from now on, or those of the run.
    fn pace(&mut self, is_long: bool) -> Result<()> {
        self.spin.is_long = is_long;
        let (_, parts) = self.spin.shared(Island::each(&self.choices));
        self.air.pace(parts as f64 * self.choices.step)
    }

    /// An hour of the repeated day. Nobody stands there: what comes in from the sky is all that is wanted of its radiation.
    fn again(&mut self, hours: &[Forcing], at: usize, solver: &mut dyn Solver) -> Result<()> {
        let hour = &hours[at];
        let incoming = match hour.is_isotropic {
            true => solver.hour(hour)?.incoming,
            false => solver.irradiance(&hour.bright(&self.patches))?,
        };
        self.hour_of(hours, at, true, &incoming)?;
        Ok(())
    }

    /// Back to the last hours of the day, for the run's own steps.
    fn go_back(&mut self) -> Result<()> {
        let saved = std::mem::take(&mut self.spin.saved);
        self.take_up(&saved)?;
        self.spin.is_last = true;
        self.pace(false)
    }

    /// Forgets what long steps came to: the run's own steps do all of it.
    fn begin_again(&mut self) -> Result<()> {
        self.spin = Spin::default();
        (self.spun, self.day, self.before, self.gap) = (0, 0.0, f64::NAN, 0.0);
        self.pace(false)
    }

    /// Day and hour of the repeated day that comes next, both from 1 on, until temperatures converge. Hours may come again.
    pub fn settling(&self) -> Option<(u64, u64)> {
        let day = self.first.len().max(1);
        (!self.is_settled && self.spun > 0).then(|| ((self.spun / day + 1) as u64, (self.spun % day + 1) as u64))
    }

    /// Days that the first day was repeated; `None` before temperatures converged.
    pub fn settled(&self) -> Option<usize> {
        (self.is_settled && !self.first.is_empty()).then(|| self.spun / self.first.len())
    }

    /// That spin-up begins with long steps, where it does.
    pub fn remark(&self) -> Option<Remark> {
        let [long, usual] = [self.spin.length(&self.choices)?, self.choices.step].map(f64::round);
        Some(Remark::new(
            0.0,
            format!(
                "spin-up begins with steps of {long} s instead of {usual} s: in test towns temperatures were within {OFF} K of those with steps of \
                 {usual} s alone"
            ),
            format!(
                "de aanlooptijd begint met stappen van {long} s in plaats van {usual} s: in proefsteden bleven temperaturen binnen {} K van die \
                 met alleen stappen van {usual} s",
                Language::Dutch.number(OFF, 2)
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::validate::island::{Plan, hot_day};
    use super::super::Edges;
    use super::*;
    use hanze_base::cover::Cover;
    use hanze_device::Device;

    /// Blocks of houses and streets with trees; on one block a lawn, bare soil and a pond.
    fn town(side: usize, cell: f64) -> Plan {
        Plan::new(side, cell).each(|x, y, building, tree, cover| {
            let (col, row) = ((x / 40.0) as usize, (y / 40.0) as usize);
            if (col, row) == (1, 1) {
                *cover = [Cover::Grass, Cover::Water, Cover::Soil][(x % 40.0 / 14.0) as usize];
            } else if x % 40.0 > 14.0 && y % 40.0 > 14.0 {
                (*building, *cover) = ((6 + (3 * col + 5 * row) % 11) as f32, Cover::Roof);
            } else if x % 40.0 < 8.0 {
                *cover = Cover::Asphalt;
            }
            if *building <= 0.0 && *cover != Cover::Water && (x + 3.0 * y) % 28.0 < 4.0 {
                *tree = 9.0;
            }
        })
    }

    fn bits(state: &[f32]) -> Vec<u32> {
        state.iter().map(|number| number.to_bits()).collect()
    }

    /// Days of spin-up, and then air and surfaces hour by hour.
    fn days(plan: &Plan, wind: f64, takes_long: bool) -> (Option<usize>, Vec<[Vec<f32>; 2]>) {
        let day = hot_day(wind).unwrap();
        let (mut island, mut solver) = plan.island(&Device::Cpu, &day, Choices::default(), Edges::Mean).unwrap();
        assert!(island.remark().is_some_and(|remark| remark.contains("steps of 1800 s instead of 600 s")));
        assert_eq!(island.settings()["spin_up"]["step_s"], 1800.0);
        if !takes_long {
            island.spin.long = None;
            assert!(island.remark().is_none() && island.settings().get("spin_up").is_none());
        }
        while !island.settle(&mut solver).unwrap() {}
        let hour = |at: usize| {
            let means = island.hour(at, &mut solver).unwrap().means;
            [means.air, means.skin]
        };
        let hours = (0..LAST).map(hour).collect();
        (island.settled(), hours)
    }

    #[test]
    fn long_steps_leave_temperatures_as_they_are() {
        let plan = town(64, 4.0);
        // In much wind a day less is enough.
        for wind in [2.5, 10.0] {
            let [(count, long), (wanted, short)] = [true, false].map(|takes_long| days(&plan, wind, takes_long));
            assert!(count == wanted && count.is_some(), "{count:?} days for {wanted:?} in {wind} m/s");
            let mut most = [0.0f32; 2];
            for (long, short) in long.iter().zip(&short) {
                for (what, most) in most.iter_mut().enumerate() {
                    let cells = (0..plan.grid.len()).filter(|k| what > 0 || plan.buildings[*k] <= 0.0);
                    *most = cells.map(|k| (long[what][k] - short[what][k]).abs()).fold(*most, f32::max);
                }
            }
            eprintln!("{wind} m/s, {count:?} days: air and surfaces are up to {most:?} K off");
            assert!(most.iter().all(|most| *most > 0.0 && f64::from(*most) <= OFF), "{wind} m/s: {most:?} K off");
        }
    }

    #[test]
    fn wide_cities_alone_take_long_steps() {
        let day = hot_day(2.5).unwrap();
        let length = |(cols, rows, cell): (usize, usize, f64), step: f64, day: &[Forcing]| {
            let choices = Choices { step, ..Choices::default() };
            Spin::new(&Grid::local(cols, rows, cell), &choices, day).length(&choices)
        };
        let wide = (64, 70, 4.0);
        for (step, wanted) in [(600.0, 1800.0), (300.0, 600.0), (60.0, 600.0)] {
            assert_eq!(length(wide, step, &day), Some(wanted));
        }
        for narrow in [(63, 70, 4.0), (64, 63, 4.0), (64, 70, 3.0), (66, 900, 3.0)] {
            assert_eq!(length(narrow, 600.0, &day), None, "{narrow:?}");
        }
        assert!(length(wide, 600.0, &day[..12]).is_none() && length(wide, 600.0, &[]).is_none());
    }

    #[test]
    fn what_long_steps_leave_in_doubt_own_ones_decide() {
        for (change, day, wanted) in
            [(0.05, 2, true), (0.15, 2, true), (0.03, 2, false), (0.17, 2, false), (0.09, 3, true), (0.07, 3, false)]
        {
            assert_eq!(Spin::doubts(change, day), wanted, "{change} K to day {day}");
        }
        assert!(!Spin::doubts(f64::NAN, 1), "nothing goes before the first day");
        let (plan, day) = (town(24, 4.0), hot_day(3.0).unwrap());
        // The mean air of the second day is known, and that of the first is made such that they differ by just as much as they may.
        let run = |long: Option<usize>, second: Option<f64>| {
            let (mut island, mut solver) = plan.island(&Device::Cpu, &day, Choices::default(), Edges::Mean).unwrap();
            island.spin.long = long;
            let (mut days, mut is_done) = (Vec::new(), false);
            while !is_done {
                is_done = island.settle(&mut solver).unwrap();
                if island.spun.is_multiple_of(HOURS) {
                    days.push((island.spun, island.before));
                    if let (1, Some(second)) = (days.len(), second) {
                        island.before = second - SETTLED;
                    }
                }
            }
            (days, bits(&island.state().unwrap()))
        };
        let (days, _) = run(Some(POSITIONS), None);
        let (found, state) = run(Some(POSITIONS), Some(days[1].1));
        let (short, wanted) = run(None, None);
        // After two days comes none.
        assert_eq!((found[0].0, found[1].0), (HOURS, 0));
        assert!(found[2..] == short[..] && state == wanted, "{found:?} for {short:?}");
    }

    #[test]
    fn the_meadow_does_not_know_of_long_steps() {
        let (plan, day) = (town(24, 4.0), hot_day(3.0).unwrap());
        for step in [600.0, 200.0] {
            let choices = Choices { step, ..Choices::default() };
            let meadow = |long: Option<usize>| {
                let (mut island, mut solver) = plan.island(&Device::Cpu, &day, choices, Edges::Mean).unwrap();
                island.spin.long = long;
                (0..HOURS).for_each(|_| assert!(!island.settle(&mut solver).unwrap()));
                (island.spin.is_long, bits(&island.meadow.state()))
            };
            let (long, short) = (meadow(Some(if step < 600.0 { 1 } else { POSITIONS })), meadow(None));
            assert!(long.0 && !short.0);
            assert_eq!(long.1, short.1, "steps of {step} s");
        }
    }

    #[test]
    fn spin_up_goes_back_once_and_begins_again_where_it_was_stopped() {
        let (plan, day) = (town(24, 4.0), hot_day(3.0).unwrap());
        let new = || {
            let (mut island, solver) = plan.island(&Device::Cpu, &day, Choices::default(), Edges::Mean).unwrap();
            island.spin.long = Some(POSITIONS);
            (island, solver)
        };
        let (mut island, mut solver) = new();
        let (mut done, mut stopped) = (Vec::new(), Vec::new());
        while !island.settle(&mut solver).unwrap() {
            done.push((island.spun, island.spin.is_long));
            if island.spun == HOURS + 5 {
                stopped = island.state().unwrap();
            }
        }
        let all = island.settled().unwrap() * HOURS;
        let (long, short): (Vec<_>, Vec<_>) = done.into_iter().partition(|(_, is_long)| *is_long);
        assert!(long.into_iter().map(|(spun, _)| spun).eq(1..all));
        assert!(short.into_iter().map(|(spun, _)| spun).eq(all - LAST..all));
        assert!(!island.spin.is_long && island.spun == all);
        let settled = island.state().unwrap();
        assert!(island.settings().get("spin_up").is_some());
        // What came of own steps alone says so after a stop, too.
        let (mut other, _) = new();
        other.set_state(&[&[1.0], &settled[1..]].concat()).unwrap();
        assert!(other.settings().get("spin_up").is_none() && other.state().unwrap()[0] == 1.0);
        // Stopped in the middle of spin-up, and after it.
        for state in [&stopped, &settled] {
            let (mut other, mut solver) = new();
            assert_eq!(state.len(), other.state_len());
            other.set_state(state).unwrap();
            while !other.settle(&mut solver).unwrap() {}
            assert_eq!(bits(&other.state().unwrap()), bits(&settled));
            assert_eq!(other.settings(), island.settings());
        }
    }
}
