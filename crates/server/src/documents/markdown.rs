//! Writing text as Markdown that means nothing but that text.

/// Text in which nothing is taken for a mark. On one line.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !is_invisible(*character)) {
        if matches!(character, '\\' | '*' | '_' | '[' | ']' | '<' | '`' | '|' | '~') {
            escaped.push('\\');
        }
        escaped.push(if character.is_whitespace() { ' ' } else { character });
    }
    escaped
}

/// A paragraph, from text that is escaped already: its beginning makes no heading, list or quotation of it.
pub fn paragraph(escaped: &str) -> String {
    let text = on_one_line(escaped);
    let after_digits = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let is_numbered = after_digits.len() < text.len() && after_digits.starts_with(['.', ')']);
    if is_numbered {
        let digits = text.len() - after_digits.len();
        format!("{}\\{after_digits}", &text[..digits])
    } else if text.starts_with(['#', '>', '-', '+', '=']) {
        format!("\\{text}")
    } else {
        text
    }
}

/// A heading of the second level or below, with its anchor.
pub fn heading(level: usize, escaped: &str, anchor: Option<&str>) -> String {
    let text = on_one_line(escaped).replace('{', "(").replace('}', ")");
    let anchor = anchor.map(|anchor| format!(" {{#{anchor}}}")).unwrap_or_default();
    format!("{} {}{anchor}", "#".repeat(level.clamp(2, 6)), text.trim_end_matches('#').trim_end())
}

pub fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What nobody sees. It would be read all the same.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
        || (character.is_control() && !character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use kuzushi_assistant::knowledge::{Block, passages, plain_text};

    use super::*;

    #[test]
    fn text_comes_back_as_it_was() {
        for text in [
            "1. No list",
            "12) none",
            "- none",
            "+ none",
            "> none",
            "# none",
            "a *b* _c_ `d` [e](f) <g> | h ~~i~~",
            "\\",
            "===",
            "*",
            "![x](y)",
            "a & b &amp; c",
        ] {
            let markdown = paragraph(&escaped(text));
            let found = passages(&markdown);
            assert_eq!(found.len(), 1, "{markdown}");
            assert!(matches!(&found[0].blocks[..], [Block::Paragraph(_)]), "{markdown}: {found:?}");
            assert_eq!(plain_text(&markdown), text.replace("&amp;", "&"), "{markdown}");
        }
        assert_eq!(escaped("a\u{200b}b\u{e0041}\tc"), "ab c");
    }
}
