use std::net::IpAddr;

use stapel_text::Problem;

use super::{State, own_rows};

/// Who listens on a port of this host where a publication of it on `address` (`None`: all of them) wants to listen: a name
/// and a process number for a person, `None` where nobody does.
///
/// # Errors
/// `io-failed` when the kernel cannot be asked.
pub fn holder(address: Option<IpAddr>, port: u16) -> Result<Option<String>, Problem> {
    let meets = |ip: IpAddr| ip.is_unspecified() || address.is_none_or(|a| a.is_unspecified() || a == ip);
    let listens =
        own_rows()?.into_iter().find(|r| r.state == State::Listen && r.local.port() == port && meets(r.local.ip()));
    Ok(listens.map(|row| named(row.inode)))
}

/// The process that has this socket open, as far as it may be looked at.
fn named(inode: u64) -> String {
    let has = |pid: &i32| inodes(*pid).any(|own| own == inode);
    stapel_host::processes().find(has).map_or_else(
        || "?".to_owned(),
        |pid| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("{} ({pid})", name.trim())
        },
    )
}

/// The sockets that a process has open.
pub(crate) fn inodes(pid: i32) -> impl Iterator<Item = u64> {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| {
        let link = std::fs::read_link(file.path()).ok()?;
        link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_is_in_the_way_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let me = format!("({})", std::process::id());
        for address in [None, Some("127.0.0.1"), Some("0.0.0.0")] {
            let found = holder(address.map(|a| a.parse().unwrap()), port).unwrap().unwrap();
            assert!(found.ends_with(&me), "{address:?}: {found}");
        }
        assert_eq!(holder(Some("127.0.0.2".parse().unwrap()), port).unwrap(), None);
        drop(listener);
        assert_eq!(holder(None, port).unwrap(), None);
    }
}
