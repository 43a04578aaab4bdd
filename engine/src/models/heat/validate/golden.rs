//! Rasters that UMEP made of a part of Athens (400 × 400 cells of 1 m): sky view and shadows.

use super::super::cpu::horizons::view;
use super::super::cpu::shade::along;
use super::super::rays::umep;
use super::super::scene::Scene;
use super::{Bench, Figure, least, most, within};
use crate::error::{Error, Result};
use crate::grid::Grid;

const SIDE: usize = 400;
const FOLDER: &str = "heat/umep_golden_athens400";

impl Bench<'_> {
    /// An array of numpy with 400 × 400 numbers.
    fn array(&self, name: &str) -> Result<Vec<f64>> {
        let path = self.file(FOLDER).join(name);
        let bytes = std::fs::read(&path).map_err(Error::io("reading", &path))?;
        let bad = |what: &str| Error::data(&path, what, "fetch it again");
        let length =
            bytes.get(8..10).map(|b| usize::from(b[0]) + 256 * usize::from(b[1])).ok_or_else(|| bad("is cut off"))?;
        let head = bytes.get(10..10 + length).map(String::from_utf8_lossy).ok_or_else(|| bad("is cut off"))?;
        if !head.contains("'fortran_order': False") {
            return Err(bad("is not in rows"));
        }
        let body = &bytes[10 + length..];
        let values: Vec<f64> = if head.contains("'<f4'") {
            body.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
        } else {
            body.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
        };
        if values.len() == SIDE * SIDE { Ok(values) } else { Err(bad("has another size")) }
    }
}

/// Sky view by horizons, and shadows at noon with the sun 60° high, against UMEP's.
pub fn athens(bench: &Bench) -> Result<Vec<Figure>> {
    let grid = Grid::local(SIDE, SIDE, 1.0);
    let single = |values: Vec<f64>| -> Vec<f32> { values.into_iter().map(|value| value as f32).collect() };
    let surface = single(bench.array("input_dsm.npy")?);
    let mut scene = Scene::new(grid, &surface, &[], &[], 0.0);
    let found = view(&scene);
    let wanted = bench.array("svf_total.npy")?;
    let squares = found.sky_view.iter().zip(&wanted).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>();
    let rms = (squares / wanted.len() as f64).sqrt();
    // Crowns are heights above the same zero as the surface; 0 is none.
    let (tops, bottoms) = (bench.array("input_cdsm.npy")?, bench.array("input_tdsm.npy")?);
    for (cell, (top, bottom)) in tops.iter().zip(&bottoms).enumerate() {
        if *top > 0.0 {
            (scene.crown_low[cell], scene.crown_high[cell]) = (*bottom as f32, *top as f32);
        }
    }
    let tangent = 60f64.to_radians().tan();
    let steps = umep(std::f64::consts::PI, 1.0, f64::from(scene.relief()) / tangent);
    let lit = along(&scene, &steps, tangent as f32, 0.5);
    // For crowns UMEP takes the way from one cell's middle to the next.
    let mut between = steps.clone();
    (1..between.len()).for_each(|k| between[k].enter = steps[k - 1].enter);
    let through = along(&scene, &between, tangent as f32, 0.5);
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
        least("shadow of buildings, share of equal cells", buildings, 0.999),
        least("shadow of trees, share of equal cells", crowns, 0.999),
        within("cells", wanted.len() as f64, (SIDE * SIDE) as f64, 0.0),
    ])
}
