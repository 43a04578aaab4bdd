use hanze_engine::models::runoff::validate::*;
fn main() {
    let device = hanze_engine::device::Device::open(&std::env::args().nth(2).unwrap_or("cpu".into())).unwrap();
    let data = data_folder();
    let pick = std::env::args().nth(1).unwrap_or_default();
    for case in CASES.iter().filter(|c| c.name.contains(&pick)) {
        let t = std::time::Instant::now();
        match (case.run)(&Bench { device: &device, data: data.as_deref() }) {
            Ok(figures) => {
                for f in figures {
                    println!(
                        "{:<24} {:<50} {:>12.6} {:>20} {}",
                        case.name,
                        f.what,
                        f.value,
                        f.bar.to_string(),
                        if f.passes() { "ok" } else { "FAIL" }
                    );
                }
            }
            Err(e) => println!("{}: ERROR {e}", case.name),
        }
        println!("  [{:.1} s]", t.elapsed().as_secs_f64());
    }
}
