// Parameters of the kernels of surfaces and air in time. Twin: engine/heat/src/island/params.rs.

// Arrays of one kind lie one after the other in one buffer, so that a stage takes no more than eight. For n cells and w walls:
// - `properties`: land cover of n cells; index of their wall, or NONE; albedo of ground or roof, as bits of f32.
// - `inputs`: of n cells height above the displacement, roughness, speed and inflow of the wind; then of n cells shortwave and
//   longwave radiation of the hour, anthropogenic heat flux, and outflow; then of n cells view factors of walls and crowns, of the
//   sky above a crown, and 1 for open ground.
// - `facets`: of n cells temperature of skin and crown, water in the buckets of ground and roots; then of n cells shortwave and
//   longwave that the ground sends out, longwave of the crown, 0; then of n cells shortwave and longwave of ground and walls around,
//   longwave of walls, longwave of crowns.
// - `air`: temperature and humidity of n cells; then those at the beginning of the step.
// - `system`, for each grid of the multigrid: decay of its cells, then their right-hand sides.
// - `faces`: wind through (cols + 1) * rows faces to the east, then through cols * (rows + 1) faces to the south.
// - `wall_temperatures`: skins of w walls, then what `forward_elimination.wgsl` finds of their first layers.
// - `sums`: of n cells air and humidity; then skin and longwave up; then longwave of walls and of crowns around.

struct StepForcing {
    cols: u32,
    rows: u32,
    walls: u32,
    reach: u32,
    has_beam: u32,
    cell: f32,
    step: f32,
    depth: f32,
    aloft: f32,
    mixed: f32,
    aloft_humidity: f32,
    edge: f32,
    edge_humidity: f32,
    above: f32,
    at_10_m: f32,
    gust: f32,
    over_ratio: f32,
    over_richardson: f32,
    over_remainder: f32,
    over_remainder_latent: f32,
    diffuse: f32,
    sky: f32,
    through: f32,
    rain: f32,
    pressure: f32,
    // 0 while the first day is repeated.
    water_step: f32,
}

// A layer in a step of backward Euler.
struct Layer {
    storage: f32,
    below: f32,
    inverse: f32,
    b: f32,
    inside: f32,
}

// The skin of a material in a step.
struct Skin {
    top: f32,
    b: f32,
    albedo: f32,
    emissivity: f32,
    bucket: f32,
    is_water: f32,
    is_roof: f32,
    // Layers; 0 for force-restore, and how much its deep temperature follows.
    layers: f32,
    follow: f32,
}

// A material: the ground or roof below a cover, in the order of covers; the last one is that of walls.
struct Material {
    skin: Skin,
    layers: array<Layer, LAYERS>,
}

// What the surfaces of a cell do in a pass: conductance to its air, W/m²K, and source of heat there, W/m²; latent heat; sensible heat
// that bypasses the canopy's air; exchange with what lies above, m/s; temperatures, latent heat and outgoing radiation.
struct Effect {
    conductance: f32,
    source: f32,
    latent: f32,
    bypass: f32,
    exchange: f32,
    skin: f32,
    ground_latent: f32,
    crown: f32,
    crown_latent: f32,
    short: f32,
    long: f32,
    crown_long: f32,
}

const LAYERS: u32 = 12u;
const WALL_LAYERS: u32 = 6u;
const LANES: u32 = 64u;
const NONE: u32 = 0xffffffffu;
const SIGMA: f32 = 5.670374e-8;
const ZERO: f32 = 273.15;
const AIR: f32 = 1200.0;
const DENSITY: f32 = 1.2;
const LATENT: f32 = 2.45e6;
const GRAVITY: f32 = 9.81;
const PRANDTL: f32 = 0.74;
const NEWTON: u32 = 3u;
const ROUNDS: u32 = 3u;
const THERMOMETER: f32 = 2.0;
const MEADOW_DRAG: f32 = 0.0058592;
const MEADOW_C: f32 = 2.3824;
const AT_2_M: f32 = 1.1385;
const SMOOTH: f32 = 4.1997;
const LEAVES: f32 = 4.0;
const ROOTS: f32 = 1.0;
const LEAF_CAUGHT: f32 = 0.8;
const LEAF_EMISSIVITY: f32 = 0.97;
const DRY: f32 = 0.12;
const WETTER: f32 = 0.13;
const CAPACITY: f32 = 0.35;

// The cell of an invocation: groups lie in rows of 32768.
fn cell_of(group: vec3<u32>, lane: u32) -> u32 {
    return (group.y * 32768u + group.x) * 64u + lane;
}

fn black(celsius: f32) -> f32 {
    let kelvin = celsius + ZERO;
    let square = kelvin * kelvin;
    return SIGMA * square * square;
}
