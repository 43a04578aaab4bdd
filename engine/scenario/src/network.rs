//! The roads that a scenario names, and a city that is known by nothing else.

use super::Scenario;
use super::city::check_memory;
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::objects::Objects;
use hanze_base::raster::Raster;
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{Reading, Roads, demo, read};
use hanze_city::{City, Soil, elsewhere};

/// Ground around the roads of a city that is known by nothing else, m.
const AROUND: f64 = 50.0;
/// Side of its cells where none is given, m.
const CELL: f64 = 5.0;

impl Scenario {
    /// The table of rules of roads and travel.
    ///
    /// # Errors
    /// `Io` or `Data` for a file that is none.
    pub fn rules(&self) -> Result<Rules> {
        match &self.reads().road_rules {
            Some(name) => Rules::read(&self.existing_at(&format!("{}.rules", self.model()), name)?),
            None => Rules::dutch(),
        }
    }

    /// The network of roads, where it is read.
    pub(super) fn network(&self, crs: Crs, objects: &Objects) -> Result<Option<Roads>> {
        // A variant may change roads, or name streets.
        if !self.reads().network && self.variant().is_none() {
            return Ok(None);
        }
        let rules = self.rules()?;
        let Some(name) = &self.spec.city.network else {
            return Ok(Some(demo(&objects.network, &rules)).filter(|roads| !roads.links.is_empty()));
        };
        let roads = || {
            let path = self.existing("network", name)?;
            let nodes = self.spec.city.network_nodes.as_ref();
            let nodes = nodes.map(|name| self.existing("network_nodes", name)).transpose()?;
            let declared = self.spec.city.network_epsg;
            read(&path, &Reading { crs, declared, nodes: nodes.as_deref(), rules: &rules })
        };
        self.shared(&self.shelf.network, true, roads, |_| true).map(Some)
    }

    /// The same, where some of it lies within the bounds of the city.
    pub(super) fn network_on(&self, grid: &Grid, objects: &Objects) -> Result<Option<Roads>> {
        let network = self.network(grid.crs, objects)?;
        network.as_ref().map_or(Ok(()), |roads| self.touch(roads, grid))?;
        Ok(network)
    }

    /// Refuses roads that all lie beside the city.
    fn touch(&self, roads: &Roads, grid: &Grid) -> Result<()> {
        let Some(extent) = roads.bounds().filter(|extent| elsewhere::is_apart(*extent, grid)) else { return Ok(()) };
        let (cause, mend) = elsewhere::cause(extent, grid, "ogr2ogr");
        let (there, here) = (elsewhere::words(extent), elsewhere::words(elsewhere::of(grid)));
        let file = self.spec.city.network.as_deref().unwrap_or_default();
        let problem =
            format!("the roads of {file} do not touch the city: they cover {there}, and the city {here}: {cause}");
        Err(Error::scenario("city.network", problem, mend))
    }

    /// A city that is known by its roads only: flat ground around them.
    pub(super) fn flat(&self) -> Result<City> {
        let spec = &self.spec.city;
        let crs = spec.epsg.map_or(Crs::UNKNOWN, |code| Crs { epsg: Some(code) });
        let network = self.network(crs, &Objects::default())?;
        let bounds = network.as_ref().and_then(Roads::bounds);
        let [west, south, east, north] = match (spec.extent, bounds) {
            (Some(extent), _) => extent,
            (None, Some((low, high))) => [low.x - AROUND, low.y - AROUND, high.x + AROUND, high.y + AROUND],
            (None, None) => return Err(Error::scenario("city", "has no ground", "write terrain = \"FILE.tif\"")),
        };
        let cell = spec.cell_m.unwrap_or(CELL);
        // Whole cells of the plane, so that runs of one region lie on one grid.
        let (west, north) = ((west / cell).floor() * cell, (north / cell).ceil() * cell);
        let (cols, rows) = (((east - west) / cell).ceil().max(1.0), ((north - south) / cell).ceil().max(1.0));
        if cols * rows > self.most_cells as f64 {
            let problem = format!("makes {:.0} cells", cols * rows);
            return Err(Error::scenario("city.cell_m", problem, "write a larger cell_m, or an extent"));
        }
        check_memory((cols * rows) as u64, cell, "the city")?;
        let grid = Grid { cols: cols as usize, rows: rows as usize, cell, west, north, crs };
        network.as_ref().map_or(Ok(()), |roads| self.touch(roads, &grid))?;
        let flat = |name: &str, unit: &str, words: &str| Raster::uniform(grid, name, unit, 0.0).described(words);
        Ok(City {
            title: self.spec.title.clone(),
            synthetic: spec.synthetic,
            grid,
            terrain: flat("terrain", "m", "Height of the ground, which is not known: 0 everywhere"),
            buildings: None,
            manning: flat("manning", "s/m^(1/3)", "not known"),
            infiltration: flat("infiltration", "m/s", "not known"),
            soil: Soil::default(),
            water: None,
            cover: None,
            albedo: None,
            sewered: None,
            canopy: None,
            objects: Objects {
                network: network.as_ref().map(hanze_city::roads::objects).unwrap_or_default(),
                ..Objects::default()
            },
            places: Default::default(),
            network,
            districts: Vec::new(),
        })
    }
}
