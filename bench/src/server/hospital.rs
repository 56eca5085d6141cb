//! A made-up hospital with articles long enough to measure with, in the form that `kuzushi seed` takes.

use std::{fs, path::Path};

use serde_json::json;

/// The page that all clients of this tool pretend to stand on.
pub const ORIGIN: &str = "https://bench.hospital.example";

/// Answers come as fast as the socket takes them.
pub const AT_ONCE: &str = "bench-at-once";
/// Answers come word by word, [`PACE_MS`] apart.
pub const PACED: &str = "bench-paced";
/// Answers of some forty words, a few milliseconds apart: long enough to be cut off in the middle.
pub const SOAKED: &str = "bench-soaked";
/// Knows nothing: every answer is one short sentence.
pub const EMPTY: &str = "bench-empty";
/// Answers come from a model behind `OPENAI_BASE_URL`.
pub const MODEL: &str = "bench-model";
/// The internet domain of the hospital whose app that is.
pub const MODEL_DOMAIN: &str = "bench-model.example";

pub const PACE_MS: u64 = 20;
const SOAKED_PACE_MS: u64 = 6;

/// Words in the article that the streaming scenarios ask for.
pub const ANSWER_WORDS: usize = 200;

/// Asks for the one long article.
pub const QUESTION: &str = "What should I know about the lighthouse garden terrace?";

/// Things to ask about in the soak: no two share a word.
pub const TOPICS: [&str; 12] = [
    "lighthouse garden terrace",
    "harbour library balcony",
    "orchid greenhouse veranda",
    "copper fountain courtyard",
    "juniper bakery counter",
    "willow theatre foyer",
    "granite bridge railing",
    "amber workshop attic",
    "falcon tower staircase",
    "meadow nursery fence",
    "violet gallery archway",
    "cedar boathouse jetty",
];

/// Filling, with characters of every length in UTF-8 and UTF-16.
const FILLING: [&str; 16] = [
    "quiet",
    "naïve",
    "under",
    "the",
    "long",
    "𝒈𝒓𝒆𝒆𝒏",
    "roof",
    "where",
    "élan",
    "and",
    "seven",
    "benches",
    "🪑",
    "stand",
    "near",
    "日向",
];

/// Which apps a seeded hospital has: the model's is apart, because not every server knows how to reach one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apps {
    BuiltIn,
    Model,
}

/// Writes the hospital's files.
pub fn write(folder: &Path, apps: Apps) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("articles"))?;
    let mut hospital = match apps {
        Apps::BuiltIn => "[tenant]\nname = \"Bench Hospital\"\ndomain = \"bench.example\"\n".to_owned(),
        Apps::Model => format!("[tenant]\nname = \"Bench Model Hospital\"\ndomain = \"{MODEL_DOMAIN}\"\n"),
    };
    let built_in = |pace: u64| json!({"provider": "builtin", "tokenIntervalMs": pace});
    let wanted = match apps {
        Apps::BuiltIn => vec![
            (AT_ONCE, built_in(0)),
            (PACED, built_in(PACE_MS)),
            (SOAKED, built_in(SOAKED_PACE_MS)),
            (EMPTY, built_in(0)),
        ],
        Apps::Model => vec![(MODEL, json!({"provider": "openai", "model": "bench"}))],
    };
    for (project, assistant) in wanted {
        hospital.push_str(&format!(
            "\n[[app]]\nproject_id = \"{project}\"\nname = \"{project}\"\nallowed_origins = [\"{ORIGIN}\"]\nconfig = \"{project}.json\"\n"
        ));
        fs::write(folder.join(format!("{project}.json")), json!({"assistant": assistant}).to_string())?;
    }
    fs::write(folder.join("hospital.toml"), hospital)?;
    for (number, topic) in TOPICS.into_iter().enumerate() {
        let (long, short) = match apps {
            Apps::BuiltIn if number == 0 => (format!("\"{AT_ONCE}\", \"{PACED}\""), format!("\"{SOAKED}\"")),
            Apps::BuiltIn => (String::new(), format!("\"{SOAKED}\"")),
            Apps::Model => (format!("\"{MODEL}\""), String::new()),
        };
        for (name, projects, words) in [("long", long, ANSWER_WORDS), ("short", short, 40)] {
            if !projects.is_empty() {
                let slug = format!("{}-{name}", topic.replace(' ', "-"));
                fs::write(folder.join(format!("articles/{slug}.md")), article(&slug, topic, &projects, words))?;
            }
        }
    }
    Ok(())
}

/// One sentence without an end, so that an answer quotes all of it.
fn article(slug: &str, topic: &str, projects: &str, words: usize) -> String {
    let mut text = format!("The {topic}");
    for word in FILLING.iter().cycle().take(words.saturating_sub(text.split(' ').count())) {
        text.push(' ');
        text.push_str(word);
    }
    format!("+++\nslug = \"{slug}\"\ntitle = \"The {topic}\"\napps = [{projects}]\n+++\n\n{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_has_the_words_it_was_asked_for_and_one_sentence() {
        let article = article("a", TOPICS[0], "\"p\"", 200);
        let body = article.rsplit("+++\n").next().unwrap().trim();
        assert_eq!(body.split_whitespace().count(), 200);
        assert!(!body.contains(['.', '!', '?']));
        assert!(body.encode_utf16().count() != body.chars().count());
    }
}
