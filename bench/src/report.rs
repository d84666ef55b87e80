//! The table at the end.

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    AtLeast(f64),
    Below(f64),
}

impl Bar {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::Below(most) => value < most,
        }
    }

    fn text(self, value: f64) -> String {
        let (sign, bound) = match self {
            Self::AtLeast(least) => ("≥", least),
            Self::Below(most) => ("<", most),
        };
        format!(
            "{sign} {} {}",
            number(bound),
            if self.is_met(value) { "met" } else { "MISSED" }
        )
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Figure {
    bench: &'static str,
    what: String,
    value: f64,
    unit: &'static str,
    bar: Option<Bar>,
    beside: String,
}

#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) machine: Vec<String>,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn figure(
        &mut self,
        bench: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) -> &mut Figure {
        let index = self.figures.len();
        self.figures.push(Figure {
            bench,
            what: what.into(),
            value,
            unit,
            bar: None,
            beside: String::new(),
        });
        &mut self.figures[index]
    }

    pub(crate) fn all_bars_met(&self) -> bool {
        self.figures
            .iter()
            .all(|figure| figure.bar.is_none_or(|bar| bar.is_met(figure.value)))
    }

    #[expect(clippy::print_stdout, reason = "the answer")]
    pub(crate) fn print(&self) {
        println!();
        self.machine.iter().for_each(|line| println!("{line}"));
        println!("\n| benchmark | figure | value | must be | beside it, in the same run |\n|---|---|---:|---|---|");
        for Figure {
            bench,
            what,
            value,
            unit,
            bar,
            beside,
        } in &self.figures
        {
            let bar = bar.map(|bar| bar.text(*value)).unwrap_or_default();
            println!("| {bench} | {what} | {} {unit} | {bar} | {beside} |", number(*value));
        }
    }
}

impl Figure {
    pub(crate) fn must(&mut self, bar: Bar) -> &mut Self {
        self.bar = Some(bar);
        self
    }

    /// How the figure stands to something measured in the same run.
    pub(crate) fn beside(&mut self, text: impl Into<String>) -> &mut Self {
        self.beside = text.into();
        self
    }
}

/// Thousands apart, small numbers with two digits after the point.
pub(crate) fn number(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::print_stderr, reason = "a person waits for minutes")]
pub(crate) fn progress(line: &str) {
    eprintln!("{line}");
}

pub(crate) fn complain(error: &anyhow::Error) {
    progress(&format!("bench: {error:#}"));
}

/// The value below which `share` of the sorted values lie.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_at_a_glance() {
        assert_eq!(
            [number(1_234_567.0), number(123.4), number(0.256)],
            ["1 234 567", "123", "0.26"]
        );
    }

    #[test]
    fn a_missed_bar_fails_the_report() {
        let mut report = Report::default();
        report.figure("x", "rate", 10.0, "1/s").must(Bar::AtLeast(9.0));
        assert!(report.all_bars_met());
        report.figure("x", "latency", 10.0, "ms").must(Bar::Below(9.0));
        assert!(!report.all_bars_met());
    }
}
