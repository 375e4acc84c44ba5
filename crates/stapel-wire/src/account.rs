/// As whom the agent runs on a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Account {
    /// The one who logs in.
    #[default]
    Own,
    /// Root, by `sudo`, which must not ask for a password: there is nobody on the line who could be asked.
    Sudo,
}
