//! How often the assistant finds the right article, and how often it says that it does not know.

use std::path::Path;

use serde::Deserialize;

use crate::demo_hospital::DemoHospital;

/// A line of `tests/paraphrases.jsonl`: written as different people speak, before the assistant was tried on it.
#[derive(Deserialize)]
struct Paraphrase {
    app: String,
    voice: String,
    question: String,
    /// Slugs of the articles that answer it; none where no article does.
    expect: Vec<String>,
}

#[tokio::test]
async fn paraphrases_find_their_article() {
    let hospital = DemoHospital::read();
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(std::env::var("FILE").unwrap_or("paraphrases.jsonl".into()));
    let text = std::fs::read_to_string(file).expect("the paraphrases");
    let mut table = Tally::default();
    for line in text.lines() {
        let asked: Paraphrase = serde_json::from_str(line).expect("a paraphrase");
        let answered = hospital.ask(&asked.app, &mut Vec::new(), &asked.question).await;
        {
            let knowledge = &hospital.apps[asked.app.as_str()];
            let q = knowledge.read(&asked.question, "St. Mary's Hospital");
            let r = knowledge.rank(&q, None);
            let ok = if asked.expect.is_empty() {
                answered.slugs.is_empty()
            } else {
                answered.slugs.first().is_some_and(|s| asked.expect.contains(s))
            };
            if std::env::var("ALL").is_ok() || !ok {
                println!("\n{} {} {:?}", if ok { "OK " } else { "BAD" }, asked.question, asked.expect);
                println!(
                    "    {:?}",
                    q.concepts
                        .iter()
                        .map(|c| format!("{}({:.1},{})", c.alternatives[0].0, knowledge.importance(c), c.missed))
                        .collect::<Vec<_>>()
                );
                let mut seen = Vec::new();
                for c in r.iter() {
                    if seen.contains(&c.article) {
                        continue;
                    }
                    seen.push(c.article);
                    if seen.len() > 3 {
                        break;
                    }
                    println!(
                        "    {:28} {:34} score {:.1} cov {:.2} pointed {:.1} strength {:.1} res {:.2}",
                        knowledge.article(c.article).slug,
                        knowledge.passage(c.passage).heading.clone().unwrap_or_default(),
                        c.score,
                        c.coverage,
                        c.pointed,
                        c.strength,
                        c.resemblance
                    );
                }
            }
        }
        table.count(&asked.voice, &asked.question, &asked.expect, &answered.slugs);
    }
    println!("{}", table.report());
}

/// Answers counted, and the wrong ones listed.
#[derive(Default)]
struct Tally {
    answerable: (usize, usize),
    unanswerable: (usize, usize),
    misses: Vec<String>,
}

impl Tally {
    fn count(&mut self, kind: &str, question: &str, expected: &[String], cited: &[String]) {
        let is_right = if expected.is_empty() {
            cited.is_empty()
        } else {
            cited.first().is_some_and(|first| expected.contains(first))
        };
        let (right, all) = if expected.is_empty() { &mut self.unanswerable } else { &mut self.answerable };
        *all += 1;
        *right += usize::from(is_right);
        if !is_right {
            self.misses.push(format!("{kind:14} {question:70} expected {expected:?}, cited {cited:?}"));
        }
    }

    fn report(&self) -> String {
        let ((found, answerable), (silent, unanswerable)) = (self.answerable, self.unanswerable);
        format!(
            "right article {found}/{answerable}, \"don't know\" {silent}/{unanswerable}\n{}",
            self.misses.join("\n")
        )
    }
}
