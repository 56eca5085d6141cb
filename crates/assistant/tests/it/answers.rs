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
        println!("\n### {line}\n{}\n    -> {:?} {:?}", answered.text, answered.slugs, sections);
    }
}
