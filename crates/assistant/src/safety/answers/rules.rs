//! What a sentence of an answer may not say, in every language at once: the lists of all languages are read as one, so that a
//! medicine's English name in a Spanish sentence is one there, too.

use std::sync::LazyLock;

use crate::language::{Phrases, plain};

/// English first.
pub(super) const FILES: [&str; 7] = [
    include_str!("../../../data/answers/english.txt"),
    include_str!("../../../data/answers/spanish.txt"),
    include_str!("../../../data/answers/french.txt"),
    include_str!("../../../data/answers/german.txt"),
    include_str!("../../../data/answers/arabic.txt"),
    include_str!("../../../data/answers/chinese.txt"),
    include_str!("../../../data/answers/vietnamese.txt"),
];

/// All phrases, as [`plain`] spells them.
pub(super) static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read_all(&FILES, plain));

/// The lists of what a sentence that may not be said has.
pub(super) const RISKY: [&str; 5] = ["diagnosis", "verdict", "dosing", "medicine", "promise"];

/// Whether a sentence neither diagnoses nor doses nor promises.
pub(super) fn may_be_said(sentence: &str) -> bool {
    let spoken = plain(sentence);
    let says = |list: &str| PHRASES.occur(list, &spoken);
    if says("promise") {
        return false;
    }
    let has_illness = says("illness") && !says("no illness");
    let diagnoses = (says("diagnosis") && has_illness) || says("verdict");
    let doses = says("dosing") && says("medicine");
    !(doses || (diagnoses && !is_question(sentence))) || says("referring")
}

/// "Do you have a fever?" asks.
fn is_question(sentence: &str) -> bool {
    sentence.trim_end().ends_with(['?', '\u{61f}', '\u{ff1f}'])
}

/// Whether an answer takes what it was asked for an emergency: somebody who gives a model's word more weight than ours is
/// to see the notice, too.
pub fn tells_of_an_emergency(answer: &str) -> bool {
    let ends = ['.', '!', '?', '\n', '\u{61f}', '\u{3002}', '\u{ff01}', '\u{ff1f}'];
    answer.split_inclusive(ends).any(|sentence| {
        let spoken = plain(sentence);
        PHRASES.occur("emergency", &spoken) && !PHRASES.occur("conditional", &spoken)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_list() {
        for file in FILES {
            let phrases = Phrases::read_all(&[file], plain);
            for list in
                RISKY.iter().chain(&["illness", "no illness", "referring", "emergency", "conditional", "abbreviation"])
            {
                assert!(phrases.list(list).len() >= 5, "{list} of {}", file.lines().next().unwrap_or_default());
            }
            for phrase in RISKY.iter().flat_map(|list| phrases.list(list)) {
                assert!(phrase.len() > 3, "{phrase} is in every sentence");
            }
            // Only what is held back from its first letters on makes a sentence one to be judged.
            for phrase in ["diagnosis", "verdict", "dosing", "promise"].iter().flat_map(|list| phrases.list(list)) {
                assert!(phrase.starts_with(' '), "{phrase} begins in the middle of a word");
            }
        }
    }

    #[test]
    fn an_answer_that_sees_an_emergency_is_told_from_one_with_a_rule_for_everybody() {
        for emergency in [
            "This sounds like a medical emergency. Call 911 now!",
            "Please call 911 immediately.",
            "Llame al 911 ahora mismo.",
            "Esto puede ser una emergencia: vaya a urgencias de inmediato.",
            "Appelez le 15 imm\u{e9}diatement !",
            "C'est une urgence m\u{e9}dicale.",
            "Rufen Sie sofort 112 an.",
            "Das k\u{f6}nnte ein Notfall sein.",
            "اتصل بالرقم 911 الآن.",
            "قد تكون هذه حالة طارئة.",
            "请立即拨打911。",
            "這可能是緊急情況，請立即撥打 911。",
            "Hãy gọi 911 ngay.",
            "Đây có thể là trường hợp khẩn cấp.",
        ] {
            assert!(tells_of_an_emergency(emergency), "{emergency}");
            assert!(tells_of_an_emergency(&format!("Hello. {emergency} Parking is free.")), "{emergency}");
        }
        for rule in [
            "If you have chest pain, call 911 right away.",
            "In an emergency, call 911 now.",
            "The emergency room is open all day.",
            "Si tiene dolor en el pecho, llame al 911 ahora mismo.",
            "La sala de emergencias está abierta todo el día.",
            "En cas de douleur dans la poitrine, appelez le 15 immédiatement.",
            "Les urgences sont ouvertes jour et nuit.",
            "Wenn Sie Brustschmerzen haben, rufen Sie sofort 112 an.",
            "Die Notaufnahme ist rund um die Uhr geöffnet.",
            "إذا شعرت بألم في الصدر، فاتصل بالرقم 911 الآن.",
            "قسم الطوارئ مفتوح طوال اليوم.",
            "如果您胸痛，请立即拨打911。",
            "急诊室全天开放。",
            "Nếu quý vị đau ngực, hãy gọi 911 ngay.",
            "Phòng cấp cứu mở cửa cả ngày.",
        ] {
            assert!(!tells_of_an_emergency(rule), "{rule}");
        }
        for phrase in PHRASES.list("emergency") {
            assert!(tells_of_an_emergency(&phrase.to_uppercase()), "{phrase}");
        }
    }
}
