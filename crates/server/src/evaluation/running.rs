//! Asking what a suite asks, and counting which answers are as expected.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use kuzushi_assistant::{AnswerEvent, AnswerRequest, Assistant, Earlier, HistoryMessage, Knowledge, Privacy};
use kuzushi_domain::{Phi, Role, config::AppConfig};
use kuzushi_store::App;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{
    judgement::{Given, KINDS, judge},
    report::{CaseResult, Count, Failure, Report, WrittenAnswer},
    suite::{Case, Suite},
};
use crate::conversation::{Question, answer_request};

/// A config version with the articles that it answers from, ready to be asked.
pub struct Subject {
    pub assistant: Assistant,
    pub app: App,
    pub config: AppConfig,
    /// When it is asked: an answer may depend on the hour.
    pub now: DateTime<Utc>,
    pub knowledge: Arc<Knowledge>,
    /// Slugs of the articles by their ids (`art_…`).
    pub slugs: BTreeMap<String, String>,
    /// How long an answer may take, as for visitors.
    pub answer_timeout: Duration,
}

/// Asks everything, so many cases at the same time. Dropping it stops the asking.
pub async fn run(subject: Arc<Subject>, suite: &Suite, at_once: usize) -> Report {
    let known: Arc<BTreeSet<String>> = Arc::new(subject.slugs.values().cloned().collect());
    let asked = suite.cases().iter().cloned().enumerate().map(|(position, case)| {
        let (subject, known) = (Arc::clone(&subject), Arc::clone(&known));
        // A task each, since finding an answer is work for the processor.
        let task = async move { ask(&subject, &known, position + 1, &case).await };
        async move { AbortOnDropHandle::new(tokio::spawn(task)).await }
    });
    let mut results = stream::iter(asked).buffered(at_once.max(1));
    let mut report = Report::default();
    let mut counts = KINDS.map(|expectation| Count { expectation, met: 0, of: 0 });
    while let Some(asked) = results.next().await {
        let number = report.cases.len() + 1;
        let (result, verdicts, answers) = asked.unwrap_or_else(|_| crashed(number, &suite.cases()[number - 1]));
        for (kind, is_met) in verdicts {
            if let Some(count) = counts.iter_mut().find(|count| count.expectation == kind) {
                count.of += 1;
                count.met += usize::from(is_met);
            }
        }
        report.passed += usize::from(result.passed);
        report.cases.push(result);
        report.answers.extend(answers);
    }
    report.expectations = counts.into_iter().filter(|count| count.of > 0).collect();
    report
}

type Asked = (CaseResult, Vec<(&'static str, bool)>, Vec<WrittenAnswer>);

/// A case whose asking panicked: a mistake of ours, which is no reason to lose the others.
fn crashed(number: usize, case: &Case) -> Asked {
    let failure = Failure { turn: 1, expectation: KINDS[0].into(), complaint: "the assistant crashed".into() };
    let name = case.title();
    (
        CaseResult { number, name, passed: false, failures: vec![failure], milliseconds: 0 },
        vec![(KINDS[0], false)],
        vec![],
    )
}

async fn ask(subject: &Subject, known: &BTreeSet<String>, number: usize, case: &Case) -> Asked {
    let begun = Instant::now();
    let (mut failures, mut verdicts, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let mut history = Vec::new();
    for (turn, (_, question, expected)) in (1..).zip(case.asked()) {
        let content = Phi::from(question);
        let asked = Question {
            attached: 0,
            content: content.clone(),
            history: history.clone(),
            earlier: Earlier::default(),
            now: subject.now,
            locale: case.locale.clone(),
            patient: None,
            record: None,
            privacy: Privacy::of_nobody(),
        };
        let request = answer_request(&subject.config, &subject.app, Arc::clone(&subject.knowledge), asked);
        let (given, cited) = given(subject, request).await;
        for verdict in judge(&given, expected, known) {
            verdicts.push((verdict.kind, verdict.complaint.is_none()));
            let expectation = verdict.kind.to_owned();
            failures.extend(verdict.complaint.map(|complaint| Failure { turn, expectation, complaint }));
        }
        history.push(HistoryMessage { role: Role::User, content, cited: Vec::new() });
        history.push(HistoryMessage { role: Role::Assistant, content: Phi::new(given.text.clone()), cited });
        answers.push(WrittenAnswer::new((number, case.title(), turn), question, given));
    }
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let result = CaseResult { number, name: case.title(), passed: failures.is_empty(), failures, milliseconds };
    (result, verdicts, answers)
}

/// The answer, and the ids of the articles that it cites.
async fn given(subject: &Subject, request: AnswerRequest) -> (Given, Vec<String>) {
    // Nobody reads along.
    let request = AnswerRequest { token_interval: Duration::ZERO, ..request };
    let mut events = subject.assistant.answer(request);
    let (mut given, mut cited) = (Given::default(), Vec::new());
    let reading = async {
        while let Some(event) = events.next().await {
            match event {
                Ok(AnswerEvent::Text(piece)) => given.text.push_str(&piece),
                Ok(AnswerEvent::Done(end)) => {
                    given.is_emergency = end.is_emergency;
                    given.no_answer = end.no_answer;
                    given.declines_medical_advice = end.declines_medical_advice;
                    given.failure = end
                        .instead_of_model
                        .map(|failure| format!("the built-in assistant answers instead of the model: {failure}"));
                    cited = end.citations.into_iter().map(|citation| citation.article_id).collect();
                    return;
                }
                Err(failure) => {
                    given.failure = Some(format!("the answer broke off: {failure}"));
                    return;
                }
            }
        }
        given.failure = Some(String::from("the answer broke off"));
    };
    if timeout(subject.answer_timeout, reading).await.is_err() {
        given.failure = Some(format!("no answer within {} s", subject.answer_timeout.as_secs()));
    }
    given.cited = cited.iter().filter_map(|id| subject.slugs.get(id).cloned()).collect();
    (given, cited)
}
