//! The adapter of tests that need one.

use hanze_engine::device::Device;

/// Any adapter, a software one too; none is told, and is an error where `HANZE_REQUIRE_GPU` is 1.
pub fn gpu() -> Option<Device> {
    match Device::open("gpu:any") {
        Ok(device) => Some(device),
        Err(reason) => {
            let test = std::thread::current().name().unwrap_or("a test").to_string();
            hanze_engine::testing::left_out("HANZE_REQUIRE_GPU", &format!("the GPU half of {test}: {reason}"));
            None
        }
    }
}
