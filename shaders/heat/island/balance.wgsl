// The balance of a skin, and what the canopy's air gives to what lies above. Twins: engine/heat/src/island/column.rs and exchange.rs.

struct Load {
    absorbed: f32,
    emissivity: f32,
    convection: f32,
    air: f32,
    evaporation: f32,
    bulk: f32,
    bulk_slope: f32,
    top: f32,
    first: f32,
    first_slope: f32,
}

struct Balance {
    skin: f32,
    sensible: f32,
    latent: f32,
}

fn balance(load: Load, start: f32) -> Balance {
    var skin = start;
    for (var k = 0u; k < NEWTON; k++) {
        let kelvin = skin + ZERO;
        let cube = load.emissivity * SIGMA * kelvin * kelvin * kelvin;
        let left = load.absorbed - cube * kelvin - load.top * (skin - load.first - load.first_slope * skin);
        let slope = -4.0 * cube - load.top * (1.0 - load.first_slope);
        let share = select(1.0, 1.0 - load.evaporation, left > 0.0);
        let off = share * left - load.convection * (skin - load.air) - load.bulk - load.bulk_slope * skin;
        skin -= off / (share * slope - load.convection - load.bulk_slope);
    }
    let net = load.absorbed - load.emissivity * black(skin);
    let ground = load.top * (skin - load.first - load.first_slope * skin);
    let latent = load.evaporation * max(net - ground, 0.0) + load.bulk + load.bulk_slope * skin;
    return Balance(skin, load.convection * (skin - load.air), latent);
}

// Saturation vapour pressure, kPa, and its slope, kPa/K.
fn saturation(celsius: f32) -> vec2<f32> {
    let pressure = 0.6108 * exp(17.27 * celsius / (celsius + 237.3));
    return vec2<f32>(pressure, 4098.0 * pressure / ((celsius + 237.3) * (celsius + 237.3)));
}

fn evaporation(water: f32, air: f32) -> f32 {
    let wet = clamp((water - DRY) / WETTER, 0.0, 1.0);
    let slope = saturation(air).y;
    return min(1.26 * wet * slope / (slope + 0.066), 0.8);
}

// Louis' function of stability.
fn stability(richardson: f32, c: f32) -> f32 {
    if richardson > 0.0 {
        let by = 1.0 + 4.7 * richardson;
        return 1.0 / (by * by);
    }
    return 1.0 - 9.4 * richardson / (1.0 + c * sqrt(-richardson));
}

fn richardson_of(height: f32, wind: f32, aloft: f32, air: f32) -> f32 {
    return clamp(GRAVITY * height * (aloft - air) / ((air + ZERO) * wind * wind), -10.0, 0.2);
}

fn smooth_of(roughness: f32) -> f32 {
    return clamp(log(THERMOMETER / roughness) / SMOOTH, 0.0, 1.0);
}

// Conductance, m/s, and the share of what the meadow gives besides.
fn exchange(height: f32, roughness: f32, wind: f32, aloft: f32, air: f32) -> vec2<f32> {
    let richardson = richardson_of(height, wind, aloft, air);
    let times = height / max(roughness, THERMOMETER);
    let drag = 0.16 / (log(height / roughness) * log(times));
    let phi = stability(richardson, 49.8 * drag * sqrt(times));
    let stable = clamp(richardson / forcing.over_richardson, 0.0, 1.0);
    let smooth_ = smooth_of(roughness);
    // By night layers of air and not houses hold back what is exchanged.
    let like = select(smooth_ * stable, stable, richardson > 0.0);
    return vec2<f32>(drag / PRANDTL * wind * phi * (1.0 + like * (forcing.over_ratio - 1.0)), smooth_ * stable);
}

// What a meadow's skin gives to its air, W/m²K, in a wind at 2 m.
fn meadow(wind: f32, air: f32, skin: f32) -> f32 {
    return AIR * MEADOW_DRAG / PRANDTL * wind * stability(richardson_of(THERMOMETER, wind, air, skin), MEADOW_C);
}

fn at_2_m(speed: f32) -> f32 {
    let stirred = 2.4 * forcing.gust;
    return sqrt(AT_2_M * AT_2_M * speed * speed + stirred * stirred);
}

fn breeze(speed: f32) -> f32 {
    return sqrt(speed * speed + forcing.gust * forcing.gust);
}
