//! What the synthetic tweets say. All of it was made up for this project: sentences are patterns whose `{a|b|c}` parts
//! vary, tags are listed from the commonest to the rarest.

/// A language of the stream.
pub(super) struct Language {
    /// The code in `lang`.
    pub(super) code: &'static str,
    /// Its share of all tweets that belong to no burst, in a thousand.
    pub(super) share: u64,
    /// Sentences by topic; English has several topics, the others one.
    pub(super) topics: &'static [Topic],
    /// Words from which display names are made.
    pub(super) names: &'static [&'static str],
}

/// Sentences and tags that go together.
pub(super) struct Topic {
    pub(super) tags: &'static [&'static str],
    pub(super) sentences: &'static [&'static str],
}

pub(super) const LANGUAGES: [Language; 13] = [
    Language { code: "en", share: 430, topics: &ENGLISH, names: &LATIN },
    Language {
        code: "es",
        share: 140,
        names: &["Lucía", "Mateo", "Ximena", "Íñigo", "Rocío", "Andrés", "Begoña", "Nuño"],
        topics: &[Topic {
            tags: &[
                "FelizLunes",
                "Fútbol",
                "Música",
                "Sueños",
                "CaféDeLaMañana",
                "España",
                "Vacaciones",
                "Montaña",
                "Niñez",
                "QuéDía",
            ],
            sentences: &[
                "¡Qué {partido|concierto|día} tan {bonito|largo|raro}!",
                "Hoy {llueve|hace sol|nieva} en {la ciudad|mi pueblo|la montaña} y no pienso salir",
                "Mañana {madrugo|viajo|trabajo} otra vez, qué {sueño|ilusión|pereza}",
                "El {café|pan|arroz} de mi abuela es el mejor del {barrio|mundo|año}",
                "¿Alguien más {escucha|recuerda|espera} esa canción?",
                "Buenos días a {todos|todas|nadie}, feliz {lunes|martes|domingo}",
            ],
        }],
    },
    Language {
        code: "ja",
        share: 170,
        names: &["はるか", "そら", "ゆき🌸", "みなと", "あおい", "コタロー", "りん@お仕事募集", "ねこ"],
        topics: &[Topic {
            tags: &[
                "おはよう",
                "ゲーム",
                "写真好きな人と繋がりたい",
                "猫",
                "ラーメン",
                "アニメ",
                "紅葉",
                "電車",
                "お絵かき",
                "月曜日",
            ],
            sentences: &[
                "{おはようございます|こんばんは|おやすみなさい}☀",
                "今日は{寒い|暑い|眠い}ですね…",
                "{ラーメン|カレー|おにぎり}が食べたい",
                "{新しいゲーム|この曲|猫の動画}が楽しすぎる",
                "明日も{仕事|学校|雨}だ、がんばろう",
                "電車が{遅れて|混んで}いて{会社|学校}に遅刻しそう💦",
                "{紅葉|夕焼け|月}がとてもきれいでした",
            ],
        }],
    },
    Language {
        code: "pt",
        share: 85,
        names: &["João", "Conceição", "Tainá", "Luã", "Inês", "Caetana", "Otávio"],
        topics: &[Topic {
            tags: &["BomDia", "SãoPaulo", "Novela", "Praia", "Futebol", "Saudade", "Carnaval", "PãoDeQueijo"],
            sentences: &[
                "Bom dia {pra quem|só pra quem} {dormiu bem|já tomou café|não tem aula}",
                "Que {saudade|vontade} de {praia|férias|pão de queijo}",
                "Não {acredito|entendo|aguento} mais esse {trânsito|calor|jogo}",
                "Hoje tem {novela|jogo|show} e {ninguém me tira|não saio} do sofá",
                "A {chuva|festa|fila} começou e eu {esqueci|perdi} o {guarda-chuva|ônibus}",
            ],
        }],
    },
    Language {
        code: "ar",
        share: 60,
        names: &["نور", "سلمى", "أبو ريان", "ليان", "يوسف", "هدى ✨"],
        topics: &[Topic {
            tags: &["صباح_الخير", "قهوة", "شعر", "كرة_القدم", "مطر", "سفر", "كتب"],
            sentences: &[
                "صباح {الخير|النور} {يا أصدقاء|للجميع}",
                "القهوة {في الصباح|مع المطر} {أجمل|أهدأ} شيء",
                "المباراة {اليوم|غدا} {مهمة|صعبة} جدا",
                "قرأت {كتابا|شعرا} {جميلا|طويلا} هذا {الأسبوع|المساء}",
                "السفر يعلمنا {الصبر|الكثير} 🌙",
            ],
        }],
    },
    Language {
        code: "fr",
        share: 35,
        names: &["Élodie", "Loïc", "Maëlle", "Gaëtan", "Océane", "Théo"],
        topics: &[Topic {
            tags: &["Météo", "Café", "Cinéma", "Île", "Forêt", "Grève", "PetitDéjeuner"],
            sentences: &[
                "Encore {une grève|un retard|de la pluie}, c'est {l'automne|la vie|lundi}",
                "J'ai {mangé|préparé|raté} {une tarte|un gâteau|des crêpes} ce {matin|soir}",
                "Où est {passé|le soleil de} l'été\u{a0}?",
                "Le {film|café|train} d'hier était {génial|trop long|glacé}",
                "Bonne {journée|nuit|semaine} à {vous|tous}",
            ],
        }],
    },
    Language {
        code: "de",
        share: 18,
        names: &["Jürgen", "Änne", "Sönke", "Käthe", "Grete", "Weiß nicht"],
        topics: &[Topic {
            tags: &["Fußball", "Frühstück", "Herbst", "Straßenbahn", "Spaziergang", "Käsekuchen"],
            sentences: &[
                "Die {Straßenbahn|Kaffeemaschine|Heizung} ist schon wieder {kaputt|zu spät|zu laut}",
                "Heute gibt es {Käsekuchen|Grünkohl|Klöße} mit {Soße|Äpfeln|Oma}",
                "Der {Herbst|Spaziergang|Morgen} im {Wald|Park|Regen} war {schön|kurz|nass}",
                "Wer {spielt|gewinnt} {heute|morgen} eigentlich?",
            ],
        }],
    },
    Language {
        code: "tr",
        share: 16,
        names: &["Işıl", "Çağla", "Ömür", "İlkay", "Şule"],
        topics: &[Topic {
            tags: &["İstanbul", "ÇayKeyfi", "Günaydın", "Yağmur", "Kış"],
            sentences: &[
                "Günaydın {İstanbul|herkese|dünya}, {çay|kahve} hazır mı?",
                "Bugün {yağmur|kar|güneş} {çok güzel|yine geldi}",
                "{Maç|Dizi|Tatil} ne zaman {başlıyor|bitiyor}?",
            ],
        }],
    },
    Language {
        code: "ko",
        share: 14,
        names: &["하늘", "별이", "도윤", "소라", "밤비🦌"],
        topics: &[Topic {
            tags: &["좋은아침", "가을", "커피", "고양이", "노래추천"],
            sentences: &[
                "오늘 {날씨|하늘|커피}가 정말 {좋아요|예뻐요}",
                "{고양이|강아지} 사진 {보고|찍고} 싶다",
                "내일은 {시험|출근|여행}이라 {일찍 자야지|떨린다}",
            ],
        }],
    },
    Language {
        code: "hi",
        share: 8,
        names: &["आरव", "मीरा", "किरण", "तारा"],
        topics: &[Topic {
            tags: &["सुप्रभात", "क्रिकेट", "चाय", "बारिश"],
            sentences: &[
                "आज की {चाय|बारिश|सुबह} बहुत {अच्छी|सुंदर} है",
                "{मैच|फ़िल्म} {कब|कहाँ} शुरू होगा?",
                "सुप्रभात {दोस्तों|सबको} 🙏",
            ],
        }],
    },
    Language {
        code: "ru",
        share: 8,
        names: &["Ёжик", "Юля", "Фёдор", "Снежана"],
        topics: &[Topic {
            tags: &["Утро", "Зима", "ЁлкаСкоро", "Футбол"],
            sentences: &[
                "Доброе утро, {первый снег|опять дождь|кофе готов}!",
                "Кто {смотрел|слышал} {матч|песню} вчера?",
                "Хочу {на море|домой|пирожок} и {спать|книгу}",
            ],
        }],
    },
    Language {
        code: "iw",
        share: 6,
        names: &["נועה", "אורי", "תמר", "גל"],
        topics: &[Topic {
            tags: &["בוקרטוב", "קפה", "חורף"],
            sentences: &[
                "בוקר טוב {לכולם|תל אביב}, {קפה|תה} ו{שמש|גשם}",
                "ה{משחק|סרט} {היה|יהיה} {מצוין|ארוך}",
            ],
        }],
    },
    Language {
        code: "und",
        share: 10,
        names: &LATIN,
        topics: &[Topic {
            tags: &["TBT", "wow", "hmm"],
            sentences: &["{😂😂😂|🔥🔥|👏👏👏👏}", "{haha|hmm|lol} {!!!|...|?}", "👀"],
        }],
    },
];

const LATIN: [&str; 14] = [
    "Ash", "Robin", "Quinn", "Wren", "Sky", "Juno", "Marlow", "Indigo", "Bo", "Tamsin", "Percy", "Zadie",
    "Orla", "Finch",
];

const ENGLISH: [Topic; 8] = [
    Topic {
        tags: &["MondayMotivation", "Coffee", "Breakfast", "CityLife", "Commute"],
        sentences: &[
            "{Good morning|Morning all|Hello} from a very {rainy|sunny|foggy} {bus stop|train|kitchen}",
            "My {coffee|tea|toast} is {cold|gone|perfect} and the {train|bus|tram} is {late|full|early}",
            "Is it {Friday|lunch|bedtime} yet?",
            "The {2nd|third|last} meeting of the day &amp; nobody knows {why|who called it|what it is about}",
            "Everyone on this {train|tram} is {asleep|humming|reading} and I {love|respect} it",
        ],
    },
    Topic {
        tags: &["Football", "MatchDay", "Goal", "CupTie", "ExtraTime"],
        sentences: &[
            "What a {goal|save|finish}! {2-1|3-0|1-1} with {ten|five|two} minutes {left|to play}",
            "That was {never|clearly|maybe} a {penalty|red card|foul}",
            "The {keeper|captain|young striker} has been {brilliant|awful|lucky} {tonight|all season}",
            "{Home|Away} fans {singing|silent|on their feet} in the {rain|last minute}",
        ],
    },
    Topic {
        tags: &["NowPlaying", "NewMusic", "Vinyl", "Guitar", "Choir"],
        sentences: &[
            "This {album|song|riff} has been in my head since {Tuesday|2009|breakfast}",
            "{Learning|Relearning|Butchering} the {cello|ukulele|drums} one {song|note|neighbour complaint} at a time",
            "The {second|quiet|live} version is {so much better|underrated|on repeat}",
            "Tickets for the {spring|harbour|tiny} tour are {gone|too expensive|finally mine}",
        ],
    },
    Topic {
        tags: &["Weather", "Autumn", "Sunset", "Storm", "FirstFrost"],
        sentences: &[
            "{Thunder|Frost|Fog|Drizzle} over the {hills|harbour|river} {this morning|again|tonight}",
            "The {sunset|sky|moon} looks {unreal|painted|enormous} from {here|the roof|the bridge}",
            "Wind is {picking up|finally dropping}, {bring your plants in|stay safe|kites out}",
            "{Four|Two|Zero} degrees and someone is wearing {shorts|sandals|no coat}",
        ],
    },
    Topic {
        tags: &["RustLang", "OpenSource", "Data", "CodeNewbie", "Cloud"],
        sentences: &[
            "{Fixed|Found|Wrote} a bug that was {one|three} {character|years} {long|old|deep}",
            "The {build|test|deploy} is {green|red|stuck} and so am I",
            "Who {named|wrote|reviewed} this {variable|function|regex}? Oh. {Me.|I did.|Past me.}",
            "{Streams|Windows|Queues} are just {lists|tables} that {never end|someone else waits for}",
            "Reading about {hash maps|time zones|compilers} with {soup|a cat|no hope}",
        ],
    },
    Topic {
        tags: &["Travel", "RoadTrip", "Hiking", "NightTrain", "IslandLife"],
        sentences: &[
            "{Six|Nine|Two} hours on the {night train|ferry|coast road} and worth {every minute|it}",
            "The {trail|village|harbour} was {empty|glowing|closed} and we {stayed|got lost|had soup}",
            "Packing for {three days|a week} as if for {a year|the moon}",
            "{Blisters|Sunburn|Mosquitoes} 1, {me|us} 0",
        ],
    },
    Topic {
        tags: &["Books", "FilmNight", "Comics", "NowReading", "PlotTwist"],
        sentences: &[
            "{Finished|Started|Dropped} the {book|film|series} everyone {hates|loves|talks about}",
            "That {ending|twist|villain} {broke me|made no sense|deserved better}",
            "Comic shop {day|haul}: {two|five|too many} {issues|volumes} and a {poster|mug}",
            "{Page|Minute} {12|200|1} and I already {trust nobody|cried|need a sequel}",
        ],
    },
    Topic {
        tags: &["DogsOfTwitter", "Garden", "Caturday", "Birdwatching", "Recipe"],
        sentences: &[
            "The {dog|cat|parrot} {ate|stole|judged} my {sandwich|homework|sourdough}",
            "{Tomatoes|Leeks|Dahlias} still {going|alive|winning} in {November|the cold|a bucket}",
            "Saw {a heron|two owls|eleven crows} by the {canal|bins|school} and {nothing else matters|told everyone}",
            "{Soup|Stew|Pie} recipe: {more garlic|double the butter|ask your aunt}",
        ],
    },
];

/// The long tail of English tags: every pair of these is one.
pub(super) const TAIL: ([&str; 40], [&str; 40]) = (
    [
        "Amber", "Bold", "Brave", "Bright", "Calm", "Clever", "Cosmic", "Daily", "Deep", "Early", "Fancy",
        "Free", "Fresh", "Gentle", "Golden", "Grand", "Happy", "Hidden", "Honest", "Humble", "Indie", "Late",
        "Little", "Local", "Lucky", "Mellow", "Modern", "Noisy", "North", "Open", "Plain", "Quiet", "Rapid",
        "Silver", "Simple", "Slow", "Tiny", "Urban", "Wild", "Young",
    ],
    [
        "Anchor", "Bakery", "Beach", "Bikes", "Bridge", "Canvas", "Chess", "Choir", "Crafts", "Dawn",
        "Diary", "Echo", "Festival", "Fiction", "Forest", "Garden", "Harbor", "Hour", "Island", "Journal",
        "Kitchen", "Lantern", "Market", "Meadow", "Morning", "Notes", "Orchard", "Parade", "Pixel", "Poetry",
        "Radio", "River", "Rocket", "Skies", "Stories", "Studio", "Thoughts", "Trails", "Waves", "Winter",
    ],
);
