//! The canary in the words that people write while they work: they are kept, shown to whoever may read
//! them, and nowhere else.

use fleetward_common::{
    care::{Occupancy, WardBoard, WardSummary},
    emergency::{EmergencyReason, FoundPatient, LookUp, OpenInEmergency, PatientRecord},
    review::{
        Decide, Decision, GiveAnswer, Question, RecordPage, RecordSearch, ReviewEvent, ReviewQueue, Step,
    },
    sharing::{ConsentPurpose, GiveConsent, Sharing},
};
use fleetward_e2e::{
    api::Session,
    people::{ALAN, HELEN, LOUISE, TOMAS},
    portal::Portal,
    trouble::{Outcome, Trouble, same},
};
use serde::Serialize;
use serde_json::json;

use super::{WORDS, all_words, canary, found};

pub async fn done_by_everybody(portal: &Portal) -> Outcome {
    let mut tomas = Session::sign_in(portal, TOMAS).await?;
    let mut helen = Session::sign_in(portal, HELEN).await?;
    tomas.prove().await?;
    helen.prove().await?;
    tomas_opens_in_an_emergency(&tomas).await?;
    helen_and_tomas_write_about_it(&helen, &tomas).await?;
    helen_searches_and_copies(&helen).await?;
    alan_shares(&Session::sign_in(portal, ALAN).await?).await?;
    louise_moves_a_patient(&Session::sign_in(portal, LOUISE).await?).await
}

/// No sentence that someone wrote comes back in a refusal.
async fn is_refused(session: &Session, path: &str, body: &impl Serialize) -> Outcome {
    let answer = session.answer_to(path, body).await?;
    let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
    if !status.is_client_error() {
        return Err(Trouble::Wrong(format!("{path} answers {status}")));
    }
    let said = answer.text().await?;
    same(
        &format!("the canary in a refusal of {path}"),
        found(&canary(), &(headers + said.as_str())),
        Vec::new(),
    )
}

async fn tomas_opens_in_an_emergency(tomas: &Session) -> Outcome {
    let by = LookUp::RecordNumber {
        record_number: "NG-104340".to_owned(),
    };
    let hollis: FoundPatient = tomas.ask("/api/v1/emergency/look-up", &by).await?;
    let unknown = LookUp::RecordNumber {
        record_number: WORDS[1].to_owned(),
    };
    is_refused(tomas, "/api/v1/emergency/look-up", &unknown).await?;
    let open = format!("/api/v1/patients/{}/emergency", hollis.patient);
    let why = OpenInEmergency {
        reason: EmergencyReason::Asked,
        sentence: format!("Sister of {}, asked at once.", all_words()),
    };
    let too_long = OpenInEmergency {
        sentence: all_words().repeat(30),
        ..why.clone()
    };
    is_refused(tomas, &open, &too_long).await?;
    tomas.post(&open, &why).await?;
    is_refused(
        tomas,
        &open,
        &json!({ "reason": all_words(), "sentence": all_words() }),
    )
    .await?;
    let _: PatientRecord = tomas.get(&format!("/api/v1/patients/{}", hollis.patient)).await?;
    let longer = OpenInEmergency {
        sentence: format!("Sister of {}, asks again.", all_words()),
        ..why
    };
    tomas.post("/api/v1/emergency/extension", &longer).await?;
    tomas.delete("/api/v1/emergency").await
}

async fn helen_and_tomas_write_about_it(helen: &Session, tomas: &Session) -> Outcome {
    let queue: ReviewQueue = helen.get("/api/v1/reviews").await?;
    let line = queue
        .items
        .first()
        .ok_or_else(|| Trouble::wrong("an empty queue"))?;
    let shown = line.sentence.clone().unwrap_or_default();
    same(
        "words of the sentence on the desk",
        found(&canary(), &shown).len(),
        WORDS.len(),
    )?;
    let review = format!("/api/v1/reviews/{}", line.id);
    let decisions = format!("{review}/decisions");
    let decide = |decision| Decide {
        decision,
        note: format!("Is {} your relative?", all_words()),
    };
    let too_long = Decide {
        note: all_words().repeat(200),
        ..decide(Decision::Breach)
    };
    is_refused(helen, &decisions, &too_long).await?;
    helen.post(&decisions, &decide(Decision::NeedsAnswer)).await?;
    let questions: Vec<Question> = tomas.get("/api/v1/reviews/asked").await?;
    same("questions to Tomas", questions.len(), 1)?;
    let answer = GiveAnswer {
        answer: format!("I never met {}.", all_words()),
    };
    tomas.post(&format!("{review}/answer"), &answer).await?;
    is_refused(tomas, &format!("{review}/answer"), &answer).await?;
    helen.post(&decisions, &decide(Decision::Appropriate)).await?;
    let event: ReviewEvent = helen.get(&review).await?;
    let steps: Vec<Step> = event.steps.iter().map(|step| step.step).collect();
    same(
        "steps of the review",
        steps,
        vec![Step::Asked, Step::Answered, Step::FoundAppropriate],
    )?;
    for step in &event.steps {
        same(
            "words in a step's note",
            found(&canary(), &step.note).len(),
            WORDS.len(),
        )?;
    }
    Ok(())
}

async fn helen_searches_and_copies(helen: &Session) -> Outcome {
    for search in [
        RecordSearch {
            person: Some(all_words()),
            ..RecordSearch::default()
        },
        RecordSearch {
            record_number: Some(WORDS[1].to_owned()),
            serial: Some(all_words()),
            ..RecordSearch::default()
        },
    ] {
        let page: RecordPage = helen.ask("/api/v1/reviews/search", &search).await?;
        same("entries about nobody", page.items.len(), 0)?;
    }
    is_refused(helen, "/api/v1/reviews/search", &json!({ "after": all_words() })).await?;
    let copy = helen
        .send("/api/v1/reviews/export?from=0&until=4102444800000000")
        .await?;
    let copy = copy.error_for_status()?;
    let headers = format!("{:?}", copy.headers());
    let text = copy.text().await?;
    if !text.contains("review") {
        return Err(Trouble::Wrong(format!("a copy without reviews: {text}")));
    }
    same(
        "the canary in the copy",
        found(&canary(), &(headers + text.as_str())),
        Vec::new(),
    )
}

async fn alan_shares(alan: &Session) -> Outcome {
    let nobody = GiveConsent::NamedPerson { login: all_words() };
    is_refused(alan, "/api/v1/me/consents", &nobody).await?;
    let given = [
        GiveConsent::Research {},
        GiveConsent::NamedPerson {
            login: "sofia.hughes".to_owned(),
        },
    ];
    for consent in given {
        alan.post("/api/v1/me/consents", &consent).await?;
    }
    let sharing: Sharing = alan.get("/api/v1/me/consents").await?;
    let research = sharing
        .choices
        .iter()
        .any(|choice| choice.purpose == ConsentPurpose::Research && choice.given.is_some());
    same(
        "what Alan shares",
        (research, sharing.people.len() == 1),
        (true, true),
    )
}

async fn louise_moves_a_patient(louise: &Session) -> Outcome {
    let wards: Vec<WardSummary> = louise.get("/api/v1/wards").await?;
    let ward = wards.first().ok_or_else(|| Trouble::wrong("Louise has a ward"))?;
    let board: WardBoard = louise.get(&format!("/api/v1/wards/{}", ward.ward.id)).await?;
    let free = board
        .beds
        .iter()
        .find(|bed| matches!(bed.occupancy, Occupancy::Free))
        .ok_or_else(|| Trouble::wrong("a full ward"))?;
    let patient = board
        .beds
        .iter()
        .find_map(|bed| bed.occupancy.patient())
        .ok_or_else(|| Trouble::wrong("an empty ward"))?;
    let path = format!("/api/v1/patients/{patient}/transfer");
    is_refused(louise, &path, &json!({ "bed": all_words() })).await?;
    is_refused(louise, &path, &json!({ "bed": free.id, "why": all_words() })).await?;
    louise.post(&path, &json!({ "bed": free.id })).await
}
