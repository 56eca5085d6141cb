//! What differs between two documents.

use serde_json::Value;

/// A place in which two JSON documents differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// What the first document has there; None where it has nothing.
    pub before: Option<Value>,
    /// What the second one has.
    pub after: Option<Value>,
}

/// All places in which the documents differ, in the order of their names. Lists are compared as a whole: for somebody who
/// reads it, a list with a new first item is one change and not as many as the list has items.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(String::new(), Some(before), Some(after), &mut found);
    found
}

fn collect(pointer: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let step = name.replace('~', "~0").replace('/', "~1");
                collect(format!("{pointer}/{step}"), before.get(name), after.get(name), found);
            }
        }
        _ if before == after => {}
        _ => found.push(Difference { pointer, before: before.cloned(), after: after.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(before: Value, after: Value) -> Vec<String> {
        differences(&before, &after).into_iter().map(|difference| difference.pointer).collect()
    }

    #[test]
    fn equal_documents_differ_nowhere() {
        let document = json!({"theme": {"radius": "1rem"}, "list": [1, 2]});
        assert_eq!(differences(&document, &document), []);
    }

    #[test]
    fn a_difference_is_named_where_it_is() {
        let before = json!({"theme": {"radius": "1rem", "fontScale": 1.0}, "old": true});
        let after = json!({"theme": {"radius": "1rem", "fontScale": 1.5}, "new": null});
        assert_eq!(
            differences(&before, &after),
            [
                Difference { pointer: "/new".into(), before: None, after: Some(json!(null)) },
                Difference { pointer: "/old".into(), before: Some(json!(true)), after: None },
                Difference { pointer: "/theme/fontScale".into(), before: Some(json!(1.0)), after: Some(json!(1.5)) },
            ]
        );
    }

    #[test]
    fn lists_are_compared_as_a_whole_and_names_are_escaped() {
        assert_eq!(pointers(json!({"list": [1]}), json!({"list": [0, 1]})), ["/list"]);
        assert_eq!(pointers(json!({"a/b~c": 1}), json!({"a/b~c": 2})), ["/a~1b~0c"]);
        assert_eq!(pointers(json!({"a": {}}), json!({"a": 1})), ["/a"]);
    }
}
