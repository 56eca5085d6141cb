//! What the widget measures of itself: how fast and how well it works, and nothing of who uses it or of what is said.

use std::str::FromStr;

use crate::UnknownName;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MeasuredKind {
    /// Milliseconds until the widget's file was here, from the first sign that somebody wants it.
    Load,
    /// The same, until it could be used.
    Open,
    /// The same, until it was connected.
    Connect,
    /// How often in the life of a page the connection was lost and came back.
    Reconnects,
    /// Seconds that a call lasted.
    Call,
    /// Something did not work.
    Error,
}

impl MeasuredKind {
    pub const ALL: [Self; 6] = [Self::Load, Self::Open, Self::Connect, Self::Reconnects, Self::Call, Self::Error];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Open => "open",
            Self::Connect => "connect",
            Self::Reconnects => "reconnects",
            Self::Call => "call",
            Self::Error => "error",
        }
    }

    /// The upper ends of the ranges in which values are counted, each included; what is larger than the last is counted as more.
    /// Empty for what has no value.
    pub const fn ranges(self) -> &'static [u32] {
        match self {
            Self::Load | Self::Open | Self::Connect => &[50, 100, 200, 400, 700, 1_000, 2_000, 4_000, 8_000],
            Self::Reconnects => &[0, 1, 2, 5, 10],
            Self::Call => &[15, 30, 60, 120, 300, 600, 1_800],
            Self::Error => &[],
        }
    }
}

impl FromStr for MeasuredKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownName { what: "measurement" })
    }
}

/// The errors that are counted, by their stable codes. Any other is `OTHER`: a free text could say anything.
pub const MEASURED_ERRORS: [&str; 14] = [
    "AI_ERROR",
    "AI_TIMEOUT",
    "ERASE_FAILED",
    "IDENTITY_REFUSED",
    "INVALID_MESSAGE",
    "NOT_ALLOWED",
    "ORIGIN_NOT_ALLOWED",
    "RATE_LIMITED",
    "SESSION_ENDED",
    "UNAVAILABLE",
    "UNKNOWN_PROJECT",
    "UNREACHABLE",
    "VOICE_UNAVAILABLE",
    "OTHER",
];

/// One thing that was measured, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measured {
    pub kind: MeasuredKind,
    /// The upper end of the range that the value is in, `more`, or an error's code.
    pub range: &'static str,
}

impl Measured {
    /// A value. None: this kind has none.
    pub fn value(kind: MeasuredKind, value: u32) -> Option<Self> {
        let ranges = kind.ranges();
        if ranges.is_empty() {
            return None;
        }
        let range = ranges.iter().find(|end| value <= **end).map_or("more", |end| name(*end));
        Some(Self { kind, range })
    }

    /// An error. None: its code is not one that is counted.
    pub fn error(code: &str) -> Option<Self> {
        let range = MEASURED_ERRORS.into_iter().find(|known| *known == code)?;
        Some(Self { kind: MeasuredKind::Error, range })
    }
}

/// A range's end as it is named.
fn name(end: u32) -> &'static str {
    const NAMES: [(u32, &str); 21] = [
        (0, "0"),
        (1, "1"),
        (2, "2"),
        (5, "5"),
        (10, "10"),
        (15, "15"),
        (30, "30"),
        (50, "50"),
        (60, "60"),
        (100, "100"),
        (120, "120"),
        (200, "200"),
        (300, "300"),
        (400, "400"),
        (600, "600"),
        (700, "700"),
        (1_000, "1000"),
        (1_800, "1800"),
        (2_000, "2000"),
        (4_000, "4000"),
        (8_000, "8000"),
    ];
    NAMES.into_iter().find(|(number, _)| *number == end).map_or("more", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_its_name() {
        for kind in MeasuredKind::ALL {
            for end in kind.ranges() {
                assert_eq!(Measured::value(kind, *end).map(|measured| measured.range), Some(&*end.to_string()));
                assert_ne!(Measured::value(kind, end + 1).map(|measured| measured.range), Some(&*end.to_string()));
            }
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!(Measured::value(MeasuredKind::Load, 8_001).map(|measured| measured.range), Some("more"));
        assert_eq!(Measured::value(MeasuredKind::Error, 1), None);
        assert_eq!(Measured::error("my knee hurts"), None);
    }
}
