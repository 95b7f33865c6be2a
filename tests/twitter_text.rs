//! The conformance suite of twitter-text, whole, read from its YAML where it is (`../shared`); the tests skip by name where not.

use saphyr::{LoadableYamlNode, Yaml};
use std::fs;
use std::ops::Range;
use std::path::Path;
use trendpipe::text::{Entity, cashtags, hashtags, mentions, mentions_and_lists, reply_to, urls};

/// The groups of a file of the suite, each with how many cases it is known to have.
fn suite(file: &str) -> Option<Yaml<'static>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/twitter-text").join(file);
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: {file} of twitter-text, no ../shared");
        return None;
    };
    let text: &'static str = text.leak();
    let mut documents = Yaml::load_from_str(text).expect("the suite is YAML");
    Some(documents.remove(0))
}

/// Runs a group. A case is a text and what is expected of it, as text.
fn hold(
    group: &Yaml<'_>,
    count: usize,
    name: &str,
    found: impl Fn(&str) -> Vec<String>,
    expected: impl Fn(&Yaml<'_>) -> Vec<String>,
) {
    let cases = group["tests"][name].as_vec().unwrap_or_else(|| panic!("no group {name}"));
    assert_eq!(cases.len(), count, "cases of {name}");
    for case in cases {
        let text = case["text"].as_str().expect("a text");
        assert_eq!(
            found(text),
            expected(&case["expected"]),
            "{name}: {}",
            case["description"].as_str().unwrap_or(text)
        );
    }
}

fn values<'t>(found: impl Iterator<Item = Entity<'t>>) -> Vec<String> {
    found.map(|entity| entity.value.to_owned()).collect()
}

fn places<'t>(text: &str, found: impl Iterator<Item = Entity<'t>>) -> Vec<String> {
    found.map(|entity| shown(entity.value, &entity.indices(text))).collect()
}

fn shown(value: &str, place: &Range<usize>) -> String {
    format!("{value} {place:?}")
}

fn listed(expected: &Yaml<'_>) -> Vec<String> {
    expected.as_vec().into_iter().flatten().map(|value| value.as_str().expect("a text").to_owned()).collect()
}

fn listed_with_places(expected: &Yaml<'_>, fields: &[&str]) -> Vec<String> {
    let place = |case: &Yaml<'_>, at: usize| {
        case["indices"][at].as_integer().and_then(|place| usize::try_from(place).ok()).expect("a place")
    };
    let value = |case: &Yaml<'_>| {
        fields.iter().map(|field| case[*field].as_str().expect("a text")).collect::<String>()
    };
    let cases = expected.as_vec().into_iter().flatten();
    cases.map(|case| shown(&value(case), &(place(case, 0)..place(case, 1)))).collect()
}

#[test]
fn what_is_extracted() {
    let Some(suite) = suite("extract.yml") else { return };
    hold(&suite, 65, "hashtags", |text| values(hashtags(text)), listed);
    hold(&suite, 3, "hashtags_from_astral", |text| values(hashtags(text)), listed);
    hold(
        &suite,
        8,
        "hashtags_with_indices",
        |text| places(text, hashtags(text)),
        |case| listed_with_places(case, &["hashtag"]),
    );
    hold(&suite, 23, "mentions", |text| values(mentions(text)), listed);
    hold(
        &suite,
        3,
        "mentions_with_indices",
        |text| places(text, mentions(text)),
        |case| listed_with_places(case, &["screen_name"]),
    );
    let with_lists = |text: &str| -> Vec<String> {
        let whole = mentions_and_lists(text);
        whole
            .map(|found| shown(&format!("{}{}", found.entity.value, found.list), &found.entity.indices(text)))
            .collect()
    };
    hold(&suite, 5, "mentions_or_lists_with_indices", with_lists, |case| {
        listed_with_places(case, &["screen_name", "list_slug"])
    });
    let one = |case: &Yaml<'_>| case.as_str().map(str::to_owned).into_iter().collect();
    hold(&suite, 13, "replies", |text| reply_to(text).map(str::to_owned).into_iter().collect(), one);
    hold(&suite, 8, "cashtags", |text| values(cashtags(text)), listed);
    hold(
        &suite,
        2,
        "cashtags_with_indices",
        |text| places(text, cashtags(text)),
        |case| listed_with_places(case, &["cashtag"]),
    );
    hold(&suite, 91, "urls", |text| values(urls(text)), listed);
    hold(&suite, 5, "tco_urls_with_params", |text| values(urls(text)), listed);
    for (group, count) in [("urls_with_indices", 10), ("urls_with_directional_markers", 2)] {
        hold(
            &suite,
            count,
            group,
            |text| places(text, urls(text)),
            |case| listed_with_places(case, &["url"]),
        );
    }
}

#[test]
fn every_top_level_domain_is_known() {
    let Some(suite) = suite("tlds.yml") else { return };
    for (group, count) in [("country", 315), ("generic", 1259)] {
        hold(&suite, count, group, |text| values(urls(text)), listed);
    }
}
