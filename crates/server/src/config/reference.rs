//! The reference of all variables, made from the structs that read them.

use std::fmt::Write;

use confique::{
    Config as _,
    meta::{Expr, FieldKind, LeafKind, Meta},
};

use super::Config;

/// Markdown that lists every variable with its default and meaning: `docs/configuration.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\nMade by `kuzushi config-reference`; do not edit.\n\n\
         Every value can be set in the environment, or in a TOML file that `--config` names, where it stands in its \
         section under the key given. The environment wins over the file. A value that cannot be used, or a key that \
         does not exist, stops the start with one line that says so.\n",
    );
    for field in Config::META.fields {
        if let FieldKind::Nested { meta } = field.kind {
            section(&mut page, field.name, meta);
        }
    }
    page
}

/// The names of all variables.
pub fn variables() -> Vec<String> {
    let mut names = Vec::new();
    for section in Config::META.fields {
        let FieldKind::Nested { meta } = section.kind else { continue };
        for field in meta.fields {
            if let FieldKind::Leaf { env: Some(name), .. } = field.kind {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn section(page: &mut String, name: &str, meta: &Meta) {
    let _ = write!(
        page,
        "\n## `[{name}]`\n\n{}\n\n| variable | key | default | meaning |\n|---|---|---|---|\n",
        text(meta.doc)
    );
    for field in meta.fields {
        if let FieldKind::Leaf { env, kind } = field.kind {
            let default = match kind {
                LeafKind::Required { default: Some(default) } => format!("`{}`", expression(&default)),
                LeafKind::Required { default: None } => String::from("required"),
                LeafKind::Optional => String::from("none"),
            };
            let _ = writeln!(page, "| `{}` | `{}` | {default} | {} |", env.unwrap_or("–"), field.name, text(field.doc));
        }
    }
}

fn text(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn expression(value: &Expr) -> String {
    match value {
        Expr::Str(text) => (*text).to_owned(),
        Expr::Integer(number) => number.to_string(),
        Expr::Float(number) => number.to_string(),
        Expr::Bool(truth) => truth.to_string(),
        Expr::Array(items) => items.iter().map(expression).collect::<Vec<_>>().join(","),
        _ => String::new(),
    }
}
