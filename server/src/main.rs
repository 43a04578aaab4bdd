//! The `hanze` command: what happens to the city if it rains, heats up, or a road moves.

use std::process::ExitCode;

fn main() -> ExitCode {
    hanze::execute()
}
