//! Layers as others look at them: tiles of the web's map, pictures, values at a place, statistics within an outline.
//!
//! A [`Layer`] reads what is asked for from a Cloud Optimized GeoTIFF and keeps the last blocks of all layers in one
//! [`Cache`] of a fixed size, so that memory does not grow with the number of cities.
//!
//! Users take it through the facade `hanze-engine`, where it is `view`. It may name `hanze-base`, `hanze-output`
//! and the readers of `hanze-city`.

mod paint;
mod picture;
mod statistics;
mod window;

pub use hanze_base::outline::Outline;
pub use paint::{COLORMAPS, Paint, colormap};
pub use picture::Picture;
pub use statistics::Statistics;
pub use window::Window;

use hanze_base::error::Result;
use hanze_base::plane::Plane;
use hanze_city::read::{Block, Cog, Limits};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Cells of a layer at most: a file that claims more is not ours.
const MOST_CELLS: u64 = 4_000_000_000;

/// Blocks of layers that were read lately.
pub struct Cache {
    blocks: Mutex<LruCache<(u64, usize, usize), Arc<Block>>>,
    next: AtomicU64,
}

impl Cache {
    /// A cache of so many blocks; a block of our files takes 1 MiB.
    pub fn new(blocks: NonZeroUsize) -> Cache {
        Cache { blocks: Mutex::new(LruCache::new(blocks)), next: AtomicU64::new(0) }
    }
}

/// A layer that is read in pieces.
pub struct Layer {
    /// Machine name, such as `max_depth`.
    pub name: String,
    /// The file.
    pub cog: Cog,
    /// The way to degrees; `None` where the layer's CRS has none.
    pub plane: Option<Plane>,
    id: u64,
    cache: Arc<Cache>,
}

impl Layer {
    /// Opens the file of a layer.
    ///
    /// # Errors
    /// `Io` where it cannot be read, `Data` where it is damaged.
    pub fn open(path: &Path, name: &str, cache: &Arc<Cache>) -> Result<Layer> {
        let cog = Cog::open(path, Limits { max_cells: MOST_CELLS })?;
        let plane = Plane::of(cog.grid.crs);
        let id = cache.next.fetch_add(1, Ordering::Relaxed);
        Ok(Layer { name: name.into(), cog, plane, id, cache: cache.clone() })
    }

    /// A block of a level, from the cache or the file.
    fn block(&self, level: usize, index: usize) -> Result<Arc<Block>> {
        let key = (self.id, level, index);
        let blocks = || self.cache.blocks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(block) = blocks().get(&key) {
            return Ok(block.clone());
        }
        // Two that miss the same block read it twice, and nobody waits for a disk with the lock held.
        let block = Arc::new(self.cog.block(level, index)?);
        blocks().put(key, block.clone());
        Ok(block)
    }

    /// Value at a point of the layer's plane; `None` outside, NaN where there is no value.
    ///
    /// # Errors
    /// `Io` where a block cannot be read, `Data` where it is damaged.
    pub fn value(&self, (x, y): (f64, f64)) -> Result<Option<f32>> {
        let Some((col, row)) = self.cog.grid.cell_at(x, y) else { return Ok(None) };
        let (width, height) = self.cog.block_size(0);
        let across = self.cog.grid.cols.div_ceil(width);
        let block = self.block(0, row / height * across + col / width)?;
        Ok(Some(block.values[(row - block.top) * block.cols + col - block.left]))
    }

    /// West, south, east and north of the layer, degrees; `None` where its plane is not known.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let (grid, plane) = (&self.cog.grid, self.plane.as_ref()?);
        // Edges are no lines of degrees: some points along them tell how far they bulge.
        const POINTS: usize = 16;
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for k in 0..=POINTS {
            let along = k as f64 / POINTS as f64;
            let (x, y) =
                (grid.west + along * (grid.east() - grid.west), grid.south() + along * (grid.north - grid.south()));
            for point in [(x, grid.south()), (x, grid.north), (grid.west, y), (grid.east(), y)] {
                let (lon, lat) = plane.to_degrees(point)?;
                bounds = [bounds[0].min(lon), bounds[1].min(lat), bounds[2].max(lon), bounds[3].max(lat)];
            }
        }
        Some(bounds)
    }

    /// First zoom level at which the layer fills a good part of a tile, and the first one whose pixels are no larger than
    /// its cells.
    pub fn zooms(&self) -> Option<(u8, u8)> {
        let [west, south, east, north] = self.bounds()?;
        let (low, high) = (hanze_base::plane::to_web((west, south)), hanze_base::plane::to_web((east, north)));
        let extent = (high.0 - low.0).max(high.1 - low.1).max(1e-3);
        let cells = self.cog.grid.cols.max(self.cog.grid.rows) as f64;
        let zoom = |metres: f64| (2.0 * hanze_base::plane::HALF_WORLD / metres).log2();
        let (first, last) = (zoom(extent).floor(), zoom(256.0 * extent / cells).ceil());
        let range = |zoom: f64| zoom.clamp(0.0, 24.0) as u8;
        Some((range(first), range(last).max(range(first))))
    }
}

#[cfg(test)]
mod tests;
