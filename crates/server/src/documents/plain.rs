//! Plain text: paragraphs between empty lines, lists, and what stands out as a heading.

use super::{
    Document,
    lines::{Item, item},
    markdown::{escaped, heading, paragraph},
};

/// A line that stands alone and is no longer than this may be a heading.
const LONGEST_HEADING: usize = 70;

pub fn read(text: &str) -> Document {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace(['\r', '\u{c}'], "\n");
    let mut blocks: Vec<String> = Vec::new();
    let mut title = None;
    for group in text.split("\n\n").flat_map(|group| group.split("\n \n")) {
        let lines: Vec<&str> = group.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match lines[..] {
            [] => {}
            [one] if looks_like_a_heading(one) => head(one, &mut title, &mut blocks),
            // Underlined.
            [one, rule, ref rest @ ..] if is_rule(rule) && one.chars().count() <= LONGEST_HEADING => {
                head(one, &mut title, &mut blocks);
                body(rest, &mut blocks);
            }
            [one, ref rest @ ..] if is_shouted(one) => {
                head(one, &mut title, &mut blocks);
                body(rest, &mut blocks);
            }
            ref lines => body(lines, &mut blocks),
        }
    }
    // A text of one line is no title of nothing.
    if let Some(title) = title.as_deref().filter(|_| blocks.is_empty()) {
        blocks.push(paragraph(&escaped(title)));
    }
    Document { title, markdown: blocks.join("\n\n") }
}

/// The first one, where nothing stands before it, is the title.
fn head(line: &str, title: &mut Option<String>, blocks: &mut Vec<String>) {
    if title.is_none() && blocks.is_empty() {
        *title = Some(line.to_owned());
    } else {
        blocks.push(heading(2, &escaped(line), None));
    }
}

fn body(lines: &[&str], blocks: &mut Vec<String>) {
    let mut text = String::new();
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        match item(line) {
            Some(Item { mark, text: words }) => items.push(format!("{mark} {}", escaped(words))),
            None => match items.last_mut() {
                Some(last) => *last = format!("{last} {}", escaped(line)),
                None => text = format!("{text} {}", escaped(line)),
            },
        }
    }
    if !text.trim().is_empty() {
        blocks.push(paragraph(&text));
    }
    if !items.is_empty() {
        blocks.push(items.join("\n"));
    }
}

fn looks_like_a_heading(line: &str) -> bool {
    line.chars().count() <= LONGEST_HEADING
        && item(line).is_none()
        && line.chars().any(char::is_alphabetic)
        && !line.ends_with(['.', '!', ',', ';', ')'])
}

/// A heading may stand on the text's own first line only where its capitals tell.
fn is_shouted(line: &str) -> bool {
    looks_like_a_heading(line)
        && line.chars().filter(|character| character.is_uppercase()).count() > 3
        && !line.chars().any(char::is_lowercase)
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && (line.chars().all(|character| character == '=') || line.chars().all(|character| character == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_and_paragraphs_are_told_apart() {
        let text = "\u{feff}Visiting hours\r\n\r\nWe are open\r\ndaily.\r\n\r\nIntensive care\r\n--------------\r\nAsk first:\r\n* one\r\n  goes on\r\n2) two\r\n\r\nPARKING\r\nIn #1 garage.\r\n";
        let expected = Document {
            title: Some("Visiting hours".into()),
            markdown: "We are open daily.\n\n## Intensive care\n\nAsk first:\n\n- one goes on\n2. two\n\n## PARKING\n\nIn #1 garage.".into(),
        };
        assert_eq!(read(text), expected);
        let line = Document { title: Some("Daily".into()), markdown: "Daily".into() };
        assert_eq!(read("Daily\n"), line, "a title of nothing is text");
    }
}
