//! The commands of `hanze`. They are a library, which compiles beside the engine; a binary would wait until that is done.

mod cli;
mod serve;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Does what this process's arguments ask for, and says with what code it should end.
pub fn execute() -> ExitCode {
    match cli::execute(cli::Cli::parse()) {
        Ok(code) => code,
        Err(report) => {
            // A reader that has gone is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{report:?}");
            ExitCode::FAILURE
        }
    }
}
