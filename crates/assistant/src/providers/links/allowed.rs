//! The addresses that a model may lead to.

use std::sync::LazyLock;

use kuzushi_domain::{config::Contact, origin::OriginPattern};
use memchr::memmem::Finder;
use reqwest::Url;

use crate::knowledge::{Candidate, Knowledge};

/// Addresses that an answer may link to.
#[derive(Debug, Default)]
pub struct AllowedLinks {
    /// Sites of the hospital.
    pub(super) sites: Vec<OriginPattern>,
    /// Where the articles are published that the model got.
    pub(super) articles: Vec<String>,
    /// Telephone and mail addresses, as the hospital or its articles link them.
    pub(super) contacts: Vec<String>,
}

impl AllowedLinks {
    pub fn new(sites: &[OriginPattern], contact: &Contact) -> Self {
        let numbers = [&contact.phone, &contact.emergency_number].map(|number| digits(number));
        let contacts = numbers.into_iter().filter(|number| !number.is_empty()).map(|number| format!("tel:{number}"));
        Self { sites: sites.to_vec(), articles: Vec::new(), contacts: contacts.collect() }
    }

    /// Adds what passages that the model gets link, and where they are published.
    pub fn add(&mut self, knowledge: &Knowledge, sources: &[Candidate]) {
        self.articles.extend(sources.iter().filter_map(|source| knowledge.article(source.article).url.clone()));
        let passages = sources.iter().map(|source| knowledge.passage(source.passage));
        let texts = passages.flat_map(|passage| &passage.blocks).flat_map(|block| block.pieces());
        self.contacts.extend(texts.flat_map(linked_contacts));
    }

    pub(super) fn allows(&self, address: &str) -> bool {
        // Only characters on whose meaning everything that draws links agrees.
        let is_plain = |character: char| character.is_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(character);
        if !address.chars().all(is_plain) {
            return false;
        }
        let page = address.split('#').next().unwrap_or(address);
        if self.articles.iter().any(|article| article.split('#').next() == Some(page)) {
            return true;
        }
        if address.starts_with("tel:") || address.starts_with("mailto:") {
            let number = format!("tel:{}", digits(address));
            return self.contacts.iter().any(|contact| contact == address || *contact == number);
        }
        let absolute = if address.starts_with("www.") { format!("https://{address}") } else { address.to_owned() };
        Url::parse(&absolute).is_ok_and(|url| {
            let origin = url.origin().ascii_serialization();
            url.username().is_empty() && url.password().is_none() && self.sites.iter().any(|site| site.matches(&origin))
        })
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Telephone and mail addresses that a text in Markdown links.
fn linked_contacts(markdown: &str) -> impl Iterator<Item = String> {
    static OPENING: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("]("));
    OPENING.find_iter(markdown.as_bytes()).filter_map(|place| {
        let address = markdown.get(place + 2..)?.split([')', ' ']).next()?;
        (address.starts_with("tel:") || address.starts_with("mailto:")).then(|| address.to_owned())
    })
}
