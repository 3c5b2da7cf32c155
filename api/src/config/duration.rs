//! Waits as ISO 8601 writes them: `P7D`, `PT72H`, `P1DT12H`.

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, de::Error};

const DATE: [(char, i64); 2] = [('W', 7 * 24 * 3600), ('D', 24 * 3600)];
const TIME: [(char, i64); 3] = [('H', 3600), ('M', 60), ('S', 1)];

/// Reads a duration. Months and years are not understood, since they have no length of their own.
pub fn parse(text: &str) -> Option<TimeDelta> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        None => (text.strip_prefix('P')?, ""),
        Some(_) => return None,
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    TimeDelta::try_seconds(sum(date, &DATE)?.checked_add(sum(time, &TIME)?)?)
}

fn sum(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut total) = (text, 0_i64);
    for (unit, seconds) in units {
        let Some((number, behind)) = rest.split_once(*unit) else { continue };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*seconds)?)?;
        rest = behind;
    }
    rest.is_empty().then_some(total)
}

/// Reads a setting that is a duration, longer than nothing.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<std::time::Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = parse(&text).and_then(|duration| duration.to_std().ok()).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| D::Error::custom(format!("{text:?} must be a duration as in PT10S")))
}

/// Writes a duration of whole seconds in its largest units.
pub fn write(duration: TimeDelta) -> String {
    let mut left = duration.num_seconds();
    let mut take = |(unit, seconds): &(char, i64)| {
        let number = left / seconds;
        left %= seconds;
        if number == 0 { String::new() } else { format!("{number}{unit}") }
    };
    let days = DATE.last().map(&mut take).unwrap_or_default();
    let time: String = TIME.iter().map(&mut take).collect();
    match (days.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (_, true) => format!("P{days}"),
        (_, false) => format!("P{days}T{time}"),
    }
}
