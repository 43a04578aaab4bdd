//! The GPU device: adapters, buffers, stages. Only this file and `kernel.rs` open wgpu; models name its types, and
//! nothing else does.

pub use super::kernel::Kernel;
use hanze_base::error::{Error, Result, bytes};
use std::sync::{Arc, Mutex};
use wgpu::{BufferUsages, DeviceType};

/// Bytes that one upload or download moves at most, so that staging memory stays small.
const CHUNK: usize = 64 << 20;

/// What is known of an adapter.
#[derive(Clone, Debug, serde::Serialize)]
pub struct AdapterSummary {
    /// Place in the list, for `--device gpu:INDEX`.
    pub index: usize,
    /// Name that the driver gives.
    pub name: String,
    /// Driver and its version.
    pub driver: String,
    /// Vulkan, Metal or Dx12.
    pub backend: String,
    /// Whether it computes on the processor: for tests, taken only when asked for.
    pub software: bool,
    /// Largest buffer that a kernel can be given, bytes.
    pub largest_binding: u64,
}

/// An open GPU.
pub struct Gpu {
    /// The adapter that it lives on.
    pub adapter: AdapterSummary,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// The first thing that went wrong, if anything did.
    fault: Arc<Mutex<Option<String>>>,
}

/// A kernel with its buffers, ready to run.
pub struct Stage {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
}

/// One thing that the device does, after all things before it.
pub enum Work<'a> {
    /// Runs a stage with so many workgroups along x and y.
    Groups(&'a Stage, [u32; 2]),
    /// Runs a stage with as many workgroups as a buffer holds at this offset in bytes.
    Indirect(&'a Stage, &'a wgpu::Buffer, u64),
    /// Copies so many bytes from a place in one buffer to a place in another.
    Copy((&'a wgpu::Buffer, u64), (&'a wgpu::Buffer, u64), u64),
}

/// What was submitted, to wait for.
pub struct Ticket(wgpu::SubmissionIndex);

fn instance() -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // Every count is written by our own clock from the grid's size; checking each call again makes it 2–3 times dearer.
    descriptor.flags.remove(wgpu::InstanceFlags::VALIDATION_INDIRECT_CALL);
    descriptor.memory_budget_thresholds =
        wgpu::MemoryBudgetThresholds { for_resource_creation: Some(95), for_device_loss: Some(99) };
    wgpu::Instance::new(descriptor)
}

fn enumerate() -> Vec<(wgpu::Adapter, AdapterSummary)> {
    let adapters = pollster::block_on(instance().enumerate_adapters(wgpu::Backends::PRIMARY));
    let summary = |(index, adapter): (usize, wgpu::Adapter)| {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        let summary = AdapterSummary {
            index,
            name: info.name,
            driver: [info.driver, info.driver_info].join(" ").trim().to_string(),
            backend: format!("{:?}", info.backend),
            software: info.device_type == DeviceType::Cpu,
            // Kernels count words in 32 bits; Metal takes more than these reach.
            largest_binding: limits
                .max_storage_buffer_binding_size
                .min(limits.max_buffer_size)
                .min(4 * u64::from(u32::MAX)),
        };
        (adapter, summary)
    };
    adapters.into_iter().enumerate().map(summary).collect()
}

/// What a device is asked for: WebGPU's defaults, so that a kernel that runs on one adapter runs on all of them and in
/// a browser; only buffers may be as large as the adapter takes them.
fn limits(adapter: &wgpu::Limits) -> wgpu::Limits {
    wgpu::Limits {
        max_buffer_size: adapter.max_buffer_size,
        max_storage_buffer_binding_size: adapter.max_storage_buffer_binding_size,
        ..wgpu::Limits::default()
    }
}

/// All adapters of this machine; empty without a driver.
pub fn adapters() -> Vec<AdapterSummary> {
    enumerate().into_iter().map(|(_, summary)| summary).collect()
}

/// Which adapter to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The first real GPU.
    Real,
    /// The first real GPU, else a software adapter.
    Any,
    /// By place in the list.
    Index(usize),
    /// The first whose name holds these words, whatever the case.
    Name(String),
}

impl Selector {
    fn matches(&self, adapter: &AdapterSummary) -> bool {
        match self {
            Selector::Real => !adapter.software,
            Selector::Any => true,
            Selector::Index(index) => adapter.index == *index,
            Selector::Name(name) => adapter.name.to_lowercase().contains(&name.to_lowercase()),
        }
    }
}

impl Gpu {
    /// Opens an adapter.
    ///
    /// # Errors
    /// `NoDevice` when none matches or the driver refuses; the message lists what there is.
    pub fn open(selector: &Selector) -> Result<Gpu> {
        let mut adapters = enumerate();
        adapters.sort_by_key(|(_, summary)| summary.software);
        let found: Vec<String> = adapters.iter().map(|(_, s)| format!("{} ({})", s.name, s.backend)).collect();
        let Some((adapter, summary)) = adapters.into_iter().find(|(_, summary)| selector.matches(summary)) else {
            let wanted = match selector {
                Selector::Real | Selector::Any => "no GPU was found".to_string(),
                Selector::Index(index) => format!("there is no adapter {index}"),
                Selector::Name(name) => format!("no adapter is called \"{name}\""),
            };
            let there = if found.is_empty() {
                "no Vulkan, Metal or DirectX 12 driver answered".to_string()
            } else {
                format!("there is {}", found.join(", "))
            };
            return Err(Error::NoDevice {
                problem: format!("{wanted}; {there}"),
                mend: "see `hanze devices`, install the driver, or run with --device cpu".into(),
            });
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("hanze"),
            required_limits: limits(&adapter.limits()),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|reason| Error::NoDevice {
                problem: format!("{} could not be opened: {reason}", summary.name),
                mend: "close other programs on the GPU, or run with --device cpu".into(),
            })?;
        let fault = Arc::new(Mutex::new(None));
        let note = |fault: &Arc<Mutex<Option<String>>>, message: String| {
            if let Ok(mut fault) = fault.lock() {
                fault.get_or_insert(message);
            }
        };
        let uncaptured = fault.clone();
        device.on_uncaptured_error(Arc::new(move |error| note(&uncaptured, error.to_string())));
        let lost = fault.clone();
        device.set_device_lost_callback(move |reason, message| note(&lost, format!("{reason:?}: {message}")));
        Ok(Gpu { adapter: summary, device, queue, fault })
    }

    /// An error if the device has failed since it was opened.
    pub fn check(&self) -> Result<()> {
        let fault = self.fault.lock().map(|fault| fault.clone()).unwrap_or_default();
        fault.map_or(Ok(()), |message| Err(Error::DeviceLost(format!("{}: {message}", self.adapter.name))))
    }

    /// A buffer of zeros for kernels, which the host can read and write.
    ///
    /// # Errors
    /// `Memory` when it is larger than a kernel may be given, or the device has no room.
    pub fn buffer(&self, name: &str, size: u64, extra: BufferUsages) -> Result<wgpu::Buffer> {
        let size = size.max(16).next_multiple_of(16);
        let mend = "take a larger cell, a smaller area, or --device cpu";
        let memory = |available| Error::Memory {
            what: format!("the buffer of {name}"),
            needed: size,
            available,
            mend: mend.into(),
        };
        if size > self.adapter.largest_binding {
            return Err(memory(self.adapter.largest_binding));
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST | extra;
        let descriptor = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&descriptor);
        match pollster::block_on(scope.pop()) {
            Some(_) => Err(memory(0)),
            None => Ok(buffer),
        }
    }

    /// A buffer that work copies to and the host fetches from.
    pub fn staging(&self, size: u64) -> wgpu::Buffer {
        let size = size.next_multiple_of(16);
        let usage = BufferUsages::COPY_DST | BufferUsages::MAP_READ;
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Writes values to the start of a buffer.
    pub fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, values: &[T]) -> Result<()> {
        self.write_at(buffer, 0, values)
    }

    /// Writes values to a buffer from an offset on, in bytes, a multiple of 4. The host fills one chunk while the
    /// device takes the one before.
    pub fn write_at<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, offset: u64, values: &[T]) -> Result<()> {
        let mut before: Option<Ticket> = None;
        for (k, chunk) in bytemuck::cast_slice::<T, u8>(values).chunks(CHUNK).enumerate() {
            self.queue.write_buffer(buffer, offset + (k * CHUNK) as u64, chunk);
            // Writes wait in staging memory until they are submitted; two chunks of it are enough.
            if chunk.len() == CHUNK {
                let ticket = Ticket(self.queue.submit([]));
                before.replace(ticket).map_or(Ok(()), |ticket| self.wait_for(ticket))?;
            }
        }
        self.check()
    }

    /// Reads values from the start of a buffer.
    pub fn read<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<T>> {
        self.read_at(buffer, 0, count)
    }

    /// Reads values from a buffer from an offset on, in bytes, a multiple of 4. The host takes one chunk while the
    /// device copies the next.
    pub fn read_at<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, offset: u64, count: usize) -> Result<Vec<T>> {
        let mut values = vec![T::zeroed(); count];
        let target: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
        let size = target.len().min(CHUNK) as u64;
        let staging = [self.staging(size), self.staging(size)];
        let mut before: Option<(Ticket, &wgpu::Buffer, &mut [u8])> = None;
        for (k, target) in target.chunks_mut(CHUNK).enumerate() {
            let size = target.len().next_multiple_of(4) as u64;
            let ticket =
                self.submit([Work::Copy((buffer, offset + (k * CHUNK) as u64), (&staging[k % 2], 0), size)])?;
            if let Some((ticket, staging, target)) = before.replace((ticket, &staging[k % 2], target)) {
                self.fetch(ticket, staging, target)?;
            }
        }
        before.map_or(Ok(()), |(ticket, staging, target)| self.fetch(ticket, staging, target))?;
        Ok(values)
    }

    /// Waits for what was submitted, then takes bytes from the start of a staging buffer that it copied to.
    pub fn fetch(&self, ticket: Ticket, staging: &wgpu::Buffer, target: &mut [u8]) -> Result<()> {
        let (sender, receiver) = std::sync::mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            let _ = sender.send(result);
        });
        self.wait_for(ticket)?;
        let lost = |reason: String| Error::DeviceLost(format!("{}: {reason}", self.adapter.name));
        receiver.recv().map_err(|reason| lost(reason.to_string()))?.map_err(|reason| lost(reason.to_string()))?;
        let view = staging.get_mapped_range(..).map_err(|reason| lost(reason.to_string()))?;
        target.copy_from_slice(&view[..target.len()]);
        drop(view);
        staging.unmap();
        Ok(())
    }

    /// Bytes a second that one buffer is copied to another with, read and written ones both counted.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` when the device fails.
    pub fn copy_bandwidth(&self) -> Result<f64> {
        const COPIES: u64 = 8;
        let size = (1 << 30).min(self.adapter.largest_binding / 16 * 16);
        let buffers =
            [self.buffer("copy", size, BufferUsages::empty())?, self.buffer("copied", size, BufferUsages::empty())?];
        let mut fastest = f64::INFINITY;
        for _ in 0..4 {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            for _ in 0..COPIES {
                encoder.copy_buffer_to_buffer(&buffers[0], 0, &buffers[1], 0, size);
            }
            let begun = std::time::Instant::now();
            self.queue.submit([encoder.finish()]);
            self.wait()?;
            fastest = begun.elapsed().as_secs_f64().min(fastest);
        }
        Ok((2 * COPIES * size) as f64 / fastest)
    }

    /// Waits until all work is done.
    pub fn wait(&self) -> Result<()> {
        self.poll(wgpu::PollType::wait_indefinitely())
    }

    /// Waits for what was submitted, not for what came after it.
    pub fn wait_for(&self, ticket: Ticket) -> Result<()> {
        self.poll(wgpu::PollType::Wait { submission_index: Some(ticket.0), timeout: None })
    }

    fn poll(&self, until: wgpu::PollType) -> Result<()> {
        // wgpu 30 panics here when the driver itself reports the device lost; nothing of ours is half done by then.
        let poll = std::panic::AssertUnwindSafe(|| self.device.poll(until));
        let polled = std::panic::catch_unwind(poll);
        self.check()?;
        let lost = |reason: String| Error::DeviceLost(format!("{}: {reason}", self.adapter.name));
        match polled {
            Ok(polled) => polled.map(|_| ()).map_err(|reason| lost(reason.to_string())),
            Err(_) => Err(lost("the driver gave it up".into())),
        }
    }

    /// Builds a stage: a kernel, the values of its overrides, and its buffers by the names of their variables in WGSL.
    ///
    /// Each buffer that the entry point uses must be there. One that the kernel declares and does not use may be there
    /// and is left out, so kernels that declare the same variables can share a list. One buffer can be bound under two
    /// names only where both are read.
    ///
    /// # Errors
    /// `NoDevice` when a name is not one of the kernel's, a buffer is missing, or the driver refuses the kernel.
    pub fn stage(&self, kernel: Kernel, overrides: &[(&str, f64)], buffers: &[(&str, &wgpu::Buffer)]) -> Result<Stage> {
        let names: Vec<&str> = buffers.iter().map(|(name, _)| *name).collect();
        let entries: Vec<_> = kernel
            .places(&names)?
            .into_iter()
            .map(|(binding, k)| wgpu::BindGroupEntry { binding, resource: buffers[k].1.as_entire_binding() })
            .collect();
        let filters = [wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.source.into()),
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions { constants: overrides, ..Default::default() },
            cache: None,
        });
        let bind_group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        // Scopes end in the reverse of the order in which they began.
        let faults = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop()));
        match faults.last() {
            None => Ok(Stage { pipeline, bind_group }),
            Some(reason) => Err(Error::NoDevice {
                problem: format!("{} does not accept the kernel {}: {reason}", self.adapter.name, kernel.name),
                mend: "update the driver, or run with --device cpu".into(),
            }),
        }
    }

    /// Does one thing after another in one submission, and waits for none of them.
    pub fn submit<'a>(&self, work: impl IntoIterator<Item = Work<'a>>) -> Result<Ticket> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut work = work.into_iter().peekable();
        while let Some(next) = work.next() {
            if let Work::Copy((from, from_offset), (to, to_offset), size) = next {
                encoder.copy_buffer_to_buffer(from, from_offset, to, to_offset, size);
                continue;
            }
            let mut pass = encoder.begin_compute_pass(&Default::default());
            run(&mut pass, next);
            while let Some(next) = work.next_if(|work| !matches!(work, Work::Copy(..))) {
                run(&mut pass, next);
            }
        }
        let ticket = Ticket(self.queue.submit([encoder.finish()]));
        self.check()?;
        Ok(ticket)
    }

    /// Gives the device up, as if its driver had failed; everything after it is an error. For tests.
    pub fn lose(&self) {
        self.device.destroy();
    }
}

fn run(pass: &mut wgpu::ComputePass, work: Work) {
    let mut take = |stage: &Stage| {
        pass.set_pipeline(&stage.pipeline);
        pass.set_bind_group(0, &stage.bind_group, &[]);
    };
    match work {
        Work::Groups(stage, [x, y]) => {
            take(stage);
            pass.dispatch_workgroups(x, y, 1);
        }
        Work::Indirect(stage, counts, offset) => {
            take(stage);
            pass.dispatch_workgroups_indirect(counts, offset);
        }
        Work::Copy(..) => {}
    }
}

impl std::fmt::Display for AdapterSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.software { "software, only when asked for" } else { "GPU" };
        writeln!(f, "gpu:{}  {} ({}, {kind})", self.index, self.name, self.backend)?;
        write!(f, "       driver {}; largest buffer {}", self.driver, bytes(self.largest_binding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sizes_of_buffers_are_raised() {
        let adapter = wgpu::Limits {
            max_storage_buffers_per_shader_stage: 1000,
            max_compute_invocations_per_workgroup: 1024,
            max_compute_workgroup_storage_size: 1 << 16,
            max_uniform_buffer_binding_size: 1 << 20,
            max_buffer_size: 1 << 40,
            max_storage_buffer_binding_size: 1 << 32,
            ..wgpu::Limits::default()
        };
        let asked = limits(&adapter);
        assert_eq!((asked.max_buffer_size, asked.max_storage_buffer_binding_size), (1 << 40, 1 << 32));
        assert_eq!(asked.max_storage_buffers_per_shader_stage, 8);
        assert_eq!(asked.max_compute_invocations_per_workgroup, 256);
        assert_eq!(asked.max_compute_workgroup_storage_size, 16 << 10);
        assert_eq!(asked.max_uniform_buffer_binding_size, 64 << 10);
    }
}
