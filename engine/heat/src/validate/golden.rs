//! Rasters that UMEP made of a part of Athens (400 × 400 cells of 1 m): sky view and shadows, and indices of made radiation.

use super::super::cpu::horizons::view;
use super::super::cpu::radiation::{Fluxes, radiant as radiant_of};
use super::super::cpu::shade::along_ray;
use super::super::hoeppe::{self, Person};
use super::super::pet::{Environment, PRESSURE};
use super::super::rays::umep;
use super::super::scene::Scene;
use super::super::sky::RINGS;
use super::super::utci;
use super::{Bench, Figure, least, most, within};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use std::f64::consts::PI;
use std::io::Read;

const SIDE: usize = 400;
const FOLDER: &str = "heat/umep_golden_athens400";

/// What stands in a file of numpy: the words of its head, and its numbers.
fn numbers(bytes: &[u8]) -> Option<(String, Vec<f64>)> {
    let length = bytes.get(8..10).map(|b| usize::from(b[0]) + 256 * usize::from(b[1]))?;
    let head = String::from_utf8_lossy(bytes.get(10..10 + length)?).into_owned();
    let body = &bytes[10 + length..];
    let values = if head.contains("'<f4'") {
        body.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
    } else {
        body.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
    };
    head.contains("'fortran_order': False").then_some((head, values))
}

/// Arrays of numpy.
trait Arrays {
    fn array(&self, name: &str) -> Result<Vec<f64>>;
    fn member(&self, name: &str, member: &str) -> Result<Vec<f64>>;
}

impl Arrays for Bench<'_> {
    /// An array of numpy.
    fn array(&self, name: &str) -> Result<Vec<f64>> {
        let path = self.file(FOLDER).join(name);
        let bytes = std::fs::read(&path).map_err(Error::io("reading", &path))?;
        let found = numbers(&bytes).ok_or_else(|| Error::data(&path, "is not an array in rows", "fetch it again"))?;
        Ok(found.1)
    }

    /// An array of an archive of numpy.
    fn member(&self, name: &str, member: &str) -> Result<Vec<f64>> {
        let path = self.file(FOLDER).join(name);
        let bad = |what: String| Error::data(&path, what, "fetch it again");
        let file = std::fs::File::open(&path).map_err(Error::io("reading", &path))?;
        let mut archive = zip::ZipArchive::new(file).map_err(|error| bad(error.to_string()))?;
        let mut entry = archive.by_name(&format!("{member}.npy")).map_err(|error| bad(error.to_string()))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| bad(error.to_string()))?;
        Ok(numbers(&bytes).ok_or_else(|| bad(format!("{member} is not an array in rows")))?.1)
    }
}

/// Largest difference; what is no number, and what is not there, is larger than all.
fn apart(found: impl Iterator<Item = f64>, wanted: &[f64]) -> f64 {
    let mut count = 0;
    let off = found.zip(wanted).inspect(|_| count += 1);
    let off = off.map(|(a, b)| if (a - b).is_nan() { f64::INFINITY } else { (a - b).abs() }).fold(0.0, f64::max);
    if count == wanted.len() && count > 0 { off } else { f64::INFINITY }
}

/// Mean radiant temperature from given fluxes, Höppe's PET and UTCI from given radiation and wind, against UMEP's rasters.
pub fn indices(bench: &Bench) -> Result<Vec<Figure>> {
    let flux = |name: &str| {
        let name = format!("tmrt_input_{name}.npy");
        let found = bench.array(&name)?;
        let bad = || Error::data(&bench.file(FOLDER).join(&name), "has another size", "fetch it again");
        if found.len() == 900 { Ok(found) } else { Err(bad()) }
    };
    let sides = |kind: &str| -> Result<Vec<f64>> {
        let all = ["n", "e", "s", "w"].map(|side| flux(&format!("{kind}side_{side}")));
        let mut sum = vec![0.0; 900];
        for side in all {
            sum.iter_mut().zip(side?).for_each(|(sum, value)| *sum += value);
        }
        Ok(sum)
    };
    let (short_sides, long_sides) = (sides("k")?, sides("l")?);
    let [short_around, long_around] = [flux("kside_total")?, flux("lside_total")?];
    let [short_down, short_up, long_down, long_up] = [flux("kdown")?, flux("kup")?, flux("ldown")?, flux("lup")?];
    let radiant = |is_anisotropic: bool| (0..900).map(move |k| (k, is_anisotropic)).collect::<Vec<_>>();
    // What a plane to each side gets from above counts to what is around: 0.28 times the cylinder and 0.22 times all sides.
    let of = |(k, is_anisotropic): (usize, bool)| {
        let around = |cylinder: f64, sides: f64| cylinder + 0.22 / 0.28 * sides;
        let long = if is_anisotropic { long_around[k] } else { 0.0 };
        let half = |up: f64| 2.0 * 0.22 / 0.28 * up;
        let short = around(short_around[k], short_sides[k]) - half(short_up[k]);
        let long = around(long, long_sides[k]) - half(long_up[k]);
        f64::from(radiant_of(&Fluxes {
            short: [short_down[k], short_up[k], short].map(|value| value as f32),
            long: [long_down[k], long_up[k], long].map(|value| value as f32),
        }))
    };
    let off = |is_anisotropic: bool, name: &str| -> Result<f64> {
        Ok(apart(radiant(is_anisotropic).into_iter().map(of), &bench.array(name)?))
    };
    let person = Person::default();
    let by_rows = |inputs: &[f64], of: &dyn Fn([f64; 4]) -> f64| -> Vec<f64> {
        inputs.as_chunks::<4>().0.iter().map(|row| of(*row)).collect()
    };
    let equivalent = |[air, humidity, radiant, wind]: [f64; 4]| {
        hoeppe::pet(
            Environment { air, radiant, wind, vapour: hoeppe::vapour(air, humidity), pressure: PRESSURE },
            &person,
        )
    };
    let thermal = |[air, humidity, radiant, wind]: [f64; 4]| {
        // One row has a wind below those that the index is made for.
        utci::polynomial(air, radiant - air, wind, utci::saturation(air) * humidity / 100.0)
    };
    let single = |name: &str, of: &dyn Fn([f64; 4]) -> f64| -> Result<f64> {
        let found = by_rows(&bench.member(name, "inputs")?, of);
        Ok(apart(found.into_iter(), &bench.member(name, "outputs")?))
    };
    let grid = |index: &str, of: &dyn Fn([f64; 4]) -> f64| -> Result<f64> {
        let [radiant, wind] = ["tmrt", "va"].map(|what| bench.array(&format!("{index}_grid_{what}.npy")));
        let found: Vec<f64> =
            radiant?.iter().zip(wind?).map(|(radiant, wind)| of([25.0, 50.0, *radiant, wind])).collect();
        Ok(apart(found.into_iter(), &bench.array(&format!("{index}_grid_output.npy"))?))
    };
    Ok(vec![
        // UMEP's constant of Stefan and Boltzmann ends at 5.67.
        most("Tmrt under an anisotropic sky, K off", off(true, "tmrt_output_aniso.npy")?, 0.01),
        most("Tmrt under an isotropic sky, K off", off(false, "tmrt_output_iso.npy")?, 0.01),
        most("PET after Höppe, K off", single("pet_single_point.npz", &equivalent)?, 0.1),
        most("PET after Höppe on a grid, K off", grid("pet", &equivalent)?, 0.1),
        most("UTCI, K off", single("utci_single_point.npz", &thermal)?, 0.1),
        most("UTCI on a grid, K off", grid("utci", &thermal)?, 0.1),
    ])
}

/// Sky view by horizons, and shadows at noon with the sun 60° high, against UMEP's.
pub fn athens(bench: &Bench) -> Result<Vec<Figure>> {
    let grid = Grid::local(SIDE, SIDE, 1.0);
    let single = |values: Vec<f64>| -> Vec<f32> { values.into_iter().map(|value| value as f32).collect() };
    let surface_height = single(bench.array("input_dsm.npy")?);
    let mut scene = Scene::new(grid, &surface_height, &[], &[], 0.0);
    let found = view(&scene);
    let wanted = bench.array("svf_total.npy")?;
    let squares = found.sky_view.iter().zip(&wanted).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>();
    // Patches as UMEP has them: each is seen or hidden as its middle is.
    let binary = binary_sky_view(&scene);
    let off: f64 = binary.iter().zip(&wanted).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / wanted.len() as f64;
    let far = apart(binary.iter().copied(), &wanted);
    let rms = (squares / wanted.len() as f64).sqrt();
    // Crowns are heights above the same zero as the surface; 0 is none.
    let (tops, bottoms) = (bench.array("input_cdsm.npy")?, bench.array("input_tdsm.npy")?);
    for (cell, (top, bottom)) in tops.iter().zip(&bottoms).enumerate() {
        if *top > 0.0 {
            (scene.crown_low[cell], scene.crown_high[cell]) = (*bottom as f32, *top as f32);
        }
    }
    let tangent = 60f64.to_radians().tan();
    let steps = umep(PI, 1.0, f64::from(scene.relief()) / tangent);
    let lit = along_ray(&scene, &steps, tangent as f32, 0.5);
    // For crowns UMEP takes the way from one cell's middle to the next.
    let mut between = steps.clone();
    (1..between.len()).for_each(|k| between[k].enter = steps[k - 1].enter);
    let through = along_ray(&scene, &between, tangent as f32, 0.5);
    let share = |name: &str, lit: &[f32], is_lit: &dyn Fn(f32) -> bool, holds: &dyn Fn(usize) -> bool| -> Result<f64> {
        let wanted = bench.array(name)?;
        let cells: Vec<usize> = (0..wanted.len()).filter(|cell| holds(*cell)).collect();
        let same = cells.iter().filter(|cell| is_lit(lit[**cell]) == (wanted[**cell] > 0.5)).count();
        Ok(same as f64 / cells.len() as f64)
    };
    // A crown's shade within that of a building cannot be told here.
    let in_the_open = |cell: usize| through[cell] > 0.0;
    let buildings = share("shadow_noon_bldg_sh.npy", &lit, &|lit| lit > 0.0, &|_| true)?;
    let crowns = share("shadow_noon_veg_sh.npy", &through, &|lit| lit == 1.0, &in_the_open)?;
    Ok(vec![
        most("sky view by horizons, RMS", rms, 0.025),
        most("sky view by UMEP's binary patches, RMS", off.sqrt(), 0.02),
        most("sky view by UMEP's binary patches, largest difference", far, 0.02),
        least("shadow of buildings, share of equal cells", buildings, 0.999),
        least("shadow of trees, share of equal cells", crowns, 0.999),
        within("cells", wanted.len() as f64, (SIDE * SIDE) as f64, 0.0),
    ])
}

/// Sky view factors as UMEP makes them: of 153 directions each shines or not on a cell, weighed by the rings of a degree that it
/// stands for (Lindberg and Grimmond 2010).
fn binary_sky_view(scene: &Scene) -> Vec<f64> {
    const FIRST: [f64; 8] = [0.0, 4.0, 2.0, 5.0, 8.0, 0.0, 10.0, 0.0];
    const ENDS: [u32; 9] = [0, 12, 24, 36, 48, 60, 72, 84, 90];
    let mut sky = vec![0.0; scene.grid.len()];
    for (ring, count) in RINGS.iter().enumerate() {
        let altitude = if ring == 7 { 90.0f64 } else { 6.0 + 12.0 * ring as f64 };
        let degree = |k: u32| {
            let half = PI / 180.0;
            half.sin() * ((2.0 * (91.0 - f64::from(k)) - 1.0) * half).sin()
        };
        let weight = (ENDS[ring] + 1..=ENDS[ring + 1]).map(degree).sum::<f64>() / *count as f64;
        for n in 0..*count {
            let azimuth = (FIRST[ring] + 360.0 * n as f64 / *count as f64).to_radians();
            let tangent = altitude.to_radians().tan().min(1e9);
            let ray = umep(azimuth, scene.grid.cell, (f64::from(scene.relief()) / tangent).max(scene.grid.cell));
            let lit = along_ray(scene, &ray, tangent as f32, 0.0);
            sky.iter_mut().zip(lit).for_each(|(sky, lit)| *sky += weight * f64::from(lit));
        }
    }
    sky
}
