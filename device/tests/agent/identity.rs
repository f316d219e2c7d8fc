//! Who talks to whom.

use std::fs;

use fleetward_device::agent::{Credentials, CredentialsError};

use crate::support::{Authority, Reaction, Ward, heart_rate, monitor, while_running};

#[tokio::test]
async fn a_device_does_not_talk_to_a_server_of_another_authority() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let ward = Ward::open(&theirs, |_| Reaction::StoreAndAck).await;
    let agent = monitor().open(theirs.device(&ours)).unwrap();
    let mut status = agent.status();
    while_running(&agent, &ward, async {
        agent.record(heart_rate(60)).unwrap();
        let failed = status
            .wait_for(|status| status.last_failure.is_some())
            .await
            .unwrap();
        let why = failed.last_failure.clone().unwrap();
        assert!(why.contains("certificate"), "{why}");
    })
    .await;
    let status = agent.status().borrow().clone();
    assert_eq!((status.welcomes, status.held_frames), (0, 1));
    assert!(ward.stored.lock().unwrap().hellos.is_empty());
}

#[tokio::test]
async fn a_server_that_refuses_the_certificate_leaves_the_frames_in_the_buffer() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let ward = Ward::open(&ours, |_| Reaction::StoreAndAck).await;
    let agent = monitor().open(theirs.device(&ours)).unwrap();
    let mut status = agent.status();
    while_running(&agent, &ward, async {
        agent.record(heart_rate(60)).unwrap();
        status
            .wait_for(|status| status.last_failure.is_some())
            .await
            .unwrap();
    })
    .await;
    assert_eq!(agent.status().borrow().held_frames, 1);
}

#[test]
fn a_folder_without_a_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Credentials::from_folder(folder.path()).unwrap_err();
    assert!(matches!(error, CredentialsError::Unreadable { path, .. } if path.ends_with("device.key.pem")));
}

#[test]
fn a_folder_as_the_seed_leaves_it_is_enough() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    authority.write_device_folder(folder.path());
    Credentials::from_folder(folder.path()).unwrap();

    fs::write(folder.path().join("server-ca.pem"), "not a certificate").unwrap();
    let error = Credentials::from_folder(folder.path()).unwrap_err();
    assert!(matches!(
        error,
        CredentialsError::NotPem {
            what: "certificate",
            ..
        }
    ));
}
