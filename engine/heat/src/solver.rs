//! What a device does for the heat model.

use super::cpu::CpuSolver;
use super::cpu::horizons::View;
use super::cpu::radiation::Incoming;
use super::forcing::Forcing;
use super::gpu::GpuSolver;
use super::hour::{Covers, Radiation};
use super::params::Bright;
use super::scene::Scene;
use super::views::ViewStorage;
use hanze_base::error::Result;
use hanze_device::Device;

/// The heat model's work on a device.
pub trait Solver: Send {
    /// Looks around from some more cells; true when all have.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn look(&mut self) -> Result<bool>;
    /// View factors of some cells, once all are known.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn views_of(&mut self, cells: &[usize]) -> Result<Vec<View>>;
    /// Sky view factors with crowns of all cells, once they have looked.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn sky_view(&mut self) -> Result<Vec<f32>>;
    /// Radiation in the next hour.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn hour(&mut self, forcing: &Forcing) -> Result<Radiation>;
    /// Irradiance of all cells by given radiances of patches, once view factors are known.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn irradiance(&mut self, patches: &[Bright]) -> Result<Incoming>;
    /// Upwelling radiation at eye height, from what the ground of each cell sends up.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn below(&mut self, up: &[f32]) -> Result<Vec<f32>>;
    /// How much warmer than the air the ground radiates, K.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn warmth(&mut self) -> Result<Vec<f32>>;
    /// Takes up what `warmth` gave.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn set_warmth(&mut self, warmth: Vec<f32>) -> Result<()>;
}

/// Sets a solver up. View factors are stored as `storage` says.
///
/// # Errors
/// `Memory` or `NoDevice` where the device refuses.
pub fn solver(scene: Scene, covers: Covers, device: &Device, storage: &ViewStorage) -> Result<Box<dyn Solver>> {
    Ok(match device {
        Device::Cpu => Box::new(CpuSolver::new(scene, covers, storage)),
        Device::Gpu(gpu) => Box::new(GpuSolver::new(&scene, &covers, gpu.clone(), storage)?),
    })
}
