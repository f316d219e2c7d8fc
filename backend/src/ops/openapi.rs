//! The API's description, made from the handlers and the wire types.

mod answers;

use utoipa::OpenApi;

use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fleetward",
        description = "The portal's API. Errors are always an ErrorBody; a row that you may not see is a 404 like one that does not exist."
    ),
    paths(
        crate::identity::routes::start,
        crate::identity::routes::current,
        crate::identity::routes::end,
        crate::identity::routes::demo_people,
        crate::identity::session_routes::list,
        crate::identity::session_routes::end_one,
        crate::identity::session_routes::end_everywhere,
        crate::identity::session_routes::present,
        crate::identity::station_routes::enrol,
        crate::identity::station_routes::retire,
        crate::identity::station_routes::acted_lately,
        crate::identity::credential_routes::ask_to_sign_in,
        crate::identity::credential_routes::sign_in_with_passkey,
        crate::identity::credential_routes::proof,
        crate::identity::credential_routes::ask_for_proof,
        crate::identity::credential_routes::prove_with_passkey,
        crate::identity::credential_routes::prove_with_password,
        crate::identity::credential_routes::security,
        crate::identity::credential_routes::ask_for_new_passkey,
        crate::identity::credential_routes::add_passkey,
        crate::identity::credential_routes::rename_passkey,
        crate::identity::credential_routes::remove_passkey,
        crate::identity::credential_routes::change_password,
        crate::identity::credential_routes::offer_second_factor,
        crate::identity::credential_routes::set_second_factor,
        crate::identity::credential_routes::ask_at_sign_in,
        crate::identity::credential_routes::remove_second_factor,
        crate::identity::credential_routes::make_recovery_codes,
        crate::care::routes::list_wards,
        crate::care::routes::ward,
        crate::care::routes::one_bed,
        crate::care::routes::bed_history_of,
        crate::care::routes::list_patients,
        crate::care::routes::transfer_patient,
        crate::care::routes::search_patients,
        crate::care::routes::me,
        crate::care::own_privacy::who_looked,
        crate::care::own_privacy::sharing,
        crate::care::own_privacy::give_consent,
        crate::care::own_privacy::withdraw_consent,
        crate::fleet::routes::list,
        crate::fleet::routes::one,
        crate::fleet::routes::counts,
        crate::devices::routes::device_history,
        crate::live::routes::open,
        crate::care::emergency::routes::find_patient,
        crate::care::emergency::routes::list_wards,
        crate::care::emergency::routes::current,
        crate::care::emergency::routes::open_patient,
        crate::care::emergency::routes::extend_once,
        crate::care::emergency::routes::end_now,
        crate::care::emergency::routes::record,
        crate::reviews::routes::list,
        crate::reviews::routes::one,
        crate::reviews::routes::decide,
        crate::reviews::routes::asked,
        crate::reviews::routes::answer,
        crate::reviews::routes::find,
        crate::reviews::routes::copy,
        crate::people::list::list,
        crate::people::routes::one,
        crate::people::routes::change,
        crate::people::routes::take_back_plan,
        crate::people::routes::suspend,
        crate::people::routes::lift_suspension,
        crate::people::routes::end,
        crate::people::recovery::start,
        crate::people::invitations::invite,
        crate::people::invitations::one,
        crate::people::invitations::send_again,
        crate::people::invitations::withdraw,
        crate::people::places::one,
        crate::people::places::preview_role,
        crate::people::review_deadlines::set,
        crate::people::sites::add_site,
        crate::people::sites::change_site,
        crate::people::places::add_unit,
        crate::people::places::rename_unit,
        crate::people::places::close_unit,
        crate::people::own_memberships::list,
        crate::people::own_memberships::switch,
        crate::people::outbox::list,
        crate::people::outbox::retry,
        crate::access::routes::capabilities,
        crate::access::routes::policy,
        super::routes::alive,
        super::routes::ready,
        super::routes::openapi,
    )
)]
struct Document;

pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    answers::describe(&mut document, &routes::declared());
    document
}
