//! What git knows: of the project on the operator's machine ([`Repository`]), and of a checkout on the host that a team
//! releases from ([`Checkout`]). git itself is asked, with lists of arguments and never about another repository.

mod checkout;
mod fetch;
mod git;
mod locks;
mod repository;
mod since;
mod snapshot;

pub use checkout::{Checkout, Unclean};
pub use fetch::Wanted;
pub use repository::{Repository, Status};
pub use since::{Commit, Commits, Since};
pub use snapshot::Snapshot;
