//! How much memory a worker may take.

use std::path::Path;

/// Share of the machine's memory that a worker may take; the rest is for the server and whatever else runs.
const SHARE: f64 = 0.8;

/// Megabytes that a worker may take where none are named: a share of what the machine has, or of what the group of processes
/// may have that this one is in (a container, a service).
pub fn usual() -> u64 {
    let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let machine = text(Path::new("/proc/meminfo"));
    let machine =
        machine.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    let groups = text(Path::new("/proc/self/cgroup"));
    let groups = groups.lines().filter_map(group).flat_map(|(folder, name, file)| {
        // A limit of any group above holds, too; within a container the name may be that of the machine.
        Path::new(name.trim_start_matches('/'))
            .ancestors()
            .map(move |above| Path::new(folder).join(above).join(file))
            .collect::<Vec<_>>()
    });
    let groups = groups.filter_map(|path| text(&path).trim().parse::<u64>().ok());
    let least = machine.map(|kilobytes: u64| kilobytes * 1024).into_iter().chain(groups).min();
    // Where nothing tells, nothing is limited.
    least.map_or(u64::MAX >> 20, |bytes| ((SHARE * bytes as f64) as u64 >> 20).max(64))
}

/// Where a line of /proc/self/cgroup has its limit of memory: a folder, a name in it, and a file in that.
fn group(line: &str) -> Option<(&'static str, &str, &'static str)> {
    let mut parts = line.splitn(3, ':');
    let (_, kinds, name) = (parts.next()?, parts.next()?, parts.next()?);
    match kinds {
        "" => Some(("/sys/fs/cgroup", name, "memory.max")),
        _ if kinds.split(',').any(|kind| kind == "memory") => {
            Some(("/sys/fs/cgroup/memory", name, "memory.limit_in_bytes"))
        }
        _ => None,
    }
}

/// Limits the memory of this process: what goes beyond is refused to it, and it ends alone. Where a machine has too little for
/// all, this process goes first.
#[cfg(unix)]
pub fn limit(bytes: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Data);
    let current = [Some(bytes), before.current, before.maximum].into_iter().flatten().min();
    if let Err(error) = setrlimit(Resource::Data, Rlimit { current, maximum: before.maximum }) {
        tracing::warn!(%error, "the memory of the worker is not limited");
    }
    if cfg!(target_os = "linux")
        && let Err(error) = std::fs::write("/proc/self/oom_score_adj", "500")
    {
        tracing::debug!(%error, "the worker does not go first where memory is short");
    }
}

/// Limits the memory of this process, where the system can.
#[cfg(not(unix))]
pub fn limit(_: u64) {
    tracing::warn!("this system does not limit the memory of the worker");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_groups_are_found() {
        assert_eq!(group("0::/user.slice/x"), Some(("/sys/fs/cgroup", "/user.slice/x", "memory.max")));
        let old = Some(("/sys/fs/cgroup/memory", "/docker/1:2", "memory.limit_in_bytes"));
        assert_eq!(group("9:cpu,memory:/docker/1:2"), old);
        assert_eq!(group("3:cpuset:/"), None);
        assert_eq!(group(""), None);
        // Whatever this machine is, it has some memory, and a worker does not get all.
        assert!(usual() >= 64);
    }
}
