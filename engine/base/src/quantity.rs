//! What layers hold. A model declares each of its layers once, as a [`Quantity`]; names, words, units, classes of maps, overviews,
//! differences and lists of outputs all come from there.

use crate::raster::Reduce;
use crate::words::{Language, Text};

/// What a layer holds, whichever run gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Machine name in files and URLs. `{}` stands for a place or road where a run gives one such layer for each of them.
    pub name: &'static str,
    /// Unit of the values in files; empty for pure numbers and classes.
    pub unit: &'static str,
    /// What it is in English, with `{}` as in the name.
    pub english: &'static str,
    /// What it is in Dutch.
    pub dutch: &'static str,
    /// When it is given.
    pub role: Role,
    /// In which runs it is given.
    pub given: Given,
    /// Classes of its maps, the same for all runs.
    pub classes: Classes,
    /// Unit and decimals of its legend.
    pub shown: Shown,
    /// What stands for several cells.
    pub reduce: Reduce,
    /// How two runs are compared; `None` where a difference says nothing.
    pub change: Option<Change>,
    /// Whether each run draws a map of it.
    pub drawn: Drawn,
    /// What the times of its frames are.
    pub clock: Clock,
    /// Whether it is a height above a reference, of which an f32 holds the distance to a datum.
    pub is_height: bool,
    /// Whether it shows water, so that water which stood there before is another: it is left out and named in the legend.
    pub is_water: bool,
    /// Whether it is drawn as bands along lines, which are written as a mesh, too.
    pub is_bands: bool,
}

/// When a quantity is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One layer for each frame.
    Frame,
    /// One layer for the whole run.
    Result,
    /// One for each frame, and one for the whole run.
    Both,
    /// A layer of the city, which no model computes.
    City,
}

/// In which runs a quantity is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// In all.
    Always,
    /// In those that ask for it, as words say.
    With(&'static str),
    /// Where the data of the run have it.
    Sometimes,
}

/// Classes of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Classes {
    /// Lower ends of the classes, rising, in the unit of the values. [`BELOW`] as the first one takes all that is lower; otherwise what
    /// is lower is not shown.
    Steps(&'static [f64], Colours),
    /// The same, with the classes' names in English and Dutch.
    Named(&'static [(f64, &'static str, &'static str)], Colours),
    /// Numbers of what covers the ground.
    Covers,
    /// Round classes over the heights of the city's ground: the same for all runs on one ground. Heights above sea level differ
    /// between cities by more than any fixed classes could show.
    Ground,
}

/// The first start of classes of which the lowest takes all that is lower.
pub const BELOW: f64 = f64::MIN;

/// Colours of classes; there are at most as many classes as colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Ten blues, for depths of water.
    Water,
    /// Eight, from little to much.
    Amount,
    /// Nine, from cool to hot.
    Heat,
    /// Four, from little danger to much.
    Hazard,
    /// Six, from a short walk to a long one.
    Walk,
    /// Eight, from standing to fast.
    Speed,
    /// Eight, from near to far.
    Reach,
}

/// Values as a legend has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Unit in the legend; empty where classes have names or values are pure numbers.
    pub unit: &'static str,
    /// What values are multiplied with to be in that unit.
    pub factor: f64,
    /// Decimals of the numbers.
    pub decimals: usize,
}

impl Shown {
    /// Values in the unit of files, or of the same size.
    pub const fn plain(unit: &'static str, decimals: usize) -> Shown {
        Shown { unit, factor: 1.0, decimals }
    }
}

/// How two runs are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Lower ends of the classes of more, rising, in the unit of the values; those of less mirror them. What is smaller than the first one
    /// is no change. At most five.
    pub steps: &'static [f64],
    /// Unit and decimals of the legend.
    pub shown: Shown,
    /// Names of less and more, in English and Dutch, where there is one class of each and no number says it.
    pub names: Option<[(&'static str, &'static str); 2]>,
    /// What stands for several cells of a difference.
    pub reduce: Reduce,
    /// What cells are called that have a value in the first run only, and in the second one only, in English and Dutch.
    pub one_side: [(&'static str, &'static str); 2],
    /// A layer of the same run: where it has a value, none of this quantity means 0.
    pub zero_where: Option<&'static str>,
    /// Whether a run that computes both sides draws a map of the difference.
    pub is_drawn: bool,
}

/// What one-sided cells are called in general.
pub const ONLY: [(&str, &str); 2] = [("only now", "alleen nu"), ("only before", "alleen eerder")];

impl Change {
    /// A difference of means, not drawn by itself.
    pub const fn of(steps: &'static [f64], shown: Shown) -> Change {
        Change { steps, shown, names: None, reduce: Reduce::Mean, one_side: ONLY, zero_where: None, is_drawn: false }
    }
}

/// Whether runs draw a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// They do not.
    No,
    /// Of the whole run.
    Map,
    /// Of the whole run, and a film of the frames of the quantity of this name.
    Film(&'static str),
}

/// What the times of frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Since the start of the run.
    Run,
    /// Of the day, in UTC.
    Day,
}

impl Quantity {
    /// What most have in common: a mean of cells, not drawn, given for the whole of each run.
    pub const BASE: Quantity = Quantity {
        name: "",
        unit: "",
        english: "",
        dutch: "",
        role: Role::Result,
        given: Given::Always,
        classes: Classes::Ground,
        shown: Shown::plain("", 0),
        reduce: Reduce::Mean,
        change: None,
        drawn: Drawn::No,
        clock: Clock::Run,
        is_height: false,
        is_water: false,
        is_bands: false,
    };

    /// Whether each frame has a layer of it.
    pub fn is_frame(&self) -> bool {
        matches!(self.role, Role::Frame | Role::Both)
    }

    /// Whether the outcome of a run has a layer of it.
    pub fn is_result(&self) -> bool {
        matches!(self.role, Role::Result | Role::Both)
    }

    /// Whether it is given for places or roads, with a layer for each.
    pub fn is_family(&self) -> bool {
        self.name.contains("{}")
    }

    /// The place or road of a layer of this name; `None` where the name is another quantity's, and empty where there is no place.
    fn place<'a>(&self, name: &'a str) -> Option<&'a str> {
        match self.name.split_once("{}") {
            None => (self.name == name).then_some(""),
            Some((start, end)) => name.strip_prefix(start)?.strip_suffix(end).filter(|place| !place.is_empty()),
        }
    }
}

/// What a layer holds of its quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The quantity itself.
    Value,
    /// What a run that computes both sides says changes.
    Change,
    /// One run less another. Infinity marks cells that have a value in the first one only, minus infinity those that have one in the second
    /// one only.
    Comparison,
}

/// Start of the names of differences.
const DIFFERENCE: &str = "difference_";

/// What one layer holds: a quantity, of which place where it is of one, and whether it is a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The quantity.
    pub quantity: &'static Quantity,
    /// The place or road as it stands in names; empty for none.
    pub place: String,
    /// The quantity or a difference of it.
    pub form: Form,
}

impl From<&'static Quantity> for Variable {
    fn from(quantity: &'static Quantity) -> Variable {
        Variable { quantity, place: String::new(), form: Form::Value }
    }
}

impl Variable {
    /// A quantity of a place or road.
    pub fn of(quantity: &'static Quantity, place: impl Into<String>) -> Variable {
        Variable { place: place.into(), ..Variable::from(quantity) }
    }

    /// What edits change in it.
    pub fn change(self) -> Variable {
        Variable { form: Form::Change, ..self }
    }

    /// It less that of another run.
    pub fn comparison(self) -> Variable {
        Variable { form: Form::Comparison, ..self }
    }

    /// The one of these quantities that a layer of this name holds.
    pub fn find(name: &str, quantities: impl IntoIterator<Item = &'static Quantity>) -> Option<Variable> {
        let (form, short) = match name.strip_prefix(DIFFERENCE) {
            Some(short) => (Form::Change, short),
            None => (Form::Value, name),
        };
        let found = quantities.into_iter().find_map(|own| own.place(short).map(|place| (own, place)));
        found.map(|(quantity, place)| Variable { quantity, place: place.into(), form })
    }

    /// Machine name, such as `max_depth`, `reach_fire_station` or `difference_delay`.
    pub fn name(&self) -> String {
        let start = if self.is_difference() { DIFFERENCE } else { "" };
        format!("{start}{}", self.quantity.name.replace("{}", &self.place))
    }

    /// Whether it is a difference.
    pub fn is_difference(&self) -> bool {
        self.form != Form::Value
    }

    /// What it shows.
    pub fn words(&self) -> Text {
        let place = self.place.replace('_', " ");
        let [en, nl] = [self.quantity.english, self.quantity.dutch].map(|words| words.replace("{}", &place));
        if self.is_difference() {
            Text::new(format!("Difference: {en}"), format!("Verschil: {nl}"))
        } else {
            Text::new(en, nl)
        }
    }

    /// What it shows, in one language.
    pub fn title(&self, language: Language) -> String {
        self.words().in_language(language).to_string()
    }

    /// What stands for several of its cells.
    pub fn reduce(&self) -> Reduce {
        match (self.is_difference(), self.quantity.change) {
            (false, _) => self.quantity.reduce,
            (true, Some(change)) => change.reduce,
            (true, None) => Reduce::Mean,
        }
    }

    /// Whether a run draws a map of it, and of which frames a film.
    pub fn drawn(&self) -> Drawn {
        match (self.is_difference(), self.quantity.change) {
            (false, _) => self.quantity.drawn,
            (true, Some(Change { is_drawn: true, .. })) => Drawn::Map,
            _ => Drawn::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Quantity = Quantity { name: "delay", english: "Delay", dutch: "Tijdverlies", ..Quantity::BASE };
    const OF_ROADS: Quantity =
        Quantity { name: "users_{}_bands", english: "Vehicles over {}", dutch: "Voertuigen over {}", ..Quantity::BASE };

    #[test]
    fn names_lead_to_quantities_and_back() {
        let all: [&'static Quantity; 2] = [&PLAIN, &OF_ROADS];
        for (name, en, form) in [
            ("delay", "Delay", Form::Value),
            ("difference_delay", "Difference: Delay", Form::Change),
            ("users_long_bridge_bands", "Vehicles over long bridge", Form::Value),
            ("difference_users_x_bands", "Difference: Vehicles over x", Form::Change),
        ] {
            let found = Variable::find(name, all).expect("known");
            assert_eq!((found.name().as_str(), found.words().en.as_str(), found.form), (name, en, form));
        }
        for name in
            ["", "delays", "users__bands", "users_x", "users_bands", "difference_", "difference_difference_delay"]
        {
            assert_eq!(Variable::find(name, all), None, "{name}");
        }
        assert_eq!(Variable::of(&OF_ROADS, "a_b").comparison().name(), "difference_users_a_b_bands");
    }
}
