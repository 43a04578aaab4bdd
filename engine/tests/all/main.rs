//! The engine as others use it, one file per field, in one binary: each binary links the whole engine, which takes
//! longer than most tests. `cargo test -p hanze-engine --test engine heat::` runs one file. Tests share a process, so
//! none may change its environment, its working directory or its limits, nor measure the memory of all of it.

mod common;
mod warm;

mod bad_input;
mod cases;
mod clock;
mod demo_files;
mod documents;
mod edits;
mod entries;
mod filled;
mod heat;
mod heat_cases;
mod heat_map;
mod island;
mod keys;
mod links;
mod meshes;
mod motion;
mod motion_cases;
mod nouns;
mod quantities;
mod road_cases;
mod roads;
mod shaders;
mod shared_city;
mod sky_to_street;
mod tiles;
mod traffic;
mod twins;
mod walls;
mod water;
mod works;
