//! The schema goes up, down and up again, and is the same each time.

use fleetward::platform::db::{migrate_down, migrate_up};

use crate::support::engine::{Engine, World};

fn up_down_up(engine: Engine) {
    let world = World::empty(engine);
    let mut connection = world.location().connect_writer().unwrap();
    let ran = migrate_up(&mut connection).unwrap();
    assert!(ran > 0);
    assert_eq!(migrate_up(&mut connection).unwrap(), 0);
    assert_eq!(migrate_down(&mut connection).unwrap(), ran);
    assert_eq!(migrate_up(&mut connection).unwrap(), ran);
}

#[test]
fn sqlite_migrates_up_down_and_up_again() {
    up_down_up(Engine::Sqlite);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_migrates_up_down_and_up_again() {
    up_down_up(Engine::Postgres);
}
