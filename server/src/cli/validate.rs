//! `hanze validate`.

use super::{note, say};
use hanze_engine::device::Device;
use hanze_engine::models::validate::{Bar, Bench, Case};
use std::process::ExitCode;
use std::time::Instant;

/// Runs the cases of a model, all or the cheap or the slow ones, and prints case | figure | bar | verdict.
pub fn validate(
    cases: &[Case],
    only: Option<&str>,
    (cheap, slow): (bool, bool),
    device: &str,
) -> miette::Result<ExitCode> {
    let device = Device::open(device).map_err(super::report::report)?;
    let data = hanze_engine::data_folder();
    let required = std::env::var_os("HANZE_REQUIRE_DATA").is_some_and(|value| value == "1");
    note(format_args!("on {}", device.record()));
    row("case", "figure", "bar", "verdict");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let only = only.unwrap_or_default().to_lowercase();
    let is_wanted = |case: &&Case| if case.cheap { !slow } else { !cheap };
    let wanted = cases.iter().filter(|case| case.name.to_lowercase().contains(&only)).filter(is_wanted);
    for case in wanted {
        if case.needs_data && data.is_none() {
            row(case.name, "-", "needs data: set HANZE_DATA", "not run");
            if required {
                failed += 1
            } else {
                skipped += 1
            }
            continue;
        }
        let start = Instant::now();
        match (case.run)(&Bench { device: &device, data: data.as_deref() }) {
            Ok(figures) => {
                for figure in figures {
                    let verdict = match (figure.passes(), figure.bar) {
                        (false, _) => "FAILED",
                        (true, Bar::Told) => "reported",
                        (true, _) => "ok",
                    };
                    passed += usize::from(verdict == "ok");
                    failed += usize::from(verdict == "FAILED");
                    let name = format!("{}: {}", case.name, figure.what);
                    row(&name, &short(figure.value), &figure.bar.to_string(), verdict);
                }
            }
            Err(error) => {
                failed += 1;
                row(case.name, "-", &error.to_string(), "FAILED");
            }
        }
        note(format_args!("  {} took {:.1} s", case.name, start.elapsed().as_secs_f64()));
    }
    if passed + failed == 0 {
        note(format_args!("no case is called that, or its data is not there"));
        failed += 1;
    }
    say(format_args!("{passed} passed, {failed} failed, {skipped} skipped"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a line of the table.
fn row(case: &str, figure: &str, bar: &str, verdict: &str) {
    say(format_args!("{case:<72} | {figure:>9} | {bar:<17} | {verdict}"));
}

/// A figure with four digits.
fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.2e}") } else { format!("{value:.4}") }
}
