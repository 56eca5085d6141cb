//! How fast codes of a second factor may be tried.

use chrono::TimeDelta;

/// Wrong codes that cost no time: people mistype, and phones' clocks are wrong.
const FREE: u32 = 4;
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// How long to wait after this many attempts without a right one. Six digits are few: at a quarter of an hour for each, somebody
/// who has the password has an even chance after six years (three of a million codes are good at a time).
pub fn wait_after(attempts: u32) -> TimeDelta {
    match attempts.checked_sub(FREE + 1) {
        None => TimeDelta::zero(),
        Some(beyond) => TimeDelta::minutes(1_i64 << beyond.min(4)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_mistypes_goes_on_and_who_guesses_waits() {
        let minutes = |attempts| wait_after(attempts).num_minutes();
        assert_eq!([0, 1, 4, 5, 6, 7, 8, 9, 100].map(minutes), [0, 0, 0, 1, 2, 4, 8, 15, 15]);
    }
}
