//! Roads and structures.

use super::draft::Draft;
use super::{Edit, Outcome, Refusal, RoadEdit, refused, shape};
use crate::roads::{self, Closure, Place, Roads};
use glam::DVec2;

/// A closure at hours that waits for all other edits of the roads.
pub(super) struct AtHours {
    name: String,
    place: Place,
    modes: u8,
    hours: [f64; 2],
}

impl AtHours {
    /// The closure on a network.
    pub fn on(&self, roads: &Roads) -> Outcome<Closure> {
        let refusal = |(problem, mend): (String, &str)| Refusal { number: None, key: "", problem, mend: mend.into() };
        let found = roads::links(roads, &self.place).map_err(refusal)?;
        let own = found.into_iter().map(|k| &roads.links[k as usize]).filter(|link| link.modes & self.modes != 0);
        let links: Vec<String> = own.map(|link| link.id.clone()).collect();
        if links.is_empty() {
            let mend = "name another road, or other modes";
            return refused("", "closes nothing: those it names may not go there anyhow", mend);
        }
        Ok(Closure { name: self.name.clone(), links, modes: self.modes, hours: self.hours })
    }
}

impl Draft<'_> {
    /// Edits the network of roads.
    pub fn road(&mut self, edit: &Edit, road: &RoadEdit) -> Outcome<()> {
        if self.city.network.is_none() {
            let mend = "write [traffic], which reads the roads, or leave the edit out";
            return refused("", "changes roads, and the city has no network of roads", mend);
        }
        let name = if edit.name.trim().is_empty() { edit.label.clone() } else { edit.name.clone() };
        let number = self.number();
        match road {
            RoadEdit::Change { place, change } => {
                check(place, change)?;
                self.changes.push((number, roads::Edit { name, place: place.clone(), change: change.clone() }));
                self.roads_changed();
                Ok(())
            }
            RoadEdit::AtHours { place, modes, hours } => {
                let [from, until] = *hours;
                let is_hour = |hour: f64| (0.0..=24.0).contains(&hour);
                if !(is_hour(from) && is_hour(until)) || from == until {
                    return refused("hours", "is no span of a day", "write two times, as [\"07:00\", \"09:30\"]");
                }
                check_place(place)?;
                self.closures.push((number, AtHours { name, place: place.clone(), modes: *modes, hours: *hours }));
                Ok(())
            }
        }
    }

    /// Checks that a structure meets the city.
    pub fn structure(&mut self, name: &str, ends: &[Vec<DVec2>]) -> Outcome<()> {
        if ends.is_empty() {
            return refused("structure", "has no end in the city", "write from = [x, y] or to = [x, y]");
        }
        let grid = self.grid();
        for end in ends {
            shape::points("structure", end, &grid)?;
            if let Some(at) = end.iter().find(|at| grid.cell_at(at.x, at.y).is_none()) {
                let problem = format!("has an end at ({}, {}), outside the city", at.x, at.y);
                return refused("structure", problem, "move it, or leave that end out: then it lies outside");
            }
        }
        self.said.structures.push(name.into());
        Ok(())
    }
}

/// Refuses places with numbers that are none.
fn check_place(place: &Place) -> Outcome<()> {
    let lines: &[DVec2] = match place {
        Place::Along(line) => line,
        Place::Within(outline) => return shape::outline("area", outline).map(|_| ()),
        Place::Links(_) | Place::Street(_) => return Ok(()),
    };
    sound("line", lines)
}

fn sound(key: &'static str, line: &[DVec2]) -> Outcome<()> {
    match line.iter().find(|at| !at.is_finite() || at.abs().max_element() > 1e8) {
        _ if line.len() < 2 => refused(key, "has fewer than two points", "write [[x, y], [x, y]]"),
        _ if line.len() > shape::MOST_CORNERS => {
            refused(key, format!("has more than {} points", shape::MOST_CORNERS), "simplify it")
        }
        Some(at) => refused(key, format!("has a point at ({}, {})", at.x, at.y), "write [x, y] in metres"),
        None => Ok(()),
    }
}

/// Refuses changes that no road has.
fn check(place: &Place, change: &roads::Change) -> Outcome<()> {
    use roads::Change;
    check_place(place)?;
    let speeds = [1.0 / 3.6, 200.0 / 3.6];
    let (key, value, [least, most]) = match change {
        Change::Speed(speed) | Change::Limit(speed) | Change::CycleStreet(speed) => ("speed_kmh", *speed, speeds),
        Change::Lanes(lanes) => ("lanes", *lanes, [0.5, 12.0]),
        Change::Capacity(factor) => ("factor", *factor, [0.01, 100.0]),
        Change::Move(line) => return sound("to", line),
        Change::Add { lanes: Some(lanes), .. } if !(0.5..=12.0).contains(lanes) => ("lanes", *lanes, [0.5, 12.0]),
        Change::Add { speed: Some(speed), .. } => ("speed_kmh", *speed, speeds),
        _ => return Ok(()),
    };
    // Speeds come from whole numbers of km/h.
    let slack = 1e-9 * most;
    if (least - slack..=most + slack).contains(&value) {
        return Ok(());
    }
    let (shown, least, most) = if key == "speed_kmh" { (3.6 * value, 1.0, 200.0) } else { (value, least, most) };
    refused(key, format!("{key} = {shown} is not allowed"), format!("write a number from {least} to {most}"))
}
