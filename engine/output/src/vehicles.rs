//! Where vehicles are at a moment: as JSON, list by list, and in 20 bytes each.
//!
//! Binary, little-endian: "HZV1"; u32 count; f64 time (s); f64 x and y of the origin (m, in the city's plane). Then for each vehicle: u32
//! number of its trip; f32 x and y from the origin (m), its front; u16 direction (hundredths of a degree from east, counter-clockwise);
//! u16 speed (cm/s); u8 kind (1 car, 2 truck, 4 cycle, 8 bus); u8 length (dm); u16 zero.

use super::whole_file;
use glam::DVec2;
use hanze_base::error::Result;
use hanze_base::frame::Vehicles;
use serde_json::json;
use std::path::Path;

/// Media type of the binary file.
pub const MEDIA_TYPE: &str = "application/octet-stream";

fn rounded(value: f64, digits: f64) -> f64 {
    (value * digits).round() / digits
}

/// Writes the lists as JSON.
///
/// # Errors
/// `Io` with the path.
pub fn write_json(path: &Path, time: f64, vehicles: &Vehicles) -> Result<()> {
    let list = |values: &[f64], digits: f64| values.iter().map(|value| rounded(*value, digits)).collect::<Vec<_>>();
    let value = json!({
        "time_s": time,
        "id": vehicles.id,
        "x_m": vehicles.at.iter().map(|at| rounded(at.x, 100.0)).collect::<Vec<_>>(),
        "y_m": vehicles.at.iter().map(|at| rounded(at.y, 100.0)).collect::<Vec<_>>(),
        "heading_deg": list(&vehicles.heading, 10.0),
        "speed_m_per_s": list(&vehicles.speed, 100.0),
        "length_m": list(&vehicles.length, 10.0),
        "kind": vehicles.kind,
        "kinds": { "1": "car", "2": "truck", "4": "cycle", "8": "bus" },
    });
    whole_file(path, |out| serde_json::to_writer(out, &value).map_err(std::io::Error::from))
}

/// Writes 20 bytes a vehicle.
///
/// # Errors
/// `Io` with the path.
pub fn write_binary(path: &Path, time: f64, vehicles: &Vehicles) -> Result<()> {
    let low = vehicles.at.iter().copied().reduce(DVec2::min).unwrap_or_default().floor();
    let mut bytes = b"HZV1".to_vec();
    bytes.extend((vehicles.id.len() as u32).to_le_bytes());
    [time, low.x, low.y].iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    for (k, id) in vehicles.id.iter().enumerate() {
        let at = vehicles.at[k] - low;
        bytes.extend(id.to_le_bytes());
        bytes.extend((at.x as f32).to_le_bytes());
        bytes.extend((at.y as f32).to_le_bytes());
        let heading = (100.0 * vehicles.heading[k].rem_euclid(360.0)).round() as u16 % 36_000;
        bytes.extend(heading.to_le_bytes());
        bytes.extend(((100.0 * vehicles.speed[k]).round().clamp(0.0, 65_535.0) as u16).to_le_bytes());
        bytes.push(vehicles.kind[k]);
        bytes.push((10.0 * vehicles.length[k]).round().clamp(0.0, 255.0) as u8);
        bytes.extend([0, 0]);
    }
    whole_file(path, |out| std::io::Write::write_all(out, &bytes))
}
