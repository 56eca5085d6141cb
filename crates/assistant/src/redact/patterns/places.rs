//! Where people live: anything smaller than a state.

use super::{Needs, Pattern, pattern, whole};
use crate::redact::Kind;

const SUFFIX: &str = "(?:street|st|avenue|ave|av|boulevard|blvd|road|rd|lane|ln|drive|dr|court|ct|circle|cir|way|place|pl|parkway|pkwy|highway|hwy|terrace|ter|trail|trl|square|sq|loop|route|rte|alley|crescent|cres|close|gardens|mews|plaza|turnpike|pike|row|walk|path|crossing|ridge)";
const UNIT: &str = r"(?:[ ,]{1,3}(?:apt|apartment|unit|suite|ste|floor|fl|#)\.? ?#?[a-z0-9-]{1,6}\b)?";
const STATES: &str = "(?-i:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|PR|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY])";
const STATE_NAMES: &str = "(?:alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming)";
/// What one of the names has.
const STATE_NAMES_HAVE: [&str; 47] = [
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "colorado",
    "connecticut",
    "delaware",
    "florida",
    "georgia",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "hampshire",
    "jersey",
    "mexico",
    "york",
    "carolina",
    "dakota",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "island",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
    "washington",
    "wisconsin",
    "wyoming",
];
const CAPITALISED: &str = r"(?-i:(?:St\. )?[A-Z][a-z'.\x01-]{1,24})";

/// Words that stand in no street's name.
const NO_STREETS: [&str; 62] = [
    "a", "about", "after", "am", "an", "and", "any", "are", "at", "before", "beds", "by", "can", "capsules", "cars",
    "children", "cups", "days", "doses", "drops", "every", "feet", "floors", "for", "from", "go", "had", "have",
    "hours", "i", "in", "is", "it", "kids", "kg", "long", "mg", "miles", "minute", "minutes", "ml", "months", "more",
    "my", "of", "on", "or", "people", "pills", "pm", "pounds", "tablets", "take", "that", "the", "this", "times", "to",
    "took", "weeks", "years", "your",
];

/// A place's name before a state's.
fn in_state(needs: Needs, states: &str) -> Option<Pattern> {
    let regex = format!(r"\b(?P<v>{CAPITALISED}(?: {CAPITALISED}){{0,2}}),? {{1,2}}{states}\b");
    pattern(Kind::Address, needs, whole, &regex)
}

pub fn patterns() -> Vec<Option<Pattern>> {
    vec![
        pattern(
            Kind::Address,
            Needs::Digit,
            street,
            &format!(
                r"\b\d{{1,6}}[a-z]?,? {{1,2}}(?:(?:n|s|e|w|ne|nw|se|sw|north|south|east|west)\.? {{1,2}})?(?:[a-z0-9'.\x01-]{{1,20}} {{1,2}}){{1,4}}?{SUFFIX}\b\.?{UNIT}"
            ),
        ),
        // Hauptstraße 12
        pattern(
            Kind::Address,
            Needs::Digit,
            whole,
            r"\b[a-z\x01-]{2,30}(?:strass?e|str\.|platz|allee|gasse)\.? {1,2}\d{1,4} ?[a-z]?\b",
        ),
        // 12 rue de la Paix
        pattern(
            Kind::Address,
            Needs::Digit,
            whole,
            r"\b(?:\d{1,4},? ?(?:rue|avenue|boulevard|place) (?:[a-z'\x01-]{2,20}){1,1}(?: [a-z'\x01-]{2,20}){0,2}|(?:calle|avenida|via) [a-z'\x01-]{2,20}(?: [a-z'\x01-]{2,20}){0,2},? \d{1,4})\b",
        ),
        pattern(Kind::Address, Needs::Digit, whole, r"\bp\.? ?o\.? ?box {0,2}#?\d{1,7}\b"),
        pattern(
            Kind::Address,
            Needs::Digit,
            whole,
            r"\b(?:apt|apartment|unit|suite|ste)\b\.? {0,2}#? ?(?:\d{1,5}[a-z]?|[a-z]-?\d{1,4})\b",
        ),
        // Toledo, OH
        in_state(Needs::Capitals, STATES),
        in_state(Needs::OneOf(&STATE_NAMES_HAVE), STATE_NAMES),
        pattern(
            Kind::Address,
            Needs::OneOf(&["live", "living", "resid", "moved", "from", "home is"]),
            whole,
            &format!(
                r"\b(?:lives?|living|resides?|residing|moved|(?:am|are|is|'m|come|comes) from|drive from|home is)(?: (?:in|at|on|near|to|out|over|from|the|city|town|of|county)){{0,4}} (?P<v>{CAPITALISED}(?: {CAPITALISED}){{0,2}})"
            ),
        ),
        // OH 43604
        pattern(
            Kind::Zip,
            Needs::Digit,
            whole,
            &format!(r"\b(?:{STATES}|{STATE_NAMES}),? {{1,2}}(?P<v>\d{{5}}(?:-\d{{4}})?)\b"),
        ),
        pattern(Kind::Zip, Needs::Digit, whole, r"\b\d{5}-\d{4}\b"),
        pattern(
            Kind::Zip,
            Needs::Digit,
            whole,
            r"\b(?:zip|zip ?code|postal code|post ?code|plz)\b(?:[\s:#=-]{0,3}\b(?:code|is|was)\b){0,3}[\s:#=-]{0,4}(?P<v>\d{5}(?:-\d{4})?|\d{4}|[a-z]{1,2}\d[a-z0-9]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d)\b",
        ),
        // Canada
        pattern(
            Kind::Zip,
            Needs::Digit,
            whole,
            r"\b[abceghj-nprstvxy]\d[abceghj-nprstv-z][ -]?\d[abceghj-nprstv-z]\d\b",
        ),
        // The United Kingdom
        pattern(Kind::Zip, Needs::Digit, british, r"\b[a-z]{1,2}\d[a-z0-9]? \d[abd-hjlnp-uw-z]{2}\b"),
    ]
}

fn street(matched: &[u8]) -> Option<usize> {
    let lower = matched.to_ascii_lowercase();
    let is_other = lower.split(|byte| *byte == b' ').any(|word| NO_STREETS.iter().any(|no| no.as_bytes() == word));
    // Numbered streets are "5th"; "2 20 way" is none.
    (!is_other).then_some(matched.len())
}

/// Not a dose of B12.
fn british(matched: &[u8]) -> Option<usize> {
    let unit = matched[matched.len() - 2..].to_ascii_lowercase();
    let is_unit = [&b"pm"[..], b"am", b"st", b"nd", b"rd", b"th", b"hr", b"pt", b"ft", b"lb"].contains(&&unit[..]);
    (!is_unit).then_some(matched.len())
}
