use hanze_engine::{grid::Grid, models::runoff::*};
fn main() {
    let n = 1000;
    let grid = Grid::local(n, n, 1.0);
    let bed: Vec<f64> =
        (0..grid.len()).map(|i| 0.2 * ((i % n) as f64 * 0.05).sin() * ((i / n) as f64 * 0.07).cos()).collect();
    for order in [1, 2] {
        let mut p = Problem::new(grid, &bed);
        p.settings.order = order;
        p.manning.fill(0.03);
        p.rain = Series::constant(1e-5);
        for (i, d) in p.depth.iter_mut().enumerate() {
            *d = if i % n < n / 2 { 1.0 } else { 0.5 };
        }
        let mut run =
            start(p, &hanze_engine::device::Device::open(&std::env::args().nth(1).unwrap_or("cpu".into())).unwrap())
                .unwrap();
        run.run_to(1.0).unwrap();
        let s0 = run.steps();
        let t = std::time::Instant::now();
        run.run_to(12.0).unwrap();
        let dt = t.elapsed().as_secs_f64();
        let ns = (run.steps() - s0) as f64;
        println!("order {order}: {} steps, {:.1} Mcs/s", ns, ns * (n * n) as f64 / dt / 1e6);
    }
}
