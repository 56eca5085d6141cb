//! What kinds of identifiers there are, and what stands in their place.

/// The kinds of identifier that the HIPAA privacy rule lists, as far as a text can show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Name,
    /// Telephone and fax.
    Phone,
    Email,
    Ssn,
    /// A medical record's number, or that of a visit, an order, a prescription.
    Record,
    /// Of a health plan: member, policy, group, Medicare, Medicaid.
    Plan,
    Account,
    /// A payment card, or a bank account by its IBAN.
    Card,
    /// A licence, a passport, a certificate.
    Licence,
    /// A vehicle's plates or its identification number.
    Vehicle,
    /// A device's serial number, an implant's too.
    Device,
    /// All of a date that is more than a year.
    Date,
    /// Over 89 years.
    Age,
    Url,
    Ip,
    /// A street, a post box, a city, what says where somebody lives.
    Address,
    Zip,
    /// A number that may well be somebody's alone, of which nothing else is known.
    Number,
    /// What the writer wrote in the form of a placeholder.
    Text,
}

impl Kind {
    pub const ALL: [Self; 19] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Ssn,
        Self::Record,
        Self::Plan,
        Self::Account,
        Self::Card,
        Self::Licence,
        Self::Vehicle,
        Self::Device,
        Self::Date,
        Self::Age,
        Self::Url,
        Self::Ip,
        Self::Address,
        Self::Zip,
        Self::Number,
        Self::Text,
    ];

    /// As it stands in placeholders: `[PHONE_1]`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Ssn => "SSN",
            Self::Record => "RECORD",
            Self::Plan => "PLAN",
            Self::Account => "ACCOUNT",
            Self::Card => "CARD",
            Self::Licence => "LICENCE",
            Self::Vehicle => "VEHICLE",
            Self::Device => "DEVICE",
            Self::Date => "DATE",
            Self::Age => "AGE",
            Self::Url => "URL",
            Self::Ip => "IP",
            Self::Address => "ADDRESS",
            Self::Zip => "ZIP",
            Self::Number => "NUMBER",
            Self::Text => "TEXT",
        }
    }

    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label().eq_ignore_ascii_case(label))
    }
}
