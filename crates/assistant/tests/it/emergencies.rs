//! How many emergencies are recognised, and how many everyday questions are taken for one.
//!
//! `tests/data/` holds sentences that were written before the rules were, and that the rules were not written after.
//! Other people's cases stay outside of the project: `KUZUSHI_SAFETY_CASES` names a folder with them, and
//! `docs/safety.md` says where they come from.

use std::{collections::BTreeMap, env, fs, hint::black_box, path::Path};

use kuzushi_assistant::safety::{Certainty, emergencies, emergency};
use tokio::time::Instant;

const EMERGENCIES: &str = include_str!("../data/emergencies.tsv");
const EVERYDAY: &str = include_str!("../data/everyday.tsv");
const OTHER_LANGUAGES: &str = include_str!("../data/emergencies_in_other_languages.tsv");

#[test]
fn emergencies_are_recognised_in_words_that_the_rules_were_not_written_after() {
    let mut kinds: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    for line in EMERGENCIES.lines() {
        let (kind, text) = line.split_once('\t').expect("a kind and a sentence");
        let counts = kinds.entry(kind).or_default();
        counts.0 += 1;
        let found = emergencies(text, None);
        counts.1 += usize::from(!found.is_empty());
        counts.2 += usize::from(found.iter().any(|finding| finding.kind.as_str() == kind));
        if found.is_empty() {
            missed.push(text);
        }
    }
    for (kind, (all, recognised, as_kind)) in &kinds {
        println!("{kind}: {recognised} of {all} recognised, {as_kind} as this kind");
    }
    let all: usize = kinds.values().map(|counts| counts.0).sum();
    let recognised: usize = kinds.values().map(|counts| counts.1).sum();
    println!("in all: {recognised} of {all}");
    if env::var_os("KUZUSHI_SHOW_MISSED").is_some() {
        println!("{}", missed.join("\n"));
    }
    assert!(recognised * 100 >= all * 95, "{recognised} of {all}");
}

#[test]
fn everyday_questions_are_hardly_ever_taken_for_emergencies() {
    let taken: Vec<_> = EVERYDAY.lines().filter(|text| emergency(text).is_some()).collect();
    println!("{} of {} taken for an emergency", taken.len(), EVERYDAY.lines().count());
    if env::var_os("KUZUSHI_SHOW_MISSED").is_some() {
        for text in &taken {
            println!("{text}: {:?}", emergency(text));
        }
    }
    assert!(taken.len() * 100 <= EVERYDAY.lines().count() * 3, "{}", taken.len());
}

#[test]
fn emergencies_are_recognised_in_other_languages() {
    let mut languages: BTreeMap<&str, [(usize, usize); 2]> = BTreeMap::new();
    for line in OTHER_LANGUAGES.lines() {
        let [language, sort, text] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {line}") };
        let is_danger = sort == "danger";
        let is_found = emergency(text).is_some();
        let (all, found) = &mut languages.entry(language).or_default()[usize::from(is_danger)];
        *all += 1;
        *found += usize::from(is_found);
        if is_danger != is_found && env::var_os("KUZUSHI_SHOW_MISSED").is_some() {
            println!("{line}: {:?}", emergency(text));
        }
    }
    for (language, [(all, alarms), (dangers, recognised)]) in &languages {
        println!("{language}: {recognised} of {dangers} recognised, {alarms} of {all} taken for an emergency");
        assert!(recognised * 100 >= dangers * 90 && alarms * 100 <= all * 3, "{language}");
    }
    assert_eq!(languages.len(), 6);
}

/// Files of three columns: `E` (an emergency), `I` (one that has to be guessed), `H` (harmless) or `X` (left out), whose
/// it is, and the text.
#[test]
fn labelled_cases_that_others_wrote_are_told_apart() {
    let Some(folder) = env::var_os("KUZUSHI_SAFETY_CASES") else {
        println!("skipped: KUZUSHI_SAFETY_CASES names no folder with other people's cases");
        return;
    };
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "tsv")) {
        let mut labels: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let cases = fs::read_to_string(&file).expect("text");
        for line in cases.lines() {
            let [label, _, text] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}")
            };
            let found = emergency(text);
            let (all, alarms) = labels.entry(label).or_default();
            *all += 1;
            *alarms += usize::from(found.is_some());
            let is_wrong = (label == "E" && found.is_none()) || (label == "H" && found.is_some());
            if is_wrong && env::var_os("KUZUSHI_SHOW_MISSED").is_some() {
                println!("{label} {text}: {found:?}");
            }
        }
        println!("{}: {labels:?}", file.file_name().unwrap_or_default().display());
    }
}

#[test]
fn cases_that_others_wrote_are_recognised() {
    let Some(folder) = env::var_os("KUZUSHI_SAFETY_CASES") else {
        println!("skipped: KUZUSHI_SAFETY_CASES names no folder with other people's cases");
        return;
    };
    let folder = Path::new(&folder);
    let prompts = fs::read_to_string(folder.join("simple-safety-tests.csv")).expect("simple-safety-tests.csv");
    let (mut all, mut found) = (0, 0);
    for line in prompts.lines().filter(|line| line.contains("Self-Harm")) {
        let text = line.split(',').skip(6).collect::<Vec<_>>().join(",");
        all += 1;
        if emergency(&text).is_some() {
            found += 1;
        } else {
            println!("missed: {text}");
        }
    }
    println!("simple-safety-tests, self-harm: {found} of {all}");
    assert_eq!(found, all);

    let questions =
        fs::read_to_string(folder.join("counsel-chat-questions.jsonl")).expect("counsel-chat-questions.jsonl");
    let mut alarms: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count = 0;
    for line in questions.lines() {
        let question: serde_json::Value = serde_json::from_str(line).expect("a question");
        let text =
            format!("{}\n{}", question["title"].as_str().expect("a title"), question["text"].as_str().expect("a text"));
        count += 1;
        let Some(finding) = emergency(&text) else { continue };
        *alarms.entry(finding.kind.as_str()).or_default() += 1;
        if env::var_os("KUZUSHI_SHOW_MISSED").is_some() {
            println!("{} {finding:?}: {}", question["id"], text.replace('\n', " "));
        }
    }
    println!("counsel-chat: {} alarms in {count} questions: {alarms:?}", alarms.values().sum::<usize>());
}

#[test]
fn a_long_message_is_read_in_no_time_and_to_its_end() {
    let everyday = EVERYDAY.lines().collect::<Vec<_>>();
    let ordinary = 1_000 / everyday.len() + 1;
    black_box(emergency("where is parking"));
    let start = Instant::now();
    for text in everyday.iter().cycle().take(everyday.len() * ordinary) {
        black_box(emergency(text));
    }
    let each = start.elapsed() / u32::try_from(everyday.len() * ordinary).expect("few");
    let filler = "I have been coming here for some time and would like to ask about my bill. ".repeat(120);
    let start_of: String = filler.chars().take(7_900).collect();
    let long = format!("{start_of}. And my dad is not breathing");
    let start = Instant::now();
    let found = emergency(&long);
    let time = start.elapsed();
    assert!(found.is_some_and(|finding| finding.certainty == Certainty::Explicit));
    println!("an everyday question takes {each:?}, one of {} characters {time:?}", long.chars().count());
    // What is worst for the patterns must not be much worse.
    for worst in ["no chest pain, ", "my son took pills and ", "a", "i cant ", "xqzvkw ", "9 weeks old ", "\u{1f634}"] {
        let worst: String = worst.repeat(8_000).chars().take(8_000).collect();
        let start = Instant::now();
        black_box(emergency(&worst));
        assert!(start.elapsed().as_millis() < 1_500, "{worst:.20}: {:?}", start.elapsed());
    }
}
