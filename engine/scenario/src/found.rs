//! A serializer that writes nothing, and shows each number and each [`FileRef`](super::files::FileRef) that comes by with the steps
//! that lead to it.

use serde::ser::{self, Serialize};
use std::fmt::Error;

/// Name of the type to a serializer.
const FILE_REF: &str = "FileRef";

/// A step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// By the name of a key.
    Key(String),
    /// By the place in a list.
    Item(usize),
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf<'a> {
    /// The name of a file.
    File(&'a str),
    /// A number.
    Number(f64),
}

/// A file and where it is named.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub at: Vec<Step>,
    pub name: String,
}

/// Every file within a value.
pub(super) fn found(value: &impl Serialize) -> Vec<Found> {
    let mut found = Vec::new();
    visit(value, &mut |at, leaf| {
        if let Leaf::File(name) = leaf {
            found.push(Found { at: at.to_vec(), name: name.to_string() });
        }
    });
    found
}

/// Shows all numbers and files within a value.
pub fn visit(value: &impl Serialize, see: &mut dyn FnMut(&[Step], Leaf)) {
    let mut finder = Finder { at: Vec::new(), is_file: false, see };
    // It has no error of its own.
    let _ = value.serialize(&mut finder);
}

struct Finder<'f> {
    at: Vec<Step>,
    /// Whether the next text is a file.
    is_file: bool,
    see: &'f mut dyn FnMut(&[Step], Leaf),
}

impl Finder<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, step: Step, value: &T) -> Result<(), Error> {
        self.at.push(step);
        let done = value.serialize(&mut *self);
        self.at.pop();
        done
    }
}

macro_rules! numbers {
    ($($method:ident: $of:ty),* $(,)?) => { $(fn $method(self, value: $of) -> Result<(), Error> {
        (self.see)(&self.at, Leaf::Number(value as f64));
        Ok(())
    })* };
}

macro_rules! nothing {
    ($($method:ident: $of:ty),* $(,)?) => { $(fn $method(self, _: $of) -> Result<(), Error> { Ok(()) })* };
}

impl<'a, 'f> ser::Serializer for &'a mut Finder<'f> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a, 'f>;
    type SerializeTuple = Parts<'a, 'f>;
    type SerializeTupleStruct = Parts<'a, 'f>;
    type SerializeTupleVariant = Parts<'a, 'f>;
    type SerializeMap = Parts<'a, 'f>;
    type SerializeStruct = Parts<'a, 'f>;
    type SerializeStructVariant = Parts<'a, 'f>;

    nothing! { serialize_bool: bool, serialize_char: char, serialize_bytes: &[u8], serialize_unit_struct: &'static str }

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        (self.see)(&self.at, Leaf::Number(value));
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if std::mem::take(&mut self.is_file) {
            (self.see)(&self.at, Leaf::File(text));
        }
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Error> {
        self.is_file = name == FILE_REF;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.part(Step::Key(variant.into()), value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a, 'f>, Error> {
        Ok(Parts { finder: self, next: 0, key: String::new(), within: None })
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a, 'f>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a, 'f>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a, 'f>, Error> {
        Ok(Parts { finder: self, next: 0, key: String::new(), within: Some(variant) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a, 'f>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a, 'f>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a, 'f>, Error> {
        Ok(Parts { finder: self, next: 0, key: String::new(), within: Some(variant) })
    }
}

/// The parts of a list, a map or a structure.
struct Parts<'a, 'f> {
    finder: &'a mut Finder<'f>,
    /// Place of the next item.
    next: usize,
    /// The latest key of a map.
    key: String,
    /// Name of the variant that holds the parts, where one does.
    within: Option<&'static str>,
}

impl Parts<'_, '_> {
    fn part<T: Serialize + ?Sized>(&mut self, step: Step, value: &T) -> Result<(), Error> {
        let outer = self.within.map(|variant| Step::Key(variant.into()));
        self.finder.at.extend(outer);
        let done = self.finder.part(step, value);
        if self.within.is_some() {
            self.finder.at.pop();
        }
        done
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next += 1;
        self.part(Step::Item(self.next - 1), value)
    }
}

macro_rules! rows {
    ($($kind:ident $method:ident),*) => { $(impl ser::$kind for Parts<'_, '_> {
        type Ok = ();
        type Error = Error;
        fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> { self.item(value) }
        fn end(self) -> Result<(), Error> { Ok(()) }
    })* };
}
rows!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! structures {
    ($($kind:ident),*) => { $(impl ser::$kind for Parts<'_, '_> {
        type Ok = ();
        type Error = Error;
        fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
            self.part(Step::Key(key.into()), value)
        }
        fn end(self) -> Result<(), Error> { Ok(()) }
    })* };
}
structures!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        // A key is a text, and is caught as a file's name is.
        let mut see = |_: &[Step], leaf: Leaf| {
            if let Leaf::File(name) = leaf {
                self.key = name.to_string();
            }
        };
        key.serialize(&mut Finder { at: Vec::new(), is_file: true, see: &mut see })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = std::mem::take(&mut self.key);
        self.part(Step::Key(key), value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::FileRef;
    use super::*;
    use std::collections::BTreeMap;

    /// A model that nobody told of.
    #[derive(serde::Serialize)]
    struct Model {
        title: String,
        background: BTreeMap<String, FileRef>,
        kind: Kind,
        pair: (f64, FileRef),
    }

    #[derive(serde::Serialize)]
    enum Kind {
        Table { file: FileRef },
    }

    #[test]
    fn files_are_found_in_maps_variants_and_tuples() {
        let file = |name: &str| FileRef(name.into());
        let model = Model {
            title: "no2.csv".into(),
            background: [("no2".to_string(), file("no2.csv"))].into(),
            kind: Kind::Table { file: file("table.csv") },
            pair: (1.0, file("pair.csv")),
        };
        let key = |key: &str| Step::Key(key.into());
        let wanted = [
            (vec![key("background"), key("no2")], "no2.csv"),
            (vec![key("kind"), key("Table"), key("file")], "table.csv"),
            (vec![key("pair"), Step::Item(1)], "pair.csv"),
        ];
        let wanted: Vec<Found> = wanted.into_iter().map(|(at, name)| Found { at, name: name.into() }).collect();
        assert_eq!(found(&model), wanted);
    }
}
