//! What the kernel says about the cost of processes.

use std::fs;
use std::time::Duration;

/// User and system time of this process; zero where the system does not tell.
pub(crate) fn own_cpu() -> Duration {
    cpu(11)
}

/// User and system time of all children that have ended; zero where the system does not tell.
pub(crate) fn children_cpu() -> Duration {
    cpu(13)
}

/// The sum of two fields of `/proc/self/stat`, counted from behind the name.
fn cpu(first: usize) -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after_name.split_whitespace().skip(first).take(2);
    // Linux shows a hundred ticks a second to programs, whatever it counts itself.
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// A line of `/proc/ID/status`, such as `VmHWM`, the most memory held so far.
pub(crate) fn status(id: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let words: Vec<&str> = line.trim_start_matches(':').split_whitespace().collect();
    Some(words.join(" "))
}
