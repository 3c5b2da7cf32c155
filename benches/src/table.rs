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

/// One figure that has no floor.
#[derive(Debug)]
struct Figure {
    what: String,
    is: f64,
    unit: &'static str,
    at_most: Option<f64>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    figures: Vec<Figure>,
}

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
        self.rows.push(Row {
            what: what.to_owned(),
            connections,
            floor: middle(floor.iter().map(|pace| pace.per_second).collect()),
            ours: ranked[ranked.len() / 2],
            ratio: middle(ratios),
            at_least,
        });
    }

    /// What has no floor, but may have a bound.
    pub fn bound(&mut self, what: String, is: f64, unit: &'static str, at_most: Option<f64>) {
        self.figures.push(Figure { what, is, unit, at_most });
    }

    /// Whether something that must be reached was not.
    pub fn falls_short(&self) -> bool {
        self.rows.iter().any(|row| row.at_least.is_some_and(|least| row.ratio < least))
            || self.figures.iter().any(|figure| figure.at_most.is_some_and(|most| figure.is > most))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | connections | floor /s | ours /s | p50 | p99 | ratio | at least |")?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for Row { what, connections, floor, ours, ratio, at_least } in &self.rows {
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
        writeln!(f, "\n| what | is | at most |\n|---|---|---|")?;
        self.figures.iter().try_for_each(|Figure { what, is, unit, at_most }| {
            let most = at_most.map(|most| format!("{most:.2}{}", if *is > most { " **too much**" } else { "" }));
            writeln!(f, "| {what} | {is:.2} {unit} | {} |", most.unwrap_or_default())
        })
    }
}
