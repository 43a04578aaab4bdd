//! The adapter of tests that need one.

use hanze_engine::device::Device;

/// Any adapter, a software one too; none is told, and is an error where `HANZE_REQUIRE_GPU` is 1.
pub fn gpu() -> Option<Device> {
    match Device::open("gpu:any") {
        Ok(device) => Some(device),
        Err(reason) if std::env::var("HANZE_REQUIRE_GPU").is_ok_and(|value| value == "1") => {
            panic!("HANZE_REQUIRE_GPU is 1, but {reason}")
        }
        Err(_) => {
            eprintln!("no adapter: the GPU half of this test did not run");
            None
        }
    }
}
