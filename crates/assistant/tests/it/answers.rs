//! What is said, beyond which article is cited.

use crate::demo_hospital::{DemoHospital, PATIENTS};

#[tokio::test]
async fn look() {
    let hospital = DemoHospital::read();
    let text = std::fs::read_to_string("/tmp/look.txt").expect("text");
    let mut history = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            history.clear();
            println!("\n=================");
            continue;
        }
        let answered = hospital.ask(PATIENTS, &mut history, line).await;
        let sections: Vec<_> = answered.end.citations.iter().map(|c| c.section.clone().unwrap_or_default()).collect();
        if std::env::var("ALL").is_ok() {
            let k = &hospital.apps[PATIENTS];
            let q = k.read(line, "St. Mary's Hospital");
            println!(
                "{:?} {:?}",
                q.intents,
                q.concepts
                    .iter()
                    .map(|c| format!("{}({:.1},{},{})", c.alternatives[0].0, k.importance(c), c.missed, c.weight))
                    .collect::<Vec<_>>()
            );
            for c in k.rank(&q, None).iter().take(6) {
                println!(
                    "    {:28} {:34} score {:.1} cov {:.2} pointed {:.1} strength {:.1} res {:.2}",
                    k.article(c.article).slug,
                    k.passage(c.passage).heading.clone().unwrap_or_default(),
                    c.score,
                    c.coverage,
                    c.pointed,
                    c.strength,
                    c.resemblance
                );
            }
        }
        println!("\n### {line}\n{}\n    -> {:?} {:?}", answered.text, answered.slugs, sections);
    }
}
