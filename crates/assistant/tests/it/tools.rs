//! The tools that come with the assistant, called as a model calls them.

use std::{sync::Arc, time::Duration};

use kuzushi_assistant::tools::{OpeningHours, SearchArticles, Tool, ToolContext, ToolFailure};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::demo_hospital::{DemoHospital, PATIENTS};

fn context() -> ToolContext {
    let hospital = DemoHospital::open();
    let request = hospital.request(PATIENTS, &[], "");
    ToolContext {
        patient: None,
        record: None,
        knowledge: Arc::clone(&request.knowledge),
        contact: request.contact,
        locale: request.locale,
        deadline: Instant::now() + Duration::from_secs(5),
    }
}

fn arguments(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[tokio::test]
async fn articles_are_searched_with_whatever_a_model_sends() {
    let context = context();
    let found = SearchArticles.call(&arguments(json!({"query": "parking costs"})), &context).await.expect("a result");
    assert!(found.data["found"].as_u64().is_some_and(|found| found > 0), "{found:?}");
    let long = "parking ".repeat(10_000);
    assert!(SearchArticles.call(&arguments(json!({"query": long})), &context).await.is_ok());
    for wrong in [json!({}), json!({"query": ""}), json!({"query": 7}), json!({"query": ["a"]}), json!({"q": "a"})] {
        let refused = SearchArticles.call(&arguments(wrong), &context).await;
        assert!(matches!(refused, Err(ToolFailure::Arguments(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn opening_hours_are_those_of_the_config() {
    let found = OpeningHours.call(&Map::new(), &context()).await.expect("a result");
    assert_eq!(found.data["telephone"], "(419) 555-0100");
    assert_eq!(found.data["telephoneIsAnswered"], "day and night, every day");
    let without = ToolContext { contact: kuzushi_domain::config::Contact::default(), ..context() };
    let found = OpeningHours.call(&arguments(json!({"place": 7})), &without).await.expect("a result");
    assert_eq!(found.data["telephone"], Value::Null);
}
