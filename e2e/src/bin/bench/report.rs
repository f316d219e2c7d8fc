//! The table that a person reads.

use std::fmt::Write;

/// One promise, or one half of it.
pub struct Figure {
    pub promise: &'static str,
    pub what: String,
    pub goal: String,
    pub measured: String,
    pub ruler: String,
    /// What is held against the goal.
    pub ratio: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Met,
    Missed,
}

impl Outcome {
    pub fn when(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "NOT MET",
        }
    }
}

#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
    notes: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// What a figure is and is not, for whoever reads it later.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A measurement that could not be made. It is not a figure, and not silence either.
    pub fn failed(&mut self, promise: &str, cause: &str) {
        self.failures.push(format!("{promise} was not measured: {cause}"));
    }

    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// Markdown whose columns are aligned, so that it reads the same on a terminal.
    pub fn markdown(&self, heading: &str) -> String {
        let mut rows = vec![
            [
                "",
                "what",
                "goal",
                "measured",
                "ruler in the same run",
                "ratio",
                "",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        rows.extend(self.figures.iter().map(|figure| {
            vec![
                figure.promise.to_owned(),
                figure.what.clone(),
                figure.goal.clone(),
                figure.measured.clone(),
                figure.ruler.clone(),
                figure.ratio.clone(),
                figure.outcome.word().to_owned(),
            ]
        }));
        let mut text = format!("# {heading}\n\n{}", table(&rows));
        for (title, lines) in [
            ("Not measured", &self.failures),
            ("What the figures are", &self.notes),
        ] {
            if !lines.is_empty() {
                let _ = write!(text, "\n## {title}\n\n");
                lines.iter().for_each(|line| {
                    let _ = writeln!(text, "- {line}");
                });
            }
        }
        text
    }
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    let width = |column| rows.iter().map(|row| cell(row, column).chars().count()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0).max(3))
        .collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, width) in widths.iter().enumerate() {
            let _ = write!(text, "| {:width$} ", cell(row, column));
        }
        text.push_str("|\n");
        if index == 0 {
            widths.iter().for_each(|width| {
                let _ = write!(text, "| {} ", "-".repeat(*width));
            });
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_goal_can_not_be_overlooked() {
        let mut report = Report::default();
        report.add(Figure {
            promise: "P4",
            what: "readings per fsync".into(),
            goal: "≥ 150".into(),
            measured: "40".into(),
            ruler: "counted".into(),
            ratio: "40".into(),
            outcome: Outcome::when(false),
        });
        report.failed("W2", "no chromedriver");
        let text = report.markdown("Bench");
        assert!(text.contains("| NOT MET |"), "{text}");
        assert!(text.contains("- W2 was not measured: no chromedriver"), "{text}");
        assert!(!report.is_complete());
        let lengths: Vec<usize> = text
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(|line| line.chars().count())
            .collect();
        assert_eq!(lengths, vec![lengths[0]; 3], "{text}");
    }
}
