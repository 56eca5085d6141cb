//! Every acknowledged question has one final answer, or its sender knows why not.

use crate::history::{Rule, SessionHistory, Violation, timeline};

pub fn check(history: &SessionHistory, violations: &mut Vec<Violation>) {
    let answers = timeline::answers(history);
    for (id, question) in timeline::questions(history) {
        let answers = answers.get(id).map(Vec::as_slice).unwrap_or_default();
        if answers.len() > 1 {
            let places: Vec<u64> = answers.iter().map(|answer| answer.seq).collect();
            violations.push(Violation::new(Rule::TwoAnswers, history, format!("{id} is answered with {places:?}")));
        }
        let excused = question.cancelled || question.failed;
        if answers.is_empty() && !question.acks.is_empty() && !excused {
            violations.push(Violation::new(Rule::NoAnswer, history, format!("{id} with {:?}", question.acks)));
        }
        for answer in answers {
            if answer.metadata.stopped && !question.cancelled {
                violations.push(Violation::new(Rule::StoppedUnasked, history, format!("the answer to {id}")));
            }
            let about = question.about.unwrap_or_default();
            if !answer.metadata.stopped && !answer.content.contains(about) {
                let detail = format!("{id} is about the {about}, and {} is not", answer.message_id);
                violations.push(Violation::new(Rule::WrongAnswer, history, detail));
            }
        }
    }
}
