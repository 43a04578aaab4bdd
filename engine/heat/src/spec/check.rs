//! What `[heat]` must be before anything is read or computed.

use super::{ALBEDOS, HeatProduct, HeatSky, HeatSpec};
use hanze_base::error::{Error, Result};
use hanze_scenario::{NumberFileOrSection, Scenario};

/// Whether it can be asked of the city of a scenario.
pub(super) fn check(heat: &HeatSpec, scenario: &Scenario) -> Result<()> {
    if heat.weather().is_none() {
        return Err(Error::scenario("heat", "has no weather", "write weather = \"FILE\""));
    }
    if heat.weather.is_none() && heat.weather().is_some_and(|name| !scenario.path(name).exists()) {
        let problem = "wants KNMI's hours of De Bilt for its standard day, and they are not there";
        let mend = "fetch uurgeg_260_2011-2020.zip (KNMI, klimatologie, uurgegevens) into the folder weather of HANZE_DATA, or write \
                    weather and date";
        return Err(Error::scenario("heat", problem, mend));
    }
    let Some(written) = heat.date() else {
        return Err(Error::scenario("heat", "has no date", "write date = \"2019-07-25\""));
    };
    if heat.day().is_none() {
        let problem = format!("\"{}\" is not a date", written.chars().take(40).collect::<String>());
        return Err(Error::scenario("heat.date", problem, "write it as 2019-07-25"));
    }
    let idle = [
        ("heat.sky", heat.sky.is_some()),
        ("heat.clear_sky_less", heat.clear_sky_less.is_some()),
        ("heat.pet_hoeppe", heat.pet_hoeppe.is_some()),
    ];
    if let (HeatProduct::National, Some((key, _))) = (heat.product(), idle.iter().find(|(_, given)| *given)) {
        return Err(Error::scenario(*key, "does nothing in the national product", "leave it out"));
    }
    check_island(heat)?;
    if heat.latitude.is_some() != heat.longitude.is_some() {
        let key = if heat.latitude.is_some() { "heat.latitude" } else { "heat.longitude" };
        return Err(Error::scenario(key, "does nothing alone", "write latitude and longitude"));
    }
    Ok(())
}

/// Whether what the heat island is asked for can be.
fn check_island(heat: &HeatSpec) -> Result<()> {
    let given = heat.surfaces.map(|_| "heat.surfaces").or(heat.island.as_ref().map(|_| "heat.island"));
    if let (HeatProduct::National, Some(key)) = (heat.product(), given) {
        return Err(Error::scenario(key, "does nothing in the national product", "leave it out"));
    }
    if heat.is_in_time() && heat.sky == Some(HeatSky::Isotropic) {
        let mend = "leave sky out, or write surfaces = \"sine\"";
        return Err(Error::scenario("heat.sky", "goes with surfaces by the sine of the day alone", mend));
    }
    let Some(island) = &heat.island else { return Ok(()) };
    if !heat.is_in_time() {
        return Err(Error::scenario("heat.island", "does nothing with surfaces = \"sine\"", "leave it out"));
    }
    if (600.0 / island.step_s).fract() > 1e-9 {
        let problem = format!("is {}", island.step_s);
        return Err(Error::scenario("heat.island.step_s", problem, "take a whole part of 600 s"));
    }
    for name in island.albedo.keys() {
        if !ALBEDOS.iter().any(|(own, _)| own == name) {
            let key = format!("heat.island.albedo.{name}");
            let known = ALBEDOS.map(|(own, _)| own).join(", ");
            return Err(Error::scenario(key, "is not a surface", format!("write one of {known}")));
        }
    }
    if let Some(hours) = &island.released_by_hour {
        if hours.len() != 24 {
            let problem = format!("has {} numbers", hours.len());
            return Err(Error::scenario("heat.island.released_by_hour", problem, "write 24, one for each hour"));
        }
        if matches!(island.released_w_per_m2, Some(NumberFileOrSection::Section(_))) {
            let problem = "stands beside a section that gives its hours itself";
            return Err(Error::scenario("heat.island.released_by_hour", problem, "leave it out"));
        }
        if island.released_w_per_m2.is_none() {
            let mend = "write released_w_per_m2, too";
            return Err(Error::scenario("heat.island.released_by_hour", "does nothing alone", mend));
        }
    }
    Ok(())
}
