use regex::Regex;

/// What is wrong with a regular expression, in a line; `None` where nothing is.
pub(super) fn unusable(pattern: &str) -> Option<String> {
    let error = Regex::new(pattern).err()?.to_string();
    // Its last line says what is wrong; those before it draw the place.
    Some(error.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned())
}
