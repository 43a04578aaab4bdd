//! The commands of `hanze`. They are a library, which compiles beside the engine; a binary would wait until that is done.

mod cli;
mod serve;

use clap::Parser;
use hanze_engine::models;
use std::io::Write;
use std::process::ExitCode;

/// Does what this process's arguments ask for, and says with what code it should end.
pub fn execute() -> ExitCode {
    execute_with(models::BUILT_IN)
}

/// The same with other models than those that come with Hanze.
pub fn execute_with(all: &'static [models::Entry]) -> ExitCode {
    if let Err(error) = models::install(all) {
        let _ = writeln!(std::io::stderr(), "{error}");
        return ExitCode::FAILURE;
    }
    match cli::execute(cli::Cli::parse()) {
        Ok(code) => code,
        Err(report) => {
            // A reader that has gone is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{report:?}");
            ExitCode::FAILURE
        }
    }
}
