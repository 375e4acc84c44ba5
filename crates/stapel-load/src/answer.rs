/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether the connection may carry another request.
    pub(crate) keeps: bool,
    /// How the body begins, if the status is 400 or above: enough to see who answered.
    pub(crate) excerpt: Box<str>,
}
