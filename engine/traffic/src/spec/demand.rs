//! Who travels: keys of `[traffic.demand]`.

use hanze_base::error::{Error, Result};
use hanze_scenario::{FileRef, Scenario};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who travels: a table of trips, or zones with residents and jobs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DemandSpec {
    /// Trips between zones: a CSV file with the columns from, to, trips and, where it has any, class (car, truck, cycle), or a TNTP file
    /// for a network of TNTP. Those of zones with residents and jobs if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trips: Option<FileRef>,
    /// Whether those are the trips of an hour or of a day, which the rules then spread over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = TripsPer::Hour))]
    pub trips_per: Option<TripsPer>,
    /// Zones: polygons (.geojson, .shp, .gpkg) with columns of residents and jobs. The demo city's own neighbourhoods, cut in squares,
    /// if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<FileRef>,
    /// Column of residents in `zones`; one of the usual names if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residents: Option<String>,
    /// Column of jobs in `zones`; one of the usual names if left out. Without one residents stand for jobs, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<String>,
    /// Side of the squares that serve as zones where there are only buildings, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 50.0, max = 10_000.0), extend("default" = DemandSpec::ZONE))]
    pub zone_m: Option<f64>,
    /// Trips an hour that begin at every building of the network's map, where nothing else is known; none if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub trips_per_building: Option<f64>,
    /// Trips of a day that come in on a main road of one lane where the network ends, and as many that go out; none if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub gate_trips: Option<f64>,
    /// All trips times a number.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub factor: f64,
}

impl Default for DemandSpec {
    fn default() -> DemandSpec {
        DemandSpec {
            trips: None,
            trips_per: None,
            zones: None,
            residents: None,
            jobs: None,
            zone_m: None,
            trips_per_building: None,
            gate_trips: None,
            factor: 1.0,
        }
    }
}

impl DemandSpec {
    /// Side of the squares that serve as zones, m.
    pub const ZONE: f64 = 400.0;

    /// Whether it says who travels, and nothing that does nothing.
    pub(super) fn check(&self, scenario: &Scenario) -> Result<()> {
        let at = |key: &str| format!("traffic.demand.{key}");
        let is_demo = scenario.spec.city.demo.is_some();
        let is_tntp = scenario.spec.city.network.as_ref().is_some_and(|name| name.ends_with(".tntp"));
        let table = self.trips.as_deref();
        if table.is_some_and(|name| name.ends_with(".tntp") != is_tntp) {
            let mend = "give a network and trips of TNTP, or a CSV file and zones";
            return Err(Error::scenario(at("trips"), "is TNTP where the network is not, or the other way round", mend));
        }
        if table.is_none() && is_tntp {
            return Err(Error::scenario(at("trips"), "is missing", "name the file of trips (NAME_trips.tntp)"));
        }
        if table.is_some() && !is_tntp && self.zones.is_none() && !is_demo {
            return Err(Error::scenario(at("trips"), "needs zones", "name a file of zones, whose names the table has"));
        }
        if table.is_none() && self.zones.is_none() && self.trips_per_building.is_none() && !is_demo {
            let mend = "write trips = \"FILE\", zones = \"FILE\", or trips_per_building = 1 for a map with buildings";
            return Err(Error::scenario("traffic.demand", "does not say who travels", mend));
        }
        let idle = [
            ("zones", self.zones.is_some() && is_tntp, "with a network of TNTP"),
            ("trips_per", self.trips_per.is_some() && table.is_none(), "without trips"),
            ("residents", self.residents.is_some() && self.zones.is_none(), "without zones"),
            ("jobs", self.jobs.is_some() && self.zones.is_none(), "without zones"),
            (
                "trips_per_building",
                self.trips_per_building.is_some() && (self.zones.is_some() || is_demo),
                "with zones",
            ),
            ("zone_m", self.zone_m.is_some() && self.zones.is_some(), "with zones"),
            ("gate_trips", self.gate_trips.is_some() && table.is_some(), "with a table of trips"),
            ("gate_trips", self.gate_trips.is_some() && self.trips_per_building.is_some(), "with trips_per_building"),
        ];
        let found = idle.into_iter().find(|(_, given, _)| *given);
        found.map_or(Ok(()), |(key, _, why)| {
            Err(Error::scenario(at(key), format!("does nothing {why}"), "leave it out"))
        })
    }
}

/// What a table of trips counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripsPer {
    /// Trips of an hour.
    Hour,
    /// Trips of a day.
    Day,
}
