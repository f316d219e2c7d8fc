pub mod alarms;
pub mod authenticator;
pub mod delay;
pub mod engine;
pub mod people;
pub mod portal;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
pub mod tab;

pub use delay::Delay;
pub use people::Person;
pub use portal::Portal;

/// One test, once per engine: `name::on_sqlite` and `name::on_postgres`.
#[macro_export]
macro_rules! on_both_engines {
    ($(async fn $name:ident($portal:ident: $started:ty) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($portal: $started) $body

            #[test]
            fn on_sqlite() {
                $crate::support::portal::run($crate::support::engine::Engine::Sqlite, body);
            }

            #[cfg(feature = "postgres")]
            #[test]
            fn on_postgres() {
                $crate::support::portal::run($crate::support::engine::Engine::Postgres, body);
            }
        }
    )+};
}
