// View factors of each cell: what walls and crowns hide of each patch of the sky. Twin: engine/heat/src/cpu/horizons.rs.

@group(0) @binding(0) var<uniform> look: Look;
@group(0) @binding(1) var<storage, read> steps: array<Step>;
@group(0) @binding(2) var<storage, read> sectors: array<Sector>;
@group(0) @binding(3) var<storage, read> shares: array<Share>;
@group(0) @binding(4) var<storage, read> surface_height: array<f32>;
@group(0) @binding(5) var<storage, read> eyes: array<f32>;
// Lower and upper ends of crowns.
@group(0) @binding(6) var<storage, read> crowns: array<vec2<f32>>;
// Parts of patches that walls and crowns hide, 255ths: see `crown_words`.
@group(0) @binding(7) var<storage, read_write> view_factors: array<u32>;
@group(0) @binding(8) var<storage, read_write> sky_view: array<f32>;

// Sines of the rings' lower ends, and of the zenith.
const ENDS = array<f32, 9>(0.0, 0.20791169, 0.40673664, 0.58778525, 0.74314483, 0.8660254, 0.9510565, 0.9945219, 1.0);

fn sine(tangent: f32) -> f32 {
    return tangent / sqrt(1.0 + tangent * tangent);
}

fn put(cell: u32, patch_: u32, wall: f32, crown: f32) {
    let word = (patch_ / 4u) * look.cells + cell - look.strip;
    let shift = 8u * (patch_ % 4u);
    view_factors[word] |= u32(wall * 255.0 + 0.5) << shift;
    if look.has_crowns > 0u {
        view_factors[crown_words(look.cells) + word] |= u32(crown * 255.0 + 0.5) << shift;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = cell_of(group, lane);
    if at >= look.count {
        return;
    }
    let cell = look.first + at;
    let eye = eyes[cell];
    var current: array<u32, RINGS>;
    var wall: array<f32, RINGS>;
    var crown: array<f32, RINGS>;
    for (var ring = 0u; ring < RINGS; ring++) {
        current[ring] = shares[ring].one;
        wall[ring] = 0.0;
        crown[ring] = 0.0;
    }
    var cos2 = 0.0;
    for (var azimuth = 0u; azimuth < look.azimuths; azimuth++) {
        let sector = sectors[azimuth];
        var horizon = 0.0;
        for (var k = 1u; k < sector.count; k++) {
            let step = steps[sector.first + k];
            let far = beside(cell, look.cols, look.rows, step.cols, step.rows);
            if far == 0xffffffffu || look.highest - eye < horizon * step.enter {
                break;
            }
            horizon = max(horizon, (surface_height[far] - eye) * (1.0 / step.enter));
        }
        var low: array<f32, CLASSES>;
        var high: array<f32, CLASSES>;
        if look.has_crowns > 0u {
            for (var band = 0u; band < CLASSES; band++) {
                low[band] = 1e30;
                high[band] = 0.0;
            }
            for (var k = 0u; k < sector.count; k++) {
                let step = steps[sector.first + k];
                let far = beside(cell, look.cols, look.rows, step.cols, step.rows);
                if far == 0xffffffffu {
                    break;
                }
                let ends = crowns[far];
                low[step.band] = min(low[step.band], (ends.x - eye) * (1.0 / step.leave));
                high[step.band] = max(high[step.band], (ends.y - eye) * (1.0 / max(step.enter, 1e-6)));
            }
            for (var band = 0u; band < CLASSES; band++) {
                low[band] = sine(clamp(low[band], 0.0, 1e6));
                high[band] = sine(clamp(high[band], 0.0, 1e6));
            }
        }
        cos2 += 1.0 / (1.0 + horizon * horizon);
        horizon = sine(horizon);
        for (var ring = 0u; ring < RINGS; ring++) {
            let lower = ENDS[ring];
            let upper = ENDS[ring + 1u];
            let inverse = 1.0 / (upper - lower);
            let part = clamp((horizon - lower) * inverse, 0.0, 1.0);
            var behind = 0.0;
            if look.has_crowns > 0u {
                let floor_ = clamp(horizon, lower, upper);
                let open = upper - floor_;
                var left = 1.0;
                for (var band = 0u; band < CLASSES; band++) {
                    let met = max(min(high[band], upper) - max(low[band], floor_), 0.0);
                    left *= 1.0 - min(met / max(open, 1e-6), 1.0);
                }
                behind = open * inverse * (1.0 - left);
            }
            let share = shares[azimuth * RINGS + ring];
            // Sectors touch the patches of a ring one after the other, so that one at a time is open.
            if share.one != current[ring] {
                put(cell, current[ring], wall[ring], crown[ring]);
                current[ring] = share.one;
                wall[ring] = 0.0;
                crown[ring] = 0.0;
            }
            wall[ring] += share.part * part;
            crown[ring] += share.part * behind;
            if share.other_part > 0.0 {
                put(cell, current[ring], wall[ring], crown[ring]);
                current[ring] = share.other;
                wall[ring] = share.other_part * part;
                crown[ring] = share.other_part * behind;
            }
        }
    }
    for (var ring = 0u; ring < RINGS; ring++) {
        put(cell, current[ring], wall[ring], crown[ring]);
    }
    sky_view[cell] = cos2 / f32(look.azimuths);
}
