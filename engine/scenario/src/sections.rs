//! What is asked of a city: a section for each model, or several of one kind with names. Which models there are is not known here: each
//! declares its sections as a [`Kind`], and a scenario is read with the [`Kinds`] that a program has.

use super::Scenario;
use super::spec::CitySpec;
use hanze_base::error::Result;
use hanze_city::Part;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::any::Any;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use toml::de::ValueDeserializer;

/// What a section of any model says. Its keys are those of its serde derives, with words, bounds and defaults in its JSON Schema;
/// [`keys`](super::keys) has bounds, series and units that several models need.
pub trait Section: Any + Debug + Send + Sync + erased_serde::Serialize {
    /// The kind of section that it is.
    fn kind(&self) -> &'static Kind;
    /// Its name, where there are several.
    fn name(&self) -> Option<&str>;
    /// End of the run, minutes.
    fn end_minutes(&self) -> f64;
    /// Time between frames, minutes.
    fn frame_minutes(&self) -> Option<f64>;
    /// What it reads of the city that not every model reads.
    fn reads(&self, _city: &CitySpec) -> Reads {
        Reads::default()
    }
    /// Names of kinds of its own in tables, by the keys of their lists; each name may stand once in its list.
    fn names(&self) -> Vec<(&'static str, Vec<&str>)> {
        Vec::new()
    }
    /// Whether it can be asked of the city of a scenario, before anything of that is read.
    ///
    /// # Errors
    /// `Scenario` with the key and what is allowed.
    fn check(&self, _scenario: &Scenario) -> Result<()> {
        Ok(())
    }
    /// The CSV files that its series name, with what they are for; the earliest of their dates is time 0.
    fn series_files<'a>(&'a self, _scenario: &'a Scenario) -> Vec<(String, &'a str)> {
        Vec::new()
    }
    /// What it takes from other sections of its scenario.
    fn takes(&self) -> Vec<Takes<'_>> {
        Vec::new()
    }
    /// Other files that it reads besides the layers of the city, with what they are for.
    fn other_files<'a>(&'a self, _scenario: &'a Scenario) -> Vec<(String, &'a str)> {
        Vec::new()
    }
}

/// What a section takes from another one of its scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes<'a> {
    /// The key that asks for it.
    pub key: &'static str,
    /// Name of what is taken, as models declare it.
    pub what: &'static str,
    /// The section that gives it.
    pub section: &'a str,
}

/// What a section reads of the city that not every model reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Heights of buildings by their footprints.
    pub standing: bool,
    /// The sunlight that ground and roofs reflect.
    pub albedo: bool,
    /// The network of roads.
    pub network: bool,
    /// No terrain: where a network is all that is known of a city, its ground is flat.
    pub flat: bool,
    /// The table of rules by which the network is read, where it is not the usual one.
    pub road_rules: Option<super::FileRef>,
    /// Those keys of the city that are declared as read by its kind alone.
    pub keys: Vec<&'static str>,
    /// Parts of the city that decide what comes of it; all of them if left out. Two cities in which these are the same have one run.
    pub parts: Option<Vec<Part>>,
}

/// A kind of section: what a scenario knows of a model.
pub struct Kind {
    /// Name of its sections, and of the model.
    pub name: &'static str,
    /// What stands before its sections in the schema.
    pub words: &'static str,
    /// Keys of `[city]` that no other kind reads, and what must be written for them to do something, such as `[runoff]`.
    pub city_keys: &'static [(&'static str, &'static str)],
    /// Whether values at gauges are written down.
    pub has_gauges: bool,
    toml: fn(ValueDeserializer) -> std::result::Result<Sections, toml::de::Error>,
    json: fn(serde_json::Value) -> serde_json::Result<Sections>,
    schema: fn(SchemaSettings) -> Schema,
}

impl Kind {
    /// The kind of a type of sections, which has gauges, and reads of the city what all kinds read.
    pub const fn of<T: Section + DeserializeOwned + JsonSchema>(name: &'static str, words: &'static str) -> Kind {
        Kind {
            name,
            words,
            city_keys: &[],
            has_gauges: true,
            toml: |value| OneOrSeveral::<T>::deserialize(value).map(Sections::of),
            json: |value| OneOrSeveral::<T>::deserialize(value).map(Sections::of),
            schema: |settings| settings.into_generator().into_root_schema_for::<Option<OneOrSeveral<T>>>(),
        }
    }

    /// The same kind that alone reads some keys of `[city]`.
    pub const fn reading(self, city_keys: &'static [(&'static str, &'static str)]) -> Kind {
        Kind { city_keys, ..self }
    }

    /// The same kind without gauges.
    pub const fn without_gauges(self) -> Kind {
        Kind { has_gauges: false, ..self }
    }

    pub(super) fn of_toml(&self, value: ValueDeserializer) -> std::result::Result<Sections, toml::de::Error> {
        (self.toml)(value)
    }

    pub(super) fn of_json(&self, value: serde_json::Value) -> serde_json::Result<Sections> {
        (self.json)(value)
    }
}

impl Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "[{}]", self.name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.name == other.name
    }
}

/// The kinds of sections that a program knows.
#[derive(Debug, Default)]
pub struct Kinds {
    all: Vec<&'static Kind>,
    schema: OnceLock<serde_json::Value>,
}

impl Kinds {
    /// Those of some models.
    pub fn new(all: impl IntoIterator<Item = &'static Kind>) -> Kinds {
        Kinds { all: all.into_iter().collect(), schema: OnceLock::new() }
    }

    /// No kind.
    pub fn none() -> &'static Kinds {
        static NONE: Kinds = Kinds { all: Vec::new(), schema: OnceLock::new() };
        &NONE
    }

    /// All of them.
    pub fn all(&self) -> &[&'static Kind] {
        &self.all
    }

    /// Their names as sections: `[runoff], [heat] or [traffic]`.
    pub fn words(&self) -> String {
        listed(&self.all)
    }
}

/// Names of kinds as sections: `[runoff], [heat] or [traffic]`.
pub(super) fn listed(kinds: &[&Kind]) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| format!("[{}]", kind.name)).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// A name as it stands in those of layers and files: small letters and digits, at most 40.
pub fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.trim().chars().take(40).map(plain).collect()
}

/// The sections of one kind: one, or several with names.
#[derive(Clone, Debug)]
pub enum Sections {
    /// One.
    One(Arc<dyn Section>),
    /// Several, each with a name of its own.
    Several(Vec<Arc<dyn Section>>),
}

impl Sections {
    fn of<T: Section>(typed: OneOrSeveral<T>) -> Sections {
        match typed {
            OneOrSeveral::One(own) => Sections::One(Arc::new(*own)),
            OneOrSeveral::Several(all) => {
                Sections::Several(all.into_iter().map(|own| Arc::new(own) as Arc<dyn Section>).collect())
            }
        }
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Arc<dyn Section>] {
        match self {
            Sections::One(own) => std::slice::from_ref(own),
            Sections::Several(all) => all,
        }
    }
}

/// A section on its way to a serializer.
struct Written<'a>(&'a dyn Section);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        erased_serde::serialize(self.0, serializer)
    }
}

impl Serialize for Sections {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Sections::One(own) => Written(&**own).serialize(serializer),
            Sections::Several(all) => {
                let mut list = serializer.serialize_seq(Some(all.len()))?;
                all.iter().try_for_each(|own| list.serialize_element(&Written(&**own)))?;
                list.end()
            }
        }
    }
}

/// The same, of a type that is known.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "SectionsOf{T}")]
enum OneOrSeveral<T> {
    /// One.
    One(Box<T>),
    /// Several, each with a name of its own.
    Several(Vec<T>),
}

// By hand, as an untagged enum would forget which key of a section is wrong, and where it stands.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrSeveral<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<OneOrSeveral<T>, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrSeveral<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a section, or several with names")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<OneOrSeveral<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|own| OneOrSeveral::One(Box::new(own)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> std::result::Result<OneOrSeveral<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrSeveral::Several)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl Kinds {
    /// The JSON Schema of a scenario with sections of these kinds.
    pub fn schema(&self) -> &serde_json::Value {
        self.schema.get_or_init(|| self.schema_with(&SchemaSettings::default()))
    }

    /// The same schema as OpenAPI 3.0 has it, in one piece.
    pub fn openapi_schema(&self) -> serde_json::Value {
        let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
        let mut schema = self.schema_with(&settings);
        if let Some(schema) = schema.as_object_mut() {
            // These name the dialect and the parts, of which there are none left.
            schema.remove("$schema");
            schema.remove("components");
        }
        schema
    }

    fn schema_with(&self, settings: &SchemaSettings) -> serde_json::Value {
        let mut whole = settings.clone().into_generator().into_root_schema_for::<super::Spec>().to_value();
        for kind in &self.all {
            let mut own = (kind.schema)(settings.clone()).to_value();
            let Some(keys) = own.as_object_mut() else { continue };
            // What belongs to a whole: its parts go to those of the scenario.
            ["$schema", "title"].into_iter().for_each(|key| drop(keys.remove(key)));
            let parts = keys.remove("$defs").unwrap_or_default();
            keys.insert("description".into(), kind.words.into());
            if let serde_json::Value::Object(parts) = parts
                && let Some(all) = whole["$defs"].as_object_mut()
            {
                for (name, part) in parts {
                    debug_assert!(
                        all.get(&name).is_none_or(|old| *old == part),
                        "two structs of keys are named {name}"
                    );
                    all.insert(name, part);
                }
            }
            whole["properties"][kind.name] = own;
        }
        whole
    }
}
