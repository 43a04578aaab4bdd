//! The arrays of a run, declared once: what allocates, saves, loads, copies and reads them goes through this list.

use super::params::{HALO, NEVER, TOTALS_HAZARD, TOTALS_SUNK, TOTALS_SUNK_LOW};
use hanze_base::grid::Grid;
use std::ops::Range;

/// What is known of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Its name in code.
    pub name: &'static str,
    /// What it holds.
    pub words: &'static str,
    /// Unit of its values.
    pub unit: &'static str,
    /// Where a GPU has it; `None` for what only inlets of sewers have, which are a list of their own.
    pub(super) place: Option<Place>,
    /// Whether the layers in time are made from it.
    pub(super) in_frames: bool,
}

impl Array {
    /// Values that it has on a grid of so many cells with the halo.
    pub(super) fn count(&self, cells: usize, has_inlets: bool) -> usize {
        if self.place.is_some() || has_inlets { cells } else { 0 }
    }

    /// Which of a cell's numbers in a plane it is, if it is there.
    pub(super) fn word_in(&self, plane: Plane) -> Option<usize> {
        self.place.filter(|place| place.plane == plane).map(|place| place.word)
    }
}

/// Buffers of a GPU that have numbers for each cell of a strip, plane after plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// `state`.
    State,
    /// `statistics`.
    Statistics,
    /// `totals`.
    Totals,
}

impl Store {
    /// Numbers that a cell has in each plane, one beside the other.
    pub(super) const fn words(self) -> usize {
        match self {
            Store::State | Store::Statistics => 4,
            Store::Totals => 1,
        }
    }
}

/// A plane of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plane {
    pub(super) store: Store,
    pub(super) index: usize,
}

/// Where a GPU has an array: a plane, and which of a cell's numbers in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) plane: Plane,
    pub(super) word: usize,
}

const fn state(word: usize) -> Option<Place> {
    Some(Place { plane: Plane { store: Store::State, index: 0 }, word })
}

const fn statistics(word: usize) -> Option<Place> {
    Some(Place { plane: Plane { store: Store::Statistics, index: 0 }, word })
}

const fn totals(index: usize) -> Option<Place> {
    Some(Place { plane: Plane { store: Store::Totals, index }, word: 0 })
}

/// Declares the arrays: name, type, value on dry land at the start, unit, what it is, where a GPU has it, and
/// whether frames are made from it.
macro_rules! arrays {
    ($($(#[$about:meta])* $Part:ident, $Rows:ident {
        $($name:ident: $kind:ty = $initial:expr, $unit:literal, $words:literal, $place:expr,
            frame: $in_frames:literal;)*
    })*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Part {
            $(#[doc = concat!($words, " (", $unit, ").")] pub $name: Vec<$kind>,)*
        }

        /// Rows of these arrays that one block writes.
        pub struct $Rows<'a> {
            $(#[doc = concat!($words, " (", $unit, ").")] pub $name: &'a mut [$kind],)*
        }

        impl $Part {
            /// The arrays in the order of a checkpoint.
            pub const ARRAYS: &'static [Array] = &[$(Array {
                name: stringify!($name),
                words: $words,
                unit: $unit,
                place: $place,
                in_frames: $in_frames,
            }),*];

            /// Dry land at the start, with as many values of each array as `count` says.
            pub(super) fn new(count: impl Fn(&Array) -> usize) -> $Part {
                let mut counts = $Part::ARRAYS.iter().map(count);
                $(let $name = vec![$initial; counts.next().unwrap_or(0)];)*
                $Part { $($name),* }
            }

            /// A copy of the arrays that are wanted; the others are empty.
            pub(super) fn copied(&self, wanted: Wanted) -> $Part {
                let mut arrays = $Part::ARRAYS.iter();
                let mut takes = || arrays.next().is_some_and(|array| wanted.takes(array));
                $Part { $($name: if takes() { self.$name.clone() } else { Vec::new() }),* }
            }

            /// A stretch of cells of every array; of an empty one nothing.
            pub(super) fn rows(&mut self, cells: Range<usize>) -> $Rows<'_> {
                $Rows { $($name: if self.$name.is_empty() { &mut [] } else { &mut self.$name[cells.clone()] }),* }
            }

            fn inside(self, grid: &Grid) -> $Part {
                $Part { $($name: inside(grid, self.$name)),* }
            }

            fn bits(&self) -> [&[u32]; $Part::ARRAYS.len()] {
                [$(bytemuck::cast_slice(&self.$name)),*]
            }

            fn bits_mut(&mut self) -> [&mut [u32]; $Part::ARRAYS.len()] {
                [$(bytemuck::cast_slice_mut(&mut self.$name)),*]
            }
        }

        impl<'a> $Rows<'a> {
            /// The first cells and the rest.
            pub(super) fn split_at(self, cells: usize) -> ($Rows<'a>, $Rows<'a>) {
                $(let $name = self.$name.split_at_mut(cells.min(self.$name.len()));)*
                ($Rows { $($name: $name.0),* }, $Rows { $($name: $name.1),* })
            }
        }
    )*};
}

// The order is that of checkpoints.
arrays! {
    /// Water: depth, what its rounding lost, and unit discharges.
    State, StateRows {
        depth: f32 = 0.0, "m", "Depth", state(0), frame: true;
        low: f32 = 0.0, "m", "What the depth lost to rounding", state(1), frame: false;
        qx: f32 = 0.0, "m²/s", "Unit discharge to the east", state(2), frame: true;
        qy: f32 = 0.0, "m²/s", "Unit discharge to the south", state(3), frame: true;
    }

    /// What is gathered over time.
    Statistics, StatisticsRows {
        max_depth: f32 = 0.0, "m", "Highest depth", statistics(0), frame: false;
        max_speed: f32 = 0.0, "m/s", "Highest speed in water deeper than `SPEED_DEPTH`", statistics(1), frame: false;
        infiltrated: f32 = 0.0, "m", "Water that went into the soil", totals(TOTALS_SUNK), frame: false;
        infiltrated_low: f32 = 0.0, "m", "What that lost to rounding", totals(TOTALS_SUNK_LOW), frame: false;
        max_hazard: f32 = 0.0, "m²/s",
            "Highest hazard: depth times (speed + 0.5 m/s), and debris on top (DEFRA 2006, FD2321); 0 where dry",
            totals(TOTALS_HAZARD), frame: false;
        sewered: f32 = 0.0, "m", "Water that went into sewers, less what came up; empty where there are none", None,
            frame: false;
        sewered_low: f32 = 0.0, "m", "What that lost to rounding", None, frame: false;
        arrival: u32 = NEVER, "ms", "When the arrival depth was first exceeded; `NEVER` if it was not", statistics(2),
            frame: false;
        duration: u32 = 0, "ms", "How long the duration depth was exceeded", statistics(3), frame: false;
    }
}

/// The arrays of a run; a solver's are padded by the halo, those that [`super::Run::fields`] gives are not.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// The water now.
    pub state: State,
    /// What was gathered over time.
    pub statistics: Statistics,
}

impl Fields {
    /// All arrays in the order of a checkpoint.
    pub fn arrays() -> impl Iterator<Item = &'static Array> {
        State::ARRAYS.iter().chain(Statistics::ARRAYS)
    }

    /// Dry land at the start, with as many values of each array as `count` says.
    pub(super) fn new(count: impl Fn(&Array) -> usize) -> Fields {
        Fields { state: State::new(&count), statistics: Statistics::new(&count) }
    }

    /// All arrays with the bits of their values, in the order of a checkpoint.
    pub fn bits(&self) -> impl Iterator<Item = (&'static Array, &[u32])> {
        Fields::arrays().zip(self.state.bits().into_iter().chain(self.statistics.bits()))
    }

    /// The same, to write to.
    pub fn bits_mut(&mut self) -> impl Iterator<Item = (&'static Array, &mut [u32])> {
        Fields::arrays().zip(self.state.bits_mut().into_iter().chain(self.statistics.bits_mut()))
    }

    /// The same arrays without the halo.
    pub(super) fn inside(self, grid: &Grid) -> Fields {
        Fields { state: self.state.inside(grid), statistics: self.statistics.inside(grid) }
    }
}

/// One value per cell of the grid from a padded array, in its memory.
fn inside<T: Copy>(grid: &Grid, mut values: Vec<T>) -> Vec<T> {
    if values.is_empty() {
        return values;
    }
    let stride = grid.cols + 2 * HALO;
    for row in 0..grid.rows {
        let start = (row + HALO) * stride + HALO;
        values.copy_within(start..start + grid.cols, row * grid.cols);
    }
    values.truncate(grid.len());
    values
}

/// Which arrays are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All, for an outcome or a checkpoint.
    All,
    /// Those that the layers in time are made from.
    Frame,
}

impl Wanted {
    /// Whether an array is among them.
    pub fn takes(self, array: &Array) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Frame => array.in_frames,
        }
    }

    /// The planes that a GPU has them in, each once. Inlets of sewers are apart.
    pub(super) fn planes(self) -> Vec<Plane> {
        let mut planes = Vec::new();
        let places = Fields::arrays().filter(|array| self.takes(array)).filter_map(|array| array.place);
        for plane in places.map(|place| place.plane) {
            if !planes.contains(&plane) {
                planes.push(plane);
            }
        }
        planes
    }
}

#[cfg(test)]
mod tests {
    use super::super::params::TOTALS_OUTFLOW;
    use super::*;

    /// Fields with other values in each array, and as many as `count` says.
    fn fields(count: impl Fn(&Array) -> usize) -> Fields {
        let mut fields = Fields::new(count);
        for (k, (_, values)) in fields.bits_mut().enumerate() {
            values.iter_mut().enumerate().for_each(|(i, value)| *value = (1000 * k + i) as u32);
        }
        fields
    }

    #[test]
    fn the_order_is_that_of_checkpoints() {
        let names: Vec<&str> = Fields::arrays().map(|array| array.name).collect();
        let expected = [
            "depth",
            "low",
            "qx",
            "qy",
            "max_depth",
            "max_speed",
            "infiltrated",
            "infiltrated_low",
            "max_hazard",
            "sewered",
            "sewered_low",
            "arrival",
            "duration",
        ];
        assert_eq!(names, expected, "another order needs another version of checkpoints");
    }

    #[test]
    fn each_entry_is_of_the_array_with_its_name() {
        let place = |array: &Array| Fields::arrays().position(|other| other == array).expect("one of them");
        let fields = fields(|array| 2 + place(array));
        for (k, (array, values)) in fields.bits().enumerate() {
            assert_eq!((place(array), values.len()), (k, 2 + k), "{}", array.name);
            assert_eq!(values[1], (1000 * k + 1) as u32, "{}", array.name);
        }
        // By name, as the solvers see them.
        assert_eq!((fields.state.qy.len(), fields.state.qy[1].to_bits()), (5, 3001));
        assert_eq!((fields.statistics.sewered.len(), fields.statistics.sewered[0].to_bits()), (11, 9000));
        assert_eq!(fields.statistics.duration[..2], [12_000, 12_001]);
    }

    #[test]
    fn dry_land_is_what_a_run_starts_from() {
        let blank = Fields::new(|array| array.count(3, false));
        assert_eq!(blank.statistics.arrival, [NEVER; 3]);
        let zero = |(array, values): (&Array, &[u32])| array.name == "arrival" || values.iter().all(|bits| *bits == 0);
        assert!(blank.bits().all(zero));
        let empty: Vec<&str> = blank.bits().filter(|(_, v)| v.is_empty()).map(|(array, _)| array.name).collect();
        assert_eq!(empty, ["sewered", "sewered_low"]);
        assert!(Fields::new(|array| array.count(3, true)).bits().all(|(_, values)| values.len() == 3));
    }

    #[test]
    fn every_array_has_a_place_of_its_own_and_every_place_an_array() {
        let places: Vec<Place> = Fields::arrays().filter_map(|array| array.place).collect();
        let words =
            |store, index| (0..Store::words(store)).map(move |word| Place { plane: Plane { store, index }, word });
        let totals = (0..TOTALS_OUTFLOW).flat_map(|index| words(Store::Totals, index));
        let expected: Vec<Place> = words(Store::State, 0).chain(words(Store::Statistics, 0)).chain(totals).collect();
        assert_eq!(places.len(), expected.len());
        for place in expected {
            assert_eq!(places.iter().filter(|own| **own == place).count(), 1, "{place:?}");
        }
    }

    #[test]
    fn a_frame_reads_16_bytes_a_cell_from_a_gpu_and_copies_12_on_a_cpu() {
        let bytes = |wanted: Wanted| 4 * wanted.planes().iter().map(|plane| plane.store.words()).sum::<usize>();
        assert_eq!([Wanted::Frame, Wanted::All].map(bytes), [16, 16 + 16 + 4 * TOTALS_OUTFLOW]);
        let all = fields(|array| array.count(5, true));
        let copied = |wanted| Fields { state: all.state.copied(wanted), statistics: all.statistics.copied(wanted) };
        assert_eq!(copied(Wanted::All), all);
        let frame = copied(Wanted::Frame);
        for ((array, part), (_, whole)) in frame.bits().zip(all.bits()) {
            let is_framed = ["depth", "qx", "qy"].contains(&array.name);
            assert_eq!(part, if is_framed { whole } else { &[] }, "{}", array.name);
        }
    }

    #[test]
    fn the_halo_is_cut_off_in_place() {
        let grid = Grid::local(3, 2, 1.0);
        let (stride, cells) = (3 + 2 * HALO, (3 + 2 * HALO) * (2 + 2 * HALO));
        let cut = fields(|array| array.count(cells, false)).inside(&grid);
        for (k, (array, values)) in cut.bits().enumerate() {
            let at = |row: usize, col: usize| (1000 * k + (row + HALO) * stride + col + HALO) as u32;
            let expected = [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2)];
            assert_eq!(values, if array.place.is_some() { &expected[..] } else { &[] }, "{}", array.name);
        }
    }

    #[test]
    fn rows_are_split_in_every_array() {
        let mut all = fields(|array| array.count(10, false));
        let (head, rest) = all.statistics.rows(2..9).split_at(3);
        assert_eq!(
            (&head.arrival[..], &rest.arrival[..]),
            (&[11_002, 11_003, 11_004][..], &[11_005, 11_006, 11_007, 11_008][..])
        );
        assert_eq!((head.duration.len(), rest.duration.len()), (3, 4));
        assert!(head.sewered.is_empty() && rest.sewered.is_empty());
        let (head, rest) = all.state.rows(0..10).split_at(10);
        assert_eq!((head.qx[9].to_bits(), rest.qx.len()), (2009, 0));
    }
}
