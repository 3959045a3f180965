//! Control groups as they are found in the wild, rebuilt as trees of files.

use std::{
    fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use super::memory;

const MIB: u64 = 1 << 20;
const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\n");
const V2: (&str, &str) =
    ("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
const V1: (&str, &str) = (
    "proc/self/mountinfo",
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
     34 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
     35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n",
);

/// A file system of its own, removed at the end.
struct Tree(PathBuf);

impl Tree {
    fn of(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("portcullis-limit-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self(root)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn limit(files: &[(&str, &str)]) -> Option<u64> {
    memory(&Tree::of(files).0)
}

#[test]
fn version_2_says_max_where_there_is_no_limit() {
    let own = ("proc/self/cgroup", "0::/pod/portcullis\n");
    let file = "sys/fs/cgroup/pod/portcullis/memory.max";
    assert_eq!(limit(&[MACHINE, V2, own, (file, "max\n")]), Some(16384 * MIB));
    assert_eq!(limit(&[MACHINE, V2, own, (file, "268435456\n")]), Some(256 * MIB));
}

#[test]
fn the_least_of_all_groups_above_holds() {
    let own = ("proc/self/cgroup", "0::/kube/pod/portcullis\n");
    let files = [
        ("sys/fs/cgroup/kube/pod/portcullis/memory.max", "max"),
        ("sys/fs/cgroup/kube/pod/memory.max", "314572800"),
        ("sys/fs/cgroup/kube/memory.max", "629145600"),
        ("sys/fs/cgroup/other/memory.max", "1"),
    ];
    assert_eq!(limit(&[&[MACHINE, V2, own], &files[..]].concat()), Some(300 * MIB));
}

#[test]
fn a_container_that_sees_only_its_own_group_finds_the_limit_at_the_mount() {
    let at_the_mount = ("sys/fs/cgroup/memory.max", "209715200");
    for seen in ["0::/\n", "0::/host/path/nobody/here/sees\n", "0::/../../elsewhere\n"] {
        assert_eq!(
            limit(&[MACHINE, V2, ("proc/self/cgroup", seen), at_the_mount]),
            Some(200 * MIB),
            "{seen}"
        );
    }
}

#[test]
fn version_1_says_a_huge_number_where_there_is_no_limit() {
    let own = ("proc/self/cgroup", "5:devices:/\n4:cpu,memory:/docker/abc\n1:cpuset:/elsewhere\n0::/\n");
    let top = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    let file = "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes";
    assert_eq!(limit(&[MACHINE, V1, own, top, (file, "9223372036854771712\n")]), Some(16384 * MIB));
    assert_eq!(limit(&[MACHINE, V1, own, top, (file, "134217728\n")]), Some(128 * MIB));
}

#[test]
fn a_mount_that_shows_a_group_in_the_middle_is_read_from_there() {
    let own = ("proc/self/cgroup", "4:memory:/docker/abc/inner\n");
    let mount = (
        "proc/self/mountinfo",
        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
    );
    let files = [
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456"),
        ("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "134217728"),
    ];
    assert_eq!(limit(&[&[MACHINE, own, mount], &files[..]].concat()), Some(128 * MIB));
}

#[test]
fn both_versions_at_once_are_both_obeyed() {
    let own = ("proc/self/cgroup", "4:memory:/a\n0::/b\n");
    let mounts = (
        "proc/self/mountinfo",
        &*format!("{}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n", V1.1),
    );
    let files = [
        ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "268435456"),
        ("sys/fs/cgroup/unified/b/memory.max", "134217728"),
    ];
    assert_eq!(limit(&[&[MACHINE, own, mounts], &files[..]].concat()), Some(128 * MIB));
}

#[test]
fn what_is_missing_or_unreadable_limits_nothing() {
    assert_eq!(limit(&[]), None);
    assert_eq!(limit(&[MACHINE]), Some(16384 * MIB));
    assert_eq!(limit(&[MACHINE, V2]), Some(16384 * MIB));
    let nonsense = [
        ("proc/self/cgroup", "nonsense\n::\n0::/a\n"),
        ("sys/fs/cgroup/a/memory.max", "lots"),
        ("proc/meminfo", "MemTotal: some kB"),
    ];
    assert_eq!(limit(&[&[V2], &nonsense[..]].concat()), None);
}

#[cfg(target_os = "linux")]
#[test]
fn this_machine_has_a_limit() {
    assert!(memory(std::path::Path::new("/")).is_some_and(|limit| limit > MIB));
}
