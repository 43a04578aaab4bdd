//! The `hanze` program as people and other programs use it, one file per field, in one binary, which links once.
//! `cargo test -p hanze --test server lost::` runs one file. Each test has a folder and servers of its own. Tests of
//! all files run side by side, so limits of time must hold while others compute.

mod common;

mod cli;
mod doors;
mod hard_times;
mod lost;
mod maps;
mod ogc;
mod serve;
mod small_requests;
mod variants;
mod whole;
