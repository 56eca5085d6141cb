//! PDFs: their characters, put together to lines, and these to headings, lists and paragraphs by size and distance.

use std::collections::HashMap;

use pdf_extract::{Document as PdfDocument, MediaBox, OutputDev, OutputError, Transform, output_doc_page};

use super::{
    Document, LONGEST, MOST_PAGES, Unusable,
    lines::{Item, item},
    markdown::{escaped, heading, on_one_line, paragraph},
};

/// How much larger than the text a heading is, at least.
const LARGER: f64 = 1.12;
/// A longer line is no heading, however large.
const LONGEST_HEADING: usize = 120;
/// The distance of two lines in heights of a letter beyond which a paragraph ends.
const APART: f64 = 1.75;
/// The distance of two letters in their size that is a space.
const SPACE: f64 = 0.15;
/// What the trailer of an encrypted file names.
const ENCRYPTED: &[u8] = b"/Encrypt";
/// On so many pages a line is the page's and not the text's.
const REPEATED: usize = 3;

pub fn read(bytes: &[u8]) -> Result<Document, Unusable> {
    // Of an encrypted file the parser says, according to what fails first, this or that.
    let is_encrypted = bytes.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
    let refusal = if is_encrypted { Unusable::Encrypted } else { Unusable::Unreadable };
    let document = PdfDocument::load_mem(bytes).map_err(|_| refusal)?;
    if document.is_encrypted() {
        return Err(Unusable::Encrypted);
    }
    let pages = document.get_pages();
    if pages.is_empty() {
        return Err(refusal);
    }
    if pages.len() > MOST_PAGES {
        return Err(Unusable::TooManyPages);
    }
    let mut reading = Reading::default();
    for number in pages.keys() {
        output_doc_page(&document, &mut reading, *number).map_err(|_| refusal)?;
        reading.finish_line();
        if reading.characters > 4 * LONGEST {
            return Err(Unusable::TooLong);
        }
    }
    if !reading.lines.iter().any(|line| line.text.chars().any(char::is_alphanumeric)) {
        return Err(Unusable::NoText);
    }
    Ok(assemble(without_page_lines(reading.lines)))
}

#[derive(Debug, Clone)]
struct Line {
    page: u32,
    text: String,
    /// Its size, in points.
    size: f64,
    /// Where it stands, upwards from the page's foot.
    height: f64,
    left: f64,
}

#[derive(Default)]
struct Reading {
    page: u32,
    lines: Vec<Line>,
    line: Option<Line>,
    /// Where the last character ended.
    end: f64,
    characters: usize,
}

impl Reading {
    fn finish_line(&mut self) {
        self.lines.extend(self.line.take().filter(|line| !line.text.trim().is_empty()));
    }
}

impl OutputDev for Reading {
    fn begin_page(&mut self, page: u32, _: &MediaBox, _: Option<(f64, f64, f64, f64)>) -> Result<(), OutputError> {
        self.finish_line();
        self.page = page;
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        place: &Transform,
        width: f64,
        _: f64,
        font_size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        let size = font_size.abs() * (place.m11 * place.m22 - place.m12 * place.m21).abs().sqrt();
        let (left, height) = (place.m31, place.m32);
        if !(size.is_finite() && left.is_finite() && height.is_finite()) {
            return Ok(());
        }
        self.characters += text.len();
        let goes_on = self.line.as_ref().is_some_and(|line| {
            (line.height - height).abs() < 0.5 * line.size.max(size) && left > self.end - 2.0 * size
        });
        if !goes_on {
            self.finish_line();
        }
        let page = self.page;
        let end = self.end;
        let line = self.line.get_or_insert_with(|| Line { page, text: String::new(), size, height, left });
        if goes_on && left > end + SPACE * size && !line.text.ends_with(' ') {
            line.text.push(' ');
        }
        line.text.push_str(text);
        line.size = line.size.max(size);
        self.end = left + width * size;
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

/// Leaves out page numbers, and what stands at the head or foot of every page.
fn without_page_lines(lines: Vec<Line>) -> Vec<Line> {
    let mut pages: HashMap<String, Vec<u32>> = HashMap::new();
    for line in &lines {
        let on = pages.entry(without_digits(&line.text)).or_default();
        if on.last() != Some(&line.page) {
            on.push(line.page);
        }
    }
    let all = lines.last().map_or(0, |line| line.page) as usize;
    lines
        .into_iter()
        .filter(|line| {
            let words = without_digits(&line.text);
            let is_number = words.trim_matches(|character: char| !character.is_alphabetic()).is_empty();
            let on = pages.get(&words).map_or(0, Vec::len);
            let is_on_most = on >= REPEATED && on * 2 > all;
            !(is_number || is_on_most)
        })
        .collect()
}

fn without_digits(text: &str) -> String {
    let bare: String = text.chars().filter(|character| !character.is_numeric()).collect();
    on_one_line(&bare).to_lowercase()
}

fn assemble(lines: Vec<Line>) -> Document {
    let usual = usual_size(&lines);
    let mut title: Option<String> = None;
    let mut blocks: Vec<Part> = Vec::new();
    let mut before: Option<Line> = None;
    for line in lines {
        let text = on_one_line(&line.text);
        let apart = before.as_ref().is_none_or(|before| {
            let distance = before.height - line.height;
            before.page == line.page && (distance > APART * line.size.max(before.size) || distance < -line.size)
        });
        let is_heading = line.size > LARGER * usual && text.chars().count() <= LONGEST_HEADING;
        let same_size = before.as_ref().is_some_and(|before| (before.size - line.size).abs() < 0.05 * line.size);
        let indented = before.as_ref().is_some_and(|before| line.left > before.left + 0.5 * line.size);
        match (is_heading, item(&text), blocks.last_mut()) {
            (true, _, Some(Part::Heading { text: begun, .. })) if same_size && !apart => {
                *begun = format!("{begun} {text}");
            }
            (true, ..) => blocks.push(Part::Heading { text, size: line.size }),
            (_, Some(Item { mark, text }), Some(Part::List(items))) => items.push((mark, text.to_owned())),
            (_, Some(Item { mark, text }), _) => blocks.push(Part::List(vec![(mark, text.to_owned())])),
            (_, None, Some(Part::List(items))) if !apart && (indented || !starts_a_sentence(&text)) => {
                if let Some((_, last)) = items.last_mut() {
                    join(last, &text);
                }
            }
            (_, None, Some(Part::Paragraph(begun))) if !apart => join(begun, &text),
            // A page ends in the middle of a sentence.
            (_, None, Some(Part::Paragraph(begun)))
                if before.as_ref().is_some_and(|before| before.page != line.page) && !starts_a_sentence(&text) =>
            {
                join(begun, &text);
            }
            _ => blocks.push(Part::Paragraph(text)),
        }
        before = Some(line);
    }
    // What stands first and is largest is the title.
    let largest = blocks.iter().filter_map(Part::size).fold(0.0, f64::max);
    if let Some(Part::Heading { text, size }) = blocks.first()
        && *size >= largest
    {
        title = Some(text.clone());
        // Unless there is nothing else.
        if blocks.len() > 1 {
            blocks.remove(0);
        }
    }
    let largest = blocks.iter().filter_map(Part::size).fold(0.0, f64::max);
    let written: Vec<String> = blocks.iter().map(|part| part.write(largest)).collect();
    Document { title, markdown: written.join("\n\n") }
}

#[derive(Debug)]
enum Part {
    Heading { text: String, size: f64 },
    Paragraph(String),
    List(Vec<(String, String)>),
}

impl Part {
    fn size(&self) -> Option<f64> {
        match self {
            Self::Heading { size, .. } => Some(*size),
            _ => None,
        }
    }

    fn write(&self, largest: f64) -> String {
        match self {
            Self::Heading { text, size } => heading(if *size >= 0.95 * largest { 2 } else { 3 }, &escaped(text), None),
            Self::Paragraph(text) => paragraph(&escaped(text)),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|(mark, text)| format!("{mark} {}", escaped(text))).collect();
                items.join("\n")
            }
        }
    }
}

fn starts_a_sentence(text: &str) -> bool {
    text.chars().next().is_some_and(|first| !first.is_lowercase() && first.is_alphanumeric())
}

/// Puts a line behind another. A word that was divided between them is one again.
fn join(text: &mut String, line: &str) {
    let is_divided = text.ends_with(['-', '\u{2010}'])
        && text.chars().rev().nth(1).is_some_and(char::is_lowercase)
        && line.starts_with(char::is_lowercase);
    if is_divided {
        text.pop();
    } else {
        text.push(' ');
    }
    text.push_str(line);
}

/// The size that most characters have.
fn usual_size(lines: &[Line]) -> f64 {
    let mut characters: HashMap<i64, usize> = HashMap::new();
    for line in lines {
        *characters.entry((line.size * 10.0).round() as i64).or_default() += line.text.chars().count();
    }
    let usual = characters.into_iter().max_by_key(|(size, count)| (*count, std::cmp::Reverse(*size)));
    usual.map_or(0.0, |(size, _)| size as f64 / 10.0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A PDF with these lines on a page each list: size, height above the foot, text.
    pub fn pdf(pages: &[&[(u32, u32, &str)]]) -> Vec<u8> {
        let mut objects: Vec<String> = vec![String::from("<< /Type /Catalog /Pages 2 0 R >>")];
        let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
        objects.push(format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()));
        objects.push(String::from("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"));
        for (page, lines) in pages.iter().enumerate() {
            let content: String = lines
                .iter()
                .map(|(size, height, text)| {
                    let text = text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
                    format!("BT /F1 {size} Tf 72 {height} Td ({text}) Tj ET\n")
                })
                .collect();
            objects.push(format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
                5 + 2 * page
            ));
            objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len() + 1));
        }
        let mut file = String::from("%PDF-1.4\n");
        let mut places = Vec::new();
        for (position, object) in objects.iter().enumerate() {
            places.push(file.len());
            file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", position + 1));
        }
        let table = file.len();
        file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
        for place in places {
            file.push_str(&format!("{place:010} 00000 n \n"));
        }
        file.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
        file.into_bytes()
    }

    #[test]
    fn lines_become_a_title_headings_lists_and_paragraphs() {
        let file = pdf(&[
            &[
                (24, 740, "Visiting hours"),
                (11, 700, "Visitors are welcome every day from ten in the morn-"),
                (11, 686, "ing until eight in the evening."),
                (16, 640, "Intensive care"),
                (11, 610, "- Two visitors at a time"),
                (11, 596, "- Ring the bell (twice)"),
                (11, 560, "The ward is closed at night and"),
                (9, 30, "St. Mary's, page 1"),
            ],
            &[(11, 740, "opens at seven."), (9, 30, "St. Mary's, page 2")],
            &[(16, 740, "Parking"), (11, 700, "Use garage B."), (9, 30, "St. Mary's, page 3")],
        ]);
        let document = read(&file).expect("a readable file");
        assert_eq!(document.title.as_deref(), Some("Visiting hours"));
        let expected = "Visitors are welcome every day from ten in the morning until eight in the evening.\n\n## Intensive care\n\n- Two visitors at a time\n- Ring the bell (twice)\n\nThe ward is closed at night and opens at seven.\n\n## Parking\n\nUse garage B.";
        assert_eq!(document.markdown, expected);
    }

    #[test]
    fn what_cannot_be_used_is_told_apart() {
        assert_eq!(read(b"%PDF-1.4 and nothing").unwrap_err(), Unusable::Unreadable);
        assert_eq!(read(&pdf(&[&[]])).unwrap_err(), Unusable::NoText);
        let many: Vec<&[(u32, u32, &str)]> = vec![&[(11, 700, "A")]; MOST_PAGES + 1];
        assert_eq!(read(&pdf(&many)).unwrap_err(), Unusable::TooManyPages);
    }
}
