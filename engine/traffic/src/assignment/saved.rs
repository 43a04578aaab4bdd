//! Routes in checkpoints. Trees are not in them: they come out the same if they are searched anew.

use super::super::network::Network;
use super::super::shortest::NONE;
use super::group::{Group, Pair, Route};
use super::{Assignment, CutOff, MOST_KEPT, Progress};
use hanze_model::saved::{damaged, read, write};
use std::io::{Read, Write};

impl Assignment {
    /// Writes the flows of all paths.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn save(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let pairs: Vec<(&Group, &Pair)> =
            self.groups.iter().flat_map(|group| group.pairs.iter().map(move |pair| (group, pair))).collect();
        let paths: Vec<(&Group, &Route)> =
            pairs.iter().flat_map(|&(group, pair)| group.paths_of(pair).map(move |path| (group, path))).collect();
        let keys = pairs.iter().flat_map(|(group, pair)| {
            [u32::from(group.class), group.from, pair.to, group.paths_of(pair).count() as u32]
        });
        write(out, &keys.collect::<Vec<u32>>())?;
        write(out, &pairs.iter().map(|(_, pair)| pair.trips).collect::<Vec<f64>>())?;
        write(out, &paths.iter().map(|(_, path)| path.count).collect::<Vec<u32>>())?;
        write(out, &paths.iter().flat_map(|(_, path)| [path.flow, path.extra]).collect::<Vec<f64>>())?;
        let links = paths.iter().flat_map(|(group, path)| path.of(&group.links).iter().copied());
        write(out, &links.collect::<Vec<u32>>())?;
        write(out, &self.flow)?;
        let cut = self.cut_off.iter().flat_map(|cut| [cut.class as u32, cut.from, cut.to]);
        write(out, &cut.collect::<Vec<u32>>())?;
        write(out, &self.cut_off.iter().map(|cut| cut.trips).collect::<Vec<f64>>())?;
        write(out, &[self.progress.round as f64, self.progress.gap])
    }

    /// Reads what `save` wrote for the same network.
    ///
    /// # Errors
    /// Where the reader fails, or what it gives does not fit the network.
    pub fn load(from: &mut dyn Read, network: &Network) -> std::io::Result<Assignment> {
        let pairs = read::<u32>(from, None)?;
        let trips = read::<f64>(from, Some(pairs.len() / 4))?;
        let lengths = read::<u32>(from, None)?;
        let flows = read::<f64>(from, Some(2 * lengths.len()))?;
        let links = read::<u32>(from, None)?;
        let flow = read::<f64>(from, Some(network.links.len()))?;
        let cut = read::<u32>(from, None)?;
        let cut_trips = read::<f64>(from, Some(cut.len() / 3))?;
        let progress = read::<f64>(from, Some(2))?;
        let is_zone = |cut: &[u32]| cut[0] < 3 && (cut[1].max(cut[2]) as usize) < network.zones;
        if !cut.chunks_exact(3).all(is_zone) {
            return Err(damaged());
        }
        if links.iter().any(|link| *link as usize >= network.links.len()) {
            return Err(damaged());
        }
        let (mut path, mut at) = (0, 0);
        let mut groups: Vec<Group> = Vec::new();
        for (numbers, trips) in pairs.chunks_exact(4).zip(trips) {
            let class = u8::try_from(numbers[0]).map_err(|_| damaged())?;
            let is_known = usize::from(class) < network.classes.len().max(1);
            if numbers[3] == 0 || !is_known || numbers[1].max(numbers[2]) as usize >= network.zones {
                return Err(damaged());
            }
            if groups.last().is_none_or(|group| (group.class, group.from) != (class, numbers[1])) {
                groups.push(Group::new(class, numbers[1]));
            }
            let Some(group) = groups.last_mut() else { return Err(damaged()) };
            group.pairs.push(Pair { to: numbers[2], first: NONE, is_best: false, trips });
            for _ in 0..numbers[3] {
                let length = *lengths.get(path).ok_or_else(damaged)? as usize;
                let start = group.links.len();
                group.links.extend(links.get(at..at + length).ok_or_else(damaged)?);
                group.push_path(start, flows[2 * path], flows[2 * path + 1]);
                (path, at) = (path + 1, at + length);
            }
        }
        groups.iter_mut().for_each(Group::note_several);
        let cut_off = cut.chunks_exact(3).zip(cut_trips).map(|(cut, trips)| CutOff {
            class: cut[0] as usize,
            from: cut[1],
            to: cut[2],
            trips,
        });
        let cut_off = cut_off.collect();
        let progress = Progress { round: progress[0] as usize, gap: progress[1] };
        Ok(Assignment { groups, flow, cut_off, progress, most_kept: MOST_KEPT })
    }
}
