//! Routes that can't be mounted without saying who guards them and what they cost.
//!
//! A domain lists its routes with [`Routes`]; each names its [`Guard`]. The list is kept beside the
//! handlers, so the golden file `routes.txt` and the test that tries every route as a stranger see
//! exactly what is served.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    future::ready,
};

use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, Route, guard, http::Method, web};
use fleetward_common::access::{Action, Kind};

use super::Failure;

/// What stands between a request and this route's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing of anybody is behind it: sign-in, health, assets.
    Public,
    /// Any session, and only what that session itself is.
    SignedIn,
    /// One row, by a permit.
    Point(Kind, Action),
    /// Many rows, by the policy's one condition.
    List(Kind, Action),
    /// The scope of a live topic, compiled at subscribe.
    Stream,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Guard::Public => f.write_str("public"),
            Guard::SignedIn => f.write_str("signed in"),
            Guard::Point(kind, action) => write!(f, "permit {kind} {action}"),
            Guard::List(kind, action) => write!(f, "list {kind} {action}"),
            Guard::Stream => f.write_str("stream scope"),
        }
    }
}

/// What answering takes, in units of one small page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(u32);

impl Cost {
    /// Held in memory.
    pub const LIGHT: Cost = Cost(1);
    /// A row or two.
    pub const ROW: Cost = Cost(2);
    /// Many rows, or many values of one.
    pub const LIST: Cost = Cost(4);
    /// A socket that stays.
    pub const STREAM: Cost = Cost(10);
    /// An Argon2 hash: 19 MiB for some 20 ms.
    pub const PASSWORD: Cost = Cost(20);

    pub const fn of(units: u32) -> Self {
        Self(units)
    }

    pub const fn units(self) -> u32 {
        self.0
    }

    /// What a route costs that doesn't say otherwise.
    const fn usual(guard: Guard) -> Self {
        match guard {
            Guard::Public => Cost::LIGHT,
            Guard::SignedIn => Cost::ROW,
            Guard::Point(_, Action::Read) => Cost::ROW,
            Guard::Point(..) | Guard::List(..) => Cost::LIST,
            Guard::Stream => Cost::STREAM,
        }
    }
}

/// Which room a request is answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    Usual,
    /// Kept free for alarms, for breaking the glass and for passkeys.
    Reserved,
}

/// One route as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub method: Method,
    pub path: String,
    pub guard: Guard,
    pub cost: Cost,
    pub lane: Lane,
}

/// What each route costs, for whoever counts before a route is called.
#[derive(Debug, Default)]
pub struct Tariff(HashMap<(Method, String), (Cost, Lane)>);

impl Tariff {
    pub fn of(declared: Vec<Declared>) -> Self {
        let prices = declared
            .into_iter()
            .map(|route| ((route.method, route.path), (route.cost, route.lane)));
        Self(prices.collect())
    }

    /// What matches no route costs a little too.
    pub fn price(&self, method: &Method, pattern: &str) -> (Cost, Lane) {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.0
            .get(&(method.clone(), pattern.to_owned()))
            .copied()
            .unwrap_or((Cost::LIGHT, Lane::Usual))
    }
}

#[derive(Default)]
pub struct Routes {
    routes: Vec<(Declared, Route)>,
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get<F, Args>(self, path: &str, guard: Guard, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::GET, path, guard, handler)
    }

    pub fn post<F, Args>(self, path: &str, guard: Guard, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::POST, path, guard, handler)
    }

    pub fn delete<F, Args>(self, path: &str, guard: Guard, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.route(Method::DELETE, path, guard, handler)
    }

    fn route<F, Args>(mut self, method: Method, path: &str, guard: Guard, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        // Whoever may get a page may ask for its head; the body is left out on the way.
        let route = if method == Method::GET {
            web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            web::method(method.clone())
        };
        let route = route.to(handler);
        let declared = Declared {
            method,
            path: path.to_owned(),
            guard,
            cost: Cost::usual(guard),
            lane: Lane::Usual,
        };
        self.routes.push((declared, route));
        self
    }

    /// The route just named costs this much.
    #[must_use]
    pub fn costing(mut self, cost: Cost) -> Self {
        if let Some((declared, _)) = self.routes.last_mut() {
            declared.cost = cost;
        }
        self
    }

    /// The route just named has its own room, also when all others are busy.
    #[must_use]
    pub fn reserved(mut self) -> Self {
        if let Some((declared, _)) = self.routes.last_mut() {
            declared.lane = Lane::Reserved;
        }
        self
    }

    pub fn and(mut self, other: Routes) -> Self {
        self.routes.extend(other.routes);
        self
    }

    /// All of these under one prefix.
    pub fn under(mut self, prefix: &str) -> Self {
        for (declared, _) in &mut self.routes {
            declared.path.insert_str(0, prefix);
        }
        self
    }

    pub fn declared(&self) -> Vec<Declared> {
        self.routes.iter().map(|(declared, _)| declared.clone()).collect()
    }

    /// Routes of one path share a resource, so that a wrong method is answered as one.
    pub fn mount(self, config: &mut web::ServiceConfig) {
        // Literal segments first: `/a/{b}` must not swallow `/a/counts`.
        let mut by_path: BTreeMap<(usize, String), Vec<(Method, Route)>> = BTreeMap::new();
        for (declared, route) in self.routes {
            let parameters = declared.path.matches('{').count();
            by_path
                .entry((parameters, declared.path))
                .or_default()
                .push((declared.method, route));
        }
        for ((_, path), routes) in by_path {
            config.service(resource(&path, routes));
        }
    }
}

fn resource(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let methods: Vec<&str> = routes
        .iter()
        .map(|(method, _)| {
            if method == Method::GET {
                "GET, HEAD"
            } else {
                method.as_str()
            }
        })
        .collect();
    let allow = methods.join(", ");
    let refuse = move || ready(Err::<HttpResponse, _>(Failure::MethodNotAllowed(allow.clone())));
    routes
        .into_iter()
        .fold(web::resource(path), |resource, (_, route)| resource.route(route))
        .default_service(web::to(refuse))
}
