// The clock goes on, by one invocation. Twin: `tick` in `engine/traffic/src/cpu/motion.rs`.

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(2) var<storage, read_write> clock: Moment;
@group(0) @binding(6) var<storage, read> starts: array<u32>;
// Groups of the stage that decides.
@group(0) @binding(13) var<storage, read_write> groups: array<u32>;

@compute @workgroup_size(1)
fn main() {
    let vehicles = starts[motion.lanes];
    clock.step += 1u;
    clock.now += motion.step_ms;
    clock.vehicles = vehicles;
    clock.arrived = clock.inserted - vehicles;
    clock.planned = vehicles;
    let count = max((vehicles + 63u) / 64u, 1u);
    groups[0] = min(count, 32768u);
    groups[1] = (count + 32767u) / 32768u;
    groups[2] = 1u;
}
