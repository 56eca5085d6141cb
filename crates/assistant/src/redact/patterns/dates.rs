//! Dates that say more than a year, and ages over 89.

use super::{Needs, Pattern, pattern, whole};
use crate::redact::Kind;

const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
const MONTHS_BEGIN: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const YEAR: &str = r"(?:1[89]|20)\d{2}";
const DAY: &str = r"(?:0?[1-9]|[12]\d|3[01])";
const MONTH_NUMBER: &str = r"(?:0?[1-9]|1[0-2])";
const ORDINAL: &str = "(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))";
const SPOKEN_YEAR: &str = "(?:[ ,]{1,3}(?:nineteen|twenty|two thousand)(?:[ -](?:and|oh|hundred|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|one|two|three|four|five|six|seven|eight|nine)){1,3})?";
const OVER_89: &str = r"(?:9\d|1[0-2]\d)";
const SPOKEN_OVER_89: &str = "(?:ninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|(?:a|one) hundred(?: and)?(?: (?:one|two|three|four|five|six|seven|eight|nine|ten))?)";
/// Whose age is told.
const OF_WHOM: &str = r"(?:i am|i'm|im|i was|he is|he's|he was|she is|she's|she was|they are|who is|who's|aged?(?: of)?(?: is|:)?|turn(?:s|ed|ing)?|(?:mother|father|mom|mum|dad|husband|wife|partner|grandmother|grandfather|grandma|grandpa|granny|aunt|uncle|patient|brother|sister|neighbor|neighbour)(?:'s| is| was)?(?: age)?(?: is)?)";

pub fn patterns() -> Vec<Option<Pattern>> {
    vec![
        // March 3rd, 1961; Mar 3
        pattern(
            Kind::Date,
            Needs::Digit,
            whole,
            &format!(
                r"\b{MONTH} {{0,2}}(?:the )?{DAY}(?:st|nd|rd|th)?\b(?:(?: ?, ?| of | ){YEAR}\b|(?: ?, ?'?|'| ')\d{{2}}\b)?"
            ),
        ),
        // 3 March 1961, 3rd of March, 03-Mar-61
        pattern(
            Kind::Date,
            Needs::Digit,
            whole,
            &format!(
                r"\b{DAY}(?:st|nd|rd|th)?(?: day)?(?: of |[ /.-]{{0,2}}){MONTH}(?:(?: ?, ?| of |[ /.-]){YEAR}\b|[-/']\d{{2}}\b)?(?:\b|$)"
            ),
        ),
        // March 1961
        pattern(Kind::Date, Needs::Digit, whole, &format!(r"\b{MONTH}(?: ?, ?| of |[ -/]){YEAR}\b")),
        // 1961-03-03, and with the time
        pattern(
            Kind::Date,
            Needs::Digit,
            whole,
            &format!(
                r"\b{YEAR} ?[-/.] ?{MONTH_NUMBER} ?[-/.] ?{DAY}\b(?:[t ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?z?)?"
            ),
        ),
        // 3/3/1961, 03.03.61
        pattern(Kind::Date, Needs::Digit, whole, &format!(r"\b{DAY} ?[-/.] ?{DAY} ?[-/.] ?(?:{YEAR}|\d{{2}})\b")),
        // 3/1961
        pattern(Kind::Date, Needs::Digit, whole, &format!(r"\b{MONTH_NUMBER}[-/.]{YEAR}\b")),
        // on 3/14; a half is written 1/2 as well
        pattern(
            Kind::Date,
            Needs::Digit,
            whole,
            &format!(
                r"\b(?:on|since|from|until|till|before|born|dob|due|admitted|discharged)\.?:? {{1,2}}(?:the )?(?P<v>{MONTH_NUMBER}[-/]{DAY})\b"
            ),
        ),
        // DOB 030361, born on the 3rd
        pattern(
            Kind::Date,
            Needs::Digit,
            whole,
            r"\b(?:born|dob|d\.o\.b\.?|date of birth|birth ?date|birthday)\b[\s:=-]{0,3}(?:(?:is|was|on|the)\b[\s:]{1,3}){0,3}(?P<v>\d{6}|\d{8}|\d{1,2}(?:st|nd|rd|th)|\d{1,2}[ ./-]{1,3}\d{1,2}(?:[ ./-]{1,3}\d{2,4})?)\b",
        ),
        // the third of March, nineteen sixty-one
        pattern(
            Kind::Date,
            Needs::OneOf(&MONTHS_BEGIN),
            whole,
            &format!(r"\b{ORDINAL}(?: day)?(?: of)? {MONTH}(?:[ ,]{{1,3}}{YEAR}\b|{SPOKEN_YEAR})"),
        ),
        pattern(
            Kind::Date,
            Needs::OneOf(&MONTHS_BEGIN),
            whole,
            &format!(r"\b{MONTH} (?:the )?{ORDINAL}\b(?:[ ,]{{1,3}}{YEAR}\b|{SPOKEN_YEAR})"),
        ),
        pattern(Kind::Age, Needs::Digit, whole, &format!(r"\b(?P<v>{OVER_89}) ?-?(?:years?|yrs?|y/?o|jahre)\b")),
        pattern(
            Kind::Age,
            Needs::Digit,
            whole,
            &format!(
                r"\b{OF_WHOM} {{1,2}}(?:now |already |almost |nearly |about )?(?P<v>{OVER_89})(?:[,.!?;)]|$| (?:and|but|years?|now|with|who|so|next|this|last|in|on)\b)"
            ),
        ),
        pattern(
            Kind::Age,
            Needs::OneOf(&["ninety", "hundred"]),
            whole,
            &format!(r"\b(?P<v>{SPOKEN_OVER_89})[ -](?:years?|yrs?)\b"),
        ),
        pattern(Kind::Age, Needs::Digit, whole, &format!(r"\b(?P<v>{OVER_89})(?:st|nd|rd|th) birthday\b")),
        pattern(
            Kind::Age,
            Needs::OneOf(&["ninety", "hundred"]),
            whole,
            &format!(r"\b{OF_WHOM} (?P<v>{SPOKEN_OVER_89})(?:[,.!?;)]|$| (?:and|but|now|with|who|so)\b)"),
        ),
    ]
}
