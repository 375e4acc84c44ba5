use crate::{Kind, StepState};

/// The order in which begun steps are undone.
///
/// While traffic has not moved: simply backwards. Once a step of kind `Traffic` was begun, the *definition* (tree,
/// environment, image) goes back first, because the undo of a switch makes the former version again from its
/// definition while the new one still serves; before it the former version that stands by takes the traffic; then
/// traffic goes back, then everything else, each backwards. What changed data *after* traffic had moved (the way down of a
/// rollback, a hook's work) comes before all that: the version that returns needs it.
#[must_use]
pub fn undo_order(kinds: &[Kind], states: &[StepState]) -> Vec<usize> {
    let begun: Vec<usize> = (0..kinds.len().min(states.len())).rev().filter(|i| states[*i].begun()).collect();
    if !begun.iter().any(|i| kinds[*i] == Kind::Traffic) {
        return begun;
    }
    let last_traffic = begun.iter().copied().find(|i| kinds[*i] == Kind::Traffic);
    let rank = |index: usize| match kinds[index] {
        Kind::Data if Some(index) > last_traffic => 0,
        Kind::Standby => 1,
        Kind::Definition => 2,
        Kind::Traffic => 3,
        Kind::Data | Kind::Start | Kind::Observation => 4,
    };
    let mut ordered = begun;
    // A stable sort: within a rank it stays backwards.
    ordered.sort_by_key(|i| rank(*i));
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Data, Definition, Observation, Standby, Traffic};
    use StepState::{Doing, Done, Failed, Planned, Undone};

    const KINDS: [Kind; 6] = [Observation, Definition, Definition, Data, Traffic, Traffic];

    #[test]
    fn before_traffic_moves_it_is_simply_backwards() {
        assert_eq!(undo_order(&KINDS, &[Done, Done, Done, Failed, Planned, Planned]), [3, 2, 1, 0]);
    }

    #[test]
    fn after_it_the_definition_comes_first() {
        assert_eq!(undo_order(&KINDS, &[Done, Done, Done, Done, Done, Doing]), [2, 1, 5, 4, 3, 0]);
    }

    #[test]
    fn data_changed_after_the_switch_goes_back_first() {
        let kinds = [Definition, Traffic, Data, Observation];
        assert_eq!(undo_order(&kinds, &[Done, Done, Done, Failed]), [2, 0, 1, 3]);
    }

    #[test]
    fn what_stands_by_comes_before_the_definition() {
        let kinds = [Definition, Traffic, Standby, Data, Observation];
        assert_eq!(undo_order(&kinds, &[Done, Done, Done, Done, Failed]), [3, 2, 0, 1, 4]);
    }

    #[test]
    fn what_is_undone_already_is_not_undone_again() {
        assert_eq!(undo_order(&KINDS, &[Done, Done, Undone, Undone, Planned, Planned]), [1, 0]);
    }
}
