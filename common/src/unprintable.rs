//! Types that say who a patient is, or hold what someone wrote about one, can't be formatted: not into a log, not into an error, not by mistake.

/// Does not compile once one of these types gets `Debug` or `Display`.
macro_rules! never_printed {
    ($($name:ty),+ $(,)?) => {$(
        const _: fn() = || {
            // Two ways to the same name: ambiguous, and so an error, exactly when the type can be printed.
            trait Printed<Way> {
                fn printed() {}
            }
            #[allow(dead_code, reason = "only its name is used")]
            struct AsDebug;
            #[allow(dead_code, reason = "only its name is used")]
            struct AsDisplay;
            impl<T: ?Sized> Printed<()> for T {}
            impl<T: ?Sized + ::std::fmt::Debug> Printed<AsDebug> for T {}
            impl<T: ?Sized + ::std::fmt::Display> Printed<AsDisplay> for T {}
            let _ = <$name as Printed<_>>::printed;
        };
    )+};
}

pub(crate) use never_printed;
