//! What is said of fields that records do not have.

use crate::expr::{Expr, Program, Seen};

#[test]
fn a_misspelt_field_is_named_with_the_nearest() {
    let records: [&[u8]; 3] = [
        br#"{"lang":"en","user":{"screen_name":"a","id":1},"entities":{"hashtags":[]}}"#,
        br#"{"lang":"de","user":null,"e\u0074a":1,"geo":null}"#,
        br#"{"delete":{"status":{"id":1}}}"#,
    ];
    for (expression, expected) in [
        (".lagn == \"en\"", &[".lagn .lang"][..]),
        (".Lang == \"en\"", &[".Lang .lang"]),
        (".lang == \"fr\"", &[]),
        (".user.screenname == \"b\"", &[".user.screenname .user.screen_name"]),
        (".user.followers_count > 1", &[".user.followers_count ?"]),
        (".usr.id", &[".usr .user"]),
        (".eta > 5 and .beta", &[".beta .eta"]),
        (".entity.hashtags[].text", &[".entity ?"]),
        (".entities.hashtag[].text == \"x\"", &[".entities.hashtag .entities.hashtags"]),
        // An empty array, or null, tells nothing of what would be in it.
        (".entities.hashtags[].txt == \"x\"", &[]),
        (".geo.x == 1", &[]),
        (".lang.x == 1", &[]),
        ("(.lagn | length) > 1", &[".lagn .lang"]),
        (".nope == 1 or .lagn == 1", &[".nope ?", ".lagn .lang"]),
        ("length > 5", &[]),
        ("{lagn, language}", &[".lagn .lang"]),
        // Fields that a function asks for by itself.
        ("language == \"xx\"", &[]),
        ("hashtags | length", &[]),
        (".language", &[".language ?"]),
    ] {
        let expression: Expr = expression.parse().unwrap();
        let mut program = Program::new(&[&expression]).unwrap();
        let seen = records.map(|record| program.load(record).unwrap().seen())[2];
        let unseen: Vec<String> = program
            .unseen(seen, &records, true)
            .into_iter()
            .map(|unseen| format!("{} {}", unseen.path, unseen.nearest.as_deref().unwrap_or("?")))
            .collect();
        assert_eq!(unseen, expected, "{expression}");
    }
}

#[test]
fn what_a_later_record_has_was_seen() {
    let expression: Expr = "[.lagn, .user.idd]".parse().unwrap();
    let first: &[u8] = br#"{"lang":"en","user":{"id":1}}"#;
    let seen_in = |records: &[&[u8]]| {
        let mut program = Program::new(&[&expression]).unwrap();
        let seen = records.iter().map(|record| program.load(record).unwrap().seen());
        seen.last().unwrap()
    };
    let said = |seen| {
        let program = Program::new(&[&expression]).unwrap();
        let unseen = program.unseen(seen, &[first], false);
        unseen.into_iter().map(|unseen| unseen.path).collect::<Vec<_>>()
    };
    assert_eq!(said(seen_in(&[first])), [".lagn", ".user.idd"]);
    assert_eq!(said(seen_in(&[first, br#"{"lagn":null}"#])), [".user.idd"]);
    // Of two workers each has seen another record.
    let both = seen_in(&[first, br#"{"lagn":1}"#]).and(seen_in(&[br#"{"user":{"idd":2}}"#]));
    assert_eq!(said(both), [] as [&str; 0]);
    assert_eq!(said(Seen::default()), [".lagn", ".user.idd"]);
}
