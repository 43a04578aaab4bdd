//! Damaged copies of good files, the same for the same number.

/// Numbers and words that break readers.
const TOKENS: [&[u8]; 22] = [
    b"nan",
    b"NaN",
    b"inf",
    b"-1",
    b"0",
    b"1e308",
    b"-1e-320",
    b"4294967296",
    b"99999999999999999999",
    b"-9999",
    b"\"",
    b"'",
    b"<",
    b">",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b";",
    b"\n",
    b"\xff\xfe\x00",
];
/// Largest file among the tests' data that is damaged, bytes.
const LARGEST_SEED: u64 = 64 << 10;

/// Makes damaged copies of seeds.
pub struct Damage {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

impl Damage {
    /// From good files; the name starts the chance.
    pub fn new(name: &str, seeds: Vec<Vec<u8>>) -> Damage {
        let state = name
            .bytes()
            .fold(0x9e37_79b9_7f4a_7c15, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Damage { seeds, state }
    }

    /// A number below `most`, which is not 0 (SplitMix64).
    fn below(&mut self, most: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most.max(1) as u64) as usize
    }

    /// The next damaged file.
    pub fn next(&mut self) -> Vec<u8> {
        let seed = self.below(self.seeds.len());
        let mut bytes = self.seeds[seed].clone();
        // Heads of files say the most.
        let reach = if self.below(2) == 0 { bytes.len() } else { bytes.len().min(256) };
        // One damage reaches further into a reader than many.
        let most = [1, 1, 6][self.below(3)];
        for _ in 0..1 + self.below(most) {
            let at = self.below(reach.min(bytes.len()));
            self.hurt(&mut bytes, at);
        }
        bytes
    }

    fn hurt(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let end = (at + 1 + self.below(40)).min(bytes.len());
        match self.below(10) {
            _ if bytes.is_empty() => bytes.push(b'0'),
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
            2 if self.below(4) == 0 => bytes.truncate(at),
            2 | 3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, part);
            }
            5 => {
                let other = self.below(self.seeds.len());
                let other = &self.seeds[other];
                let from = (at * other.len() / bytes.len().max(1)).min(other.len());
                let part = other[from..(from + end - at).min(other.len())].to_vec();
                bytes.splice(at..end, part);
            }
            // A whole number of 16, 32 or 64 bits, in either order.
            6 => {
                let value = [0u64, 1, 255, 65_535, 0x7fff_ffff, 0xffff_ffff, u64::MAX, 1 << 40][self.below(8)];
                let width = [2, 4, 8][self.below(3)];
                let own = if self.below(2) == 0 { value.to_le_bytes() } else { value.to_be_bytes() };
                let own = if self.below(2) == 0 { &own[..width] } else { &own[8 - width..] };
                let end = (at + width).min(bytes.len());
                bytes[at..end].copy_from_slice(&own[..end - at]);
            }
            // What looks like a number becomes another one.
            7 | 8 => {
                let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+');
                let begin = (at..bytes.len()).find(|k| is_number(&bytes[*k])).unwrap_or(at);
                let end = (begin..bytes.len()).find(|k| !is_number(&bytes[*k])).unwrap_or(bytes.len());
                let token = TOKENS[self.below(TOKENS.len())];
                bytes.splice(begin..end, token.iter().copied());
            }
            _ => {
                let token = TOKENS[self.below(TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
}

/// Small files of an ending among the tests' data and the reference data, in the order of their names.
pub fn seeds_of(ending: &str) -> Vec<Vec<u8>> {
    let own = std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"));
    let mut folders: Vec<_> = std::iter::once(own).chain(hanze_engine::data_folder()).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.metadata());
            match kind {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.len() <= LARGEST_SEED && path.to_string_lossy().ends_with(&format!(".{ending}")) => {
                    found.push(path)
                }
                _ => {}
            }
        }
    }
    found.sort();
    found.truncate(20);
    found.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Most memory that this process has had, bytes; 0 where the system does not say.
pub fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
