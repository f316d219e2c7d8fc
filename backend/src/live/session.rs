//! One tab's socket: subscriptions in, conflated updates out.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use actix_web::web::{Bytes, Data};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use fleetward_common::{
    alarms::lane::AlarmNews,
    error::{ErrorBody, ErrorCode},
    id::DeviceId,
    live::{ClientMessage, LiveMessage, Topic},
};
use serde_json::{Map, json};
use tokio::time::{Instant as Deadline, MissedTickBehavior, interval, timeout};

use super::{
    alarm_sight::{is_told, seen},
    hub::{Ended, Subscription, View},
};
use crate::{
    access::{epochs::EpochMark, stream::Scope},
    app::App,
    identity::{self, SignedIn},
    platform::http::{Failure, failure::chain},
    privacy::trail::{Answer, Trail},
};

const FLUSH: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_secs(2);
/// What ends by the clock is told by `access::hours`; this is for what nobody told.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A tab that took nothing for this long is gone, whatever its connection says.
const STUCK: Duration = Duration::from_secs(20);
/// A ward, its open bed and a device page are three; nobody needs more than this.
const MOST_TOPICS: usize = 32;

/// Why the socket ends.
enum End {
    /// The browser left, or its line is dead: there is nobody to say goodbye to.
    Gone,
    /// Told to the browser.
    Closed(CloseCode, &'static str),
}

struct Tab {
    app: Data<App>,
    signed_in: SignedIn,
    socket: Session,
    subscription: Subscription,
    topics: HashMap<Topic, Listening>,
    /// Of the person's own organisation, where memberships change.
    own: EpochMark,
    /// When the session itself was last looked up. Never yet at the start: someone may have signed out
    /// between the request's check and this tab's place in the hub.
    looked: Option<Deadline>,
}

struct Listening {
    waves: bool,
    scope: Scope,
    /// Of alarms: the last change that this tab was sent.
    heard: u64,
}

pub async fn run(
    app: Data<App>,
    signed_in: SignedIn,
    socket: Session,
    mut messages: AggregatedMessageStream,
) {
    let subscription = app.live.subscribe(signed_in.actor.session);
    let own = app.access.epochs.mark([&signed_in.actor.organisation]);
    let mut tab = Tab {
        app,
        signed_in,
        socket,
        subscription,
        topics: HashMap::new(),
        own,
        looked: None,
    };
    let end = tab.serve(&mut messages).await.err().unwrap_or(End::Gone);
    let Tab { socket, .. } = tab;
    if let End::Closed(code, reason) = end {
        let goodbye = socket.close(Some(CloseReason {
            code,
            description: Some(reason.to_owned()),
        }));
        // A line that is already gone needs no goodbye.
        let _ = timeout(STUCK, goodbye).await;
    }
}

impl Tab {
    async fn serve(&mut self, messages: &mut AggregatedMessageStream) -> Result<(), End> {
        let (mut flush, mut tick) = (interval(FLUSH), interval(TICK));
        flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Deadline::now();
        loop {
            tokio::select! {
                message = messages.recv() => {
                    heard = Deadline::now();
                    match message {
                        Some(Ok(AggregatedMessage::Text(text))) => self.hear(&text).await?,
                        Some(Ok(AggregatedMessage::Ping(bytes))) => {
                            self.within_time(|mut socket| async move { socket.pong(&bytes).await }).await?;
                        }
                        Some(Ok(AggregatedMessage::Pong(_))) => {}
                        Some(Ok(AggregatedMessage::Binary(_))) => {
                            return Err(End::Closed(CloseCode::Unsupported, "Text only"));
                        }
                        Some(Ok(AggregatedMessage::Close(_))) | None => return Err(End::Gone),
                        Some(Err(_)) => return Err(End::Closed(CloseCode::Protocol, "Not a valid message")),
                    }
                }
                _ = flush.tick() => self.flush().await?,
                () = self.subscription.rung() => self.flush().await?,
                _ = tick.tick() => {
                    if heard.elapsed() > TICK * 20 {
                        return Err(End::Gone);
                    }
                    let now = self.app.clock.now();
                    self.say(&LiveMessage::Tick { server_time: now }).await?;
                    self.within_time(|mut socket| async move { socket.ping(b"").await }).await?;
                }
            }
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), End> {
        let Ok(message) = serde_json::from_str::<ClientMessage>(text) else {
            return Err(End::Closed(CloseCode::Policy, "Not a message of this protocol"));
        };
        match message {
            ClientMessage::Subscribe { topic, waves, after } => self.listen(topic, waves, after).await,
            ClientMessage::Unsubscribe { topic } => {
                self.topics.remove(&topic);
                self.look();
                Ok(())
            }
        }
    }

    async fn listen(&mut self, topic: Topic, waves: bool, after: Option<u64>) -> Result<(), End> {
        if self.topics.len() >= MOST_TOPICS && !self.topics.contains_key(&topic) {
            return Err(End::Closed(CloseCode::Policy, "Too many topics"));
        }
        let trail = Trail::default();
        let asked = trail.scope(self.scope(topic)).await;
        // Recorded before anything is heard; what can't be recorded isn't opened.
        let answer = asked.as_ref().map_or_else(answer_of, |_| Answer::Given);
        let opened = match self.record(&trail, topic, "topic_opened", answer).await {
            Ok(()) => asked,
            Err(unrecorded) => Err(unrecorded),
        };
        let opened = match opened {
            Ok(scope) => self.heard(topic, after).await.map(|heard| (scope, heard)),
            Err(failure) => Err(failure),
        };
        match opened {
            Ok((scope, heard)) => {
                let listening = Listening { waves, scope, heard };
                self.topics.insert(topic, listening);
                self.look();
                self.say(&LiveMessage::Subscribed { topic }).await?;
                self.tell_alarms(topic).await
            }
            Err(failure) => {
                self.topics.remove(&topic);
                self.look();
                self.refuse(topic, failure).await
            }
        }
    }

    /// After which change of alarms it goes on. A tab that says none hears what happens from now on.
    async fn heard(&self, topic: Topic, after: Option<u64>) -> Result<u64, Failure> {
        match (topic, after) {
            (Topic::Alarms(_), None) => Ok(self.app.vigil.last_number(&self.app.db).await?),
            (_, after) => Ok(after.unwrap_or(0)),
        }
    }

    async fn scope(&self, topic: Topic) -> Result<Scope, Failure> {
        if !self.signed_in.may_hear(topic) {
            return Err(Failure::NotFound);
        }
        self.app.access.scope(&self.signed_in.actor, topic).await
    }

    /// One entry per topic that was opened, refused or cut off.
    async fn record(
        &self,
        trail: &Trail,
        topic: Topic,
        event: &'static str,
        answer: Answer,
    ) -> Result<(), Failure> {
        let mut about = Map::new();
        about.insert("topic".to_owned(), json!(topic.to_string()));
        let Some(mut entry) = trail.entry(self.app.clock.now(), answer, about) else {
            return Ok(());
        };
        if answer == Answer::Given || event == "topic_cut" {
            entry.event = event;
        }
        if trail.is_emergency() {
            self.app.recorder.write_in_emergency(entry).await
        } else {
            self.app.recorder.write(entry).await
        }
    }

    async fn refuse(&mut self, topic: Topic, failure: Failure) -> Result<(), End> {
        // Not visible and not there are one answer here as well.
        let failure = match failure {
            Failure::NotPermitted(_) => Failure::NotFound,
            other => other,
        };
        let code = failure.code();
        let message = match code {
            ErrorCode::NotFound => "There is nothing here, or it is not yours to see.".to_owned(),
            _ => failure.to_string(),
        };
        let error = ErrorBody {
            code,
            message,
            request: None,
        };
        self.say(&LiveMessage::Refused { topic, error }).await
    }

    /// Tells the hub what all topics together show.
    fn look(&self) {
        let mut views: HashMap<DeviceId, View> = HashMap::new();
        for listening in self.topics.values() {
            for (device, sight) in &listening.scope.devices {
                let view = views.entry(*device).or_default();
                view.classes = view.classes.and(sight.classes);
                view.waves |= listening.waves;
                view.since = view.since.max(sight.since);
            }
        }
        let topics: HashSet<Topic> = self.topics.keys().copied().collect();
        self.subscription.look_at(views, topics);
    }

    async fn flush(&mut self) -> Result<(), End> {
        self.check().await?;
        let batch = self.subscription.take();
        match batch.ended {
            Some(Ended::SignedOut) => return Err(End::Closed(CloseCode::Policy, "Signed out")),
            Some(Ended::Stopping) => return Err(End::Closed(CloseCode::Restart, "The server stops")),
            None => {}
        }
        if let Some(updates) = batch.updates {
            self.within_time(|mut socket| async move { socket.text(updates).await })
                .await?;
        }
        for wave in batch.waves {
            self.send_wave(wave).await?;
        }
        for topic in batch.changed {
            match topic {
                Topic::Alarms(_) => self.tell_alarms(topic).await?,
                _ => self.say(&LiveMessage::Changed { topic }).await?,
            }
        }
        Ok(())
    }

    /// Every change after the last one that this tab was sent. A tab that is slow or was away has a number that
    /// is behind, and nothing else: none is held back for it, and none is left out.
    async fn tell_alarms(&mut self, topic: Topic) -> Result<(), End> {
        const MOST: usize = 200;
        let Topic::Alarms(unit) = topic else { return Ok(()) };
        loop {
            let Some(listening) = self.topics.get(&topic) else {
                return Ok(());
            };
            let (heard, beds) = (listening.heard, listening.scope.beds.clone());
            let found = self
                .app
                .vigil
                .news(&self.app.db, unit, heard, MOST, self.app.clock.now())
                .await
                // What can't be read is not skipped: the tab comes back with its number.
                .or(Err(End::Closed(CloseCode::Again, "Try again")))?;
            let Some(last) = found.last().map(|news| news.number) else {
                return Ok(());
            };
            let whole = found.len() < MOST;
            let news: Vec<AlarmNews> = found
                .into_iter()
                .filter(|news| is_told(news, &beds))
                .map(|news| AlarmNews {
                    state: seen(news.state, &beds),
                    ..news
                })
                .collect();
            if !news.is_empty() {
                self.say(&LiveMessage::Alarms { topic, news }).await?;
            }
            if let Some(listening) = self.topics.get_mut(&topic) {
                listening.heard = last;
            }
            if whole {
                return Ok(());
            }
        }
    }

    /// Looks again at who this is and what they may hear, when something moved or some time has passed.
    async fn check(&mut self) -> Result<(), End> {
        let now = self.app.clock.now();
        if self.signed_in.expires_at <= now {
            return Err(End::Closed(CloseCode::Policy, "Session ended"));
        }
        // As far as this tab knows nobody has been there for too long: another tab may know better.
        let left_alone = self.signed_in.attention_at(now) != self.signed_in.attention;
        let own = self.app.access.epochs.mark([&self.signed_in.actor.organisation]);
        let moved = own != self.own
            || !self
                .topics
                .values()
                .all(|listening| listening.scope.is_current(&self.app.access));
        // An emergency access ends by the clock, whoever notices it last.
        let now = self.app.clock.now();
        let over = (self.signed_in.actor.emergency).is_some_and(|emergency| emergency.closes_at <= now);
        let moved = moved || over;
        let lately = self.looked.is_some_and(|looked| looked.elapsed() < LOOK_AGAIN);
        if !moved && !left_alone && lately {
            return Ok(());
        }
        (self.own, self.looked) = (own, Some(Deadline::now()));
        match identity::session_again(&self.app, &self.signed_in).await {
            Ok(signed_in) => self.signed_in = signed_in,
            Err(Failure::Unavailable { .. } | Failure::Internal { .. }) => {
                // What can't be checked can't be shown.
                return Err(End::Closed(CloseCode::Again, "Try again"));
            }
            Err(_) => return Err(End::Closed(CloseCode::Policy, "Session ended")),
        }
        let topics: Vec<Topic> = self.topics.keys().copied().collect();
        for topic in topics {
            let trail = Trail::default();
            match trail.scope(self.scope(topic)).await {
                Ok(scope) => {
                    // Something of the organisation moved: who lies where may have changed with the
                    // same devices in view.
                    let changed = self.topics.get_mut(&topic).is_some_and(|listening| {
                        let differs = moved || listening.scope.devices != scope.devices;
                        listening.scope = scope;
                        differs
                    });
                    self.look();
                    if changed {
                        self.say(&LiveMessage::Changed { topic }).await?;
                    }
                }
                Err(failure) => {
                    self.topics.remove(&topic);
                    self.look();
                    let answer = answer_of(&failure);
                    let refused = self.refuse(topic, failure).await;
                    // It has stopped already; that it could not be written down doesn't open it again.
                    if let Err(unrecorded) = self.record(&trail, topic, "topic_cut", answer).await {
                        tracing::error!(cause = %chain(&unrecorded), "the end of a topic could not be recorded");
                    }
                    refused?;
                }
            }
        }
        Ok(())
    }

    async fn say(&mut self, message: &LiveMessage) -> Result<(), End> {
        let text = serde_json::to_string(message).or(Err(End::Closed(CloseCode::Error, "Internal")))?;
        self.within_time(|mut socket| async move { socket.text(text).await })
            .await
    }

    async fn send_wave(&mut self, wave: Bytes) -> Result<(), End> {
        self.within_time(|mut socket| async move { socket.binary(wave).await })
            .await
    }

    async fn within_time<F>(&mut self, send: impl FnOnce(Session) -> F) -> Result<(), End>
    where
        F: Future<Output = Result<(), actix_ws::Closed>>,
    {
        match timeout(STUCK, send(self.socket.clone())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

fn answer_of(failure: &Failure) -> Answer {
    Answer::of_status(failure.code().status())
}
