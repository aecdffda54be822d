//! The outline of a recording, for a picture of it: the lowest and the highest sample of each stretch, each side for itself.

/// One side's outline: lowest and highest of each stretch.
pub type Outline = Vec<(i16, i16)>;

/// An outline that is being made, out of stereo sound of a known length as it comes.
#[derive(Debug, Clone)]
pub struct Peaks {
    /// Samples of one stretch.
    stretch: u32,
    /// Of the stretch at hand, so many have come.
    come: u32,
    sides: [Outline; 2],
}

impl Peaks {
    /// For so many samples of each side, in `points` stretches; in fewer where there are fewer samples.
    pub fn new(samples: u32, points: u16) -> Self {
        let stretch = samples.div_ceil(u32::from(points.max(1))).max(1);
        Self { stretch, come: 0, sides: [Outline::new(), Outline::new()] }
    }

    /// One sample of each side.
    pub fn add(&mut self, left: i16, right: i16) {
        let first = self.come == 0;
        for (side, sample) in self.sides.iter_mut().zip([left, right]) {
            match side.last_mut().filter(|_| !first) {
                Some((low, high)) => (*low, *high) = ((*low).min(sample), (*high).max(sample)),
                None => side.push((sample, sample)),
            }
        }
        self.come = (self.come + 1) % self.stretch;
    }

    /// Both sides' outlines.
    pub fn finish(self) -> [Outline; 2] {
        self.sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_has_its_lowest_and_its_highest() {
        let mut peaks = Peaks::new(5, 2);
        for (left, right) in [(1, 0), (-7, 0), (3, 0), (9, 5), (2, -5)] {
            peaks.add(left, right);
        }
        assert_eq!(peaks.finish(), [vec![(-7, 3), (2, 9)], vec![(0, 0), (-5, 5)]]);
    }

    #[test]
    fn a_short_recording_has_as_many_points_as_samples() {
        let mut peaks = Peaks::new(2, 1_000);
        peaks.add(4, 5);
        peaks.add(6, 7);
        assert_eq!(peaks.finish(), [vec![(4, 4), (6, 6)], vec![(5, 5), (7, 7)]]);
        assert_eq!(Peaks::new(0, 10).finish(), [vec![], vec![]]);
    }
}
