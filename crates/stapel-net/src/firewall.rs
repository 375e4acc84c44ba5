use stapel_text::Problem;

use crate::forwarder::{Handle, Launch};
use crate::iptables::{self, Iptables};
use crate::{Family, Mark, Rule, namespace};

/// The tables that are searched, in the order in which their rules are taken out: first what steers connections
/// elsewhere, last what lets them through or refuses them.
const TABLES: [&str; 4] = ["nat", "mangle", "raw", "filter"];

/// The rules of one app in the host's packet filter, and in those of its containers. Needs root.
#[derive(Debug, Clone)]
pub struct Firewall {
    pub(crate) mark: Mark,
    pub(crate) launch: Launch,
}

impl Firewall {
    /// The rules that carry this mark. `launch` says how a forwarder is started where a published port needs one.
    #[must_use]
    pub fn new(mark: Mark, launch: Launch) -> Self {
        Self { mark, launch }
    }

    /// Every rule that carries the mark, on the host and in the network namespace of every process on it.
    ///
    /// # Errors
    /// `command-failed`, `command-missing` (an absent `ip6tables` is fine).
    pub async fn list(&self) -> Result<Vec<Rule>, Problem> {
        let mut found = Vec::new();
        for table in TABLES {
            for family in Family::BOTH {
                found.extend(Iptables::new(family, None).rules(table).await?);
            }
        }
        for pid in namespace::others() {
            for family in Family::BOTH {
                found.extend(Iptables::new(family, Some(pid)).rules("filter").await?);
            }
            found.extend(Iptables::new(Family::V4, Some(pid)).rules(crate::lead::TABLE).await?);
        }
        found.retain(|rule| rule.comment().is_some_and(|c| self.mark.owns(c)));
        Ok(found)
    }

    /// Takes out everything that carries the mark, whatever happened before: rules that steer connections, then the
    /// forwarders (which drain), then all other rules. Nothing there is fine.
    ///
    /// # Errors
    /// As [`Firewall::list`]; it stops at the first rule that cannot be taken out.
    pub async fn clear(&self) -> Result<(), Problem> {
        self.take_out(|_| true, Handle::all(&self.launch, &self.mark)).await
    }

    /// Takes out what `which` says in the right order, with these forwarders in between.
    pub(crate) async fn take_out(&self, which: impl Fn(&Rule) -> bool, forwarders: Vec<Handle>) -> Result<(), Problem> {
        let (last, first): (Vec<_>, Vec<_>) =
            self.list().await?.into_iter().filter(which).partition(|r| r.table == "filter");
        for rule in &first {
            iptables::delete(rule).await?;
        }
        for forwarder in forwarders {
            forwarder.stop().await?;
        }
        for rule in &last {
            iptables::delete(rule).await?;
        }
        Ok(())
    }
}
