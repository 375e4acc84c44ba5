use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use stapel_text::{Catalogue, Problem, Text, problem};

/// One thing that is wrong in a configuration file, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What is wrong and what was expected.
    pub what: Text,
    /// Bytes of the source that it is about.
    pub span: Range<usize>,
}

/// All that is wrong in a configuration file.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The file's name as the user knows it.
    pub file: String,
    /// The file's text.
    pub source: String,
    /// In the order of the file.
    pub findings: Vec<Finding>,
}

impl Findings {
    /// Line and column (both from 1) of a finding.
    #[must_use]
    pub fn place(&self, finding: &Finding) -> (usize, usize) {
        let before = &self.source[..self.source.floor_char_boundary(finding.span.start)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// Each finding with its line of the source and the place marked, for a terminal.
    #[must_use]
    pub fn render(&self, catalogue: &Catalogue, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for finding in &self.findings {
            let title = catalogue.text(&finding.what);
            let snippet = Snippet::source(self.source.as_str())
                .path(self.file.as_str())
                .annotation(AnnotationKind::Primary.span(finding.span.clone()));
            out.push_str(&renderer.render(&[Level::ERROR.primary_title(title.as_str()).element(snippet)]));
            out.push('\n');
        }
        out
    }

    /// The same as one problem, for JSON: the first finding and the number of all.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let first = self.findings.first();
        let (line, column) = first.map_or((1, 1), |f| self.place(f));
        let what = first.map(|f| f.what.clone());
        let outer = problem!(
            Usage,
            "core-config-wrong",
            file = &self.file,
            line = line.to_string(),
            column = column.to_string(),
            count = self.findings.len()
        );
        match what {
            Some(what) => outer.because(Problem::new(stapel_text::Class::Usage, what)),
            None => outer,
        }
    }
}
