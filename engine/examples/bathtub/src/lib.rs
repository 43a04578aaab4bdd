//! A model in a crate of its own: the depth below a level that rises. All that commands, server and tests need of it is [`ENTRY`].

use hanze_engine::cache::Cache;
use hanze_engine::city::City;
use hanze_engine::device::Device;
use hanze_engine::error::{Error, Result};
use hanze_engine::frame::{Balance, Frame, Layer, Outcome};
use hanze_engine::models::validate::{Bench, Case, Figure, most};
use hanze_engine::models::{BUILT_IN, Basis, Entry, Model, Progress, Stored};
use hanze_engine::quantity::{Change, Classes, Colours, Drawn, Quantity, Role, Shown};
use hanze_engine::raster::{Raster, Reduce};
use hanze_engine::remark::{Remark, Remarks};
use hanze_engine::scenario::{Kind, Scenario, Section};
use hanze_engine::words::Text;
use hanze_engine::yardstick::{Kernel, Size, again};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The models that come with Hanze, and this one.
pub fn models() -> &'static [Entry] {
    static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| BUILT_IN.iter().copied().chain([ENTRY]).collect());
    &ALL
}

/// The bathtub.
pub const ENTRY: Entry = Entry {
    kind: &BathtubSpec::KIND,
    process: "bathtub-depth",
    title: "Bathtub",
    title_nl: "Badkuip",
    description: "Depth of water where the ground lies below a level that rises.",
    tables: &[],
    card: "engine/examples/bathtub/card.md",
    stored: &[Stored { name: "slow-tide", text: include_str!("../slow-tide.toml") }],
    kernels: &[],
    bench,
    cases: &[Case { name: "a slope fills as a wedge", cheap: true, needs_data: false, on_device: false, run: wedge }],
    estimate: |scenario, cells| Some(cells * scenario.end_minutes() * 60.0 / 1e8 / 3600.0),
    check: |_, scenario| asked(scenario).map(remarks),
    prepare,
    gives: &[],
    quantities: &[&DEPTH, &MAX_DEPTH],
};

const CM: Shown = Shown { unit: "cm", factor: 100.0, decimals: 0 };

/// Depth below the level.
const DEPTH: Quantity = Quantity {
    name: "tub_depth",
    unit: "m",
    english: "Depth below the level",
    dutch: "Diepte onder de waterstand",
    role: Role::Frame,
    classes: Classes::Steps(&[0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0], Colours::Water),
    shown: CM,
    reduce: Reduce::Highest,
    change: Some(Change::of(&[0.02, 0.05, 0.1, 0.2, 0.5], CM)),
    ..Quantity::BASE
};

/// The largest depth of the run.
const MAX_DEPTH: Quantity = Quantity {
    name: "tub_max_depth",
    english: "Largest depth below the level",
    dutch: "Grootste diepte onder de waterstand",
    role: Role::Result,
    drawn: Drawn::Film(DEPTH.name),
    ..DEPTH
};

/// What is asked of the bathtub.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BathtubSpec {
    /// Name, where there are several sections. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of the run, minutes.
    #[schemars(range(min = 1e-3, max = 70_000.0))]
    pub end_minutes: f64,
    /// Time between frames, minutes; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1e-3, max = 70_000.0))]
    pub frame_minutes: Option<f64>,
    /// Time step, s.
    #[serde(default = "step_s")]
    #[schemars(range(min = 0.001, max = 3600.0))]
    pub step_s: f64,
    /// Level at the start, m.
    #[schemars(range(min = -12_000.0, max = 12_000.0))]
    pub from_m: f64,
    /// Level at the end, m.
    #[schemars(range(min = -12_000.0, max = 12_000.0))]
    pub to_m: f64,
}

fn step_s() -> f64 {
    60.0
}

impl BathtubSpec {
    const KIND: Kind =
        Kind::of::<BathtubSpec>("bathtub", "What is asked of the bathtub. Nothing if left out.").without_gauges();
}

impl Section for BathtubSpec {
    fn kind(&self) -> &'static Kind {
        &BathtubSpec::KIND
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn end_minutes(&self) -> f64 {
        self.end_minutes
    }

    fn frame_minutes(&self) -> Option<f64> {
        self.frame_minutes
    }

    fn check(&self, _: &Scenario) -> Result<()> {
        if self.to_m < self.from_m {
            let problem = format!("{} is below from_m, {}", self.to_m, self.from_m);
            return Err(Error::scenario("bathtub.to_m", problem, "write a level that is not lower"));
        }
        Ok(())
    }
}

fn asked(scenario: &Scenario) -> Result<&BathtubSpec> {
    scenario.asked().ok_or_else(|| Error::scenario("", "asks nothing of the bathtub", "write a section [bathtub]"))
}

fn remarks(_: &BathtubSpec) -> Remarks {
    let mut all = Remarks::default();
    all.push(Remark::new(
        1.0,
        "water is taken to come from everywhere",
        "er wordt aangenomen dat het water overal vandaan komt",
    ));
    all
}

/// A run of it.
struct Bathtub {
    spec: BathtubSpec,
    /// Ground in f32 above its datum.
    ground: Raster,
    /// Simulated time, s, and steps.
    time: f64,
    steps: u64,
    /// Depth now, and the largest so far, m.
    depth: Vec<f32>,
    deepest: Vec<f32>,
}

/// It is a comparison on each cell, so that any device has it computed on the processor.
fn prepare(city: &City, scenario: &Scenario, _: &Device, _: Option<&Cache>, _: &Basis) -> Result<Box<dyn Model>> {
    Ok(Box::new(Bathtub::new(asked(scenario)?.clone(), city.terrain.clone())))
}

impl Bathtub {
    fn new(spec: BathtubSpec, ground: Raster) -> Bathtub {
        let cells = ground.values.len();
        let mut tub = Bathtub { spec, ground, time: 0.0, steps: 0, depth: vec![0.0; cells], deepest: vec![0.0; cells] };
        tub.fill();
        tub
    }

    /// Water up to the level of now.
    fn fill(&mut self) {
        let end = 60.0 * self.spec.end_minutes;
        let level = self.spec.from_m + (self.spec.to_m - self.spec.from_m) * (self.time / end).min(1.0);
        // Relative to the datum, as the heights are.
        let level = (level - self.ground.datum) as f32;
        let cells = self.depth.par_iter_mut().zip(&mut self.deepest).zip(&self.ground.values);
        cells.for_each(|((depth, deepest), ground)| {
            // A cell without a height stays dry: NaN is never above 0.
            let below = level - ground;
            *depth = if below > 0.0 { below } else { 0.0 };
            *deepest = deepest.max(*depth);
        });
    }

    /// Water now, m³.
    fn volume(&self) -> f64 {
        self.depth.iter().map(|depth| f64::from(*depth)).sum::<f64>() * self.ground.grid.cell_area()
    }
}

impl Model for Bathtub {
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress> {
        let begun = Instant::now();
        while self.time < until && begun.elapsed() < budget {
            self.steps += 1;
            // Counted in whole steps, so that nothing adds up.
            self.time = (self.steps as f64 * self.spec.step_s).min(until);
            self.fill();
        }
        let reached = self.time >= until;
        Ok(Progress { time: self.time, steps: self.steps, dt: self.spec.step_s, reached, activity: None })
    }

    fn frame(&mut self) -> Result<Frame> {
        let layers = vec![Layer::new(&DEPTH, self.ground.grid, self.depth.clone()).described("Depth below the level")];
        Ok(Frame { time: self.time, layers, vehicles: None })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        let wet = self.depth.iter().filter(|depth| **depth > 0.0).count();
        let hectares = wet as f64 * self.ground.grid.cell_area() / 1e4;
        let volume = self.volume();
        Ok(Outcome {
            layers: vec![
                Layer::new(&MAX_DEPTH, self.ground.grid, self.deepest.clone())
                    .described("Largest depth below the level"),
            ],
            balance: Some(Balance::new("m³", vec![("in the tub".into(), volume), ("stands there".into(), -volume)])),
            story: vec![Text {
                en: format!("{hectares:.1} ha lie below the level in the end."),
                nl: format!("Aan het eind ligt {hectares:.1} ha onder de waterstand."),
            }],
            ..Outcome::default()
        })
    }

    fn remarks(&self) -> Remarks {
        remarks(&self.spec)
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({ "step_s": self.spec.step_s })
    }

    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>> {
        out.write_all(&self.time.to_le_bytes())?;
        out.write_all(&self.steps.to_le_bytes())?;
        let both = self.depth.iter().chain(&self.deepest);
        let bytes: Vec<u8> = both.flat_map(|value| value.to_le_bytes()).collect();
        out.write_all(&bytes)?;
        Ok(Ok(()))
    }

    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>> {
        let mut number = [0; 8];
        from.read_exact(&mut number)?;
        self.time = f64::from_le_bytes(number);
        from.read_exact(&mut number)?;
        self.steps = u64::from_le_bytes(number);
        let mut value = [0; 4];
        for cell in self.depth.iter_mut().chain(&mut self.deepest) {
            from.read_exact(&mut value)?;
            *cell = f32::from_le_bytes(value);
        }
        Ok(Ok(()))
    }
}

/// A slope of 1 in 100 on square cells, m.
fn slope(cols: usize, rows: usize) -> Raster {
    let grid = hanze_engine::grid::Grid {
        cols,
        rows,
        cell: 1.0,
        west: 0.0,
        north: rows as f64,
        crs: hanze_engine::grid::Crs::UNKNOWN,
    };
    let heights = (0..cols * rows).map(|k| 0.01 * (k % cols) as f32).collect();
    Raster::from_values(grid, "terrain", "m", heights)
}

fn tub(cols: usize, rows: usize) -> Bathtub {
    let spec = BathtubSpec { name: None, end_minutes: 1.0, frame_minutes: None, step_s: 1.0, from_m: 0.0, to_m: 0.5 };
    Bathtub::new(spec, slope(cols, rows))
}

/// What is measured: how many cells it fills in a second.
fn bench(_: &Device, size: Size) -> Result<Vec<Kernel>> {
    let side = match size {
        Size::Tiny => 32,
        Size::Small => 512,
        Size::Large => 4096,
    };
    let mut tub = tub(side, side);
    let work = move |budget: Duration| {
        again(budget, || {
            let begun = Instant::now();
            tub.fill();
            Ok((tub.depth.len() as f64, begun.elapsed().as_secs_f64()))
        })
    };
    Ok(vec![Kernel::new("fill", "cell", work).moving(20.0)])
}

/// A wedge of water on a slope: half the width times the depth at the foot, times the length.
fn wedge(_: &Bench) -> Result<Vec<Figure>> {
    let mut tub = tub(100, 10);
    while !tub.advance(60.0, Duration::from_secs(1))?.reached {}
    // Columns from 0 to 0.49 m, which lie 0.5 to 0.01 m below the level.
    let volume = 10.0 * (1..=50).map(|k| 0.01 * f64::from(k)).sum::<f64>();
    Ok(vec![most("volume off the wedge, share", (tub.volume() / volume - 1.0).abs(), 1e-5)])
}
