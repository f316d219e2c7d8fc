//! What any operation may answer besides what it says itself: the stranger, the request that cannot be
//! read, the one that has to wait.
//!
//! Written once, from how a route is guarded and what it takes. What an operation says itself stays.

use actix_web::http::Method;
use fleetward_common::error::ErrorBody;
use utoipa::{
    ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response,
        ResponseBuilder,
        path::Operation,
        schema::Type,
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use crate::platform::http::{Declared, Guard, around::SESSION_COOKIE};

/// The name of the session in the document.
const SESSION: &str = "session";

struct Answer {
    name: &'static str,
    status: u16,
    when: &'static str,
    /// Whether `Retry-After` comes with it.
    waits: bool,
}

const ANSWERS: [Answer; 8] = [
    Answer {
        name: "BadRequest",
        status: 400,
        when: "The request cannot be understood; the sentence says where.",
        waits: false,
    },
    Answer {
        name: "SignInRequired",
        status: 401,
        when: "Nobody is signed in, or the session has ended.",
        waits: false,
    },
    Answer {
        name: "NotPermitted",
        status: 403,
        when: "Seen, but not allowed: the sentence says who can grant it. Also whatever another site sent.",
        waits: false,
    },
    Answer {
        name: "NotFound",
        status: 404,
        when: "Absent, or not yours to see: the same for both.",
        waits: false,
    },
    Answer {
        name: "TooLarge",
        status: 413,
        when: "Larger than Fleetward takes: a body of 16 KiB, headers of 16 KiB, an address of 4 KiB.",
        waits: false,
    },
    Answer {
        name: "UnsupportedMediaType",
        status: 415,
        when: "Bodies are JSON.",
        waits: false,
    },
    Answer {
        name: "TooManyRequests",
        status: 429,
        when: "This session or this address has asked for more than its share.",
        waits: true,
    },
    Answer {
        name: "Unavailable",
        status: 503,
        when: "Nothing was changed; another try is worth it.",
        waits: true,
    },
];

pub fn describe(document: &mut OpenApi, routes: &[Declared]) {
    for route in routes {
        let operation = document
            .paths
            .paths
            .get_mut(&route.path)
            .and_then(|item| operation(item, &route.method));
        if let Some(operation) = operation {
            complete(operation, route);
        }
    }
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .entry(ErrorBody::name().into_owned())
        .or_insert_with(<ErrorBody as utoipa::PartialSchema>::schema);
    for answer in &ANSWERS {
        components
            .responses
            .insert(answer.name.to_owned(), RefOr::T(answer.response()));
    }
    let cookie = ApiKeyValue::with_description(
        SESSION_COOKIE,
        "Comes with the answer to a sign-in. The server keeps only its hash.",
    );
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
}

fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

fn complete(operation: &mut Operation, route: &Declared) {
    if route.guard != Guard::Public {
        operation.security = Some(vec![SecurityRequirement::new(SESSION, [""; 0])]);
    }
    for answer in &ANSWERS {
        if possible(answer.status, operation, route) {
            operation
                .responses
                .responses
                .entry(answer.status.to_string())
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(answer.name)));
        }
    }
}

fn possible(status: u16, operation: &Operation, route: &Declared) -> bool {
    let guarded = route.guard != Guard::Public;
    let has_body = operation.request_body.is_some();
    match status {
        400 => has_body || operation.parameters.is_some() || route.guard == Guard::Stream,
        401 => guarded,
        403 => guarded || route.method != Method::GET,
        404 => route.path.contains('{') || matches!(route.guard, Guard::Point(..)),
        415 => has_body,
        _ => true,
    }
}

impl Answer {
    fn response(&self) -> Response {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(ErrorBody::name())))
            .build();
        let response = ResponseBuilder::new()
            .description(self.when)
            .content("application/json", content);
        if !self.waits {
            return response.build();
        }
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds until another try can succeed."));
        response.header("Retry-After", header.build()).build()
    }
}
