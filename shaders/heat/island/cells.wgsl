// Ground, roofs, water and crowns in a pass. Twin: `CpuAir::cells` in engine/heat/src/island/cpu/cells.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> materials: array<Material>;
@group(0) @binding(2) var<storage, read> properties: array<u32>;
@group(0) @binding(3) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> facets: array<vec4<f32>>;
// Beam on the ground and on the crown.
@group(0) @binding(5) var<storage, read> beams: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read> first_layer: array<f32>;
@group(0) @binding(7) var<storage, read> air: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> effects: array<Effect>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    let cells = forcing.cols * forcing.rows;
    if cell >= cells {
        return;
    }
    let skin = materials[properties[cell]].skin;
    let albedo = bitcast<f32>(properties[2u * cells + cell]);
    let near = facets[2u * cells + cell];
    let here = air[cell];
    let sky_ = inputs[cells + cell];
    let views = inputs[2u * cells + cell];
    let is_open = views.w > 0.0;
    let before = facets[cell];
    let blows = inputs[cell];
    var effect = Effect();
    // Above houses the air is mixed.
    let aloft = forcing.mixed + smooth_of(blows.y) * (forcing.aloft - forcing.mixed);
    let over = exchange(blows.x, blows.y, forcing.above, aloft, select(forcing.edge, here.x, is_open));
    let remainder = over.y * forcing.over_remainder + AIR * over.x * (forcing.aloft - aloft);
    effect.exchange = over.x;
    let stirred = breeze(blows.z);
    let convection = 11.8 + 4.2 * stirred;
    let beam = select(vec2<f32>(0.0), beams[cell], forcing.has_beam > 0u);
    let long = sky_.y + views.x * near.z + views.y * near.w;
    let short = beam.x + sky_.x;
    var load = Load();
    load.absorbed = (1.0 - albedo) * short + skin.emissivity * long;
    load.emissivity = skin.emissivity;
    load.convection = convection;
    load.air = here.x;
    load.top = skin.top;
    load.first = first_layer[cell];
    load.first_slope = skin.b;
    if skin.is_roof > 0.0 {
        load.convection = 1.0 / (1.0 / convection + 1.0 / (AIR * effect.exchange));
        load.air = aloft;
    } else if skin.is_water > 0.0 {
        let bulk = 1.3e-3 * forcing.at_10_m;
        load.convection = AIR * bulk;
        let full = saturation(before.x);
        let each = 6220.0 / forcing.pressure;
        let by = DENSITY * LATENT * 1e-3 * bulk;
        load.bulk = by * (each * (full.x - full.y * before.x) - here.y);
        load.bulk_slope = by * each * full.y;
    } else if skin.bucket > 0.0 {
        load.evaporation = evaporation(before.z, here.x);
    }
    var ground = Balance(before.x, 0.0, 0.0);
    // What grass and soil give in the open depends on how warm they are.
    let is_meadow = skin.bucket > 0.0;
    for (var round = 0u; round < select(1u, ROUNDS, is_meadow); round++) {
        if is_meadow {
            let open = meadow(at_2_m(blows.z), here.x, ground.skin);
            load.convection = convection + smooth_of(blows.y) * (open - convection);
        }
        ground = balance(load, ground.skin);
    }
    let up = skin.emissivity * black(ground.skin) + (1.0 - skin.emissivity) * long;
    effect.skin = ground.skin;
    effect.ground_latent = ground.latent;
    effect.short = albedo * short;
    effect.long = up;
    effect.crown = before.y;
    if views.z > 0.0 {
        let light = beam.y + views.z * forcing.diffuse + (1.0 - views.z) * near.x;
        let caught = LEAF_CAUGHT * light * (1.0 - forcing.through);
        let sky = views.z * forcing.sky + (1.0 - views.z) * near.y;
        var leaves = Load();
        leaves.absorbed = caught + LEAF_EMISSIVITY * (sky + up);
        leaves.emissivity = 2.0 * LEAF_EMISSIVITY;
        leaves.convection = AIR * 0.012 * sqrt(max(stirred, 0.1)) * LEAVES;
        leaves.air = here.x;
        leaves.evaporation = evaporation(before.w, here.x);
        let crown = balance(leaves, before.y);
        effect.crown = crown.skin;
        effect.crown_latent = crown.latent;
        effect.crown_long = LEAF_EMISSIVITY * black(crown.skin) + (1.0 - LEAF_EMISSIVITY) * up;
        effect.conductance += 0.5 * leaves.convection;
        effect.source += 0.5 * leaves.convection * crown.skin;
        effect.latent += 0.5 * crown.latent;
        effect.bypass += 0.5 * crown.sensible;
    }
    if is_open {
        effect.conductance += load.convection;
        effect.source += load.convection * ground.skin - remainder;
        effect.bypass += remainder;
        effect.latent += ground.latent - over.y * forcing.over_remainder_latent;
    } else {
        effect.bypass += ground.sensible;
    }
    effects[cell] = effect;
}
