//! A written text in words that can be said: no marks, no addresses, numbers of telephones by their digits.

/// Numbers that are said digit by digit although they are short: those that are called in an emergency.
const CALLED: [&str; 10] = ["911", "988", "112", "999", "000", "111", "110", "118", "119", "811"];
/// Digits of a telephone number at least.
const PHONE_DIGITS: usize = 7;

/// The text as somebody would read it out.
pub fn aloud(written: &str) -> String {
    let lines = written.lines().map(|line| line.trim_start().trim_start_matches(['#', '>']).trim_start());
    let items = lines.map(|line| ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line));
    let text = without_links(&items.collect::<Vec<_>>().join(" "));
    let words: Vec<String> = text.split_whitespace().map(said).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// With the text of each link in its place.
fn without_links(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        said.push_str(before);
        let link = after.split_once("](").and_then(|(name, address)| Some((name, address.split_once(')')?.1)));
        match link.filter(|(name, _)| !name.contains('[')) {
            Some((name, behind)) => {
                said.push_str(name);
                rest = behind;
            }
            None => rest = after,
        }
    }
    said.push_str(rest);
    said
}

fn said(word: &str) -> String {
    let word: String =
        word.chars().filter(|letter| !matches!(letter, '*' | '_' | '`' | '~' | '|' | '<' | '>')).collect();
    let is_outer = |letter: char| letter.is_ascii_punctuation() && !matches!(letter, '+' | '$' | '#');
    let core = word.trim_matches(is_outer);
    let behind = &word[word.trim_end_matches(is_outer).len()..];
    let told = if core.starts_with("http://") || core.starts_with("https://") || core.starts_with("www.") {
        String::from("our website")
    } else if let Some((name, host)) = core.split_once('@').filter(|(_, host)| host.contains('.')) {
        format!("{} at {}", name.replace('.', " dot "), host.replace('.', " dot "))
    } else if is_called(core) {
        digits(core)
    } else {
        return word;
    };
    format!("{told}{}", behind.trim_matches(['(', ')', '"', '\'']))
}

/// Whether a word is a number that somebody dials.
fn is_called(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_number =
        word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '-' | '.' | '/' | '(' | ')' | '+'));
    let has_groups = word.contains('-') || word.starts_with('+') || word.contains(')') || word.matches('.').count() > 1;
    CALLED.contains(&word) || (is_number && has_groups && digits >= PHONE_DIGITS)
}

/// Its digits, with a pause between its groups.
fn digits(word: &str) -> String {
    let groups = word.split(|letter: char| !letter.is_ascii_digit()).filter(|group| !group.is_empty());
    let spaced = groups.map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(" "));
    spaced.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_said_as_somebody_would_read_it() {
        for (written, said) in [
            ("**Visiting hours** are 10 am to 8 pm.\n", "Visiting hours are 10 am to 8 pm."),
            ("- Bring your `card`\n- Be early", "Bring your card Be early"),
            ("## Parking\nSee [our map](https://example.org/map).", "Parking See our map."),
            (
                "Call 911 now. Or 555-0100, or (+1 555) 555-0100.",
                "Call 9 1 1 now. Or 5 5 5, 0 1 0 0, or (+1 555) 5 5 5, 0 1 0 0.",
            ),
            ("Write to billing@stmarys.example, please", "Write to billing at stmarys dot example, please"),
            ("(https://example.org/visit)", "our website"),
            ("It costs $3.50 for 2-3 hours", "It costs $3.50 for 2-3 hours"),
            ("an [unfinished bracket", "an unfinished bracket"),
            ("***", ""),
        ] {
            assert_eq!(aloud(written), said);
        }
    }
}
