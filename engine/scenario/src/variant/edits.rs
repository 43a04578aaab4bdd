//! From keys to edits with shapes.

use super::MOST;
use super::names::{building, neighbourhood, shown, street, unknown};
use super::shapes::Kind;
use super::spec::{EditSpec, GroundKind, SetSpec, SpeciesName, VariantSpec, WhatName};
use crate::files::{FileRef, is_shipped};
use crate::spec::{PointOrLine, StructureSpec};
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::objects::{Roof, Use};
use hanze_base::outline::Outline;
use hanze_city::City;
use hanze_city::codes::{Codes, SHIPPED};
use hanze_city::edit::{
    Amount, Barrier, BarrierKind, Earth, Edit, NewBuilding, Planting, Shape, Species, Surface, What,
};
use std::path::{Path, PathBuf};

/// Letters of a name at most.
const MOST_LETTERS: usize = 100;
/// Height of a tree where none is written, m, and its crown as a share of the height.
const TREE: f64 = 8.0;
const CROWN: f64 = 0.6;
/// Slope of banks where none is written, m along for each m up.
const SLOPE: f64 = 3.0;

type Paths<'p> = &'p dyn Fn(&FileRef) -> PathBuf;

impl EditSpec {
    /// The edit with its shapes in the city's plane. Keys of errors are those of the edit, without its place in the scenario.
    ///
    /// # Errors
    /// `Scenario` at the key that is missing, does nothing or names what is not there; `Data` and `Io` for files.
    pub fn resolve(&self, city: &City, path: &dyn Fn(&FileRef) -> PathBuf) -> Result<Edit> {
        self.refuse_idle()?;
        if let Some(name) =
            self.name.as_ref().filter(|name| name.chars().count() > MOST_LETTERS || name.chars().any(char::is_control))
        {
            let problem = format!("has {} letters, or some that cannot be shown", name.chars().count());
            return Err(Error::scenario("name", problem, format!("write up to {MOST_LETTERS} letters on one line")));
        }
        let what = match self.what {
            WhatName::Building => What::Building(self.new_building(city, path)?),
            WhatName::Demolish => {
                let becomes = self.surface(Some("soil"), path)?;
                What::Demolish { place: self.place(city, path, &[Kind::Area, Kind::Points])?, becomes }
            }
            WhatName::Trees => What::Trees(self.planting(city, path)?),
            WhatName::Fell => What::Fell { place: self.place(city, path, &[Kind::Area, Kind::Points])? },
            WhatName::Cover => What::Cover { area: self.area(city, path)?, becomes: self.surface(None, path)? },
            WhatName::Water => {
                let (bed, level) = (self.number("bed_m", self.bed_m)?, self.number("level_m", self.level_m)?);
                What::Water { area: self.area(city, path)?, bed, level }
            }
            WhatName::Ground => self.ground(city, path)?,
            WhatName::Structure => {
                let spec = self.structure.as_deref().ok_or_else(|| {
                    let mend = "write structure = { name = \"NAME\", kind = \"culvert\", … }";
                    Error::scenario("structure", "is missing", mend)
                })?;
                What::Structure { name: spec.name.clone(), ends: ends(spec) }
            }
            WhatName::Road => What::Road(super::roads::road(self, city, path)?),
        };
        let name = self.name.clone().unwrap_or_default();
        let (at, label) = (String::new(), self.what.name().to_string());
        Ok(Edit { at, label, name, disabled: self.disabled, force: self.force, what })
    }

    /// Refuses keys that do nothing with what the edit is.
    fn refuse_idle(&self) -> Result<()> {
        use WhatName::*;
        let what = self.what;
        let is = |kinds: &[WhatName]| kinds.contains(&what);
        let idle = [
            ("area", self.area.is_some(), !is(&[Structure])),
            ("line", self.line.is_some(), is(&[Trees, Ground, Road])),
            ("points", self.points.is_some(), is(&[Demolish, Trees, Fell])),
            ("street", self.street.is_some(), !is(&[Building, Demolish, Structure])),
            ("neighbourhood", self.neighbourhood.is_some(), !is(&[Building, Structure, Road])),
            ("building", self.building.is_some(), is(&[Demolish, Cover])),
            ("links", self.links.is_some(), is(&[Road])),
            ("ground", self.ground.is_some(), is(&[Ground])),
            ("action", self.action.is_some(), is(&[Road])),
            ("height_m", self.height_m.is_some(), is(&[Building, Trees, Ground])),
            ("roof", self.roof.is_some(), is(&[Building])),
            ("use", self.use_.is_some(), is(&[Building])),
            ("residents", self.residents.is_some(), is(&[Building])),
            ("jobs", self.jobs.is_some(), is(&[Building])),
            ("green_roof_m", self.green_roof_m.is_some(), is(&[Building])),
            ("albedo", self.albedo.is_some(), is(&[Building])),
            ("count", self.count.is_some(), is(&[Trees])),
            ("spacing_m", self.spacing_m.is_some(), is(&[Trees])),
            ("crown_m", self.crown_m.is_some(), is(&[Trees])),
            ("species", self.species.is_some(), is(&[Trees])),
            ("becomes", self.becomes.is_some(), is(&[Cover, Demolish])),
            ("codes", self.codes.is_some(), is(&[Cover, Demolish])),
            ("bed_m", self.bed_m.is_some(), is(&[Water])),
            ("level_m", self.level_m.is_some(), is(&[Water])),
            ("by_m", self.by_m.is_some(), is(&[Ground])),
            ("to_m", self.to_m.is_some(), is(&[Ground])),
            ("depth_m", self.depth_m.is_some(), is(&[Ground])),
            ("slope", self.slope.is_some(), is(&[Ground])),
            ("width_m", self.width_m.is_some(), is(&[Ground])),
            ("structure", self.structure.is_some(), is(&[Structure])),
            ("to", self.to.is_some(), is(&[Road])),
            ("kind", self.kind.is_some(), is(&[Road])),
            ("lanes", self.lanes.is_some(), is(&[Road])),
            ("speed_kmh", self.speed_kmh.is_some(), is(&[Road])),
            ("factor", self.factor.is_some(), is(&[Road])),
            ("one_way", self.one_way.is_some(), is(&[Road])),
            ("modes", self.modes.is_some(), is(&[Road])),
            ("hours", self.hours.is_some(), is(&[Road])),
        ];
        match idle.into_iter().find(|(_, given, wanted)| *given && !wanted) {
            Some((key, ..)) => {
                Err(Error::scenario(key, format!("does nothing with what = \"{}\"", what.name()), "leave it out"))
            }
            None => Ok(()),
        }
    }

    fn number(&self, key: &str, value: Option<f64>) -> Result<f64> {
        value.ok_or_else(|| {
            let problem = format!("is missing with what = \"{}\"", self.what.name());
            Error::scenario(key, problem, "write a number")
        })
    }

    /// The shape of the edit: one of some kinds, or what a name stands for.
    fn place(&self, city: &City, path: Paths, kinds: &[Kind]) -> Result<Shape> {
        let drawn = [
            (Kind::Area, "area", &self.area),
            (Kind::Line, "line", &self.line),
            (Kind::Points, "points", &self.points),
        ];
        let names = [&self.street, &self.neighbourhood, &self.building];
        let given =
            drawn.iter().filter(|(_, _, own)| own.is_some()).count() + names.iter().filter(|own| own.is_some()).count();
        if given != 1 {
            let keys: Vec<&str> =
                drawn.iter().filter(|(kind, ..)| kinds.contains(kind)).map(|(_, key, _)| *key).collect();
            let problem = if given == 0 { "does not say where" } else { "says where more than once" };
            let mend = format!("write one of {}, or a name (street, neighbourhood, building)", keys.join(", "));
            return Err(Error::scenario("", problem, mend));
        }
        for (kind, key, spec) in drawn {
            if let Some(spec) = spec {
                if !kinds.contains(&kind) {
                    let problem = format!("does nothing with what = \"{}\"", self.what.name());
                    return Err(Error::scenario(key, problem, "write another shape"));
                }
                return spec.shape(key, kind, &city.grid, path);
            }
        }
        let outline = match (&self.street, &self.neighbourhood, &self.building) {
            (Some(name), ..) => street(city, name)?,
            (_, Some(name), _) => neighbourhood(city, name)?,
            (.., name) => building(city, name.as_deref().unwrap_or_default())?,
        };
        Ok(Shape::Area(outline))
    }

    fn area(&self, city: &City, path: Paths) -> Result<Outline> {
        match self.place(city, path, &[Kind::Area])? {
            Shape::Area(outline) => Ok(outline),
            _ => Err(Error::scenario("area", "is no area", "write [[x, y], [x, y], [x, y]]")),
        }
    }

    fn line(&self, city: &City, path: Paths) -> Result<Vec<DVec2>> {
        match self.place(city, path, &[Kind::Line])? {
            Shape::Line(line) => Ok(line),
            _ => Err(Error::scenario("line", "is missing", "write line = [[x, y], [x, y]]")),
        }
    }

    fn new_building(&self, city: &City, path: Paths) -> Result<NewBuilding> {
        Ok(NewBuilding {
            outline: self.area(city, path)?,
            height: self.number("height_m", self.height_m)?,
            roof: self.roof.unwrap_or(Roof::Flat),
            use_: self.use_.unwrap_or(Use::Dwelling),
            residents: self.residents.unwrap_or(0.0),
            jobs: self.jobs.unwrap_or(0.0),
            green_roof: self.green_roof_m.unwrap_or(0.0),
            albedo: self.albedo,
        })
    }

    fn planting(&self, city: &City, path: Paths) -> Result<Planting> {
        let amount = match (self.count, self.spacing_m) {
            (Some(_), Some(_)) => {
                return Err(Error::scenario("count", "stands beside spacing_m", "write one of them"));
            }
            (Some(count), None) => Some(Amount::Count(usize::try_from(count).unwrap_or(usize::MAX))),
            (None, Some(spacing)) => Some(Amount::Spacing(spacing)),
            (None, None) => None,
        };
        let height = self.height_m.unwrap_or(TREE);
        Ok(Planting {
            place: self.place(city, path, &[Kind::Area, Kind::Line, Kind::Points])?,
            amount,
            height,
            crown: self.crown_m.unwrap_or(CROWN * height),
            species: match self.species {
                Some(SpeciesName::Conifer) => Species::Conifer,
                Some(SpeciesName::Broadleaf) | None => Species::Broadleaf,
            },
        })
    }

    fn ground(&self, city: &City, path: Paths) -> Result<What> {
        use GroundKind::*;
        let missing = || Error::scenario("ground", "is missing", "write ground = \"wadi\", or another one");
        let kind = self.ground.ok_or_else(missing)?;
        let along = matches!(kind, Wall | Kerb | Dike);
        let idle = [
            ("by_m", self.by_m.is_some(), matches!(kind, Raise | Lower)),
            ("to_m", self.to_m.is_some(), kind == Flatten),
            ("depth_m", self.depth_m.is_some(), kind == Wadi),
            ("slope", self.slope.is_some(), matches!(kind, Wadi | Dike)),
            ("width_m", self.width_m.is_some(), along),
            ("height_m", self.height_m.is_some(), along),
        ];
        if let Some((key, ..)) = idle.into_iter().find(|(_, given, wanted)| *given && !wanted) {
            return Err(Error::scenario(key, "does nothing with this kind of ground", "leave it out"));
        }
        let slope = self.slope.unwrap_or(SLOPE);
        let (kind, width) = match kind {
            Raise => return self.earth(city, path, Earth::Raise(self.number("by_m", self.by_m)?)),
            Lower => return self.earth(city, path, Earth::Raise(-self.number("by_m", self.by_m)?)),
            Flatten => return self.earth(city, path, Earth::Flatten(self.number("to_m", self.to_m)?)),
            Wadi => {
                let depth = self.number("depth_m", self.depth_m)?;
                return self.earth(city, path, Earth::Wadi { depth, slope });
            }
            Wall => (BarrierKind::Wall, 0.3),
            Kerb => (BarrierKind::Kerb, 0.15),
            Dike => (BarrierKind::Dike, 3.0),
        };
        Ok(What::Barrier(Barrier {
            line: self.line(city, path)?,
            kind,
            height: self.number("height_m", self.height_m)?,
            width: self.width_m.unwrap_or(width),
            slope,
        }))
    }

    fn earth(&self, city: &City, path: Paths, action: Earth) -> Result<What> {
        Ok(What::Ground { area: self.area(city, path)?, action })
    }

    /// What covers the ground then: a kind of cover, or a class of a table of codes.
    fn surface(&self, usual: Option<&str>, path: Paths) -> Result<Surface> {
        let Some(name) = self.becomes.as_deref().or(usual) else {
            return Err(Error::scenario("becomes", "is missing", "write becomes = \"grass\", or another cover"));
        };
        const COVERS: [(&str, Cover); 6] = [
            ("cobble", Cover::Cobble),
            ("asphalt", Cover::Asphalt),
            ("roof", Cover::Roof),
            ("grass", Cover::Grass),
            ("soil", Cover::Soil),
            ("water", Cover::Water),
        ];
        let Some(file) = &self.codes else {
            let found = COVERS.iter().find(|(own, _)| *own == name.trim().to_lowercase());
            let all = COVERS.iter().map(|(own, _)| *own);
            return found
                .map(|(_, cover)| Surface::of(*cover))
                .ok_or_else(|| unknown("becomes", "kind of cover", name, all));
        };
        let codes = match SHIPPED.iter().find(|(shipped, _)| is_shipped(file) && file.0 == *shipped) {
            Some((shipped, text)) => Codes::parse(Path::new(shipped), text)?,
            None => Codes::read(&path(file))?,
        };
        let titled = || codes.classes.iter().position(|class| class.title.eq_ignore_ascii_case(name.trim()));
        match codes.of_word(name).or_else(titled) {
            Some(k) => Ok(Surface::of_class(&codes.classes[k])),
            None => Err(unknown("becomes", "class", name, codes.classes.iter().map(|class| class.title.as_str()))),
        }
    }
}

/// The ends of a structure.
fn ends(spec: &StructureSpec) -> Vec<Vec<DVec2>> {
    let of = |end: &PointOrLine| match end {
        PointOrLine::Point(at) => vec![DVec2::from_array(*at)],
        PointOrLine::Line(line) => line.iter().map(|at| DVec2::from_array(*at)).collect(),
    };
    [&spec.from, &spec.to].into_iter().flatten().map(of).collect()
}

impl VariantSpec {
    /// The edits of a variant of a list, those of the variants that it is based on first.
    ///
    /// # Errors
    /// Those of [`EditSpec::resolve`], with the variant, the number of the edit and what it is; `Scenario` for names that are not there
    /// and variants that are based on each other in a ring.
    pub fn edits(
        all: &[VariantSpec],
        name: &str,
        city: &City,
        path: &dyn Fn(&FileRef) -> PathBuf,
    ) -> Result<Vec<Edit>> {
        let mut edits = Vec::new();
        for k in chain(all, name)? {
            let variant = &all[k];
            for (n, spec) in variant.edit.iter().enumerate() {
                let at = format!("variant[{k}].edit[{n}]");
                let named = spec.name.as_deref().map_or(String::new(), |name| format!(" \"{}\"", shown(name)));
                let label =
                    format!("variant \"{}\", edit {} ({}{named})", shown(&variant.name), n + 1, spec.what.name());
                // What is left out for now may be unfinished.
                if spec.disabled {
                    continue;
                }
                let edit = spec.resolve(city, path).map_err(|error| placed(error, &at, &label))?;
                edits.push(Edit { at, label, ..edit });
            }
        }
        Ok(edits)
    }

    /// The structures of a variant of a list, which the model of runoff takes beside those of the city.
    ///
    /// # Errors
    /// `Scenario` as [`VariantSpec::edits`] for names.
    pub fn structures(all: &[VariantSpec], name: &str) -> Result<Vec<StructureSpec>> {
        let edits = chain(all, name)?.into_iter().flat_map(|k| &all[k].edit).filter(|edit| !edit.disabled);
        Ok(edits.filter_map(|edit| edit.structure.as_deref().cloned()).collect())
    }

    /// The numbers that a variant of a list sets in sections, in their order.
    ///
    /// # Errors
    /// `Scenario` as [`VariantSpec::edits`] for names, and for a number that has not one of `value` and `times`.
    pub fn set(all: &[VariantSpec], name: &str) -> Result<Vec<SetSpec>> {
        let mut found = Vec::new();
        for k in chain(all, name)? {
            for (n, set) in all[k].set.iter().enumerate() {
                let given = [set.value, set.times].into_iter().flatten().collect::<Vec<f64>>();
                if given.len() != 1 || !given[0].is_finite() {
                    let at = format!("variant[{k}].set[{n}]");
                    return Err(Error::scenario(at, "has no number", "write one of value and times"));
                }
                found.push(set.clone());
            }
        }
        Ok(found)
    }
}

/// The places of a variant in a list, after those that it is based on.
pub(super) fn chain(all: &[VariantSpec], name: &str) -> Result<Vec<usize>> {
    if all.len() > MOST {
        let problem = format!("stands {} times", all.len());
        return Err(Error::scenario("variant", problem, format!("keep at most {MOST}")));
    }
    let mut places = Vec::new();
    let (mut wanted, mut at) = (name, "variant".to_string());
    loop {
        let mut found = all.iter().enumerate().filter(|(_, own)| own.name == wanted).map(|(k, _)| k);
        let Some(k) = found.next() else {
            return Err(unknown(&at, "variant", wanted, all.iter().map(|own| own.name.as_str())));
        };
        if found.next().is_some() {
            let problem = format!("two variants are called \"{}\"", shown(wanted));
            return Err(Error::scenario(format!("variant[{k}].name"), problem, "give each a name of its own"));
        }
        if places.contains(&k) {
            let problem = format!("\"{}\" is based on itself", shown(wanted));
            return Err(Error::scenario(at, problem, "base one of them on today's city: leave based_on out"));
        }
        places.push(k);
        let Some(base) = &all[k].based_on else { break };
        (wanted, at) = (base.as_str(), format!("variant[{k}].based_on"));
    }
    places.reverse();
    Ok(places)
}

/// An error of an edit with its place.
fn placed(error: Error, edit: &str, label: &str) -> Error {
    match error {
        Error::Scenario { place: None, at, problem, mend } => {
            let dot = if at.is_empty() { "" } else { "." };
            Error::scenario(format!("{edit}{dot}{at}"), format!("{label}: {problem}"), mend)
        }
        Error::Data { file, problem, mend } => Error::Data { file, problem: format!("{label}: {problem}"), mend },
        other => other,
    }
}
