//! Reading the files of rules: lists of words, and patterns of words for each kind of emergency.
//!
//! How they are written is told in `data/emergencies/README.md`, for whoever reviews them.

use std::collections::HashMap;

use kuzushi_domain::EmergencyKind;

use super::{measures::Measure, spelling::Spelling};

/// Words that may lie where a pattern has `..`.
const GAP: u8 = 4;
/// How far apart the parts of a pattern may lie: in one sentence, and across sentences.
const IN_A_SENTENCE: usize = 12;
const IN_A_MESSAGE: usize = 40;

/// A set of words and phrases that are the same to a pattern.
pub(super) type Class = u16;

/// What a pattern says about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Danger(EmergencyKind, Strength),
    /// Looks like this kind and is something else.
    Harmless(EmergencyKind),
    Context(Context),
}

/// How much a pattern needs around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// Whatever else is said.
    Always,
    /// Unless it is over, or only asked about.
    Stated,
    /// Only where it is said to be so now, or nearly nothing else is said.
    Named,
    /// Only where nearly nothing else is said.
    Alone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Says "not" of what follows.
    Negation,
    /// It is over.
    History,
    /// It is not over.
    Still,
    /// A service or a subject is asked about.
    Information,
    /// It happens in a story, or somebody else said it.
    Reported,
    /// Somebody has it, now.
    Present,
    /// Somebody asks for help at once.
    Urgent,
}

/// Classes one after the other, each with the number of words that may lie before it.
pub(super) type Sequence = Vec<(u8, Class)>;

pub(super) struct Pattern {
    pub meaning: Meaning,
    /// In any order, apart from each other by no more than `reach` words.
    pub parts: Vec<Sequence>,
    pub reach: usize,
    pub is_across_sentences: bool,
}

/// All rules.
#[derive(Default)]
pub(super) struct Rules {
    pub spelling: Spelling,
    pub patterns: Vec<Pattern>,
    /// By class: the patterns whose first part begins with it.
    pub beginning: Vec<Vec<u16>>,
    /// By first word: the class, and the words that have to follow.
    pub phrases: HashMap<u16, Vec<(Class, Vec<u16>)>>,
    /// The classes that numbers may be of.
    pub measures: Vec<(Measure, Class)>,
    /// Words that may lie between a "not" and what it is said of.
    pub bridge: Class,
    names: HashMap<String, Class>,
    classes: u16,
}

impl Rules {
    /// Reads the lists of words of all files first, then their patterns: a pattern may use a list of another file.
    pub fn read(spellings: &str, context: &str, kinds: &[(EmergencyKind, &str)]) -> Result<Self, String> {
        let mut rules = Self::default();
        for measure in Measure::ALL {
            let class = rules.class(measure.name());
            rules.measures.push((measure, class));
        }
        for line in lines(spellings) {
            let (written, meant) = line.split_once('=').ok_or_else(|| format!("no `=` in: {line}"))?;
            for written in written.split(',') {
                rules.spelling.learn_meant(written.trim(), meant);
            }
        }
        let files = || std::iter::once(context).chain(kinds.iter().map(|(_, file)| *file));
        for file in files() {
            rules.read_lists(file);
        }
        rules.read_patterns(context, &|section| {
            Some(Meaning::Context(match section {
                "negation" => Context::Negation,
                "history" => Context::History,
                "still" => Context::Still,
                "information" => Context::Information,
                "reported" => Context::Reported,
                "present" => Context::Present,
                "urgent" => Context::Urgent,
                _ => return None,
            }))
        })?;
        for (kind, file) in kinds {
            rules.read_patterns(file, &|section| {
                Some(match section {
                    "always" => Meaning::Danger(*kind, Strength::Always),
                    "stated" => Meaning::Danger(*kind, Strength::Stated),
                    "named" => Meaning::Danger(*kind, Strength::Named),
                    "alone" => Meaning::Danger(*kind, Strength::Alone),
                    "harmless" => Meaning::Harmless(*kind),
                    _ => return None,
                })
            })?;
        }
        rules.bridge = rules.class("bridge");
        rules.beginning = vec![Vec::new(); usize::from(rules.classes)];
        for (number, pattern) in (0_u16..).zip(&rules.patterns) {
            let first = pattern.parts.first().and_then(|part| part.first());
            if let Some((_, class)) = first {
                rules.beginning[usize::from(*class)].push(number);
            }
        }
        rules.spelling.complete();
        Ok(rules)
    }

    fn read_lists(&mut self, file: &str) {
        for (section, line) in sectioned(file) {
            if let Some(name) = section.strip_prefix("words ") {
                let class = self.class(name);
                for phrase in line.split(',') {
                    self.add_phrase(class, phrase);
                }
            }
        }
    }

    fn read_patterns(&mut self, file: &str, meaning: &dyn Fn(&str) -> Option<Meaning>) -> Result<(), String> {
        for (section, line) in sectioned(file).filter(|(section, _)| !section.starts_with("words ")) {
            let meaning = meaning(section).ok_or_else(|| format!("unknown section: {section}"))?;
            for pattern in line.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()) {
                let is_across_sentences = pattern.contains("&&");
                let parts: Result<Vec<Sequence>, String> = pattern
                    .split('&')
                    .filter(|part| !part.trim().is_empty())
                    .map(|part| self.read_sequence(part))
                    .collect();
                let reach = if is_across_sentences { IN_A_MESSAGE } else { IN_A_SENTENCE };
                self.patterns.push(Pattern { meaning, parts: parts?, reach, is_across_sentences });
            }
        }
        Ok(())
    }

    fn read_sequence(&mut self, part: &str) -> Result<Sequence, String> {
        let mut sequence = Sequence::new();
        let mut gap = 0;
        for element in part.split_whitespace() {
            if element == ".." {
                gap = GAP;
                continue;
            }
            let class = self.read_element(element).ok_or_else(|| format!("an unknown list in: {part}"))?;
            sequence.push((std::mem::take(&mut gap), class));
        }
        if sequence.is_empty() { Err(format!("nothing in: {part}")) } else { Ok(sequence) }
    }

    /// A list, or alternatives: words, phrases and lists. None: there is no such list.
    fn read_element(&mut self, element: &str) -> Option<Class> {
        let list = |alternative: &str| {
            let name = alternative.strip_prefix('{').and_then(|name| name.strip_suffix('}'))?;
            Some(name.replace('_', " "))
        };
        if let (Some(name), false) = (list(element), element.contains('/')) {
            return self.names.get(&name).copied();
        }
        let class = self.class(&format!("={element}"));
        for alternative in element.split('/') {
            match list(alternative) {
                None => self.add_phrase(class, &alternative.replace('_', " ")),
                Some(name) => {
                    let of = *self.names.get(&name)?;
                    self.include(of, class);
                }
            }
        }
        Some(class)
    }

    /// Whatever is of one class is of another, too.
    fn include(&mut self, of: Class, class: Class) {
        for known in self.phrases.values_mut() {
            let more: Vec<_> =
                known.iter().filter(|(found, _)| *found == of).map(|(_, rest)| (class, rest.clone())).collect();
            for more in more {
                if !known.contains(&more) {
                    known.push(more);
                }
            }
        }
        let measured: Vec<_> =
            self.measures.iter().filter(|(_, found)| *found == of).map(|(measure, _)| (*measure, class)).collect();
        self.measures.extend(measured);
    }

    fn class(&mut self, name: &str) -> Class {
        if let Some(class) = self.names.get(name) {
            return *class;
        }
        let class = self.classes;
        self.classes += 1;
        self.names.insert(name.to_owned(), class);
        class
    }

    fn add_phrase(&mut self, class: Class, phrase: &str) {
        let words: Vec<u16> = phrase.split_whitespace().map(|word| self.spelling.learn(word)).collect();
        if let Some((first, rest)) = words.split_first() {
            let known = self.phrases.entry(*first).or_default();
            if !known.iter().any(|(of, following)| *of == class && following == rest) {
                known.push((class, rest.to_vec()));
            }
        }
    }
}

fn lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|line| !line.is_empty())
}

/// Each line with the section that it stands in.
fn sectioned(file: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    lines(file).filter_map(move |line| match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        Some(name) => {
            section = name;
            None
        }
        None => Some((section, line)),
    })
}
