use super::*;

fn allowed() -> AllowedLinks {
    AllowedLinks {
        sites: ["https://www.hospital.example", "https://*.clinic.example"]
            .map(|site| site.parse().expect("a pattern"))
            .to_vec(),
        articles: vec!["/demo/articles/parking".into(), "https://articles.example/visiting#hours".into()],
        contacts: vec!["tel:4195550100".into(), "mailto:records@hospital.example".into()],
    }
}

fn in_pieces<'a>(pieces: impl Iterator<Item = &'a str>) -> String {
    let mut links = SafeLinks::new(allowed());
    let mut passed: String = pieces.map(|piece| links.pass(piece)).collect();
    passed.push_str(&links.finish());
    passed
}

/// What is passed on, which must not depend on how the text is cut.
fn passed(text: &str) -> String {
    let whole = in_pieces(std::iter::once(text));
    let characters: Vec<String> = text.chars().map(String::from).collect();
    assert_eq!(in_pieces(characters.iter().map(String::as_str)), whole, "{text}");
    for (cut, _) in text.char_indices() {
        assert_eq!(in_pieces([&text[..cut], &text[cut..]].into_iter()), whole, "{text}");
    }
    whole
}

#[test]
fn what_leads_to_the_hospital_stays_to_the_letter() {
    for text in [
        "Plain text: why, who, 2/3 and/or \u{201e}wie\u{201c} http and www, a < b, x <3! What?!",
        "See [parking](/demo/articles/parking) and [hours](https://articles.example/visiting#sunday).",
        "[Visit](https://www.hospital.example/visit?a=b#c), https://www.hospital.example/a.",
        "**https://www.hospital.example/a** (https://north.clinic.example)",
        "Call [us](tel:4195550100), [us](tel:+419-555-0100) or [write](mailto:records@hospital.example).",
        "[https://www.hospital.example](https://www.hospital.example)",
        "www.hospital.example",
        "a [b] c[1] [ ] [open",
        "- [ ] one\n- [x] two",
    ] {
        assert_eq!(passed(text), text);
    }
}

#[test]
fn what_leads_elsewhere_is_left_out() {
    for (text, expected) in [
        ("[Sign in](https://evil.example/login) now", "Sign in now"),
        ("See https://evil.example/a?b=c.", "See [\u{2026}]."),
        ("HTTPS://EVIL.example, Www.evil.example", "[\u{2026}], [\u{2026}]"),
        ("<https://evil.example>", "[\u{2026}]>"),
        ("a //evil.example/x b", "a [\u{2026}] b"),
        ("ftp://evil.example", "ftp[\u{2026}]"),
        ("xhttps://evil.example", "xhttps[\u{2026}]"),
        ("[x](javascript:alert(1))", "x)"),
        ("[x](data:text/html,hi)", "x"),
        ("[x](//evil.example)", "x"),
        ("[x](/demo/articles/other)", "x"),
        ("[x](\n https://evil.example\n 'title')", "x"),
        ("[x](<https://evil.example>)", "x"),
        ("[x](tel:900123)", "x"),
        ("[x](mailto:evil@evil.example)", "x"),
        ("[x]: https://evil.example", "[x]: [\u{2026}]"),
        ("[https://evil.example](https://www.hospital.example)", "[[\u{2026}]](https://www.hospital.example)"),
        ("[a [b](https://evil.example) c](https://evil.example)", "a b c"),
        ("[x](https://evil.example", "x"),
    ] {
        assert_eq!(passed(text), expected, "{text}");
    }
}

#[test]
fn an_address_that_only_looks_like_the_hospitals_is_left_out() {
    for address in [
        "https://www.hospital.example@evil.example/",
        "https://www.hospital.example:443@evil.example/",
        "https://www.hospital.example.evil.example/",
        "http://www.hospital.example/",
        "https://www.hospital.example\\@evil.example",
        "https://www.hospital.example(@evil.example",
        "https://www.hospital.example*@evil.example",
        "https://www.hospital.example]@evil.example",
        "https://evil.example*.clinic.example",
        "https://evil.example/*.clinic.example",
        "https://evil.example#.clinic.example",
        "https://www.hospital.example\u{3002}evil.example",
    ] {
        let text = passed(address);
        assert!(!text.contains("evil") && text.contains('\u{2026}'), "{address}: {text}");
        let text = passed(&format!("[x]({address})"));
        assert!(!text.contains("]("), "{address}: {text}");
    }
}

#[test]
fn images_and_markup_are_never_passed_on() {
    for (text, expected) in [
        ("![secret](https://evil.example/?q=secret)", "secret"),
        ("![ours](https://www.hospital.example/pixel.png)", "ours"),
        ("![ours](/demo/articles/parking)", "ours"),
        ("[![a](https://evil.example/a.png)](https://evil.example)", "a"),
        ("![a][b] ![c", "[a][b] [c"),
        ("<img src=//evil.example/x.png>", "img src=[\u{2026}]>"),
        ("<a href=\"https://evil.example\">x</a>", "a href=\"[\u{2026}]\">x/a>"),
        ("<!-- x --><script>", "!-- x -->script>"),
    ] {
        assert_eq!(passed(text), expected, "{text}");
    }
}

#[test]
fn nothing_grows_without_end() {
    let long = "a".repeat(10_000);
    for text in [
        format!("[{long}](https://evil.example)"),
        format!("https://www.hospital.example/{long}"),
        format!("[x](https://www.hospital.example/{long})"),
        "[".repeat(10_000),
        "![".repeat(10_000),
        "](".repeat(10_000),
    ] {
        let mut links = SafeLinks::new(allowed());
        let mut text_passed = String::new();
        for character in text.chars() {
            text_passed.push_str(&links.pass(character.encode_utf8(&mut [0; 4])));
            let waiting: usize = links.open.iter().map(|bracket| bracket.text.len() + 1).sum();
            assert!(waiting + links.held.len() < 3_000);
        }
        text_passed.push_str(&links.finish());
        assert!(!text_passed.contains("](") && !text_passed.contains("example/"), "{}", &text[..20]);
    }
}

#[test]
fn words_are_not_held_back() {
    let mut links = SafeLinks::new(allowed());
    assert_eq!(links.pass("The wards"), "The wards");
    assert_eq!(links.pass(" open"), " open");
    assert_eq!(links.pass(" at 10: no h"), " at 10: no ");
    assert_eq!(links.pass("ere"), "here");
}
