//! What the sources promise each other: kernels that parse, structs and constants that agree, twins that exist, and
//! tests that run. Needs no GPU.

use hanze_engine::device::gpu::Kernel;
use hanze_engine::device::shared::{Field, Shared};
use hanze_engine::models;
use hanze_engine::models::heat::island::params as island;
use hanze_engine::models::heat::params as heat;
use hanze_engine::models::heat::sky::{PATCHES, RINGS};
use hanze_engine::models::runoff::params::{
    BLOCK, Clock, DEBRIS_DEPTH, DRY, District, End, Flow, GRAVITY, GROUND_BED, GROUND_CAPACITY, GROUND_MANNING,
    GROUND_SOIL, HALO, Inlet, KIND_DISCHARGE, KIND_FREE, KIND_LEVEL, KIND_PERIODIC, KIND_WALL, LINK_CULVERT,
    LINK_LEVEL, LINK_PUMP, LINK_WEIR, Link, NEVER, NOWHERE, Params, SOIL_GREEN_AMPT, SOIL_HORTON, SOIL_PLAIN,
    SPEED_DEPTH, STILL_DISCHARGE, Segment, Sewer, Source, Strip, TILE, TILE_FED, TILE_OPEN, TILE_SHUT, TILES_AWAKE,
    TILES_COUNT, TILES_KIND, TILES_LIST, TOTALS_HAZARD, TOTALS_OUTFLOW, TOTALS_SUNK, TOTALS_SUNK_LOW, WALL,
};
use hanze_engine::models::traffic::motion::params as motion;
use hanze_engine::models::traffic::params as traffic;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Literal, Module, Scalar, ScalarKind, TypeInner};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()))
}

/// The kernels of all models.
fn kernels() -> impl Iterator<Item = &'static Kernel> {
    models::all().iter().flat_map(|model| model.kernels)
}

fn parse(kernel: &Kernel) -> Module {
    naga::front::wgsl::parse_str(kernel.source)
        .unwrap_or_else(|reason| panic!("kernel {}: {}", kernel.name, reason.emit_to_string(kernel.source)))
}

#[test]
fn kernels_are_valid() {
    for kernel in kernels() {
        let module = parse(kernel);
        let outcome = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
        if let Err(reason) = outcome {
            panic!("kernel {}: {}", kernel.name, reason.emit_to_string(kernel.source));
        }
        let entries: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(entries, ["main"], "kernel {}", kernel.name);
    }
}

/// What a kernel asks of a device: storage buffers, invocations of a workgroup, bytes of its memory, and bytes of the
/// largest uniform buffer.
#[derive(Debug, PartialEq)]
struct Needs {
    storage_buffers: usize,
    invocations: u32,
    workgroup_memory: u32,
    uniform: u32,
}

/// What a module's entry point asks of a device, by the variables that it uses; and what is wrong with its bindings.
fn needs(module: &Module) -> (Needs, Vec<String>) {
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(module).expect("a valid module");
    let uses = info.get_entry_point(0);
    let mut needs = Needs {
        storage_buffers: 0,
        invocations: module.entry_points[0].workgroup_size.iter().product(),
        workgroup_memory: 0,
        uniform: 0,
    };
    let (mut faults, mut names, mut places) = (Vec::new(), HashSet::new(), HashSet::new());
    for (handle, variable) in module.global_variables.iter() {
        let name = variable.name.as_deref().unwrap_or_default();
        if name.is_empty() || !names.insert(name) {
            faults.push(format!("the name \"{name}\" is there twice, or empty"));
        }
        if let Some(place) = variable.binding {
            // Devices allow 1000 numbers in a group.
            if place.group != 0 || place.binding >= 1000 || !places.insert(place.binding) {
                faults.push(format!("{name} is bound at {place:?}, where it must not or another is"));
            }
        }
        if uses[handle].is_empty() {
            continue;
        }
        let size = module.types[variable.ty].inner.size(module.to_ctx());
        match variable.space {
            AddressSpace::Storage { .. } => needs.storage_buffers += 1,
            // Members of 16 bytes are aligned to them.
            AddressSpace::WorkGroup => needs.workgroup_memory += size.next_multiple_of(16),
            AddressSpace::Uniform => needs.uniform = needs.uniform.max(size),
            AddressSpace::Private => {}
            other => faults.push(format!("{name} is in {other:?}")),
        }
    }
    (needs, faults)
}

/// Every adapter and every browser allows WebGPU's defaults, and devices are asked for no more.
#[test]
fn kernels_need_no_more_than_any_gpu_has() {
    let mut faults = Vec::new();
    for kernel in kernels() {
        let module = parse(kernel);
        let (needs, wrong) = needs(&module);
        faults.extend(wrong.into_iter().map(|fault| format!("{}: {fault}", kernel.name)));
        let [x, y, z] = module.entry_points[0].workgroup_size;
        let fits = needs.storage_buffers <= 8
            && needs.invocations <= 256
            && (x <= 256 && y <= 256 && z <= 64)
            && needs.workgroup_memory <= 16 << 10
            && needs.uniform <= 64 << 10;
        if !fits {
            faults.push(format!("{} needs {needs:?}", kernel.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_kernel_needs_is_counted() {
    let source = "
        @group(0) @binding(0) var<uniform> params: array<vec4<f32>, 8>;
        @group(0) @binding(1) var<storage, read> depth: array<f32>;
        @group(0) @binding(2) var<storage, read_write> total: array<f32>;
        @group(0) @binding(2) var<storage, read> unused: array<f32>;
        var<workgroup> lanes: array<vec2<f32>, 9>;
        var<workgroup> count: atomic<u32>;
        fn value(i: u32) -> f32 { return depth[i] + lanes[i].x + params[i].x; }
        @compute @workgroup_size(8, 4)
        fn main(@builtin(local_invocation_index) lane: u32) {
            total[atomicAdd(&count, 1u)] = value(lane);
        }";
    let module = naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let (needs, faults) = needs(&module);
    let expected = Needs { storage_buffers: 2, invocations: 32, workgroup_memory: 80 + 16, uniform: 128 };
    assert_eq!(needs, expected);
    assert!(faults.len() == 1 && faults[0].contains("unused"), "{faults:?}");
}

/// A member of a struct: its name, its type, and its offset in bytes.
type Member = (String, String, usize);

/// Members and size of a struct as a module declares it.
fn declared(module: &Module, name: &str) -> Option<(Vec<Member>, usize)> {
    let (_, found) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name))?;
    let TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is no struct") };
    let member = |member: &naga::StructMember| {
        let name = member.name.clone().unwrap_or_default();
        (name, scalar(&module.types[member.ty].inner), member.offset as usize)
    };
    Some((members.iter().map(member).collect(), *span as usize))
}

/// Name of a scalar type; an atomic counts as what it holds.
fn scalar(inner: &TypeInner) -> String {
    match inner {
        TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => match scalar {
            Scalar { kind: ScalarKind::Float, width: 4 } => "f32".into(),
            Scalar { kind: ScalarKind::Uint, width: 4 } => "u32".into(),
            other => format!("{other:?}"),
        },
        other => format!("{other:?}"),
    }
}

fn check_struct<T: Shared>() {
    let field = |field: &Field| (field.name.to_string(), field.wgsl_type.to_string(), field.offset);
    let host: (Vec<Member>, usize) = (T::FIELDS.iter().map(field).collect(), size_of::<T>());
    let mut declarations = 0;
    for kernel in kernels() {
        if let Some(device) = declared(&parse(kernel), T::NAME) {
            assert_eq!(device, host, "{} in the kernel {} (left) and on the host (right)", T::NAME, kernel.name);
            declarations += 1;
        }
    }
    assert!(declarations > 0, "no kernel declares {}", T::NAME);
}

#[test]
fn structs_agree() {
    check_struct::<Params>();
    check_struct::<Clock>();
    check_struct::<Segment>();
    check_struct::<Source>();
    check_struct::<Strip>();
    check_struct::<Inlet>();
    check_struct::<Sewer>();
    check_struct::<District>();
    check_struct::<Link>();
    check_struct::<Flow>();
    check_struct::<End>();
    check_struct::<heat::Look>();
    check_struct::<heat::Step>();
    check_struct::<heat::Sector>();
    check_struct::<heat::Share>();
    check_struct::<heat::Beam>();
    check_struct::<heat::Sunlight>();
    check_struct::<heat::Hour>();
    check_struct::<heat::Bright>();
    check_struct::<heat::SurfaceScheme>();
    check_struct::<heat::Weight>();
    check_struct::<island::StepForcing>();
    check_struct::<island::Layer>();
    check_struct::<island::Skin>();
    check_struct::<island::Effect>();
    check_struct::<island::Wall>();
    check_struct::<island::Grids>();
    check_struct::<island::Volume>();
    check_struct::<traffic::Search>();
    check_struct::<traffic::Arc>();
    check_struct::<motion::Motion>();
    check_struct::<motion::Offsets>();
    check_struct::<motion::Moment>();
    check_struct::<motion::Lane>();
    check_struct::<motion::Turn>();
    check_struct::<motion::Foe>();
    check_struct::<motion::Kind>();
    check_struct::<motion::Trip>();
    check_struct::<motion::Stop>();
    check_struct::<motion::Gate>();
    check_struct::<motion::Program>();
    check_struct::<motion::Phase>();
    check_struct::<motion::Vehicle>();
    check_struct::<motion::Outcome>();
    check_struct::<motion::Factor>();
}

/// A material holds structs, so that its members are compared by name and offset alone.
#[test]
fn materials_of_the_heat_island_agree() {
    use std::mem::offset_of;
    let host = [("skin", offset_of!(island::Material, skin)), ("layers", offset_of!(island::Material, layers))];
    let mut declarations = 0;
    for kernel in kernels() {
        let Some((members, size)) = declared(&parse(kernel), "Material") else { continue };
        let members: Vec<(&str, usize)> = members.iter().map(|(name, _, offset)| (name.as_str(), *offset)).collect();
        assert_eq!((&members[..], size), (&host[..], size_of::<island::Material>()), "{}", kernel.name);
        declarations += 1;
    }
    assert!(declarations > 0, "no kernel declares Material");
}

#[test]
fn those_who_set_out_are_counted_on_the_clock() {
    let depart = kernels().find(|kernel| kernel.name == "depart").expect("a kernel");
    let module = parse(depart);
    let [counted, clock] = ["Departures", "Moment"].map(|name| declared(&module, name).expect(name));
    assert_eq!(counted, clock);
}

#[test]
fn constants_agree() {
    let host = [
        ("GRAVITY", Literal::F32(GRAVITY)),
        ("DRY", Literal::F32(DRY)),
        ("STILL_DISCHARGE", Literal::F32(STILL_DISCHARGE)),
        ("SPEED_DEPTH", Literal::F32(SPEED_DEPTH)),
        ("WALL", Literal::F32(WALL)),
        ("HALO", Literal::U32(HALO as u32)),
        ("NEVER", Literal::U32(NEVER)),
        ("TILE", Literal::U32(TILE as u32)),
        ("TILE_SHUT", Literal::U32(TILE_SHUT)),
        ("TILE_OPEN", Literal::U32(TILE_OPEN)),
        ("TILE_FED", Literal::U32(TILE_FED)),
        ("SOIL_PLAIN", Literal::U32(SOIL_PLAIN)),
        ("SOIL_GREEN_AMPT", Literal::U32(SOIL_GREEN_AMPT)),
        ("SOIL_HORTON", Literal::U32(SOIL_HORTON)),
        ("BLOCK", Literal::U32(BLOCK as u32)),
        ("NOWHERE", Literal::U32(NOWHERE)),
        ("LINK_WEIR", Literal::U32(LINK_WEIR)),
        ("LINK_CULVERT", Literal::U32(LINK_CULVERT)),
        ("LINK_PUMP", Literal::U32(LINK_PUMP)),
        ("LINK_LEVEL", Literal::U32(LINK_LEVEL)),
        ("DEBRIS_DEPTH", Literal::F32(DEBRIS_DEPTH)),
        ("GROUND_BED", Literal::U32(GROUND_BED as u32)),
        ("GROUND_MANNING", Literal::U32(GROUND_MANNING as u32)),
        ("GROUND_CAPACITY", Literal::U32(GROUND_CAPACITY as u32)),
        ("GROUND_SOIL", Literal::U32(GROUND_SOIL as u32)),
        ("TOTALS_SUNK", Literal::U32(TOTALS_SUNK as u32)),
        ("TOTALS_SUNK_LOW", Literal::U32(TOTALS_SUNK_LOW as u32)),
        ("TOTALS_HAZARD", Literal::U32(TOTALS_HAZARD as u32)),
        ("TOTALS_OUTFLOW", Literal::U32(TOTALS_OUTFLOW as u32)),
        ("TILES_KIND", Literal::U32(TILES_KIND as u32)),
        ("TILES_AWAKE", Literal::U32(TILES_AWAKE as u32)),
        ("TILES_LIST", Literal::U32(TILES_LIST as u32)),
        ("TILES_COUNT", Literal::U32(TILES_COUNT as u32)),
        ("KIND_WALL", Literal::U32(KIND_WALL)),
        ("KIND_FREE", Literal::U32(KIND_FREE)),
        ("KIND_LEVEL", Literal::U32(KIND_LEVEL)),
        ("KIND_DISCHARGE", Literal::U32(KIND_DISCHARGE)),
        ("KIND_PERIODIC", Literal::U32(KIND_PERIODIC)),
    ];
    let of_heat = [
        ("PATCHES", Literal::U32(PATCHES as u32)),
        ("RINGS", Literal::U32(RINGS.len() as u32)),
        ("CLASSES", Literal::U32(heat::CLASSES as u32)),
    ];
    let of_traffic = [("NEVER", Literal::U32(traffic::NEVER))];
    for (model, host) in [("runoff", &host[..]), ("heat", &of_heat[..]), ("traffic", &of_traffic[..])] {
        let source = read(&root().join("shaders").join(model).join("params.wgsl"));
        let module = naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)));
        let value = |constant: &naga::Constant| match &module.global_expressions[constant.init] {
            Expression::Literal(literal) => *literal,
            other => panic!("{:?} is no literal but {other:?}", constant.name),
        };
        let device: Vec<(&str, Literal)> = module
            .constants
            .iter()
            .filter_map(|(_, constant)| constant.name.as_deref().map(|name| (name, value(constant))))
            .collect();
        assert_eq!(device, host, "constants of params.wgsl (left) and params.rs (right) of {model}");
    }
}

/// Constants of a source: name and value, as both languages write them.
fn constants(source: &str) -> Vec<(String, String)> {
    let of = |line: &str| {
        let (name, rest) = line.trim().trim_start_matches("pub ").strip_prefix("const ")?.split_once(": ")?;
        let value = rest.split_once(" = ")?.1.trim_end_matches(';').trim_end_matches('u').replace('_', "");
        Some((name.to_string(), value.replace("i32::MAX", "2147483647")))
    };
    source.lines().filter_map(of).collect()
}

#[test]
fn constants_of_motion_are_those_of_its_twin() {
    let traffic = root().join("engine/traffic/src");
    let twins: Vec<_> = ["cpu", "motion"].iter().flat_map(|name| files(&traffic.join(name), &["rs"])).collect();
    let host: Vec<_> = twins.iter().flat_map(|path| constants(&read(path))).collect();
    let mut seen = 0;
    for path in files(&root().join("shaders/traffic/motion"), &["wgsl"]) {
        // Those of params.wgsl that are made of others are numbers there.
        for own in constants(&read(&path)).into_iter().filter(|own| !["NONE", "STREET"].contains(&&*own.0)) {
            assert!(host.contains(&own), "{}: {own:?} is not in the twin", path.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} constants");
}

#[test]
fn constants_of_the_heat_island_are_those_of_its_twin() {
    let twins = files(&root().join("engine/heat/src/island"), &["rs"]);
    let host: Vec<_> = twins.iter().flat_map(|path| constants(&read(path))).collect();
    let mut seen = 0;
    for path in files(&root().join("shaders/heat/island"), &["wgsl"]) {
        for own in constants(&read(&path)).into_iter().filter(|own| own.0 != "NONE") {
            assert!(host.contains(&own), "{}: {own:?} is not in the twin", path.display());
            seen += 1;
        }
    }
    assert!(seen > 18, "{seen} constants");
}

#[test]
fn every_stage_has_a_twin() {
    for name in models::all().iter().map(|entry| entry.section()) {
        let model = root().join("engine").join(name).join("src");
        let twins = ["cpu", "island"].map(|folder| model.join(folder)).into_iter().filter(|folder| folder.is_dir());
        let functions: String = twins.flat_map(|folder| files(&folder, &["rs"])).map(|path| read(&path)).collect();
        let lonely: Vec<String> = files(&root().join("shaders").join(name), &["wgsl"])
            .into_iter()
            .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
            .filter(|stem| {
                let file = format!("{stem}.rs");
                let places = ["cpu", "motion", "island", ""].map(|folder| model.join(folder).join(&file));
                let is_file = places.iter().any(|place| place.is_file());
                !is_file && !functions.contains(&format!("fn {stem}("))
            })
            .collect();
        assert!(lonely.is_empty(), "shaders of {name} without a CPU twin: {lonely:?}");
    }
}

#[test]
fn twins_that_shaders_name_are_there() {
    let mut seen = 0;
    for path in files(&root().join("shaders"), &["wgsl"]) {
        let source = read(&path);
        let head: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//")).collect();
        let head = head.join(" ");
        let Some((_, named)) = head.split_once("Twin") else { continue };
        let words = || named.split_whitespace().map(|word| word.trim_matches(['`', ',', '.', ';', ':', '(', ')']));
        let (mut folder, mut twins) = (root(), String::new());
        for word in words().filter(|word| word.ends_with(".rs")) {
            // Another file of the same folder is named without it.
            let file = if word.contains('/') { root().join(word) } else { folder.join(word) };
            assert!(file.is_file(), "{}: there is no {word}", path.display());
            twins += &read(&file);
            folder = file.parent().map_or(folder, Path::to_path_buf);
            seen += 1;
        }
        for name in named.split('`').skip(1).step_by(2).filter(|name| !name.ends_with(".rs")) {
            let function = name.rsplit("::").next().unwrap_or(name);
            let is_there = ["(", "<"].iter().any(|next| twins.contains(&format!("fn {function}{next}")));
            assert!(is_there, "{}: there is no {name}", path.display());
        }
    }
    assert!(seen > 50, "{seen} twins");
}

/// Files with one of these extensions at or under a path, sorted.
pub fn files(path: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    if path.is_file() {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        return if extensions.contains(&&*extension) { vec![path.to_path_buf()] } else { Vec::new() };
    }
    let entries = std::fs::read_dir(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| files(path, extensions)).collect()
}

/// Cargo looks for no tests by itself here: a file that nothing names would never run.
#[test]
fn every_file_of_tests_runs() {
    let mut forgotten = Vec::new();
    for folder in ["engine", "server"].map(|name| root().join(name)) {
        let (manifest, all) = (read(&folder.join("Cargo.toml")), folder.join("tests/all"));
        let main = read(&all.join("main.rs"));
        for path in files(&folder.join("tests"), &["rs"]) {
            let place = path.strip_prefix(&folder).expect("a file below it").to_string_lossy().replace('\\', "/");
            // A module is a file or a folder.
            let is_named = match path.strip_prefix(&all) {
                Ok(within) => {
                    let name = within.components().next().expect("a name").as_os_str().to_string_lossy();
                    name == "main.rs" || main.contains(&format!("\nmod {};\n", name.trim_end_matches(".rs")))
                }
                Err(_) => path.ends_with("mod.rs") || manifest.contains(&format!("path = \"{place}\"")),
            };
            if !is_named {
                forgotten.push(place);
            }
        }
        assert!(manifest.contains("path = \"tests/all/main.rs\""), "{}", folder.display());
    }
    assert!(forgotten.is_empty(), "never run: {forgotten:?}");
}
