use stapel_host::Command;
use stapel_text::Problem;

use crate::{Family, Rule};

/// Exit code of iptables for a table that the kernel does not have.
const NO_TABLE: i32 = 3;
/// Exit code of iptables when it could not look, as a rule because another program holds the lock.
const NOT_LOOKED: i32 = 4;

/// The packet filter of one version of IP in one network namespace. Every call waits up to 5 s for the lock that
/// Docker, firewalld and others take as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Iptables {
    family: Family,
    namespace: Option<i32>,
}

impl Iptables {
    pub(crate) fn new(family: Family, namespace: Option<i32>) -> Self {
        Self { family, namespace }
    }

    fn command(self, table: &str) -> Command {
        let program = self.family.program();
        let command = match self.namespace {
            Some(pid) => Command::new("nsenter").args(["-t", &pid.to_string(), "-n", program]),
            None => Command::new(program),
        };
        command.args(["-w", "5", "-t", table])
    }

    /// The rules of a table in their order. A table that the kernel lacks is empty, and so is every table of a host
    /// without IPv6 or without `ip6tables`, and of a namespace that has gone.
    pub(crate) async fn rules(self, table: &str) -> Result<Vec<Rule>, Problem> {
        let text = self.listing(table).await?;
        Ok(text.lines().filter_map(|l| Rule::parse(self.family, table, self.namespace, l)).collect())
    }

    /// Whether a table has this chain.
    pub(crate) async fn has_chain(self, table: &str, chain: &str) -> Result<bool, Problem> {
        Ok(self.listing(table).await?.lines().any(|l| l.strip_prefix("-N ") == Some(chain)))
    }

    /// Whether it can be used at all: a host may be without IPv6 or without `ip6tables`.
    pub(crate) async fn usable(self) -> bool {
        self.command("filter").arg("-S").finish().await.is_ok_and(|done| done.code == 0)
    }

    async fn listing(self, table: &str) -> Result<String, Problem> {
        let optional = self.family == Family::V6 || self.namespace.is_some();
        match self.command(table).arg("-S").finish().await {
            Ok(done) if done.code == 0 => Ok(done.stdout),
            Ok(done) if done.code == NO_TABLE || (optional && done.code != NOT_LOOKED) => Ok(String::new()),
            Ok(done) => Err(done.problem()),
            Err(problem) if optional && problem.code() == "command-missing" => Ok(String::new()),
            Err(problem) => Err(problem),
        }
    }
}

/// Whether exactly this rule is there.
pub(crate) async fn present(rule: &Rule) -> Result<bool, Problem> {
    let done = of(rule).args(["-C", &rule.chain]).args(&rule.spec).finish().await?;
    if done.code == NOT_LOOKED { Err(done.problem()) } else { Ok(done.code == 0) }
}

/// Puts a rule at a place of its chain (the first is 1), unless it is in the chain already.
pub(crate) async fn insert(rule: &Rule, position: usize) -> Result<(), Problem> {
    if !present(rule).await? {
        of(rule).args(["-I", &rule.chain, &position.to_string()]).args(&rule.spec).run().await?;
    }
    Ok(())
}

/// Takes a rule out, however often it is there. A chain or namespace that has gone holds no rule.
pub(crate) async fn delete(rule: &Rule) -> Result<(), Problem> {
    while present(rule).await? {
        let done = of(rule).args(["-D", &rule.chain]).args(&rule.spec).finish().await?;
        if done.code != 0 && present(rule).await? {
            return Err(done.problem());
        }
    }
    Ok(())
}

fn of(rule: &Rule) -> Command {
    Iptables::new(rule.family, rule.namespace).command(&rule.table)
}
