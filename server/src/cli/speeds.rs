//! `hanze bench --all` and `--compare`: stages of all models, and those of two builds beside each other.

use super::report::report;
use super::{note, say};
use hanze_engine::device::Device;
use hanze_engine::models::Entry;
use hanze_engine::yardstick::Size;
use hanze_engine::yardstick::speeds::{self, Comparison, DeviceSpeeds, Ratio, Speeds, TURNS};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What to measure or compare.
#[derive(clap::Args)]
pub struct AllOptions {
    /// Measure the stages of all models, turn by turn, for --seconds each.
    #[arg(long, conflicts_with_all = ["model", "order", "side", "wet", "hours", "scenario", "network", "trips", "vehicles", "streets", "step", "until", "weights", "gap", "closures", "baseline"])]
    pub all: bool,
    /// All: how large the loads are; tiny, small (for processors) or large (for GPUs).
    #[arg(long, default_value = "small", requires = "all")]
    size: Size,
    /// All: write what was measured into this file.
    #[arg(long, value_name = "FILE", requires = "all")]
    json: Option<PathBuf>,
    /// Compare what two builds measured with --all --json: speeds of NEW over those of OLD.
    #[arg(long, value_names = ["OLD", "NEW"], num_args = 2, conflicts_with_all = ["all", "model", "device", "network", "trips", "closures", "baseline"])]
    pub compare: Option<Vec<PathBuf>>,
}

/// Measures models on some devices, and prints and writes how fast they are. Fails where any stage does.
pub fn speeds(models: &[Entry], options: &AllOptions, devices: &[Device], seconds: f64) -> miette::Result<ExitCode> {
    let turn = Duration::try_from_secs_f64(seconds / TURNS as f64)
        .map_err(|_| miette::miette!("--seconds is {seconds}; it must be 0 or more"))?;
    let mut all = Speeds::here(options.size);
    let mut has_failed = false;
    for device in devices {
        let (found, faults) = speeds::measure(models, device, options.size, turn).map_err(report)?;
        table(&found);
        faults.iter().for_each(|fault| note(format_args!("FAILED: {fault}")));
        has_failed |= !faults.is_empty();
        all.devices.push(found);
    }
    if let Some(file) = &options.json {
        all.write(file).map_err(report)?;
        say(format_args!("written to {}", file.display()));
    }
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Prints a line for each stage of a device, and one for each model.
fn table(found: &DeviceSpeeds) {
    say(format_args!("{}; copies {:.1} GB/s, read and written", found.name, found.bandwidth / 1e9));
    say(format_args!(
        "{:<8} | {:<22} | {:<12} | {:>16} | {:>8} | {:>12} | share of copy bandwidth",
        "model", "stage", "unit", "million units/s", "spread", "bytes a unit",
    ));
    for row in &found.rows {
        let bytes = row.bytes.map_or("-".into(), |bytes| format!("{bytes:.0}"));
        let share = row.share(found.bandwidth).map_or("-".into(), |share| percent(share, 1));
        let (speed, spread) = (row.per_second / 1e6, percent(row.spread(), 1));
        say(format_args!(
            "{:<8} | {:<22} | {:<12} | {speed:>16.4} | {spread:>8} | {bytes:>12} | {share:>23}",
            row.model, row.stage, row.unit,
        ));
    }
    for (model, share, stage) in found.shares() {
        say(format_args!("{model}: {} of the copy bandwidth at best ({stage})", percent(share, 1)));
    }
}

fn percent(share: f64, places: usize) -> String {
    format!("{:.places$} %", 100.0 * share)
}

/// Prints the speeds of a build over those of another one.
pub fn compare(old: &Path, new: &Path) -> miette::Result<ExitCode> {
    let [before, now] = [old, new].map(Speeds::read);
    let (before, now) = (before.map_err(report)?, now.map_err(report)?);
    let head = |file: &Path, own: &Speeds| {
        let devices: Vec<&str> = own.devices.iter().map(|device| device.name.as_str()).collect();
        format!("{}: version {}, {} build; {}", file.display(), own.version, own.build, devices.join("; "))
    };
    say(format_args!("old: {}", head(old, &before)));
    say(format_args!("new: {}", head(new, &now)));
    let compared = speeds::compare(&before, &now).map_err(report)?;
    lines(&compared).iter().for_each(|line| say(format_args!("{line}")));
    // Files that have nothing in common are most likely not those that were meant.
    Ok(if compared.ratios.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The lines of a comparison.
fn lines(compared: &Comparison) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<42} | {:<12} | {:>14} | {:>14} | new/old | between | and     |",
        "device, model and stage", "unit", "old, million/s", "new, million/s",
    )];
    lines.extend(compared.ratios.iter().map(|own| {
        let Ratio { name, unit, per_second: [old, new], ratio, between: [low, high] } = own;
        let (old, new) = (old / 1e6, new / 1e6);
        let remark = match (*low > 1.0, *high < 1.0) {
            (true, _) => " faster",
            (_, true) => " slower",
            _ => "",
        };
        format!(
            "{name:<42} | {unit:<12} | {old:>14.4} | {new:>14.4} | {ratio:>7.3} | {low:>7.3} | {high:>7.3} |{remark}"
        )
    }));
    for (names, side) in compared.only.iter().zip(["OLD", "NEW"]) {
        lines.extend(names.iter().map(|name| format!("only in {side}: {name}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_tells_what_surely_changed_and_what_is_missing() {
        let ratio = |name: &str, ratio: f64, between: [f64; 2]| Ratio {
            name: name.into(),
            unit: "cell".into(),
            per_second: [2e6, 2e6 * ratio],
            ratio,
            between,
        };
        let ratios = vec![ratio("a", 1.2, [1.1, 1.3]), ratio("b", 1.02, [0.98, 1.04]), ratio("c", 0.8, [0.75, 0.9])];
        let told = lines(&Comparison { ratios, only: [vec!["gone".into()], vec!["fresh".into()]] });
        assert!(
            told[1].ends_with("|         2.0000 |         2.4000 |   1.200 |   1.100 |   1.300 | faster"),
            "{}",
            told[1]
        );
        assert!(told[2].ends_with("1.040 |") && told[3].ends_with("0.900 | slower"), "{told:?}");
        assert_eq!(told[4..], ["only in OLD: gone", "only in NEW: fresh"]);
    }
}
