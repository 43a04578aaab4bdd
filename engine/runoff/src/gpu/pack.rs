//! Arrays beside each other: a cell's numbers of several arrays lie together on the device.

/// Cells that are packed at a time: the numbers of all their arrays stay in the cache.
const CELLS: usize = 4096;

/// Packs arrays that have so many values from word `.0` of each cell's `words` on.
pub fn pack(words: usize, cells: usize, arrays: &[(usize, &[u32])]) -> Vec<u32> {
    let mut packed = vec![0; words * cells];
    for (k, packed) in packed.chunks_mut(words * CELLS).enumerate() {
        for (word, values) in arrays {
            for (cell, value) in packed.chunks_exact_mut(words).zip(&values[k * CELLS..]) {
                cell[*word] = *value;
            }
        }
    }
    packed
}

/// Puts the numbers of packed cells into arrays, to word `.0` of each cell's `words` its array.
pub fn unpack(words: usize, packed: &[u32], arrays: &mut [(usize, &mut [u32])]) {
    for (k, packed) in packed.chunks(words * CELLS).enumerate() {
        for (word, values) in &mut *arrays {
            for (cell, value) in packed.chunks_exact(words).zip(&mut values[k * CELLS..]) {
                *value = cell[*word];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for cells in [1, CELLS, 2 * CELLS + 3] {
            let [first, second] = [0, 1].map(|k| (0..cells as u32).map(|i| 2 * i + k).collect::<Vec<u32>>());
            let packed = pack(4, cells, &[(3, &first), (0, &second)]);
            assert_eq!(
                (packed.len(), &packed[4 * cells - 4..]),
                (4 * cells, &[2 * cells as u32 - 1, 0, 0, 2 * cells as u32 - 2][..])
            );
            let [mut third, mut fourth] = [(); 2].map(|()| vec![7; cells]);
            unpack(4, &packed, &mut [(0, &mut third), (3, &mut fourth)]);
            assert!(third == second && fourth == first, "{cells} cells");
            assert_eq!(pack(1, cells, &[(0, &first)]), first);
        }
    }
}
