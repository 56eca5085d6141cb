//! Numbers that say something: ages, weeks, temperatures. What they mean is a rule; where they count, a pattern.

use super::text::Token;

/// What a number may stand for, by its size and the words after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// More tablets at once than an ordinary dose.
    Many,
    /// No older than three months.
    YoungInfant,
    /// Weeks of a pregnancy that is not at its end.
    EarlyWeeks,
    /// Weeks from which a child's movements are felt.
    LateWeeks,
    /// A fever in degrees Celsius or Fahrenheit.
    Fever,
    /// Oxygen in percent that is too low for anybody.
    LowOxygen,
    /// A blood sugar in mg/dl at which people lose consciousness.
    LowSugar,
    /// A pulse that no rest explains.
    FastPulse,
    Year,
    AnyNumber,
}

const MANY: f32 = 6.0;
const TERM: f32 = 37.0;
const MOVEMENTS_FELT: f32 = 20.0;
const LONGEST_PREGNANCY: f32 = 43.0;
const YOUNG_DAYS: f32 = 92.0;

/// Words of time, as the rules number them, by their unit.
pub(super) struct Times {
    pub days: Vec<u16>,
    pub weeks: Vec<u16>,
    pub months: Vec<u16>,
    pub old: Vec<u16>,
    /// After weeks that are not of a pregnancy.
    pub born: Vec<u16>,
}

impl Measure {
    pub const ALL: [Self; 10] = [
        Self::Many,
        Self::YoungInfant,
        Self::EarlyWeeks,
        Self::LateWeeks,
        Self::Fever,
        Self::LowOxygen,
        Self::LowSugar,
        Self::FastPulse,
        Self::Year,
        Self::AnyNumber,
    ];

    /// As patterns write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Many => "many",
            Self::YoungInfant => "young infant",
            Self::EarlyWeeks => "early weeks",
            Self::LateWeeks => "late weeks",
            Self::Fever => "fever degrees",
            Self::LowOxygen => "low oxygen",
            Self::LowSugar => "low sugar",
            Self::FastPulse => "fast pulse",
            Self::Year => "year",
            Self::AnyNumber => "number",
        }
    }

    /// The words that a number is this in, itself included; None where it is something else.
    pub fn length(self, number: f32, following: &[Token], times: &Times) -> Option<usize> {
        let next = following.first().map_or(0, |token| token.word);
        let after_next = following.get(1).map_or(0, |token| token.word);
        let holds = match self {
            Self::AnyNumber => true,
            Self::Many => number >= MANY,
            Self::Year => (1930.0..2100.0).contains(&number),
            Self::Fever => (38.0..=43.0).contains(&number) || (100.4..=109.0).contains(&number),
            Self::LowOxygen => (40.0..90.0).contains(&number),
            Self::LowSugar => (10.0..54.0).contains(&number),
            Self::FastPulse => (150.0..=300.0).contains(&number),
            Self::EarlyWeeks => {
                return (number < TERM && times.weeks.contains(&next) && !times.born.contains(&after_next))
                    .then_some(2);
            }
            Self::LateWeeks => {
                let is_late = (MOVEMENTS_FELT..LONGEST_PREGNANCY).contains(&number);
                return (is_late && times.weeks.contains(&next) && !times.born.contains(&after_next)).then_some(2);
            }
            Self::YoungInfant => {
                let days = if times.days.contains(&next) {
                    number
                } else if times.weeks.contains(&next) {
                    number * 7.0
                } else if times.months.contains(&next) {
                    number * 30.5
                } else {
                    return None;
                };
                return (days <= YOUNG_DAYS && times.old.contains(&after_next)).then_some(3);
            }
        };
        holds.then_some(1)
    }
}
