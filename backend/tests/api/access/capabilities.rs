//! What the portal is told it may show, and that the server keeps to it.

use fleetward_common::{
    access::{Action, Capabilities, DataClass, Kind, PolicyView},
    care::Occupancy,
};

use super::NOBODY;
use crate::{
    care::board_of,
    on_both_engines,
    support::{Person, Portal},
};

async fn may(person: &Person<'_>, kind: Kind, id: impl ToString) -> Capabilities {
    let id = id.to_string();
    person
        .read(&format!("/api/v1/capabilities?kind={kind}&id={id}"))
        .await
}

on_both_engines! {
    async fn louise_is_told_that_she_may_move_a_patient_and_rashida_is_not(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&louise).await;
        let Occupancy::Occupied { patient: Some(patient), .. } = board.beds[6].occupancy else { panic!("bed 7 is taken") };
        assert!(may(&louise, Kind::Patient, patient).await.may(Kind::Patient, Action::Transfer));
        let rashidas = may(&rashida, Kind::Patient, patient).await;
        assert!(!rashidas.may(Kind::Patient, Action::Transfer));
        assert!(rashidas.may_in(Kind::Patient, Action::Read, DataClass::Identity));
        // Made by hand, it is refused all the same.
        let free = board.beds.iter().find(|bed| bed.occupancy == Occupancy::Free).unwrap();
        let body = serde_json::json!({ "bed": free.id });
        let path = format!("/api/v1/patients/{patient}/transfer");
        assert_eq!(rashida.post(&path, &body).await.status, 403);
        assert_eq!(louise.post(&path, &body).await.status, 204);
    }

    async fn a_row_out_of_reach_has_no_capabilities_to_tell_of(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ivo = portal.sign_in("ivo.lang").await;
        let ask = async |id: String| ivo.get(&format!("/api/v1/capabilities?kind=bed&id={id}")).await;
        let (hidden, absent) = (ask(board.beds[6].id.to_string()).await, ask(NOBODY.to_owned()).await);
        assert_eq!((hidden.status, absent.status), (404, 404));
        assert_eq!(hidden.text, absent.text);
        assert_eq!(ivo.get("/api/v1/capabilities?kind=bed").await.status, 400);
        assert_eq!(ivo.get("/api/v1/capabilities?kind=spaceship&id=1").await.status, 400);
    }

    async fn each_role_is_told_its_own(portal: Portal) {
        let of = async |login: &str| -> Capabilities { portal.sign_in(login).await.read("/api/v1/capabilities").await };
        let ruth = of("ruth.adler").await;
        assert!(ruth.may(Kind::Membership, Action::Administer) && ruth.may(Kind::Organisation, Action::ReadPolicy));
        assert!(!ruth.may(Kind::Patient, Action::Read));
        let helen = of("helen.frost").await;
        assert!(helen.may(Kind::AccessReview, Action::DecideReview) && helen.may(Kind::Organisation, Action::ReadAudit));
        assert!(!helen.may_in(Kind::Patient, Action::Read, DataClass::Clinical));
        let alan = of("alan.reed").await;
        assert!(alan.may(Kind::Patient, Action::ReadAccessLog) && alan.may(Kind::Consent, Action::ManageConsent));
        assert!(!alan.may(Kind::Membership, Action::Read));
        let nils = of("nils.berg").await;
        for kind in [Kind::Patient, Kind::Bed, Kind::Device] {
            assert!(!nils.may(kind, Action::Read), "{kind}");
        }
        let ben = of("ben.fischer").await;
        assert!(ben.may_in(Kind::Device, Action::Read, DataClass::Technical));
        assert!(!ben.may_in(Kind::Device, Action::Read, DataClass::Identity));
    }

    async fn ruth_reads_the_policy_in_force_and_rashida_does_not(portal: Portal) {
        let ruth = portal.sign_in("ruth.adler").await;
        let policy: PolicyView = ruth.read("/api/v1/policy").await;
        assert_eq!(policy.rules.len(), portal.app.access.rules().len());
        assert!(policy.rules.iter().any(|rule| rule.denies && rule.relation == "any"));
        assert_eq!(portal.sign_in("rashida.amadi").await.get("/api/v1/policy").await.status, 403);
        // A patient belongs to no staff: for them there is no such page.
        assert_eq!(portal.sign_in("alan.reed").await.get("/api/v1/policy").await.status, 404);
    }
}
