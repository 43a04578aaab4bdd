//! What kernels cost beside two yardsticks, a plain loop and a copy of memory, which are measured in turns with them.
//! Seconds differ from machine to machine and from hour to hour; such ratios much less, so that those of today can be
//! compared with those of before. On one machine `speeds` measures all models on any device.

pub mod baseline;
pub mod kernels;
pub mod speeds;

use hanze_base::error::Result;
use hanze_device::{COPY_BYTES, cpu_copy};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Threads of such a comparison: those of the smallest machine, so that all compare the same.
pub const THREADS: usize = 2;
/// Time that a kernel gets in a turn.
const TURN: Duration = Duration::from_millis(250);
/// Turns at most and at least, and the time after which no further one begins.
const MOST_TURNS: usize = 7;
const LEAST_TURNS: usize = 3;
const LONGEST: Duration = Duration::from_secs(14);
/// Steps of the plain loop on each thread.
const STEPS: u32 = 1 << 21;

/// What a unit of a kernel's work costs: what the yardsticks do in the same time on the same threads.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Cost {
    /// Steps of the plain loop.
    pub steps: f64,
    /// Bytes of a copy, read and written ones both counted.
    pub bytes: f64,
}

impl Cost {
    /// Of a unit that takes so long (s) between two readings.
    fn between(seconds: f64, before: Reading, after: Reading) -> Cost {
        Cost { steps: 2.0 * seconds / (before.step + after.step), bytes: 2.0 * seconds / (before.byte + after.byte) }
    }
}

/// What the yardsticks take at a moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// Time of a step of the plain loop, s; all threads share the steps.
    step: f64,
    /// Time in which a byte is read or written, s.
    byte: f64,
}

/// Both yardsticks, with the memory that is copied.
struct Yardstick<C> {
    copy: C,
}

impl<C: FnMut()> Yardstick<C> {
    fn read(&mut self) -> Reading {
        let step = time_of_step(STEPS) / rayon::current_num_threads() as f64;
        let begun = Instant::now();
        (self.copy)();
        Reading { step, byte: begun.elapsed().as_secs_f64() / COPY_BYTES }
    }
}

/// A step of the plain loop: a product, sums, a root and a division as kernels have them, most of which wait for the one
/// before.
fn plain(x: f32) -> f32 {
    let root = (0.75 * x + 1.25).sqrt();
    root + 1.0 / (root + x)
}

/// Seconds of a step of the plain loop, while every thread does so many of its own.
fn time_of_step(steps: u32) -> f64 {
    let begun = Instant::now();
    rayon::broadcast(|_| black_box((0..black_box(steps)).fold(black_box(1.0), |x, _| plain(x))));
    begun.elapsed().as_secs_f64() / f64::from(steps)
}

/// How large loads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// For tests: a turn takes milliseconds.
    Tiny,
    /// For processors and software drivers: a turn takes a fraction of a second.
    Small,
    /// For real GPUs, which small loads do not fill.
    Large,
}

impl Size {
    /// The value for this size.
    pub fn pick<T>(self, tiny: T, small: T, large: T) -> T {
        match self {
            Size::Tiny => tiny,
            Size::Small => small,
            Size::Large => large,
        }
    }
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Size, String> {
        match name {
            "tiny" => Ok(Size::Tiny),
            "small" => Ok(Size::Small),
            "large" => Ok(Size::Large),
            _ => Err(format!("\"{name}\" is not a size; take tiny, small or large")),
        }
    }
}

/// Works for about so long; gives the units that were done and the seconds that they took.
type Work = Box<dyn FnMut(Duration) -> Result<(f64, f64)>>;

/// A kernel with what it works on.
pub struct Kernel {
    /// Its name.
    pub name: &'static str,
    /// What its work is counted in.
    pub unit: &'static str,
    /// Bytes that a unit must move between memory and processor at least, where somebody has counted.
    pub bytes: Option<f64>,
    work: Work,
}

impl Kernel {
    /// A kernel that works for about as long as it is told, and gives the units that were done and the seconds that
    /// they took.
    pub fn new(
        name: &'static str,
        unit: &'static str,
        work: impl FnMut(Duration) -> Result<(f64, f64)> + 'static,
    ) -> Kernel {
        Kernel { name, unit, bytes: None, work: Box::new(work) }
    }

    /// Works for about so long; gives the units that were done and the seconds that they took.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run(&mut self, budget: Duration) -> Result<(f64, f64)> {
        (self.work)(budget)
    }

    /// Notes how many bytes a unit of work must move between memory and processor, for its share of the bandwidth.
    pub fn moving(self, bytes: f64) -> Kernel {
        Kernel { bytes: Some(bytes), ..self }
    }
}

/// Does the same again and again for about so long; units and seconds in all.
///
/// # Errors
/// The first error of `once`; what was done before it is not reported.
pub fn again(budget: Duration, mut once: impl FnMut() -> Result<(f64, f64)>) -> Result<(f64, f64)> {
    let (mut units, mut seconds) = (0.0, 0.0);
    loop {
        let (more, took) = once()?;
        (units, seconds) = (units + more, seconds + took);
        if seconds >= budget.as_secs_f64() {
            return Ok((units, seconds));
        }
    }
}

/// What came of a kernel: medians over all turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Its name.
    pub name: &'static str,
    /// What its work is counted in.
    pub unit: &'static str,
    /// Seconds of a unit.
    pub seconds: f64,
    /// What it costs beside the yardsticks.
    pub cost: Cost,
}

/// Measures kernels on the CPU.
///
/// # Errors
/// The first error of a kernel, such as `DeviceLost` or `Unstable`.
pub fn measure(kernels: &mut [Kernel]) -> Result<Vec<Measured>> {
    let mut copy = cpu_copy();
    // The first copy also gets the pages of its target.
    copy();
    let mut yardstick = Yardstick { copy };
    let begun = Instant::now();
    let is_enough = |turns: usize| turns >= MOST_TURNS || (turns >= LEAST_TURNS && begun.elapsed() >= LONGEST);
    in_turns(kernels, || yardstick.read(), is_enough)
}

/// Lets kernels work one after the other, turn by turn, and reads the yardsticks before and after each.
fn in_turns(
    kernels: &mut [Kernel],
    mut read: impl FnMut() -> Reading,
    is_enough: impl Fn(usize) -> bool,
) -> Result<Vec<Measured>> {
    let mut found: Vec<Vec<(f64, Cost)>> = vec![Vec::new(); kernels.len()];
    let mut before = read();
    let mut turns = 0;
    while !is_enough(turns) {
        for (kernel, found) in kernels.iter_mut().zip(&mut found) {
            let (units, seconds) = (kernel.work)(TURN)?;
            let after = read();
            let each = seconds / units;
            found.push((each, Cost::between(each, before, after)));
            before = after;
        }
        turns += 1;
    }
    let measured = |(kernel, found): (&Kernel, &Vec<(f64, Cost)>)| {
        let middle = |of: fn(&(f64, Cost)) -> f64| median(found.iter().map(of).collect());
        let cost = Cost { steps: middle(|(_, cost)| cost.steps), bytes: middle(|(_, cost)| cost.bytes) };
        Measured { name: kernel.name, unit: kernel.unit, seconds: middle(|(each, _)| *each), cost }
    };
    Ok(kernels.iter().zip(&found).map(measured).collect())
}

/// The value in the middle, or the mean of the two there; of none not a number.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[half],
        _ => 0.5 * (values[half - 1] + values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(vec![5.0, 1.0, 9.0]), 5.0);
        assert_eq!(median(vec![4.0, 1.0, 9.0, 2.0]), 3.0);
        assert_eq!(median(vec![7.0]), 7.0);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn the_plain_loop_is_computed() {
        let end = (0..100).fold(1.0, |x, _| plain(x));
        assert!((end - 1.92116_f32).abs() < 1e-4, "{end}");
        // A root and a division one after the other take ten cycles and more; nothing at all would take none.
        let seconds = time_of_step(1 << 18);
        assert!(seconds > 1e-9, "{seconds} s");
    }

    #[test]
    fn the_same_is_done_until_time_is_up() {
        let mut times = 0;
        let (units, seconds) = again(Duration::from_secs(1), || {
            times += 1;
            Ok((10.0, 0.4))
        })
        .unwrap();
        assert!(times == 3 && units == 30.0 && (seconds - 1.2).abs() < 1e-12, "{times} {units} {seconds}");
    }

    #[test]
    fn a_machine_that_slows_down_changes_no_ratio() {
        // A clock that each work and each reading asks how slow the machine is by now.
        let slow = Rc::new(Cell::new(1.0_f64));
        let kernel = |name, unit, seconds: f64| {
            let slow = slow.clone();
            Kernel::new(name, unit, move |_| Ok((4.0, 4.0 * seconds * slow.get())))
        };
        let mut kernels = [kernel("one", "cell", 3e-9), kernel("other", "link", 1e-6)];
        let mut readings = 0;
        let read = || {
            readings += 1;
            // From the third of five turns on.
            slow.set(if readings > 4 { 3.0 } else { 1.0 });
            Reading { step: 2e-9 * slow.get(), byte: 1e-10 * slow.get() }
        };
        let found = in_turns(&mut kernels, read, |turns| turns == 5).unwrap();
        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 1e-12;
        assert_eq!(found.len(), 2);
        for (own, (name, unit, seconds)) in found.iter().zip([("one", "cell", 3e-9), ("other", "link", 1e-6)]) {
            assert_eq!((own.name, own.unit), (name, unit));
            assert!(near(own.seconds, 3.0 * seconds), "{own:?}");
            assert!(near(own.cost.steps, seconds / 2e-9) && near(own.cost.bytes, seconds / 1e-10), "{own:?}");
        }
    }
}
