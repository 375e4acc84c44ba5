//! Both catalogues say the same things with the same variables, and exactly the things that the sources use.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test is to fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use regex::Regex;
use stapel_text::{Lang, rooms};

type Variables = BTreeSet<String>;

#[derive(Default, Debug, PartialEq, Clone)]
struct Message {
    variables: Variables,
    remedy: bool,
}

fn inline(e: &InlineExpression<&str>, out: &mut Variables) {
    match e {
        InlineExpression::VariableReference { id } => drop(out.insert(id.name.to_owned())),
        InlineExpression::Placeable { expression } => expr(expression, out),
        _ => {}
    }
}

fn expr(e: &Expression<&str>, out: &mut Variables) {
    match e {
        Expression::Inline(i) => inline(i, out),
        Expression::Select { selector, variants } => {
            inline(selector, out);
            variants.iter().for_each(|v| pattern(&v.value, out));
        }
    }
}

fn pattern(p: &Pattern<&str>, out: &mut Variables) {
    for element in &p.elements {
        if let PatternElement::Placeable { expression } = element {
            expr(expression, out);
        }
    }
}

fn messages(lang: Lang) -> BTreeMap<String, Message> {
    let mut all = BTreeMap::new();
    for room in rooms(lang) {
        let parsed = fluent_syntax::parser::parse(room.source)
            .unwrap_or_else(|(_, e)| panic!("{lang:?}/{}.ftl does not parse: {e:?}", room.name));
        for entry in &parsed.body {
            if let Entry::Message(m) = entry {
                let mut message = Message::default();
                m.value.iter().for_each(|p| pattern(p, &mut message.variables));
                for a in &m.attributes {
                    pattern(&a.value, &mut message.variables);
                    message.remedy |= a.id.name == "remedy";
                }
                assert!(all.insert(m.id.name.to_owned(), message).is_none(), "{lang:?}: {} is there twice", m.id.name);
            }
        }
    }
    all
}

/// Each use of `text!` and `problem!` in the sources of all crates: id, variables, whether a problem.
fn uses() -> BTreeMap<String, Message> {
    let start = Regex::new(r#"\b(text|problem)!\(\s*(?:\w+,\s*)?"([a-z0-9-]+)""#).unwrap();
    let name = Regex::new(r"^\s*,\s*([a-z_]+)\s*=[^=]").unwrap();
    let mut found: BTreeMap<String, Message> = BTreeMap::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for file in walkdir::WalkDir::new(crates).into_iter().filter_map(Result::ok) {
        let path = file.path();
        if path.extension().is_none_or(|e| e != "rs") || path.components().any(|c| c.as_os_str() == "tests") {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        let code: String = source
            .lines()
            .map(|l| if l.trim_start().starts_with("//") { "" } else { l })
            .collect::<Vec<_>>()
            .join("\n");
        for hit in start.captures_iter(&code) {
            let mut message = Message { remedy: &hit[1] == "problem", ..Message::default() };
            let mut rest = &code[hit.get(0).unwrap().end()..];
            while let Some(arg) = name.captures(rest) {
                message.variables.insert(arg[1].to_owned());
                rest = &rest[arg.get(1).unwrap().end()..];
                rest = &rest[end_of_argument(rest)..];
            }
            let id = hit[2].to_owned();
            match found.get(&id) {
                Some(seen) => assert_eq!(
                    seen.variables,
                    message.variables,
                    "{id} is used with different variables ({})",
                    path.display()
                ),
                None => drop(found.insert(id, message)),
            }
        }
    }
    found
}

/// Where the argument that begins here ends: at a comma or a closing bracket on the outermost level.
fn end_of_argument(code: &str) -> usize {
    let (mut depth, mut string, mut escaped) = (0_i32, false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if string => escaped = true,
            '"' => string = !string,
            _ if string => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return at,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return at,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn both_languages_have_the_same_messages() {
    let (en, ru) = (messages(Lang::En), messages(Lang::Ru));
    let names = |m: &BTreeMap<String, Message>| m.keys().cloned().collect::<BTreeSet<_>>();
    let difference: Vec<_> = names(&en).symmetric_difference(&names(&ru)).cloned().collect();
    assert!(difference.is_empty(), "only in one language: {difference:?}");
    for (id, message) in &en {
        assert_eq!(message, &ru[id], "{id} differs between en (left) and ru (right)");
    }
}

#[test]
fn every_message_used_is_there_with_its_variables_and_none_is_unused() {
    let (en, uses) = (messages(Lang::En), uses());
    for (id, used) in &uses {
        let message = en.get(id).unwrap_or_else(|| panic!("{id} is used but in no catalogue"));
        assert!(
            message.variables.is_subset(&used.variables),
            "{id}: the catalogue wants {:?}, the source gives {:?}",
            message.variables,
            used.variables
        );
        assert!(!used.remedy || message.remedy, "{id} is a problem and has no .remedy");
    }
    let unused: Vec<_> = en.keys().filter(|id| !uses.contains_key(*id)).collect();
    assert!(unused.is_empty(), "in the catalogues but never used: {unused:?}");
}
