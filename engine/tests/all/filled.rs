//! Scenarios in which every key of the schema stands, made from the schema; and what all keys must say.

use hanze_engine::scenario::keys::{Bounds, Leaf, Step, bounds, resolved, visit};
use hanze_engine::scenario::{self, Spec};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What is taken where a key can be several things.
#[derive(Clone, Copy, PartialEq)]
enum Choice {
    /// What names most files.
    Files,
    /// What names most files; of sections the list.
    FilesOfLists,
    /// What holds most numbers.
    Points,
    /// A number alone, or else what holds most numbers.
    Numbers,
}

struct Filler<'a> {
    root: &'a Value,
    choice: Choice,
    named: BTreeSet<String>,
}

impl Filler<'_> {
    /// How much a choice wants a value.
    fn weight(&self, schema: &Value) -> (usize, bool) {
        let mut own = Filler { root: self.root, choice: self.choice, named: BTreeSet::new() };
        let filled = own.fill(schema, None);
        match self.choice {
            Choice::Files => (own.named.len(), !filled.is_array()),
            Choice::FilesOfLists => (own.named.len(), filled.is_array()),
            Choice::Points => (numbers(&filled), true),
            Choice::Numbers if filled.is_number() => (usize::MAX, true),
            Choice::Numbers => (numbers(&filled), true),
        }
    }

    /// A value as a schema describes it, whose numbers lie within their bounds, where these stand beside it or in it.
    fn fill(&mut self, schema: &Value, least: Option<Value>) -> Value {
        let least = schema.get("minimum").cloned().or(least);
        let schema = resolved(self.root, schema);
        let least = schema.get("minimum").cloned().or(least);
        if schema["format"] == "file-ref" {
            let name = format!("{}.tif", self.named.len());
            self.named.insert(name.clone());
            return name.into();
        }
        if let Some(first) = schema.get("enum").and_then(|all| all.get(0)).or(schema.get("const")) {
            return first.clone();
        }
        if let Some(either) = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array) {
            let best = either.iter().max_by_key(|own| self.weight(own)).expect("one at least");
            return self.fill(best, least);
        }
        if let Some(keys) = schema.get("properties").and_then(Value::as_object) {
            return keys.iter().map(|(key, own)| (key.clone(), self.fill(own, None))).collect();
        }
        let kind = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&schema["type"]);
        match (kind.as_str(), schema.get("prefixItems").and_then(Value::as_array), schema.get("items")) {
            (Some("array"), Some(items), _) => items.iter().map(|own| self.fill(own, None)).collect(),
            (Some("array"), None, Some(items)) => {
                let count = schema["minItems"].as_u64().unwrap_or(1).max(1);
                (0..count).map(|_| self.fill(items, None)).collect()
            }
            (Some("object"), ..) => {
                let each = &schema["additionalProperties"];
                let filled = each.is_object().then(|| ("roof".to_string(), self.fill(each, None)));
                filled.into_iter().collect()
            }
            (Some("string"), ..) => "text".into(),
            (Some("boolean"), ..) => true.into(),
            (Some("null"), ..) => Value::Null,
            (Some("integer" | "number"), ..) => least.unwrap_or(1.into()),
            other => panic!("{other:?} of {schema:#}"),
        }
    }
}

fn numbers(value: &Value) -> usize {
    match value {
        Value::Number(_) => 1,
        Value::Array(list) => list.iter().map(numbers).sum(),
        Value::Object(map) => map.values().map(numbers).sum(),
        _ => 0,
    }
}

/// A scenario with all keys, and the files that it names.
fn filled(choice: Choice) -> (Value, Spec, BTreeSet<String>) {
    let schema = scenario::schema();
    let mut filler = Filler { root: schema, choice, named: BTreeSet::new() };
    let value = filler.fill(schema, None);
    let spec = scenario::from_json(value.clone()).unwrap_or_else(|error| panic!("{error}: {value:#}"));
    (value, spec, filler.named)
}

/// Every number of a scenario, with the steps that lead to it.
fn all_numbers(spec: &Spec) -> Vec<Vec<Step>> {
    let mut all = Vec::new();
    visit(spec, &mut |at, leaf| {
        if matches!(leaf, Leaf::Number(_)) {
            all.push(at.to_vec());
        }
    });
    all
}

#[test]
fn every_key_of_the_schema_that_takes_a_file_is_found() {
    for choice in [Choice::Files, Choice::FilesOfLists] {
        let (_, spec, named) = filled(choice);
        let files: BTreeSet<String> = spec.files().into_iter().collect();
        assert_eq!(files, named);
        // Layers and objects of the city, series, radar, weather, tables of trips, vehicles.
        assert!(named.len() >= 30, "{named:?}");
        assert_eq!(spec.sections().iter().all(|(place, _)| place.is_some()), choice == Choice::FilesOfLists);
    }
}

#[test]
fn every_number_has_bounds_and_what_is_just_outside_is_refused() {
    let schema = scenario::schema();
    let mut seen = BTreeSet::new();
    for choice in [Choice::Files, Choice::Points, Choice::Numbers] {
        let (value, spec, _) = filled(choice);
        spec.check_numbers().unwrap_or_else(|error| panic!("{error}"));
        for at in all_numbers(&spec) {
            let found = bounds(schema, &at).unwrap_or_else(|| panic!("{at:?} has no bounds"));
            let Bounds { least, most, is_whole, .. } = found;
            assert!(least < most && least.is_finite() && most.is_finite(), "{at:?}: {found:?}");
            let off = |bound: f64| if is_whole { 1.0 } else { (1e-9 * bound.abs()).max(1e-12) };
            for (bound, outside) in [(least, least - off(least)), (most, most + off(most))] {
                let mut other = value.clone();
                let number = if is_whole { Value::from(outside as i64) } else { outside.into() };
                *at.iter().fold(&mut other, |value, step| match step {
                    Step::Key(key) => &mut value[key],
                    Step::Item(k) => &mut value[*k],
                }) = number;
                // What does not even fit its type is refused before.
                let Ok(spec) = scenario::from_json(other) else { continue };
                let error = spec.check().expect_err("refused").to_string();
                assert!(error.contains(&format!("{outside} is not allowed")), "{at:?}: {error}");
                assert!(error.contains(&bound.to_string()), "{at:?}: {error}");
            }
            seen.insert(format!("{at:?}"));
        }
    }
    assert!(seen.len() > 100, "{} numbers", seen.len());
}

#[test]
fn every_key_that_may_be_left_out_has_a_default_or_says_what_that_means() {
    let schema = scenario::schema();
    let mut silent = Vec::new();
    let mut seen = 0;
    let parts = schema["$defs"].as_object().expect("parts").iter().map(|(name, part)| (name.as_str(), part));
    for (name, part) in parts.chain([("scenario", schema)]) {
        let required: Vec<&str> = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, own) in part["properties"].as_object().into_iter().flatten() {
            if required.contains(&key.as_str()) {
                continue;
            }
            seen += 1;
            let has_default = own.get("default").is_some_and(|default| !default.is_null());
            let says = own["description"].as_str().unwrap_or_default().to_lowercase().contains("left out");
            if !has_default && !says {
                silent.push(format!("{name}.{key}"));
            }
        }
    }
    assert!(silent.is_empty() && seen > 100, "{silent:?} of {seen}");
}

#[test]
fn refusals_name_key_bounds_unit_and_line() {
    let text = "title = \"t\"\n[city]\nterrain = \"t.asc\"\ncell_m = nan\n[runoff]\nend_minutes = 1\n";
    let refused = |text: &str| {
        scenario::parse_alone(Path::new("s.toml"), text.into())
            .map_or_else(|error| error.to_string(), |_| "fine".into())
    };
    assert_eq!(refused(text), "s.toml:4:10: city.cell_m: NaN is not allowed; write a number from 0.000001 to 1000 m");
    let text = text.replace("cell_m = nan\n", "");
    let series = "[[runoff.inflow]]\nname = \"i\"\nx = 1\ny = 2\ndischarge_m3_per_s = [[0, 1], [5, -3]]\n";
    let told = refused(&format!("{text}{series}"));
    assert!(
        told.contains("s.toml:10:22: runoff.inflow[0].discharge_m3_per_s: -3 is not allowed")
            && told.ends_with("from 0 to 1000000 m³/s"),
        "{told}"
    );
    let told = refused(&format!("{text}order = 0\n"));
    assert!(told.ends_with("runoff.order: 0 is not allowed; write 1 or 2"), "{told}");
    let heat = text
        .replace("[runoff]\nend_minutes = 1", "[heat]\nend_minutes = 90\nweather = \"hot-day\"\ndate = \"2019-07-25\"");
    let told = refused(&heat);
    assert!(
        told.ends_with("heat.end_minutes: 90 is not allowed; write a multiple of 60 from 60 to 70000 minutes"),
        "{told}"
    );
}

#[test]
fn a_title_that_is_a_file_name_stays() {
    let text = "title = \"t.asc\"\n[city]\nterrain = \"t.asc\"\nmanning = \"n.tif\"\ncodes = \"bgt\"\nsurfaces = [\"t.asc\"]\n\
                [[gauge]]\nname = \"t.asc\"\nx = 1\ny = 1\n[runoff]\nend_minutes = 1\n\
                [[runoff.inflow]]\nname = \"n.tif\"\nx = 1\ny = 1\ndischarge_m3_per_s = \"q.csv\"\n";
    let spec = scenario::parse_alone(Path::new("s.toml"), text.into()).expect("fine").spec;
    assert_eq!(spec.files(), ["t.asc", "n.tif", "t.asc", "q.csv"]);
    let renamed = spec.renamed(|name| (name != "n.tif").then(|| format!("upload:{name}"))).expect("numbers");
    assert_eq!(renamed.files(), ["upload:t.asc", "n.tif", "upload:t.asc", "upload:q.csv"]);
    assert_eq!((renamed.title.as_str(), renamed.gauge[0].name.as_str()), ("t.asc", "t.asc"));
    let back = renamed.renamed(|name| name.strip_prefix("upload:").map(String::from)).expect("numbers");
    assert_eq!(serde_json::to_value(&back).ok(), serde_json::to_value(&spec).ok());
}
