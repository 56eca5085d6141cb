//! Trying a config version before patients do: suites of questions with what is expected of the answers.

pub mod job;
mod judgement;
mod report;
mod running;
mod suite;

use kuzushi_store::{ArticlesDigest, EvaluationResult, StoreError};

pub use judgement::{COMPLETES, KINDS};
pub use report::{CaseResult, Count, Failure, Report, WrittenAnswer};
pub use running::{Subject, run};
pub use suite::{BadSuite, Case, Expectations, Suite, Turn};

/// A number of cases as it is stored.
pub fn number_of(cases: usize) -> i32 {
    i32::try_from(cases).unwrap_or(i32::MAX)
}

/// A report as it is recorded: without what was answered.
pub fn result(report: &Report, articles: ArticlesDigest) -> Result<EvaluationResult, StoreError> {
    let unwritable = |error: serde_json::Error| StoreError::Other(format!("a report: {error}"));
    Ok(EvaluationResult {
        passed: number_of(report.passed),
        articles,
        expectations: serde_json::to_value(&report.expectations).map_err(unwritable)?,
        report: serde_json::to_vec(&report.cases).map_err(unwritable)?,
    })
}
