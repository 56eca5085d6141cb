//! Pages with gaps: `{{name}}` is filled with text, which is escaped, or with HTML, which is not.

use pulldown_cmark_escape::escape_html;
use rust_embed::RustEmbed;
use serde::Deserialize;

/// A file of the site: what its head says, and the markup that follows.
pub struct Page {
    pub title: String,
    pub description: String,
    markup: String,
}

/// What fills a gap.
pub enum Value<'a> {
    Text(&'a str),
    Html(&'a str),
}

#[derive(Deserialize, Default)]
struct Head {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
}

impl Page {
    /// A file that begins with TOML between `+++` lines, or with its markup at once.
    pub fn load<Files: RustEmbed>(name: &str) -> Option<Self> {
        let file = String::from_utf8(Files::get(name)?.data.into_owned()).ok()?;
        let parts = file.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n"));
        let (head, markup) = match parts {
            Some((head, markup)) => (toml::from_str(head).unwrap_or_default(), markup.to_owned()),
            None => (Head::default(), file),
        };
        Some(Self { title: head.title, description: head.description, markup })
    }

    /// The markup with its gaps filled. What fills one is not searched for gaps again.
    pub fn fill(&self, values: &[(&str, Value<'_>)]) -> String {
        let mut page = String::with_capacity(self.markup.len() * 2);
        let mut rest = self.markup.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            page.push_str(before);
            let Some((name, after)) = after.split_once("}}") else {
                page.push_str("{{");
                rest = after;
                continue;
            };
            match values.iter().find(|(known, _)| *known == name.trim()) {
                Some((_, Value::Text(text))) => page.push_str(&escape(text)),
                Some((_, Value::Html(html))) => page.push_str(html),
                None => {}
            }
            rest = after;
        }
        page.push_str(rest);
        page
    }
}

/// Text as HTML.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = escape_html(&mut escaped, text);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_html_is_not_and_neither_is_filled_again() {
        let page = Page {
            title: String::new(),
            description: String::new(),
            markup: "<h1>{{title}}</h1>{{ main }}{{gone}}{{".into(),
        };
        let filled = page.fill(&[("title", Value::Text("<b> & {{main}}")), ("main", Value::Html("<p>ok</p>"))]);
        assert_eq!(filled, "<h1>&lt;b&gt; &amp; {{main}}</h1><p>ok</p>{{");
    }
}
