//! `hanze bench --baseline`: kernels beside what is remembered of them, so that lost speed is seen the same day.

use super::report::report;
use super::say;
use hanze_engine::device::compute_threads;
use hanze_engine::models;
use hanze_engine::yardstick::baseline::{Baseline, Change, Compared, Machine, SLOWER, compare};
use hanze_engine::yardstick::kernels::kernels;
use hanze_engine::yardstick::{THREADS, measure};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What to compare with.
#[derive(clap::Args)]
pub struct Options {
    /// Compare kernels of all models with what this file remembers of them, as ratios to a plain loop and to a copy of
    /// memory in the same run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "device", "network", "trips", "closures"])]
    pub baseline: Option<PathBuf>,
    /// Baseline: write what was measured into the file.
    #[arg(long, requires = "baseline")]
    write: bool,
    /// Baseline: fail where a kernel is slower beside both the loop and the copy.
    #[arg(long, requires = "baseline", conflicts_with = "write")]
    strict: bool,
}

/// Measures kernels, prints them beside what a file remembers, and writes that anew if asked to.
pub fn baseline(options: &Options, file: &Path) -> miette::Result<ExitCode> {
    let mut known = match options.write && !file.exists() {
        true => Baseline::default(),
        false => Baseline::read(file).map_err(report)?,
    };
    compute_threads(THREADS).map_err(report)?;
    let mut here = Machine::here();
    let then = known.find(&here).cloned();
    if then.is_none() && !options.write {
        let name = file.display();
        say(format_args!("{name} remembers nothing of a machine like this ({here}); --write measures and adds it"));
        say(format_args!("nothing is compared with the baseline"));
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("now:  {here}"));
    if let Some(then) = &then {
        say(format_args!("then: {then}, version {} {}", then.version, then.commit));
    }
    let measured = kernels(models::all()).and_then(|mut kernels| measure(&mut kernels)).map_err(report)?;
    // This machine has no kernels yet.
    let (compared, gone) = compare(&measured, then.as_ref().unwrap_or(&here));
    table(&compared);
    for name in gone {
        say(format_args!("{name}: the baseline has it, but it is no longer measured"));
    }
    if options.write {
        here.take(&measured);
        here.commit = commit(file);
        known.put(here.clone());
        known.write(file).map_err(report)?;
        say(format_args!("written to {}", file.display()));
    }
    if let Some(then) = &then {
        let other = (then.processor != here.processor).then_some(then.processor.as_str());
        say(format_args!("{}", verdict(&compared, other)));
    }
    let is_slower = compared.iter().any(Compared::is_surely_slower);
    Ok(if options.strict && is_slower { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Prints a line for each kernel.
fn table(compared: &[Compared]) {
    let (steps, bytes) = ("steps of a plain loop meanwhile", "bytes copied meanwhile");
    say(format_args!("{:<22} | {:<12} | {:>9} | {steps:<33} | {bytes:<31} |", "", "", ""));
    say(format_args!(
        "{:<22} | {:<12} | {:>9} | {:>10} | {:>10} | {:>7} | {:>9} | {:>9} | {:>7} | remark",
        "kernel", "unit", "ns a unit", "now", "then", "change", "now", "then", "change",
    ));
    for own in compared {
        let then = |of: Option<f64>| of.map_or("-".into(), digits);
        let change = |of: Option<f64>| of.map_or("-".into(), |times| format!("{times:.2}"));
        let (steps, bytes) = own.ratios().unzip();
        say(format_args!(
            "{:<22} | {:<12} | {:>9} | {:>10} | {:>10} | {:>7} | {:>9} | {:>9} | {:>7} | {}",
            own.now.name,
            own.now.unit,
            digits(1e9 * own.now.seconds),
            digits(own.now.cost.steps),
            then(own.then.map(|then| then.steps)),
            change(steps),
            digits(own.now.cost.bytes),
            then(own.then.map(|then| then.bytes)),
            change(bytes),
            remark(own),
        ));
    }
}

/// A number with four digits or all before the point.
fn digits(value: f64) -> String {
    let places = (3.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.places$}")
}

/// What stands out.
fn remark(own: &Compared) -> String {
    match own.change() {
        Change::New => "not in the baseline".into(),
        Change::Same => String::new(),
        Change::Slower(..) if own.is_surely_slower() => "SLOWER".into(),
        Change::Slower(..) => "SLOWER beside the loop only".into(),
        Change::Faster(_) => "faster; --write remembers that".into(),
    }
}

/// The last line: which kernels are slower, and whether that may be another processor.
fn verdict(compared: &[Compared], other: Option<&str>) -> String {
    let slower = |own: &Compared| match own.change() {
        Change::Slower(steps, _) if own.is_surely_slower() => Some(format!("{} ({steps:.2} times)", own.now.name)),
        Change::Slower(steps, bytes) => {
            Some(format!("{} ({steps:.2} times; {bytes:.2} times beside a copy of memory)", own.now.name))
        }
        _ => None,
    };
    let slower: Vec<String> = compared.iter().filter_map(slower).collect();
    let of = other.map_or(String::new(), |name| format!(" (which is of another processor, {name})"));
    match slower.is_empty() {
        true => format!("no kernel is {SLOWER} times slower than the baseline{of}"),
        false => format!("slower than the baseline{of}: {}", slower.join(", ")),
    }
}

/// The commit of the checkout that a file lies in, with a mark where it is changed; empty where git does not say.
fn commit(file: &Path) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let asked = Command::new("git").arg("-C").arg(folder).args(["describe", "--always", "--dirty"]).output();
    let found = asked.ok().filter(|asked| asked.status.success());
    found.map_or(String::new(), |found| String::from_utf8_lossy(&found.stdout).trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_engine::yardstick::{Cost, Measured};

    fn compared(name: &'static str, steps: f64, bytes: f64) -> Compared {
        let now = Measured { name, unit: "cell", seconds: 1e-8, cost: Cost { steps, bytes } };
        Compared { now, then: Some(Cost { steps: 2.0, bytes: 100.0 }) }
    }

    #[test]
    fn the_last_line_names_what_is_slower() {
        let fine = [compared("water", 2.2, 110.0), Compared { then: None, ..compared("new", 9.0, 9.0) }];
        assert_eq!(verdict(&fine, None), "no kernel is 1.25 times slower than the baseline");
        let slow = [compared("water", 2.2, 110.0), compared("air", 2.6, 130.0), compared("cars", 3.0, 110.0)];
        let wanted =
            "slower than the baseline: air (1.30 times), cars (1.50 times; 1.10 times beside a copy of memory)";
        assert_eq!(verdict(&slow, None), wanted);
        let other = verdict(&slow, Some("Xeon"));
        assert!(other.starts_with("slower than the baseline (which is of another processor, Xeon): air"), "{other}");
        assert_eq!(slow.map(|own| remark(&own)), ["", "SLOWER", "SLOWER beside the loop only"]);
        assert_eq!(remark(&fine[1]), "not in the baseline");
    }

    #[test]
    fn numbers_have_four_digits() {
        let check = |value: f64, wanted: &str| assert_eq!(digits(value), wanted);
        check(1.23456, "1.235");
        check(0.0123456, "0.01235");
        check(98765.4, "98765");
        check(123.456, "123.5");
        check(0.0, "0.000000000");
    }
}
