//! What the assistant says in its own words: it greets, frames, and says what it cannot do. Never a fact that the
//! hospital's articles or its contact details do not hold.

use kuzushi_domain::{EmergencyKind, NumberToCall, config::Contact};

use super::small_talk::SmallTalk;
use crate::safety::EmergencyNotice;

/// What is said beside the notice, for those who read no notices, too. In other languages than English only the notice's words
/// are there.
pub fn emergency(notice: &EmergencyNotice, locale: &str) -> String {
    let content = notice.content.expose();
    let ([first, helplines @ ..], true) = (notice.numbers.as_slice(), is_english(locale)) else {
        return content.clone();
    };
    let number = &first.number;
    let mut text = match notice.kind {
        EmergencyKind::SelfHarm => format!(
            "**Call {number} now** if you or somebody else is in immediate danger.\n\nI am sorry that it hurts this much. I \
             am a website assistant and cannot help in a crisis, but there are people who can. Please do not stay alone with it."
        ),
        EmergencyKind::Violence => format!(
            "**Call {number} now** if you or somebody else is in danger.\n\nNobody may hurt you. I am a website assistant \
             and cannot send help, but there are people who can."
        ),
        EmergencyKind::Poisoning => format!(
            "**Call {number} now** if somebody has collapsed, has a seizure or cannot breathe.\n\nI am a website assistant \
             and cannot help in an emergency. Do not wait until something can be noticed."
        ),
        _ => format!(
            "**Call {number} now.** This may be an emergency, and every minute can count.\n\nI am a website assistant and \
             cannot help in an emergency. Stay on the line with {number} and do what they tell you."
        ),
    };
    for NumberToCall { number, name } in helplines {
        text.push_str(&format!("\n\nAt any hour: **{number}**, {name}."));
    }
    text
}

fn is_english(locale: &str) -> bool {
    locale.get(..2).is_none_or(|language| language.eq_ignore_ascii_case("en"))
}

pub fn no_medical_advice(contact: &Contact, number: &str) -> String {
    let whom = match reach(contact) {
        Some(reach) => {
            format!("Please ask your doctor, nurse or pharmacist, or call {} {reach}.", contact.hospital_name)
        }
        None => String::from("Please ask your doctor, nurse or pharmacist."),
    };
    format!("I can't give medical advice. {whom}\n\nIf it could be an emergency, call {number} right away.")
}

/// Says of files that came with a question, or without one, that nobody here looks into them.
pub fn add_on_files(text: &mut String, contact: &Contact) {
    if text.is_empty() {
        text.push_str("Thank you. What you sent is kept with this conversation. ");
    } else {
        text.push_str("\n\n");
    }
    let name = &contact.hospital_name;
    text.push_str(&format!("I can't look into files myself; staff of {name} can open them."));
    match reach(contact) {
        Some(reach) => text.push_str(&format!(" If it can't wait, please call {name} {reach}.")),
        None => text.push_str(&format!(" If it can't wait, please contact {name} directly.")),
    }
}

pub fn nothing_found(contact: &Contact, number: &str) -> String {
    let name = &contact.hospital_name;
    let whom = match reach(contact) {
        Some(reach) => format!("Please call {name} {reach}. Somebody there can help you."),
        None => format!("Please contact {name} directly. Somebody there can help you."),
    };
    format!(
        "I'm sorry, I don't know. I could not find an answer to that in the information {name} has given me.\n\n{whom} \
         In an emergency, call {number}."
    )
}

/// Says that the answer was not found, and points to what comes closest: a quotation that claims nothing about the question.
pub fn closest(title: &str, heading: Option<&str>, excerpt: &str, contact: &Contact) -> String {
    let name = &contact.hospital_name;
    let whom = match reach(contact) {
        Some(reach) => format!("To be sure, please call {name} {reach}."),
        None => format!("To be sure, please contact {name} directly."),
    };
    let heading =
        heading.filter(|heading| *heading != title).map(|heading| format!(" ({heading})")).unwrap_or_default();
    let quotation: String = excerpt.lines().map(|line| format!("> {line}\n")).collect();
    format!(
        "I'm sorry, I don't know. I couldn't find exactly that in what {name} has published. The closest is under \
         **{title}**{heading}:\n\n{quotation}\n{whom}"
    )
}

/// Names a second article, behind a quotation.
pub fn see_also(title: &str) -> String {
    format!("\n\nIf that is not what you were looking for, see **{title}**.")
}

pub fn small_talk(small_talk: SmallTalk, contact: &Contact) -> String {
    let name = &contact.hospital_name;
    match small_talk {
        SmallTalk::Greeting => format!("Hello! What would you like to know about {name}?"),
        SmallTalk::HowAreYou => format!("I'm doing well, thank you. What would you like to know about {name}?"),
        SmallTalk::Thanks => String::from("You're welcome. Is there anything else you would like to know?"),
        SmallTalk::Goodbye => String::from("Goodbye, and take care."),
        SmallTalk::WhoAreYou => format!(
            "I'm the website assistant of {name}, a computer program and not a person. I answer questions from the \
             information the hospital has approved, and show you where I found it. I can't give medical advice."
        ),
        SmallTalk::Human => match reach(contact) {
            Some(reach) => format!("Of course. To talk to a person, please call {name} {reach}."),
            None => format!("I can't connect you from here. To talk to a person, please contact {name} directly."),
        },
        SmallTalk::Acknowledgement => String::from("All right. Is there anything else you would like to know?"),
    }
}

/// The phone number with the hours it is answered, as far as the hospital has given them.
fn reach(contact: &Contact) -> Option<String> {
    let phone = contact.phone.trim();
    let hours = contact.hours.trim();
    match (phone.is_empty(), hours.is_empty()) {
        (true, _) => None,
        (false, true) => Some(format!("at **{phone}**")),
        (false, false) => Some(format!("at **{phone}** ({hours})")),
    }
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::config::Safety;

    use super::*;
    use crate::safety::emergency_notice;

    #[test]
    fn blank_contact_details_leave_no_holes() {
        let contact = Contact {
            hospital_name: "Grove Hospital".into(),
            phone: " ".into(),
            hours: "all day".into(),
            emergency_number: "112".into(),
            ..Contact::default()
        };
        let said = [
            nothing_found(&contact, "112"),
            closest("Parking", Some("Parking"), "Park here.", &contact),
            no_medical_advice(&contact, "112"),
            small_talk(SmallTalk::Human, &contact),
            told(EmergencyKind::Heart, &contact),
            told(EmergencyKind::SelfHarm, &contact),
        ];
        for text in said {
            assert!(!text.contains("  ") && !text.contains("****") && !text.contains("all day"), "{text}");
        }
        let without_hours = Contact { phone: "555-0100".into(), hours: String::new(), ..contact };
        assert!(nothing_found(&without_hours, "112").contains("at **555-0100**. "));
    }

    fn told(kind: EmergencyKind, contact: &Contact) -> String {
        let notice = emergency_notice(&[kind], &Safety::default(), contact, "en-US").unwrap();
        emergency(&notice, "en-US")
    }

    #[test]
    fn the_crisis_line_is_named_where_it_exists() {
        assert!(told(EmergencyKind::SelfHarm, &Contact::default()).contains("988"));
        let abroad = Contact { emergency_number: "112".into(), ..Contact::default() };
        assert!(!told(EmergencyKind::SelfHarm, &abroad).contains("988"));
        assert!(told(EmergencyKind::SelfHarm, &abroad).starts_with("**Call 112"));
    }
}
