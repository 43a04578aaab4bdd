//! Columns below skins, by blocks: layer by layer, each for all columns of the block. Where materials are mixed each is computed for the whole
//! block and kept where it lies. Twins: `forward_elimination.wgsl`, `storage.wgsl` and `wall_storage.wgsl` in `shaders/heat/island/`.

use super::super::column::{Conduction, LAYERS, Material, WALL_LAYERS};
use super::lanes::{LANES, Lanes};
use super::walls::WallEffects;
use super::{CpuAir, Effects, SHARE};
use rayon::prelude::*;

/// [`Material::up`] of a block of columns.
#[inline(always)]
fn up(material: &Material, column: &[Lanes], found: &mut Lanes) {
    match material.conduction {
        Conduction::Layers => {
            found.fill(0.0);
            for (layer, old) in material.layers.iter().zip(column).rev() {
                for (a, old) in found.iter_mut().zip(old) {
                    *a = (layer.storage * old + layer.below * *a + layer.inside) * layer.inverse;
                }
            }
        }
        Conduction::ForceRestore => {
            let deep = material.layers[0].inverse;
            let [skin, below, ..] = column else { return };
            for (found, (skin, below)) in found.iter_mut().zip(skin.iter().zip(below)) {
                *found = (1.0 - deep) * skin + deep * below;
            }
        }
    }
}

/// [`Material::down`] of those of a block of columns that `is` names.
#[inline(always)]
fn down(material: &Material, skin: &Lanes, is: &[bool; LANES], column: &mut [Lanes]) {
    match material.conduction {
        Conduction::Layers => {
            let mut all = [[0.0f32; LANES]; LAYERS];
            let mut a = [0.0f32; LANES];
            for ((layer, old), all) in material.layers.iter().zip(&*column).zip(&mut all).rev() {
                for ((a, old), all) in a.iter_mut().zip(old).zip(all) {
                    *a = (layer.storage * old + layer.below * *a + layer.inside) * layer.inverse;
                    *all = *a;
                }
            }
            let mut above = *skin;
            for ((layer, a), column) in material.layers.iter().zip(&all).zip(column) {
                for (((above, a), is), value) in above.iter_mut().zip(a).zip(is).zip(column) {
                    *above = a + layer.b * *above;
                    *value = if *is { *above } else { *value };
                }
            }
        }
        Conduction::ForceRestore => {
            let follow = material.skin.follow;
            let [upper, below, ..] = column else { return };
            for (((upper, below), skin), is) in upper.iter_mut().zip(below).zip(skin).zip(is) {
                let deep = *below + follow * (skin - *below);
                *upper = if *is { *skin } else { *upper };
                *below = if *is { deep } else { *below };
            }
        }
    }
}

/// Places in a block at which a cover lies.
#[inline(always)]
fn lying(covers: &[u8], cover: usize) -> [bool; LANES] {
    let mut is = [false; LANES];
    is.iter_mut().zip(covers).for_each(|(is, code)| *is = usize::from(*code) == cover);
    is
}

/// The covers that a block has, as bits.
#[inline(always)]
fn all(covers: &[u8]) -> u32 {
    covers.iter().fold(0, |all, cover| all | (1u32 << *cover))
}

/// Columns of a block of cells.
struct Ground<'a> {
    materials: &'a [Material],
    covers: &'a [u8],
}

/// Temperatures of their first layers below skins of 0 °C. Like all that follows it must be inlined into pulp's functions.
struct Elimination<'a> {
    ground: Ground<'a>,
    column: &'a [f32],
    out: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Elimination<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Elimination { ground: Ground { materials, covers }, column, out } = self;
        let column = column.as_chunks::<LANES>().0;
        let present = all(covers);
        let mut found = [0.0; LANES];
        for (cover, material) in materials.iter().enumerate().filter(|(cover, _)| (present >> cover) & 1 != 0) {
            up(material, column, &mut found);
            for ((out, found), is) in out.iter_mut().zip(&found).zip(&lying(covers, cover)) {
                *out = if *is { *found } else { *out };
            }
        }
    }
}

/// Their layers below new skins.
struct Down<'a> {
    ground: Ground<'a>,
    skin: &'a Lanes,
    column: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Down<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Down { ground: Ground { materials, covers }, skin, column } = self;
        let column = column.as_chunks_mut::<LANES>().0;
        let present = all(covers);
        for (cover, material) in materials.iter().enumerate().filter(|(cover, _)| (present >> cover) & 1 != 0) {
            down(material, skin, &lying(covers, cover), column);
        }
    }
}

/// Temperatures of the first layers of a block of walls behind skins of 0 °C.
struct WallElimination<'a> {
    wall: &'a Material,
    column: &'a [f32],
    out: &'a mut [f32],
}

impl pulp::NullaryFnOnce for WallElimination<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let WallElimination { wall, column, out } = self;
        let mut found = [0.0; LANES];
        up(wall, column.as_chunks::<LANES>().0, &mut found);
        out.copy_from_slice(&found[..out.len()]);
    }
}

/// Layers of a block of walls behind new skins; of the block there are so many.
struct WallDown<'a> {
    wall: &'a Material,
    skin: &'a Lanes,
    count: usize,
    column: &'a mut [f32],
}

impl pulp::NullaryFnOnce for WallDown<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let WallDown { wall, skin, count, column } = self;
        let mut is = [false; LANES];
        is[..count].fill(true);
        down(wall, skin, &is, column.as_chunks_mut::<LANES>().0);
    }
}

impl CpuAir {
    /// Temperature of the first layer below each skin, and behind that of each wall, if those had 0 °C.
    pub(super) fn forward_elimination(&self, ground: &mut [f32], walls: &mut [f32]) {
        let CpuAir { town, materials, columns, wall, wall_columns, arch, .. } = self;
        let all = ground.par_chunks_mut(LANES).zip(columns.par_chunks(LANES * LAYERS));
        all.zip(town.covers.par_chunks(LANES)).with_min_len(SHARE).for_each(|((out, column), covers)| {
            arch.dispatch(Elimination { ground: Ground { materials, covers }, column, out });
        });
        let all = walls.par_chunks_mut(LANES).zip(wall_columns.par_chunks(LANES * WALL_LAYERS));
        all.with_min_len(SHARE).for_each(|(out, column)| arch.dispatch(WallElimination { wall, column, out }));
    }

    /// Temperatures of all layers after a step.
    pub(super) fn column_storage(&mut self, cells: &[Effects], walls: &[WallEffects]) {
        let CpuAir { town, materials, columns, wall, wall_columns, wall_skin, arch, .. } = self;
        let (arch, materials, wall, count) = (*arch, &*materials, &*wall, wall_skin.len());
        let all = columns.par_chunks_mut(LANES * LAYERS).zip(town.covers.par_chunks(LANES)).zip(cells);
        all.with_min_len(SHARE).for_each(|((column, covers), cells)| {
            arch.dispatch(Down { ground: Ground { materials, covers }, skin: &cells.skin, column });
        });
        let all = wall_columns.par_chunks_mut(LANES * WALL_LAYERS).zip(walls).enumerate();
        all.with_min_len(SHARE).for_each(|(block, (column, walls))| {
            let count = (count - block * LANES).min(LANES);
            arch.dispatch(WallDown { wall, skin: &walls.skin, count, column });
        });
    }
}
