//! BM25F: how well a term describes a document that has several fields of different worth.
//!
//! Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields" (2004). A term's frequencies are
//! weighted and added over the fields before they saturate, so that a word in the title is not counted twice for
//! standing in the text as well.

use std::collections::HashMap;

/// How soon further occurrences of a term stop mattering.
const SATURATION: f32 = 1.2;

/// What a field is worth.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub weight: f32,
    /// 0: its length does not matter; 1: a term in a field twice as long counts half.
    pub length_effect: f32,
}

/// An inverted index of documents with `N` fields. Documents are numbered in the order they were added.
#[derive(Debug)]
pub struct FieldIndex<const N: usize> {
    fields: [Field; N],
    /// How many of the fields, from the first, say what a document is about.
    about: usize,
    /// By term: the documents that hold it, with its frequency in each field.
    postings: HashMap<String, Vec<(usize, [f32; N])>>,
    lengths: Vec<[f32; N]>,
    average_lengths: [f32; N],
}

impl<const N: usize> FieldIndex<N> {
    /// Indexes documents, each given as the terms of its fields. The first `about` fields say what a document is about.
    pub fn build(fields: [Field; N], about: usize, documents: &[[Vec<String>; N]]) -> Self {
        let mut postings: HashMap<String, Vec<(usize, [f32; N])>> = HashMap::new();
        let mut lengths = Vec::with_capacity(documents.len());
        let mut totals = [0.0; N];
        for (document, texts) in documents.iter().enumerate() {
            let mut length = [0.0; N];
            for (field, terms) in texts.iter().enumerate() {
                length[field] = terms.len() as f32;
                totals[field] += length[field];
                for term in terms {
                    let documents = postings.entry(term.clone()).or_default();
                    if documents.last().is_none_or(|(last, _)| *last != document) {
                        documents.push((document, [0.0; N]));
                    }
                    if let Some((_, frequencies)) = documents.last_mut() {
                        frequencies[field] += 1.0;
                    }
                }
            }
            lengths.push(length);
        }
        let count = documents.len().max(1) as f32;
        Self { fields, about, postings, lengths, average_lengths: totals.map(|total| total / count) }
    }

    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    pub fn contains(&self, term: &str) -> bool {
        self.postings.contains_key(term)
    }

    /// How much it says that a document holds the term: high for rare terms, highest for one that no document holds.
    ///
    /// The mean of two: how rare it is anywhere, and how rare in the fields that say what a document is about. Every article speaks of visits somewhere; few are about visiting.
    pub fn rarity(&self, term: &str) -> f32 {
        let holding = self.postings.get(term).map_or(&[][..], Vec::as_slice);
        let about = holding
            .iter()
            .filter(|(_, frequencies)| frequencies[..self.about].iter().any(|count| *count > 0.0))
            .count();
        let anywhere = self.inverse_frequency(holding.len());
        if about == 0 { anywhere } else { f32::midpoint(anywhere, self.inverse_frequency(about)) }
    }

    /// The rarity of a term that no document holds.
    pub fn most_rarity(&self) -> f32 {
        self.inverse_frequency(0)
    }

    fn inverse_frequency(&self, documents: usize) -> f32 {
        let documents = documents as f32;
        (1.0 + (self.len() as f32 - documents + 0.5) / (documents + 0.5)).ln()
    }

    /// The documents that hold the term, each with its score and the term's frequency by field.
    pub fn scores(&self, term: &str) -> impl Iterator<Item = (usize, f32, &[f32; N])> {
        let rarity = self.rarity(term);
        self.postings.get(term).into_iter().flatten().map(move |(document, frequencies)| {
            let weighted: f32 = (0..N).map(|field| self.weighted(*document, field, frequencies[field])).sum();
            (*document, rarity * weighted / (SATURATION + weighted), frequencies)
        })
    }

    fn weighted(&self, document: usize, field: usize, frequency: f32) -> f32 {
        let Field { weight, length_effect } = self.fields[field];
        let average = self.average_lengths[field].max(1.0);
        weight * frequency / (1.0 - length_effect + length_effect * self.lengths[document][field] / average)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> FieldIndex<2> {
        let fields = [Field { weight: 3.0, length_effect: 0.0 }, Field { weight: 1.0, length_effect: 0.5 }];
        let terms = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        FieldIndex::build(
            fields,
            1,
            &[
                [terms("parking"), terms("garage level one")],
                [terms("visiting"), terms("hours parking garage")],
                [terms("billing"), terms("pay pay pay")],
            ],
        )
    }

    fn score(index: &FieldIndex<2>, term: &str, document: usize) -> f32 {
        index.scores(term).find(|(found, ..)| *found == document).map_or(0.0, |(_, score, _)| score)
    }

    #[test]
    fn a_title_outweighs_the_text_and_repetition_saturates() {
        let index = index();
        assert!(score(&index, "parking", 0) > score(&index, "parking", 1));
        assert!(score(&index, "pay", 2) < 3.0 * score(&index, "hours", 1));
        assert_eq!(score(&index, "helicopter", 0), 0.0);
    }

    #[test]
    fn rare_terms_say_more_and_unknown_ones_most() {
        let index = index();
        assert!(index.rarity("garage") < index.rarity("pay"));
        assert!(index.rarity("pay") < index.rarity("helicopter"));
    }
}
