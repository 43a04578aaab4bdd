//! The weather in a zip: climate services pack it with reports and designs (.stat, .ddy, .clm, …), and as .txt, .csv or .epw.

use super::{MOST_BYTES, shown, source};
use hanze_base::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Endings of texts that may be weather.
const ENDINGS: [&str; 3] = [".epw", ".txt", ".csv"];
/// Files of an archive that are looked at, and bytes of each that say whether it is weather.
const MOST_FILES: usize = 1000;
const GLANCE: u64 = 1 << 16;

/// Reads the only weather in an archive, up to one byte more than is allowed.
///
/// # Errors
/// `Data` where the archive is damaged, or holds no weather or several.
pub(super) fn weather(path: &Path, file: File, bytes: &mut Vec<u8>) -> Result<()> {
    let damaged = |error: &dyn std::fmt::Display| {
        Error::data(path, format!("cannot be unpacked: {error}"), "fetch it again, or unpack it yourself")
    };
    let mut archive = zip::ZipArchive::new(file).map_err(|error| damaged(&error))?;
    if archive.len() > MOST_FILES {
        let words = format!("holds {} files", archive.len());
        return Err(Error::data(path, words, "unpack it, and give the one with the weather"));
    }
    let mut found = Vec::new();
    for k in 0..archive.len() {
        // What cannot be opened is none of those that are looked for.
        let Ok(entry) = archive.by_index(k) else { continue };
        let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else { continue };
        let small = name.to_lowercase();
        // What Macs keep beside each file is none.
        let is_text = ENDINGS.iter().any(|ending| small.ends_with(ending)) && !small.starts_with("__macosx/");
        if !entry.is_file() || !is_text {
            continue;
        }
        let mut start = Vec::new();
        entry.take(GLANCE).read_to_end(&mut start).map_err(|error| damaged(&error))?;
        let start = String::from_utf8_lossy(&start);
        if source(start.trim_start_matches('\u{feff}')).is_some() {
            found.push((k, name));
        }
    }
    let [(only, _)] = &found[..] else {
        let names: Vec<String> = found.iter().take(5).map(|(_, name)| shown(name)).collect();
        return Err(match names.is_empty() {
            true => Error::data(
                path,
                "holds no weather that Hanze reads (KNMI, EPW, UMEP or its own CSV, as .txt, .epw or .csv)",
                "give the archive as the station's service has it, or a text",
            ),
            false => {
                let words = format!("holds {} files of weather: {}", found.len(), names.join(", "));
                Error::data(path, words, "keep one of them")
            }
        });
    };
    let entry = archive.by_index(*only).map_err(|error| damaged(&error))?;
    entry.take(MOST_BYTES + 1).read_to_end(bytes).map_err(|error| damaged(&error))?;
    Ok(())
}
