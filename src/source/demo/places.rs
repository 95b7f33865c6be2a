//! Where the synthetic records come from: real cities with invented weights.

/// A city.
pub(super) struct City {
    pub(super) name: &'static str,
    /// Only in the US and Canada, as in Meetup's records.
    pub(super) state: Option<&'static str>,
    /// ISO 3166, in lower case.
    pub(super) country: &'static str,
    pub(super) latitude: &'static str,
    pub(super) longitude: &'static str,
    /// Its share of groups, relative to the others.
    pub(super) weight: u64,
}

const fn us(
    name: &'static str,
    state: &'static str,
    latitude: &'static str,
    longitude: &'static str,
    weight: u64,
) -> City {
    City { name, state: Some(state), country: "us", latitude, longitude, weight }
}

const fn other(
    name: &'static str,
    country: &'static str,
    latitude: &'static str,
    longitude: &'static str,
    weight: u64,
) -> City {
    City { name, state: None, country, latitude, longitude, weight }
}

pub(super) const CITIES: [City; 54] = [
    us("New York", "NY", "40.75", "-73.99", 90),
    us("San Francisco", "CA", "37.77", "-122.41", 52),
    us("Chicago", "IL", "41.88", "-87.62", 44),
    us("Los Angeles", "CA", "34.05", "-118.24", 40),
    us("Washington", "DC", "38.91", "-77.02", 38),
    us("Seattle", "WA", "47.61", "-122.33", 34),
    us("Austin", "TX", "30.27", "-97.74", 33),
    us("Boston", "MA", "42.36", "-71.06", 30),
    us("Denver", "CO", "39.74", "-104.98", 29),
    us("Atlanta", "GA", "33.75", "-84.39", 26),
    us("San Diego", "CA", "32.72", "-117.17", 24),
    us("Dallas", "TX", "32.79", "-96.77", 23),
    us("Portland", "OR", "45.52", "-122.68", 22),
    us("Houston", "TX", "29.76", "-95.38", 21),
    us("Philadelphia", "PA", "39.95", "-75.16", 20),
    us("Phoenix", "AZ", "33.45", "-112.07", 18),
    us("Minneapolis", "MN", "44.98", "-93.27", 17),
    us("San Jose", "CA", "37.34", "-121.89", 16),
    us("Orlando", "FL", "28.54", "-81.38", 14),
    us("Tampa", "FL", "27.96", "-82.48", 12),
    us("Nashville", "TN", "36.17", "-86.78", 12),
    us("Charlotte", "NC", "35.23", "-80.84", 11),
    us("Raleigh", "NC", "35.77", "-78.63", 11),
    us("Miami", "FL", "25.78", "-80.20", 11),
    us("Las Vegas", "NV", "36.17", "-115.14", 10),
    us("Sacramento", "CA", "38.58", "-121.49", 9),
    us("Pittsburgh", "PA", "40.44", "-79.99", 8),
    us("Columbus", "OH", "39.98", "-82.98", 8),
    us("Portland", "ME", "43.66", "-70.26", 3),
    us("Boulder", "CO", "40.02", "-105.29", 6),
    us("Saint Louis", "MO", "38.63", "-90.24", 6),
    us("Honolulu", "HI", "21.31", "-157.85", 3),
    us("Coeur d'Alene", "ID", "47.68", "-116.78", 1),
    City {
        name: "Toronto",
        state: Some("ON"),
        country: "ca",
        latitude: "43.67",
        longitude: "-79.40",
        weight: 26,
    },
    City {
        name: "Vancouver",
        state: Some("BC"),
        country: "ca",
        latitude: "49.28",
        longitude: "-123.12",
        weight: 14,
    },
    City {
        name: "Montréal",
        state: Some("QC"),
        country: "ca",
        latitude: "45.51",
        longitude: "-73.55",
        weight: 11,
    },
    other("London", "gb", "51.52", "-0.13", 48),
    other("Manchester", "gb", "53.48", "-2.24", 8),
    other("Paris", "fr", "48.86", "2.34", 20),
    other("Berlin", "de", "52.52", "13.40", 18),
    other("München", "de", "48.14", "11.58", 9),
    other("Amsterdam", "nl", "52.37", "4.89", 14),
    other("Dublin", "ie", "53.33", "-6.25", 11),
    other("Madrid", "es", "40.42", "-3.71", 12),
    other("Barcelona", "es", "41.40", "2.17", 10),
    other("Zürich", "ch", "47.38", "8.54", 6),
    other("Kraków", "pl", "50.06", "19.96", 4),
    other("Bangalore", "in", "12.97", "77.56", 16),
    other("Singapore", "sg", "1.30", "103.85", 12),
    other("Sydney", "au", "-33.87", "151.21", 18),
    other("Melbourne", "au", "-37.81", "144.96", 15),
    other("São Paulo", "br", "-23.53", "-46.63", 7),
    other("東京", "jp", "35.67", "139.77", 8),
    other("Tel Aviv-Yafo", "il", "32.07", "34.77", 5),
];

/// What groups are about: the name, and its key in a URL.
pub(super) const TOPICS: [(&str, &str); 44] = [
    ("Hiking", "hiking"),
    ("Social Networking", "socialnetwork"),
    ("Outdoors", "outdoors"),
    ("Software Development", "softwaredev"),
    ("Data Science", "data-science"),
    ("Dining Out", "diningout"),
    ("New In Town", "newintown"),
    ("Yoga", "yoga"),
    ("Web Development", "web-development"),
    ("Photography", "photo"),
    ("Startup Businesses", "startup-businesses"),
    ("Machine Learning", "machine-learning"),
    ("Language & Culture", "language"),
    ("Board Games", "board-games"),
    ("Travel", "travel"),
    ("Meditation", "meditation"),
    ("Live Music", "livemusic"),
    ("Book Club", "bookclub"),
    ("Wine", "wine"),
    ("Fitness", "fitness"),
    ("Soccer", "soccer"),
    ("Open Source", "opensource"),
    ("Entrepreneurship", "entrepreneurship"),
    ("Dancing", "dancing"),
    ("Spanish Language", "spanish"),
    ("French Language", "french"),
    ("Writing", "writing"),
    ("JavaScript", "javascript"),
    ("Python", "python"),
    ("Rust", "rust-language"),
    ("Cloud Computing", "cloud-computing"),
    ("Film", "movies"),
    ("Running", "running"),
    ("Cycling", "bike"),
    ("Kayaking", "kayaking"),
    ("Knitting", "knitting"),
    ("Chess", "chess"),
    ("Dog Lovers", "dog-lovers"),
    ("Vegan", "vegan"),
    ("Astronomy", "astronomy"),
    ("Improv", "improv"),
    ("20's & 30's Social", "20s-30s-social"),
    ("Self-Improvement", "self-improvement"),
    ("Art & Culture", "art"),
];

/// Trends among the RSVPs: the name of a city or a topic, and the burst's shape: start, rise, hold and half life in seconds,
/// the share at the peak in a thousand.
pub(super) const RUSHES: [(&str, [u64; 5]); 9] = [
    ("Austin", [20, 60, 120, 120, 160]),
    ("Rust", [90, 60, 180, 120, 90]),
    ("Denver", [420, 60, 60, 90, 150]),
    ("Machine Learning", [600, 200, 200, 200, 110]),
    ("Seattle", [900, 30, 60, 60, 200]),
    ("Astronomy", [1300, 60, 120, 120, 150]),
    ("Chicago", [1700, 120, 200, 150, 170]),
    ("Board Games", [2300, 60, 100, 100, 130]),
    ("Boston", [2900, 60, 60, 60, 170]),
];

/// Given names of many countries; nobody in particular.
pub(super) const NAMES: [&str; 60] = [
    "Aiko", "Alma", "Amir", "Anouk", "Arjun", "Astrid", "Beatriz", "Bram", "Bruno", "Camila", "Chiara",
    "Chloé", "Cyrus", "Dana", "Deniz", "Dmitri", "Ebba", "Eli", "Emeka", "Esra", "Farah", "Felix", "Freya",
    "Gita", "Goran", "Hana", "Hugo", "Imani", "Ines", "Ivo", "Jonas", "José", "Juno", "Kai", "Karim",
    "Kenji", "Lars", "Léa", "Lin", "Luca", "Maya", "Mei", "Milo", "Nadia", "Niamh", "Noor", "Olga", "Omar",
    "Paolo", "Priya", "Rania", "Rosa", "Søren", "Tariq", "Uma", "Vera", "Wei", "Yara", "Zoë", "小林",
];
