//! How moments are written.

use api::date_time::DateTime;
use chrono::{TimeZone, Utc};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_moment_is_written_as_chrono_writes_it(
        seconds in prop_oneof![0_i64..5_000_000_000, -70_000_000_000_i64..300_000_000_000],
        nanos in prop_oneof![
            Just(0),
            (0_u32..1_000).prop_map(|millis| millis * 1_000_000),
            (0_u32..1_000_000).prop_map(|micros| micros * 1_000),
            0_u32..2_000_000_000,
        ],
    ) {
        let Some(at) = Utc.timestamp_opt(seconds, nanos).single() else { return Ok(()) };
        let (ours, theirs) = (serde_json::to_string(&DateTime::from(at)), serde_json::to_string(&at));
        prop_assert_eq!(ours.unwrap(), theirs.unwrap());
    }
}
