/// A word as a person's shell takes it, for command lines that are shown and never run by us.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shell_reads_back_the_same_word() {
        for word in ["plain-1.2/x", "two words", "it's", "$(id) `x` \\ \"", ""] {
            let line = format!("printf %s {}", quoted(word));
            let out = stapel_host::Command::new("sh").args(["-c", &line]).run().await.unwrap();
            assert_eq!(out.stdout, word);
        }
    }
}
