//! Suites: questions with what is expected of the answers to them, a JSON object a line.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::body::{NO_OBJECT, describe, is_object},
    error::FieldError,
};

/// Cases that a suite may have.
pub const MOST_CASES: usize = 5_000;
/// Turns that a case may have.
const MOST_TURNS: usize = 20;
/// Characters of a question: as many as a visitor may write.
const LONGEST_QUESTION: usize = 8_000;
/// Characters of a name, a slug or a locale.
const LONGEST_NAME: usize = 200;

/// What an answer is held to. What is left out is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Expectations {
    /// Slugs of articles, all of which have to be cited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<String>,
    /// Slugs of articles, one of which at least has to be cited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites_one_of: Vec<String>,
    /// All of these have to be in the answer, whatever their case, emphasis and white space.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub says: Vec<String>,
    /// One of these at least has to be in the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub says_one_of: Vec<String>,
    /// None of these may be in the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub says_not: Vec<String>,
    /// Whether the answer has to tell of an emergency, and whom to call, or must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub emergency: Option<bool>,
    /// Whether it has to say that it does not know, or must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub no_answer: Option<bool>,
    /// Whether it has to decline to give medical advice, or must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub declines_medical_advice: Option<bool>,
}

/// A question, and what is expected of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SuiteTurn)]
pub struct Turn {
    pub question: String,
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub expect: Expectations,
}

/// A conversation of one question or several: a line of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = SuiteCase)]
pub struct Case {
    /// What people call it; without one, by its question.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The visitor's language tag; `en-US` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub locale: Option<String>,
    /// The only question. A conversation of several has `turns` instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub question: Option<String>,
    /// What is expected of the answer to the only question.
    #[serde(skip_serializing_if = "is_nothing")]
    pub expect: Expectations,
    /// Questions of one conversation, in order. Those without expectations lead to the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
}

fn is_nothing(expectations: &Expectations) -> bool {
    *expectations == Expectations::default()
}

/// Questions with expectations, every one of which can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    cases: Vec<Case>,
    hash: String,
}

/// What is wrong with a suite, by line and field.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", in_one_line(.0))]
pub struct BadSuite(pub Vec<Mistake>);

/// A mistake in a suite.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// 1, 2, 3…; 0 where it is about the whole.
    pub line: usize,
    /// Empty where it is about the whole line.
    pub field: String,
    pub message: String,
}

/// As many as are of use at once.
const MOST_TOLD: usize = 20;

fn in_one_line(mistakes: &[Mistake]) -> String {
    let told = mistakes.iter().take(MOST_TOLD).map(|Mistake { line, field, message }| {
        let place = if *line == 0 { String::new() } else { format!("line {line}: ") };
        if field.is_empty() { format!("{place}{message}") } else { format!("{place}{field}: {message}") }
    });
    let mut told: Vec<_> = told.collect();
    if mistakes.len() > MOST_TOLD {
        told.push(format!("and {} mistakes more", mistakes.len() - MOST_TOLD));
    }
    told.join("; ")
}

impl Suite {
    /// Reads a file: a JSON object a line. Blank lines count as lines, and are nothing else.
    pub fn read(text: &str) -> Result<Self, BadSuite> {
        let (mut cases, mut mistakes) = (Vec::new(), Vec::new());
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match read_line(line) {
                Ok(case) => cases.push((number, case)),
                Err((field, message)) => mistakes.push(Mistake { line: number, field, message }),
            }
        }
        for (line, case) in &cases {
            let found = mistakes_of(case).into_iter();
            mistakes.extend(found.map(|(field, message)| Mistake { line: *line, field, message }));
        }
        mistakes.sort_by_key(|mistake| mistake.line);
        if mistakes.is_empty() {
            let cases: Vec<_> = cases.into_iter().map(|(_, case)| case).collect();
            check_length(&cases)
                .map(|()| Self::of(cases))
                .map_err(|message| BadSuite(vec![Mistake { line: 0, field: String::new(), message }]))
        } else {
            Err(BadSuite(mistakes))
        }
    }

    /// Takes cases that came as JSON under the field `cases`.
    pub fn of_cases(cases: Vec<Case>) -> Result<Self, Vec<FieldError>> {
        check_length(&cases).map_err(|message| vec![FieldError::new("cases", message)])?;
        let mistakes: Vec<_> = cases
            .iter()
            .enumerate()
            .flat_map(|(position, case)| {
                let found = mistakes_of(case).into_iter();
                found.map(move |(field, message)| FieldError::new(format!("cases.{position}.{field}"), message))
            })
            .take(MOST_TOLD)
            .collect();
        if mistakes.is_empty() { Ok(Self::of(cases)) } else { Err(mistakes) }
    }

    fn of(cases: Vec<Case>) -> Self {
        let hash = digest::digest(&digest::SHA256, lines(&cases).as_bytes());
        Self { hash: hex::encode(hash), cases }
    }

    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    pub fn into_cases(self) -> Vec<Case> {
        self.cases
    }

    /// SHA-256 in hexadecimal, of what it asks and expects: the order of fields and white space are nothing to it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// As a file of its own.
    pub fn lines(&self) -> String {
        lines(&self.cases)
    }
}

fn lines(cases: &[Case]) -> String {
    // Strings, lists and booleans are always writable.
    cases.iter().map(|case| serde_json::to_string(case).unwrap_or_default() + "\n").collect()
}

fn read_line(line: &str) -> Result<Case, (String, String)> {
    if !is_object(line.as_bytes()) {
        return Err((String::new(), String::from(NO_OBJECT)));
    }
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let case = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        if error.inner().is_syntax() || error.inner().is_eof() {
            return (String::new(), format!("it is not valid JSON (column {})", error.inner().column()));
        }
        let described = describe(&path, error.inner());
        let (field, message) = described.split_once(": ").unwrap_or(("", &described));
        (field.to_owned(), message.to_owned())
    })?;
    deserializer
        .end()
        .map_err(|_| (String::new(), String::from("it must hold one JSON object and nothing behind it")))?;
    Ok(case)
}

fn check_length(cases: &[Case]) -> Result<(), String> {
    match cases.len() {
        0 => Err(String::from("it has no cases: write a question with what is expected of its answer")),
        1..=MOST_CASES => Ok(()),
        _ => Err(format!("must have at most {MOST_CASES} cases: make two suites of it")),
    }
}

/// What is wrong with a case that could be read: field and remedy.
fn mistakes_of(case: &Case) -> Vec<(String, String)> {
    let mut mistakes = Vec::new();
    let mut note = |field: String, message: String| mistakes.push((field, message));
    for (field, value) in [("name", &case.name), ("locale", &case.locale)] {
        if value.as_ref().is_some_and(|value| value.trim().is_empty() || value.chars().count() > LONGEST_NAME) {
            note(field.into(), format!("must have 1 to {LONGEST_NAME} characters; leave it out otherwise"));
        }
    }
    match (&case.question, case.turns.is_empty()) {
        (Some(_), false) => note("turns".into(), "stands beside `question`: a case has one or the other".into()),
        (None, true) => note("question".into(), "is missing: a case has a question, or turns".into()),
        (None, false) if !is_nothing(&case.expect) => {
            note("expect".into(), "stands beside `turns`: put it into the turn that it is about".into());
        }
        _ => {}
    }
    if case.turns.len() > MOST_TURNS {
        note("turns".into(), format!("must be at most {MOST_TURNS}"));
    }
    for (place, question, expect) in case.asked() {
        if question.trim().is_empty() || question.chars().count() > LONGEST_QUESTION {
            note(format!("{place}question"), format!("must have 1 to {LONGEST_QUESTION} characters"));
        }
        let place = format!("{place}expect");
        for (kind, values) in expect.lists() {
            for (position, _) in values.iter().enumerate().filter(|(_, value)| value.trim().is_empty()) {
                note(format!("{place}.{kind}.{position}"), "must not be empty".into());
            }
        }
    }
    if let Some((place, _, expect)) = case.asked().last()
        && is_nothing(expect)
    {
        note(
            format!("{place}expect"),
            "is missing: say what the answer is held to, such as {\"cites\": [\"parking\"]}".into(),
        );
    }
    mistakes
}

impl Case {
    /// Its questions with what is expected, in order, each with the beginning of its fields' names.
    pub fn asked(&self) -> Vec<(String, &str, &Expectations)> {
        let single = self.question.iter().map(|question| (String::new(), question.as_str(), &self.expect));
        let turns = self.turns.iter().enumerate();
        let turns = turns.map(|(position, turn)| (format!("turns.{position}."), turn.question.as_str(), &turn.expect));
        single.chain(turns).collect()
    }

    /// What people call it.
    pub fn title(&self) -> String {
        const LONGEST: usize = 48;
        let title = match &self.name {
            Some(name) => name.trim().to_owned(),
            None => self.asked().last().map(|(_, question, _)| question.trim().to_owned()).unwrap_or_default(),
        };
        if title.chars().count() <= LONGEST {
            return title;
        }
        title.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}

impl Expectations {
    fn lists(&self) -> [(&'static str, &Vec<String>); 5] {
        [
            ("cites", &self.cites),
            ("citesOneOf", &self.cites_one_of),
            ("says", &self.says),
            ("saysOneOf", &self.says_one_of),
            ("saysNot", &self.says_not),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<(usize, String)> {
        let BadSuite(mistakes) = Suite::read(text).unwrap_err();
        mistakes.into_iter().map(|mistake| (mistake.line, mistake.field)).collect()
    }

    #[test]
    fn a_suite_is_questions_and_conversations_with_expectations() {
        let suite = Suite::read(
            "{\"question\": \"Where do I park?\", \"expect\": {\"cites\": [\"parking\"], \"saysNot\": [\"free\"]}}\n\n\
             {\"name\": \"then\", \"locale\": \"es\", \"turns\": [{\"question\": \"Hours?\"}, \
              {\"question\": \"And Sunday?\", \"expect\": {\"noAnswer\": false, \"emergency\": false}}]}\n",
        )
        .unwrap();
        assert_eq!(suite.cases().len(), 2);
        assert_eq!(suite.cases()[0].title(), "Where do I park?");
        assert_eq!(suite.cases()[1].asked()[1].2.no_answer, Some(false));
        assert_eq!(Suite::read(&suite.lines()).unwrap(), suite);
        assert_eq!(Suite::of_cases(suite.cases().to_vec()).unwrap().hash(), suite.hash());
    }

    #[test]
    fn the_hash_is_of_what_is_asked_and_not_of_how_it_is_written() {
        let one = Suite::read(r#"{"question": "Where?", "expect": {"says": ["here"]}}"#).unwrap();
        let other =
            Suite::read("\n{ \"expect\" : {\"says\":[\"here\"],\"cites\":[]},\"question\":\"Where?\"}\r\n").unwrap();
        assert_eq!(one.hash(), other.hash());
        let third = Suite::read(r#"{"question": "Where?", "expect": {"says": ["there"]}}"#).unwrap();
        assert_ne!(one.hash(), third.hash());
    }

    #[test]
    fn a_mistake_is_named_by_line_and_field() {
        assert_eq!(mistakes("\n{\"question\": \"a\", \"expect\": {\"cites\": \"b\"}}"), [(2, "expect.cites".into())]);
        assert_eq!(mistakes("{\"question\": 7}"), [(1, "question".into())]);
        assert_eq!(
            mistakes("{\"question\": \"a\"}\n{\"turns\": [{\"question\": \" \"}]}"),
            [(1, "expect".into()), (2, "turns.0.question".into()), (2, "turns.0.expect".into()),]
        );
        assert_eq!(mistakes("{\"expect\": {\"says\": [\"\"]}}"), [(1, "question".into())]);
        let both = "{\"question\": \"a\", \"expect\": {\"says\": [\" \"]}, \"turns\": [{\"question\": \"b\", \"expect\": {\"emergency\": true}}]}";
        assert_eq!(mistakes(both), [(1, "turns".into()), (1, "expect.says.0".into())]);
        assert_eq!(mistakes("[]"), [(1, String::new())]);
        assert_eq!(mistakes("{\"question\""), [(1, String::new())]);
        assert_eq!(mistakes("{\"question\": \"a\", \"expect\": {\"emergency\": true}} {}"), [(1, String::new())]);
        assert_eq!(mistakes(""), [(0, String::new())]);
    }

    #[test]
    fn an_unknown_expectation_is_refused_with_those_there_are_and_nothing_is_repeated() {
        let error = Suite::read(r#"{"question": "secret", "expect": {"sayz": ["secret"]}}"#).unwrap_err().to_string();
        assert!(
            error.starts_with("line 1: expect") && error.contains("saysNot") && !error.contains("secret"),
            "{error}"
        );
        let many = "{\"question\": \"a\"}\n".repeat(30);
        assert!(Suite::read(&many).unwrap_err().to_string().ends_with("and 10 mistakes more"));
    }
}
