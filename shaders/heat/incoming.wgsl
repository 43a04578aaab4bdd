// What comes to each cell from sky, walls and crowns, and what its ground sends up. Twin: `incoming` in
// engine/heat/src/cpu/radiation.rs, and `radiation` in engine/heat/src/hour.rs.

@group(0) @binding(0) var<uniform> hour: Hour;
@group(0) @binding(1) var<uniform> bright: array<Bright, PATCHES>;
@group(0) @binding(2) var<storage, read> surface_schemes: array<SurfaceScheme>;
// View factors of the strip's cells, as horizons.wgsl writes them.
@group(0) @binding(3) var<storage, read> view_factors: array<u32>;
@group(0) @binding(4) var<storage, read> sky_view: array<f32>;
// Land cover of all cells, then the share of sunlight that ground or roof of each reflects, as bits of f32.
@group(0) @binding(5) var<storage, read> properties: array<u32>;
@group(0) @binding(6) var<storage, read> beams: array<vec4<f32>>;
// How much warmer than the air the ground radiates, K.
@group(0) @binding(7) var<storage, read_write> warmth: array<f32>;
// Shortwave on a level plane and on a cylinder, longwave on both.
@group(0) @binding(8) var<storage, read_write> incoming: array<vec4<f32>>;
// Shortwave and longwave that the ground sends up.
@group(0) @binding(9) var<storage, read_write> ground: array<vec2<f32>>;

const STEFAN_BOLTZMANN: f32 = 5.670374e-8;
const PI: f32 = 3.1415927;

// Share of what an upright plane sees above the horizon that walls are, by the sky view of its half (Lindberg et al. 2008).
fn wall_share(sky: vec4<f32>) -> vec4<f32> {
    let x = clamp(sky, vec4<f32>(0.0), vec4<f32>(1.0));
    let p = ((((63.227 * x - 161.51) * x + 156.91) * x - 70.424) * x + 16.773) * x - 0.4863;
    return clamp(1.0 - p * x / 4.4897, vec4<f32>(0.0), vec4<f32>(1.0));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = cell_of(group, lane);
    if at >= hour.cells {
        return;
    }
    let cell = hour.strip + at;
    let horizon = sqrt(max(1.0 / clamp(sky_view[cell], 1e-4, 1.0) - 1.0, 0.0));
    var sum = vec4<f32>(0.0);
    // Under an isotropic sky, to the north, east, south and west: how much is hidden, and what hides it shines.
    var hidden_level = vec4<f32>(0.0);
    var hidden_short = vec4<f32>(0.0);
    var hidden_long = vec4<f32>(0.0);
    for (var k = 0u; k < PATCHES; k++) {
        let p = bright[k];
        let word = (k / 4u) * hour.cells + at;
        let shift = 8u * (k % 4u);
        let wall = f32((view_factors[word] >> shift) & 255u) / 255.0;
        var crown = 0.0;
        if hour.has_crowns > 0u {
            crown = f32((view_factors[crown_words(hour.cells) + word] >> shift) & 255u) / 255.0;
        }
        let sky = vec2<f32>(p.sky_short, p.sky_long);
        let seen = select(vec2<f32>(p.shaded_short, p.shaded_long), vec2<f32>(p.lit_short, p.lit_long), horizon < p.threshold);
        let radiance = sky + wall * (seen - sky) + crown * (vec2<f32>(p.crown_short, p.crown_long) - sky);
        if hour.isotropic > 0u {
            let halves = p.level * vec4<f32>(p.north, p.east, p.south, p.west);
            hidden_level += (wall + crown) * halves;
            hidden_short += (wall * seen.x + crown * p.crown_short) * halves;
            hidden_long += (wall * seen.y + crown * p.crown_long) * halves;
        }
        sum += vec4<f32>(radiance.x * p.level, radiance.x * p.side, radiance.y * p.level, radiance.y * p.side);
    }
    if hour.isotropic > 0u {
        let share = wall_share(1.0 - hidden_level / (0.5 * PI));
        let level = max(hidden_level, vec4<f32>(1e-6));
        let p = bright[0];
        let short = p.sky_short + share * (hidden_short / level - p.sky_short);
        let long = p.sky_long + share * (hidden_long / level - p.sky_long);
        // Half of each of four sides sees above the horizon; as it counts beside a cylinder.
        let scale = 0.22 / 0.28 * 0.5 * PI;
        let none = vec4<f32>(1.0);
        sum.y = scale * dot(short, none);
        sum.w = scale * dot(long, none);
    }
    incoming[cell] = sum;
    let kind = surface_schemes[properties[cell]];
    let beam = beams[cell];
    let warm = hour.memory * warmth[cell] + (1.0 - hour.memory) * kind.warmer * beam.z;
    warmth[cell] = warm;
    let kelvin = hour.air + warm;
    let square = kelvin * kelvin;
    let albedo = bitcast<f32>(properties[hour.cols * hour.rows + cell]);
    let emitted = kind.emissivity * STEFAN_BOLTZMANN * square * square + (1.0 - kind.emissivity) * sum.z;
    ground[cell] = vec2<f32>(albedo * (beam.x + sum.x), emitted);
}
