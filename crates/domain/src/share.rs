//! A share of a whole.

use std::{fmt, str::FromStr};

/// From none to all, to a hundredth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

/// Why a number is not a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants a number from 0 to 1, such as 0.95")]
pub struct NotAShare;

impl Share {
    const WHOLE: u16 = 10_000;
    pub const ALL: Self = Self(Self::WHOLE);

    /// `0.95` is 95 of a hundred.
    pub fn from_fraction(fraction: f64) -> Result<Self, NotAShare> {
        if (0.0..=1.0).contains(&fraction) {
            Ok(Self((fraction * f64::from(Self::WHOLE)).round() as u16))
        } else {
            Err(NotAShare)
        }
    }

    pub fn from_ten_thousandths(number: i32) -> Result<Self, NotAShare> {
        u16::try_from(number).ok().filter(|number| *number <= Self::WHOLE).map(Self).ok_or(NotAShare)
    }

    pub fn ten_thousandths(self) -> i32 {
        i32::from(self.0)
    }

    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }

    /// The share that a part is of a whole, rounded down: only all is all. Of nothing, none.
    pub fn of(part: usize, whole: usize) -> Self {
        let share = (part as u128 * u128::from(Self::WHOLE)).checked_div(whole as u128).unwrap_or(0);
        Self(u16::try_from(share).unwrap_or(Self::WHOLE).min(Self::WHOLE))
    }

    /// Whether a part is at least this much of a whole.
    pub fn is_reached(self, part: usize, whole: usize) -> bool {
        part as u128 * u128::from(Self::WHOLE) >= u128::from(self.0) * whole as u128
    }
}

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, NotAShare> {
        text.parse().map_err(|_| NotAShare).and_then(Self::from_fraction)
    }
}

/// In percent.
impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = f64::from(self.0) / 100.0;
        write!(formatter, "{percent} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_between_none_and_all() {
        assert_eq!("0.95".parse(), Ok(Share(9_500)));
        assert_eq!("1".parse(), Ok(Share::ALL));
        for text in ["1.01", "-0.1", "NaN", "95", "all", ""] {
            assert_eq!(text.parse::<Share>(), Err(NotAShare), "{text}");
        }
        assert_eq!((Share(9_750).to_string(), Share(9_750).fraction()), ("97.5 %".into(), 0.975));
    }

    #[test]
    fn a_share_is_reached_exactly_or_not_at_all() {
        assert!(Share::ALL.is_reached(90, 90) && !Share::ALL.is_reached(89, 90));
        assert!(Share(9_500).is_reached(19, 20) && !Share(9_500).is_reached(18, 19));
        assert!(Share(0).is_reached(0, 3));
        assert_eq!((Share::of(29_999, 30_000), Share::of(0, 0)), (Share(9_999), Share(0)));
    }
}
