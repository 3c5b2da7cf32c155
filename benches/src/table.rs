//! What was measured, as a table.

use std::fmt;

use crate::load::Pace;

/// One figure against its floor.
#[derive(Debug)]
struct Row {
    what: String,
    connections: usize,
    floor: f64,
    ours: Pace,
    ratio: f64,
    at_least: Option<f64>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Table(Vec<Row>, Vec<String>);

/// The middle one.
pub fn middle(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

impl Table {
    /// What was measured in the same rounds: the ratio is the middle of the rounds' ratios.
    pub fn add(&mut self, what: &str, connections: usize, floor: &[Pace], ours: &[Pace], at_least: Option<f64>) {
        let ratios = floor.iter().zip(ours).map(|(floor, ours)| ours.per_second / floor.per_second).collect();
        let mut ranked = ours.to_vec();
        ranked.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        self.0.push(Row {
            what: what.to_owned(),
            connections,
            floor: middle(floor.iter().map(|pace| pace.per_second).collect()),
            ours: ranked[ranked.len() / 2],
            ratio: middle(ratios),
            at_least,
        });
    }

    /// A fact that has no floor.
    pub fn note(&mut self, fact: String) {
        self.1.push(fact);
    }

    /// Whether something that must be reached was not.
    pub fn falls_short(&self) -> bool {
        self.0.iter().any(|row| row.at_least.is_some_and(|least| row.ratio < least))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | connections | floor /s | ours /s | p50 | p99 | ratio | at least |")?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for Row { what, connections, floor, ours, ratio, at_least } in &self.0 {
            let least = at_least.map(|least| format!("{least:.2}{}", if *ratio < least { " **short**" } else { "" }));
            writeln!(
                f,
                "| {what} | {connections} | {floor:.0} | {:.0} | {:.2} ms | {:.2} ms | {ratio:.2} | {} |",
                ours.per_second,
                ours.p50.as_secs_f64() * 1000.0,
                ours.p99.as_secs_f64() * 1000.0,
                least.unwrap_or_default()
            )?;
        }
        self.1.iter().try_for_each(|fact| writeln!(f, "\n{fact}"))
    }
}
