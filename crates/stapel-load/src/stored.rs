use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Whether a server has kept what it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Acknowledged, and not there.
    pub missing: Vec<String>,
    /// There more than once, acknowledged or not.
    pub duplicated: Vec<String>,
    /// Of the unknown ones, how many are there.
    pub unknown_stored: usize,
}

impl Stored {
    /// Nothing missing and nothing twice.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.missing.is_empty() && self.duplicated.is_empty()
    }
}

/// Compares what a load has written ([`Report::acknowledged`](crate::Report::acknowledged),
/// [`Report::unknown`](crate::Report::unknown)) with what is there; `stored` says how often an id is. An unknown one
/// may be there or not. Ids of others are not looked at. The lists of the result are sorted.
pub fn verify_stored(acknowledged: &[String], unknown: &[String], stored: impl Fn(&str) -> usize) -> Stored {
    let acknowledged: BTreeSet<&String> = acknowledged.iter().collect();
    let unknown: BTreeSet<&String> = unknown.iter().filter(|id| !acknowledged.contains(id)).collect();
    let list = |ids: &mut dyn Iterator<Item = &&String>| {
        ids.map(|id| (*id).clone()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    Stored {
        missing: list(&mut acknowledged.iter().filter(|id| stored(id) == 0)),
        duplicated: list(&mut acknowledged.union(&unknown).filter(|id| stored(id) > 1)),
        unknown_stored: unknown.iter().filter(|id| stored(id) > 0).count(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// For each id: whether it was acknowledged (else unknown), and how often it is stored.
    fn worlds() -> impl Strategy<Value = HashMap<String, (bool, usize)>> {
        prop::collection::hash_map("[a-c]{1,3}", (any::<bool>(), 0_usize..4), 0..20)
    }

    proptest! {
        #[test]
        fn each_fault_is_found_and_no_other(world in worlds()) {
            let pick = |wanted: &dyn Fn(bool, usize) -> bool| {
                let mut picked: Vec<String> =
                    world.iter().filter(|(_, (known, n))| wanted(*known, *n)).map(|(id, _)| id.clone()).collect();
                picked.sort();
                picked
            };
            let (acknowledged, unknown) = (pick(&|known, _| known), pick(&|known, _| !known));
            let found = verify_stored(&acknowledged, &unknown, |id| world[id].1);
            prop_assert_eq!(&found.missing, &pick(&|known, n| known && n == 0));
            prop_assert_eq!(&found.duplicated, &pick(&|_, n| n > 1));
            prop_assert_eq!(found.unknown_stored, pick(&|known, n| !known && n > 0).len());
            prop_assert_eq!(found.is_ok(), world.values().all(|(known, n)| *n == 1 || (!known && *n == 0)));
        }
    }
}
