//! The chains from outside: verified by the command, checkpointed by the server.

use fleetward::{
    app,
    privacy::{
        audit::{Breach, Verdict},
        recorder::checkpoint_file,
        verify::{self, Noted, Report},
    },
};

use super::organisation;
use crate::{
    care::board_of,
    on_both_engines,
    support::{
        Portal,
        engine::{Engine, World},
        portal::Options,
    },
};

/// As the command does it, beside the running server.
pub fn verified(portal: &Portal) -> Report {
    let mut connection = portal.location().connect_reader().unwrap();
    let key = &portal.app.secrets.audit;
    verify::every_chain(&mut connection, key, &app::journal_folder(portal.data())).unwrap()
}

async fn note_checkpoint(portal: &Portal) {
    // The server's own first one must not come later than the test's.
    while portal.app.recorder.checkpoint().unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let now = portal.app.clock.now();
    portal.app.recorder.note_checkpoint(now).await.unwrap();
}

async fn behind_the_servers_back(portal: &Portal, sql: &str) {
    let sqlite = format!(
        "DROP TRIGGER IF EXISTS audit_entries_refuse_update; DROP TRIGGER IF EXISTS audit_entries_refuse_delete; {sql}"
    );
    let postgres = format!("DROP TRIGGER IF EXISTS audit_entries_refuse_rewrite ON audit_entries; {sql}");
    portal.execute(&sqlite, &postgres).await;
}

fn northgate(report: &Report) -> (&Verdict, String) {
    let at = report
        .chains
        .iter()
        .position(|chain| chain.name == "Northgate General")
        .expect("Northgate's chain");
    (&report.chains[at].verdict, report.lines()[at].clone())
}

on_both_engines! {
    async fn an_untouched_record_is_verified_and_says_what_is_not_protected_yet(portal: Portal) {
        note_checkpoint(&portal).await;
        let report = verified(&portal);
        assert!(report.is_whole(), "{:?}", report.lines());
        board_of(&portal.sign_in("rashida.amadi").await).await;
        let report = verified(&portal);
        assert!(report.is_whole(), "{:?}", report.lines());
        let (_, line) = northgate(&report);
        assert!(line.contains("came after the checkpoint"), "{line}");
        assert!(report.lines().last().unwrap().contains("not protected against being cut off"));
    }

    async fn a_cut_tail_is_found_also_after_the_next_checkpoint_and_a_restart(portal: Portal) {
        board_of(&portal.sign_in("rashida.amadi").await).await;
        note_checkpoint(&portal).await;
        let head = match northgate(&verified(&portal)).0 {
            Verdict::Verified { entries, .. } => *entries,
            broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
        };
        behind_the_servers_back(&portal, &format!(
            "DELETE FROM audit_entries WHERE number = {head} AND organisation_id IN
             (SELECT id FROM organisations WHERE name = 'Northgate General')"
        )).await;
        note_checkpoint(&portal).await;
        let portal = portal.restarted(Default::default());
        note_checkpoint(&portal).await;
        let report = verified(&portal);
        let (verdict, line) = northgate(&report);
        assert_eq!(*verdict, Verdict::Broken { number: head, how: Breach::Cut });
        assert!(line.starts_with(&format!("BROKEN Northgate General: entry {head} ")), "{line}");
        assert!(!report.is_whole());
        // A new entry takes the number, and is not the one that was noted.
        board_of(&portal.sign_in("rashida.amadi").await).await;
        note_checkpoint(&portal).await;
        assert_eq!(*northgate(&verified(&portal)).0, Verdict::Broken { number: head, how: Breach::Changed });
    }

    async fn taking_the_checkpoint_away_while_the_server_runs_hides_no_cut(portal: Portal) {
        board_of(&portal.sign_in("rashida.amadi").await).await;
        note_checkpoint(&portal).await;
        let head = match northgate(&verified(&portal)).0 {
            Verdict::Verified { entries, .. } => *entries,
            broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
        };
        behind_the_servers_back(&portal, &format!(
            "DELETE FROM audit_entries WHERE number = {head} AND organisation_id IN
             (SELECT id FROM organisations WHERE name = 'Northgate General')"
        )).await;
        std::fs::remove_file(checkpoint_file(&app::journal_folder(portal.data()))).unwrap();
        portal.app.recorder.note_checkpoint(portal.app.clock.now()).await.unwrap();
        assert_eq!(*northgate(&verified(&portal)).0, Verdict::Broken { number: head, how: Breach::Cut });
    }

    async fn a_checkpoint_taken_away_while_the_server_was_down_leaves_a_trace_that_stays(portal: Portal) {
        board_of(&portal.sign_in("rashida.amadi").await).await;
        note_checkpoint(&portal).await;
        assert!(verified(&portal).chains.iter().all(|chain| chain.checkpoint_missing.is_empty()));
        let file = checkpoint_file(&app::journal_folder(portal.data()));
        let world = portal.stopped();
        std::fs::remove_file(&file).unwrap();
        let portal = Portal::start_in(world, Default::default());
        let report = verified(&portal);
        let (_, line) = northgate(&report);
        assert!(line.starts_with("Northgate General"), "{line}");
        assert!(report.lines().iter().any(|line| line.starts_with("WARNING Northgate General: the checkpoint was missing")));
        // The next start with its checkpoint adds nothing, and takes nothing back.
        let portal = portal.restarted(Default::default());
        let chains = verified(&portal).chains;
        assert!(chains.iter().filter(|chain| chain.name == "Northgate General").all(|chain| chain.checkpoint_missing.len() == 1));
    }

    async fn a_chain_whose_organisation_is_gone_too_is_missed(portal: Portal) {
        note_checkpoint(&portal).await;
        // A database in which neither the entries nor the organisation were ever.
        let options = Options { demo: false, ..Options::default() };
        let bare = Portal::start_in(World::empty(Engine::Sqlite), options);
        let mut connection = bare.location().connect_reader().unwrap();
        let journal = app::journal_folder(portal.data());
        let report = verify::every_chain(&mut connection, &portal.app.secrets.audit, &journal).unwrap();
        assert!(!report.is_whole() && !report.chains.is_empty());
        for chain in &report.chains {
            assert_eq!(chain.verdict, Verdict::Broken { number: 1, how: Breach::Cut });
            assert!(chain.name.contains("not there any more"), "{}", chain.name);
        }
    }

    async fn a_chain_that_was_removed_whole_is_missed(portal: Portal) {
        note_checkpoint(&portal).await;
        let northgate_id = organisation(&portal, "Northgate General").await;
        behind_the_servers_back(&portal,
            "DELETE FROM audit_entries WHERE organisation_id IN
             (SELECT id FROM organisations WHERE name = 'Northgate General')").await;
        let report = verified(&portal);
        let chain = report.chains.iter().find(|chain| chain.organisation == northgate_id).unwrap();
        assert_eq!(chain.verdict, Verdict::Broken { number: 1, how: Breach::Cut });
    }

    async fn a_checkpoint_that_is_gone_or_forged_is_no_checkpoint(portal: Portal) {
        note_checkpoint(&portal).await;
        let file = checkpoint_file(&app::journal_folder(portal.data()));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("\"number\":", "\"number\":1", 1)).unwrap();
        assert_eq!(verified(&portal).checkpoint, Noted::Forged);
        std::fs::remove_file(&file).unwrap();
        let report = verified(&portal);
        assert_eq!(report.checkpoint, Noted::Missing);
        assert!(!report.is_whole());
    }

    async fn a_server_that_stops_notes_how_far_the_record_came(portal: Portal) {
        board_of(&portal.sign_in("rashida.amadi").await).await;
        let portal = portal.restarted(Default::default());
        let (verdict, line) = { let report = verified(&portal); let (verdict, line) = northgate(&report); (verdict.clone(), line) };
        assert!(
            matches!(verdict, Verdict::Verified { entries, checkpointed: Some(noted), .. } if noted == entries),
            "{line}"
        );
    }
}
