use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

use super::{Fault, Story};
use crate::servers::Flavour;

/// A story on a flavour of server, and the fault that befalls it after a certain record of its journal. Written and read
/// as `deploy/trixie/kill/17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// What is released.
    pub story: Story,
    /// On what.
    pub flavour: Flavour,
    /// What befalls it.
    pub fault: Fault,
    /// After which record, counted from 1; 0 for no fault.
    pub boundary: u64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.story, self.flavour, self.fault, self.boundary)
    }
}

impl FromStr for Cell {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let words: Vec<&str> = name.split('/').collect();
        let &[story, flavour, fault, boundary] = words.as_slice() else {
            bail!("{name} is no cell: STORY/FLAVOUR/FAULT/BOUNDARY, such as deploy/trixie/kill/17")
        };
        let boundary = boundary.parse().with_context(|| format!("{name}: {boundary} is no boundary"))?;
        let cell = Self { story: story.parse()?, flavour: flavour.parse()?, fault: fault.parse()?, boundary };
        if (cell.fault == Fault::None) != (boundary == 0) {
            bail!("{name}: boundaries are counted from 1, and only without a fault it is 0");
        }
        Ok(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_every_cell_leads_back_to_it() {
        for story in Story::ALL {
            for flavour in Flavour::ALL {
                for fault in Fault::ALL {
                    let cell = Cell { story, flavour, fault, boundary: 17 };
                    assert_eq!(cell.to_string().parse::<Cell>().unwrap(), cell);
                }
            }
        }
        assert_eq!("comes-back/trixie/kill-all/3".parse::<Cell>().unwrap().to_string(), "comes-back/trixie/kill-all/3");
        assert!("deploy/trixie/none/0".parse::<Cell>().is_ok());
    }

    #[test]
    fn what_is_no_cell_is_refused() {
        for name in [
            "",
            "deploy/trixie/kill",
            "deploy/trixie/kill/0",
            "deploy/trixie/none/4",
            "deploy/trixie/kill/x",
            "a/b/c/1",
        ] {
            assert!(name.parse::<Cell>().is_err(), "{name}");
        }
    }
}
