//! Questions that somebody wrote for the demo hospital's articles, for what is fitted to questions.

use std::{fs, path::Path};

/// What the demo hospital's editors expect to be asked.
pub fn expected_questions() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/stmarys/articles");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut questions = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let front: toml::Table = text.split("+++").nth(1).unwrap().parse().unwrap();
        let listed = front["questions"].as_array().unwrap().iter();
        questions.extend(listed.map(|question| question.as_str().unwrap().to_owned()));
    }
    questions
}
