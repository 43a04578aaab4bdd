//! The physiologically equivalent temperature: the air temperature of a room in which a body would have the same balance.
//!
//! Höppe's balance of core, skin and clothes (MEMI) with the corrections of Walther and Goestchel 2018
//! (doi:10.1016/j.buildenv.2018.04.003): vapour diffuses through clothes, and the room's balance is that of the same body.

/// Who feels it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// Activity, met of 58.2 W, on top of the basic metabolism.
    pub activity: f64,
    /// Insulation of clothes, clo.
    pub clothes: f64,
}

impl Default for Body {
    /// The usual one: a man of 23 years, 75 kg and 1.8 m who walks slowly in light clothes.
    fn default() -> Body {
        Body { activity: 1.37, clothes: 0.5 }
    }
}

/// What is around a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Environment {
    /// Air temperature, °C.
    pub air: f64,
    /// Mean radiant temperature, °C.
    pub radiant: f64,
    /// Wind at the body, m/s.
    pub wind: f64,
    /// Vapour pressure, hPa.
    pub vapour: f64,
    /// Pressure, hPa.
    pub pressure: f64,
}

const HEIGHT: f64 = 1.8;
const WEIGHT: f64 = 75.0;
const AGE: f64 = 23.0;
/// Pressure where none is known, hPa.
pub const PRESSURE: f64 = 1013.25;
const STEFAN_BOLTZMANN: f64 = 5.67e-8;
const VAPORISATION: f64 = 2.42e6;
/// Heat that a kilogram of blood carries, J/K, and what tissue conducts, W/m²K.
const BLOOD: f64 = 3640.0;
const TISSUE: f64 = 5.28;

/// Saturation vapour pressure, hPa (ASHRAE).
pub fn saturation(celsius: f64) -> f64 {
    let t = celsius + 273.15;
    let over_water = || {
        -5800.2206 / t + 1.3914993 + t * (-0.048640239 + t * (0.41764768e-4 - t * 0.14452093e-7)) + 6.5459673 * t.ln()
    };
    let over_ice = || {
        -5674.5359 / t
            + 6.3925247
            + t * (-0.9677843e-2 + t * (0.62215701e-6 + t * (0.20747825e-8 - t * 0.9484024e-12)))
            + 4.1635019 * t.ln()
    };
    (if celsius < 0.0 { over_ice() } else { over_water() }).exp() / 100.0
}

/// A clothed body in some surroundings.
struct Dressed {
    environment: Environment,
    /// Heat made, W/m².
    heat: f64,
    /// What breath takes, W/m².
    breath: f64,
    /// Share of the skin that is clothed, and area of the clothes over that of the skin.
    covered: f64,
    clothed: f64,
    /// Exchange with the air, and through clothes, W/m²K.
    convection: f64,
    through: f64,
    clothes: f64,
    /// Area of clothes over that without them.
    thicker: f64,
}

/// Temperatures of core, skin and clothes, °C.
type Body3 = [f64; 3];

impl Dressed {
    fn new(environment: Environment, metabolism: f64, clothes: f64) -> Dressed {
        let skin = 0.202 * WEIGHT.powf(0.425) * HEIGHT.powf(0.725);
        let basic =
            3.45 * WEIGHT.powf(0.75) * (1.0 + 0.004 * (30.0 - AGE) + 0.01 * (HEIGHT * 100.0 / WEIGHT.cbrt() - 43.4));
        let heat = (metabolism + basic) / skin;
        let thicker = 1.0 + 0.31 * clothes;
        let covered = (173.51 * clothes - 2.36 - 100.76 * clothes * clothes + 19.28 * clothes.powi(3)) / 100.0;
        let clothed = covered + thicker - 1.0;
        let convection = (2.67 + 6.5 * environment.wind.powf(0.67)).max(3.0);
        let breath = {
            let out = 0.47 * environment.air + 21.0;
            let flow = heat * 1.44e-6;
            let vapour = 0.623 * VAPORISATION / environment.pressure * (environment.vapour - saturation(out));
            flow * (1010.0 * (environment.air - out) + vapour)
        };
        let covered = covered.min(1.0);
        // Share of the height that clothes hang on, as a cylinder.
        let share = match clothes {
            clo if clo >= 2.0 => 1.0,
            clo if clo > 0.6 => (HEIGHT - 0.2) / HEIGHT,
            clo if clo > 0.3 => 0.5,
            _ => 0.1,
        };
        let outer = skin * (thicker - 1.0 + covered) / (std::f64::consts::TAU * HEIGHT * share);
        let inner = covered * skin / (std::f64::consts::TAU * HEIGHT * share);
        let through = if clothes > 0.0 {
            std::f64::consts::TAU * HEIGHT * share * (outer - inner)
                / (clothes / 6.45 * (outer / inner).ln() * clothed * skin)
        } else {
            0.0
        };
        Dressed { environment, heat, breath, covered, clothed, convection, through, clothes, thicker }
    }

    /// Blood through the skin, kg/m²s, and the skin's share of the body's mass.
    fn blood([core, skin, _]: Body3) -> (f64, f64) {
        let flow = ((6.3 + 75.0 * (core - 36.6).max(0.0)) / (1.0 + 0.5 * (34.0 - skin).max(0.0))).min(90.0);
        (flow / 3600.0, 0.0417737 + 0.7451833 / (flow + 0.585417))
    }

    /// From core to skin, W/m².
    fn inside(at: Body3) -> f64 {
        (Self::blood(at).0 * BLOOD + TISSUE) * (at[0] - at[1])
    }

    /// What evaporates, W/m².
    fn evaporation(&self, at: Body3) -> f64 {
        const LEWIS: f64 = 1.67;
        let share = Self::blood(at).1;
        let warmer = share * at[1] + (1.0 - share) * at[0] - (0.1 * 34.0 + 0.9 * 36.6);
        let sweat = VAPORISATION / 1000.0 * (304.94 * warmer.max(0.0)).min(500.0) / 3600.0;
        let resistance = self.clothes / 6.45;
        let drier = saturation(at[1]) - self.environment.vapour;
        let most = self.convection * LEWIS / (1.0 + 0.92 * self.convection * resistance) * drier;
        let wet = (sweat / if most == 0.0 { 0.001 } else { most }).min(1.0);
        // Through clothes by Woodcock's ratio.
        let diffusion = (1.0 - wet) * drier * LEWIS * 0.38 / (1.0 / (self.thicker * self.convection) + resistance);
        diffusion + sweat
    }

    /// Radiation and convection to bare skin and to clothes, W/m².
    fn dry(&self, [_, skin, clothes]: Body3) -> (f64, f64) {
        const SITTING: f64 = 0.725;
        let power = |celsius: f64| (celsius + 273.15).powi(4);
        let radiant = power(self.environment.radiant);
        let bare = 1.0 - self.covered;
        let on_skin = bare
            * (SITTING * 0.99 * STEFAN_BOLTZMANN * (radiant - power(skin))
                + self.convection * (self.environment.air - skin));
        let on_clothes = self.clothed
            * (SITTING * 0.95 * STEFAN_BOLTZMANN * (radiant - power(clothes))
                + self.convection * (self.environment.air - clothes));
        (on_skin, on_clothes)
    }

    /// What the whole body gains, W/m².
    fn gain(&self, at: Body3) -> f64 {
        let (on_skin, on_clothes) = self.dry(at);
        self.heat + self.breath + on_skin + on_clothes - self.evaporation(at)
    }

    /// The temperatures at which nothing changes.
    fn settled(&self) -> Body3 {
        let of_skin = |skin: f64| {
            let core = root(skin, skin + 40.0, |core| self.heat + self.breath - Self::inside([core, skin, 0.0]));
            let clothes =
                root(-120.0, 150.0, |clothes| self.dry([core, skin, clothes]).1 + self.through * (skin - clothes));
            [core, skin, clothes]
        };
        of_skin(root(-20.0, 60.0, |skin| self.gain(of_skin(skin))))
    }
}

/// Where a falling function is 0: by halving, sped up by secants.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut at_low, mut at_high) = (f(low), f(high));
    if at_low <= 0.0 {
        return low;
    }
    if at_high >= 0.0 {
        return high;
    }
    // Illinois: the end that stays counts half.
    let mut last = 0.0f64;
    for _ in 0..200 {
        if high - low < 1e-9 {
            break;
        }
        let middle = (low * at_high - high * at_low) / (at_high - at_low);
        let value = f(middle);
        if value.abs() < 1e-9 {
            return middle;
        }
        if value > 0.0 {
            (low, at_low) = (middle, value);
            at_high *= if last > 0.0 { 0.5 } else { 1.0 };
        } else {
            (high, at_high) = (middle, value);
            at_low *= if last < 0.0 { 0.5 } else { 1.0 };
        }
        last = value;
    }
    0.5 * (low + high)
}

/// The equivalent temperature, °C.
pub fn pet(environment: Environment, body: Body) -> f64 {
    let at = Dressed::new(environment, body.activity * 58.2, body.clothes).settled();
    root(-120.0, 150.0, |room| {
        let environment =
            Environment { air: room, radiant: room, wind: 0.1, vapour: 12.0, pressure: environment.pressure };
        -Dressed::new(environment, 80.0, 0.9).gain(at)
    })
}
