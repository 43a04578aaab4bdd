//! Höppe's physiologically equivalent temperature as VDI 3787 and UMEP have it (Höppe 1999, doi:10.1007/s004840050118), for
//! comparison: up to 2.5 K from the corrected one of `pet`, which the model takes by default.

use super::pet::Environment;
use std::f64::consts::TAU;

/// Who feels it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Person {
    /// Mass, kg.
    pub mass: f64,
    /// Height, m.
    pub height: f64,
    /// Age, years.
    pub age: f64,
    /// Work, W.
    pub work: f64,
    /// Insulation of clothes, clo.
    pub clothes: f64,
}

impl Default for Person {
    /// The usual one: a man of 35 years, 75 kg and 1.8 m in light work and a suit.
    fn default() -> Person {
        Person { mass: 75.0, height: 1.8, age: 35.0, work: 80.0, clothes: 0.9 }
    }
}

const STEFAN_BOLTZMANN: f64 = 5.67e-8;
const PRESSURE: f64 = 1013.25;
const VAPORISATION: f64 = 2.42e6;
/// Heat that blood carries, J/LK, and what tissue conducts, W/m²K.
const BLOOD: f64 = 1.06 * 3640.0;
const TISSUE: f64 = 5.28;
const RADIATING: f64 = 0.725;
const SKIN_EMITS: f64 = 0.99;
const CLOTHES_EMIT: f64 = 0.95;
const AIR: f64 = 1010.0;
/// Resistance of dry skin to vapour.
const DRY_SKIN: f64 = 0.79e7;

/// Vapour pressure of humid air, hPa, from air temperature (°C) and relative humidity (%), as this index has it (Magnus).
pub fn vapour(air: f64, humidity: f64) -> f64 {
    humidity / 100.0 * 6.107 * 10f64.powf(7.5 * air / (238.0 + air))
}

/// Saturation over skin and in breath, hPa.
fn saturation(celsius: f64) -> f64 {
    6.11 * 10f64.powf(7.45 * celsius / (235.0 + celsius))
}

fn power(celsius: f64) -> f64 {
    (celsius + 273.2).powi(4)
}

/// A clothed body.
struct Dressed {
    heat: f64,
    area: f64,
    /// Area of clothes, and share of the skin below them.
    clothed: f64,
    covered: f64,
    /// Resistance of clothes, m²K/W, and what they conduct for each of their area, W/m²K.
    resistance: f64,
    through: f64,
}

impl Dressed {
    fn new(person: &Person) -> Dressed {
        let Person { mass, height, age, work, clothes } = *person;
        let basic =
            3.45 * mass.powf(0.75) * (1.0 + 0.004 * (30.0 - age) + 0.010 * (height * 100.0 / mass.cbrt() - 43.4));
        let area = 0.203 * mass.powf(0.425) * height.powf(0.725);
        let covered =
            ((-2.36 + 173.51 * clothes - 100.76 * clothes * clothes + 19.28 * clothes.powi(3)) / 100.0).min(1.0);
        let resistance = clothes / 6.45 / covered;
        let share = match clothes {
            clo if clo >= 2.0 => 1.0,
            clo if clo > 0.6 => (height - 0.2) / height,
            clo if clo > 0.3 => 0.5,
            _ => 0.1,
        };
        let thicker = 1.0 + 0.15 * clothes;
        let outer = area * (thicker - 1.0 + covered) / (TAU * height * share);
        let inner = covered * area / (TAU * height * share);
        let clothed = area * (covered + thicker - 1.0);
        let through = TAU * height * share * (outer - inner) / (resistance * (outer / inner).ln() * clothed);
        Dressed { heat: basic + work, area, clothed, covered, resistance, through }
    }

    /// What breath takes, W.
    fn breath(&self, air: f64, vapour: f64) -> f64 {
        let out = 0.47 * air + 21.0;
        let flow = 1.44e-6 * self.heat;
        flow * (AIR * (air - out) + 0.623 * VAPORISATION / PRESSURE * (vapour - saturation(out)))
    }

    /// Radiation and convection, W.
    fn dry(&self, skin: f64, clothes: f64, radiant: f64, air: f64, convection: f64) -> f64 {
        let bare = 1.0 - self.covered;
        let radiation = self.area * RADIATING * bare * SKIN_EMITS * STEFAN_BOLTZMANN * (power(radiant) - power(skin))
            + RADIATING * self.clothed * CLOTHES_EMIT * STEFAN_BOLTZMANN * (power(radiant) - power(clothes));
        let convected = convection * ((air - skin) * self.area * bare + (air - clothes) * self.clothed);
        radiation + convected
    }

    /// Vapour through the skin, W.
    fn diffusion(&self, wet: f64, vapour: f64, skin: f64) -> f64 {
        VAPORISATION / DRY_SKIN * self.area * (1.0 - wet) * (vapour - saturation(skin))
    }

    /// Temperature of the core, °C, that gives the skin what is made: by conduction and blood.
    fn core(&self, skin: f64, given: f64) -> f64 {
        let flow = |core: f64| {
            let blood = ((6.3 + 75.0 * (core - 36.6).max(0.0)) / (1.0 + 0.5 * (34.0 - skin).max(0.0))).min(90.0);
            self.area * (blood / 3600.0 * BLOOD + TISSUE) * (core - skin)
        };
        falling(skin - 1.0, skin + 60.0, |core| given - flow(core))
    }
}

/// Where a falling function is 0, by halving.
fn falling(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..45 {
        let middle = 0.5 * (low + high);
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The equivalent temperature, °C.
pub fn pet(environment: Environment, person: &Person) -> f64 {
    let Environment { air, radiant, wind, vapour, .. } = environment;
    let body = Dressed::new(person);
    let convection = 2.67 + 6.5 * wind.powf(0.67);
    let breath = body.breath(air, vapour);
    // Skin from the balance of the clothes.
    let skin_of = |clothes: f64| {
        let radiation = CLOTHES_EMIT * STEFAN_BOLTZMANN * (power(clothes) - power(radiant)) * RADIATING;
        (convection * (clothes - air) + radiation) / body.through + clothes
    };
    // Sweat (W, negative) and the share of wet skin.
    let sweat = |skin: f64, core: f64| {
        let warmer = (0.1 * skin + 0.9 * core - 36.6).max(0.0);
        let made = -304.94 * warmer * body.area / 3.6e6 * VAPORISATION;
        let passes = 1.0 / (1.0 + 0.92 * convection * body.resistance);
        let most =
            0.633 * convection / (PRESSURE * AIR) * (vapour - saturation(skin)) * body.area * VAPORISATION * passes;
        let wet = (made / most).min(1.0);
        (made.max(most).min(0.0), wet)
    };
    let gain = |clothes: f64| {
        let skin = skin_of(clothes);
        let core = body.core(skin, body.heat + breath);
        let (sweat, wet) = sweat(skin, core);
        body.heat
            + breath
            + sweat
            + body.diffusion(wet, vapour, skin)
            + body.dry(skin, clothes, radiant, air, convection)
    };
    let clothes = falling(-60.0, 100.0, gain);
    let skin = skin_of(clothes);
    let (sweat, wet) = sweat(skin, body.core(skin, body.heat + breath));
    // The room in which the same body loses as much.
    let still = 2.67 + 6.5 * 0.1f64.powf(0.67);
    falling(-120.0, 150.0, |room| {
        -(body.heat
            + body.breath(room, 12.0)
            + sweat
            + body.diffusion(wet, 12.0, skin)
            + body.dry(skin, clothes, room, room, still))
    })
}
