//! What processes cost: CPU seconds and resident memory, as the kernel counts them in `/proc`.

use std::{collections::HashMap, fs, time::Duration};

/// The kernel reports CPU time in hundredths of a second on every Linux that runs here.
const TICKS_PER_SECOND: u64 = 100;

struct Stat {
    parent: u32,
    ticks: u64,
}

/// The command name stands in brackets and may itself hold blanks and brackets: fields are counted
/// from the last one.
fn parse(stat: &str) -> Option<Stat> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let field = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(field(1)?).ok()?,
        // utime, stime, and the same of children that ended.
        ticks: field(11)? + field(12)? + field(13)? + field(14)?,
    })
}

fn read(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// CPU seconds that `pid` and all its descendants have used so far. Compare two moments of it.
pub fn cpu_of_tree(pid: u32) -> f64 {
    let stats: HashMap<u32, Stat> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, read(pid)?)))
        .collect();
    let belongs = |mut candidate: u32| {
        // A tree of processes is shallow; the bound only guards against a cycle of reused ids.
        for _ in 0..64 {
            if candidate == pid {
                return true;
            }
            match stats.get(&candidate) {
                Some(stat) => candidate = stat.parent,
                None => return false,
            }
        }
        false
    };
    let ticks: u64 = stats
        .iter()
        .filter(|(candidate, _)| belongs(**candidate))
        .map(|(_, stat)| stat.ticks)
        .sum();
    ticks as f64 / TICKS_PER_SECOND as f64
}

/// CPU time that the calling thread alone has used.
pub fn cpu_of_this_thread() -> Duration {
    let ticks = fs::read_to_string("/proc/thread-self/stat")
        .ok()
        .and_then(|stat| parse(&stat))
        .map_or(0, |stat| stat.ticks);
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// Resident bytes of this process that belong to it alone, not to files it maps.
pub fn resident_bytes() -> u64 {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        })
        .map_or(0, |kib| kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_whose_name_holds_brackets_is_still_counted() {
        let stat = parse("42 (a) b) S 7 42 42 0 -1 0 0 0 0 0 10 20 3 4 20 0").unwrap();
        assert_eq!(stat.parent, 7);
        assert_eq!(stat.ticks, 37);
    }

    #[test]
    fn this_process_has_a_parent_and_memory() {
        assert!(read(std::process::id()).is_some());
        assert!(resident_bytes() > 0);
    }
}
