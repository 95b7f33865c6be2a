//! Tests of what is found in a text: our own cases, and properties that hold for any text.

use super::{Entity, cashtags, hashtags, mentions, mentions_and_lists, reply_to, urls};
use proptest::prelude::*;
use std::ops::Range;

fn values<'t>(found: impl Iterator<Item = Entity<'t>>) -> String {
    found.map(|entity| entity.value).collect::<Vec<_>>().join(" ")
}

#[test]
fn hashtags_of_known_texts() {
    for (text, tags) in [
        ("", ""),
        ("#", ""),
        ("#rust", "rust"),
        ("＃ｒｕｓｔ", "ｒｕｓｔ"),
        ("I #like #rust.", "like rust"),
        ("#1 #2nd #_ #a_1", "2nd a_1"),
        // naive splitting keeps what follows, and misses what follows a bracket
        ("(#one), \"#two\" #three! #four…", "one two three four"),
        ("#it's #don’t", "it don"),
        ("no#tag &#39; é#tag 9#tag _#tag", ""),
        ("#one#two #three＃four ##five", "five"),
        ("#https://example.com/ #http", "http"),
        ("https://example.com/#top example.com/#top /#here", "here"),
        ("http://＃one.com http://。＃two.com", ""),
        ("see example.com.#tag (example.com)#tag", "tag tag"),
        ("https://example.com/a?b=#c https://example.com #d", "d"),
        ("#日本語。#中国　＃한국", "日本語 中国 한국"),
        ("日本#日本", ""),
        ("❤️#love ☎︎#call 1️⃣#none #️⃣#️a", "love call"),
        ("#café #İstanbul #straße #Ünïcödé", "café İstanbul straße Ünïcödé"),
        ("#می‌خواهم #ศิลปะ #हिन्दी", "می‌خواهم ศิลปะ हिन्दी"),
        ("#\u{20021} #a\u{104a0} #\u{16f04}\u{16f51}", "\u{20021} a\u{104a0} \u{16f04}\u{16f51}"),
        ("#a\n#b\t#c\r\n", "a b c"),
        // an emoji is no letter
        ("#a🎉 #🎉 🎉#b", "a b"),
        // what begins first stands: the domain within the hashtag is none
        ("#日本example.com/#b", "日本example b"),
    ] {
        assert_eq!(values(hashtags(text)), tags, "{text}");
    }
}

#[test]
fn mentions_of_known_texts() {
    for (text, names) in [
        ("@ann, @Bob_1: ＠carl!", "ann Bob_1 carl"),
        ("mail me@example.com @ann@example.com @@ann", ""),
        ("RT @ann rt@bob RT:@carl ART@dan .@eve (@fred)", "ann bob carl eve fred"),
        ("_rt@ann -RT@bob !RT@carl", "carl"),
        ("の@annの日 @josé @ann://", "ann"),
        ("@ann/cats @bob/1 @carl/", "bob carl"),
        ("@abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrst"),
        // an address of ours holds no mention
        ("https://example.com/@ann example.com/@bob see.@carl", "carl"),
        ("@", ""),
    ] {
        assert_eq!(values(mentions(text)), names, "{text}");
    }
    let lists: Vec<_> =
        mentions_and_lists("@ann/cats @bob").map(|found| (found.entity.value, found.list)).collect();
    assert_eq!(lists, [("ann", "/cats"), ("bob", "")]);
}

#[test]
fn a_reply_begins_with_a_name() {
    for (text, name) in [
        ("@ann hello", Some("ann")),
        ("\u{2066} \u{3000}＠ann", Some("ann")),
        ("hello @ann", None),
        (".@ann", None),
        ("@ann@bob", None),
        ("@", None),
        ("  ", None),
    ] {
        assert_eq!(reply_to(text), name, "{text}");
    }
}

#[test]
fn cashtags_of_known_texts() {
    for (text, tags) in [
        ("$TWTR $brk.a, ($no) $GOOG_B!", "TWTR brk.a GOOG_B"),
        ("$TEST.abc $TEST_ $A.", "TEST TEST A"),
        ("$5 $toolong1 $toolongone $a1 US$A $é $", ""),
        ("\u{200e}$AAPL\u{a0}$MSFT", "AAPL MSFT"),
        ("$$A $A$B", "A"),
    ] {
        assert_eq!(values(cashtags(text)), tags, "{text}");
    }
}

#[test]
fn urls_of_known_texts() {
    for (text, found) in [
        ("http://example.com", "http://example.com"),
        ("HTTPS://Example.COM/Path.", "HTTPS://Example.COM/Path"),
        ("(example.com/a_(b)) [example.org]", "example.com/a_(b) example.org"),
        ("a.b a.qq.zz 1.5 e.g. i.e. etc... file.tar.bz2", ""),
        ("me@example.com @example.com #example.com $example.com", ""),
        ("http://user:pass@example.com", ""),
        ("http://localhost http://127.0.0.1/ http://x", ""),
        ("http://münchen.de/ü?ü", "http://münchen.de/ü"),
        ("日本語example.comです。http://日本語.jp/é、", "example.com http://日本語.jp/é"),
        // without a scheme a port and a query belong to a path only
        (
            "example.com:80 example.com?a=1 example.com:80/a?b=1",
            "example.com example.com example.com:80/a?b=1",
        ),
        ("https://example.com:80?a=1", "https://example.com:80?a=1"),
        (
            "https://t.co/abc123… https://t.co/abc?amp=1. https://t.co/",
            "https://t.co/abc123 https://t.co/abc?amp=1 https://t.co/",
        ),
        ("foo.http://bar.com.", "http://bar.com"),
        ("http://a-.com http://-a.com http://a_b.com http://a_b.c.com", "http://a_b.c.com"),
        ("http://xn--p1ai.xn--p1ai http://xn--ü.com", "http://xn--p1ai.xn--p1ai"),
        ("Élan.com élan.com", "Élan.com élan.com"),
        ("http://http://example.com", "http://example.com"),
        ("www.example.com,example.org;example.net", "www.example.com example.org example.net"),
    ] {
        assert_eq!(values(urls(text)), found, "{text}");
    }
    let long = "a".repeat(64);
    assert_eq!(
        values(urls(&format!("http://{long}.com http://{}.com", &long[1..]))),
        format!("http://{}.com", &long[1..])
    );
    let path = "a".repeat(4096 - "http://a.com/".len());
    assert_eq!(urls(&format!("http://a.com/{path}")).count(), 1);
    assert_eq!(urls(&format!("http://a.com/a{path}")).count(), 0);
}

#[test]
fn places_are_counted_in_characters() {
    let text = "日本 😀 #Tag ＠ann http://a.com/é";
    let places = |found: Option<Entity<'_>>| found.map(|entity| entity.indices(text));
    assert_eq!(places(hashtags(text).next()), Some(5..9));
    assert_eq!(places(mentions(text).next()), Some(10..14));
    assert_eq!(places(urls(text).next()), Some(15..29));
}

/// No text makes the work grow with its square.
#[test]
fn long_texts_are_read_in_linear_time() {
    for part in [
        "#", "@a", "a.", "a.com.-.", "http://", "(", "a_(", "#a.com/", "/#a", ".@a", "日.", "a.b-_", "x@",
        "$a", "RT@",
    ] {
        let text = part.repeat(200_000 / part.len());
        let found =
            hashtags(&text).count() + mentions(&text).count() + urls(&text).count() + cashtags(&text).count();
        assert!(found <= text.len());
    }
}

/// Signs, schemes, domains and all that is next to them.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&[
            "#", "＃", "@", "＠", "$", "RT", "rt:", "/", ".", "..", ":", "://", "http://", "https://", "HTTP://", "?", "&", "-", "_",
            "(", ")", "com", "example.com", "t.co/", "t.co", "jp", "co.jp", "みんな", "日本", "é", "É", "\u{fe0f}", "\u{20e3}", "\u{200d}",
            "\u{2066}", "\u{feff}", " ", "\n", "\u{3000}", "…", "~", "+", "a", "Z9", "1", "x_y", "abcdefghijklmnopqrstu", "xn--", "xn--p1ai",
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(fragment(), 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_stands_in_the_text_in_order_and_apart(text in text()) {
        let tags: Vec<_> = hashtags(&text).collect();
        let names: Vec<_> = mentions_and_lists(&text).collect();
        let symbols: Vec<_> = cashtags(&text).collect();
        let addresses: Vec<_> = urls(&text).collect();
        for tag in &tags {
            prop_assert!(["#", "＃"].contains(&&text[tag.range.start..tag.range.end - tag.value.len()]));
            prop_assert!(tag.value.chars().any(|letter| !letter.is_ascii_digit() && letter != '_'));
        }
        for name in &names {
            let whole = format!("{}{}", name.entity.value, name.list);
            prop_assert!(text[name.entity.range.clone()].ends_with(&whole));
        }
        for symbol in &symbols {
            prop_assert_eq!(&text[symbol.range.clone()], format!("${}", symbol.value));
        }
        for address in &addresses {
            prop_assert_eq!(&text[address.range.clone()], address.value);
            prop_assert!(address.value.contains('.') && !address.value.contains(char::is_whitespace));
        }
        let tags: Vec<_> = tags.into_iter().map(|tag| tag.range).collect();
        let names: Vec<_> = names.into_iter().map(|name| name.entity.range).collect();
        let symbols: Vec<_> = symbols.into_iter().map(|symbol| symbol.range).collect();
        let addresses: Vec<_> = addresses.into_iter().map(|address| address.range).collect();
        for kind in [&tags, &names, &symbols, &addresses] {
            prop_assert!(kind.windows(2).all(|two| two[0].end <= two[1].start), "{kind:?}");
            prop_assert!(kind.iter().all(|range| range.start < range.end));
        }
        // no hashtag or mention lies in a URL, unless the URL itself begins within one of them
        for kind in [&tags, &names] {
            let begins_within = |url: &Range<usize>| kind.iter().any(|kept| kept.start < url.start && url.start < kept.end);
            for range in kind {
                let within = |url: &&Range<usize>| url.start < range.start && range.start < url.end;
                prop_assert!(addresses.iter().filter(within).all(begins_within), "{range:?} in {addresses:?}");
            }
        }
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let _ = (hashtags(&text).count(), mentions(&text).count(), urls(&text).count(), cashtags(&text).count(), reply_to(&text));
    }

    #[test]
    fn a_word_between_spaces_means_the_same_anywhere(word in "[#@$]?[a-zé0-9_.日:/]{1,8}", text in "[a-z ]{0,8}") {
        let alone = (values(hashtags(&word)), values(mentions(&word)), values(cashtags(&word)), values(urls(&word)));
        let text = format!("{text} {word} {text}");
        let amid = (values(hashtags(&text)), values(mentions(&text)), values(cashtags(&text)), values(urls(&text)));
        prop_assert_eq!(alone, amid);
    }
}
