//! The file that remembers what kernels cost beside the yardsticks, machine by machine; and what they cost now,
//! compared with that.

use super::{Cost, Measured};
use hanze_base::error::{Error, Result};
use hanze_device::{Device, simd_level};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Read;
use std::path::Path;

/// Times what it was that a kernel's cost must be for it to count as slower.
pub const SLOWER: f64 = 1.25;
/// Largest file that is read, bytes, and largest cost that is believed.
const LARGEST: u64 = 1 << 20;
const MOST: f64 = 1e12;
/// What to do about a file that is wrong.
const MEND: &str = "correct it, or take the file away and measure anew with --write";

/// What a file remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Baseline {
    /// Machines on which kernels were measured.
    pub machines: Vec<Machine>,
}

/// A machine and build, and what kernels cost there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// Level of SIMD.
    pub level: String,
    /// `dev` or `release`.
    pub build: String,
    /// Threads that computed.
    pub threads: usize,
    /// Name of the processor.
    pub processor: String,
    /// Version of Hanze.
    pub version: String,
    /// Commit; empty where that is not known.
    pub commit: String,
    /// Costs by the name of the kernel.
    pub kernels: BTreeMap<String, Cost>,
}

impl Machine {
    /// This one, before any kernel is measured.
    pub fn here() -> Machine {
        Machine {
            level: simd_level().into(),
            build: if cfg!(debug_assertions) { "dev" } else { "release" }.into(),
            threads: rayon::current_num_threads(),
            processor: Device::Cpu.record().name,
            version: env!("CARGO_PKG_VERSION").into(),
            commit: String::new(),
            kernels: BTreeMap::new(),
        }
    }

    /// Takes up what was measured, to four digits.
    pub fn take(&mut self, measured: &[Measured]) {
        let short = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
        let cost = |own: &Measured| Cost { steps: short(own.cost.steps), bytes: short(own.cost.bytes) };
        self.kernels = measured.iter().map(|own| (own.name.to_string(), cost(own))).collect();
    }

    /// Whether costs there can be compared with those here: level of SIMD, build and threads are the same.
    fn is_like(&self, here: &Machine) -> bool {
        (&self.level, &self.build, self.threads) == (&here.level, &here.build, here.threads)
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Machine { level, build, threads, processor, .. } = self;
        write!(f, "{processor}, SIMD {level}, {threads} threads, {build} build")
    }
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// `Io` where there is none, and `Data` with the key where it is wrong.
    pub fn read(file: &Path) -> Result<Baseline> {
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(Error::io("reading", file))?;
        opened.take(LARGEST + 1).read_to_string(&mut text).map_err(Error::io("reading", file))?;
        if text.len() as u64 > LARGEST {
            return Err(Error::data(file, "is larger than a baseline can be (1 MiB)", MEND));
        }
        Baseline::parse(&text, file)
    }

    fn parse(text: &str, file: &Path) -> Result<Baseline> {
        let whole = serde_json::from_str(text);
        let whole: Value = whole.map_err(|error| Error::data(file, format!("is not JSON: {error}"), MEND))?;
        let machines = At { file, key: String::new(), value: &whole }.get("machines")?;
        let machines = machines.items()?.iter().map(machine).collect::<Result<_>>()?;
        Ok(Baseline { machines })
    }

    /// Writes a file.
    ///
    /// # Errors
    /// `Io` where the disk refuses.
    pub fn write(&self, file: &Path) -> Result<()> {
        let fault = |error: serde_json::Error| Error::data(file, error.to_string(), MEND);
        let text = serde_json::to_string_pretty(self).map_err(fault)?;
        std::fs::write(file, text + "\n").map_err(Error::io("writing", file))
    }

    /// What is remembered of a machine like this one: of the same processor if there is one, else of the first like it.
    pub fn find(&self, here: &Machine) -> Option<&Machine> {
        let mut like = self.machines.iter().filter(|own| own.is_like(here));
        like.clone().find(|own| own.processor == here.processor).or_else(|| like.next())
    }

    /// Remembers a machine, in the place of what was known of it.
    pub fn put(&mut self, machine: Machine) {
        self.machines.retain(|own| !(own.is_like(&machine) && own.processor == machine.processor));
        self.machines.push(machine);
    }
}

/// A value in a file and its key, which errors name.
struct At<'a> {
    file: &'a Path,
    key: String,
    value: &'a Value,
}

impl<'a> At<'a> {
    fn wrong(&self, problem: impl Display) -> Error {
        Error::data(self.file, format!("{} {problem}", self.key), MEND)
    }

    fn get(&self, name: &str) -> Result<At<'a>> {
        let key = if self.key.is_empty() { name.to_string() } else { format!("{}.{name}", self.key) };
        let value = self.value.get(name).filter(|value| !value.is_null());
        let found = At { file: self.file, key, value: value.unwrap_or(self.value) };
        if value.is_some() { Ok(found) } else { Err(found.wrong("is missing")) }
    }

    fn items(&self) -> Result<Vec<At<'a>>> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("is not a list"))?;
        let at = |(k, value): (usize, &'a Value)| At { file: self.file, key: format!("{}[{k}]", self.key), value };
        Ok(items.iter().enumerate().map(at).collect())
    }

    fn text(&self) -> Result<String> {
        self.value.as_str().map(String::from).ok_or_else(|| self.wrong("is not a text"))
    }

    fn threads(&self) -> Result<usize> {
        let count = self.value.as_u64().and_then(|count| usize::try_from(count).ok());
        count
            .filter(|count| *count > 0)
            .ok_or_else(|| self.wrong(format!("is {}, and no number of threads", self.value)))
    }

    fn number(&self) -> Result<f64> {
        let number = self.value.as_f64().filter(|number| *number > 0.0 && *number <= MOST);
        number.ok_or_else(|| self.wrong(format!("is {}, and no number above 0 up to {MOST:e}", self.value)))
    }
}

fn machine(at: &At) -> Result<Machine> {
    let kernels = at.get("kernels")?;
    let costs = kernels.value.as_object().ok_or_else(|| kernels.wrong("is no table"))?;
    let cost = |name: &String| -> Result<(String, Cost)> {
        let own = kernels.get(name)?;
        Ok((name.clone(), Cost { steps: own.get("steps")?.number()?, bytes: own.get("bytes")?.number()? }))
    };
    let text = |name: &str| -> Result<String> { at.get(name)?.text() };
    Ok(Machine {
        level: text("level")?,
        build: text("build")?,
        threads: at.get("threads")?.threads()?,
        processor: text("processor")?,
        version: text("version")?,
        commit: text("commit")?,
        kernels: costs.keys().map(cost).collect::<Result<_>>()?,
    })
}

/// A kernel now and then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// What was measured.
    pub now: Measured,
    /// What it cost then; `None` where that is not remembered.
    pub then: Option<Cost>,
}

/// What has become of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing is remembered of it.
    New,
    /// About the same.
    Same,
    /// It costs so many times what it did beside the plain loop, and beside a copy of memory. Where memory is slow only
    /// now, the second one is less.
    Slower(f64, f64),
    /// It costs so many times less beside the plain loop.
    Faster(f64),
}

impl Compared {
    /// Steps and bytes now over those of then.
    pub fn ratios(&self) -> Option<(f64, f64)> {
        self.then.map(|then| (self.now.cost.steps / then.steps, self.now.cost.bytes / then.bytes))
    }

    /// What has become of it.
    pub fn change(&self) -> Change {
        match self.ratios() {
            None => Change::New,
            Some((steps, bytes)) if steps >= SLOWER => Change::Slower(steps, bytes),
            Some((steps, _)) if steps <= 1.0 / SLOWER => Change::Faster(1.0 / steps),
            Some(_) => Change::Same,
        }
    }

    /// Whether both yardsticks have it slower.
    pub fn is_surely_slower(&self) -> bool {
        matches!(self.change(), Change::Slower(_, bytes) if bytes >= SLOWER)
    }
}

/// Each kernel that was measured, beside what a machine remembers; and the names of those that only it knows.
pub fn compare<'a>(now: &[Measured], then: &'a Machine) -> (Vec<Compared>, Vec<&'a str>) {
    let compared = now.iter().map(|now| Compared { now: *now, then: then.kernels.get(now.name).copied() }).collect();
    let is_gone = |name: &&str| now.iter().all(|now| now.name != *name);
    (compared, then.kernels.keys().map(String::as_str).filter(is_gone).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"machines": [{"level": "v3", "build": "dev", "threads": 2, "processor": "P",
        "version": "0.1.0", "commit": "abc",
        "kernels": {"water": {"steps": 2.0, "bytes": 100.0}, "old": {"steps": 1, "bytes": 7.5e3}}}]}"#;

    fn parse(text: &str) -> Result<Baseline> {
        Baseline::parse(text, Path::new("benches/b.json"))
    }

    fn measured(name: &'static str, steps: f64, bytes: f64) -> Measured {
        Measured { name, unit: "cell", seconds: 1e-8, cost: Cost { steps, bytes } }
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_key() {
        assert!(parse(FILE).is_ok());
        let check = |from: &str, to: &str, wanted: &str| {
            assert!(FILE.contains(from), "{from}");
            let error = parse(&FILE.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.starts_with("benches/b.json: ") && error.contains(wanted), "{from} → {to}: {error}");
        };
        let steps = "machines[0].kernels.water.steps ";
        check("2.0", "-2.0", &format!("{steps}is -2.0, and no number"));
        check("2.0", "0", steps);
        check("2.0", "1e13", steps);
        check("2.0", "\"NaN\"", &format!("{steps}is \"NaN\""));
        check("2.0", "null", &format!("{steps}is missing"));
        check("2.0", "[]", steps);
        check("\"bytes\": 100.0", "\"byte\": 100.0", "machines[0].kernels.water.bytes is missing");
        check("{\"steps\": 1, \"bytes\": 7.5e3}", "3", "machines[0].kernels.old.steps is missing");
        check("\"threads\": 2", "\"threads\": -2", "machines[0].threads is -2");
        check("\"threads\": 2", "\"threads\": 0", "machines[0].threads is 0");
        check("\"v3\"", "3", "machines[0].level is not a text");
        check("\"level\"", "\"Level\"", "machines[0].level is missing");
        check("\"kernels\": {", "\"kernels\": 1, \"others\": {", "machines[0].kernels is no table");
        check("[{", "[7, {", "machines[0].");
        check("{\"machines\": [{", "{\"machines\": {\"a\": [{", "is not JSON");
        // JSON has no such numbers, so that only the line is known.
        check("2.0", "NaN", "is not JSON: expected value at line 3");
        check("2.0", "1e999", "is not JSON: number out of range at line 3");
        for (text, wanted) in
            [("[]", "machines is missing"), ("{\"machines\": 1}", "machines is not a list"), ("", "JSON")]
        {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("benches/b.json: ") && error.contains(wanted), "{text}: {error}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn a_lost_quarter_is_told_and_a_tenth_is_not() {
        let then = &parse(FILE).unwrap().machines[0];
        let (found, gone) = compare(&[measured("water", 2.6, 130.0), measured("new", 1.0, 1.0)], then);
        let Change::Slower(steps, bytes) = found[0].change() else { panic!("{found:?}") };
        assert!((steps - 1.3).abs() < 1e-12 && (bytes - 1.3).abs() < 1e-12 && found[0].is_surely_slower());
        assert_eq!((found[1].change(), found[1].ratios(), gone), (Change::New, None, vec!["old"]));
        let change = |steps: f64, bytes: f64| {
            let own = compare(&[measured("water", steps, bytes)], then).0[0];
            (own.change(), own.is_surely_slower())
        };
        assert_eq!(change(2.2, 110.0), (Change::Same, false));
        // What a copy alone has slower is a copy that is faster.
        assert_eq!(change(2.2, 300.0), (Change::Same, false));
        assert_eq!(change(2.5, 125.0), (Change::Slower(1.25, 1.25), true));
        // Copies that are slower, too, leave a doubt, but no silence.
        assert_eq!(change(3.0, 110.0), (Change::Slower(1.5, 1.1), false));
        assert_eq!(change(1.0, 50.0), (Change::Faster(2.0), false));
    }

    #[test]
    fn a_file_keeps_a_machine_for_each_level_build_and_processor() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.json");
        let mut all = parse(FILE).unwrap();
        let like = |level: &str, processor: &str, commit: &str| Machine {
            level: level.into(),
            processor: processor.into(),
            commit: commit.into(),
            ..parse(FILE).unwrap().machines.remove(0)
        };
        let mut own = like("v4", "Q", "one");
        own.take(&[measured("water", 1.23456, 98765.4)]);
        assert_eq!(own.kernels["water"], Cost { steps: 1.235, bytes: 98_770.0 });
        all.put(own.clone());
        all.put(like("v3", "P", "two"));
        all.put(like("v3", "R", "three"));
        all.write(&file).unwrap();
        let read = Baseline::read(&file).unwrap();
        assert_eq!(read, all);
        let commits: Vec<&str> = read.machines.iter().map(|own| own.commit.as_str()).collect();
        assert_eq!(commits, ["one", "two", "three"]);
        let found = |here: &Machine| read.find(here).map(|own| own.commit.as_str());
        assert_eq!(found(&like("v3", "R", "")), Some("three"));
        assert_eq!(found(&like("v3", "unknown", "")), Some("two"));
        assert_eq!(found(&Machine { build: "release".into(), ..own.clone() }), None);
        assert_eq!(found(&Machine { threads: 3, ..own.clone() }), None);
        assert_eq!(found(&like("neon", "P", "")), None);

        std::fs::write(&file, " ".repeat(LARGEST as usize + 1)).unwrap();
        let error = Baseline::read(&file).unwrap_err().to_string();
        assert!(error.contains("b.json") && error.contains("1 MiB"), "{error}");
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(Baseline::read(&file), Err(Error::Io { .. })));
    }

    #[test]
    fn the_shipped_file_is_sound() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/baseline.json");
        Baseline::read(Path::new(file)).unwrap();
    }
}
