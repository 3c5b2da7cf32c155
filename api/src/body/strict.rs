//! JSON without its loopholes: no name twice (RFC 8259 section 4 leaves that open), no deep nesting, no NUL, and whole
//! numbers are whole however they are written (`3334.0` and `1e2` are integers to JSON Schema).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_path_to_error::Track;

use super::pointer_of;
use crate::problem::{Code, Problem};

const MAX_DEPTH: u8 = 32;
/// Past 2^53 a JSON number is no longer exact in every parser.
const EXACT: f64 = 9_007_199_254_740_992.0;
const NUL: &str = "a NUL character";
const UNSEEN: &str = "a text of which nothing can be seen, or with control characters";

/// Parses bytes to a value in one spelling.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Problem::new(Code::MalformedJson).detail("The body is not UTF-8.", "本文がUTF-8ではありません。")
    })?;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let parsed = Strict { depth: 0 }.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    parsed.and_then(|value| json.end().map(|()| value)).map_err(|error| {
        let what = error.to_string();
        let refused =
            |what, ja: &str| Problem::new(Code::InvalidBody).at(pointer_of(&track.path().to_string()), what, ja);
        if what.contains(NUL) {
            return refused(NUL, "文字列にNUL文字が含まれています。");
        }
        if what.contains(UNSEEN) {
            return refused(UNSEEN, "何も見えない文字列、または制御文字を含む文字列です。");
        }
        Problem::new(Code::MalformedJson).detail(what, "本文を読み取れません。")
    })
}

/// What no text needs: control characters but line breaks and tabs, and what turns the direction of text around.
pub fn is_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{202d}' | '\u{202e}')
}

/// White space, and characters without width.
fn is_unseen(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{3164}')
}

struct Strict {
    depth: u8,
}

impl Strict {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.fract() == 0.0 && value.abs() < EXACT {
            let whole: i64 = format!("{value:.0}").parse().map_err(E::custom)?;
            return Ok(whole.into());
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        if value.contains('\0') {
            return Err(E::custom(NUL));
        }
        if value.chars().any(is_control) || (!value.is_empty() && value.chars().all(is_unseen)) {
            return Err(E::custom(UNSEEN));
        }
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if name.contains('\0') {
                return Err(A::Error::custom(NUL));
            }
            if map.contains_key(&name) {
                return Err(A::Error::custom(format!("the member {name:?} stands twice")));
            }
            let value = access.next_value_seed(self.deeper()?)?;
            map.insert(name, value);
        }
        Ok(map.into())
    }
}
