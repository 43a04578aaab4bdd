use hanze_engine::city::roads::lanes;
use hanze_engine::models::traffic::cpu::motion::State;
use hanze_engine::models::traffic::motion::{params::TALLY, told, world::{Rule, World}};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
fn main() {
    let dir = "/work/shared/data/traffic/sumo/bologna_acosta/";
    let p = |n: &str| format!("{dir}{n}");
    let mut town = lanes::read(Path::new(&p("acosta_buslanes.net.xml"))).unwrap();
    let extras: Vec<_> = ["acosta.rou.xml","acosta_busses.rou.xml","acosta_vtypes.add.xml","acosta_bus_stops.add.xml","acosta_tls.add.xml"].iter().map(|n| lanes::extras(Path::new(&p(n))).unwrap()).collect();
    for e in &extras { for prog in &e.programs { if let Some(own) = town.programs.iter_mut().find(|o| o.id == prog.id) { *own = prog.clone(); } } }
    println!("streets {} lanes {} turns {} foes {} programs {}", town.streets.len(), town.lanes.len(), town.turns.len(), town.turns.iter().map(|t| t.foes.len()).sum::<usize>(), town.programs.len());
    let step: f64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(0.5);
    let told = told::told(&town, &extras, 1);
    println!("travellers {} refused {:?}", told.travellers.len(), &told.refused[..told.refused.len().min(5)]);
    let mut world = World::new(&town, Rule { step, newell: false, seed: 1 }, told.kinds.clone());
    let refused = world.load(&town, &told.travellers).unwrap();
    println!("refused {} {:?}", refused.len(), &refused[..refused.len().min(5)]);
    let mut state = State::new(&world);
    let begun = std::time::Instant::now();
    let mut vs = 0u64;
    let steps = (std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(7200.0) / step) as usize;
    for k in 0..steps {
        state.step(&world);
        vs += state.vehicles.len() as u64;
        assert_eq!(state.clock.inserted, state.clock.arrived + state.vehicles.len() as u32);
        if let Some(watch) = std::env::args().nth(3) { if { let t0 = std::env::args().nth(5).and_then(|s| s.parse().ok()).unwrap_or(1500.0); k as f64 * step > t0 && k % 2 == 0 && (k as f64*step) < t0 + 100.0 } {
            let (st, ix) = watch.rsplit_once('_').unwrap();
            let lane = town.streets.iter().find(|s| s.id == st).unwrap().first as usize + ix.parse::<usize>().unwrap();
            let f = state.starts[lane] as usize; if f < state.starts[lane+1] as usize { let v = &state.vehicles[f]; let w = &world.lanes[lane];
              let lights: Vec<_> = (w.first_turn..w.first_turn+w.turns).map(|t| { let t = &world.turns[t as usize]; (town.streets[t.street as usize].id.clone(), if t.light == u32::MAX { 9 } else { state.lights[t.light as usize] }, state.view(&world).room(t.goal), t.foes) }).collect();
              for q in (f+1)..state.starts[lane+1] as usize { let v = &state.vehicles[q]; print!("[{:.1} {:.1} {}] ", v.pos, v.speed, v.state); } println!("{} trip {} pos {:.1} v {:.1} why {} {:?}", state.clock.now/1000, v.trip, v.pos, v.speed, v.state, lights); }
        } }
        if k % (600.0/step) as usize == 0 {
            let standing = state.vehicles.iter().filter(|v| v.speed < 0.5).count();
            println!("t {} inserted {} running {} arrived {} standing {}", state.clock.now/1000, state.clock.inserted, state.vehicles.len(), state.clock.arrived, standing);
        }
    }
    let secs = begun.elapsed().as_secs_f64();
    println!("vehicle steps {vs} in {secs:.1} s: {:.0}/s", vs as f64/secs);
    let mut dur = 0.0; let mut delay = 0.0; let mut n = 0; let mut last = 0;
    for (o, t) in state.outcomes.iter().zip(&world.trips) { if o.arrived > 0 { dur += f64::from(o.arrived - o.inserted)/1000.0; delay += f64::from(o.inserted - 1 - t.depart)/1000.0; n += 1; last = last.max(o.arrived);} }
    println!("arrived {n} mean duration {:.1} departDelay {:.1} last {}", dur/n as f64, delay/n as f64, last/1000);
    // flows
    let text = std::fs::read_to_string(p("ref_sumo1.28_edgedata.xml")).unwrap();
    let (mut ok, mut all) = (0, 0);
    let mut worst = Vec::new();
    for line in text.lines().filter(|l| l.contains("<edge ")) {
        let get = |k: &str| { let a = line.find(&format!(" {k}=\"")).unwrap() + k.len() + 3; line[a..].split('"').next().unwrap().to_string() };
        let id = get("id"); let entered: f64 = get("entered").parse::<f64>().unwrap() + get("departed").parse::<f64>().unwrap();
        let Some(s) = town.streets.iter().position(|s| s.id == id) else { continue };
        let mine = f64::from(state.tallies[s*TALLY+3].load(Relaxed));
        let (a, b) = (mine/2.0, entered/2.0);
        let geh = if a+b > 0.0 { (2.0*(a-b)*(a-b)/(a+b)).sqrt() } else { 0.0 };
        all += 1; if geh < 5.0 { ok += 1 }
        worst.push((geh, id, mine, entered));
    }
    worst.sort_by(|a,b| b.0.total_cmp(&a.0));
    println!("GEH<5 {ok}/{all}; worst {:?}", &worst[..8]);
    // where they stand
    let mut by: std::collections::HashMap<(String,u32),u32> = Default::default();
    for v in state.vehicles.iter().filter(|v| v.stood > 60) { let l=&town.lanes[v.lane as usize]; let name = l.street.map_or(format!("node {}", town.nodes[l.node as usize].0), |s| town.streets[s as usize].id.clone()); *by.entry((name, v.state & 15)).or_default() += 1; }
    let mut by: Vec<_> = by.into_iter().collect(); by.sort_by_key(|b| std::cmp::Reverse(b.1));
    for v in state.vehicles.iter().filter(|v| v.stood > 120 && v.state & 15 != 1).take(40) {
        let l = &town.lanes[v.lane as usize]; let t = &world.trips[v.trip as usize];
        let name = l.street.map_or(format!("node {}", town.nodes[l.node as usize].0), |s| format!("{}_{}", town.streets[s as usize].id, world.lanes[v.lane as usize].index));
        let next = if v.place + 1 < t.last { town.streets[(world.routes[v.place as usize + 1] & 0xffffff) as usize].id.clone() } else { "-".into() };
        { let t = state.view(&world).choose(v.lane, v.place, t.last, world.kinds[v.kind as usize].modes); if t != u32::MAX { let m = &world.turns[t as usize]; println!("   turn {t} goal room {:.1} of {:.1}", state.view(&world).room(m.goal), world.lanes[m.goal as usize].length); for f in &world.foes[m.first_foe as usize..(m.first_foe+m.foes) as usize] { let o = &world.turns[f.turn as usize]; let a = o.origin as usize; let head = state.starts[a] < state.starts[a+1]; print!("    foe {} {}->{} bits {} own {:.1}-{:.1} other {:.1}-{:.1}; ", f.turn, town.lanes[o.origin as usize].street.map_or("inner".into(), |s| town.streets[s as usize].id.clone()), town.streets[o.street as usize].id, f.bits, f.own_begin, f.own_end, f.other_begin, f.other_end); if head { let h = &state.vehicles[state.starts[a] as usize]; print!("head at {:.1}/{:.1} v {:.1} why {} stood {}", h.pos, world.lanes[a].length, h.speed, h.state, h.stood); } let mut l = o.to as usize; while world.lanes[l].street == u32::MAX { for k in state.starts[l]..state.starts[l+1] { let h = &state.vehicles[k as usize]; print!(" inside {:.1} v {:.1} why {}", world.lanes[l].along + h.pos, h.speed, h.state); } l = world.turns[world.lanes[l].first_turn as usize].to as usize; } println!(); } } }
        println!("{name} at {:.1}/{:.1} reason {} stood {} mask {:b} next {next} kind {}", v.pos, l.length, v.state & 63, v.stood, world.routes[v.place as usize] >> 24, v.kind);
    }
    if let Some(node) = std::env::args().nth(4) {
        for v in state.vehicles.iter() { let l = &town.lanes[v.lane as usize]; if l.street.is_none() && town.nodes[l.node as usize].0 == node {
            let w = &world.lanes[v.lane as usize]; let t = &world.turns[w.turn as usize]; let m = &world.turns[w.turn as usize];
            println!("lane {} turn {} from {} to {} at {:.2} of {:.2} (path {:.2}) why {} stood {} len {}", v.lane, w.turn, town.lanes[t.origin as usize].street.map_or("inner".into(), |s| town.streets[s as usize].id.clone()), town.streets[t.street as usize].id, v.pos, w.length, w.along + v.pos, v.state, v.stood, v.length);
            for f in &world.foes[m.first_foe as usize..(m.first_foe+m.foes) as usize] { let o = &world.turns[f.turn as usize]; println!("    foe {} {}->{} bits {} own {:.1}-{:.1} other {:.1}-{:.1}", f.turn, town.lanes[o.origin as usize].street.map_or("inner".into(), |s| town.streets[s as usize].id.clone()), town.streets[o.street as usize].id, f.bits, f.own_begin, f.own_end, f.other_begin, f.other_end); }
        } }
    }
    println!("stuck: {:?}", &by[..by.len().min(20)]);
}
