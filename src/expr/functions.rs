//! The functions of the language: jq's library as jaq has it, less what reaches beyond the record, plus our own.
//!
//! An expression is a function of its record. What reads other records, files, the environment or ends the process is
//! withheld, and asking for it is an error before the first record. `now` is the one exception: it is allowed, and
//! with it the output depends on the clock. `debug` and `stderr` pass their input on and print nothing.

use super::{library, pattern, work};
use jaq_core::load::parse::Def;
use jaq_core::native::Fun;
use jaq_core::{DataT, load};
use jaq_json::Val;

/// Functions of jq that are not offered, and why.
const WITHHELD: &[(&str, &str)] = &[
    ("input", "an expression sees one record only"),
    ("inputs", "an expression sees one record only"),
    ("input_filename", "an expression sees its record, not where it came from"),
    ("input_line_number", "an expression sees its record, not where it came from"),
    ("env", "an expression does not read the environment; let the shell put the value in"),
    ("$ENV", "an expression does not read the environment; let the shell put the value in"),
    ("$__prog_args", "there are no program arguments; let the shell put the value in"),
    ("halt", "an expression cannot end the run"),
    ("halt_error", "an expression cannot end the run; use error"),
    ("get_search_list", "modules are not read"),
    ("modulemeta", "modules are not read"),
];

/// jq functions that jaq's library lacks, and ours that are short enough to be written in jq. jaq's `sub` copies what it has with each match; ours
/// does so only where it must: where what is put in is no text, or there are several.
const DEFINITIONS: &str = r#"
def IN(values): any(values == .; .);
def IN(source; values): any(source == values; .);
def INDEX(source; key): reduce source as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def ascii: [.] | implode;
def toarray: if isarray then . else [.] end;
def trimstr($affix): ltrimstr($affix) | rtrimstr($affix);
def date: todate;
def dateadd(unit; $n): . + $n;
def datesub(unit; $n): . - $n;
def leaf_paths: paths(scalars);
def have_literal_numbers: true;
def have_decnum: false;
def hashtags(text): text | hashtags;
def mentions(text): text | mentions;
def urls(text): text | urls;
def cashtags(text): text | cashtags;
def post_text(record): record | post_text;
def fold_ascii(text): text | fold_ascii;
def fold(text): text | fold;
def sentiment(text): text | sentiment;
def language(text): text | language;
def words(text): text | words;
def sub(re; f; flags):
  def handle: if isarray then capture_of_match | f end;
  (try ([split_matches(re; flags)[] | [handle]] | joined_) catch null)
  // reduce split_matches(re; flags)[] as $x (""; . + ($x | handle));
def gsub(re; f; flags): sub(re; f; "g" + flags);
def sub(re; f): sub(re; f; "");
def gsub(re; f): sub(re; f; "g");
def @csv: [.[] | if isstring then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" elif isboolean or isnumber
  then tojson else error("\(.) is not valid in a csv row") end] | join(",");
def @tsv: [.[] | if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
  elif . == null then "" elif isboolean or isnumber then tojson else error("\(.) is not valid in a tsv row") end]
  | join("\t");
"#;

/// Why a function of jq's is not offered, if that is so on purpose.
pub(super) fn why_withheld(name: &str) -> Option<&'static str> {
    WITHHELD.iter().find(|(withheld, _)| *withheld == name).map(|(_, why)| *why)
}

/// Everything that is defined in jq itself.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let ours = load::parse(DEFINITIONS, |parser| parser.defs()).unwrap_or_default();
    let theirs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    theirs.filter(|definition| why_withheld(definition.name).is_none()).chain(ours)
}

/// Everything that is written in Rust.
pub(super) fn natives<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Val>,
{
    let theirs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let is_replaced = |name: &str| pattern::REPLACED.contains(&name) || work::REPLACED.contains(&name);
    let theirs = theirs.filter(move |(name, ..)| why_withheld(name).is_none() && !is_replaced(name));
    theirs.chain(ours())
}

/// Our functions, of which each file has its own list. Each is a name, its arguments, and what it does with its input.
fn ours<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Val>,
{
    pattern::functions().chain(work::functions()).chain(library::functions())
}

/// The names of all functions, for the advice in an error message.
pub(super) fn names() -> Vec<&'static str> {
    let natives = natives::<work::Counted>().map(|(name, ..)| name);
    let mut names: Vec<_> = definitions().map(|definition| definition.name).chain(natives).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_definitions_are_jq() {
        let ours = load::parse(DEFINITIONS, |parser| parser.defs());
        assert_eq!(ours.map(|definitions| definitions.len()), Some(DEFINITIONS.matches("\ndef ").count()));
    }

    #[test]
    fn withheld_functions_are_gone() {
        let names = names();
        assert!(WITHHELD.iter().all(|(name, _)| !names.contains(name)));
        assert!(names.contains(&"now") && names.contains(&"IN"));
    }
}
