//! The privacy officers' desk.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use fleetward::{
    app::journal_folder,
    platform::{db::DbError, http::Failure},
    privacy::{
        audit::{self, AuditAction, AuditActor, AuditEntry, AuditOutcome},
        recorder::checkpoint_file,
    },
    reviews::{export, watch},
};
use fleetward_common::{
    access::{Action, Capabilities, Kind, Purpose, Role},
    id::{AccessReviewId, PatientId},
    review::{
        ChainView, Degree, MayDecide, Question, RecordPage, ReviewEvent, ReviewKind, ReviewQueue,
        ReviewState, Signal, Step, Verdict,
    },
};
use serde_json::{Value, json};

use crate::{
    access::free_bed_on_5a,
    emergency::{self, HOLLIS, by_number, found, standing_still},
    on_both_engines,
    support::{Person, Portal, people::Answer},
};

const NOTE: &str = "The nurse of 5A confirms the call.";

async fn queue(officer: &Person<'_>) -> ReviewQueue {
    officer.read("/api/v1/reviews").await
}

async fn event(officer: &Person<'_>, review: AccessReviewId) -> ReviewEvent {
    officer.read(&format!("/api/v1/reviews/{review}")).await
}

async fn ask_to_decide(officer: &Person<'_>, review: AccessReviewId, decision: &str, note: &str) -> Answer {
    let body = json!({ "decision": decision, "note": note });
    officer
        .post(&format!("/api/v1/reviews/{review}/decisions"), &body)
        .await
}

/// Proven first where that is asked for.
async fn decide(officer: &mut Person<'_>, review: AccessReviewId, decision: &str, note: &str) -> Answer {
    let answer = ask_to_decide(officer, review, decision, note).await;
    if answer.code() != "step_up_required" {
        return answer;
    }
    officer.step_up().await;
    ask_to_decide(officer, review, decision, note).await
}

/// Tomas opened Hollis and ended it; the review that this raised.
async fn one_review(portal: &Portal) -> AccessReviewId {
    let mut tomas = portal.sign_in("tomas.reuter").await;
    emergency::opened(&mut tomas, HOLLIS).await;
    assert_eq!(tomas.delete("/api/v1/emergency").await.status, 204);
    let helen = portal.sign_in("helen.frost").await;
    queue(&helen).await.items[0].id
}

/// As if this person had looked at this patient.
async fn view(portal: &Portal, person: &Person<'_>, patient: PatientId) {
    looked(
        portal,
        person,
        patient,
        json!({ "classes": ["identity", "clinical"] }),
    )
    .await;
}

/// The same, with what the record says of the look.
async fn looked(portal: &Portal, person: &Person<'_>, patient: PatientId, detail: Value) {
    let actor = person.actor().await;
    let entry = AuditEntry {
        organisation: actor.organisation,
        at: portal.app.clock.now(),
        action: AuditAction::Read,
        event: "patient_read",
        outcome: AuditOutcome::Success,
        actor: AuditActor {
            purpose: Some(Purpose::Treatment),
            ..actor.for_audit()
        },
        entity: None,
        patient: Some(patient),
        detail,
    };
    let key = portal.app.secrets.audit.clone();
    let written: Result<_, Failure> = portal
        .app
        .db
        .write(move |connection| Ok(audit::append(connection, &key, &entry)?))
        .await;
    written.unwrap();
}

on_both_engines! {
    async fn an_opening_waits_on_the_desk_of_the_patients_hospital_with_72_hours_left(portal: Portal) {
        let mut tomas = portal.sign_in("tomas.reuter").await;
        emergency::opened(&mut tomas, HOLLIS).await;
        let mut helen = portal.sign_in("helen.frost").await;
        let desk = queue(&helen).await;
        assert_eq!((desk.counts.open, desk.counts.emergency, desk.counts.overdue), (1, 1, 0));
        assert_eq!(desk.own_view.reviewed_by, ["Jonas Frey"]);
        let line = &desk.items[0];
        assert_eq!((line.kind, line.person_name.as_str(), line.role), (ReviewKind::Emergency, "Tomas Reuter", Role::Physician));
        assert_eq!(line.patient.as_ref().map(|patient| patient.family_name.as_str()), Some("HOLLIS"));
        assert_eq!(line.place.as_deref(), Some("Ward 5A Medicine, bed 1"));
        assert_eq!(line.sentence.as_deref(), Some("Called by the nurse of 5A, pressure falling."));
        assert_eq!((line.explanation.degree, line.explanation.text.as_str()), (Degree::None, "None found"));
        assert!(line.explanation.looked_for.contains("care team"));
        assert_eq!(line.state, ReviewState::StillOpen);
        assert_eq!(line.due_at.since(line.raised_at), Duration::from_secs(72 * 3_600));

        let early = decide(&mut helen, line.id, "appropriate", NOTE).await;
        assert_eq!((early.status, early.code().as_str()), (403, "not_permitted"));
        assert!(early.text.contains("still goes on"), "{}", early.text);

        assert_eq!(tomas.delete("/api/v1/emergency").await.status, 204);
        let shown = event(&helen, line.id).await;
        assert_eq!(shown.line.state, ReviewState::ToDecide);
        assert_eq!(shown.may_decide, MayDecide::Yes);
        assert_eq!(shown.ended.as_deref(), Some("ended by themselves"));
        let what: Vec<&str> = shown.opened.iter().map(|item| item.what.as_str()).collect();
        assert!(what[0].starts_with("Looked up"), "{what:?}");
        assert!(what.iter().any(|what| what.starts_with("Opened in an emergency")), "{what:?}");
        assert!(what.contains(&"Ended by the person"), "{what:?}");
        let lanes: Vec<&str> = shown.lanes.iter().map(|lane| lane.title.as_str()).collect();
        assert_eq!(lanes, ["Works on Ward 4B Cardiology", "Patient’s bed", "In the care team", "Emergency access"]);
    }

    async fn the_officers_own_view_is_an_entry_of_the_record_and_says_which(portal: Portal) {
        let review = one_review(&portal).await;
        let helen = portal.sign_in("helen.frost").await;
        let shown = event(&helen, review).await;
        let found: RecordPage = serde_json::from_str(
            &helen.post("/api/v1/reviews/search", &json!({ "person": "Helen Frost" })).await.text,
        )
        .unwrap();
        let mine = found.items.iter().find(|entry| entry.entry == shown.own_view.entry);
        assert_eq!(mine.expect("the entry").what, "Looked at a review");
    }

    async fn nobody_else_has_a_desk_and_another_hospital_has_another(portal: Portal) {
        let review = one_review(&portal).await;
        for login in ["tomas.reuter", "ivo.lang", "ruth.adler", "ben.fischer", "rosa.lind", "alan.reed"] {
            let mut person = portal.sign_in(login).await;
            let desk = person.get("/api/v1/reviews").await;
            assert_ne!(desk.status, 200, "{login}: {}", desk.text);
            assert_eq!(person.get(&format!("/api/v1/reviews/{review}")).await.status, 404, "{login}");
            assert_eq!(decide(&mut person, review, "appropriate", NOTE).await.status, 404, "{login}");
            let search = person.post("/api/v1/reviews/search", &json!({})).await;
            assert_ne!(search.status, 200, "{login}");
            assert_ne!(person.get("/api/v1/reviews/export?from=0&until=1").await.status, 200, "{login}");
        }
    }

    async fn a_decision_asks_helen_to_prove_herself_first(portal: Portal) {
        let review = one_review(&portal).await;
        let mut helen = portal.sign_in("helen.frost").await;
        let unproven = ask_to_decide(&helen, review, "appropriate", NOTE).await;
        assert_eq!((unproven.status, unproven.code().as_str()), (403, "step_up_required"));
        assert_eq!(event(&helen, review).await.line.state, ReviewState::ToDecide);
        helen.step_up().await;
        assert_eq!(ask_to_decide(&helen, review, "appropriate", NOTE).await.status, 200);
    }

    async fn a_decision_needs_a_note_and_closes_the_review(portal: Portal) {
        let review = one_review(&portal).await;
        let mut helen = portal.sign_in("helen.frost").await;
        assert_eq!(decide(&mut helen, review, "appropriate", "fine").await.status, 400);
        let answer = decide(&mut helen, review, "appropriate", NOTE).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let shown: ReviewEvent = serde_json::from_str(&answer.text).unwrap();
        assert!(matches!(shown.line.state, ReviewState::Closed { verdict: Verdict::Appropriate, .. }));
        assert_eq!((shown.steps[0].step, shown.steps[0].note.as_str()), (Step::FoundAppropriate, NOTE));
        assert!(!shown.steps[0].late);
        assert_eq!(queue(&helen).await.counts.open, 0);
        assert_eq!(decide(&mut helen, review, "breach", NOTE).await.status, 403);
    }

    async fn a_breach_needs_two_officers(portal: Portal) {
        let review = one_review(&portal).await;
        let (mut helen, mut jonas) = (portal.sign_in("helen.frost").await, portal.sign_in("jonas.frey").await);
        assert_eq!(decide(&mut helen, review, "breach", NOTE).await.status, 200);
        assert_eq!(queue(&jonas).await.counts.second_review, 1);
        let alone = decide(&mut helen, review, "breach", NOTE).await;
        assert_eq!(alone.status, 403);
        assert!(alone.text.contains("Another privacy officer"), "{}", alone.text);
        let agreed = decide(&mut jonas, review, "breach", "I read the same entries and agree.").await;
        let shown: ReviewEvent = serde_json::from_str(&agreed.text).unwrap();
        assert!(matches!(shown.line.state, ReviewState::Closed { verdict: Verdict::Breach, .. }));
        let steps: Vec<_> = shown.steps.iter().map(|step| (step.by.as_str(), step.step)).collect();
        assert_eq!(steps, [("Helen Frost", Step::FoundBreach), ("Jonas Frey", Step::AgreedBreach)]);
    }

    async fn an_answer_that_comes_late_says_so_and_the_deadline_runs_on(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let review = one_review(&portal).await;
        let mut helen = portal.sign_in("helen.frost").await;
        let due = queue(&helen).await.items[0].due_at;
        assert_eq!(decide(&mut helen, review, "needs_answer", "Who called you to bed 1?").await.status, 200);
        let asked = queue(&helen).await;
        assert_eq!((asked.counts.waiting_for_answer, asked.items[0].due_at), (1, due));

        let louise = portal.sign_in("louise.brandt").await;
        assert!(louise.read::<Vec<Question>>("/api/v1/reviews/asked").await.is_empty());
        let answer = json!({ "answer": "Nurse Karim rang me about the pressure." });
        assert_eq!(louise.post(&format!("/api/v1/reviews/{review}/answer"), &answer).await.status, 404);

        clock.advance(Duration::from_secs(25 * 3_600));
        let helen = portal.sign_in("helen.frost").await;
        assert!(matches!(queue(&helen).await.items[0].state, ReviewState::AnswerAsked { late: true, .. }));
        let tomas = portal.sign_in("tomas.reuter").await;
        let questions: Vec<Question> = tomas.read("/api/v1/reviews/asked").await;
        assert_eq!((questions[0].asked_by.as_str(), questions[0].question.as_str()), ("Helen Frost", "Who called you to bed 1?"));
        assert_eq!(tomas.post(&format!("/api/v1/reviews/{review}/answer"), &answer).await.status, 204);
        let shown = event(&helen, review).await;
        assert_eq!(shown.line.state, ReviewState::Answered { late: true });
        assert_eq!(shown.steps[1].note, "Nurse Karim rang me about the pressure.");
        assert!(shown.steps[1].late);

        clock.advance(Duration::from_secs(48 * 3_600));
        let mut helen = portal.sign_in("helen.frost").await;
        assert_eq!(queue(&helen).await.counts.overdue, 1);
        assert_eq!(decide(&mut helen, review, "appropriate", NOTE).await.status, 200);
        assert!(event(&helen, review).await.steps[2].late);
    }

    async fn a_look_without_a_care_relation_is_found_once_and_one_with_it_never(portal: Portal) {
        let tomas = portal.sign_in("tomas.reuter").await;
        let hollis = found(&tomas, &by_number(HOLLIS)).await.patient;
        let harte = found(&tomas, &by_number("NG-104155")).await.patient;
        watch::look(&portal.app).await.unwrap();
        let (helen, before) = {
            let helen = portal.sign_in("helen.frost").await;
            let before = queue(&helen).await.counts.unexplained;
            (helen, before)
        };
        let rashida = portal.sign_in("rashida.amadi").await;
        view(&portal, &rashida, harte).await;
        view(&portal, &rashida, hollis).await;
        view(&portal, &rashida, hollis).await;
        watch::look(&portal.app).await.unwrap();
        watch::look(&portal.app).await.unwrap();
        let desk = queue(&helen).await;
        assert_eq!(desk.counts.unexplained, before + 1);
        let of = |name: &str| desk.items.iter().find(|line| line.kind == ReviewKind::Unexplained && line.person_name == name);
        let line = of("Rashida Amadi").unwrap();
        assert_eq!((line.person_name.as_str(), line.signals.as_slice()), ("Rashida Amadi", [Signal::NoCareRelation].as_slice()));
        assert_eq!(line.due_at.since(line.raised_at), Duration::from_secs(7 * 24 * 3_600));
        assert_eq!(line.explanation.text, "None found");
    }

    async fn a_look_after_the_patient_has_left_the_ward_is_found_though_the_one_before_was_care(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let harte = found(&louise, &by_number("NG-104155")).await.patient;
        watch::look(&portal.app).await.unwrap();
        let helen = portal.sign_in("helen.frost").await;
        let before = queue(&helen).await.counts.unexplained;
        let rashida = portal.sign_in("rashida.amadi").await;
        view(&portal, &rashida, harte).await;
        let to = json!({ "bed": free_bed_on_5a(&portal).await });
        let moved = louise.post(&format!("/api/v1/patients/{harte}/transfer"), &to).await;
        assert_eq!(moved.status, 204, "{}", moved.text);
        view(&portal, &rashida, harte).await;
        watch::look(&portal.app).await.unwrap();
        assert_eq!(queue(&helen).await.counts.unexplained, before + 1);
    }

    async fn a_look_at_the_device_alone_or_one_that_the_patient_agreed_to_needs_no_explanation(portal: Portal) {
        let tomas = portal.sign_in("tomas.reuter").await;
        let hollis = found(&tomas, &by_number(HOLLIS)).await.patient;
        let helen = portal.sign_in("helen.frost").await;
        watch::look(&portal.app).await.unwrap();
        let before = queue(&helen).await.counts.unexplained;
        let daniel = portal.sign_in("daniel.brooks").await;
        looked(&portal, &daniel, hollis, json!({ "classes": ["technical"], "relations": ["custodian"] })).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        looked(&portal, &rashida, hollis, json!({ "classes": ["clinical"], "relations": ["consented"] })).await;
        watch::look(&portal.app).await.unwrap();
        assert_eq!(queue(&helen).await.counts.unexplained, before);
        // One that neither explains is found.
        looked(&portal, &daniel, hollis, json!({ "classes": ["clinical"], "relations": ["any"] })).await;
        watch::look(&portal.app).await.unwrap();
        assert_eq!(queue(&helen).await.counts.unexplained, before + 1);
    }

    async fn while_the_checkpoint_is_forged_nobody_decides(portal: Portal) {
        let review = one_review(&portal).await;
        portal.app.recorder.note_checkpoint(portal.app.clock.now()).await.unwrap();
        let file = checkpoint_file(&journal_folder(portal.data()));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("\"number\":", "\"number\":1", 1)).unwrap();
        watch::check_chains(&portal.app).await.unwrap();
        let mut helen = portal.sign_in("helen.frost").await;
        assert!(matches!(queue(&helen).await.chain, ChainView::CheckpointForged { .. }));
        assert_eq!(decide(&mut helen, review, "appropriate", NOTE).await.status, 403);
    }

    async fn the_record_is_searched_by_person_patient_device_and_time(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let tomas = portal.sign_in("tomas.reuter").await;
        let hollis = found(&tomas, &by_number(HOLLIS)).await.patient;
        for _ in 0..60 {
            view(&portal, &tomas, hollis).await;
        }
        let helen = portal.sign_in("helen.frost").await;
        let search = async |asked: Value| -> RecordPage {
            let answer = helen.post("/api/v1/reviews/search", &asked).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            serde_json::from_str(&answer.text).unwrap()
        };
        let first = search(json!({ "record_number": HOLLIS })).await;
        assert_eq!(first.items.len(), 50);
        let after = first.next.clone().expect("a second page");
        let second = search(json!({ "record_number": HOLLIS, "after": after })).await;
        assert!(second.items.iter().all(|entry| entry.entry < first.items[49].entry));
        assert!(second.items.len() >= 10 && second.next.is_none());
        assert!(search(json!({ "record_number": "SA-55018" })).await.items.is_empty());
        assert!(search(json!({ "person": "Ivo Lang" })).await.items.is_empty());
        let by_person = search(json!({ "person": "reuter" })).await;
        assert!(by_person.items.len() >= 3);
        assert!(by_person.items.iter().all(|entry| entry.person_name.as_deref() == Some("Tomas Reuter")));
        assert!(!search(json!({ "serial": "NW-M40-000317" })).await.items.is_empty());
        let now = clock.now();
        let earlier = search(json!({ "person": "reuter", "until": now - Duration::from_secs(60) })).await;
        assert!(earlier.items.is_empty());
        assert!(portal.count_of("record_searched").await >= 6);
        for entry in by_person.items {
            assert!(!entry.what.contains("HOLLIS") && !entry.what.contains(HOLLIS));
        }
    }

    async fn a_signed_copy_leaves_after_a_proof_and_is_checked(portal: Portal) {
        one_review(&portal).await;
        let mut helen = portal.sign_in("helen.frost").await;
        let path = format!("/api/v1/reviews/export?from=0&until={}", i64::MAX);
        let unproven = helen.get(&path).await;
        assert_eq!((unproven.status, unproven.code().as_str()), (403, "step_up_required"));
        helen.step_up().await;
        watch::check_chains(&portal.app).await.unwrap();
        let copy = helen.get(&path).await;
        assert_eq!(copy.status, 200, "{}", copy.text);
        assert!(copy.text.contains("emergency_access_opened"));
        assert!(!copy.text.contains("HOLLIS"));
        let key = &portal.app.secrets.audit;
        let checked = export::verify(&copy.text, key).unwrap();
        assert!(checked.chain_verified && checked.entries > 5);
        let changed = copy.text.replacen("emergency_access_opened", "emergency_access_opende", 1);
        assert!(export::verify(&changed, key).is_err());
        assert_eq!(portal.count_of("record_exported").await, 1);
    }

    async fn helen_is_told_what_she_may_do_with_a_review_and_tomas_finds_no_such_review(portal: Portal) {
        let review = one_review(&portal).await;
        let helen = portal.sign_in("helen.frost").await;
        let path = format!("/api/v1/capabilities?kind=access_review&id={review}");
        let may: Capabilities = helen.read(&path).await;
        assert!(may.may(Kind::AccessReview, Action::DecideReview));
        assert_eq!(portal.sign_in("tomas.reuter").await.get(&path).await.status, 404);
    }

    async fn while_the_record_is_broken_officers_read_and_nobody_decides(portal: Portal) {
        let review = one_review(&portal).await;
        let tampered: Result<(), DbError> = portal
            .app
            .db
            .write(|connection| {
                // Behind the database's back, as somebody with its password could.
                let trigger = if cfg!(feature = "postgres") {
                    connection.batch_execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
                } else {
                    Err(diesel::result::Error::NotFound)
                };
                if trigger.is_err() {
                    connection.batch_execute("DROP TRIGGER audit_entries_refuse_update")?;
                }
                Ok(connection.batch_execute(
                    "UPDATE audit_entries SET recorded_at = recorded_at + 1 WHERE event = 'emergency_access_opened'",
                )?)
            })
            .await;
        tampered.unwrap();
        watch::check_chains(&portal.app).await.unwrap();
        let mut helen = portal.sign_in("helen.frost").await;
        let ChainView::Broken { number, around, .. } = queue(&helen).await.chain else {
            panic!("the break was not found");
        };
        assert!(around.iter().any(|link| link.number == number && !link.fits));
        let shown = event(&helen, review).await;
        assert!(matches!(shown.may_decide, MayDecide::No { .. }));
        let refused = decide(&mut helen, review, "appropriate", NOTE).await;
        assert_eq!(refused.status, 403);
        assert!(refused.text.contains("does not fit together"), "{}", refused.text);
        let mut tomas = portal.sign_in("tomas.reuter").await;
        emergency::opened(&mut tomas, "NG-104352").await;
    }
}
