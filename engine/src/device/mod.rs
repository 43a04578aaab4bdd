//! The devices that models run on.

pub mod gpu;
pub mod shared;

use crate::error::{Error, Result};
use gpu::{AdapterSummary, Gpu, Selector};
use std::sync::Arc;

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

/// Name of the processor.
fn processor() -> String {
    let kind = sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing());
    let system = sysinfo::System::new_with_specifics(kind);
    let brand = system.ok().and_then(|system| system.cpus().first().map(|cpu| cpu.brand().trim().to_string()));
    brand.filter(|brand| !brand.is_empty()).unwrap_or(std::env::consts::ARCH.to_string())
}

/// Memory that is free on this machine, bytes; `None` where the system does not tell.
pub fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    Some(system.available_memory())
}

impl std::fmt::Display for DeviceRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.threads {
            Some(threads) => write!(f, "CPU, {} ({threads} threads)", self.name),
            None => write!(f, "GPU, {}", self.name),
        }
    }
}
