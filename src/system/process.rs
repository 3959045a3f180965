//! What the operating system says of this process.

use std::fs;

/// What it takes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pub resident_bytes: u64,
    pub open_files: usize,
}

impl Process {
    /// `None` where nobody keeps such accounts, as on other systems than Linux.
    pub fn look() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let open_files = fs::read_dir("/proc/self/fd").ok()?.count();
        Some(Self { resident_bytes: resident(&status)?, open_files })
    }
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_that_is_ours_is_found_among_all_that_is_said() {
        assert_eq!(resident("VmHWM:\t 9 kB\nVmRSS:\t   2048 kB\nThreads:\t4\n"), Some(2_097_152));
        assert_eq!(resident("Name:\tportcullis\n"), None);
    }
}
