//! The rules of X's filtered stream. They are kept by the server, between connections and for all that use the token: so
//! nothing is deleted that was not named.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::net::{Agent, Error, Reason, Request, Url};

/// An answer may not be longer.
const LARGEST: u64 = 16 << 20;

/// What is done with the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    List,
    /// A rule, and the tag that posts it finds carry.
    Add(String, Option<String>),
    /// By their ids.
    Delete(Vec<String>),
    /// What is in this file, and nothing else: a rule a line, as JSON (`value`, `tag`) or as text.
    Sync(PathBuf),
}

/// A rule as the server has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Rule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Vec<Rule>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// Does it, and gives the rules that are there afterwards, one a line.
pub(super) fn carry_out(change: &Change, agent: &Agent, url: &Url) -> Result<Vec<u8>, Error> {
    let post = |body: Value| ask(agent, url, &Request::default().post(body.to_string()));
    match change {
        Change::List => {}
        Change::Add(value, tag) => drop(post(json!({ "add": [rule(value, tag.as_deref())] }))?),
        Change::Delete(ids) => drop(post(json!({ "delete": { "ids": ids } }))?),
        Change::Sync(path) => {
            let place = path.display();
            let text = fs::read_to_string(path).map_err(|error| Error::usage(format!("{place}: {error}")))?;
            let wanted = wanted(&text).map_err(|line| {
                Error::usage(format!("{place}:{line}: expected a rule, or {{\"value\":\"…\",\"tag\":\"…\"}}"))
            })?;
            let (add, delete) = difference(&ask(agent, url, &Request::default())?, &wanted);
            // First what is new: between the two nothing is missed.
            if !add.is_empty() {
                post(json!({ "add": add }))?;
            }
            if !delete.is_empty() {
                post(json!({ "delete": { "ids": delete } }))?;
            }
        }
    }
    let mut lines = Vec::new();
    for rule in ask(agent, url, &Request::default())? {
        lines.extend(serde_json::to_vec(&rule).unwrap_or_default());
        lines.push(b'\n');
    }
    Ok(lines)
}

fn rule(value: &str, tag: Option<&str>) -> Rule {
    Rule { id: None, value: value.to_owned(), tag: tag.map(str::to_owned) }
}

fn ask(agent: &Agent, url: &Url, request: &Request) -> Result<Vec<Rule>, Error> {
    let mut body = Vec::new();
    let read = agent.get(url, request)?.take(LARGEST).read_to_end(&mut body);
    read.map_err(|error| Error::new(url, Reason::of_io(&error, None)))?;
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| {
        Error::new(url, Reason::Protocol(format!("the answer is not of the form of rules ({error})")))
    })?;
    match answer.errors.first() {
        Some(error) => {
            Err(Error::new(url, Reason::Refusal(format!("the rules are not as asked for: {error}"))))
        }
        None => Ok(answer.data),
    }
}

/// The rules of a file; the number of a line that is none.
fn wanted(text: &str) -> Result<Vec<Rule>, usize> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| match line.starts_with('{') {
            true => serde_json::from_str(line).map_err(|_| number),
            false => Ok(rule(line, None)),
        })
        .collect()
}

/// What is to be added, and the ids of what is to be deleted.
fn difference(there: &[Rule], wanted: &[Rule]) -> (Vec<Rule>, Vec<String>) {
    let same = |one: &Rule, other: &Rule| one.value == other.value && one.tag == other.tag;
    let add = wanted.iter().filter(|rule| !there.iter().any(|known| same(known, rule)));
    let add = add.map(|wanted| rule(&wanted.value, wanted.tag.as_deref())).collect();
    let delete = there.iter().filter(|rule| !wanted.iter().any(|known| same(known, rule)));
    (add, delete.filter_map(|rule| rule.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_rules_becomes_what_is_there() {
        let wanted = wanted("# mine\nstan lee lang:en\n\n{\"value\":\"#rust\",\"tag\":\"r\"}\n").unwrap();
        assert_eq!(wanted, [rule("stan lee lang:en", None), rule("#rust", Some("r"))]);
        assert_eq!(super::wanted("a\n{\"valu\":1}\n"), Err(2));
        let there = [
            Rule { id: Some("1".into()), ..rule("#rust", Some("r")) },
            Rule { id: Some("2".into()), ..rule("old", None) },
        ];
        let (add, delete) = difference(&there, &wanted);
        assert_eq!((add, delete), (vec![rule("stan lee lang:en", None)], vec!["2".to_owned()]));
    }
}
