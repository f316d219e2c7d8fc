//! How beds lie on the screen, and where a key leads. Pure.

/// A tile narrower than this cannot hold two waves beside its numbers.
const LEAST_TILE: u32 = 400;
/// A tile reads best at about this shape.
const SHAPE: f64 = 2.2;
pub const MOST_COLUMNS: usize = 6;

/// How many columns so many beds take on a screen so wide and high.
pub fn columns(beds: usize, width: u32, height: u32) -> usize {
    let most = usize::try_from(width / LEAST_TILE)
        .unwrap_or(1)
        .clamp(1, MOST_COLUMNS);
    let shape = f64::from(width) / f64::from(height.max(1)) / SHAPE;
    let wanted = (beds as f64 * shape).sqrt().ceil() as usize;
    wanted.clamp(1, most)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Left,
    Right,
    Up,
    Down,
}

impl Step {
    pub fn of_key(key: &str) -> Option<Self> {
        match key {
            "ArrowLeft" => Some(Step::Left),
            "ArrowRight" => Some(Step::Right),
            "ArrowUp" => Some(Step::Up),
            "ArrowDown" => Some(Step::Down),
            _ => None,
        }
    }
}

/// The bed a step leads to; the edge holds. From nowhere, any step leads to the first bed.
pub fn step(from: Option<usize>, step: Step, beds: usize, columns: usize) -> Option<usize> {
    let last = beds.checked_sub(1)?;
    let Some(from) = from else {
        return Some(0);
    };
    let to = match step {
        Step::Left => from.saturating_sub(1),
        Step::Right => from + 1,
        Step::Up => from.checked_sub(columns).unwrap_or(from),
        Step::Down => from + columns,
    };
    Some(if to > last { from } else { to })
}

/// A quarter of the screen, as a window over the beds takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    BottomRight,
    BottomLeft,
    TopRight,
    TopLeft,
}

impl Corner {
    /// In the order in which they are taken when all are as calm.
    const ALL: [Corner; 4] = [
        Corner::BottomRight,
        Corner::BottomLeft,
        Corner::TopRight,
        Corner::TopLeft,
    ];

    pub const fn class(self) -> &'static str {
        match self {
            Corner::BottomRight => "at-bottom-right",
            Corner::BottomLeft => "at-bottom-left",
            Corner::TopRight => "at-top-right",
            Corner::TopLeft => "at-top-left",
        }
    }
}

/// The beds under a window in this corner, half the screen wide and a little less than half of it high.
pub fn beds_under(corner: Corner, beds: usize, columns: usize) -> Vec<usize> {
    let columns = columns.max(1);
    let rows = beds.div_ceil(columns);
    let (wide, high) = (columns.div_ceil(2), rows.div_ceil(2));
    let right = matches!(corner, Corner::BottomRight | Corner::TopRight);
    let bottom = matches!(corner, Corner::BottomRight | Corner::BottomLeft);
    (0..beds)
        .filter(|bed| {
            let (column, row) = (bed % columns, bed / columns);
            let in_width = if right {
                column >= columns - wide
            } else {
                column < wide
            };
            let in_height = if bottom { row >= rows - high } else { row < high };
            in_width && in_height
        })
        .collect()
}

/// Where a window hides the fewest beds that somebody should be looking at.
pub fn calmest_corner(troubled: &[bool], columns: usize) -> Corner {
    let hidden = |corner: &Corner| {
        beds_under(*corner, troubled.len(), columns)
            .into_iter()
            .filter(|bed| troubled.get(*bed).copied().unwrap_or(false))
            .count()
    };
    Corner::ALL
        .into_iter()
        .min_by_key(hidden)
        .unwrap_or(Corner::BottomRight)
}

/// Digits typed one after the other name a bed, until Enter.
pub fn type_digit(typed: &str, key: &str) -> Option<String> {
    let digit = key.chars().next().filter(|_| key.len() == 1)?;
    digit.is_ascii_digit().then(|| {
        let kept: String = typed.chars().skip(typed.len().saturating_sub(2)).collect();
        format!("{kept}{digit}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn twenty_four_beds_fill_a_corridor_screen_as_four_by_six() {
        assert_eq!(columns(24, 1_920, 996), 4);
    }

    #[test]
    fn six_beds_lie_three_by_two_and_one_bed_takes_all() {
        assert_eq!(columns(6, 1_920, 996), 3);
        assert_eq!(columns(1, 1_920, 996), 1);
    }

    #[test]
    fn a_phone_has_one_column() {
        assert_eq!(columns(24, 390, 844), 1);
    }

    #[test]
    fn arrows_walk_the_grid_and_stop_at_its_edge() {
        assert_eq!(step(Some(6), Step::Down, 24, 4), Some(10));
        assert_eq!(step(Some(6), Step::Left, 24, 4), Some(5));
        assert_eq!(step(Some(2), Step::Up, 24, 4), Some(2));
        assert_eq!(step(Some(23), Step::Right, 24, 4), Some(23));
        assert_eq!(step(None, Step::Down, 24, 4), Some(0));
        assert_eq!(step(None, Step::Down, 0, 4), None);
    }

    #[test]
    fn a_window_lies_bottom_right_while_all_is_calm_and_moves_off_a_lost_signal() {
        let mut troubled = [false; 24];
        assert_eq!(calmest_corner(&troubled, 4), Corner::BottomRight);
        let under = beds_under(Corner::BottomRight, 24, 4);
        assert_eq!(under, [14, 15, 18, 19, 22, 23]);
        troubled[23] = true;
        assert_eq!(calmest_corner(&troubled, 4), Corner::BottomLeft);
        troubled[20] = true;
        assert_eq!(calmest_corner(&troubled, 4), Corner::TopRight);
        assert_eq!(calmest_corner(&[], 0), Corner::BottomRight);
    }

    #[test]
    fn digits_name_a_bed_and_letters_do_not() {
        assert_eq!(type_digit("", "1"), Some("1".into()));
        assert_eq!(type_digit("1", "4"), Some("14".into()));
        assert_eq!(type_digit("1", "v"), None);
        assert_eq!(type_digit("1", "Enter"), None);
    }
}
