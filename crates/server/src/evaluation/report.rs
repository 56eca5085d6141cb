//! What came of a suite: as a table for people, and as JSON for machines.

use std::fmt::{self, Write};

use kuzushi_domain::Share;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::judgement::Given;

/// What came of a suite. It repeats nothing of the answers.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Cases whose every expectation was met.
    pub passed: usize,
    pub expectations: Vec<Count>,
    pub cases: Vec<CaseResult>,
    /// What was answered, for whoever asks for it.
    #[serde(skip)]
    pub answers: Vec<WrittenAnswer>,
}

/// How often one kind of expectation was met.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    pub expectation: &'static str,
    pub met: usize,
    pub of: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// 1, 2, 3… within the suite.
    pub number: usize,
    pub name: String,
    /// Whether every expectation was met.
    pub passed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub failures: Vec<Failure>,
    /// How long its answers took together.
    pub milliseconds: u64,
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CaseFailure)]
pub struct Failure {
    /// 1, 2, 3… within the case.
    pub turn: usize,
    /// By its name in the suite; `completes` where there was no whole answer, or not from the model that should have given it.
    pub expectation: String,
    /// What was missing or too much. It repeats nothing of the answer.
    pub complaint: String,
}

/// An answer for a file that somebody asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenAnswer {
    number: usize,
    name: String,
    turn: usize,
    question: String,
    answer: String,
    cites: Vec<String>,
    emergency: bool,
    no_answer: bool,
    declines_medical_advice: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl WrittenAnswer {
    pub fn new((number, name, turn): (usize, String, usize), question: &str, given: Given) -> Self {
        let Given { text: answer, cited: cites, is_emergency: emergency, no_answer, declines_medical_advice, failure } =
            given;
        let question = question.to_owned();
        Self { number, name, turn, question, answer, cites, emergency, no_answer, declines_medical_advice, failure }
    }
}

impl Report {
    /// Whether as many passed as are wanted.
    pub fn suffices(&self, minimum: Share) -> bool {
        minimum.is_reached(self.passed, self.cases.len())
    }
}

/// A line a case, what failed below it, and a line for each kind of expectation.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.cases.len().to_string().len();
        let width = self.cases.iter().map(|case| case.name.chars().count()).max().unwrap_or_default();
        for CaseResult { number, name, passed, failures, milliseconds } in &self.cases {
            let verdict = if *passed { "pass" } else { "FAIL" };
            writeln!(formatter, "{number:>digits$}  {verdict}  {name:width$}  {milliseconds:>6} ms")?;
            for Failure { turn, expectation, complaint } in failures {
                let indent = digits + 2;
                writeln!(formatter, "{:indent$}turn {turn}, {expectation}: {complaint}", "")?;
            }
        }
        let width = self.expectations.iter().map(|count| count.expectation.len()).max().unwrap_or_default();
        let mut summary = String::new();
        for Count { expectation, met, of } in &self.expectations {
            writeln!(summary, "{expectation:width$}  {met:>5} of {of}")?;
        }
        let (passed, of) = (self.passed, self.cases.len());
        write!(formatter, "\n{summary}\n{passed} of {of} cases passed ({})\n", Share::of(passed, of))
    }
}
