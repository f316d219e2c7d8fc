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
        crate::care::routes::list_wards,
        crate::care::routes::ward,
        crate::care::routes::one_bed,
        crate::care::routes::bed_history_of,
        crate::care::routes::list_patients,
        crate::care::routes::transfer_patient,
        crate::care::routes::me,
        crate::fleet::routes::list,
        crate::fleet::routes::one,
        crate::fleet::routes::counts,
        crate::devices::routes::device_history,
        crate::live::routes::open,
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
