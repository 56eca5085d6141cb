//! Emergencies as the rest of the program speaks of them: their kinds, and who has to be called.

use crate::UnknownName;

/// What kind of danger somebody is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EmergencyKind {
    Breathing,
    Choking,
    Unconscious,
    Heart,
    Stroke,
    Bleeding,
    Allergy,
    Poisoning,
    Infant,
    Pregnancy,
    HeadInjury,
    /// Burns, bites, electricity, water, and whoever calls for an ambulance without saying why.
    Injury,
    /// Somebody thinks of ending or harming their own life, disordered eating included.
    SelfHarm,
    /// Somebody is hurt or threatened by somebody else.
    Violence,
}

/// Whose number somebody in an emergency needs beside the one for all emergencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HelplineKind {
    Crisis,
    Poison,
    Violence,
}

impl EmergencyKind {
    /// Every kind, the one first that leaves the least time.
    pub const ALL: [Self; 14] = [
        Self::Breathing,
        Self::Choking,
        Self::Unconscious,
        Self::Heart,
        Self::Stroke,
        Self::Bleeding,
        Self::Allergy,
        Self::Poisoning,
        Self::Infant,
        Self::Pregnancy,
        Self::HeadInjury,
        Self::Injury,
        Self::SelfHarm,
        Self::Violence,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breathing => "breathing",
            Self::Choking => "choking",
            Self::Unconscious => "unconscious",
            Self::Heart => "heart",
            Self::Stroke => "stroke",
            Self::Bleeding => "bleeding",
            Self::Allergy => "allergy",
            Self::Poisoning => "poisoning",
            Self::Infant => "infant",
            Self::Pregnancy => "pregnancy",
            Self::HeadInjury => "head-injury",
            Self::Injury => "injury",
            Self::SelfHarm => "self-harm",
            Self::Violence => "violence",
        }
    }

    pub const fn helpline(self) -> Option<HelplineKind> {
        match self {
            Self::SelfHarm => Some(HelplineKind::Crisis),
            Self::Poisoning => Some(HelplineKind::Poison),
            Self::Violence => Some(HelplineKind::Violence),
            Self::Breathing
            | Self::Choking
            | Self::Unconscious
            | Self::Heart
            | Self::Stroke
            | Self::Bleeding
            | Self::Allergy
            | Self::Infant
            | Self::Pregnancy
            | Self::HeadInjury
            | Self::Injury => None,
        }
    }
}

impl std::str::FromStr for EmergencyKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownName { what: "kind of emergency" })
    }
}

/// What a notice is about: something shown apart from the answers, and never part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeCode {
    Emergency,
    AiDisclosure,
    Limit,
    Handoff,
}

impl NoticeCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "EMERGENCY",
            Self::AiDisclosure => "AI_DISCLOSURE",
            Self::Limit => "LIMIT",
            Self::Handoff => "HANDOFF",
        }
    }
}

impl std::str::FromStr for NoticeCode {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Emergency, Self::AiDisclosure, Self::Limit, Self::Handoff]
            .into_iter()
            .find(|code| code.as_str() == name)
            .ok_or(UnknownName { what: "code of a notice" })
    }
}

/// What belongs to a notice beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub code: NoticeCode,
    /// Whom to call, the most important first.
    pub numbers: Vec<NumberToCall>,
}

/// A number to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberToCall {
    /// As somebody dials it.
    pub number: String,
    /// Whose it is; empty for the number for all emergencies.
    pub name: String,
}
