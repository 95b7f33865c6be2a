//! What is asked of texts and posts: the shapes of the services, and both engines on them.

use super::differential::{run_jaq, truthy_jaq};
use super::{run, truthy};
use crate::expr::Expr;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// An expression, a record, the outputs separated by spaces.
const CASES: &[(&str, &str, &str)] = &[
    // of a text, with and without an argument; nothing of what is no text
    (".t | hashtags", r##"{"t":"#a, #\u65e5\u672c #1"}"##, r#"["a","日本"]"#),
    ("hashtags(.t)[], hashtags(.u)", r##"{"t":"#a #b","u":["#c"]}"##, r#""a" "b" []"#),
    ("[.t[] | hashtags[]]", r##"{"t":["#a #b",null,1,"x #c"]}"##, r#"["a","b","c"]"#),
    ("hashtags(.t) | length", r##"{"t":"#a #b"}"##, "2"),
    (
        "mentions(.t), urls(.t), cashtags(.t)",
        r#"{"t":"@ann: see t.co/a $TWTR"}"#,
        r#"["ann"] ["t.co/a"] ["TWTR"]"#,
    ),
    ("hashtags(.t)[0], (.t | hashtags | .[1])", r##"{"t":"#a #b"}"##, r#""a" "b""#),
    ("any(hashtags(.t)[]; . == \"b\"), (hashtags(.t) | any(. == \"c\"))", r##"{"t":"#a #b"}"##, "true false"),
    ("{tag: hashtags(.t)[], n: 1}", r##"{"t":"#a #b"}"##, r#"{"tag":"a","n":1} {"tag":"b","n":1}"#),
    ("hashtags(.t)[] | fold, fold_ascii, fold_ascii(.)", r##"{"t":"#CAFÉ"}"##, r#""café" "cafe" "cafe""#),
    ("fold, fold_ascii, post_text, hashtags", r#"{"id":1}"#, "null null null []"),
    ("post_text(.t), post_text(.u)", r#"{"t":"x"}"#, "\"x\" null"),
    ("select(.l == \"en\") | hashtags[]", r##"{"l":"en","text":"#a"}"##, "\"a\""),
    ("hashtags[]", r#"{"text":"a\u0023b"}"#, ""),
    ("hashtags[]", r#"{"text":"\u0023b"}"#, "\"b\""),
    // words, language and sentiment; of a record its own language first
    (
        "words(.t), words(.u), words",
        r##"{"t":"See #B\u0043, don't!","u":1,"text":"no"}"##,
        r#"["see","bc","don't"] [] []"#,
    ),
    ("words(.t)[1:]", r#"{"t":"a b c"}"#, r#"["b","c"]"#),
    ("words(.t)[0], (words(.t)[] | length)", r#"{"t":"ab c"}"#, r#""ab" 2 1"#),
    (
        "sentiment(.t), (.t | sentiment | .neu)",
        r#"{"t":"I hate it"}"#,
        r#"{"compound":-0.5719,"pos":0.0,"neu":0.351,"neg":0.649} 0.351"#,
    ),
    (
        "sentiment(.t).compound < 0, sentiment, sentiment(.u).pos",
        r#"{"t":"I hate it","text":"x"}"#,
        "true null null",
    ),
    ("{s: sentiment(.t), n: 1} | .s.compound", r#"{"t":""}"#, "0.0"),
    ("language, language(.text)", r#"{"lang":"xx","text":"The weather is lovely today"}"#, r#""xx" "en""#),
    ("language", r#"{"lang":"","language":null,"langs":["pt-BR","en"],"text":"x"}"#, r#""pt-BR""#),
    ("language", r#"{"lang":null,"langs":[],"text":"Das Wetter ist heute sch\u00f6n"}"#, r#""de""#),
    ("language", r#"{"commit":{"record":{"text":"x","langs":["ja"]}}}"#, r#""ja""#),
    ("language", r#"{"data":{"text":"x","lang":"tr"}}"#, r#""tr""#),
    ("language", r#"{"content":"<p>Das Wetter ist heute sch&ouml;n, oder?</p>","language":null}"#, r#""de""#),
    ("language, (.a | language)", r#"{"a":[1]}"#, "null null"),
    (
        "select(language == \"en\") | sentiment(post_text).compound",
        r#"{"lang":"en","full_text":"I love it"}"#,
        "0.6369",
    ),
    // tweets, v1.1: what was cut off is elsewhere
    (
        "post_text, hashtags, mentions, urls, cashtags",
        r##"{"text":"#x","entities":{"hashtags":[{"text":"own"}],"user_mentions":[{"screen_name":"ann"}],"urls":[{"url":"t.co/a","expanded_url":"https://example.com/"},{"url":"t.co/b"}],"symbols":[{"text":"TWTR"}]}}"##,
        r##""#x" ["own"] ["ann"] ["https://example.com/","t.co/b"] ["TWTR"]"##,
    ),
    (
        "post_text, hashtags",
        r##"{"text":"#cut…","entities":{"hashtags":[]},"extended_tweet":{"full_text":"#cut off","entities":{"hashtags":[{"text":"whole"}]}}}"##,
        r##""#cut off" ["whole"]"##,
    ),
    ("post_text, hashtags", r##"{"full_text":"#long","text":"#lo"}"##, r##""#long" ["long"]"##),
    ("post_text, hashtags", r##"{"text":"#a","entities":null}"##, r##""#a" ["a"]"##),
    // a retweet that was cut is read whole
    (
        "post_text, hashtags, mentions",
        r##"{"text":"RT @ann: one t…","entities":{"hashtags":[],"user_mentions":[{"screen_name":"ann"}]},"retweeted_status":{"text":"one t…","extended_tweet":{"full_text":"one two #three @bob","entities":{"hashtags":[{"text":"three"}],"user_mentions":[{"screen_name":"bob"}]}}}}"##,
        r##""RT @ann: one two #three @bob" ["three"] ["ann","bob"]"##,
    ),
    (
        "post_text, hashtags",
        r##"{"text":"RT @ann: #one","entities":{"hashtags":[{"text":"one"}]},"retweeted_status":{"text":"else"}}"##,
        r##""RT @ann: #one" ["one"]"##,
    ),
    // v2: a stream, its note, a retweet with the original beside it or within
    (
        "post_text, hashtags, mentions, cashtags",
        r##"{"data":{"text":"#a @b $C","entities":{"hashtags":[{"tag":"A"}],"mentions":[{"username":"B"}],"cashtags":[{"tag":"C"}]}}}"##,
        r##""#a @b $C" ["A"] ["B"] ["C"]"##,
    ),
    (
        "post_text, hashtags",
        r##"{"data":{"text":"cu","note_tweet":{"text":"cut not","entities":{"hashtags":[{"tag":"n"}]}}}}"##,
        r##""cut not" ["n"]"##,
    ),
    (
        "post_text, hashtags",
        r##"{"data":{"text":"RT @a: x…","referenced_tweets":[{"type":"quoted","id":"2"},{"type":"retweeted","id":"1"}]},"includes":{"tweets":[{"id":"2","text":"no"},{"id":"1","text":"x #y"}]}}"##,
        r##""RT @a: x #y" ["y"]"##,
    ),
    (
        "post_text, hashtags",
        r##"{"text":"RT @a: x…","referenced_tweets":[{"type":"retweeted","id":"1","text":"x y","entities":{"hashtags":[{"tag":"y"}]}}]}"##,
        r##""RT @a: x y" ["y"]"##,
    ),
    // Bluesky: places are bytes; what is not there is found in the text
    (
        "post_text, hashtags, mentions, urls",
        r##"{"commit":{"record":{"text":"é @ann.bsky.social #b","facets":[{"index":{"byteStart":3,"byteEnd":19},"features":[{"$type":"app.bsky.richtext.facet#mention","did":"did:plc:1"}]},{"index":{"byteStart":20,"byteEnd":22},"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"b-c"},{"$type":"app.bsky.richtext.facet#link","uri":"https://example.com"}]}],"tags":["beside"]}}}"##,
        r##""é @ann.bsky.social #b" ["b-c","beside"] ["ann.bsky.social"] ["https://example.com"]"##,
    ),
    (
        "mentions",
        r##"{"commit":{"record":{"text":"é","facets":[{"index":{"byteStart":1,"byteEnd":9},"features":[{"did":"did:plc:1"}]}]}}}"##,
        r#"["did:plc:1"]"#,
    ),
    ("hashtags, mentions", r##"{"commit":{"record":{"text":"#a @b"}}}"##, r#"["a"] ["b"]"#),
    ("post_text, hashtags", r#"{"commit":{"record":{"subject":"x"},"operation":"create"}}"#, "null []"),
    ("post_text, hashtags", r#"{"commit":5,"data":[{"text":"no"}],"includes":null}"#, "null []"),
    // Mastodon: HTML, bare and in an event; a boost
    (
        "post_text, hashtags, mentions, urls",
        r##"{"content":"<p>a &amp; <a href=\"https://x.social/tags/b\">#<span>b</span></a><br>example.com</p>","tags":[{"name":"B"}],"mentions":[{"acct":"ann@x.social","username":"ann"}]}"##,
        r##""a & #b\nexample.com" ["B"] ["ann@x.social"] ["example.com"]"##,
    ),
    (
        "post_text, hashtags",
        r##"{"event":"update","data":{"content":"","tags":[],"reblog":{"content":"<p>#c</p>","tags":[{"name":"c"}]}}}"##,
        r##""#c" ["c"]"##,
    ),
    // track
    (
        "track(\"stan lee,#rust\"), (.text | track(\"lee\")), track(\"example.com\")",
        r##"{"text":"Lee, Stan","entities":{"urls":[{"url":"https://t.co/a","display_url":"example.com"}]}}"##,
        "true true true",
    ),
    (
        "track(\"#rust\")",
        r##"{"commit":{"record":{"text":"x","facets":[{"features":[{"tag":"Rust"}]}]}}}"##,
        "true",
    ),
    ("track(\"a\"), track(.q)", r#"{"n":1,"q":"a"}"#, "false false"),
    ("track(.q), (.n | track(\"a\"))", r#"{"text":"A","q":"a"}"#, "true false"),
    ("track(.n)", r#"{"text":"A","n":1}"#, "!"),
];

#[test]
fn known_posts() {
    for &(source, line, expected) in CASES {
        let expression = Expr::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        for (mut outputs, error) in [run(&expression, line), run_jaq(&expression, line)] {
            outputs.extend(error.map(|_| "!".to_owned()));
            assert_eq!(outputs.join(" "), expected, "{source} of {line} ({})", expression.explain());
        }
    }
}

#[test]
fn questions_are_compiled() {
    for source in [
        "hashtags[]",
        "hashtags(.text)",
        ".text | hashtags[] | fold",
        "track(\"a b,#c\") and .lang == \"en\"",
        "{t: post_text, tags: hashtags}",
        "any(mentions[]; startswith(\"a\"))",
        "fold_ascii(.a.b)",
    ] {
        let expression: Expr = source.parse().unwrap();
        assert!(expression.is_compiled(), "{source}: {}", expression.explain());
    }
    let projected: Expr = "hashtags | length".parse().unwrap();
    assert!(
        projected.explain().starts_with("jaq: parses only .extended_tweet, .full_text, .text"),
        "{}",
        projected.explain()
    );
}

const EXPRESSIONS: &[&str] = &[
    "hashtags[]",
    "hashtags, mentions, urls, cashtags",
    "post_text",
    "track(\"a #b,@c\")",
    "hashtags | length, (.[0] // 1)",
    ".data | hashtags, post_text",
    ".text | fold, urls[]",
    "[hashtags[] | fold_ascii | startswith(\"b\")]",
    "hashtags[].x",
    "{a: hashtags[], b: mentions}",
    ".data.text, .commit.record.text | track(\"b\"), hashtags[]",
];

/// Values with the names that posts have, in any shape.
fn value() -> BoxedStrategy<String> {
    let scalars = &[
        "null",
        "1",
        "\"\"",
        "\"#b a @c\"",
        "\"RT @a: #b…\"",
        "\"\\u0023b http://t.co/x $AB\"",
        "\"<p>#b</p>\"",
        "\"retweeted\"",
        "true",
        "7",
        "[]",
        "{}",
        "[{\"tag\":\"b\"}]",
        "[{\"type\":\"retweeted\",\"text\":\"#é b\"}]",
        "{\"hashtags\":[{\"text\":\"b\"}]}",
        "[{\"index\":{\"byteStart\":0,\"byteEnd\":2},\"features\":[{\"did\":\"d\"},{\"tag\":\"b\"},{\"uri\":\"u\"}]}]",
    ];
    let scalar = select(&scalars[..]).prop_map(str::to_owned);
    scalar
        .prop_recursive(3, 20, 5, |inner| {
            prop_oneof![
                1 => vec(inner.clone(), 0..3).prop_map(|elements| format!("[{}]", elements.join(","))),
                4 => object(inner),
            ]
        })
        .boxed()
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let names = &[
        "extended_tweet",
        "full_text",
        "text",
        "text",
        "entities",
        "retweeted_status",
        "note_tweet",
        "referenced_tweets",
        "includes",
        "tweets",
        "data",
        "commit",
        "record",
        "content",
        "tags",
        "mentions",
        "reblog",
        "facets",
        "hashtags",
        "name",
        "te\\u0078t",
    ];
    let member = (select(&names[..]), value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_see_the_same_post(line in object(value()), source in select(EXPRESSIONS)) {
        let expression: Expr = source.parse().unwrap();
        prop_assert_eq!(run(&expression, &line), run_jaq(&expression, &line), "{} of {}", source, line);
        prop_assert_eq!(truthy(&expression, &line), truthy_jaq(&expression, &line), "{} of {}", source, line);
    }
}
