//! The memory this process may take: the least that any control group around it, or the machine itself, allows.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// In bytes; `None` where nothing tells, as on systems without `/proc`.
pub(super) fn memory(root: &Path) -> Option<u64> {
    let groups = read(root, "proc/self/cgroup").unwrap_or_default();
    let mounts = read(root, "proc/self/mountinfo").unwrap_or_default();
    let limits = mounts.lines().filter_map(Mount::parse).flat_map(|mount| mount.limits(root, &groups));
    limits.chain(machine(root)).min()
}

/// Where a hierarchy of control groups can be seen that may limit memory.
struct Mount<'line> {
    /// The group that shows at `point`: not the topmost one in most containers.
    group: &'line str,
    point: &'line str,
    version: Version,
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

impl<'line> Mount<'line> {
    /// One line of `/proc/self/mountinfo`: `31 23 0:28 /group /point options - type source options`.
    fn parse(line: &'line str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let (mut place, mut kind) = (place.split(' ').skip(3), kind.split(' '));
        let (group, point) = (place.next()?, place.next()?);
        let version = match (kind.next()?, kind.nth(1)?) {
            ("cgroup2", _) => Version::Two,
            ("cgroup", options) if options.split(',').any(|option| option == "memory") => Version::One,
            _ => return None,
        };
        Some(Self { group, point, version })
    }

    /// What our group and those above it say, as far as they can be seen.
    fn limits(&self, root: &Path, groups: &str) -> Vec<u64> {
        let top = root.join(self.point.trim_start_matches('/'));
        let ours = top.join(self.below(groups));
        let visible = ours.ancestors().take_while(|group| group.starts_with(&top));
        // A group that is hidden from a container has no file here; neither has the topmost.
        visible
            .filter_map(|group| fs::read_to_string(group.join(self.file())).ok()?.trim().parse().ok())
            .collect()
    }

    /// Our group, as a path below the mount; empty where we cannot tell.
    fn below(&self, groups: &str) -> PathBuf {
        let ours = groups.lines().find_map(|line| self.version.group(line)).unwrap_or_default();
        let below = Path::new(ours).strip_prefix(self.group).unwrap_or(Path::new(""));
        // A group outside of our name space is shown as `/../..`.
        let climbs = below.components().any(|component| component == Component::ParentDir);
        if climbs { PathBuf::new() } else { below.to_owned() }
    }

    const fn file(&self) -> &'static str {
        match self.version {
            Version::One => "memory.limit_in_bytes",
            Version::Two => "memory.max",
        }
    }
}

impl Version {
    /// The group in one line of `/proc/self/cgroup`, `id:controllers:/group`, if the line is of this version.
    fn group(self, line: &str) -> Option<&str> {
        let (id, rest) = line.split_once(':')?;
        let (controllers, group) = rest.split_once(':')?;
        let matches = match self {
            Self::One => controllers.split(',').any(|controller| controller == "memory"),
            Self::Two => id == "0" && controllers.is_empty(),
        };
        matches.then_some(group)
    }
}

/// What the machine has at all.
fn machine(root: &Path) -> Option<u64> {
    let facts = read(root, "proc/meminfo")?;
    let total = facts.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

fn read(root: &Path, file: &str) -> Option<String> {
    fs::read_to_string(root.join(file)).ok()
}

#[cfg(test)]
mod tests;
