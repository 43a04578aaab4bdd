//! Numbers in checkpoints.

use std::io::{Error, ErrorKind, Read, Result, Write};

/// Numbers that a list of unknown length in a checkpoint may have.
const MOST: usize = 1 << 26;

/// A checkpoint that does not fit.
pub fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "the checkpoint is damaged or of another scenario")
}

/// Writes the number of values and the values, as they lie in memory (little-endian on every machine we know).
pub fn write<T: bytemuck::Pod>(out: &mut dyn Write, values: &[T]) -> Result<()> {
    out.write_all(&(values.len() as u64).to_le_bytes())?;
    out.write_all(bytemuck::cast_slice(values))
}

/// Reads what `write` wrote; where `count` is known, any other number is refused before memory is set aside.
pub fn read<T: bytemuck::Pod>(from: &mut dyn Read, count: Option<usize>) -> Result<Vec<T>> {
    let length = length(from)?;
    if count.map_or(length > MOST, |count| count != length) {
        return Err(damaged());
    }
    let mut values = vec![T::zeroed(); length];
    from.read_exact(bytemuck::cast_slice_mut(&mut values))?;
    Ok(values)
}

/// The same into values that are there; any other number is refused.
pub fn read_into<T: bytemuck::Pod>(from: &mut dyn Read, values: &mut [T]) -> Result<()> {
    if length(from)? != values.len() {
        return Err(damaged());
    }
    from.read_exact(bytemuck::cast_slice_mut(values))
}

/// The number of values that follow.
fn length(from: &mut dyn Read) -> Result<usize> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    usize::try_from(u64::from_le_bytes(length)).map_err(|_| damaged())
}

const _: () = assert!(cfg!(target_endian = "little"), "checkpoints and buffers are little-endian");
