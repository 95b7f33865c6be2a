//! What is said of fields that records do not have.

use crate::expr::Expr;

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
    ] {
        let expression: Expr = expression.parse().unwrap();
        let unseen: Vec<String> = expression
            .unseen(&records)
            .into_iter()
            .map(|unseen| format!("{} {}", unseen.path, unseen.nearest.as_deref().unwrap_or("?")))
            .collect();
        assert_eq!(unseen, expected, "{expression}");
    }
}
