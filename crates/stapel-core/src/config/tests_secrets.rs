//! `${NAME}`, `[[notify]]` and `[[hook]]`.

use stapel_text::{Catalogue, Lang};

use super::*;

const TOP: &str = "app = \"shop\"\n[target.production]\nhost = \"local\"\npath = \"/srv/shop\"\n[service.web]\n[watch]\nduration = \"1m\"\n";

fn environment(name: &str) -> Option<String> {
    [("TOKEN", "1:s3cret"), ("HOOK", "https://chat.example/s3cret"), ("WORD", "s3cret"), ("EMPTY", "")]
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| (*value).to_owned())
}

fn read(more: &str) -> Result<(Config, Secrets), Findings> {
    read_with(more, true)
}

fn read_with(more: &str, whole: bool) -> Result<(Config, Secrets), Findings> {
    let environment = Environment { variables: &environment, whole };
    Config::parse_with("stapel.toml", &format!("{TOP}{more}"), &environment)
}

/// Each error with the words of the file that are marked.
fn wrong(more: &str) -> Vec<(String, String)> {
    let found = read(more).expect_err(more);
    for lang in Lang::ALL {
        let shown = found.render(&Catalogue::new(lang), false);
        assert!(!shown.contains("s3cret") || more.contains("s3cret"), "{shown}");
    }
    found.findings.iter().map(|f| (f.what.id.to_string(), found.source[f.span.clone()].to_owned())).collect()
}

const TELEGRAM: &str = "[[notify]]\nkind = \"telegram\"\ntoken = \"${TOKEN}\"\nchat = \"-100\"\n";
const WEBHOOK: &str = "[[notify]]\nkind = \"webhook\"\nurl = \"${HOOK}\"\non = [\"stuck\"]\nlang = \"ru\"\n";

#[test]
fn what_is_secret_is_beside_the_configuration_and_not_in_it() {
    let (config, secrets) = read(&format!("{TELEGRAM}{WEBHOOK}")).unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert!(!json.contains("s3cret") && !json.contains("-100"), "{json}");
    assert!(json.contains("${TOKEN}") && json.contains("${notify.1.chat}"), "{json}");
    assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
    let [telegram, webhook] = &config.notify[..] else { panic!("{config:?}") };
    let Channel::Telegram { token, chat, api } = &telegram.channel else { panic!("{telegram:?}") };
    assert_eq!(token.reveal(&secrets).unwrap(), "1:s3cret");
    assert_eq!(chat.reveal(&secrets).unwrap(), "-100");
    assert_eq!((api.as_str(), telegram.on.len(), telegram.lang), ("https://api.telegram.org", 4, None));
    assert_eq!((&webhook.on[..], webhook.lang), (&[Moment::Stuck][..], Some(Lang::Ru)));
    assert_eq!(secrets.names().collect::<Vec<_>>(), ["HOOK", "TOKEN", "notify.1.chat"]);
}

#[test]
fn a_name_may_be_part_of_a_value_and_a_dollar_a_dollar() {
    let (config, secrets) =
        read("[[notify]]\nkind = \"webhook\"\nurl = \"https://chat.example/$${x}/${WORD}\"\n").unwrap();
    let Channel::Webhook { url } = &config.notify[0].channel else { panic!("{config:?}") };
    assert_eq!(url.reveal(&secrets).unwrap(), "https://chat.example/${x}/s3cret");
    let (config, _) = read("[backup]\ndir = \"$${odd}\"\n").unwrap();
    assert_eq!(config.backup.dir.unwrap(), "${odd}");
}

#[test]
fn all_that_is_wrong_with_names_is_said_at_once_with_its_place() {
    let found = wrong(
        "[[notify]]\nkind = \"webhook\"\nurl = \"https://${NONE}/${EMPTY}/${1x}\"\n[backup]\ndir = \"${WORD}\"\n[source]\nenv = [\"a\", \"${WORD\"]\n",
    );
    let expected = [
        ("core-config-variable-unset", "${NONE"),
        ("core-config-variable-unset", "${EMPTY"),
        ("core-config-variable", "${1x"),
        ("core-config-variable-here", "${WORD"),
        ("core-config-variable-here", "${WORD"),
    ];
    assert_eq!(found, expected.map(|(id, marked)| (id.to_owned(), marked.to_owned())));
}

#[test]
fn who_only_looks_needs_no_secrets() {
    let some = "[[notify]]\nkind = \"webhook\"\nurl = \"https://${NONE}/${WORD}\"\n";
    assert!(read(some).is_err());
    let (config, secrets) = read_with(some, false).unwrap();
    assert_eq!(secrets.names().collect::<Vec<_>>(), ["WORD"]);
    assert_eq!(config.needs(&secrets).unwrap_err().code(), "core-secret-missing");
    // What is wrong otherwise is so all the same.
    assert!(read_with("[[notify]]\nkind = \"webhook\"\nurl = \"${1x}\"\n", false).is_err());
}

#[test]
fn the_headers_of_a_check_are_secrets() {
    let check = "[[check]]\nname = \"me\"\npath = \"/me\"\n";
    let (config, secrets) =
        read(&format!("{check}headers = {{ Authorization = \"Bearer ${{WORD}}\", X-Plain = \"written\" }}\n")).unwrap();
    let headers = &config.checks[0].headers;
    assert_eq!(headers["Authorization"].reveal(&secrets).unwrap(), "Bearer s3cret");
    assert_eq!(headers["X-Plain"].reveal(&secrets).unwrap(), "written");
    let json = serde_json::to_string(&config).unwrap();
    assert!(!json.contains("s3cret") && !json.contains("written"), "{json}");
    assert_eq!(config.needs(&Secrets::default()).unwrap_err().code(), "core-secret-missing");
    for (headers, id) in [
        ("{ A = 3 }", "core-config-type"),
        ("{ A = \"\" }", "core-config-empty"),
        ("\"A: b\"", "core-config-type"),
        ("{ \"A b\" = \"x\" }", "core-config-check-header"),
        ("{ A = \"${NONE}\" }", "core-config-variable-unset"),
    ] {
        let found: Vec<_> = wrong(&format!("{check}headers = {headers}\n")).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, [id], "{headers}");
    }
}

#[test]
fn each_wrong_notice_has_its_message() {
    for (from, to, id, marked) in [
        ("kind = \"telegram\"", "", "core-config-missing", "[[notify]]"),
        ("kind = \"telegram\"", "kind = \"pigeon\"", "core-config-choice", "\"pigeon\""),
        ("token = \"${TOKEN}\"", "", "core-config-missing", "[[notify]]"),
        ("token = \"${TOKEN}\"", "token = 3", "core-config-type", "3"),
        ("chat = \"-100\"", "chat = \" \"", "core-config-empty", "\" \""),
        ("chat = \"-100\"", "chat = \"-100\"\nurl = \"x\"", "core-config-unknown", "url"),
        ("chat = \"-100\"", "chat = \"-100\"\napi = \"x\"", "core-config-url", "\"x\""),
        ("chat = \"-100\"", "chat = \"-100\"\non = [\"end\", \"never\"]", "core-config-choice", "never"),
        ("chat = \"-100\"", "chat = \"-100\"\nlang = \"de\"", "core-config-choice", "\"de\""),
    ] {
        assert!(TELEGRAM.contains(from));
        let found = wrong(&TELEGRAM.replace(from, to));
        assert!(found.contains(&(id.to_owned(), marked.to_owned())), "{from} -> {to}: {found:?}");
    }
    let found = wrong("[[notify]]\nkind = \"webhook\"\nurl = \"${WORD}\"\n");
    assert_eq!(found, [("core-config-url".to_owned(), "\"${WORD}\"".to_owned())]);
}

#[test]
fn a_hook_has_one_place_and_a_command() {
    let (config, _) = read(
        "[[hook]]\nbefore = \"migrate\"\nrun = [\"./on\", \"a b\"]\nundo = [\"./off\"]\ntimeout = 5\n\
         [[hook]]\nafter = \"release\"\nrun = [\"true\"]\nmay_fail = true\n",
    )
    .unwrap();
    let [first, second] = &config.hooks[..] else { panic!("{config:?}") };
    assert_eq!((first.when, first.step.as_str(), first.timeout.as_secs()), (When::Before, "migrate", 5));
    assert_eq!((&first.run[1], first.undo.as_ref().unwrap()), (&"a b".to_owned(), &vec!["./off".to_owned()]));
    assert_eq!((second.when, second.may_fail, second.repeatable), (When::After, true, false));
    for (hook, id) in [
        ("run = [\"true\"]", "core-config-hook-point"),
        ("before = \"build\"\nafter = \"build\"\nrun = [\"true\"]", "core-config-hook-point"),
        ("before = \"brew\"\nrun = [\"true\"]", "core-config-choice"),
        ("before = \"build\"", "core-config-missing"),
        ("before = \"build\"\nrun = []", "core-config-empty"),
        ("before = \"build\"\nrun = [\"\"]", "core-config-empty"),
        ("before = \"build\"\nrun = \"rm -rf /\"", "core-config-type"),
        ("before = \"build\"\nrun = [\"echo\", \"${WORD}\"]", "core-config-variable-here"),
        ("before = \"build\"\nrun = [\"true\"]\nwhere = \"moon\"", "core-config-choice"),
        ("before = \"build\"\nrun = [\"true\"]\ntimeout = 0", "core-config-duration"),
    ] {
        let found: Vec<_> = wrong(&format!("[[hook]]\n{hook}\n")).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, [id], "{hook}");
    }
}
