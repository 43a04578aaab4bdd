//! The Dutch road register (Nationaal Wegenbestand): what its columns say of a stretch (docs.ndw.nu, "NWB-wegen product"). It has no
//! kind of road and no width: kinds are guessed from who keeps the road and from its part.

use super::rules::Rules;

/// What a stretch of the register is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A road of a kind of the rules; whether it is part of a roundabout.
    Road(&'static str, bool),
    /// For buses and trams.
    Bus,
    /// For neither cars nor cycles: footpaths, ferries, runways, passages for the emergency services.
    Other,
}

/// The columns of a stretch that say what it is: `bst_code`, `wegbehsrt` and the letter of its number.
pub(super) struct Columns<'a> {
    pub part: Option<&'a str>,
    pub keeper: Option<&'a str>,
    pub number: Option<&'a str>,
}

/// What a stretch is, and whether its part is one that is known.
pub(super) fn part(columns: &Columns) -> (Part, bool) {
    let code = columns.part.unwrap_or_default().trim().to_ascii_uppercase();
    let keeper = columns.keeper.unwrap_or_default().trim().to_ascii_uppercase();
    let is_motorway = match columns.number.map(str::trim).filter(|number| !number.is_empty()) {
        Some(number) => number.starts_with(['A', 'a']),
        None => code == "HR",
    };
    let kind = match keeper.as_str() {
        "R" if is_motorway => "motorway",
        "R" => "trunk",
        "P" => "secondary",
        "W" => "tertiary",
        _ => "unclassified",
    };
    let ramp = match kind {
        "motorway" => "motorway_link",
        "trunk" => "trunk_link",
        other => other,
    };
    let known = match code.as_str() {
        "" | "RB" | "HR" | "PAR" | "VWG" | "TN" | "DST" | "WEG" => Part::Road(kind, false),
        "NRB" | "MRB" | "TRB" | "GRB" => Part::Road(kind, true),
        "OPR" | "AFR" | "PST" | "VBD" | "VBI" | "VBS" | "VBR" | "VBK" | "VBW" => {
            // A ramp of the main roads, whoever is written down as its keeper.
            Part::Road(if keeper == "R" && columns.number.is_none() { "motorway_link" } else { ramp }, false)
        }
        "PKP" | "PKB" | "BST" | "PP" | "PC" | "PR" => Part::Road("service", false),
        "ERF" => Part::Road("living_street", false),
        "FP" => Part::Road("cycleway", false),
        "BU" | "OVB" => Part::Bus,
        "VP" | "VZ" | "RP" | "VV" | "VD" | "VDV" | "VDF" | "CADO" => Part::Other,
        _ => return (Part::Road(kind, false), false),
    };
    (known, true)
}

/// Whether the rules know what is guessed here; else stretches are taken as unclassified.
pub(super) fn kind(name: &'static str, rules: &Rules) -> &'static str {
    if rules.kind(name).is_some() { name } else { "unclassified" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_roads_of_their_keepers() {
        for (code, keeper, number, expected) in [
            (Some("RB"), Some("G"), None, (Part::Road("unclassified", false), true)),
            (Some("FP"), Some("G"), None, (Part::Road("cycleway", false), true)),
            (Some("HR"), Some("R"), None, (Part::Road("motorway", false), true)),
            (Some("HR"), Some("R"), Some("N50"), (Part::Road("trunk", false), true)),
            (Some("AFR"), Some("R"), Some("A28"), (Part::Road("motorway_link", false), true)),
            (Some("NRB"), Some("P"), None, (Part::Road("secondary", true), true)),
            (Some("BU"), Some("G"), None, (Part::Bus, true)),
            (Some("vp "), Some("G"), None, (Part::Other, true)),
            (Some("QQQ"), Some("W"), None, (Part::Road("tertiary", false), false)),
            (None, None, None, (Part::Road("unclassified", false), true)),
        ] {
            assert_eq!(part(&Columns { part: code, keeper, number }), expected, "{code:?} {keeper:?}");
        }
    }
}
