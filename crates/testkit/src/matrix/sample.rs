use super::Cell;

/// Chooses `count` of the cells, in their order; the same ones for the same seed.
#[must_use]
pub fn sample(mut cells: Vec<Cell>, count: usize, seed: u64) -> Vec<Cell> {
    let mut state = seed;
    while cells.len() > count {
        // A number of 64 bits, taken to an index: the bias is less than one in 2^50.
        let at = usize::try_from(next(&mut state) % cells.len() as u64).unwrap_or(0);
        cells.remove(at);
    }
    cells
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::{Fault, Story};
    use crate::servers::Flavour;

    fn all() -> Vec<Cell> {
        let cell = |boundary| Cell { story: Story::Deploy, flavour: Flavour::Trixie, fault: Fault::Kill, boundary };
        (1..=200).map(cell).collect()
    }

    #[test]
    fn a_seed_chooses_the_same_cells_and_another_one_others() {
        let chosen = sample(all(), 20, 7);
        assert_eq!(chosen.len(), 20);
        assert!(chosen.is_sorted_by_key(|cell| cell.boundary));
        assert_eq!(chosen, sample(all(), 20, 7));
        assert_ne!(chosen, sample(all(), 20, 8));
        assert_eq!(sample(all(), 500, 7), all());
    }
}
