//! The table that a run ends with, and what a reader needs to judge it.

use std::{fmt, fs, process::Command};

/// One measured quantity, once for each run.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub measure: String,
    pub values: Vec<f64>,
}

impl Row {
    pub fn new(measure: impl Into<String>, value: f64) -> Self {
        Self { measure: measure.into(), values: vec![value] }
    }

    /// Puts the same quantities of several runs together.
    pub fn merge(runs: Vec<Vec<Self>>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for row in runs.into_iter().flatten() {
            match merged.iter_mut().find(|known| known.measure == row.measure) {
                Some(known) => known.values.extend(row.values),
                None => merged.push(row),
            }
        }
        merged
    }

    fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[length / 2],
            length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
        }
    }

    fn range(&self) -> String {
        if self.values.len() < 2 {
            return String::new();
        }
        let least = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{} to {}", readable(least), readable(most))
    }
}

/// The value below which this share of the sorted values lies.
pub fn percentile(sorted: &[u64], share: f64) -> f64 {
    let position = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(position).copied().map_or(f64::NAN, |value| value as f64)
}

/// A number with as many digits as mean something.
fn readable(value: f64) -> String {
    match value.abs() {
        1_000.0.. => {
            let digits = format!("{value:.0}");
            let mut text = String::new();
            for (position, digit) in digits.chars().enumerate() {
                if position > 0 && (digits.len() - position).is_multiple_of(3) && !text.ends_with('-') {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[derive(Debug)]
pub struct Report {
    /// How busy the machine was with other things.
    load_before: String,
    rows: Vec<(&'static str, String, Row)>,
    left_out: Vec<String>,
    failed: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load_before = load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned();
        Self { load_before, rows: Vec::new(), left_out: Vec::new(), failed: Vec::new() }
    }
}

impl Report {
    pub fn add(&mut self, scenario: &'static str, place: &str, rows: Vec<Row>) {
        self.rows.extend(rows.into_iter().map(|row| (scenario, place.to_owned(), row)));
    }

    /// Something that cannot be measured here, and why.
    pub fn leave_out(&mut self, reason: String) {
        self.left_out.push(reason);
    }

    /// Something that should have been measured, and what went wrong.
    pub fn fail(&mut self, reason: String) {
        self.failed.push(reason);
    }

    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", machine())?;
        writeln!(formatter, "Load average before: {}", self.load_before)?;
        writeln!(formatter, "Command: `{}`\n", std::env::args().collect::<Vec<_>>().join(" "))?;
        writeln!(formatter, "| scenario | on | measure | median | runs |\n|---|---|---|--:|---|")?;
        for (scenario, place, row) in &self.rows {
            let (measure, median, range) = (&row.measure, readable(row.median()), row.range());
            writeln!(formatter, "| {scenario} | {place} | {measure} | {median} | {range} |")?;
        }
        for reason in &self.left_out {
            writeln!(formatter, "\nLeft out: {reason}")?;
        }
        for reason in &self.failed {
            writeln!(formatter, "\nFailed: {reason}")?;
        }
        Ok(())
    }
}

/// What ran where.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str, divider: char| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(divider)).map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    let unknown = || String::from("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = field(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(unknown);
    let memory = field(&read("/proc/meminfo"), "MemTotal", ':')
        .and_then(|value| value.split(' ').next()?.parse::<u64>().ok())
        .map_or_else(unknown, |kilobytes| format!("{:.1} GB", kilobytes as f64 / 1e6));
    let system = field(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_else(unknown);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "Machine: {cores} cores, {processor}, {memory}; {system}, Linux {}; the generator shares it\nCommit: {}",
        kernel.trim(),
        commit().unwrap_or_else(unknown)
    )
}

/// The commit of the folder that this runs in, and whether something in it is not committed.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    Some(if changed { format!("{commit}, with changes that are not committed") } else { commit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_together_in_their_median_and_range() {
        let runs = [3.0, 1.0, 2.0].map(|value| vec![Row::new("a second", value)]);
        let merged = Row::merge(runs.to_vec());
        assert_eq!(merged.len(), 1);
        assert_eq!((merged[0].median(), merged[0].range().as_str()), (2.0, "1.00 to 3.00"));
        assert_eq!(Row { values: vec![1.0, 2.0], ..merged[0].clone() }.median(), 1.5);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<u64> = (1..=100).collect();
        assert_eq!(
            (percentile(&sorted, 0.5), percentile(&sorted, 0.99), percentile(&sorted, 1.0)),
            (50.0, 99.0, 100.0)
        );
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        assert_eq!([0.123, 12.34, 123.4, 1_234_567.8].map(readable), ["0.12", "12.3", "123", "1,234,568"]);
    }
}
