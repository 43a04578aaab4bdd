//! The heat island in time on both devices.

use crate::common::gpu;
use hanze_engine::cover::Cover;
use hanze_engine::device::Device;
use hanze_engine::models::heat::forcing::Forcing;
use hanze_engine::models::heat::island::air::Choices;
use hanze_engine::models::heat::island::diagnostic::Wind3d;
use hanze_engine::models::heat::island::run::Edges;
use hanze_engine::models::heat::validate::island::{Plan, hot_day};
use hanze_engine::models::runoff::validate::noise;

/// A rough town of all covers, houses of all heights, and trees; each cell reflects a share of its own.
fn rough(side: usize) -> Plan {
    let mut random = noise(5);
    let albedo = (0..side * side).map(|_| (0.05 + 0.85 * random()) as f32).collect();
    Plan { albedo, ..Plan::new(side, 3.0) }.each(|x, y, building, tree, cover| {
        let own = noise((x * 7.0 + y * 131.0) as u64)();
        let block = noise(((x / 18.0).floor() * 17.0 + (y / 21.0).floor() * 57.0) as u64)();
        if block > 0.55 && x % 18.0 > 6.0 && y % 21.0 > 6.0 {
            (*building, *cover) = ((4.0 + 20.0 * block) as f32, Cover::Roof);
            return;
        }
        let kinds = [Cover::Cobble, Cover::Asphalt, Cover::Grass, Cover::Soil, Cover::Water];
        *cover = kinds[(5.0 * block) as usize % 5];
        *tree = if own > 0.8 { 9.0 } else { 0.0 };
    })
}

#[test]
fn devices_agree_hour_by_hour() {
    let Some(gpu) = gpu() else { return };
    let plan = rough(44);
    let mut hours = hot_day(3.0).unwrap();
    // The wind turns, and it rains for an hour.
    for (k, hour) in hours.iter_mut().enumerate() {
        hour.weather.direction = if k % 5 == 4 { None } else { Some((40 * k % 360) as f64) };
        hour.weather.rain = Some(if k == 10 { 4.0 } else { 0.0 });
    }
    for edges in [Edges::Mean, Edges::Rural] {
        compare(&plan, &hours, edges, &gpu);
    }
}

#[test]
fn devices_agree_after_long_steps() {
    let Some(gpu) = gpu() else { return };
    // Wide enough for long steps in spin-up.
    compare(&rough(70), &hot_day(3.0).unwrap(), Edges::Mean, &gpu);
}

/// Panics unless air and ground are as warm on a GPU as on the CPU, hour by hour.
fn compare(plan: &Plan, hours: &[Forcing], edges: Edges, gpu: &Device) {
    let run = |device: &Device| plan.run(device, hours, Choices::default(), edges).unwrap();
    let ((one, gap), (other, gpu_gap)) = (run(&Device::Cpu), run(gpu));
    eprintln!("{edges:?}: {gap:.4} and {gpu_gap:.4} W/m² of the air's heat are not accounted for");
    assert!(gap < 1.0 && (gap - gpu_gap).abs() < 0.05, "{gap} {gpu_gap} W/m² are not accounted for");
    for (hour, (one, other)) in one.iter().zip(&other).enumerate() {
        let off = |a: &[f32], b: &[f32], open: bool| {
            let cells = (0..a.len()).filter(|k| !open || plan.buildings[*k] <= 0.0);
            cells.map(|k| (a[k] - b[k]).abs()).fold(0.0, f32::max)
        };
        let (air, skin) = (off(&one.air, &other.air, true), off(&one.skin, &other.skin, false));
        assert!(air < 0.02 && skin < 0.05, "hour {hour}: air {air} K, ground {skin} K apart");
    }
}

#[test]
fn water_that_is_sprinkled_cools_dry_grass() {
    let plan = Plan::new(12, 4.0).each(|_, _, _, _, cover| *cover = Cover::Grass);
    let hours = hot_day(3.0).unwrap();
    // Just too dry to evaporate, and 24 mm in the course of the day.
    let dry = Choices { wet: 0.34, ..Choices::default() };
    let run = |choices: Choices| plan.run(&Device::Cpu, &hours, choices, Edges::Mean).unwrap().0;
    let (dry, wet) = (run(dry), run(Choices { irrigation: 24.0 / 8.64e7, ..dry }));
    // A day that is repeated is not sprinkled: the first hours are the same but for what they get themselves.
    let off = |hour: usize| wet[hour].skin[70] - dry[hour].skin[70];
    assert!(off(0).abs() < 0.05 && off(13) < -1.0, "{} {} K", off(0), off(13));
}

#[test]
fn devices_agree_on_the_wind_in_three_dimensions() {
    let Some(gpu) = gpu() else { return };
    let plan = rough(40);
    for to in [(1.0, 0.0), (0.6, -0.8)] {
        let run = |device: &Device| Wind3d::solve(&plan.grid, &plan.buildings, to, device).unwrap();
        let (one, other) = (run(&Device::Cpu), run(&gpu));
        assert!(one.divergence() <= 1e-4 && other.divergence() <= 1e-4);
        let off = one.near().iter().zip(other.near()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-3, "{off}");
    }
}
