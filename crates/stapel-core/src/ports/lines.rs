/// Takes the lines that a running command prints, as they come.
pub trait Lines: Send + Sync {
    /// One line, without its line break.
    fn line(&self, line: &str);
}

/// Lets every line go.
pub struct Silent;

impl Lines for Silent {
    fn line(&self, _line: &str) {}
}
