//! Holding an answer to what is expected of it.

use std::collections::BTreeSet;

use super::suite::Expectations;

/// An answer as it was given.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub text: String,
    /// Slugs of the articles it cites, the most important first.
    pub cited: Vec<String>,
    pub is_emergency: bool,
    pub no_answer: bool,
    pub declines_medical_advice: bool,
    /// Why it is no whole answer, or not from whom it should have come.
    pub failure: Option<String>,
}

/// A kind of expectation, by the name it has in a suite.
pub const KINDS: [&str; 9] = [
    COMPLETES,
    "cites",
    "citesOneOf",
    "says",
    "saysOneOf",
    "saysNot",
    "emergency",
    "noAnswer",
    "declinesMedicalAdvice",
];
/// What is expected of every answer: that it comes, whole, and from whom the config says.
pub const COMPLETES: &str = "completes";

/// One expectation, and whether the answer met it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub kind: &'static str,
    /// What is missing or too much, in words that repeat nothing of the answer. None: it is as expected.
    pub complaint: Option<String>,
}

/// Holds an answer to each expectation. `known` are the slugs of the articles there are.
pub fn judge(given: &Given, expected: &Expectations, known: &BTreeSet<String>) -> Vec<Verdict> {
    let mut verdicts = vec![Verdict { kind: COMPLETES, complaint: given.failure.clone() }];
    let said = folded(&given.text);
    let says = |phrase: &String| said.contains(&folded(phrase));
    let cites = |slug: &String| given.cited.contains(slug);
    let cited = || match given.cited.as_slice() {
        [] => String::from("it cites nothing"),
        slugs => format!("it cites {}", slugs.join(", ")),
    };
    let missing = |slug: &String| match known.contains(slug) {
        true => format!("`{slug}` is not cited: {}", cited()),
        false => format!("there is no article `{slug}`"),
    };
    let mut judge = |kind, complaints: Vec<String>| {
        let complaint = (!complaints.is_empty()).then(|| complaints.join("; "));
        verdicts.push(Verdict { kind, complaint });
    };
    if !expected.cites.is_empty() {
        judge("cites", expected.cites.iter().filter(|slug| !cites(slug)).map(missing).collect());
    }
    let one_of = &expected.cites_one_of;
    if !one_of.is_empty() {
        let unknown = one_of.iter().filter(|slug| !known.contains(*slug)).map(missing);
        let none = (!one_of.iter().any(cites)).then(|| format!("none of {} is cited: {}", one_of.join(", "), cited()));
        judge("citesOneOf", if one_of.iter().any(cites) { Vec::new() } else { unknown.chain(none).collect() });
    }
    if !expected.says.is_empty() {
        let missing = expected.says.iter().filter(|phrase| !says(phrase));
        judge("says", missing.map(|phrase| format!("does not say \"{phrase}\"")).collect());
    }
    if !expected.says_one_of.is_empty() {
        let none = (!expected.says_one_of.iter().any(says)).then(|| {
            let phrases: Vec<_> = expected.says_one_of.iter().map(|phrase| format!("\"{phrase}\"")).collect();
            format!("says none of {}", phrases.join(", "))
        });
        judge("saysOneOf", none.into_iter().collect());
    }
    if !expected.says_not.is_empty() {
        let said = expected.says_not.iter().filter(|phrase| says(phrase));
        judge("saysNot", said.map(|phrase| format!("says \"{phrase}\"")).collect());
    }
    for (kind, wanted, is_so, otherwise) in [
        ("emergency", expected.emergency, given.is_emergency, ["tells of an emergency", "tells of no emergency"]),
        ("noAnswer", expected.no_answer, given.no_answer, ["says that it does not know", "answers"]),
        (
            "declinesMedicalAdvice",
            expected.declines_medical_advice,
            given.declines_medical_advice,
            ["declines to give medical advice", "does not decline to give medical advice"],
        ),
    ] {
        if let Some(wanted) = wanted {
            let complaint = (wanted != is_so).then(|| String::from(otherwise[usize::from(wanted)]));
            judge(kind, complaint.into_iter().collect());
        }
    }
    verdicts
}

/// A text as phrases are looked for in it: without case, emphasis, and kinds of white space, quotation marks and dashes.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        let plain = match character {
            '*' | '_' | '`' => continue,
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{2010}'..='\u{2015}' => '-',
            character if character.is_whitespace() => ' ',
            character => character,
        };
        if plain != ' ' || !folded.ends_with(' ') {
            folded.push(plain);
        }
    }
    folded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(given: &Given, expected: &str) -> Vec<(&'static str, String)> {
        let expected = serde_json::from_str(expected).unwrap();
        let known = ["parking", "visiting"].map(String::from).into();
        let verdicts = judge(given, &expected, &known);
        verdicts.into_iter().filter_map(|verdict| Some((verdict.kind, verdict.complaint?))).collect()
    }

    fn kinds(given: &Given, expected: &str) -> Vec<&'static str> {
        complaints(given, expected).into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn phrases_are_found_whatever_their_case_emphasis_and_typography() {
        let given =
            Given { text: "Call **(419)\u{a0}555-0100**.\nWe\u{2019}re here 8\u{2013}5".into(), ..Given::default() };
        assert_eq!(kinds(&given, r#"{"says": ["call (419) 555-0100", "we're HERE", "8-5"]}"#), [""; 0]);
        assert_eq!(
            kinds(&given, r#"{"says": ["911"], "saysNot": ["we're"], "saysOneOf": ["a", "closed"]}"#),
            ["says", "saysNot"]
        );
        assert_eq!(kinds(&given, r#"{"saysOneOf": ["911", "988"]}"#), ["saysOneOf"]);
    }

    #[test]
    fn all_articles_or_one_of_them_have_to_be_cited() {
        let given = Given { cited: vec!["parking".into()], ..Given::default() };
        assert_eq!(kinds(&given, r#"{"cites": ["parking"], "citesOneOf": ["visiting", "parking"]}"#), [""; 0]);
        assert_eq!(
            complaints(&given, r#"{"cites": ["parking", "visiting"], "citesOneOf": ["gone"]}"#),
            [
                ("cites", "`visiting` is not cited: it cites parking".into()),
                ("citesOneOf", "there is no article `gone`; none of gone is cited: it cites parking".into()),
            ]
        );
    }

    #[test]
    fn what_an_answer_is_has_to_be_as_expected_and_so_has_its_end() {
        let all = r#"{"emergency": true, "noAnswer": true, "declinesMedicalAdvice": true}"#;
        let none = r#"{"emergency": false, "noAnswer": false, "declinesMedicalAdvice": false}"#;
        let three = ["emergency", "noAnswer", "declinesMedicalAdvice"];
        let given = Given { is_emergency: true, no_answer: true, declines_medical_advice: true, ..Given::default() };
        assert_eq!((kinds(&given, all), kinds(&given, none)), (vec![], three.to_vec()));
        let plain = Given { failure: Some("it broke off".into()), ..Given::default() };
        assert_eq!(kinds(&plain, none), [COMPLETES]);
        assert_eq!(kinds(&plain, all), [&[COMPLETES][..], &three].concat());
    }
}
