//! PDF documents cannot be drawn anew here. So nothing is taken that is more than pages to look at.

use pdf_extract::{Dictionary, Document, Object};

use super::FileRefusal;
use crate::documents::MOST_PAGES;

/// Bytes at the beginning in which a web page would have to show itself.
const HEAD: usize = 1_024;
/// What begins a web page.
const PAGES: [&[u8]; 4] = [b"<html", b"<script", b"<svg", b"<!doctype"];
/// Entries of dictionaries that do something, or that hold another file.
const ACTIVE: [&[u8]; 8] =
    [b"JS", b"JavaScript", b"EmbeddedFile", b"EmbeddedFiles", b"EF", b"RichMedia", b"XFA", b"RichMediaContent"];
/// Actions that reach for something outside of the document. Links to web pages do nothing until somebody follows them.
const ACTIONS: [&[u8]; 6] = [b"JavaScript", b"Launch", b"SubmitForm", b"ImportData", b"GoToE", b"Rendition"];
/// How deep objects may lie in each other.
const DEEPEST: usize = 64;

/// Whether it may be kept.
pub fn check(content: &[u8]) -> Result<(), FileRefusal> {
    let head = content[..content.len().min(HEAD)].to_ascii_lowercase();
    if PAGES.iter().any(|page| head.windows(page.len()).any(|window| window == *page)) || ends_an_archive(content) {
        return Err(FileRefusal::HidesAnother);
    }
    let end = content.windows(5).rposition(|window| window == b"%%EOF").ok_or(FileRefusal::Damaged)?;
    if content[end + 5..].iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0) {
        return Err(FileRefusal::HidesAnother);
    }
    let document = Document::load_mem(content).map_err(|_| FileRefusal::Damaged)?;
    if document.is_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(FileRefusal::Encrypted);
    }
    match document.get_pages().len() {
        0 => return Err(FileRefusal::Damaged),
        pages if pages > MOST_PAGES => return Err(FileRefusal::TooExpensive),
        _ => {}
    }
    for object in document.objects.values() {
        look_at(object, 0)?;
    }
    look_into(&document.trailer, 0)
}

/// Whether it is a ZIP archive as well: those are read from their end, whatever stands before.
fn ends_an_archive(content: &[u8]) -> bool {
    let number = |at: usize, bytes: usize| {
        content[at..at + bytes].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let marks = content.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x05\x06");
    // The mark alone may be chance.
    marks.map(|(at, _)| at).filter(|at| at + 22 <= content.len()).any(|at| {
        number(at + 8, 2) == number(at + 10, 2) && number(at + 12, 4).saturating_add(number(at + 16, 4)) <= at
    })
}

fn look_at(object: &Object, depth: usize) -> Result<(), FileRefusal> {
    if depth > DEEPEST {
        return Err(FileRefusal::TooExpensive);
    }
    match object {
        Object::Dictionary(dictionary) => look_into(dictionary, depth),
        Object::Stream(stream) => look_into(&stream.dict, depth),
        Object::Array(objects) => objects.iter().try_for_each(|object| look_at(object, depth + 1)),
        _ => Ok(()),
    }
}

fn look_into(dictionary: &Dictionary, depth: usize) -> Result<(), FileRefusal> {
    for (key, value) in dictionary.iter() {
        let names = |list: &[&[u8]]| matches!(value, Object::Name(name) if list.contains(&name.as_slice()));
        let does_something = ACTIVE.contains(&key.as_slice())
            || key == b"S" && names(&ACTIONS)
            || matches!(key.as_slice(), b"Type" | b"Subtype") && names(&ACTIVE);
        if does_something {
            return Err(FileRefusal::Active);
        }
        look_at(value, depth + 1)?;
    }
    Ok(())
}
