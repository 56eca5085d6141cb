//! Cutting an article's markdown into passages: what stands under one heading, short enough to be an answer.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Where a long section is cut, between two of its blocks.
const PASSAGE_WORDS: usize = 130;

/// A part of an article under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Plain text. None for what stands before the first heading.
    pub heading: Option<String>,
    /// The heading's own name on the page where it is published: `## Parking {#parking}`.
    pub anchor: Option<String>,
    pub blocks: Vec<Block>,
}

/// A piece of markdown that cannot lose its neighbours' line breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Markdown of a paragraph, on one line.
    Paragraph(String),
    /// Markdown of each item, on one line, without its marker.
    List { ordered: bool, items: Vec<String> },
}

impl Passage {
    /// The text without markup, one line for each paragraph and list item.
    pub fn plain_text(&self) -> String {
        let lines: Vec<String> = self.blocks.iter().flat_map(Block::pieces).map(plain_text).collect();
        lines.join("\n")
    }
}

impl Block {
    /// The paragraph, or the list's items.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Paragraph(text) => std::slice::from_ref(text),
            Self::List { items, .. } => items.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }

    fn word_count(&self) -> usize {
        self.pieces().map(|piece| piece.split_whitespace().count()).sum()
    }
}

/// Cuts a body into passages. Headings of every level begin a new one, a table becomes a list of its rows; code and
/// HTML are left out, since no short answer can quote them.
pub fn passages(markdown: &str) -> Vec<Passage> {
    let mut reader = Reader { markdown, ..Reader::default() };
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut events = Parser::new_ext(markdown, options).into_offset_iter();
    while let Some((event, range)) = events.next() {
        let Event::Start(tag) = event else { continue };
        match tag {
            Tag::Heading { ref id, .. } => {
                reader.close();
                reader.heading = Some(plain_text(&markdown[range])).filter(|heading| !heading.is_empty());
                reader.anchor = id.as_ref().filter(|_| reader.heading.is_some()).map(ToString::to_string);
            }
            Tag::Paragraph => reader.paragraph(range),
            Tag::List(first_number) => reader.list(first_number.is_some(), &mut events),
            Tag::Table(_) => reader.table(&mut events),
            // The paragraphs and lists inside come next.
            Tag::BlockQuote(_) => continue,
            _ => {}
        }
        skip_to_end(tag.to_end(), &mut events);
    }
    reader.close();
    reader.passages
}

#[derive(Default)]
struct Reader<'a> {
    markdown: &'a str,
    passages: Vec<Passage>,
    heading: Option<String>,
    anchor: Option<String>,
    blocks: Vec<Block>,
}

impl Reader<'_> {
    fn paragraph(&mut self, range: Range<usize>) {
        let text = on_one_line(&self.markdown[range]);
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    /// Reads a list up to its end. Lists inside its items become part of the item's text.
    fn list<'e>(&mut self, ordered: bool, events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>) {
        let mut items: Vec<String> = Vec::new();
        let mut depth = 1;
        for (event, range) in events {
            match event {
                Event::Start(Tag::List(_)) => depth += 1,
                Event::End(TagEnd::List(_)) if depth == 1 => break,
                Event::End(TagEnd::List(_)) => depth -= 1,
                Event::Start(Tag::Item) if depth == 1 => items.push(item_text(&self.markdown[range])),
                _ => {}
            }
        }
        items.retain(|item| !item.is_empty());
        if !items.is_empty() {
            self.blocks.push(Block::List { ordered, items });
        }
    }

    /// Reads a table up to its end: an item for each row, its first cell in front of the others.
    fn table<'e>(&mut self, events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>) {
        let mut items = Vec::new();
        let mut cells: Vec<String> = Vec::new();
        for (event, range) in events {
            match event {
                Event::End(TagEnd::Table) => break,
                Event::End(TagEnd::TableHead) => cells.clear(),
                Event::End(TagEnd::TableRow) => {
                    if let Some((first, others)) = cells.split_first() {
                        items.push(format!("**{first}**: {}", others.join(", ")));
                    }
                    cells.clear();
                }
                Event::Start(Tag::TableCell) => {
                    cells.push(on_one_line(self.markdown[range].trim_matches(['|', ' '])));
                }
                _ => {}
            }
        }
        if !items.is_empty() {
            self.blocks.push(Block::List { ordered: false, items });
        }
    }

    /// Ends the section at hand, in several passages where it is long.
    fn close(&mut self) {
        let mut passage = Vec::new();
        let mut length = 0;
        for block in std::mem::take(&mut self.blocks) {
            let words = block.word_count();
            // A list belongs to the sentence that introduces it.
            let follows_introduction = matches!(block, Block::List { .. });
            if length > 0 && length + words > PASSAGE_WORDS && !follows_introduction {
                self.push(std::mem::take(&mut passage));
                length = 0;
            }
            length += words;
            passage.push(block);
        }
        if !passage.is_empty() {
            self.push(passage);
        }
        self.heading = None;
        self.anchor = None;
    }

    fn push(&mut self, blocks: Vec<Block>) {
        self.passages.push(Passage { heading: self.heading.clone(), anchor: self.anchor.clone(), blocks });
    }
}

/// Consumes events up to the end of a tag that was opened, unless its reader already did.
fn skip_to_end<'e>(end: TagEnd, events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>) {
    if matches!(end, TagEnd::List(_) | TagEnd::Table) {
        return;
    }
    let mut depth = 1;
    for (event, _) in events {
        match event {
            Event::Start(tag) if tag.to_end() == end => depth += 1,
            Event::End(tag) if tag == end => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// An item without its marker.
fn item_text(item: &str) -> String {
    let item = on_one_line(item);
    let after_digits = item.trim_start_matches(|character: char| character.is_ascii_digit());
    let unmarked = item
        .strip_prefix(['-', '*', '+'])
        .or_else(|| after_digits.strip_prefix(['.', ')']).filter(|_| after_digits.len() < item.len()));
    unmarked.unwrap_or(&item).trim().to_owned()
}

fn on_one_line(markdown: &str) -> String {
    let words: Vec<&str> = markdown.split_whitespace().collect();
    words.join(" ")
}

/// Markdown without its markup, on one line.
pub fn plain_text(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for event in Parser::new_ext(markdown, Options::ENABLE_HEADING_ATTRIBUTES) {
        match event {
            Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Item) => text.push(' '),
            _ => {}
        }
    }
    on_one_line(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_divide_and_lists_stay_lists() {
        let found = passages(
            "Before any heading.\n\n## Where to *park* {#park}\nIn the\n**garage**, see [map](/map).\n\n- Level 1\n- Level 2\n  - near the lift\n\n1. First\n2. Second\n\n### Empty\n## Last\n> Quoted.\n",
        );
        let expected = [
            Passage { heading: None, anchor: None, blocks: vec![Block::Paragraph("Before any heading.".into())] },
            Passage {
                heading: Some("Where to park".into()),
                anchor: Some("park".into()),
                blocks: vec![
                    Block::Paragraph("In the **garage**, see [map](/map).".into()),
                    Block::List { ordered: false, items: vec!["Level 1".into(), "Level 2 - near the lift".into()] },
                    Block::List { ordered: true, items: vec!["First".into(), "Second".into()] },
                ],
            },
            Passage { heading: Some("Last".into()), anchor: None, blocks: vec![Block::Paragraph("Quoted.".into())] },
        ];
        assert_eq!(found, expected);
        assert_eq!(found[1].plain_text(), "In the garage, see map.\nLevel 1\nLevel 2 - near the lift\nFirst\nSecond");
    }

    #[test]
    fn a_long_section_becomes_several_passages_under_one_heading() {
        let paragraph = "word ".repeat(80);
        let found = passages(&format!("# One\n{paragraph}\n\n{paragraph}\n\n{paragraph}"));
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|passage| passage.heading.as_deref() == Some("One")));
    }

    #[test]
    fn a_table_becomes_a_list_of_its_rows() {
        let found =
            passages("| Ward | Open | Closed |\n|---|---|---|\n| ICU | 11 am | 8 pm |\n| Maternity | 9 am | 9 pm |\n");
        let items = vec!["**ICU**: 11 am, 8 pm".into(), "**Maternity**: 9 am, 9 pm".into()];
        assert_eq!(
            found,
            [Passage { heading: None, anchor: None, blocks: vec![Block::List { ordered: false, items }] }]
        );
    }

    #[test]
    fn what_cannot_be_quoted_is_left_out() {
        assert_eq!(passages("# Code\n\n```\ncode\n```\n\n<div>html</div>\n"), []);
        assert_eq!(passages(""), []);
    }
}
