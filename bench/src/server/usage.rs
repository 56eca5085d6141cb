//! What a process and its children use, as Linux counts it.

use std::{collections::HashMap, fs};

/// What a process and all its descendants have used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// CPU time in seconds, of kernel and program together.
    pub cpu_seconds: f64,
    /// Memory in bytes that is resident now.
    pub resident_bytes: u64,
}

impl Usage {
    /// None: there is no such process (any more), or this is not Linux.
    pub fn of(pid: u32) -> Option<Self> {
        let own = stat(pid)?;
        let processes: HashMap<u32, Stat> = fs::read_dir("/proc")
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat(pid)?)))
            .collect();
        let mut total = own.usage();
        for (other, stat) in &processes {
            if *other != pid && descends(*other, pid, &processes) {
                let usage = stat.usage();
                total.cpu_seconds += usage.cpu_seconds;
                total.resident_bytes += usage.resident_bytes;
            }
        }
        Some(total)
    }
}

fn descends(mut process: u32, ancestor: u32, processes: &HashMap<u32, Stat>) -> bool {
    // Bounded: the snapshot is not taken at one instant, so its links could form a circle.
    for _ in 0..64 {
        match processes.get(&process) {
            Some(stat) if stat.parent == ancestor => return true,
            Some(stat) => process = stat.parent,
            None => return false,
        }
    }
    false
}

struct Stat {
    parent: u32,
    ticks: u64,
    resident_pages: u64,
}

impl Stat {
    fn usage(&self) -> Usage {
        Usage {
            cpu_seconds: self.ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
            resident_bytes: self.resident_pages * rustix::param::page_size() as u64,
        }
    }
}

fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `/proc/PID/stat`. The program's name, in parentheses, may itself hold spaces and parentheses.
fn parse(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |position: usize| fields.get(position)?.parse::<u64>().ok();
    Some(Stat { parent: number(1)?.try_into().ok()?, ticks: number(11)? + number(12)?, resident_pages: number(21)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (odd) name) S 3 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 4 0 100 9999 25 18446744073709551615";
        let stat = parse(text).unwrap();
        assert_eq!((stat.parent, stat.ticks, stat.resident_pages), (3, 200, 25));
    }

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident_bytes > 100_000, "{usage:?}");
        assert_eq!(Usage::of(0), None);
    }
}
