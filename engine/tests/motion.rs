//! Vehicles that move: both devices give the same bits, nobody is lost, nobody drives through another, and what the files of SUMO say
//! holds.

#[path = "common/adapter.rs"]
mod adapter;

use adapter::gpu;
use hanze_engine::city::roads::lanes::{self, Lanes};
use hanze_engine::device::Device;
use hanze_engine::models::traffic::motion::mover::{Mover, mover};
use hanze_engine::models::traffic::motion::params::{Moment, NONE, Outcome, Vehicle};
use hanze_engine::models::traffic::motion::told;
use hanze_engine::models::traffic::motion::world::{Rule, World};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of the reference data.
fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HANZE_DATA").map_or_else(|| PathBuf::from("../../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(!std::env::var("HANZE_REQUIRE_DATA").is_ok_and(|value| value == "1"), "{} is not there", path.display());
    eprintln!("{} is not there: a test on it did not run", path.display());
    None
}

fn bologna(folder: &Path) -> (Lanes, Arc<World>) {
    let mut town = lanes::read(&folder.join("acosta_buslanes.net.xml")).unwrap();
    let files = [
        "acosta.rou.xml",
        "acosta_busses.rou.xml",
        "acosta_vtypes.add.xml",
        "acosta_bus_stops.add.xml",
        "acosta_tls.add.xml",
    ];
    let extras: Vec<_> = files.iter().map(|name| lanes::extras(&folder.join(name)).unwrap()).collect();
    extras.iter().for_each(|extras| town.take_programs(extras));
    let told = told::told(&town, &extras, 1);
    let mut world = World::new(&town, Rule { step: 0.5, newell: false, seed: 1 }, told.kinds);
    assert!(world.load(&town, &told.travellers).unwrap().is_empty());
    (town, Arc::new(world))
}

/// All that a mover holds.
fn all(mover: &mut dyn Mover) -> (Moment, Vec<Vehicle>, Vec<Outcome>, Vec<u32>) {
    (mover.clock().unwrap(), mover.vehicles().unwrap(), mover.outcomes().unwrap(), mover.take_tallies().unwrap())
}

#[test]
fn both_devices_give_the_same_bits() {
    let (Some(folder), Some(device)) = (data("traffic/sumo/bologna_acosta"), gpu()) else { return };
    let (_, world) = bologna(&folder);
    let mut twin = mover(&Device::Cpu, &world).unwrap();
    let mut own = mover(&device, &world).unwrap();
    for minute in 1..=6 {
        twin.run(120).unwrap();
        own.run(120).unwrap();
        let (left, right) = (all(twin.as_mut()), all(own.as_mut()));
        assert!(left.1.len() > 20, "minute {minute}: {} vehicles", left.1.len());
        let bits = |vehicles: &[Vehicle]| bytemuck::cast_slice::<Vehicle, u32>(vehicles).to_vec();
        let differs = left.1.iter().zip(&right.1).position(|(a, b)| bits(&[*a]) != bits(&[*b]));
        if let Some(k) = differs {
            panic!("minute {minute}, slot {k} of {}:\n{:?}\n{:?}", left.1.len(), left.1[k], right.1[k]);
        }
        assert_eq!(left.0, right.0, "minute {minute}");
        assert!(left.1.len() == right.1.len() && left.2 == right.2 && left.3 == right.3, "minute {minute}");
    }
    // And again, from the beginning.
    let mut again = mover(&device, &world).unwrap();
    again.run(720).unwrap();
    let (first, second) = (own.vehicles().unwrap(), again.vehicles().unwrap());
    assert_eq!(bytemuck::cast_slice::<Vehicle, u32>(&first), bytemuck::cast_slice::<Vehicle, u32>(&second));
}

#[test]
fn nobody_is_lost_and_nobody_drives_through_another() {
    let Some(folder) = data("traffic/sumo/bologna_acosta") else { return };
    let (town, world) = bologna(&folder);
    let mut mover = mover(&Device::Cpu, &world).unwrap();
    let mut most = 0;
    for step in 0..1800 {
        let clock = mover.run(1).unwrap();
        let vehicles = mover.vehicles().unwrap();
        most = most.max(vehicles.len());
        assert_eq!(clock.inserted as usize, clock.arrived as usize + vehicles.len(), "step {step}");
        for pair in vehicles.windows(2) {
            let (front, back) = (&pair[0], &pair[1]);
            assert!(front.lane <= back.lane, "step {step}: out of order");
            let same = front.lane == back.lane;
            let gap = front.pos - front.length - back.pos;
            assert!(!same || gap > -1e-3, "step {step}: {gap} m between\n{front:?}\n{back:?}");
        }
        for one in &vehicles {
            let length = town.lanes[one.lane as usize].length as f32;
            assert!(one.lane != NONE && one.speed >= 0.0 && one.pos >= 0.0 && one.pos <= length, "{one:?} of {length}");
        }
    }
    assert!(most > 400, "{most} vehicles at most");
}
