//! What somebody in an emergency is told, and whom to call: by where the hospital is, in the visitor's language, as the
//! app's config has it.

use std::sync::LazyLock;

use kuzushi_domain::{
    EmergencyKind, HelplineKind, NumberToCall, Phi,
    config::{Contact, Helpline, Safety, SafetyWords},
};

/// What is said where nothing better is known.
const LANGUAGE: &str = "en";
/// Where no country's number is known: it reaches an emergency service from a mobile phone nearly anywhere.
const NUMBER: &str = "112";

static TEXTS: LazyLock<Vec<Text>> = LazyLock::new(|| texts(include_str!("../../data/notices.txt")));
static NUMBERS: LazyLock<Vec<Number>> = LazyLock::new(|| numbers(include_str!("../../data/helplines.txt")));

struct Text {
    language: &'static str,
    name: &'static str,
    text: &'static str,
}

struct Number {
    country: &'static str,
    what: &'static str,
    number: &'static str,
    name: &'static str,
}

/// A notice that somebody may be in danger.
#[derive(Debug, Clone)]
pub struct EmergencyNotice {
    pub kind: EmergencyKind,
    /// Plain text with every number in it. It tells what was written about, as a patient's words do.
    pub content: Phi<String>,
    /// The same numbers, the one for all emergencies first.
    pub numbers: Vec<NumberToCall>,
}

/// The notice for these kinds of danger, the most urgent first; None for none.
pub fn emergency_notice(
    kinds: &[EmergencyKind],
    safety: &Safety,
    contact: &Contact,
    locale: &str,
) -> Option<EmergencyNotice> {
    let kind = *kinds.first()?;
    let words = Words::new(safety, contact, locale);
    let emergency = words.emergency_number();
    let mut numbers = vec![NumberToCall { number: emergency.clone(), name: String::new() }];
    for helpline in kinds.iter().filter_map(|kind| kind.helpline()).filter_map(|kind| words.helpline(kind)) {
        let to_call = NumberToCall { number: helpline.number, name: helpline.name };
        if !numbers.contains(&to_call) {
            numbers.push(to_call);
        }
    }
    let own = kind.helpline().and_then(|kind| words.helpline(kind));
    // A text about a helpline is of no use where none is known.
    let name = match kind.helpline() {
        Some(HelplineKind::Crisis) => "self-harm",
        Some(HelplineKind::Poison) if own.is_some() => "poisoning",
        Some(HelplineKind::Violence) if own.is_some() => "violence",
        _ => "emergency",
    };
    let helpline = own.map_or_else(|| emergency.clone(), |own| format!("{} ({})", own.number, own.name));
    let mut content = words.text(name).replace("{emergency}", &emergency).replace("{helpline}", &helpline);
    // An app's own words may name none, and a second danger brings its own.
    if !content.contains(&emergency) {
        content.push(' ');
        content.push_str(&words.built_in("behind").replace("{emergency}", &emergency));
    }
    for NumberToCall { number, name } in &numbers {
        if !content.contains(number.as_str()) {
            content.push_str(&format!(" {name}: {number}."));
        }
    }
    Some(EmergencyNotice { kind, content: Phi::new(content), numbers })
}

/// That an AI answers, and how to reach a human.
pub fn ai_disclosure(safety: &Safety, contact: &Contact, locale: &str) -> String {
    let words = Words::new(safety, contact, locale);
    words.with_contact(words.text("disclosure"))
}

/// That something is for a human to say, and how to reach one.
pub fn referral(safety: &Safety, contact: &Contact, locale: &str) -> String {
    let words = Words::new(safety, contact, locale);
    words.with_contact(words.built_in("referral"))
}

/// The number for every emergency, for a visitor with this language.
pub fn emergency_number(safety: &Safety, contact: &Contact, locale: &str) -> String {
    Words::new(safety, contact, locale).emergency_number()
}

/// An app's words for a language, what it leaves out from elsewhere.
struct Words<'a> {
    /// The most particular first.
    own: Vec<&'a SafetyWords>,
    safety: &'a Safety,
    contact: &'a Contact,
    language: String,
}

impl<'a> Words<'a> {
    fn new(safety: &'a Safety, contact: &'a Contact, locale: &str) -> Self {
        let tag = locale.replace('_', "-").to_ascii_lowercase();
        let language = tag.split('-').next().unwrap_or_default().to_owned();
        let of = |wanted: &str| {
            let found = safety.locales.iter().find(|(tag, _)| tag.replace('_', "-").eq_ignore_ascii_case(wanted));
            found.map(|(_, words)| words)
        };
        let language_too = (tag != language).then(|| of(&language)).flatten();
        let own = of(&tag).into_iter().chain(language_too).chain([&safety.everywhere]).collect();
        Self { own, safety, contact, language }
    }

    fn first<'b, T>(&'b self, pick: impl Fn(&'b SafetyWords) -> Option<T>) -> Option<T> {
        self.own.iter().find_map(|words| pick(words))
    }

    fn emergency_number(&self) -> String {
        let own = self.first(|words| words.emergency_number.as_deref().filter(|number| !number.trim().is_empty()));
        let set = self.contact.emergency_number.trim();
        let was_set = !set.is_empty() && set != Contact::default().emergency_number;
        match own.or(was_set.then_some(set)) {
            Some(number) => number.trim().to_owned(),
            None => self.of_region("emergency").map_or_else(|| NUMBER.to_owned(), |number| number.number.to_owned()),
        }
    }

    fn helpline(&self, kind: HelplineKind) -> Option<Helpline> {
        let own = self.first(|words| match kind {
            HelplineKind::Crisis => words.crisis_line.clone(),
            HelplineKind::Poison => words.poison_control.clone(),
            HelplineKind::Violence => words.violence_hotline.clone(),
        });
        let what = match kind {
            HelplineKind::Crisis => "crisis",
            HelplineKind::Poison => "poison",
            HelplineKind::Violence => "violence",
        };
        own.or_else(|| {
            // Who has another country's number for emergencies is not in this region.
            let region = self.of_region("emergency")?;
            let is_here = self.emergency_number() == region.number;
            let number = self.of_region(what).filter(|_| is_here)?;
            Some(Helpline { name: number.name.to_owned(), number: number.number.to_owned() })
        })
    }

    fn with_contact(&self, text: &str) -> String {
        let Contact { hospital_name, phone, .. } = self.contact;
        let reach = self.built_in(if phone.trim().is_empty() { "reach-anyway" } else { "reach" });
        text.replace("{reach}", reach)
            .replace("{hospital}", hospital_name)
            .replace("{phone}", phone)
            .replace("{emergency}", &self.emergency_number())
    }

    fn of_region(&self, what: &str) -> Option<&'static Number> {
        NUMBERS.iter().find(|number| number.country == self.safety.region && number.what == what)
    }

    fn text(&self, name: &'static str) -> &str {
        let own = self.first(|words| match name {
            "self-harm" => words.self_harm_text.as_deref(),
            "poisoning" => words.poisoning_text.as_deref(),
            "violence" => words.violence_text.as_deref(),
            "disclosure" => words.ai_disclosure.as_deref(),
            _ => words.emergency_text.as_deref(),
        });
        own.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| self.built_in(name))
    }

    fn built_in(&self, name: &str) -> &'static str {
        let of = |language: &str| TEXTS.iter().find(|text| text.language == language && text.name == name);
        of(&self.language).or_else(|| of(LANGUAGE)).map_or("", |text| text.text)
    }
}

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn texts(file: &'static str) -> Vec<Text> {
    let mut language = LANGUAGE;
    lines(file)
        .filter_map(|line| match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => {
                language = name;
                None
            }
            None => line.split_once(" = ").map(|(name, text)| Text { language, name, text }),
        })
        .collect()
}

fn numbers(file: &'static str) -> Vec<Number> {
    lines(file)
        .filter_map(|line| {
            let mut fields = line.split('|').map(str::trim);
            Some(Number { country: fields.next()?, what: fields.next()?, number: fields.next()?, name: fields.next()? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::config::AppConfig;
    use serde_json::json;

    use super::*;

    fn config(document: serde_json::Value) -> AppConfig {
        AppConfig::parse_strictly(&document).expect("a config")
    }

    fn told(kinds: &[EmergencyKind], config: &AppConfig, locale: &str) -> (String, Vec<String>) {
        let notice = emergency_notice(kinds, &config.safety, &config.contact, locale).expect("a notice");
        (notice.content.expose().clone(), notice.numbers.into_iter().map(|to_call| to_call.number).collect())
    }

    #[test]
    fn numbers_go_by_where_the_hospital_is_and_words_by_the_language() {
        let home = config(json!({}));
        for locale in ["en-US", "de-DE", "es", "xx"] {
            let (content, numbers) = told(&[EmergencyKind::SelfHarm], &home, locale);
            assert_eq!(numbers, ["911", "988"], "{locale}");
            assert!(content.contains("911") && content.contains("988"), "{content}");
        }
        assert!(told(&[EmergencyKind::Heart], &home, "es-MX").0.starts_with("Esto puede"));
        let abroad = config(json!({"safety": {"region": "DE"}}));
        assert_eq!(told(&[EmergencyKind::SelfHarm], &abroad, "en-US").1, ["112", "0800 111 0 111"]);
        let nowhere = config(json!({"safety": {"region": "ZZ"}}));
        assert_eq!(told(&[EmergencyKind::SelfHarm], &nowhere, "en").1, ["112"]);
    }

    #[test]
    fn a_contact_with_another_number_is_honoured_and_gets_no_other_countrys_helplines() {
        let changed = config(json!({"contact": {"emergencyNumber": "999"}}));
        let (content, numbers) = told(&[EmergencyKind::SelfHarm], &changed, "en-US");
        assert_eq!(numbers, ["999"]);
        assert!(content.contains("999") && !content.contains("988"), "{content}");
    }

    #[test]
    fn an_app_changes_numbers_and_words_and_empties_neither() {
        let own = config(json!({"safety": {
            "everywhere": {"emergencyText": "Go to building 4.", "crisisLine": {"name": "Our line", "number": "555 0199"}},
            "locales": {"fr": {"emergencyNumber": "15"}},
        }}));
        assert_eq!(told(&[EmergencyKind::Stroke], &own, "en").0, "Go to building 4. Call 911.");
        assert_eq!(told(&[EmergencyKind::SelfHarm], &own, "en").1, ["911", "555 0199"]);
        assert_eq!(told(&[EmergencyKind::Stroke], &own, "fr-CA").1, ["15"]);
    }

    #[test]
    fn each_danger_brings_its_own_number() {
        let home = config(json!({}));
        let (content, numbers) = told(&[EmergencyKind::Poisoning, EmergencyKind::SelfHarm], &home, "en");
        assert_eq!(numbers, ["911", "1-800-222-1222", "988"]);
        assert!(numbers.iter().all(|number| content.contains(number.as_str())), "{content}");
        assert!(emergency_notice(&[], &home.safety, &home.contact, "en").is_none());
    }

    #[test]
    fn every_language_says_everything() {
        for language in ["en", "es", "fr", "de", "vi", "ar", "zh"] {
            for name in [
                "emergency",
                "self-harm",
                "poisoning",
                "violence",
                "disclosure",
                "referral",
                "reach",
                "reach-anyway",
                "behind",
            ] {
                let found = TEXTS.iter().find(|text| text.language == language && text.name == name);
                assert!(found.is_some_and(|found| !found.text.is_empty()), "{language} {name}");
            }
        }
        let named = config(json!({"contact": {"hospitalName": "St. Mary's", "phone": "555 0100"}}));
        let disclosure = ai_disclosure(&named.safety, &named.contact, "en");
        assert!(disclosure.contains("AI") && disclosure.contains("St. Mary's at 555 0100"), "{disclosure}");
    }
}
