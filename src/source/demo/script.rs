//! What happens in the world of the synthetic tweets, and what else they are made from. All of it was made up for this
//! project, but for one event, which the classic system that people know was shown with.

/// A burst of the script: what it is about, and its shape as in [`Burst`](super::trend::Burst): start, rise, hold and half
/// life in seconds, the share at the peak in a thousand.
pub(super) struct Event {
    pub(super) tag: &'static str,
    pub(super) shape: [u64; 5],
    /// Language and sentences.
    pub(super) sentences: &'static [(&'static str, &'static [&'static str])],
}

pub(super) const EVENTS: [Event; 10] = [
    Event {
        tag: "StanLee",
        shape: [10, 50, 120, 240, 140],
        sentences: &[
            (
                "en",
                &[
                    "Thank you, Stan Lee, for {the stories|every page|my childhood}",
                    "{RIP|Goodbye|Farewell} Stan Lee",
                    "{Rereading|Hugging|Buying} old comics for Stan Lee {tonight|today}",
                    "Stan Lee {made|drew} us all want to be {kinder|braver|heroes}",
                ],
            ),
            (
                "en",
                &[
                    "So many comics on this shelf because of Stan Lee",
                    "No {words|cape} today. Stan Lee, {legend|excelsior|thank you}",
                    "stan lee {forever|always}",
                ],
            ),
            ("es", &["Gracias {por todo|por los cuentos}, Stan Lee", "Hasta siempre, Stan Lee"]),
            ("pt", &["Obrigado por {tudo|cada história}, Stan Lee"]),
            ("ja", &["Stan Lee さん、ありがとう{ございました|}"]),
        ],
    },
    Event {
        tag: "DerbyNight",
        shape: [130, 40, 60, 60, 90],
        sentences: &[
            (
                "en",
                &[
                    "Derby night and the {noise|rain|smoke} is {unreal|everywhere}",
                    "{GOOOAL|What a goal|Equaliser}! This derby!",
                    "Derby under the lights, {nothing better|can't breathe}",
                ],
            ),
            ("es", &["¡Menudo derbi! {Golazo|Penalti|Locura}"]),
        ],
    },
    Event {
        tag: "QuakeAlert",
        shape: [300, 12, 20, 45, 130],
        sentences: &[
            (
                "en",
                &[
                    "Did {anyone else|you all} feel that? {Whole|Our} house shook",
                    "Lamp still {swinging|moving}, everyone {ok|safe} here",
                ],
            ),
            ("ja", &["{揺れた|地震}！みんな大丈夫？", "結構揺れたね…"]),
        ],
    },
    Event {
        tag: "月食",
        shape: [520, 120, 60, 120, 70],
        sentences: &[("ja", &["月食が{きれい|始まった}🌕", "{雲|ビル}で月が見えない…"])],
    },
    Event {
        tag: "GranFinal",
        shape: [760, 90, 120, 90, 110],
        sentences: &[
            ("es", &["¡La gran final {empieza|ya está aquí}!", "{Vamos|Nervios} hasta el último minuto"]),
            ("pt", &["É hoje a grande final, {vamos|coração não aguenta}"]),
        ],
    },
    Event {
        tag: "SnowDay",
        shape: [1100, 200, 200, 200, 80],
        sentences: &[
            (
                "en",
                &[
                    "{Snow|School's off|Sledges out}! {Finally|At last}",
                    "So much snow the {car|garden|postbox} is gone",
                ],
            ),
            ("de", &["Es schneit! {Endlich|Schon wieder}"]),
        ],
    },
    Event {
        tag: "CometLive",
        shape: [1600, 60, 90, 120, 90],
        sentences: &[
            (
                "en",
                &[
                    "The lander is {down|safe|alive}! On a comet!",
                    "{Crying|Cheering} over a robot on a comet",
                ],
            ),
            ("fr", &["L'atterrisseur est {posé|vivant} sur la comète\u{a0}!"]),
        ],
    },
    Event {
        tag: "النهائي",
        shape: [2000, 60, 60, 100, 80],
        sentences: &[("ar", &["النهائي {الليلة|بدأ}، {بالتوفيق|يا رب}"])],
    },
    Event {
        tag: "BakeFinal",
        shape: [2400, 40, 150, 80, 100],
        sentences: &[(
            "en",
            &[
                "That {sponge|pastry|meringue} deserved {better|to win}",
                "{Shaking|Starving} at this bake final",
            ],
        )],
    },
    Event {
        tag: "PowerCut",
        shape: [2900, 10, 30, 60, 110],
        sentences: &[(
            "en",
            &[
                "Power out in {half the town|our street}, {candles|torches} it is",
                "No power, {12|40} percent battery, {no regrets|send help}",
            ],
        )],
    },
];

pub(super) const EMOJI: [&str; 24] = [
    "😂",
    "❤️",
    "🔥",
    "😍",
    "🎉",
    "👏",
    "🙏",
    "😭",
    "☕",
    "🌧️",
    "🚀",
    "⚽",
    "🎶",
    "😀",
    "✨",
    "🤔",
    "👀",
    "💔",
    "🙌🏽",
    "👩‍🚀",
    "🏳️‍🌈",
    "🇧🇷",
    "1️⃣",
    "🧡",
];

/// Clients, with a weight.
pub(super) const CLIENTS: [(&str, u64); 8] = [
    ("<a href=\"http://twitter.com/download/iphone\" rel=\"nofollow\">Twitter for iPhone</a>", 38),
    ("<a href=\"http://twitter.com/download/android\" rel=\"nofollow\">Twitter for Android</a>", 34),
    ("<a href=\"http://twitter.com\" rel=\"nofollow\">Twitter Web Client</a>", 13),
    ("<a href=\"http://twitter.com/#!/download/ipad\" rel=\"nofollow\">Twitter for iPad</a>", 4),
    ("<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Lite</a>", 4),
    ("<a href=\"https://deck.example\" rel=\"nofollow\">DeckExample</a>", 3),
    ("<a href=\"https://bot.example/weather\" rel=\"nofollow\">WeatherBot Example</a>", 3),
    ("", 1),
];

/// Paths of the pages that tweets link to, below an example domain.
pub(super) const PAGES: [&str; 8] = [
    "news/2018/11/harbour",
    "video/watch",
    "p/recipe",
    "blog/streams-and-windows",
    "gallery/sunsets",
    "live",
    "match/report",
    "a/b/c",
];
