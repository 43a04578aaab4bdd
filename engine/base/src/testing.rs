//! What tests share that may have to leave something out.

use std::io::Write;
use std::path::PathBuf;

/// Says on standard error that a test leaves something out, past the runner's capture, which hides what passing tests print.
///
/// # Panics
/// Where the environment variable `required` is 1: then nothing may be left out.
pub fn left_out(required: &str, what: &str) {
    assert!(std::env::var(required).ok().as_deref() != Some("1"), "{required} is 1, but left out is: {what}");
    let _ = writeln!(std::io::stderr(), "left out: {what}");
}

/// The folder with reference data; where there is none, `what` is left out.
///
/// # Panics
/// Where there is none and `HANZE_REQUIRE_DATA` is 1.
pub fn reference_data(what: &str) -> Option<PathBuf> {
    let found = crate::data_folder();
    if found.is_none() {
        left_out("HANZE_REQUIRE_DATA", &format!("{what}, as there is no reference data (HANZE_DATA)"));
    }
    found
}
