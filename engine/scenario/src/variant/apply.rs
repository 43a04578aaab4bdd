//! A scenario as a variant has it: what it adds to the keys of the city, and what it sets in sections.

use super::edits::chain;
use super::names::shown;
use super::{SetSpec, VariantSpec};
use crate::found::Step;
use crate::schema::bounds;
use crate::spec::Spec;
use hanze_base::error::{Error, Result};
use serde_json::{Map, Value};

/// Keys on the way to a number at most.
const DEEPEST: usize = 8;

impl Spec {
    /// A variant and those that it is based on, these first.
    ///
    /// # Errors
    /// `Scenario` for names that are not there, or a ring.
    pub(crate) fn variants_of(&self, name: &str) -> Result<Vec<VariantSpec>> {
        Ok(chain(&self.variant, name)?.into_iter().map(|k| self.variant[k].clone()).collect())
    }

    /// The scenario with the structures and the numbers of a variant; as it is for today's city.
    ///
    /// # Errors
    /// `Scenario` at the number that cannot be set.
    pub(crate) fn of_variant(&self, name: Option<&str>) -> Result<Spec> {
        let Some(name) = name else { return Ok(self.clone()) };
        let mut spec = self.clone();
        spec.city.structure.extend(VariantSpec::structures(&self.variant, name)?);
        VariantSpec::set(&self.variant, name)?;
        for k in chain(&self.variant, name)? {
            for (n, set) in self.variant[k].set.iter().enumerate() {
                let variant = shown(&self.variant[k].name);
                let wrong = |problem: String, mend: &str| {
                    let problem = format!("variant \"{variant}\" sets {}: {problem}", shown(&set.key));
                    Error::scenario(format!("variant[{k}].set[{n}].key"), problem, mend)
                };
                let unfit =
                    |error: serde_json::Error| wrong(error.to_string(), "see `hanze schema` for what is allowed");
                let mut value = serde_json::to_value(&spec).map_err(unfit)?;
                apply(&mut value, self, set).map_err(|(problem, mend)| wrong(problem, mend))?;
                spec = Spec::of_json(self.kinds(), value).map_err(unfit)?;
                spec.check_numbers().map_err(|error| match error {
                    Error::Scenario { problem, mend, .. } => wrong(problem, &mend),
                    other => other,
                })?;
            }
        }
        Ok(spec)
    }
}

/// Why a number cannot be set, and what helps.
type Unfit = (String, &'static str);

/// Sets a number of a section, in each section of its kind.
fn apply(value: &mut Value, spec: &Spec, set: &SetSpec) -> std::result::Result<(), Unfit> {
    let keys: Vec<&str> = set.key.split('.').collect();
    let sections: Vec<&str> = spec.sections().iter().map(|(_, section)| section.kind().name).collect();
    let (Some(first), Some(_)) = (keys.first(), keys.get(1)) else {
        return Err(("is no key of a section".into(), "write it as runoff.sewer.inlet_mm_per_hour"));
    };
    if !sections.contains(first) || keys.len() > DEEPEST {
        return Err((format!("the scenario has no section [{}]", shown(first)), "begin with the name of a section"));
    }
    let steps: Vec<Step> = keys.iter().map(|key| Step::Key((*key).to_string())).collect();
    if bounds(spec.kinds().schema(), &steps).is_none() {
        return Err(("is no number of a section".into(), "see `hanze schema` for the keys of sections"));
    }
    match value.get_mut(first) {
        Some(Value::Array(all)) => all.iter_mut().try_for_each(|own| put(own, &keys[1..], set)),
        Some(own) => put(own, &keys[1..], set),
        None => Ok(()),
    }
}

fn put(value: &mut Value, keys: &[&str], set: &SetSpec) -> std::result::Result<(), Unfit> {
    let no_table = || ("leads to what is no table".to_string(), "name a number of a section");
    let Some((key, rest)) = keys.split_first() else { return Err(no_table()) };
    let table = value.as_object_mut().ok_or_else(no_table)?;
    if !rest.is_empty() {
        return put(table.entry(*key).or_insert_with(|| Value::Object(Map::new())), rest, set);
    }
    let number = match (set.value, set.times, table.get(*key).and_then(Value::as_f64)) {
        (Some(value), ..) => value,
        (None, Some(times), Some(now)) => now * times,
        _ => {
            let mend = "write the number in the section, too, or value = NUMBER instead of times";
            return Err(("today's value is no number, so that nothing can be multiplied".into(), mend));
        }
    };
    // Whole numbers fit keys of either kind.
    let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
    let number = if is_whole { Value::from(number as i64) } else { Value::from(number) };
    table.insert((*key).to_string(), number);
    Ok(())
}
