//! That indexing and answering stay far below what a visitor could notice. The limits leave room for a slow machine in a
//! debug build; the figures are printed.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use kuzushi_assistant::{AnswerEvent, Assistant, Knowledge};
use tokio::time::Instant;

use crate::demo_hospital::{DemoHospital, PATIENTS, articles};

#[tokio::test]
async fn an_index_is_built_and_asked_in_no_time() {
    let articles = articles(PATIENTS);
    let count = articles.len();
    let start = Instant::now();
    let knowledge = Knowledge::index(articles);
    let indexing = start.elapsed();
    assert_eq!(knowledge.len(), count);

    let hospital = DemoHospital::open();
    let mut times = Vec::new();
    for question in ["When can I visit my mother?", "wat time does the farmacy close", "is there a helicopter"] {
        for _ in 0..7 {
            let start = Instant::now();
            Assistant::default().answer(hospital.request(PATIENTS, &[], question)).count().await;
            times.push(start.elapsed());
        }
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    println!("{count} articles indexed in {indexing:?}, median answer {median:?}");
    assert!(indexing < Duration::from_secs(5), "{indexing:?}");
    assert!(median < Duration::from_millis(50), "{median:?}");
}

/// The first question about articles that nobody has read yet, among others on the threads of a server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_not_read_yet_answers_all_the_same() {
    let parking = articles(PATIENTS).into_iter().filter(|article| article.slug == "parking").collect();
    let mut request =
        DemoHospital::open().request(PATIENTS, &[], "what would it cost to leave my car in the garage all day");
    request.knowledge = Arc::new(Knowledge::index(parking));
    let answer = tokio::spawn(async move { Assistant::default().answer(request).collect::<Vec<_>>().await });
    let events = answer.await.expect("an answer");
    let Some(Ok(AnswerEvent::Done(end))) = events.last() else { panic!("an end") };
    assert_eq!(end.citations.first().map(|citation| citation.title.as_str()), Some("Parking"));
}
