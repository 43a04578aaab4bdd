//! Draws the plan of a demo town: seed width height cell file.
use hanze_engine::city::demo::demo;
use hanze_engine::output::map::{Ground, Map};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n = |k: usize| a[k].parse::<f64>().unwrap();
    let t = std::time::Instant::now();
    let city = demo(n(1) as u64, n(2), n(3), n(4)).unwrap();
    println!(
        "made in {:?}: {} houses, {} trees, {} roads",
        t.elapsed(),
        city.objects.buildings.len(),
        city.objects.trees.len(),
        city.objects.network.roads.len()
    );
    for area in &city.objects.areas {
        println!("{} {} {}", area.name, area.residents, area.jobs);
    }
    println!("{:?}", city.terrain.range());
    let ground = Ground {
        terrain: &city.terrain,
        buildings: city.buildings.as_ref(),
        water: city.water.as_ref(),
        canopy: city.canopy.as_ref(),
    };
    let layer = if a.len() > 6 && a[6] == "terrain" { &city.terrain } else { city.cover.as_ref().unwrap() };
    let t = std::time::Instant::now();
    let map = Map {
        title: &city.title,
        moment: "",
        layer,
        ground,
        attribution: "",
        date: "2026-11-25",
        synthetic: true,
        language: Default::default(),
        longest: 1600,
    };
    hanze_engine::output::png::write_png(a[5].as_ref(), &map.draw()).unwrap();
    println!("drawn in {:?}", t.elapsed());
}
