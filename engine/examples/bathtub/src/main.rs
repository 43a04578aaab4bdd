//! The `hanze` command with one model more.

use std::process::ExitCode;

fn main() -> ExitCode {
    hanze::execute_with(hanze_bathtub::models())
}
