/// Whose turn it is: each shape exactly as often as its weight says, spread as evenly as can be (smooth weighted round
/// robin, as nginx has it).
pub(crate) struct Turns {
    weights: Vec<i64>,
    credit: Vec<i64>,
}

impl Turns {
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let weights: Vec<i64> = weights.into_iter().map(i64::from).collect();
        Self { credit: vec![0; weights.len()], weights }
    }

    /// The index of the next one.
    pub(crate) fn next(&mut self) -> usize {
        let mut chosen = 0;
        for i in 0..self.weights.len() {
            self.credit[i] += self.weights[i];
            if self.credit[i] > self.credit[chosen] || self.weights[chosen] == 0 {
                chosen = i;
            }
        }
        if let Some(credit) = self.credit.get_mut(chosen) {
            *credit -= self.weights.iter().sum::<i64>();
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_by_weight_and_mixed() {
        let mut turns = Turns::new([0, 3, 1]);
        let order: Vec<usize> = std::iter::repeat_with(|| turns.next()).take(8).collect();
        assert_eq!(order, [1, 1, 2, 1, 1, 1, 2, 1]);
    }
}
