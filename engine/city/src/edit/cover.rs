//! What covers the ground, and the layers that come from it.

use super::draft::Draft;
use super::{Edit, Outcome, refused, shape};
use crate::codes::Class;
use hanze_base::cover::Cover;
use hanze_base::outline::Outline;

const MM_PER_DAY: f64 = 1e-3 / 86_400.0;

/// A surface: a kind of cover with the numbers that models read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surface {
    /// Kind of cover.
    pub cover: Cover,
    /// Manning's n, s/m^(1/3).
    pub manning: f32,
    /// Infiltration capacity, m/s.
    pub infiltration: f32,
    /// Water that it holds before any sinks in, m.
    pub interception: f32,
    /// Share of sunlight that it reflects; what is usual for its cover if `None`.
    pub albedo: Option<f32>,
    /// Whether it has inlets of the sewer.
    pub sewered: bool,
}

impl Surface {
    /// What is usual for a kind of cover.
    pub fn of(cover: Cover) -> Surface {
        let (manning, infiltration) = cover.hydraulics();
        Surface { cover, manning, infiltration, interception: 0.0, albedo: None, sewered: cover.is_paved() }
    }

    /// A class of a table of codes, in the numbers that reading such a city gives.
    pub fn of_class(class: &Class) -> Surface {
        let per_day = class.infiltration_mm_per_day as f32;
        Surface {
            cover: class.cover,
            manning: class.manning as f32,
            infiltration: (f64::from(per_day) * MM_PER_DAY) as f32,
            interception: class.interception_m as f32,
            albedo: class.albedo.map(|albedo| albedo as f32),
            sewered: class.sewered,
        }
    }

    /// Refuses numbers that no surface has.
    pub(super) fn check(&self) -> Outcome<()> {
        let numbers = [
            ("manning", self.manning, 1.0),
            ("infiltration", self.infiltration, 1.0),
            ("interception", self.interception, 1.0),
            ("albedo", self.albedo.unwrap_or(0.0), 1.0),
        ];
        match numbers.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value)) {
            Some((key, value, most)) => {
                refused("becomes", format!("has a surface with {key} = {value}"), format!("take one from 0 to {most}"))
            }
            None => Ok(()),
        }
    }
}

impl Draft<'_> {
    /// Gives an area another cover. Buildings stay; water stays unless it is forced, and is filled up then.
    pub fn cover(&mut self, edit: &Edit, area: &Outline, becomes: &Surface) -> Outcome<()> {
        becomes.check()?;
        let area = shape::outline("area", area)?;
        let found = shape::cells("area", &area, &self.grid())?;
        let is_water = becomes.cover == Cover::Water;
        let (mut built, mut wet, mut laid) = (0, 0, 0);
        for &cell in &found.cells {
            if !self.is_ground(cell) {
                continue;
            }
            if self.is_built(cell) {
                built += 1;
                continue;
            }
            if self.is_wet(cell) && !is_water {
                if !edit.force {
                    wet += 1;
                    continue;
                }
                self.fill_water(cell);
            }
            self.lay(cell, becomes);
            laid += 1;
        }
        if laid == 0 {
            let mend = "move the area, demolish the buildings first, or write force = true to fill up water";
            return refused("area", "lies on buildings, water or ground of unknown height only", mend);
        }
        let all = found.cells.len();
        self.remark_beyond(&found);
        self.remark_left(built, all, "a building stands there", "daar staat een gebouw");
        self.remark_left(wet, all, "water stands there", "daar staat water");
        self.remark_unseen();
        Ok(())
    }

    /// Says that a city without land cover shows only a part of what changes.
    pub fn remark_unseen(&mut self) {
        if self.city.cover.is_none() {
            self.remark(
                0.0,
                "the city has no layer of land cover: roughness and infiltration change, and no model of heat sees it",
                "de stad heeft geen laag met bodembedekking: ruwheid en infiltratie veranderen, een hittemodel ziet het niet",
            );
        }
    }
}
