//! Replacing an organisation's key under the readers' eyes.

use std::time::Duration;

use fleetward::{app, care::key_rotation};

use super::{all_entries, organisation};
use crate::{
    care::board_of,
    on_both_engines,
    support::{Portal, engine::Engine, portal::run},
};

fn named_beds(board: &fleetward_common::care::WardBoard) -> usize {
    use fleetward_common::care::Occupancy;
    let named = board.beds.iter().filter(|bed| {
        matches!(&bed.occupancy, Occupancy::Occupied { identity: Some(identity), .. } if !identity.family_name.is_empty())
    });
    named.count()
}

#[expect(clippy::print_stdout, reason = "a figure that the test command shows")]
fn tell(reads: u32) {
    println!("delay: {reads} boards were read while an organisation's key was replaced");
}

on_both_engines! {
    async fn the_key_is_replaced_while_rashida_reads_on(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let before = named_beds(&board_of(&rashida).await);
        assert!(before >= 22);
        let northgate = organisation(&portal, "Northgate General").await;
        // What the command does beside a running server: it only makes the new key.
        let operator = app::open_keys(portal.data(), &portal.app.secrets).unwrap();
        let version = operator.rotate(northgate).unwrap();
        assert!(operator.outdated(northgate).unwrap() >= 22);
        let mut reads = 0_u32;
        while operator.outdated(northgate).unwrap() > 0 {
            assert_eq!(named_beds(&board_of(&rashida).await), before);
            reads += 1;
            assert!(reads < 10_000, "the server does not wrap anew");
        }
        assert_eq!(named_beds(&board_of(&rashida).await), before);
        tell(reads);
        let mut noted = false;
        for _ in 0..200 {
            let entries = all_entries(&portal).await;
            noted = entries.iter().any(|entry| {
                entry.content.event == "organisation_key_rotated" && entry.content.detail["version"] == version
            });
            if noted { break; }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(noted, "the rotation is on record");
    }
}

#[test]
fn the_command_does_the_work_itself_when_no_server_runs() {
    run(Engine::Sqlite, async |portal: Portal| {
        let northgate = organisation(&portal, "Northgate General").await;
        let refused = key_rotation::rotate(portal.store(), "Northgate Genral").await;
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("no organisation is called")
        );
        let world = portal.stopped();
        let rotated = key_rotation::rotate(world.store(), "Northgate General")
            .await
            .unwrap();
        assert!(!rotated.by_the_server);
        let portal = Portal::start_in(world, Default::default());
        let keys = app::open_keys(portal.data(), &portal.app.secrets).unwrap();
        assert_eq!(keys.outdated(northgate).unwrap(), 0);
        assert_eq!(keys.newest(northgate).unwrap(), Some(rotated.version));
        assert!(named_beds(&board_of(&portal.sign_in("rashida.amadi").await).await) >= 22);
    });
}
