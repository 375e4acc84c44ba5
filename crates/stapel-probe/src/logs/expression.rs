/// A regular expression that is compiled once.
macro_rules! expression {
    ($name:ident, $source:literal) => {
        static $name: ::std::sync::LazyLock<::regex::Regex> =
            ::std::sync::LazyLock::new(|| ::regex::Regex::new($source).expect("a constant that tests compile"));
    };
}
pub(super) use expression;
