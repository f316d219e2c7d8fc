//! The one condition for "holds at this instant", for tables whose rows have an interval.

/// A row of `$table` that had begun at `$at` and had not ended. An interval holds from its first instant
/// until just before its last.
macro_rules! open_at {
    ($table:ident, $at:expr) => {{
        use diesel::{BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _};
        let at = $crate::platform::db::micros($at);
        $table::valid_from.le(at).and(
            $table::valid_until
                .is_null()
                .or($table::valid_until.assume_not_null().gt(at)),
        )
    }};
}
pub(crate) use open_at;
