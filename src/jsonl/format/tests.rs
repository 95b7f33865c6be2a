use super::*;
use proptest::prelude::*;

fn formatted(format: Format, lines: &[&str]) -> String {
    let mut formatter = Formatter::new(format);
    let mut out = Vec::new();
    for line in lines {
        formatter.line(line.as_bytes(), &mut out).expect(line);
    }
    formatter.finish(&mut out);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn names_are_read_and_shown() {
    for name in Format::NAMES {
        assert_eq!(name.parse::<Format>().expect(name).to_string(), name);
    }
    assert!("xml".parse::<Format>().expect_err("no format").contains("tsv"));
}

#[test]
fn lines_stay_byte_for_byte() {
    assert_eq!(formatted(Format::Jsonl, &[r#"{"a": 1.0, "a":2}"#]), "{\"a\": 1.0, \"a\":2}\n");
}

#[test]
fn csv_quotes_guards_and_keeps_digits() {
    let line = r#"{"a":"x,\"y\"\nz","n":12345678901234567890,"f":1.50,"o":{"k":[1]},"z":null,"b":true}"#;
    assert_eq!(
        formatted(Format::Csv, &[line]),
        "a,n,f,o,z,b\n\"x,\"\"y\"\"\nz\",12345678901234567890,1.50,\"{\"\"k\"\":[1]}\",,true\n"
    );
    let cells =
        ["=1", "+x", "-5", "-x", "@a", "\\tx", "＝1", "a=1"].map(|cell| format!(r#"{{"c":"{cell}"}}"#));
    let lines: Vec<&str> = cells.iter().map(String::as_str).collect();
    assert_eq!(formatted(Format::Csv, &lines), "c\n'=1\n'+x\n-5\n'-x\n'@a\n'\tx\n'＝1\na=1\n");
}

#[test]
fn tsv_escapes_what_separates() {
    assert_eq!(formatted(Format::Tsv, &[r#"{"a":"x\ty\nz\\","b":"=1"}"#]), "a\tb\nx\\ty\\nz\\\\\t=1\n");
}

#[test]
fn a_new_column_is_refused_and_a_missing_one_is_empty() {
    let mut formatter = Formatter::new(Format::Csv);
    let mut out = Vec::new();
    formatter.line(br#"{"a":1,"b":2}"#, &mut out).expect("a record");
    formatter.line(br#"{"b":3}"#, &mut out).expect("a record");
    let before = out.clone();
    let error = formatter.line(br#"{"a":1,"c":2}"#, &mut out).expect_err("a new column");
    assert_eq!((error.clone(), out), (FormatError::NewColumn("c".into()), before));
    assert!(error.to_string().contains("--format jsonl"));
    assert!(formatter.line(b"[1]", &mut Vec::new()).is_err());
}

#[test]
fn window_rows_may_be_revised_open_or_of_all_later() {
    let row =
        r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","tag":"a","count":3}"#;
    let open = row.replace("}", r#","rev":1,"open":true}"#);
    let all = row.replace("}", r#","all":true}"#);
    let expected = "window_start,window_end,tag,count,rev,open,all\n\
                    2018-11-12T19:00:00Z,2018-11-12T19:00:20Z,a,3,,,\n\
                    2018-11-12T19:00:00Z,2018-11-12T19:00:20Z,a,3,1,true,\n\
                    2018-11-12T19:00:00Z,2018-11-12T19:00:20Z,a,3,,,true\n";
    assert_eq!(formatted(Format::Csv, &[row, &open, &all]), expected);
    let opened_first = formatted(Format::Csv, &[&row.replace("}", r#","late":0,"open":true,"rank":1}"#)]);
    assert!(
        opened_first.starts_with("window_start,window_end,tag,count,late,rev,open,all,rank\n"),
        "{opened_first}"
    );
}

#[test]
fn empty_windows_wait_for_the_key_columns() {
    let bounds = r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z""#;
    let empty = format!(r#"{bounds},"count":0,"distinct":0}}"#);
    let row = format!(r#"{bounds},"tag":"a","count":3,"distinct":1}}"#);
    let text = formatted(Format::Tsv, &[&empty, &empty, &row, &empty]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "window_start\twindow_end\ttag\tcount\tdistinct\trev\topen\tall");
    let cells = |line: &str| line.split('\t').skip(2).map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(
        lines[1..].iter().map(|line| cells(line)).collect::<Vec<_>>(),
        [" 0 0   ", " 0 0   ", "a 3 1   ", " 0 0   "]
    );
    assert_eq!(formatted(Format::Csv, &[&empty, &empty]).lines().count(), 3, "none ever comes");
    // Where the columns are known beforehand, nothing waits, and the text is the same; a state may have kept what waited.
    let (mut waited, mut formatter, mut out) =
        (Formatter::new(Format::Tsv), Formatter::new(Format::Tsv), Vec::new());
    waited.line(empty.as_bytes(), &mut out).unwrap();
    assert!(out.is_empty() && formatter.recall(&waited.memory()));
    formatter.announce(row.replace("\"a\"", "null").as_bytes()).unwrap();
    formatter.line(empty.as_bytes(), &mut out).unwrap();
    assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), 3);
    formatter.line(row.as_bytes(), &mut out).unwrap();
    formatter.line(empty.as_bytes(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), text);
}

const RANKED: [&str; 3] = [
    r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","hashtag":"StanLee","count":1230,"mean":2.5,"total":4567,"distinct":890,"rows":3,"late":0,"rank":1,"prev_rank":3,"share":0.2693}"#,
    r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","hashtag":"日本\u001b[31m","count":7,"mean":1000,"total":4567,"distinct":890,"rows":3,"late":0,"rank":2,"prev_rank":null,"share":0.0015}"#,
    r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","hashtag":null,"count":3330,"total":4567,"distinct":890,"rows":3,"late":0,"share":0.7291}"#,
];

#[test]
fn a_window_is_a_table_of_its_own() {
    let expected = "\
2018-11-12 19:00:00 – 19:00:20 UTC · 4,567 counted · 890 distinct · 0 late
#       count   mean  share                        hashtag
1  ▲2   1,230    2.5  26.9%  ███████▍              StanLee
2  new      7  1,000   0.2%  ▏                     日本[31m
        3,330         72.9%  ████████████████████  (all others)
";
    let shown = formatted(Format::Table, &RANKED);
    assert_eq!(shown, expected, "\n{shown}");
    let twice = formatted(Format::Table, &[RANKED, RANKED].concat());
    assert_eq!(twice, format!("{expected}\n{expected}"), "\n{twice}");
}

#[test]
fn a_window_waits_for_its_rows_and_records_only_for_a_flush() {
    let mut formatter = Formatter::new(Format::Table);
    let mut out = Vec::new();
    for row in RANKED {
        formatter.flush(&mut out);
        assert!(out.is_empty());
        formatter.line(row.as_bytes(), &mut out).expect("a row");
    }
    assert!(!out.is_empty(), "the last row completes the window");
    out.clear();
    formatter.line(br#"{"a":1}"#, &mut out).expect("a record");
    assert!(out.is_empty());
    formatter.flush(&mut out);
    assert_eq!(out, b"a\n1\n");
}

#[test]
fn a_list_without_times_has_a_heading_of_what_is_known() {
    let rows = [r#"{"lang":"en","count":2,"total":3,"distinct":2,"rows":1,"rank":1,"share":0.6667}"#];
    let shown = formatted(Format::Table, &rows);
    assert!(shown.starts_with("3 counted · 2 distinct\n#  count  share"), "{shown}");
    let all = RANKED[0]
        .replace("20Z", "19.001Z")
        .replace("\"rows\":3", "\"rows\":1,\"all\":true,\"open\":true,\"rev\":2");
    let shown = formatted(Format::Table, &[&all]);
    assert!(
        shown.contains("19:00:00 – 19:00:19 UTC ·") && shown.contains("still open · revision 2\n"),
        "{shown}"
    );
}

#[test]
fn an_empty_window_is_its_heading() {
    let row = r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","count":0,"total":0,"distinct":0,"rows":1,"late":0}"#;
    assert_eq!(formatted(Format::Table, &[row]).lines().count(), 1);
}

#[test]
fn plain_records_are_aligned_under_one_header() {
    let shown = formatted(
        Format::Table,
        &[r#"{"name":"ä","n":1234567,"id":1062055,"o":[1]}"#, r#"{"name":"日本","n":-1,"id":7,"new":null}"#],
    );
    let expected = "\
name          n       id  o    new
ä     1,234,567  1062055  [1]
日本         -1        7
";
    assert_eq!(shown, expected, "\n{shown}");
}

proptest! {
    #[test]
    fn csv_comes_back_as_it_was(
        records in prop::collection::vec(("\\PC{0,6}", "[a=+\"',\\n\\t\\r@-]{0,6}", any::<i64>()), 1..8),
    ) {
        let lines: Vec<String> = records
            .iter()
            .map(|(a, b, n)| serde_json::json!({"a": a, "b": b, "n": n}).to_string())
            .collect();
        let text = formatted(Format::Csv, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for (record, (a, b, n)) in reader.records().zip(&records) {
            let record = record.expect("a record");
            for (cell, text) in [(&record[0], a), (&record[1], b)] {
                prop_assert!(cell == text || cell == format!("'{text}"), "{:?} from {:?}", cell, text);
                prop_assert!(!cell.starts_with(['=', '+', '@', '\t', '\r']) || cell.parse::<f64>().is_ok());
            }
            prop_assert_eq!(&record[2], n.to_string());
        }
    }

    #[test]
    fn tables_never_steer_the_terminal(text in any::<String>()) {
        for key in ["tag", "window_start"] {
            let row = serde_json::json!({key: text, "count": 1, "total": 1, "rows": 1}).to_string();
            let shown = formatted(Format::Table, &[&row]);
            prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{:?}", shown);
            prop_assert_eq!(shown.lines().count(), 3);
        }
    }
}
