//! What layers show.

use super::Text;

/// Machine name of each layer, and what it shows in English and Dutch.
pub const LAYERS: [(&str, &str, &str); 56] = [
    ("depth", "Water depth", "Waterdiepte"),
    ("max_depth", "Maximum water depth", "Grootste waterdiepte"),
    ("level", "Water level", "Waterstand"),
    ("max_level", "Maximum water level", "Hoogste waterstand"),
    ("velocity", "Flow velocity", "Stroomsnelheid"),
    ("max_velocity", "Maximum flow velocity", "Grootste stroomsnelheid"),
    ("arrival", "Arrival time of the water", "Tijd tot het water er was"),
    ("duration", "Time under water", "Tijd onder water"),
    ("infiltrated", "Infiltration", "Water dat in de bodem zakte"),
    ("sewered", "Inflow to the sewer", "Water naar het riool"),
    ("hazard", "Flood hazard", "Gevaar door het water"),
    ("tmrt", "Mean radiant temperature", "Gemiddelde stralingstemperatuur"),
    ("pet", "Felt temperature (PET)", "Gevoelstemperatuur (PET)"),
    ("pet_hoeppe", "Felt temperature (PET after Höppe)", "Gevoelstemperatuur (PET volgens Höppe)"),
    ("max_pet", "Maximum felt temperature (PET)", "Hoogste gevoelstemperatuur (PET)"),
    ("mean_pet", "Mean felt temperature (PET)", "Gemiddelde gevoelstemperatuur (PET)"),
    ("noon_pet", "Felt temperature around noon (PET)", "Gevoelstemperatuur rond de middag (PET)"),
    ("utci", "Felt temperature (UTCI)", "Gevoelstemperatuur (UTCI)"),
    ("sun", "Share of the hour in the sun", "Deel van het uur in de zon"),
    ("sun_hours", "Hours of sun", "Uren zon"),
    ("hot_hours", "Hours that feel hotter than 35 °C (PET)", "Uren die heter aanvoelen dan 35 °C (PET)"),
    ("extreme_hours", "Hours that feel hotter than 41 °C (PET)", "Uren die heter aanvoelen dan 41 °C (PET)"),
    (
        "warm_night_hours",
        "Hours of night that feel warmer than 20 °C (PET)",
        "Uren in de nacht die warmer aanvoelen dan 20 °C (PET)",
    ),
    ("cool_places", "Cool places", "Koele plekken"),
    ("cool_distance", "Walk to a cool place", "Loopafstand tot een koele plek"),
    ("air", "Air temperature", "Luchttemperatuur"),
    ("heat_island", "Heat island", "Hitte-eiland"),
    ("max_island", "Maximum heat island", "Grootste hitte-eilandeffect"),
    ("night_island", "Night-time heat island", "Hitte-eiland in de nacht"),
    ("degree_hours", "Degree-hours above 25 °C", "Graaduren boven 25 °C"),
    ("tropical_nights", "Tropical nights", "Tropennachten"),
    ("surface", "Surface temperature", "Temperatuur van de grond"),
    ("humidity", "Relative humidity", "Relatieve vochtigheid"),
    ("wind_speed", "Wind at 1.2 m", "Wind op 1,2 m"),
    ("green", "Vegetation", "Groen"),
    ("window_share", "Share of the surroundings in the data", "Deel van de omgeving dat bekend is"),
    ("sky_view", "Sky view factor", "Deel van de hemel dat te zien is"),
    ("wind", "Wind at 1.2 m relative to open ground", "Wind op 1,2 m ten opzichte van open veld"),
    ("flow", "Motor vehicles per hour", "Motorvoertuigen per uur"),
    ("flow_bands", "Motor vehicles per hour", "Motorvoertuigen per uur"),
    ("cycle_bands", "Cycles per hour", "Fietsen per uur"),
    ("released_heat", "Heat released by engines", "Warmte van motoren"),
    ("speed", "Mean speed of cars", "Gemiddelde snelheid van auto's"),
    ("density", "Vehicles per kilometre", "Voertuigen per kilometer"),
    ("delay", "Delay per vehicle", "Tijdverlies per voertuig"),
    ("queue", "Queue length", "Lengte van de wachtrijen"),
    ("nox", "Nitrogen oxides from exhausts", "Stikstofoxiden uit uitlaten"),
    ("no2_kerb", "Nitrogen dioxide of the traffic at the kerb", "Stikstofdioxide van het verkeer aan de stoeprand"),
    ("noise_power", "Sound power per metre of road", "Geluidsvermogen per meter weg"),
    ("terrain", "Ground level", "Hoogte van het maaiveld"),
    ("buildings", "Building height", "Hoogte van de gebouwen"),
    ("cover", "Land cover", "Bodembedekking"),
    ("canopy", "Tree height", "Hoogte van de bomen"),
    ("water", "Existing water", "Water dat er al was"),
    ("manning", "Roughness (Manning's n)", "Ruwheid (n van Manning)"),
    ("infiltration_mm_per_day", "Infiltration capacity", "Water dat de bodem kan opnemen"),
];

/// What a layer shows, by its machine name; the name itself where it is not known.
pub fn layer(name: &str) -> Text {
    if let Some((_, en, nl)) = LAYERS.iter().find(|(own, ..)| *own == name) {
        return Text::new(*en, *nl);
    }
    if let Some(of) = name.strip_prefix("difference_") {
        let of = layer(of);
        return Text::new(format!("Difference: {}", of.en), format!("Verschil: {}", of.nl));
    }
    if let Some(place) = name.strip_prefix("reach_") {
        let place = place.replace('_', " ");
        return Text::new(format!("Travel time from {place}"), format!("Reistijd vanaf {place}"));
    }
    if let Some(road) = name.strip_prefix("users_") {
        let road = road.trim_end_matches("_bands").replace('_', " ");
        return Text::new(format!("Vehicles per hour that use {road}"), format!("Voertuigen per uur over {road}"));
    }
    Text::new(name, name)
}
