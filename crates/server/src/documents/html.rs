//! Web pages: what a visitor would read of them, and nothing that a browser would do or hide.

use std::rc::Rc;

use super::{
    Document,
    markdown::{escaped, heading, on_one_line, paragraph},
    tree::{self, Node},
};

/// What is no text of the page: what browsers run, draw or fill in, and the site's own navigation.
const LEFT_OUT: [&str; 24] = [
    "script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "embed", "canvas", "audio",
    "video", "img", "picture", "input", "select", "textarea", "button", "nav", "footer", "dialog", "datalist", "title",
];
/// What begins on a line of its own, and ends there.
const BLOCKS: [&str; 26] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "aside",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "address",
    "details",
    "summary",
    "form",
    "fieldset",
    "dl",
    "dt",
    "dd",
    "hr",
    "body",
    "html",
    "table",
    "caption",
    "tbody",
    "thead",
];
/// Lists in lists beyond this are one.
const DEEPEST_LIST: usize = 4;

pub fn read(html: &str) -> Document {
    let document = tree::parse(html);
    let named = |name: &str| find(&document, name);
    let page = named("main").or_else(|| named("article")).unwrap_or_else(|| Rc::clone(&document));
    let mut writer = Writer::default();
    write(&page, &mut writer);
    let title = writer.title.take().or_else(|| named("title").map(|title| all_text(&title)));
    let title = title.map(|title| on_one_line(&title)).filter(|title| !title.is_empty());
    Document { title, markdown: writer.finish() }
}

/// A step through the tree, which may be deeper than the stack.
enum Step {
    Open(Rc<Node>),
    Close(Rc<Node>),
}

fn write(page: &Rc<Node>, writer: &mut Writer) {
    let mut steps = vec![Step::Open(Rc::clone(page))];
    while let Some(step) = steps.pop() {
        match step {
            Step::Open(node) if LEFT_OUT.contains(&node.tag()) || is_hidden(&node) => {}
            Step::Open(node) => {
                writer.open(&node);
                let children = node.children();
                steps.push(Step::Close(node));
                steps.extend(children.into_iter().rev().map(Step::Open));
            }
            Step::Close(node) => writer.close(&node),
        }
    }
}

/// The first element of this name that is not hidden.
fn find(document: &Rc<Node>, name: &str) -> Option<Rc<Node>> {
    let mut nodes = vec![Rc::clone(document)];
    while let Some(node) = nodes.pop() {
        if node.tag() == name {
            return Some(node);
        }
        if !is_hidden(&node) {
            nodes.extend(node.children().into_iter().rev());
        }
    }
    None
}

fn all_text(node: &Rc<Node>) -> String {
    node.children().iter().map(|child| child.text()).collect()
}

fn is_hidden(node: &Node) -> bool {
    let is = |name: &str, value: &str| node.attribute(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    let style = node.attribute("style").unwrap_or_default().to_ascii_lowercase();
    let mut declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    node.attribute("hidden").is_some()
        || is("aria-hidden", "true")
        || declarations.any(|(name, value)| hides(name.trim(), value.split_whitespace().next().unwrap_or_default()))
}

/// Whether a declaration of a style takes an element from sight.
fn hides(name: &str, value: &str) -> bool {
    match name {
        "display" => value == "none",
        "visibility" | "content-visibility" => matches!(value, "hidden" | "collapse"),
        "opacity" | "font-size" => {
            let number = value.trim_end_matches(|character: char| character == '%' || character.is_ascii_alphabetic());
            number.parse::<f64>().is_ok_and(|number| number <= 0.0)
        }
        _ => false,
    }
}

#[derive(Default)]
struct Writer {
    title: Option<String>,
    blocks: Vec<String>,
    /// What stands on the line at hand.
    line: String,
    heading: Option<(usize, Option<String>)>,
    /// Lists that are open: the number of the next item, where they are numbered.
    lists: Vec<Option<usize>>,
    /// The mark of the item at hand, until it was written.
    mark: Option<String>,
    rows: Vec<Vec<String>>,
    /// Where the label of a link begins, and its address.
    links: Vec<(usize, Option<String>)>,
}

impl Writer {
    fn open(&mut self, node: &Node) {
        match node.tag() {
            "" => self.line.push_str(&escaped(&node.text())),
            "br" | "wbr" => self.line.push(' '),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.end_line();
                let level = node.tag()[1..].parse().unwrap_or(2);
                self.heading = Some((level, node.attribute("id").filter(|id| is_anchor(id))));
            }
            "ul" | "ol" | "menu" => {
                self.end_line();
                self.lists.push((node.tag() == "ol").then_some(1));
            }
            "li" => {
                self.end_line();
                self.mark = Some(self.next_mark());
            }
            "tr" => {
                self.end_line();
                self.rows.push(Vec::new());
            }
            "a" => {
                let address = node.attribute("href").filter(|address| is_harmless(address));
                self.links.push((self.line.len(), address));
            }
            "strong" | "b" => self.emphasise(),
            tag if BLOCKS.contains(&tag) => self.end_line(),
            _ => {}
        }
    }

    fn close(&mut self, node: &Node) {
        match node.tag() {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "li" => self.end_line(),
            "ul" | "ol" | "menu" => {
                self.end_line();
                self.lists.pop();
            }
            "td" | "th" => {
                let cell = on_one_line(&std::mem::take(&mut self.line));
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                } else {
                    self.line = cell;
                    self.end_line();
                }
            }
            "table" => self.end_table(),
            "a" => self.end_link(),
            "strong" | "b" => self.emphasise(),
            tag if BLOCKS.contains(&tag) => self.end_line(),
            _ => {}
        }
    }

    /// Stars that touch a space would be stars.
    fn emphasise(&mut self) {
        if self.heading.is_none() && self.rows.is_empty() {
            self.line.push('\u{1}');
        }
    }

    fn end_link(&mut self) {
        let Some((start, Some(address))) = self.links.pop() else { return };
        // A line that ended in the middle of the link leaves nothing to link.
        let Some(label) = self.line.get(start..).map(str::trim).filter(|label| !label.is_empty()) else { return };
        let link = format!("[{label}]({address})");
        let space = if self.line[start..].starts_with(char::is_whitespace) { " " } else { "" };
        self.line.truncate(start);
        self.line.push_str(space);
        self.line.push_str(&link);
    }

    fn next_mark(&mut self) -> String {
        let indent = "   ".repeat(self.lists.len().clamp(1, DEEPEST_LIST) - 1);
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{}.", *number - 1)
            }
            _ => format!("{indent}-"),
        }
    }

    /// Ends what stands on the line: a heading, an item, or a paragraph.
    fn end_line(&mut self) {
        let text = bold(&on_one_line(&std::mem::take(&mut self.line)));
        self.links.iter_mut().for_each(|link| *link = (0, None));
        let heading_here = self.heading.take();
        if text.is_empty() {
            // An item's words may stand in a paragraph of their own.
            return;
        }
        if let Some((level, anchor)) = heading_here {
            if level == 1 && self.title.is_none() {
                self.title = Some(plain(&text));
            } else {
                self.blocks.push(heading(level, &text, anchor.as_deref()));
            }
        } else if let Some(mark) = self.mark.take() {
            let item = format!("{mark} {text}");
            match self.blocks.last_mut().filter(|block| is_list(block)) {
                Some(list) => {
                    list.push('\n');
                    list.push_str(&item);
                }
                None => self.blocks.push(item.trim_start().to_owned()),
            }
        } else if let Some(row) = self.rows.last_mut() {
            // A cell with paragraphs in it.
            row.push(text);
        } else if let Some(list) = self.blocks.last_mut().filter(|block| !self.lists.is_empty() && is_list(block)) {
            list.push(' ');
            list.push_str(&text);
        } else {
            self.blocks.push(paragraph(&text));
        }
    }

    fn end_table(&mut self) {
        self.end_line();
        let rows: Vec<Vec<String>> = std::mem::take(&mut self.rows);
        let rows: Vec<Vec<String>> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
        let Some(width) = rows.iter().map(Vec::len).max() else { return };
        if width == 1 {
            self.blocks.extend(rows.into_iter().flatten().map(|cell| paragraph(&cell)));
            return;
        }
        let mut table = String::new();
        for (position, mut row) in rows.into_iter().enumerate() {
            row.resize(width, String::new());
            table.push_str(&format!("| {} |\n", row.join(" | ")));
            if position == 0 {
                table.push_str(&format!("|{}\n", "---|".repeat(width)));
            }
        }
        self.blocks.push(table.trim_end().to_owned());
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.end_table();
        self.blocks.join("\n\n")
    }
}

/// Puts stars where words in bold begin and end.
fn bold(text: &str) -> String {
    let parts: Vec<&str> = text.split('\u{1}').collect();
    if parts.len().is_multiple_of(2) {
        return parts.concat();
    }
    let mut marked = String::with_capacity(text.len());
    for (position, part) in parts.into_iter().enumerate() {
        let words = part.trim();
        if position % 2 == 0 || words.is_empty() {
            marked.push_str(part);
            continue;
        }
        let (before, after) = (part.starts_with(' '), part.ends_with(' '));
        let space = |is_there| if is_there { " " } else { "" };
        marked.push_str(&format!("{}**{words}**{}", space(before), space(after)));
    }
    on_one_line(&marked)
}

fn plain(markdown: &str) -> String {
    kuzushi_assistant::knowledge::plain_text(markdown)
}

fn is_list(block: &str) -> bool {
    super::lines::item(block).is_some()
}

fn is_anchor(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !id.is_empty() && id.len() <= 100 && id.bytes().all(is_plain)
}

fn is_harmless(address: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_graphic() && !"<>()[]\\\"'`".contains(character);
    ["https://", "tel:", "mailto:"].iter().any(|scheme| address.starts_with(scheme)) && address.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_headings_paragraphs_lists_and_tables() {
        let html = r##"<!DOCTYPE html><html><head><title>Site | Visiting</title><style>p{}</style></head><body><nav><a href=/>Home</a></nav>
            <main><h1>Visiting <em>us</em></h1><p>We are <b>open </b>daily,<br>see <a href="https://h.example/map">the map</a>.
            <h2 id="icu">Intensive care</h2><div>Ask <strong>first</strong>:<ul><li>One<li><p>Two</p><ol><li>Inner</ol></ul></div>
            <h3 id="a b">Hours #</h3><table><tr><th>Ward</th><th>Open</th></tr><tr><td>ICU</td><td>11 | 8</td></tr></table>
            <p>1. Not a list *really*</p></main><footer>Imprint</footer></body></html>"##;
        let document = read(html);
        assert_eq!(document.title.as_deref(), Some("Visiting us"));
        let expected = "We are **open** daily, see [the map](https://h.example/map).\n\n## Intensive care {#icu}\n\nAsk **first**:\n\n- One\n- Two\n   1. Inner\n\n### Hours\n\n| Ward | Open |\n|---|---|\n| ICU | 11 \\| 8 |\n\n1\\. Not a list \\*really\\*";
        assert_eq!(document.markdown, expected);
    }

    #[test]
    fn what_runs_or_hides_is_left_out() {
        let html = r#"<title>T</title><body onload="evil()"><script>evil()</script><noscript>evil</noscript><template>evil</template>
            <p hidden>evil</p><p style="color:red; DISPLAY : none">evil<b>evil</b></p><div aria-hidden=true>evil<div>evil</div></div>
            <span style="font-size:0px">evil</span><!-- evil --><svg><text>evil</text></svg><img alt="evil" src="evil">
            <p style="opacity:0% !important">evil</p><p>Good <a href="javascript:evil">link</a> <a href="//evil.example">two</a></p>
            <math><annotation>evil</annotation></math><iframe srcdoc="evil">evil</iframe><p style="opacity:0.5; font-size:0.9em !important">Seen"#;
        let document = read(html);
        assert_eq!(document.markdown, "Good link two\n\nSeen");
        assert_eq!(document.title.as_deref(), Some("T"));
    }

    #[test]
    fn a_page_nested_deeper_than_any_stack_is_read() {
        let html = format!("{}deep{}", "<div>".repeat(20_000), "<b>".repeat(200));
        assert_eq!(read(&html).markdown, "deep");
    }
}
