//! Digests of what a city holds: two cities whose digests are equal are the same to whoever reads these parts of them.

use super::City;
use hanze_base::checksum::hex;
use hanze_base::raster::Raster;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A part of a city that models read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Height of the ground.
    Terrain,
    /// Height of buildings on the cells.
    Buildings,
    /// Roughness to water.
    Manning,
    /// How the ground takes water: infiltration and soil.
    Soil,
    /// Water that stands there, sewers' inlets and districts.
    Water,
    /// What covers the ground.
    Cover,
    /// The sunlight that ground and roofs reflect.
    Albedo,
    /// Height of crowns.
    Canopy,
    /// Who lives and works where: buildings and neighbourhoods.
    People,
    /// Outlines that tables speak of.
    Places,
    /// The network of roads.
    Network,
}

impl Part {
    /// All of them.
    pub const ALL: &[Part] = &[
        Part::Terrain,
        Part::Buildings,
        Part::Manning,
        Part::Soil,
        Part::Water,
        Part::Cover,
        Part::Albedo,
        Part::Canopy,
        Part::People,
        Part::Places,
        Part::Network,
    ];
}

/// What is written to it is summed up.
struct Sum(Sha256);

impl Write for Sum {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Sum {
    /// Bits of all cells: NaN and -0.0 count as what they are.
    fn raster(&mut self, raster: Option<&Raster>) {
        let Some(raster) = raster else { return self.0.update([0]) };
        self.0.update([1]);
        self.0.update(raster.datum.to_le_bytes());
        for row in raster.values.chunks(4096) {
            let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.0.update(&bytes);
        }
    }

    /// Numbers as they are written out, from which each can be read back to the last bit.
    fn debug(&mut self, what: &impl std::fmt::Debug) {
        // A sum takes everything.
        let _ = write!(self, "{what:?}");
    }
}

impl City {
    /// The digest of some parts, in hexadecimal digits.
    pub fn digest(&self, parts: &[Part]) -> String {
        let mut sum = Sum(Sha256::new());
        sum.debug(&self.grid);
        for part in parts {
            sum.debug(part);
            match part {
                Part::Terrain => sum.raster(Some(&self.terrain)),
                Part::Buildings => sum.raster(self.buildings.as_ref()),
                Part::Manning => sum.raster(Some(&self.manning)),
                Part::Soil => {
                    sum.raster(Some(&self.infiltration));
                    sum.raster(self.soil.suction.as_ref());
                    sum.raster(self.soil.horton.as_ref().map(|(rate, _)| rate));
                    sum.debug(&self.soil.horton.as_ref().map(|(_, decay)| decay));
                    sum.raster(self.soil.interception.as_ref());
                }
                Part::Water => {
                    sum.raster(self.water.as_ref());
                    sum.raster(self.sewered.as_ref());
                    sum.debug(&self.districts);
                }
                Part::Cover => sum.raster(self.cover.as_ref()),
                Part::Albedo => sum.raster(self.albedo.as_ref()),
                Part::Canopy => sum.raster(self.canopy.as_ref()),
                Part::People => {
                    sum.debug(&self.objects.buildings);
                    sum.debug(&self.objects.areas);
                }
                Part::Places => sum.debug(&self.places),
                Part::Network => sum.debug(&self.network),
            }
        }
        hex(&sum.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::demo;

    #[test]
    fn a_digest_tells_what_differs_and_nothing_else() {
        let city = demo(1, 200.0, 200.0, 4.0).expect("a town");
        let whole = city.digest(Part::ALL);
        assert_eq!(whole, city.clone().digest(Part::ALL));
        assert_eq!(whole.len(), 64);
        let mut other = city.clone();
        other.terrain.values[7] = f32::from_bits(other.terrain.values[7].to_bits() ^ 1);
        for part in Part::ALL {
            let differs = city.digest(&[*part]) != other.digest(&[*part]);
            assert_eq!(differs, *part == Part::Terrain, "{part:?}");
        }
        let mut zero = city.clone();
        zero.water = Some(Raster::uniform(city.grid, "water", "m", 0.0));
        let mut minus = zero.clone();
        minus.water = Some(Raster::uniform(city.grid, "water", "m", -0.0));
        assert_ne!(zero.digest(&[Part::Water]), minus.digest(&[Part::Water]));
        let mut unknown = zero.clone();
        unknown.water = None;
        assert_ne!(zero.digest(&[Part::Water]), unknown.digest(&[Part::Water]));
    }
}
