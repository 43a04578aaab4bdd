//! What a scenario must be before anything is read or computed.

use super::sections::{Kind, listed, slug};
use super::spec::{NumberOrFile, PointOrLine, Spec, StructureName, StructureSpec};
use super::{Allowed, Scenario};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Crs;
use hanze_base::series::Between;
use hanze_city::demo;
use hanze_city::read::{TO_METRES, is_mercator};

/// Frames of a run.
const MOST_FRAMES: f64 = 10_000.0;
/// Sections of a scenario.
const MOST_SECTIONS: usize = 100;
/// Gauges, boundaries and inflows of a scenario.
const MOST_NAMES: usize = 1000;
/// Files of land use.
const MOST_SURFACES: usize = 100;

impl Spec {
    /// What does not belong to one section: texts, numbers, names of sections, and keys of the city that no section reads.
    ///
    /// # Errors
    /// `Scenario` with the key and what is allowed.
    pub fn check(&self) -> Result<()> {
        for (key, text, most) in [
            ("title", &self.title, 200),
            ("description", &self.description, 5000),
            ("attribution", &self.attribution, 2000),
        ] {
            let letters = text.chars().count();
            if letters > most {
                let problem = format!("has {letters} letters");
                return Err(Error::scenario(key, problem, format!("write at most {most}")));
            }
        }
        self.check_numbers()?;
        self.check_sections()?;
        self.check_idle()
    }

    /// There is a section, and of several of one kind each has a name of its own.
    fn check_sections(&self) -> Result<()> {
        let sections = self.sections();
        if sections.is_empty() {
            let mend = format!("write a section: {}, with end_minutes", self.kinds().words());
            return Err(Error::scenario("", "the scenario asks nothing of any model", mend));
        }
        if sections.len() > MOST_SECTIONS {
            let problem = format!("the scenario has {} sections", sections.len());
            return Err(Error::scenario("", problem, format!("keep at most {MOST_SECTIONS}")));
        }
        for (n, (place, section)) in sections.iter().enumerate() {
            let kind = section.kind().name;
            let at = |key: &str| match place {
                Some(k) => format!("{kind}[{k}]{key}"),
                None => format!("{kind}{key}"),
            };
            let Some(name) = section.name() else {
                if place.is_none() {
                    continue;
                }
                let mend = "give each of several sections a name: name = \"as it is\"";
                return Err(Error::scenario(at(""), "has no name", mend));
            };
            if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
                return Err(Error::scenario(at(".name"), "is not a name", "write a short name without line breaks"));
            }
            let is_same = |other: &str| slug(other) == slug(name);
            let mut others = sections[..n].iter().filter(|(_, other)| other.kind() == section.kind());
            if others.any(|(_, other)| other.name().is_some_and(is_same)) {
                let problem = format!("\"{name}\" stands twice, or means the same folder as another name");
                return Err(Error::scenario(at(".name"), problem, "give each section a name of its own"));
            }
        }
        Ok(())
    }

    /// Refuses what none of the sections reads.
    fn check_idle(&self) -> Result<()> {
        let sections = self.sections();
        let given = serde_json::to_value(&self.city).unwrap_or_default();
        let is_given =
            |key: &str| given.get(key).is_some_and(|value| value.as_array().is_none_or(|all| !all.is_empty()));
        let read: Vec<&str> = sections.iter().flat_map(|(_, section)| section.reads(&self.city).keys).collect();
        for kind in self.kinds().all() {
            let is_asked = sections.iter().any(|(_, section)| section.kind() == *kind);
            let mut idle = kind.city_keys.iter().filter(|(key, _)| is_given(key) && !read.contains(key));
            if let Some((key, needs)) = idle.next() {
                let section = format!("[{}]", kind.name);
                let (needs, mend) = if is_asked {
                    (*needs, format!("write {needs}, which may be empty, or leave it out"))
                } else {
                    (section.as_str(), format!("leave it out, or write a section {section}"))
                };
                return Err(Error::scenario(format!("city.{key}"), format!("does nothing without {needs}"), mend));
            }
        }
        if !self.gauge.is_empty() && sections.iter().all(|(_, section)| !section.kind().has_gauges) {
            let (with, without): (Vec<&Kind>, Vec<&Kind>) = self.kinds().all().iter().partition(|kind| kind.has_gauges);
            let alone = without.into_iter().filter(|kind| sections.iter().any(|(_, section)| section.kind() == *kind));
            let problem = format!("does nothing with {} alone", listed(&alone.collect::<Vec<_>>()));
            return Err(Error::scenario(
                "gauge",
                problem,
                format!("write a section {}, or leave it out", listed(&with)),
            ));
        }
        Ok(())
    }
}

impl Scenario {
    pub(super) fn check(&self) -> Result<()> {
        self.check_time()?;
        self.check_city()?;
        self.check_names()?;
        for (k, structure) in self.spec.city.structure.iter().enumerate() {
            self.check_structure(&format!("city.structure[{k}]"), structure)?;
        }
        self.section().map_or(Ok(()), |section| section.check(self))
    }

    fn check_time(&self) -> Result<()> {
        let key = |key: &str| format!("{}.{key}", self.model());
        let Some(minutes) = self.frame_minutes() else { return Ok(()) };
        let frames = self.end_minutes() / minutes;
        if frames > MOST_FRAMES {
            let problem = format!("{frames:.0} frames are too many");
            return Err(Error::scenario(key("frame_minutes"), problem, format!("make at most {MOST_FRAMES}")));
        }
        Ok(())
    }

    fn check_city(&self) -> Result<()> {
        let city = &self.spec.city;
        match (&city.demo, &city.terrain) {
            // A network is enough where the ground may be flat.
            (None, None) if self.reads().flat && city.network.is_some() => {}
            (None, None) => {
                return Err(Error::scenario("city", "has no ground", "write terrain = \"FILE.tif\" or demo = { … }"));
            }
            (Some(demo), _) => {
                // What the demo city does not bring itself.
                let too = [
                    "demo",
                    "synthetic",
                    "buildings_are",
                    "roof_water",
                    "green_roof_m",
                    "sewer_districts",
                    "structure",
                ];
                let given = serde_json::to_value(city).unwrap_or_default();
                let mut given = given.as_object().into_iter().flat_map(|given| given.keys());
                if let Some(key) = given.find(|key| !too.contains(&key.as_str())) {
                    let mend = "the demo city brings its own layers: keep demo or the layers, not both";
                    return Err(Error::scenario(format!("city.{key}"), "stands beside city.demo", mend));
                }
                return demo::check(demo.width_m, demo.height_m, demo.cell_m);
            }
            _ => {}
        }
        if let Some(epsg) = city.epsg
            && (4000..5000).contains(&epsg)
        {
            let problem = format!("EPSG:{epsg} is not a projected system in metres");
            return Err(Error::scenario(
                "city.epsg",
                problem,
                "write a projected one such as 28992, and reproject the files",
            ));
        }
        if let Some(epsg) = city.epsg.filter(|epsg| is_mercator(Crs { epsg: Some(*epsg) })) {
            let problem = format!("EPSG:{epsg} is web Mercator, whose metres are not those of the ground");
            return Err(Error::scenario("city.epsg", problem, TO_METRES));
        }
        if let Some([west, south, east, north]) = city.extent
            && !(west < east && south < north)
        {
            return Err(Error::scenario("city.extent", "is empty", "write [west, south, east, north] in m"));
        }
        let speaks = city.land_use.is_some() || !city.surfaces.is_empty();
        match (&city.codes, speaks) {
            (None, true) => {
                let key = if city.land_use.is_some() { "city.land_use" } else { "city.surfaces" };
                let mend = "write codes = \"land-use-nl\", \"bgt\" or a TOML file of your own";
                return Err(Error::scenario(key, "does nothing without codes", mend));
            }
            (Some(_), false) => {
                let mend = "write land_use = a raster, or surfaces = [files of polygons], too";
                return Err(Error::scenario("city.codes", "has nothing to tell the meaning of", mend));
            }
            _ => {}
        }
        if let Some(twice) = city.surfaces.iter().enumerate().find(|(k, name)| city.surfaces[..*k].contains(name)) {
            let problem = format!("names {} twice", &**twice.1);
            return Err(Error::scenario("city.surfaces", problem, "name each file once"));
        }
        if city.surfaces.len() > MOST_SURFACES {
            let problem = format!("names {} files", city.surfaces.len());
            return Err(Error::scenario("city.surfaces", problem, format!("name at most {MOST_SURFACES}")));
        }
        let twice = [
            ("water_m", city.water_m.is_some() && city.water_level_m.is_some(), "water_level_m"),
            ("buildings_m", city.buildings_m.is_some() && city.surface.is_some(), "surface"),
        ];
        if let Some((key, _, other)) = twice.into_iter().find(|(_, given, _)| *given) {
            let problem = format!("stands beside {other}, which says the same");
            return Err(Error::scenario(format!("city.{key}"), problem, "keep one of them"));
        }
        if city.buildings.is_none() && city.buildings_m.is_none() {
            let idle = [
                ("buildings_are", city.buildings_are.is_some()),
                ("roof_water", city.roof_water.is_some()),
                ("green_roof_m", city.green_roof_m.is_some()),
            ];
            if let Some((key, _)) = idle.into_iter().find(|(_, given)| *given) {
                let mend = "name a file of footprints in city.buildings, or leave it out";
                return Err(Error::scenario(format!("city.{key}"), "does nothing without buildings", mend));
            }
        }
        self.check_soil()
    }

    /// Soil is after Green and Ampt, after Horton, or plain.
    fn check_soil(&self) -> Result<()> {
        let city = &self.spec.city;
        let missing = |key: &str, other: &str| {
            let problem = format!("does nothing without {other}");
            Err(Error::scenario(format!("city.{key}"), problem, format!("write {other}, too, or leave it out")))
        };
        let given = |key: &Option<NumberOrFile>| key.is_some();
        match (given(&city.suction_head_m), given(&city.moisture_deficit)) {
            (true, false) => return missing("suction_head_m", "moisture_deficit"),
            (false, true) => return missing("moisture_deficit", "suction_head_m"),
            (true, true) if city.infiltration_mm_per_day.is_none() && city.codes.is_none() => {
                return missing("suction_head_m", "infiltration_mm_per_day");
            }
            _ => {}
        }
        let plain = |key: &Option<NumberOrFile>| match key {
            None => Some(0.0),
            Some(NumberOrFile::Number(value)) => Some(*value),
            Some(NumberOrFile::File(_)) => None,
        };
        let last = plain(&city.infiltration_mm_per_day).map(|per_day| per_day / 24.0);
        if let (Some(NumberOrFile::Number(first)), Some(last)) = (&city.initial_infiltration_mm_per_hour, last)
            && *first < last
        {
            let problem = format!("{first} is lower than what the rate ends at, {last:.1} mm per hour");
            let mend = "dry soil takes more, not less: write a higher rate, or a lower infiltration_mm_per_day";
            return Err(Error::scenario("city.initial_infiltration_mm_per_hour", problem, mend));
        }
        let horton = given(&city.initial_infiltration_mm_per_hour);
        match (horton, city.infiltration_decay_per_hour) {
            (true, None) => return missing("initial_infiltration_mm_per_hour", "infiltration_decay_per_hour"),
            (false, Some(_)) => return missing("infiltration_decay_per_hour", "initial_infiltration_mm_per_hour"),
            _ => {}
        }
        if horton && given(&city.suction_head_m) {
            let problem = "stands beside suction_head_m: soil is after Horton or after Green and Ampt";
            return Err(Error::scenario("city.initial_infiltration_mm_per_hour", problem, "keep one of them"));
        }
        Ok(())
    }

    /// Names stand in tables: each once, and readable.
    fn check_names(&self) -> Result<()> {
        let spec = &self.spec;
        let mut kinds: Vec<(&str, Vec<&str>)> = vec![
            ("city.structure", spec.city.structure.iter().map(|own| own.name.as_str()).collect()),
            ("gauge", spec.gauge.iter().map(|own| own.name.as_str()).collect()),
        ];
        kinds.extend(self.section().into_iter().flat_map(|section| section.names()));
        for (kind, names) in kinds {
            if names.len() > MOST_NAMES {
                return Err(Error::scenario(
                    kind,
                    format!("stands {} times", names.len()),
                    format!("keep at most {MOST_NAMES}"),
                ));
            }
            for (k, name) in names.iter().enumerate() {
                let at = format!("{kind}[{k}].name");
                if name.trim().is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
                    return Err(Error::scenario(at, "is not a name", "write a short name without line breaks"));
                }
                if names[..k].contains(name) {
                    return Err(Error::scenario(at, format!("\"{name}\" stands twice"), "give each a name of its own"));
                }
            }
        }
        Ok(())
    }
}

/// Corners of a line.
const MOST_CORNERS: usize = 10_000;

/// Whether a line that the key `at` gives has corners, and not too many.
///
/// # Errors
/// `Scenario` with how many there may be.
pub fn check_line(at: &str, points: &[[f64; 2]]) -> Result<()> {
    if points.is_empty() || points.len() > MOST_CORNERS {
        let problem = format!("has {} points", points.len());
        return Err(Error::scenario(at, problem, format!("write 1 to {MOST_CORNERS} points [x, y]")));
    }
    Ok(())
}

impl Scenario {
    /// Each kind of structure has what it needs, and nothing that does nothing.
    fn check_structure(&self, at: &str, spec: &StructureSpec) -> Result<()> {
        use StructureName::{Breach, Culvert, Pump, Weir};
        let key = |key: &str| format!("{at}.{key}");
        for (name, place) in [("from", &spec.from), ("to", &spec.to)] {
            match place {
                Some(PointOrLine::Line(points)) => check_line(&key(name), points)?,
                Some(PointOrLine::Point(point)) => check_line(&key(name), &[*point])?,
                None => {}
            }
        }
        if spec.from.is_none() && spec.to.is_none() {
            return Err(Error::scenario(at, "has no place", "write from = [x, y] and to = [x, y], or one of them"));
        }
        // Whether a key is given, the kinds that know it, and those that need it.
        type Known<'a> = (&'a str, bool, &'a [StructureName], &'a [StructureName]);
        let keys: [Known; 17] = [
            ("sill_m", spec.sill_m.is_some(), &[Weir, Breach], &[Breach]),
            ("width_m", spec.width_m.is_some(), &[Weir, Breach, Culvert], &[Weir, Breach]),
            ("coefficient", spec.coefficient.is_some(), &[Weir, Breach], &[]),
            ("diameter_m", spec.diameter_m.is_some(), &[Culvert], &[]),
            ("height_m", spec.height_m.is_some(), &[Culvert], &[]),
            ("length_m", spec.length_m.is_some(), &[Culvert], &[Culvert]),
            ("floors_m", spec.floors_m.is_some(), &[Culvert], &[]),
            ("manning", spec.manning.is_some(), &[Culvert], &[]),
            ("losses", spec.losses.is_some(), &[Culvert], &[]),
            ("barrels", spec.barrels.is_some(), &[Culvert], &[]),
            ("start_m", spec.start_m.is_some(), &[Pump], &[]),
            ("stop_m", spec.stop_m.is_some(), &[Pump], &[]),
            ("bottom_m", spec.bottom_m.is_some(), &[Breach], &[]),
            ("start_minutes", spec.start_minutes.is_some(), &[Breach], &[]),
            ("deepening_minutes", spec.deepening_minutes.is_some(), &[Breach], &[]),
            ("widening_minutes", spec.widening_minutes.is_some(), &[Breach], &[]),
            ("closed_minutes", spec.closed_minutes.is_some(), &[Breach], &[]),
        ];
        let kind = spec.kind;
        for (name, is_given, known, needed) in keys {
            if is_given && !known.contains(&kind) {
                return Err(Error::scenario(key(name), "does nothing here", "leave it out, or change kind"));
            }
            if !is_given && needed.contains(&kind) {
                return Err(Error::scenario(key(name), "is missing", format!("write {name} = a number")));
            }
        }
        if kind == Culvert {
            match (spec.diameter_m, spec.width_m, spec.height_m) {
                (Some(_), None, None) | (None, Some(_), Some(_)) => {}
                _ => {
                    let mend = "write diameter_m for a pipe, or width_m and height_m for a box";
                    return Err(Error::scenario(key("width_m"), "is not clear", mend));
                }
            }
            if spec.from.is_none() || spec.to.is_none() {
                return Err(Error::scenario(at, "has but one end", "a culvert leads from = [x, y] to = [x, y]"));
            }
        }
        if kind == Pump && spec.from.is_none() {
            return Err(Error::scenario(key("from"), "is missing", "say where the pump takes its water"));
        }
        match (&spec.capacity_m3_per_s, kind) {
            (Some(capacity), Pump) => {
                self.series(&key("capacity_m3_per_s"), capacity, Between::Linear, Allowed::DISCHARGE)?;
            }
            (Some(_), _) => {
                return Err(Error::scenario(key("capacity_m3_per_s"), "belongs to a pump", "leave it out"));
            }
            (None, Pump) => {
                return Err(Error::scenario(
                    key("capacity_m3_per_s"),
                    "is missing",
                    "write a number, points or a file",
                ));
            }
            (None, _) => {}
        }
        if let Some((start, stop)) = spec.start_m.zip(spec.stop_m).filter(|(start, stop)| stop > start) {
            let problem = format!("{stop} is above start_m, {start}");
            return Err(Error::scenario(key("stop_m"), problem, "a pump stops below the level at which it starts"));
        }
        if let Some((sill, bottom)) = spec.sill_m.zip(spec.bottom_m).filter(|(sill, bottom)| bottom > sill) {
            let problem = format!("{bottom} is above the dike, {sill}");
            return Err(Error::scenario(key("bottom_m"), problem, "a breach goes down"));
        }
        if let Some(closed) = spec.closed_minutes.filter(|closed| *closed <= spec.start_minutes.unwrap_or(0.0)) {
            let problem = format!("{closed} is before the dike gives way");
            return Err(Error::scenario(key("closed_minutes"), problem, "write a later time"));
        }
        match &spec.level_m {
            Some(_) if spec.from.is_some() && spec.to.is_some() => {
                Err(Error::scenario(key("level_m"), "has no outside to be the level of", "leave out from, or to"))
            }
            Some(_) if matches!(kind, Culvert | Pump) => {
                Err(Error::scenario(key("level_m"), "does nothing here", "leave it out"))
            }
            Some(level) => self.series(&key("level_m"), level, Between::Linear, Allowed::LEVEL).map(|_| ()),
            None if kind == Breach && spec.from.is_none() => {
                Err(Error::scenario(key("level_m"), "is missing", "write the level of the water behind the dike"))
            }
            None => Ok(()),
        }
    }
}
