//! Kinds of values: how they are written, and what is said when they are not.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};

/// Why a value cannot be used: what it was, where that may be shown, and what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    got: Option<String>,
    wanted: &'static str,
}

impl Unusable {
    pub fn new(got: &str, wanted: &'static str) -> Self {
        Self { got: Some(got.to_owned()), wanted }
    }

    /// For values that must not appear in a log.
    pub fn secret(wanted: &'static str) -> Self {
        Self { got: None, wanted }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.got {
            Some(got) => write!(formatter, "got `{got}`, wants {}", self.wanted),
            None => write!(formatter, "wants {}", self.wanted),
        }
    }
}

impl std::error::Error for Unusable {}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// A length of time, written as a number and a unit: `90s`, `15m`, `12h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(pub Duration);

impl FromStr for Interval {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || Unusable::new(text, "a number and a unit, such as 90s, 15m, 12h or 7d");
        let unit = text.chars().last().ok_or_else(error)?;
        let seconds: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(error()),
        };
        let number: u64 = text[..text.len() - 1].parse().map_err(|_| error())?;
        if number == 0 {
            return Err(error());
        }
        number.checked_mul(seconds).map(|seconds| Self(Duration::from_secs(seconds))).ok_or_else(error)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Reads any value from the environment, saying what is wanted.
pub fn parse<T: FromStr>(text: &str, wanted: &'static str) -> Result<T, Unusable> {
    text.trim().parse().map_err(|_| Unusable::new(text, wanted))
}

/// A whole number of at least one.
pub fn positive<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, Unusable> {
    let wanted = "a whole number, at least 1";
    let number: T = parse(text, wanted)?;
    if number < T::from(1) { Err(Unusable::new(text, wanted)) } else { Ok(number) }
}

/// Items separated by commas.
pub fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_number_and_a_unit() {
        assert_eq!("7d".parse(), Ok(Interval(Duration::from_secs(604_800))));
        assert_eq!("1s".parse(), Ok(Interval(Duration::from_secs(1))));
        for text in ["", "7", "d", "0s", "-1h", "7 days", "99999999999999999d", "7é"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
