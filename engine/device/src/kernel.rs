//! Code of a kernel, and the buffers that it declares.

use hanze_base::error::{Error, Result};
use wgpu::naga::front::wgsl;
use wgpu::naga::valid::{Capabilities, ValidationFlags, Validator};

/// Code of one kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Name of the stage.
    pub name: &'static str,
    /// WGSL with the entry point `main`.
    pub source: &'static str,
}

/// A variable of a kernel that a buffer is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Name of the variable.
    pub name: String,
    /// Its number in group 0.
    pub number: u32,
    /// Whether the entry point, or a function that it calls, names it. Layouts of pipelines hold no others.
    pub is_used: bool,
}

impl Kernel {
    /// All buffers that the kernel declares, as naga sees them; wgpu derives layouts from the same analysis.
    ///
    /// # Errors
    /// `NoDevice` when the code is not valid or binds outside of group 0.
    pub fn bindings(&self) -> Result<Vec<Binding>> {
        let module = wgsl::parse_str(self.source).map_err(|reason| self.fault(&reason.emit_to_string(self.source)))?;
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .map_err(|reason| self.fault(&reason.emit_to_string(self.source)))?;
        let main = module.entry_points.iter().position(|entry| entry.name == "main");
        let main = main.ok_or_else(|| self.fault("it has no entry point main"))?;
        let uses = info.get_entry_point(main);
        let mut bindings = Vec::new();
        for (handle, variable) in module.global_variables.iter() {
            let Some(place) = variable.binding else { continue };
            let name = variable.name.clone().unwrap_or_default();
            if place.group != 0 {
                return Err(self.fault(&format!("{name} is in group {}, not 0", place.group)));
            }
            bindings.push(Binding { name, number: place.binding, is_used: !uses[handle].is_empty() });
        }
        Ok(bindings)
    }

    /// For each buffer that the entry point uses, its number and its place in a list of names. Names of variables that
    /// the kernel declares and does not use are passed over.
    ///
    /// # Errors
    /// `NoDevice` when the kernel does not declare a name, when a name is there twice, or when one is missing.
    pub fn places(&self, names: &[&str]) -> Result<Vec<(u32, usize)>> {
        let bindings = self.bindings()?;
        for (k, name) in names.iter().enumerate() {
            if !bindings.iter().any(|binding| binding.name == *name) {
                return Err(self.fault(&format!("it declares no buffer {name}")));
            }
            if names[..k].contains(name) {
                return Err(self.fault(&format!("the buffer {name} is given twice")));
            }
        }
        let place = |binding: &Binding| {
            let place = names.iter().position(|name| *name == binding.name);
            place.map(|place| (binding.number, place)).ok_or_else(|| {
                self.fault(&format!("no buffer is given for {} (binding {})", binding.name, binding.number))
            })
        };
        bindings.iter().filter(|binding| binding.is_used).map(place).collect()
    }

    fn fault(&self, problem: &str) -> Error {
        Error::NoDevice {
            problem: format!("the kernel {} cannot be set up: {problem}", self.name),
            mend: "report this, and run with --device cpu until it is mended".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: Kernel = Kernel {
        name: "sum",
        source: "
            struct Params { count: u32, factor: f32 }
            @group(0) @binding(0) var<uniform> params: Params;
            @group(0) @binding(7) var<storage, read> depth: array<f32>;
            @group(0) @binding(3) var<storage, read_write> total: array<f32>;
            @group(0) @binding(4) var<storage, read> unused: array<f32>;
            @group(0) @binding(5) var<storage, read> called: array<f32>;
            var<workgroup> lanes: array<f32, 64>;
            override STAGE: u32 = 0u;
            fn scaled(i: u32) -> f32 { return params.factor * called[i]; }
            fn never(i: u32) -> f32 { return unused[i]; }
            @compute @workgroup_size(64)
            fn main(@builtin(local_invocation_index) lane: u32) {
                lanes[lane] = depth[lane];
                if STAGE == 1u { lanes[lane] = scaled(lane); }
                total[lane] = lanes[lane];
            }",
    };

    fn message(names: &[&str]) -> String {
        KERNEL.places(names).expect_err("a fault").to_string()
    }

    #[test]
    fn bindings_are_those_that_the_entry_point_reaches() {
        let found = KERNEL.bindings().unwrap();
        let found: Vec<_> = found.iter().map(|b| (b.name.as_str(), b.number, b.is_used)).collect();
        let expected =
            [("params", 0, true), ("depth", 7, true), ("total", 3, true), ("unused", 4, false), ("called", 5, true)];
        assert_eq!(found, expected);
    }

    #[test]
    fn buffers_find_their_places_by_name() {
        let expected = [(0, 3), (7, 1), (3, 0), (5, 2)];
        assert_eq!(KERNEL.places(&["total", "depth", "called", "params"]).unwrap(), expected);
        assert_eq!(KERNEL.places(&["total", "depth", "called", "params", "unused"]).unwrap(), expected);
    }

    #[test]
    fn wrong_names_are_errors() {
        let check = |names: &[&str], words: &[&str]| {
            let message = message(names);
            assert!(words.iter().all(|word| message.contains(word)), "{names:?}: {message}");
        };
        check(&["total", "depth", "called"], &["sum", "params", "binding 0"]);
        check(&["total", "depth", "params", "unused"], &["sum", "called", "binding 5"]);
        check(&["total", "depth", "called", "params", "lanes"], &["sum", "declares no buffer lanes"]);
        check(&["total", "depth", "called", "params", "deep"], &["sum", "declares no buffer deep"]);
        check(&["total", "depth", "called", "params", "depth"], &["sum", "depth is given twice"]);
    }

    #[test]
    fn code_that_is_not_valid_is_an_error() {
        let check = |source: &'static str, words: &str| {
            let message = Kernel { name: "broken", source }.bindings().expect_err("a fault").to_string();
            assert!(message.contains("broken") && message.contains(words), "{message}");
        };
        check("fn main( {", "expected");
        check("@compute @workgroup_size(1) fn other() {}", "no entry point main");
        check(
            "@group(1) @binding(0) var<storage, read_write> x: array<u32>;
             @compute @workgroup_size(1) fn main() { x[0] = 1u; }",
            "x is in group 1",
        );
    }
}
