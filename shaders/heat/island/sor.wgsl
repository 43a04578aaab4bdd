// Relaxes every other cell of a volume of air. Twin: `sor` in engine/heat/src/island/diagnostic.rs.

struct Volume {
    cols: u32,
    rows: u32,
    levels: u32,
    // 0 for the cells with an even sum of column, row and level, 1 for the others.
    colour: u32,
    // What a side above is worth: the square of width over height.
    flat: f32,
}

@group(0) @binding(0) var<uniform> volume: Volume;
// Open sides: west, east, north, south, down, up, as bits.
@group(0) @binding(1) var<storage, read> open: array<u32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> potential: array<f32>;

const OMEGA: f32 = 1.78;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = (group.y * 32768u + group.x) * 64u + lane;
    let plane = volume.cols * volume.rows;
    if at >= plane * volume.levels {
        return;
    }
    let col = at % volume.cols;
    let row = at / volume.cols % volume.rows;
    let level = at / plane;
    let sides = open[at];
    if (col + row + level) % 2u != volume.colour || sides == 0u {
        return;
    }
    var diagonal = 0.0;
    var near = 0.0;
    if (sides & 1u) != 0u {
        diagonal += 1.0;
        if col > 0u { near += potential[at - 1u]; }
    }
    if (sides & 2u) != 0u {
        diagonal += 1.0;
        if col + 1u < volume.cols { near += potential[at + 1u]; }
    }
    if (sides & 4u) != 0u {
        diagonal += 1.0;
        if row > 0u { near += potential[at - volume.cols]; }
    }
    if (sides & 8u) != 0u {
        diagonal += 1.0;
        if row + 1u < volume.rows { near += potential[at + volume.cols]; }
    }
    if (sides & 16u) != 0u {
        diagonal += volume.flat;
        if level > 0u { near += volume.flat * potential[at - plane]; }
    }
    if (sides & 32u) != 0u {
        diagonal += volume.flat;
        if level + 1u < volume.levels { near += volume.flat * potential[at + plane]; }
    }
    let here = potential[at];
    potential[at] = here + OMEGA * ((near - out[at]) / diagonal - here);
}
