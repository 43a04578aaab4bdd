//! The `hanze` command: what happens to the city if it rains, heats up, or a road moves.

mod cli;
mod serve;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::execute(cli::Cli::parse()) {
        Ok(code) => code,
        Err(report) => {
            // A reader that has gone is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{report:?}");
            ExitCode::FAILURE
        }
    }
}
