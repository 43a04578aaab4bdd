//! What is asked of a city: a section for each model, or several of one kind with names.

use super::spec::{CitySpec, ModelName};
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::marker::PhantomData;

/// One section, or several with names.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Sections<T> {
    /// One.
    One(Box<T>),
    /// Several, each with a name of its own.
    Several(Vec<T>),
}

impl<T> Sections<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Sections::One(own) => std::slice::from_ref(&**own),
            Sections::Several(all) => all,
        }
    }
}

// By hand, as an untagged enum would forget which key of a section is wrong, and where it stands.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sections<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sections<T>, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Sections<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a section, or several with names")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sections<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|own| Sections::One(Box::new(own)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Sections<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Sections::Several)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// What a section of any model says.
pub trait Section {
    /// The model that is asked.
    fn model(&self) -> ModelName;
    /// Its name, where there are several.
    fn name(&self) -> Option<&str>;
    /// End of the run, minutes.
    fn end_minutes(&self) -> f64;
    /// Time between frames, minutes.
    fn frame_minutes(&self) -> Option<f64>;
    /// Which layers of a city it reads that not every model reads.
    fn reads(&self, city: &CitySpec) -> Reads;
}

/// Layers of the city that not every model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Heights of buildings by their footprints.
    pub standing: bool,
    /// The sunlight that ground and roofs reflect.
    pub albedo: bool,
    /// The network of roads.
    pub network: bool,
    /// No terrain: where a network is all that is known of a city, its ground is flat.
    pub flat: bool,
}
