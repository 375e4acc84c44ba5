use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_core::observation::Guardian;
use stapel_host::{Command, Finished, processes};
use stapel_text::{Problem, problem};

const UNITS: &str = "/etc/systemd/system";
const CRON: &str = "/etc/cron.d";

/// What brings recovery back after a boot on this host, for one who may write there.
pub(crate) fn find() -> Guardian {
    let root = rustix::process::geteuid().is_root();
    if root && Path::new("/run/systemd/system").is_dir() {
        Guardian::Systemd
    } else if root && Path::new(CRON).is_dir() && runs(&["cron", "crond"]) {
        Guardian::Cron
    } else {
        Guardian::Process
    }
}

/// Armed, so that a boot leads to `program agent recover root`.
pub(crate) async fn arm(guardian: Guardian, key: &str, program: &Path, root: &Utf8Path) -> Result<(), Problem> {
    for (file, text) in files(guardian, key, program, root)? {
        write(&file, &text).map_err(|e| io_failed(&file, &e))?;
    }
    if guardian == Guardian::Systemd {
        systemctl(&["daemon-reload"]).await?;
        systemctl(&["enable", &service(key)]).await?;
        systemctl(&["enable", "--now", &timer(key)]).await?;
        // A unit that this systemd does not understand is enabled all the same.
        for unit in [service(key), timer(key)] {
            let loaded = systemctl(&["show", "--property=LoadState", "--value", &unit]).await?;
            let state = loaded.stdout.trim();
            if state != "loaded" {
                return Err(problem!(Failed, "agent-guardian-unit", unit = &unit, state = state));
            }
        }
    }
    Ok(())
}

/// Not armed any more. Nothing there is fine.
pub(crate) async fn disarm(guardian: Guardian, key: &str) -> Result<(), Problem> {
    let there: Vec<_> = paths(guardian, key).into_iter().filter(|file| file.exists()).collect();
    if there.is_empty() {
        return Ok(());
    }
    if guardian == Guardian::Systemd {
        systemctl(&["disable", "--now", &timer(key)]).await?;
        // Not stopped: it may be what runs this.
        systemctl(&["disable", &service(key)]).await?;
    }
    for file in there {
        std::fs::remove_file(&file).map_err(|e| io_failed(&file, &e))?;
    }
    if guardian == Guardian::Systemd {
        systemctl(&["daemon-reload"]).await?;
    }
    Ok(())
}

/// What is written to arm it.
fn files(
    guardian: Guardian,
    key: &str,
    program: &Path,
    root: &Utf8Path,
) -> Result<Vec<(Utf8PathBuf, String)>, Problem> {
    let paths = paths(guardian, key);
    let texts = match guardian {
        Guardian::Process => Vec::new(),
        // The timer last: it names the service.
        Guardian::Systemd => vec![service_text(program, root), TIMER.to_owned()],
        Guardian::Cron => vec![lines(program, root).map_err(|e| io_failed(&paths[0], &e))?],
    };
    Ok(paths.into_iter().zip(texts).collect())
}

fn paths(guardian: Guardian, key: &str) -> Vec<Utf8PathBuf> {
    match guardian {
        Guardian::Process => Vec::new(),
        Guardian::Systemd => [service(key), timer(key)].map(|unit| Utf8Path::new(UNITS).join(unit)).into(),
        // Cron passes over files with a dot in their name.
        Guardian::Cron => vec![Utf8Path::new(CRON).join(format!("stapel-{key}"))],
    }
}

fn service(key: &str) -> String {
    format!("stapel-{key}.service")
}

fn timer(key: &str) -> String {
    format!("stapel-{key}.timer")
}

async fn systemctl(args: &[&str]) -> Result<Finished, Problem> {
    Command::new("systemctl").arg("--no-ask-password").args(args.iter().copied()).run().await
}

/// For the case that both the release and the process that waits for its end are killed, and no boot follows.
const TIMER: &str = "\
# Made by Stapel for the time of one release; it goes with it.
[Unit]
Description=Stapel: look after an unfinished release

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
";

fn service_text(program: &Path, root: &Utf8Path) -> String {
    // In a unit's command a quoted word is taken as it is but for `%`, `$`, `"` and `\`.
    let word = |text: &str| {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
        format!("\"{escaped}\"")
    };
    let (program, root) = (word(&program.to_string_lossy()), word(root.as_str()));
    format!(
        "# Made by Stapel for the time of one release; it goes with it.\n\
         [Unit]\nDescription=Stapel: end well what a release left\nAfter=docker.service\nStartLimitIntervalSec=0\n\n\
         [Service]\nType=simple\nKillMode=process\nExecStart={program} agent recover {root}\nRestart=on-failure\n\
         RestartSec=10\n\n[Install]\nWantedBy=multi-user.target\n"
    )
}

/// Cron's lines go through a shell, so only words are put into them that no shell takes for anything else.
fn lines(program: &Path, root: &Utf8Path) -> io::Result<String> {
    let program = program.to_string_lossy();
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+:@".contains(&b));
    if let Some(odd) = [&*program, root.as_str()].into_iter().find(|text| !plain(text)) {
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, odd.to_owned()));
    }
    let mut text = "# Made by Stapel for the time of one release; it goes with it.\n\
                    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        .to_owned();
    for when in ["@reboot", "* * * * *"] {
        text.push_str(&format!("{when} root {program} agent recover {root} >/dev/null 2>&1\n"));
    }
    Ok(text)
}

/// Under another name first: cron and systemd never read half of it. The name begins with a dot, which both pass over.
fn write(file: &Utf8Path, text: &str) -> io::Result<()> {
    let draft = file.with_file_name(format!(".{}.new", file.file_name().unwrap_or_default()));
    let mut open = std::fs::OpenOptions::new();
    let mut out = open.create(true).write(true).truncate(true).mode(0o644).open(&draft)?;
    io::Write::write_all(&mut out, text.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&draft, file)?;
    // The name itself is only durable once the directory is.
    std::fs::File::open(file.parent().unwrap_or(Utf8Path::new("/")))?.sync_all()
}

/// Whether a process of one of these names runs.
fn runs(names: &[&str]) -> bool {
    processes()
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok())
        .any(|name| names.contains(&name.trim()))
}

fn io_failed(path: &Utf8Path, error: &io::Error) -> Problem {
    problem!(Failed, "io-failed", path = path.as_str(), error = error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_gets_only_words_that_no_shell_understands() {
        let text =
            lines(Path::new("/root/.stapel/agents/0.1.0-ab/stapel"), Utf8Path::new("/var/lib/stapel/ab")).unwrap();
        assert_eq!(text.lines().filter(|l| l.contains("agent recover /var/lib/stapel/ab ")).count(), 2, "{text}");
        for bad in ["/a b", "/a;b", "/a$b", "/a%b", "/a'b", "/ж"] {
            assert!(lines(Path::new("/x"), Utf8Path::new(bad)).is_err(), "{bad}");
            assert!(lines(Path::new(bad), Utf8Path::new("/x")).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_unit_takes_words_as_they_are() {
        let text = service_text(Path::new("/opt/a b/50%/stapel"), Utf8Path::new("/var/\"x\"/$y"));
        assert!(text.ends_with("WantedBy=multi-user.target\n"));
        assert!(text.contains("ExecStart=\"/opt/a b/50%%/stapel\" agent recover \"/var/\\\"x\\\"/$$y\"\n"), "{text}");
    }
}
