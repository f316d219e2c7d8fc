//! A frame that the server will never store must not hold up the others.

use std::{fs, path::Path};

use crate::support::{Authority, Reaction, Ward, heart_rate, open_in, while_running};

async fn with_frame_7_met_by(reaction: Reaction, folder: &Path) -> (u64, u64) {
    let authority = Authority::new();
    let ward = Ward::open(&authority, move |frame| match frame.seq {
        7 => reaction,
        _ => Reaction::StoreAndAck,
    })
    .await;
    let agent = open_in(folder, authority.device(&authority));
    for value in 0..30 {
        agent.record(heart_rate(value)).unwrap();
    }
    while_running(&agent, &ward, agent.settled()).await;

    let expected: Vec<u64> = (0..30).filter(|seq| *seq != 7).collect();
    assert_eq!(ward.stored.lock().unwrap().seqs(), expected);
    let aside = format!(
        "buffer/refused/{:020}-{:020}.frame",
        agent.status().borrow().epoch,
        7
    );
    assert!(folder.join(aside).exists());
    let status = agent.status().borrow().clone();
    (status.refused, status.acknowledged)
}

#[tokio::test]
async fn a_refused_frame_is_set_aside_and_the_others_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let counts = with_frame_7_met_by(Reaction::Refuse, folder.path()).await;
    assert_eq!(counts, (1, 29));
    let aside = fs::read_dir(folder.path().join("buffer/refused"))
        .unwrap()
        .count();
    assert_eq!(aside, 2, "the frame and the reason");
    let log = fs::read_to_string(folder.path().join("ack.log")).unwrap();
    assert_eq!(log.lines().count(), 29);
    assert!(log.lines().all(|line| !line.ends_with(" 7")));
}

#[tokio::test]
async fn a_frame_refused_without_saying_which_is_kept_for_a_person_and_the_others_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    with_frame_7_met_by(Reaction::RefuseWithoutSaying, folder.path()).await;
}
