//! Sewers, structures, radar and roofs: the two devices against each other, whole and in strips, stopped and taken up again,
//! and against what must come out.

use crate::common::{bits, faults, gpu, narrow_gpu};
use hanze_engine::device::Device;
use hanze_engine::grid::Grid;
use hanze_engine::models::runoff::sewer::{District, Gully};
use hanze_engine::models::runoff::validate::noise;
use hanze_engine::models::runoff::{
    Between, Gutter, Problem, Radar, Roof, Run, Series, Settings, Structure, StructureKind, start,
};

const CELL: f64 = 2.0;
/// Time step, s: that of a wave of 10 m/s.
const STEP: f64 = 0.5 * CELL / 10.0;

fn structure(name: &str, pairs: &[[Option<usize>; 2]], kind: StructureKind) -> Structure {
    Structure { name: name.into(), pairs: pairs.to_vec(), kind }
}

/// A town of two ponds with a dam between them, houses, two sewer districts, and every kind of structure.
fn town(cols: usize, rows: usize, order: u32) -> Problem {
    let mut random = noise(17);
    let grid = Grid::local(cols, rows, CELL);
    let at = |col: usize, row: usize| Some(row * cols + col);
    let dam = cols / 2;
    let height = |i: usize| match i % cols {
        col if col == dam => 3.0,
        col if col < dam => 1.0,
        _ => 0.5,
    };
    let mut bed: Vec<f64> = (0..grid.len()).map(|i| height(i) + 0.1 * random()).collect();
    // Houses of 3 × 3 cells.
    let houses: Vec<usize> = (0..grid.len()).filter(|i| (i % cols) % 8 < 3 && (i / cols) % 9 < 3).collect();
    houses.iter().filter(|i| *i % cols != dam).for_each(|i| bed[*i] = f64::NAN);
    let mut problem = Problem::new(grid, &bed);
    problem.settings = Settings { order, longest_step: Some(STEP), ..Settings::default() };
    problem.manning.fill(0.03);
    for i in (0..grid.len()).filter(|i| !bed[*i].is_nan()) {
        problem.depth[i] = if i % cols < dam { 0.5 } else { 0.1 };
    }
    let open = |i: usize| !bed[i].is_nan() && i % cols != dam;
    // Radar cells of 20 m, askew; a green roof and one that is connected.
    let radar_grid = Grid { west: -7.0, ..Grid::local(cols.div_ceil(10) + 1, rows.div_ceil(10) + 1, 20.0) };
    let radar_grid = Grid { north: grid.north + 3.0, ..radar_grid };
    let field = |k: usize| (0..radar_grid.len()).map(|i| ((i + k) % 5) as f32 * 5e-6).collect::<Vec<f32>>();
    let radar = Radar {
        grid: radar_grid,
        times: vec![0.0, 9.0, 21.0],
        values: vec![field(0), field(2), vec![0.0; radar_grid.len()]],
    };
    problem.rain = Series::new(&radar.highest(), Between::Steps);
    problem.radar = Some(radar);
    problem.sewers.districts = vec![
        District { name: "west".into(), room: f64::INFINITY, pump: 1e-4 },
        District { name: "east".into(), room: 0.5, pump: 2e-3 },
    ];
    let gully = |cell: usize| Gully { cell, district: usize::from(cell % cols > dam), capacity: 2e-5 };
    problem.sewers.gullies = (0..grid.len()).filter(|i| open(*i) && i % 3 != 0).map(gully).collect();
    let is_roof: Vec<bool> = bed.iter().map(|z| z.is_nan()).collect();
    let gutters = hanze_engine::models::runoff::sky::gutters(&grid, &is_roof, &open);
    problem.roofs = gutters
        .into_iter()
        .map(|(cell, to)| Roof {
            cell,
            gutter: if cell % 16 < 3 { Gutter::Sewer(1) } else { to.map_or(Gutter::Lost, Gutter::Street) },
            holds: if cell % 5 == 0 { 5e-5 } else { 0.0 },
        })
        .collect();
    // No house is in these rows.
    let mid = rows / 18 * 9 + 4;
    problem.structures = vec![
        structure(
            "weir",
            &[[at(dam - 1, 4), at(dam + 1, 4)], [at(dam - 1, 5), at(dam + 1, 5)]],
            StructureKind::Weir {
                sill: Some(Series::new(&[(0.0, 1.45), (20.0, 1.2)], Between::Linear)),
                width: Series::constant(4.0),
                coefficient: 1.705,
                outside: None,
            },
        ),
        structure(
            "culvert",
            &[[at(dam - 1, mid), at(dam + 1, mid)]],
            StructureKind::Culvert {
                floors: [1.0, 0.6],
                width: 0.8,
                height: 0.6,
                length: 6.0,
                manning: 0.014,
                losses: 1.5,
                barrels: 2,
            },
        ),
        structure(
            "pipe",
            &[[at(dam - 1, mid), at(dam + 1, mid + 3)]],
            StructureKind::Culvert {
                floors: [1.1, 0.6],
                width: 0.5,
                height: 0.0,
                length: 6.0,
                manning: 0.014,
                losses: 1.5,
                barrels: 1,
            },
        ),
        structure(
            "pump",
            &[[at(dam + 4, rows - 2), at(dam - 4, rows - 2)]],
            StructureKind::Pump { capacity: Series::constant(0.05), start: 0.62, stop: 0.58 },
        ),
        structure(
            "breach",
            &[[None, at(cols - 1, 4)], [None, at(cols - 1, 5)]],
            StructureKind::Weir {
                sill: Some(Series::constant(0.8)),
                width: Series::new(&[(2.0, 0.0), (25.0, 6.0)], Between::Linear),
                coefficient: 1.705,
                outside: Some(Series::new(&[(0.0, 1.2), (30.0, 1.0)], Between::Linear)),
            },
        ),
        structure("canal", &[[None, at(3, rows - 2)]], StructureKind::Level(Series::constant(1.45))),
    ];
    problem
}

/// Water at the start, and all that came and went by the books, m³.
fn balance(run: &mut Run) -> (f64, f64) {
    let problem = run.problem.clone();
    let area = problem.grid.cell_area();
    let open = |values: &[f32]| -> f64 {
        let all = values.iter().zip(&problem.bed).filter(|(_, bed)| !bed.is_nan());
        all.map(|(value, _)| f64::from(*value)).sum::<f64>() * area
    };
    let initial = open(&problem.depth);
    let outside: Vec<f64> =
        problem.structures.iter().map(|s| if s.pairs[0][0].is_none() { 1.0 } else { 0.0 }).collect();
    let fell = run.fell();
    let fields = run.fields().unwrap();
    let sum = |high: &[f32], low: &[f32]| open(high) + open(low);
    let stands = sum(&fields.state.depth, &fields.state.low);
    let sewered = sum(&fields.statistics.sewered, &fields.statistics.sewered_low);
    let through: f64 = run.passed().unwrap().iter().zip(outside).map(|([total, _], outside)| total * outside).sum();
    let direct: f64 = fell.direct.iter().sum();
    let mut error = initial + fell.rain - fell.kept - direct + through - sewered - stands;
    // The sewers' own books.
    let stored: f64 = run.sewers().unwrap().iter().map(|[stored, pumped, _]| stored + pumped).sum();
    error = error.abs().max((sewered + direct - stored).abs());
    (error, initial + fell.rain)
}

fn compare(name: &str, a: &mut Run, b: &mut Run) -> Vec<String> {
    let mut all = faults(name, STEP, a, b);
    let close = |what: String, x: f64, y: f64, all: &mut Vec<String>| {
        if (x - y).abs() > 1e-4 * (1e-2 + x.abs().max(y.abs())) {
            all.push(format!("{name}: {what}: {x} and {y}"));
        }
    };
    for (k, (x, y)) in a.sewers().unwrap().iter().zip(b.sewers().unwrap()).enumerate() {
        (0..3).for_each(|part| close(format!("district {k}, part {part}"), x[part], y[part], &mut all));
    }
    for (k, (x, y)) in a.passed().unwrap().iter().zip(b.passed().unwrap()).enumerate() {
        close(a.problem.structures[k].name.clone(), x[0], y[0], &mut all);
    }
    all
}

#[test]
fn twins_agree_and_balance() {
    let gpu = gpu();
    let mut all = Vec::new();
    for (cols, rows) in [(48, 40), (90, 70)] {
        let narrow = gpu.is_some().then(|| narrow_gpu(cols, 37));
        for order in [1, 2] {
            let problem = town(cols, rows, order);
            let run = |device: &Device| {
                let mut run = start(problem.clone(), device).unwrap();
                run.run_to(300.0 * STEP).unwrap();
                run
            };
            let mut twin = run(&Device::Cpu);
            let name = format!("{cols} × {rows} cells, order {order}");
            // Everything was in use.
            for ([total, _], structure) in twin.passed().unwrap().iter().zip(&twin.problem.structures) {
                assert!(total.abs() > 1e-3, "{name}: {} moved {total} m³", structure.name);
            }
            let [_, east] = twin.sewers().unwrap()[..] else { panic!("two districts") };
            assert!(east[1] > 0.0 && east[2] > 0.0, "{name}: pumped and come up {east:?}");
            assert!(twin.fell().kept > 0.0 && twin.fell().direct[1] > 0.0, "{name}");
            for device in [&gpu, &narrow].into_iter().flatten() {
                let mut other = run(device);
                all.extend(compare(&name, &mut twin, &mut other));
                let (error, all_water) = balance(&mut other);
                assert!(error < 1e-6 * all_water, "{name}: {error} of {all_water} m³ on the GPU");
            }
            let (error, all_water) = balance(&mut twin);
            assert!(error < 1e-6 * all_water, "{name}: {error} of {all_water} m³");
        }
    }
    assert!(all.is_empty(), "GPU and CPU differ:\n{}", all.join("\n"));
}

#[test]
fn every_array_comes_back_from_a_device_and_a_frame_fetches_its_own() {
    let (cols, rows) = (48, 80);
    let problem = town(cols, rows, 1);
    let gullies = problem.sewers.gullies.iter();
    let inlets: Vec<usize> =
        gullies.map(|gully| (gully.cell / cols + 2) * (cols + 4) + gully.cell % cols + 2).collect();
    let gpus = gpu().into_iter().flat_map(|gpu| [("GPU", gpu), ("GPU, in strips", narrow_gpu(cols, 37))]);
    for (name, device) in std::iter::once(("CPU", Device::Cpu)).chain(gpus) {
        let mut run = start(problem.clone(), &device).unwrap();
        let mut saved = run.save().unwrap();
        for (k, (array, values)) in saved.fields.bits_mut().enumerate() {
            assert_eq!(values.len(), (cols + 4) * (rows + 4), "{}", array.name);
            let value = |i: usize| ((10_000 * k + i) as f32).to_bits();
            if array.name.starts_with("sewered") {
                inlets.iter().for_each(|&i| values[i] = value(i));
            } else {
                values.iter_mut().enumerate().for_each(|(i, own)| *own = value(i));
            }
        }
        let given = saved.fields.clone();
        run.load(saved).unwrap();
        let back = run.save().unwrap().fields;
        for ((array, own), (_, expected)) in back.bits().zip(given.bits()) {
            assert!(own == expected, "{name}: {} is not what was given", array.name);
        }
        let (frame, all) = (run.frame_fields().unwrap(), run.fields().unwrap());
        for ((array, own), (_, whole)) in frame.bits().zip(all.bits()) {
            let expected = if ["depth", "qx", "qy"].contains(&array.name) { whole } else { &[] };
            assert!(whole.len() == cols * rows && own == expected, "{name}: {} of a frame", array.name);
        }
    }
}

#[test]
fn they_are_saved_and_loaded() {
    for device in std::iter::once(Device::Cpu).chain(gpu()) {
        let problem = town(48, 40, 2);
        let mut first = start(problem.clone(), &device).unwrap();
        first.run_to(8.0).unwrap();
        first.advance(27.0, std::time::Duration::ZERO).unwrap();
        let mut second = start(problem, &device).unwrap();
        second.load(first.save().unwrap()).unwrap();
        first.run_to(27.0).unwrap();
        second.run_to(27.0).unwrap();
        let name = device.record();
        assert!(bits(&second.fields().unwrap()) == bits(&first.fields().unwrap()), "{name}");
        assert_eq!(second.sewers().unwrap(), first.sewers().unwrap(), "{name}");
        assert_eq!(second.passed().unwrap(), first.passed().unwrap(), "{name}");
        assert_eq!(second.fell(), first.fell(), "{name}");
    }
}

#[test]
fn a_breach_lets_in_what_its_hydrograph_says() {
    for device in std::iter::once(Device::Cpu).chain(gpu()) {
        // Low land, so that nothing drowns; the gap is 0 to 20 m wide within five minutes, the river falls.
        let grid = Grid::local(40, 30, 5.0);
        let mut problem = Problem::new(grid, &[-3.0; 1200]);
        problem.manning.fill(0.03);
        problem.settings.order = 1;
        let pairs: Vec<_> = (10..14).map(|row| [None, Some(row * 40)]).collect();
        let width = Series::new(&[(60.0, 0.0), (360.0, 20.0)], Between::Linear);
        let level = Series::new(&[(0.0, 1.5), (900.0, 1.0)], Between::Linear);
        let kind = StructureKind::Weir {
            sill: Some(Series::constant(0.5)),
            width: width.clone(),
            coefficient: 1.705,
            outside: Some(level.clone()),
        };
        problem.structures = vec![structure("breach", &pairs, kind)];
        let mut run = start(problem, &device).unwrap();
        run.run_to(900.0).unwrap();
        let steps = 90_000;
        let volume: f64 = (0..steps)
            .map(|k| (f64::from(k) + 0.5) * 900.0 / f64::from(steps))
            .map(|t| 1.705 * width.at(t) * (level.at(t) - 0.5f64).powf(1.5) * 900.0 / f64::from(steps))
            .sum();
        let got = run.passed().unwrap()[0][0];
        assert!((got / volume - 1.0).abs() < 2e-3, "{got} and {volume} m³ on the {}", device.record());
        let stands: f64 = run.fields().unwrap().state.depth.iter().map(|h| f64::from(*h) * 25.0).sum();
        assert!((stands / got - 1.0).abs() < 1e-5, "{stands} of {got} m³ stand");
    }
}
