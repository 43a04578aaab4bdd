//! What edits do to a city, as pictures: every layer that they touch, before and after.

use super::{MM_PER_DAY, ground};
use crate::city::edit::Touched;
use crate::city::{City, layers};
use crate::error::Result;
use crate::frame::Layer;
use crate::output::folder::RunFolder;
use crate::output::map::Map;
use crate::quantity::Quantity;
use crate::raster::Raster;
use crate::words::Language;

/// Draws each layer of maps that edits touched, as it was and as it is; the names of the pictures.
///
/// # Errors
/// `Io` with the path.
pub fn edits(
    [before, after]: [&City; 2],
    touched: &Touched,
    folder: &mut RunFolder,
    language: Language,
    date: &str,
) -> Result<Vec<String>> {
    let mut drawn = Vec::new();
    // Infiltration is drawn in another unit than the models take it in, under a name of its own.
    let is_touched = |own: &&Quantity| {
        own.name == layers::INFILTRATION.name && touched.layer("infiltration").is_some()
            || touched.layer(own.name).is_some()
    };
    for quantity in layers::LAYERS.iter().copied().filter(is_touched) {
        for (city, side, words) in [
            (before, "before", language.pick("today", "vandaag")),
            (after, "after", language.pick("after the edits", "na de ingrepen")),
        ] {
            let Some(layer) = layer(city, quantity) else { continue };
            let map = Map {
                title: &city.title,
                moment: words,
                layer: &layer,
                ground: ground(city),
                attribution: &folder.provenance.attribution.clone(),
                date,
                synthetic: city.synthetic,
                language,
                longest: 1200,
            };
            let name = format!("{}-{side}", quantity.name);
            folder.picture(&name, "map of a layer that edits touch", &map.draw())?;
            drawn.push(format!("{name}.png"));
        }
    }
    Ok(drawn)
}

/// A layer of the city's that can be drawn; none where the city has none.
fn layer(city: &City, quantity: &'static Quantity) -> Option<Layer> {
    let infiltration = || Raster {
        values: city.infiltration.values.iter().map(|value| value * MM_PER_DAY).collect(),
        ..city.infiltration.clone()
    };
    let raster = [
        (&layers::TERRAIN, Some(&city.terrain)),
        (&layers::BUILDINGS, city.buildings.as_ref()),
        (&layers::COVER, city.cover.as_ref()),
        (&layers::CANOPY, city.canopy.as_ref()),
        (&layers::WATER, city.water.as_ref()),
        (&layers::MANNING, Some(&city.manning)),
    ];
    if quantity.name == layers::INFILTRATION.name {
        return Some(Layer::of(quantity, infiltration()));
    }
    let (_, raster) = raster.into_iter().find(|(own, _)| own.name == quantity.name)?;
    Some(Layer::of(quantity, raster?.clone()))
}
