//! Which way a release goes on whose process died. It is fixed beforehand for every boundary between two records of the
//! journal, in [`DIRECTIONS`], and nowhere else.

use serde::{Deserialize, Serialize};

use crate::{Kind, StepState};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The steps that are left are done.
    Forward,
    /// What was begun is undone.
    Back,
}

/// Where a release stands, by what the journal holds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// No step was begun.
    NothingBegun,
    /// A step has failed, or the way back was begun.
    GoingBack,
    /// A person has asked for the way back.
    Cancelled,
    /// Steps were begun, none of them moves traffic.
    BeforeSwitch,
    /// A step that moves traffic was begun, and not all of them are done.
    InSwitch,
    /// All that moves traffic is done; what is left looks, takes a schema down that was asked for, or tidies up.
    AfterSwitch,
    /// Every step is done; only the end was not written.
    AllDone,
}

/// The table: the first line that fits decides.
///
/// | where it stands | direction | why |
/// |---|---|---|
/// | a step failed, or the way back was begun | back | a way back is gone to its end |
/// | cancelled | back | a person said so |
/// | no step begun | back | there is nothing to undo |
/// | every step done | forward | only the end is missing |
/// | before the switch | back | nobody has seen the new version, all is as it was |
/// | in the switch | back | the former version is known to be good, the new one is not yet |
/// | after the switch | forward | the new version serves and was checked; what is left looks, and goes back by itself if need be |
pub const DIRECTIONS: &[(Boundary, Direction)] = &[
    (Boundary::GoingBack, Direction::Back),
    (Boundary::Cancelled, Direction::Back),
    (Boundary::NothingBegun, Direction::Back),
    (Boundary::AllDone, Direction::Forward),
    (Boundary::BeforeSwitch, Direction::Back),
    (Boundary::InSwitch, Direction::Back),
    (Boundary::AfterSwitch, Direction::Forward),
];

impl Boundary {
    /// Where a release with these steps stands. `cancelled`: a person has asked for the way back.
    #[must_use]
    pub fn of(kinds: &[Kind], states: &[StepState], cancelled: bool) -> Self {
        DIRECTIONS
            .iter()
            .map(|(boundary, _)| *boundary)
            .find(|boundary| boundary.fits(kinds, states, cancelled))
            // Without a single step there is nothing that could be left to do.
            .unwrap_or(Self::AllDone)
    }

    /// Which way recovery goes from here.
    #[must_use]
    pub fn direction(self) -> Direction {
        DIRECTIONS.iter().find(|(boundary, _)| *boundary == self).map_or(Direction::Back, |(_, direction)| *direction)
    }

    fn fits(self, kinds: &[Kind], states: &[StepState], cancelled: bool) -> bool {
        use StepState::{Done, Failed, Planned, Stuck, Undoing, Undone};
        let mut switch =
            kinds.iter().zip(states).filter(|(kind, _)| kind.switches()).map(|(_, state)| *state).peekable();
        match self {
            Self::GoingBack => states.iter().any(|s| matches!(s, Failed | Undoing | Undone | Stuck)),
            Self::Cancelled => cancelled,
            Self::NothingBegun => states.iter().all(|s| *s == Planned) && !states.is_empty(),
            Self::AllDone => states.iter().all(|s| *s == Done),
            Self::BeforeSwitch => switch.all(|s| s == Planned),
            Self::InSwitch => switch.any(|s| s != Done),
            Self::AfterSwitch => switch.all(|s| s == Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Data, Definition, Observation, Standby, Start, Traffic};
    use StepState::{Doing, Done, Failed, Planned, Stuck, Undoing, Undone};

    /// Every state that a release can be left in, by walking the way forth, a failure at each step, and the way back.
    fn every_boundary(kinds: &[Kind]) -> Vec<Vec<StepState>> {
        let mut states = vec![Planned; kinds.len()];
        let mut all = vec![states.clone()];
        for index in 0..kinds.len() {
            states[index] = Doing;
            all.push(states.clone());
            let mut back = states.clone();
            back[index] = Failed;
            all.push(back.clone());
            for undo in crate::undo_order(kinds, &back) {
                for state in [Undoing, Undone] {
                    back[undo] = state;
                    all.push(back.clone());
                }
            }
            states[index] = Done;
            all.push(states.clone());
        }
        all
    }

    const DEPLOY: [Kind; 8] = [Observation, Data, Definition, Data, Traffic, Traffic, Standby, Observation];

    #[test]
    fn for_every_boundary_of_every_plan_exactly_one_line_decides() {
        for kinds in [&DEPLOY[..], &[Definition, Start, Observation], &[Observation], &[Traffic, Data, Traffic, Data]] {
            for states in every_boundary(kinds) {
                let boundary = Boundary::of(kinds, &states, false);
                let before_it = DIRECTIONS.iter().take_while(|(b, _)| *b != boundary);
                assert!(before_it.into_iter().all(|(b, _)| !b.fits(kinds, &states, false)), "{states:?}");
                assert!(boundary.fits(kinds, &states, false), "{kinds:?} {states:?}: {boundary:?}");
                let back = states.iter().any(|s| matches!(s, Failed | Undoing | Undone | Stuck));
                assert_eq!(boundary == Boundary::GoingBack, back, "{states:?}");
            }
        }
    }

    #[test]
    fn the_direction_follows_the_switch() {
        let of = |states: &[StepState]| {
            let boundary = Boundary::of(&DEPLOY, states, false);
            (boundary, boundary.direction())
        };
        let planned = [Planned; 8];
        assert_eq!(of(&planned), (Boundary::NothingBegun, Direction::Back));
        assert_eq!(of(&[Done, Done, Done, Doing, Planned, Planned, Planned, Planned]).0, Boundary::BeforeSwitch);
        assert_eq!(of(&[Done, Done, Done, Done, Doing, Planned, Planned, Planned]).0, Boundary::InSwitch);
        // Between two services' switches as well: the one is new, the other is not.
        assert_eq!(of(&[Done, Done, Done, Done, Done, Planned, Planned, Planned]).1, Direction::Back);
        assert_eq!(
            of(&[Done, Done, Done, Done, Done, Done, Doing, Planned]),
            (Boundary::AfterSwitch, Direction::Forward)
        );
        assert_eq!(of(&[Done; 8]), (Boundary::AllDone, Direction::Forward));
        assert_eq!(Boundary::of(&DEPLOY, &[Done; 8], true).direction(), Direction::Back);
    }

    #[test]
    fn the_table_for_people_says_the_same() {
        let source = include_str!("recovery.rs");
        let rows: Vec<&str> = source.lines().filter(|l| l.starts_with("/// | ")).skip(1).collect();
        assert_eq!(rows.len(), DIRECTIONS.len());
        for (row, (boundary, direction)) in rows.iter().zip(DIRECTIONS) {
            let said = row.split('|').nth(2).unwrap_or_default().trim().to_owned();
            assert_eq!(said, format!("{direction:?}").to_lowercase(), "{boundary:?}");
        }
    }
}
