//! What of a model's words is passed on: no marks of sources, no link that leads elsewhere, nothing of its instructions.

use super::{
    ProviderFailure,
    confidential::Confidential,
    links::{AllowedLinks, SafeLinks},
    source_marks::SourceMarks,
};
use crate::{
    answer::AnswerRequest,
    knowledge::{Candidate, Knowledge},
    prompt::RULES_TELLTALES,
};

/// Reads an answer in pieces, on its way to the visitor.
#[derive(Debug)]
pub struct Passing {
    confidential: Confidential,
    marks: SourceMarks,
    links: SafeLinks,
    /// What begins like something confidential, until it is plain that it is not: then nothing was said, and somebody else can
    /// answer.
    held: String,
}

impl Passing {
    pub fn new(request: &AnswerRequest, sources: &[Candidate]) -> Self {
        let mut allowed = AllowedLinks::new(&request.sites, &request.contact);
        allowed.add(&request.knowledge, sources);
        Self {
            confidential: Confidential::new(&RULES_TELLTALES, &request.system_prompt),
            marks: SourceMarks::default(),
            links: SafeLinks::new(allowed),
            held: String::new(),
        }
    }

    /// The next piece, as the visitor may see it.
    pub fn pass(&mut self, piece: &str) -> Result<String, ProviderFailure> {
        if self.confidential.is_given_away_by(piece) {
            return Err(ProviderFailure::GaveAway);
        }
        if self.confidential.may_be_beginning() {
            self.held.push_str(piece);
            return Ok(String::new());
        }
        let mut text = self.release();
        text.push_str(&self.links.pass(&self.marks.strip(piece)));
        Ok(text)
    }

    /// What still waits at the end of the text.
    pub fn finish(&mut self) -> String {
        let mut text = self.release();
        text.push_str(&self.links.pass(&self.marks.finish()));
        text.push_str(&self.links.finish());
        text
    }

    /// Lets it link to what a look-up has brought as well.
    pub fn allow(&mut self, knowledge: &Knowledge, sources: &[Candidate]) {
        self.links.allow(knowledge, sources);
    }

    /// The sources in the order in which they were named first.
    pub fn named(&self) -> &[usize] {
        self.marks.named()
    }

    fn release(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        self.links.pass(&self.marks.strip(&held))
    }
}
