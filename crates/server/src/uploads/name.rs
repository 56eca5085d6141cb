use super::FileKind;

/// Characters of a file's name.
const LONGEST: usize = 120;
/// What is taken off a name before it gets the ending of what the file is.
const ENDINGS: [&str; 5] = [".jpg", ".jpeg", ".png", ".webp", ".pdf"];

/// A file's name as it is shown and downloaded: without folders and without what cannot be seen, and ending as the file's kind does,
/// so that nothing is opened as something else.
pub fn file_name(given: &str, kind: FileKind) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|character| !is_hidden(*character)).collect();
    let seen = seen.trim().trim_matches('.');
    let ending = ENDINGS.into_iter().find(|ending| {
        seen.len()
            .checked_sub(ending.len())
            .and_then(|at| seen.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(ending))
    });
    let stem = ending.map_or(seen, |ending| &seen[..seen.len() - ending.len()]);
    let stem: String = stem.chars().take(LONGEST).collect();
    let stem =
        if stem.trim().is_empty() { if kind == FileKind::Pdf { "document" } else { "image" } } else { stem.trim() };
    format!("{stem}.{}", kind.extension())
}

/// Control characters, and those that turn the direction of what is around them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(character, '"' | '<' | '>' | '|' | ':' | '*' | '?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_folders_and_ends_as_what_it_is() {
        for (given, kind, name) in [
            ("scan.pdf", FileKind::Pdf, "scan.pdf"),
            ("photo.JPEG", FileKind::Jpeg, "photo.jpg"),
            ("picture.webp", FileKind::Jpeg, "picture.jpg"),
            ("../../etc/passwd", FileKind::Pdf, "passwd.pdf"),
            (r"C:\fakepath\my knee.png", FileKind::Png, "my knee.png"),
            ("photo.jpg.exe", FileKind::Pdf, "photo.jpg.exe.pdf"),
            // Shown from right to left it would look like a picture.
            ("scan\u{202e}gpj.exe", FileKind::Jpeg, "scangpj.exe.jpg"),
            ("a\r\nSet-Cookie: b", FileKind::Png, "aSet-Cookie b.png"),
            ("..", FileKind::Pdf, "document.pdf"),
            (".jpg", FileKind::Jpeg, "jpg.jpg"),
            ("", FileKind::Webp, "image.webp"),
            ("化验单.pdf", FileKind::Pdf, "化验单.pdf"),
        ] {
            assert_eq!(file_name(given, kind), name, "{given:?}");
        }
        assert_eq!(file_name(&"é".repeat(500), FileKind::Pdf).chars().count(), LONGEST + 4);
    }
}
