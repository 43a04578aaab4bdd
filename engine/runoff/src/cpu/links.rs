//! Weirs, culverts, pumps and held levels. Twins: `shaders/runoff/links.wgsl`, `flows.wgsl`, `moves.wgsl`, `exchange.wgsl`.
//!
//! Before a step its links tell how much would pass them and how fast a wave that may raise, so that the step is short enough.
//! Then each moves as much as that is in the step's time, but neither more than there is at one end, nor so much that the other
//! end would stand higher. At last each cell takes and gives what its links say, in the order of the links.

use super::super::links::Ends;
use super::super::params::{
    Clock, DRY, Flow, GRAVITY, LINK_CULVERT, LINK_LEVEL, LINK_PUMP, LINK_WEIR, Link, NOWHERE, Params,
};
use super::super::solver::State;
use super::hllc::{max, min};
use super::update::add;

/// Share of its width up to which the water in a barrel is a film.
const FILM: f32 = 1e-3;

/// Discharge over a sill, from the higher level to the lower one, m³/s.
fn weir(up: f32, down: f32, sill: f32, width: f32, coefficient: f32) -> f32 {
    let head = up - sill;
    if head <= 0.0 || width <= 0.0 {
        return 0.0;
    }
    let free = coefficient * width * head * head.sqrt();
    let drowned = max(down - sill, 0.0) / head;
    if drowned <= 0.0 {
        return free;
    }
    // Villemonte (1947).
    free * max(1.0 - drowned * drowned.sqrt(), 0.0).powf(0.385)
}

/// Area and wetted perimeter of a barrel that is filled to a depth.
fn barrel(link: &Link, depth: f32) -> [f32; 2] {
    if link.size > 0.0 {
        let roof = if depth >= link.size { link.width } else { 0.0 };
        return [link.width * depth, link.width + 2.0 * depth + roof];
    }
    let angle = 2.0 * max(min(1.0 - 2.0 * depth / link.width, 1.0), -1.0).acos();
    [0.125 * link.width * link.width * (angle - angle.sin()), 0.5 * link.width * angle]
}

/// Discharge of all barrels of a culvert, m³/s: the floors are at the higher and at the lower level's end.
fn culvert(link: &Link, up: f32, down: f32, floors: [f32; 2]) -> f32 {
    let energy = up - floors[0];
    if energy <= 0.0 || up <= floors[1] {
        return 0.0;
    }
    let (root, width) = (GRAVITY.sqrt(), link.width);
    let round = link.size <= 0.0;
    let height = if round { width } else { link.size };
    // Boyd (1987): the inlet as a weir, and under water.
    let inlet = if round {
        min(0.421 * root * width.powf(0.87) * energy.powf(1.63), 0.530 * root * width.powf(1.87) * energy.powf(0.63))
    } else {
        min(0.544 * root * width * energy.powf(1.5), 0.702 * root * width * height.powf(0.89) * energy.powf(0.61))
    };
    // Critical depth at the outlet; of a pipe after Straub (1982).
    let critical = if round {
        1.01 / width.powf(0.26) * (inlet * inlet / GRAVITY).powf(0.25)
    } else {
        (inlet * inlet / (GRAVITY * width * width)).powf(1.0 / 3.0)
    };
    // Where little runs in, it runs through at less than the energy that there is.
    let critical = min(min(critical, height), 0.7 * energy);
    let depth = min(max(down - floors[1], critical), height);
    let head = max(up - max(down, floors[1] + critical), 0.0);
    // A film has no section to speak of.
    if depth <= FILM * width {
        return 0.0;
    }
    let [area, perimeter] = barrel(link, depth);
    let through = area * (head / (link.loss + link.drag * (perimeter / area).powf(4.0 / 3.0))).sqrt();
    link.barrels * min(inlet, through)
}

/// Levels at both ends of a link, m.
fn levels(link: &Link, time: f32, near: f32, far: f32) -> [f32; 2] {
    let outside = link.level + link.level_slope * time;
    [
        if link.near == NOWHERE { outside } else { link.near_bed + near },
        if link.far == NOWHERE { outside } else { link.far_bed + far },
    ]
}

/// What water must come over to pass a weir: its sill, or the ground at its ends where that is higher, m.
fn crest(link: &Link, time: f32) -> f32 {
    let near = if link.near == NOWHERE { f32::MIN } else { link.near_bed };
    let far = if link.far == NOWHERE { f32::MIN } else { link.far_bed };
    max(link.sill + link.sill_slope * time, max(near, far))
}

/// Discharge of a link, m³/s, from the depths at its ends.
fn rate(link: &Link, time: f32, near: f32, far: f32, running: &mut u32) -> f32 {
    let [a, b] = levels(link, time, near, far);
    let width = link.width + link.width_slope * time;
    match link.kind {
        LINK_WEIR if a >= b => weir(a, b, crest(link, time), width, link.size),
        LINK_WEIR => -weir(b, a, crest(link, time), width, link.size),
        LINK_CULVERT if a >= b => culvert(link, a, b, [link.sill, link.other]),
        LINK_CULVERT => -culvert(link, b, a, [link.other, link.sill]),
        LINK_PUMP => {
            *running = u32::from(a > if *running == 1 { link.other } else { link.sill });
            if *running == 1 { width } else { 0.0 }
        }
        _ => 0.0,
    }
}

/// Wave speed that a link may raise, m/s.
fn speed(link: &Link, time: f32, rate: f32, near: f32, far: f32, cell: f32) -> f32 {
    let [a, b] = levels(link, time, near, far);
    if link.kind == LINK_LEVEL {
        // What rushes in runs as fast as behind a dam that breaks.
        let (new, old) = ((GRAVITY * max(a - link.far_bed, 0.0)).sqrt(), (GRAVITY * far).sqrt());
        return if a > b { new + 2.0 * (new - old) } else { 0.0 };
    }
    let (into, share) = if rate >= 0.0 { (link.far, link.far_share) } else { (link.near, link.near_share) };
    if into == NOWHERE {
        return 0.0;
    }
    // No more can come than there is.
    let source = if rate >= 0.0 { [near, a - link.far_bed] } else { [far, b - link.near_bed] };
    let outside = if rate >= 0.0 { link.near } else { link.far } == NOWHERE;
    let depth = if outside { max(source[1], 0.0) } else { source[0] };
    2.0 * min((GRAVITY * rate.abs() / (cell * share)).cbrt(), (GRAVITY * depth).sqrt())
}

/// What a link moves in a step, metres on one cell.
fn moved(link: &Link, time: f32, rate: f32, volume: f32, near: f32, far: f32) -> f32 {
    let [a, b] = levels(link, time, near, far);
    if link.kind == LINK_LEVEL {
        return max(a - b, -far) * link.far_share;
    }
    let forward = rate >= 0.0;
    let (source, share) = if forward { (link.near, near * link.near_share) } else { (link.far, far * link.far_share) };
    let mut most = if source == NOWHERE { f32::MAX } else { share };
    if link.kind != LINK_PUMP {
        // Until the ends stand level.
        let inside = link.near != NOWHERE && link.far != NOWHERE;
        let difference = if forward { a - b } else { b - a };
        let part = if inside { 0.5 } else { 1.0 } * min(link.near_share, link.far_share);
        most = min(most, max(difference, 0.0) * part);
        // Nor lower than what it runs over.
        let floor = match link.kind {
            LINK_WEIR => crest(link, time),
            _ if forward => link.sill,
            _ => link.other,
        };
        let (up, own) = if forward { (a, link.near_share) } else { (b, link.far_share) };
        if source != NOWHERE {
            most = min(most, max(up - floor, 0.0) * own);
        }
    }
    let amount = min(volume.abs(), most);
    if forward { amount } else { -amount }
}

/// Links and the cells at their ends.
#[derive(Default)]
pub struct Links {
    pub links: Vec<Link>,
    pub flows: Vec<Flow>,
    pub ends: Ends,
    /// Depth at each end before the step, m.
    depths: Vec<f32>,
}

impl Links {
    pub fn new(ends: Ends) -> Links {
        Links {
            links: Vec::new(),
            flows: vec![Flow::default(); ends.places.len()],
            depths: vec![0.0; ends.cells.len()],
            ends,
        }
    }

    fn depth(&self, link: usize, side: usize) -> f32 {
        self.depths.get(self.ends.places[link][side] as usize).copied().unwrap_or(0.0)
    }

    /// What would pass each link, and the wave speed that this may raise, before the step is chosen.
    pub fn flows(&mut self, params: &Params, clock: &mut Clock, state: &State) {
        for (depth, end) in self.depths.iter_mut().zip(&self.ends.cells) {
            *depth = state.depth[end.index as usize];
        }
        for k in 0..self.links.len() {
            let (near, far) = (self.depth(k, 0), self.depth(k, 1));
            let (link, flow) = (&self.links[k], &mut self.flows[k]);
            flow.rate = rate(link, clock.time, near, far, &mut flow.running);
            let speed = speed(link, clock.time, flow.rate, near, far, params.cell);
            clock.speed_bits = clock.speed_bits.max(speed.to_bits() & 0x7fff_ffff);
        }
    }

    /// What each link moves in the step.
    pub fn moves(&mut self, params: &Params, clock: &Clock) {
        let begun = clock.middle - 0.5 * clock.dt;
        for k in 0..self.links.len() {
            let (near, far) = (self.depth(k, 0), self.depth(k, 1));
            let (link, flow) = (&self.links[k], &mut self.flows[k]);
            let volume = flow.rate * clock.dt / (params.cell * params.cell);
            flow.moved = moved(link, begun, flow.rate, volume, near, far);
            let change = flow.moved + flow.total_low;
            let sum = flow.total + change;
            flow.total_low = change - (sum - flow.total);
            flow.total = sum;
        }
    }

    /// Each cell at an end takes and gives what its links move.
    pub fn exchange(&self, state: &mut State) {
        for end in &self.ends.cells {
            let touches = &self.ends.touches[end.first as usize..(end.first + end.count) as usize];
            let mut change = 0.0;
            for touch in touches {
                let moved = self.flows[*touch as usize / 2].moved;
                change += if touch % 2 == 1 { moved } else { -moved };
            }
            if change != 0.0 {
                give(state, end.index as usize, change);
            }
        }
    }
}

/// Adds to a cell's water, or takes from it with the momentum that it has.
pub fn give(state: &mut State, i: usize, change: f32) {
    let before = state.depth[i];
    (state.depth[i], state.low[i]) = add(before, state.low[i], change);
    let left = if state.depth[i] > DRY { min(state.depth[i] / max(before, DRY), 1.0) } else { 0.0 };
    state.qx[i] *= left;
    state.qy[i] *= left;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f32, b: f64) {
        assert!((f64::from(a) / b - 1.0).abs() < 1e-4, "{a} and {b}");
    }

    #[test]
    fn a_weir_follows_its_rating_curve_on_both_sides() {
        // Free, drowned by half of the head, and the other way round.
        let drowned = |share: f64| (1.0 - share.powf(1.5)).powf(0.385);
        for head in [0.01, 0.2, 1.5] {
            let free = 1.705 * 4.0 * f64::powf(head, 1.5);
            close(weir(2.0 + head as f32, 1.0, 2.0, 4.0, 1.705), free);
            close(weir(2.0 + head as f32, 2.0 + 0.5 * head as f32, 2.0, 4.0, 1.705), free * drowned(0.5));
            close(weir(2.0 + head as f32, 2.0 + 0.9 * head as f32, 2.0, 4.0, 1.705), free * drowned(0.9));
        }
        assert_eq!(weir(2.0, 1.0, 2.0, 4.0, 1.705), 0.0);
        let link = Link { kind: LINK_WEIR, near: 1, far: 2, sill: 0.5, width: 2.0, size: 1.705, ..Link::default() };
        // Ground that is higher than the sill holds the water.
        let high = Link { far_bed: 0.9, ..link };
        close(rate(&high, 0.0, 1.0, 0.0, &mut 0), 1.705 * 2.0 * f64::powf(0.1, 1.5));
        assert_eq!(
            rate(&high, 0.0, 0.8, 0.05, &mut 0),
            -rate(&high, 0.0, 0.95, 0.0, &mut 0).min(weir(0.95, 0.8, 0.9, 2.0, 1.705))
        );
        let pass = |near: f32, far: f32| rate(&link, 0.0, near, far, &mut 0);
        assert!(pass(1.0, 0.2) > 0.0 && (pass(1.0, 0.2) + pass(0.2, 1.0)).abs() < 1e-6, "the same in both directions");
    }

    #[test]
    fn a_culvert_is_limited_by_its_inlet_or_by_what_it_lets_through() {
        let g = f64::from(GRAVITY);
        let (length, n) = (20.0, 0.014);
        let loss = 1.5 / (2.0 * g);
        let base = Link {
            kind: LINK_CULVERT,
            near: 1,
            far: 2,
            width: 1.2,
            size: 0.8,
            loss: loss as f32,
            drag: (n * n * length) as f32,
            barrels: 1.0,
            ..Link::default()
        };
        // The outlet falls free and the barrel is short: the inlet decides, as a weir and under water.
        let steep = Link { drag: 1e-6, loss: 0.01, other: -2.0, ..base };
        close(culvert(&steep, 0.3, -3.0, [0.0, -2.0]), 0.544 * g.sqrt() * 1.2 * f64::powf(0.3, 1.5));
        close(
            culvert(&steep, 3.0, -3.0, [0.0, -2.0]),
            0.702 * g.sqrt() * 1.2 * f64::powf(0.8, 0.89) * f64::powf(3.0, 0.61),
        );
        // Drowned: full, and driven by the difference in level, the same both ways.
        let radius = 1.2 * 0.8 / (2.0 * (1.2 + 0.8));
        for head in [0.02, 0.1, 0.3] {
            let full = 1.2 * 0.8 * (head / (loss + n * n * length / f64::powf(radius, 4.0 / 3.0))).sqrt();
            let pass = |near: f32, far: f32| rate(&base, 0.0, near, far, &mut 0);
            close(pass(2.0 + head as f32, 2.0), full);
            close(-pass(2.0, 2.0 + head as f32), full);
        }
        // A pipe of 0.6 m, full.
        let pipe = Link { width: 0.6, size: 0.0, barrels: 2.0, ..base };
        let (area, radius) = (std::f64::consts::FRAC_PI_4 * 0.36, 0.15);
        let full = 2.0 * area * (0.2 / (loss + n * n * length / f64::powf(radius, 4.0 / 3.0))).sqrt();
        close(rate(&pipe, 0.0, 2.2, 2.0, &mut 0), full);
        // Little water runs through it as the inlet lets it in, or a little less.
        for energy in [0.02f32, 0.05, 0.1, 0.2] {
            let inlet = 0.421 * g.sqrt() * f64::powf(0.6, 0.87) * f64::from(energy).powf(1.63);
            let through = f64::from(culvert(&Link { barrels: 1.0, ..pipe }, energy, -1.0, [0.0, 0.0])) / inlet;
            let least = if energy < 0.1 { 0.03 } else { 0.25 };
            assert!((least..=1.0001).contains(&through), "{energy} m: {through} of what comes in");
        }
        // Dry, or lower than the floor at the other end: nothing.
        assert_eq!(culvert(&base, 0.5, 0.0, [0.6, 0.0]), 0.0);
        assert_eq!(culvert(&base, 0.5, 0.0, [0.0, 0.6]), 0.0);
    }

    #[test]
    fn a_pump_starts_and_stops_at_levels_of_its_own() {
        let link =
            Link { kind: LINK_PUMP, near: 1, far: NOWHERE, sill: 0.5, other: 0.2, width: 0.1, ..Link::default() };
        let mut running = 0;
        let mut pass = |depth: f32| rate(&link, 0.0, depth, 0.0, &mut running);
        assert_eq!([0.4, 0.6, 0.4, 0.1, 0.4].map(&mut pass), [0.0, 0.1, 0.1, 0.0, 0.0]);
    }

    #[test]
    fn no_link_moves_more_than_there_is_or_turns_levels_round() {
        let link = Link {
            kind: LINK_WEIR,
            near: 1,
            far: 2,
            near_share: 1.0,
            far_share: 0.5,
            width: 1.0,
            size: 1.705,
            ..Link::default()
        };
        let over = Link { sill: 0.9, ..link };
        assert!((moved(&over, 0.0, 1.0, 9.0, 1.0, 0.0) - 0.1).abs() < 1e-6, "no lower than the sill");
        assert_eq!(moved(&link, 0.0, 1.0, 9.0, 1.0, 0.0), 0.25, "level, of which another link may do as much");
        let pump = Link { kind: LINK_PUMP, ..link };
        assert_eq!(moved(&pump, 0.0, 1.0, 9.0, 0.75, 2.0), 0.75);
        let held = Link { kind: LINK_LEVEL, near: NOWHERE, level: 0.3, far_share: 1.0, ..link };
        assert_eq!(moved(&held, 0.0, 0.0, 0.0, 0.0, 0.1), 0.3f32 - 0.1);
        assert_eq!(moved(&Link { level: -5.0, ..held }, 0.0, 0.0, 0.0, 0.0, 0.1), -0.1);
    }
}
