//! One request of a page: asked again when its key changes or when told to.

use std::{future::Future, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, hook, use_callback, use_effect_with, use_mut_ref, use_state, use_state_eq};

use crate::api::{self, ApiError};

#[derive(Debug)]
pub enum Answer<T> {
    Loading,
    Ready(Rc<T>),
    Failed(ApiError),
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        match self {
            Answer::Loading => Answer::Loading,
            Answer::Ready(value) => Answer::Ready(value.clone()),
            Answer::Failed(error) => Answer::Failed(error.clone()),
        }
    }
}

impl<T> PartialEq for Answer<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Answer::Loading, Answer::Loading) => true,
            (Answer::Ready(a), Answer::Ready(b)) => Rc::ptr_eq(a, b),
            (Answer::Failed(a), Answer::Failed(b)) => a == b,
            _ => false,
        }
    }
}

pub struct Query<T> {
    pub answer: Answer<T>,
    /// The last reload brought nothing; what is shown is from before.
    pub not_refreshed: Option<ApiError>,
    pub reload: Callback<()>,
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        Self {
            answer: self.answer.clone(),
            not_refreshed: self.not_refreshed.clone(),
            reload: self.reload.clone(),
        }
    }
}

impl<T> PartialEq for Query<T> {
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer
            && self.not_refreshed == other.not_refreshed
            && self.reload == other.reload
    }
}

impl<T> Query<T> {
    pub fn ready(&self) -> Option<&Rc<T>> {
        match &self.answer {
            Answer::Ready(value) => Some(value),
            Answer::Loading | Answer::Failed(_) => None,
        }
    }
}

/// Another key starts from `Loading`, because what was shown belongs to something else. A reload
/// keeps what is shown until the new answer is there.
#[hook]
pub fn use_query<K, T, F, R>(key: K, ask: F) -> Query<T>
where
    K: Clone + PartialEq + 'static,
    T: 'static,
    F: Fn(K) -> R + 'static,
    R: Future<Output = Result<T, ApiError>> + 'static,
{
    let answer = use_state(|| Answer::Loading);
    let not_refreshed = use_state_eq(|| None);
    let shows_something = use_mut_ref(|| false);
    let round = use_state(|| 0_u32);
    // An answer that comes after a newer question was asked is dropped.
    let asked = use_mut_ref(|| (0_u32, None::<K>));
    {
        let (answer, not_refreshed) = (answer.clone(), not_refreshed.clone());
        let ask = Rc::new(ask);
        use_effect_with((key, *round), move |(key, _)| {
            let number = {
                let mut asked = asked.borrow_mut();
                if asked.1.as_ref() != Some(key) {
                    answer.set(Answer::Loading);
                    *shows_something.borrow_mut() = false;
                    asked.1 = Some(key.clone());
                }
                asked.0 += 1;
                asked.0
            };
            let pending = ask(key.clone());
            let latest = asked.clone();
            spawn_local(async move {
                let outcome = pending.await;
                if latest.borrow().0 != number {
                    return;
                }
                match outcome {
                    Ok(value) => {
                        *shows_something.borrow_mut() = true;
                        not_refreshed.set(None);
                        answer.set(Answer::Ready(Rc::new(value)));
                    }
                    Err(error) if error.needs_sign_in() => api::session::go_to_sign_in(),
                    // The page keeps what it has and says how old it is. A refusal is not a glitch:
                    // what may no longer be seen goes.
                    Err(error) if *shows_something.borrow() && error.is_glitch() => {
                        not_refreshed.set(Some(error));
                    }
                    Err(error) => answer.set(Answer::Failed(error)),
                }
            });
            move || asked.borrow_mut().0 += 1
        });
    }
    let reload = { use_callback(round, |(), round| round.set(**round + 1)) };
    Query {
        answer: (*answer).clone(),
        not_refreshed: (*not_refreshed).clone(),
        reload,
    }
}
