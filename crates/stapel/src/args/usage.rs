use clap::error::{ContextKind, ContextValue, ErrorKind};
use stapel_text::{Catalogue, Text, text};

/// Shows what is wrong with a command line (or the help that was asked for), in the user's language. Returns the exit
/// code.
pub(crate) fn usage(error: &clap::Error, catalogue: &Catalogue) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Nobody may be reading any more.
        let _ = error.print();
        return 0;
    }
    let of = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(s)) => s.clone(),
        Some(ContextValue::Strings(all)) => all.join(", "),
        _ => String::new(),
    };
    let (argument, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let what: Text = match error.kind() {
        ErrorKind::UnknownArgument => text!("cli-usage-unknown-argument", argument = argument),
        ErrorKind::InvalidSubcommand => {
            text!("cli-usage-unknown-command", command = of(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            text!("cli-usage-no-command")
        }
        ErrorKind::MissingRequiredArgument => text!("cli-usage-missing", argument = argument),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if value.is_empty() => {
            text!("cli-usage-no-value", argument = argument)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            text!("cli-usage-value", argument = argument, value = value)
        }
        ErrorKind::ArgumentConflict => {
            text!("cli-usage-conflict", argument = argument, other = of(ContextKind::PriorArg))
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues => {
            text!("cli-usage-value", argument = argument, value = value)
        }
        _ => text!("cli-usage-other", said = error.to_string()),
    };
    eprintln!("{}", catalogue.text(&what));
    let suggested =
        [of(ContextKind::SuggestedArg), of(ContextKind::SuggestedSubcommand), of(ContextKind::SuggestedValue)];
    if let Some(suggested) = suggested.into_iter().find(|s| !s.is_empty()) {
        eprintln!("{}", catalogue.text(&text!("cli-usage-suggested", name = suggested)));
    }
    eprintln!("{}", catalogue.text(&text!("cli-usage-help")));
    2
}
