//! What may stand in a query: a name that would do nothing is refused, so that nobody takes a picture for what it is not.

use super::answers::Query;
use crate::serve::problem::Problem;

/// Names that clients of TiTiler send and that nothing answers to here, and why.
const NOT_TAKEN: &[(&str, &str)] = &[
    ("colormap", "colours are chosen by name, with colormap_name"),
    ("color_formula", "colours are chosen by name, with colormap_name"),
    (
        "resampling",
        "a pixel shows its cell, or where it covers several their highest, mean or commonest value, by the kind of layer",
    ),
    (
        "resampling_method",
        "a pixel shows its cell, or where it covers several their highest, mean or commonest value, by the kind of layer",
    ),
    (
        "reproject",
        "a pixel shows its cell, or where it covers several their highest, mean or commonest value, by the kind of layer",
    ),
    ("p", "statistics give the median and the percentiles 2 and 98"),
    ("histogram_bins", "statistics give ten equal parts of the range"),
    ("histogram_range", "statistics give ten equal parts of the range"),
    ("categorical", "statistics are those of numbers; info has the classes of the legend"),
    ("c", "statistics are those of numbers; info has the classes of the legend"),
    ("bidx", "a layer has one band"),
    ("expression", "a layer has one band"),
    ("algorithm", "a layer is shown as it is"),
    ("nodata", "the file says which cells have no value"),
    ("unscale", "values are those of the file, in the unit that info names"),
    ("return_mask", "a picture is see-through where there is no value"),
    ("minzoom", "the zoom levels follow from the cells"),
    ("maxzoom", "the zoom levels follow from the cells"),
    ("url", "the layer is named in the path"),
];

/// Sees that a query has no names but those that are known.
pub fn known(query: &Query, known: &[&str]) -> Result<(), Problem> {
    let Some(name) = query.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let names = if known.is_empty() { "none is taken here".into() } else { format!("there are {}", known.join(", ")) };
    let why = NOT_TAKEN.iter().find(|(other, _)| other == name);
    Err(Problem::bad(match why {
        Some((name, why)) => format!("{name} is not taken: {why}; of queries {names}"),
        None => format!("no query of that name; {names}"),
    }))
}

/// What the name of a tile's file ends in, as `tile_format` and `tile_scale` ask for it: `.png`, `@2x.webp`.
pub fn tile_ending(query: &Query) -> Result<String, Problem> {
    let format = match query.get("tile_format").map(String::as_str) {
        None | Some("png") => "png",
        Some("webp") => "webp",
        Some(_) => return Err(Problem::bad("tile_format is png or webp")),
    };
    let scale = match query.get("tile_scale").map(String::as_str) {
        None | Some("1") => "",
        Some("2") => "@2x",
        Some(_) => return Err(Problem::bad("tile_scale is 1 or 2")),
    };
    Ok(format!("{scale}.{format}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn names_that_do_nothing_are_refused() {
        assert!(known(&query(&[]), &[]).is_ok() && known(&query(&[("time", "1")]), &["time"]).is_ok());
        for (name, _) in NOT_TAKEN.iter().chain(&[("nonsense", ""), ("Time", "")]) {
            assert!(known(&query(&[(*name, "1")]), &["time"]).is_err(), "{name}");
        }
    }

    #[test]
    fn tiles_have_the_ending_that_is_asked_for() {
        for (pairs, expected) in [
            (vec![], Some(".png")),
            (vec![("tile_format", "webp")], Some(".webp")),
            (vec![("tile_scale", "2")], Some("@2x.png")),
            (vec![("tile_scale", "1"), ("tile_format", "png")], Some(".png")),
            (vec![("tile_format", "jpeg")], None),
            (vec![("tile_scale", "3")], None),
        ] {
            assert_eq!(tile_ending(&query(&pairs)).ok().as_deref(), expected, "{pairs:?}");
        }
    }
}
