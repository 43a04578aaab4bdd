//! The devices that models run on.
//!
//! Users take it through the facade `hanze-engine`, where it is `device`. It may name `hanze-base` only: it knows
//! no city.

pub mod gpu;
mod kernel;
pub mod shared;

use gpu::{AdapterSummary, Gpu, Selector};
use hanze_base::error::{Error, Result};
use rayon::prelude::*;
use std::sync::Arc;
use std::time::Instant;

/// Where a model runs.
#[derive(Clone)]
pub enum Device {
    /// The twins, on the threads of this machine.
    Cpu,
    /// WGSL on an adapter.
    Gpu(Arc<Gpu>),
}

/// What a run record says of its device.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DeviceRecord {
    /// `cpu` or `gpu`.
    pub kind: &'static str,
    /// Name of the processor or adapter.
    pub name: String,
    /// Threads on the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterSummary>,
}

impl Device {
    /// Opens a device by name: `auto` (a real GPU, else the CPU), `cpu`, `gpu` (a real one), `gpu:any` (software too),
    /// `gpu:INDEX` or `gpu:NAME`.
    ///
    /// # Errors
    /// `NoDevice` when the name or the device does not exist.
    pub fn open(name: &str) -> Result<Device> {
        let open = |selector: Selector| Gpu::open(&selector).map(|gpu| Device::Gpu(Arc::new(gpu)));
        match name.split_once(':').map_or((name, None), |(kind, which)| (kind, Some(which))) {
            ("auto", None) => Ok(open(Selector::Real).unwrap_or(Device::Cpu)),
            ("cpu", None) => Ok(Device::Cpu),
            ("gpu", None) => open(Selector::Real),
            ("gpu", Some("any")) => open(Selector::Any),
            ("gpu", Some(which)) if !which.is_empty() => {
                open(which.parse().map_or_else(|_| Selector::Name(which.to_string()), Selector::Index))
            }
            _ => Err(Error::NoDevice {
                problem: format!("there is no device \"{name}\""),
                mend: "use auto, cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME; `hanze devices` lists them".into(),
            }),
        }
    }

    /// Bytes a second that the device copies in its own memory, read and written ones both counted.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` when the device fails.
    pub fn copy_bandwidth(&self) -> Result<f64> {
        match self {
            Device::Cpu => Ok(fastest_copy(COPY_BYTES, cpu_copy())),
            Device::Gpu(gpu) => gpu.copy_bandwidth(),
        }
    }

    /// What a run record says of it.
    pub fn record(&self) -> DeviceRecord {
        match self {
            Device::Cpu => DeviceRecord {
                kind: "cpu",
                name: processor(),
                threads: Some(rayon::current_num_threads()),
                adapter: None,
            },
            Device::Gpu(gpu) => DeviceRecord {
                kind: "gpu",
                name: gpu.adapter.name.clone(),
                threads: None,
                adapter: Some(gpu.adapter.clone()),
            },
        }
    }
}

/// Numbers of 4 bytes that one copy on the CPU moves: far more than any cache holds.
const COPIED: usize = 64 << 20;
/// Bytes of that copy, read and written ones both counted.
pub const COPY_BYTES: f64 = 2.0 * (4 * COPIED) as f64;

/// Copies one large array to another on all threads.
pub fn cpu_copy() -> impl FnMut() {
    let (source, mut target) = (vec![1.0_f32; COPIED], vec![0.0_f32; COPIED]);
    move || {
        let chunks = target.par_chunks_mut(COPIED / 64).zip(source.par_chunks(COPIED / 64));
        chunks.for_each(|(target, source)| target.copy_from_slice(source));
        std::hint::black_box(&target);
    }
}

/// Bytes a second of the fastest of several copies that move so many bytes each.
fn fastest_copy(bytes: f64, mut copy: impl FnMut()) -> f64 {
    let seconds = |_| {
        let begun = Instant::now();
        copy();
        begun.elapsed().as_secs_f64()
    };
    bytes / (0..8).map(seconds).fold(f64::INFINITY, f64::min)
}

/// Level of SIMD that kernels run on where they choose one: the highest that this processor and pulp both have.
pub fn simd_level() -> &'static str {
    match pulp::Arch::new() {
        pulp::Arch::Scalar => "scalar",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        pulp::Arch::V3(_) => "v3",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        pulp::Arch::V4(_) => "v4",
        #[cfg(target_arch = "aarch64")]
        pulp::Arch::Neon(_) => "neon",
        _ => "other",
    }
}

/// Name of the processor.
fn processor() -> String {
    let kind = sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing());
    let system = sysinfo::System::new_with_specifics(kind);
    let brand = system.ok().and_then(|system| system.cpus().first().map(|cpu| cpu.brand().trim().to_string()));
    brand.filter(|brand| !brand.is_empty()).unwrap_or(std::env::consts::ARCH.to_string())
}

/// Memory that is free on this machine and that this process may still take, bytes; `None` where the system does not tell.
pub fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let free = system.available_memory();
    let text = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    Some(left_of_limit(&text("/proc/self/limits"), &text("/proc/self/status")).map_or(free, |left| left.min(free)))
}

/// What a process may still take of its own limit of data, bytes, as Linux tells of `limits` and `status`; none without a limit.
fn left_of_limit(limits: &str, status: &str) -> Option<u64> {
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max data size"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?;
    let taken = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix(" kB"))?;
    Some(limit.saturating_sub(1024 * taken.parse::<u64>().ok()?))
}

impl std::fmt::Display for DeviceRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.threads {
            Some(threads) => write!(f, "CPU, {} ({threads} threads)", self.name),
            None => write!(f, "GPU, {}", self.name),
        }
    }
}

/// Sets how many threads compute, once and before anything does.
///
/// # Errors
/// `NoDevice` where something computes already.
pub fn compute_threads(threads: usize) -> Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|error| Error::NoDevice {
        problem: format!("the number of threads cannot be set: {error}"),
        mend: "set it before anything else".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_highest_level_of_simd_is_named() {
        let wanted = match (pulp::x86::V4::try_new(), pulp::x86::V3::try_new()) {
            (Some(_), _) => "v4",
            (None, Some(_)) => "v3",
            (None, None) => "scalar",
        };
        assert_eq!(simd_level(), wanted);
    }

    #[test]
    fn a_limit_of_the_process_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max data size             419430400            unlimited            bytes\n\
                      Max stack size            8388608              unlimited            bytes\n";
        let status = "Name:\thanze\nVmData:\t  102400 kB\nVmStk:\t     132 kB\n";
        assert_eq!(left_of_limit(limits, status), Some(300 << 20));
        assert_eq!(left_of_limit(limits, "VmData:\t  999999 kB\n"), Some(0));
        let unlimited = "Max data size             unlimited            unlimited            bytes\n";
        assert_eq!((left_of_limit(unlimited, status), left_of_limit("", "")), (None, None));
    }
}
