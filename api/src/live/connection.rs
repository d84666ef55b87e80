//! One connection, from its first message to its end.

use std::collections::HashSet;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use gosight_store::live::{LiveTick, Recorded};
use gosight_store::meta::Project;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use uuid::Uuid;

use super::message::{FromClient, Metrics, TickMessage, ToClient, Topic};
use crate::access::{Caller, membership};
use crate::observe::{LIVE_CONNECTIONS, LIVE_TICKS_MISSED};
use crate::{Api, ApiError};

/// A client that has not authenticated by then goes.
const AUTHENTICATE_WITHIN: Duration = Duration::from_secs(5);
/// A tick message at least this often, so that silence means a lost connection.
const HEARTBEAT: Duration = Duration::from_millis(1500);
/// A client that does not take a message for this long is gone.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Membership is looked at again this often, for changes made through another process.
const RECHECK: Duration = Duration::from_secs(60);
/// Ticks too large to send whole are told as lost at most this often: whoever asks again then sees them all.
const CUT_TOLD_EVERY: Duration = Duration::from_secs(5);

/// Why a connection ends, other than by the client's will.
enum End {
    /// The client is gone or does not read.
    Gone,
    /// Tell the client, then close.
    Refused(ApiError),
    /// The process is stopping.
    Stopping,
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

pub(super) async fn run(api: Api, project: String, mut socket: WebSocket) {
    metrics::gauge!(LIVE_CONNECTIONS).increment(1.0);
    let end = talk(&api, &project, &mut socket).await;
    let close = match end {
        End::Gone => None,
        End::Stopping => Some((close_code::AWAY, "the server is stopping")),
        End::Refused(error) => {
            // The close frame says it again to clients that no longer read.
            drop(send(&mut socket, &ToClient::Error { error: error.into() }).await);
            Some((close_code::POLICY, "refused"))
        }
    };
    if let Some((code, reason)) = close {
        let frame = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        // Whether it arrives or not, the connection ends.
        drop(timeout(SEND_WITHIN, socket.send(frame)).await);
    }
    metrics::gauge!(LIVE_CONNECTIONS).decrement(1.0);
}

async fn talk(api: &Api, project: &str, socket: &mut WebSocket) -> End {
    match authenticate(api, project, socket).await {
        Ok((caller, project)) => Connection::new(api, caller, project, socket).serve().await,
        Err(end) => end,
    }
}

async fn authenticate(api: &Api, project: &str, socket: &mut WebSocket) -> Result<(Caller, Project), End> {
    let first = match timeout(AUTHENTICATE_WITHIN, socket.recv()).await {
        Ok(Some(Ok(Message::Text(text)))) => text,
        Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return Err(End::Gone),
        Ok(Some(Ok(_))) | Err(_) => return Err(ApiError::Unauthorized("authenticate first").into()),
    };
    let Ok(FromClient::Authenticate { token }) = serde_json::from_str(&first) else {
        return Err(ApiError::Unauthorized("authenticate first").into());
    };
    let caller = Caller::of_token(api, &token).await?;
    let (project, ..) = membership(api, caller, project).await?;
    send(socket, &ToClient::Authenticated).await?;
    Ok((caller, project))
}

struct Connection<'a> {
    api: &'a Api,
    caller: Caller,
    project: Project,
    socket: &'a mut WebSocket,
    topics: HashSet<Topic>,
    /// The session whose recording is watched while it is made.
    followed: Option<Uuid>,
    last_tick: u64,
    complete_to_ms: i64,
    heartbeat_at: Instant,
    cut_told_at: Option<Instant>,
}

impl<'a> Connection<'a> {
    fn new(api: &'a Api, caller: Caller, project: Project, socket: &'a mut WebSocket) -> Self {
        let heartbeat_at = Instant::now() + HEARTBEAT;
        let (topics, last_tick, complete_to_ms) = (HashSet::new(), api.bus().newest_tick(), 0);
        Self {
            api,
            caller,
            project,
            socket,
            topics,
            followed: None,
            last_tick,
            complete_to_ms,
            heartbeat_at,
            cut_told_at: None,
        }
    }

    async fn serve(mut self) -> End {
        // Before the first subscription is answered: no tick may fall between the newest metrics and the next push.
        let mut ticks = self.api.bus().subscribe();
        let mut recorded = self.api.bus().subscribe_recorded();
        let mut access = self.api.meta().access_changed();
        let mut recheck = interval(RECHECK);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                said = self.socket.recv() => match said {
                    Some(Ok(message)) => self.hear(&message).await,
                    None | Some(Err(_)) => Err(End::Gone),
                },
                tick = ticks.recv() => match tick {
                    Ok(tick) => self.push(&tick).await,
                    Err(RecvError::Lagged(missed)) => self.lagged(missed).await,
                    Err(RecvError::Closed) => Err(End::Stopping),
                },
                sessions = recorded.recv() => match sessions {
                    Ok(sessions) => self.tell_recorded(&sessions).await,
                    Err(RecvError::Lagged(_)) => self.say_recorded().await,
                    Err(RecvError::Closed) => Err(End::Stopping),
                },
                () = sleep_until(self.heartbeat_at) => self.heartbeat().await,
                _ = access.changed() => self.check_access().await,
                _ = recheck.tick() => self.check_access().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: &Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return Err(not_understood().into()),
        };
        match serde_json::from_str(text) {
            Ok(FromClient::Subscribe { topics }) => self.subscribe(topics).await,
            Ok(FromClient::Follow { session_id }) => {
                self.followed = session_id;
                // From here on nothing is missed; what came before is asked for now.
                self.say_recorded().await
            }
            Ok(FromClient::Authenticate { .. }) => Ok(()),
            Err(_) => {
                self.say(&ToClient::Error {
                    error: not_understood().into(),
                })
                .await
            }
        }
    }

    /// Answers with the topics and at once with the newest figures known.
    async fn subscribe(&mut self, topics: HashSet<Topic>) -> Result<(), End> {
        self.topics = topics;
        let mut told: Vec<Topic> = self.topics.iter().copied().collect();
        told.sort_unstable();
        self.say(&ToClient::Subscribed { topics: told }).await?;
        let mut message = self.now();
        if self.topics.contains(&Topic::Metrics) {
            message.metrics = Some(Metrics::of(self.api.bus().now(self.project.id).as_deref(), &[]));
        }
        self.say(&ToClient::Tick(Box::new(message))).await
    }

    async fn push(&mut self, tick: &LiveTick) -> Result<(), End> {
        self.last_tick = tick.tick;
        self.complete_to_ms = self.complete_to_ms.max(tick.complete_to_ms);
        let Some(changes) = tick.projects.get(&self.project.id) else {
            return Ok(());
        };
        if self.topics.is_empty() {
            return Ok(());
        }
        let known = self.api.bus().now(self.project.id);
        let now = changes.live.as_ref().or(known.as_deref());
        let (mut message, is_cut) = TickMessage::of(tick.tick, self.complete_to_ms, changes, now, &self.topics);
        for alert in &mut message.alerts {
            // A transition is rare, so its rule is looked up here; the metadata is no view.
            if let Ok(rule) = self.api.meta().alert_rule(self.project.id, alert.rule_id).await {
                alert.rule_name = Some(rule.body.name);
            }
        }
        self.say(&ToClient::Tick(Box::new(message))).await?;
        if is_cut
            && self
                .cut_told_at
                .is_none_or(|told_at| told_at.elapsed() >= CUT_TOLD_EVERY)
        {
            self.cut_told_at = Some(Instant::now());
            self.say(&ToClient::Lagged { missed: 1 }).await?;
        }
        Ok(())
    }

    async fn tell_recorded(&mut self, sessions: &Recorded) -> Result<(), End> {
        let is_followed = |session_id| sessions.contains(&(self.project.id, session_id));
        if self.followed.is_some_and(is_followed) {
            return self.say_recorded().await;
        }
        Ok(())
    }

    /// Nothing that a session's row does not tell every member: what was recorded is asked for, by who may.
    async fn say_recorded(&mut self) -> Result<(), End> {
        match self.followed {
            Some(session_id) => self.say(&ToClient::Recorded { session_id }).await,
            None => Ok(()),
        }
    }

    async fn lagged(&mut self, missed: u64) -> Result<(), End> {
        metrics::counter!(LIVE_TICKS_MISSED).increment(missed);
        self.say(&ToClient::Lagged { missed }).await
    }

    async fn heartbeat(&mut self) -> Result<(), End> {
        let message = self.now();
        self.say(&ToClient::Tick(Box::new(message))).await
    }

    fn now(&mut self) -> TickMessage {
        self.complete_to_ms = self.complete_to_ms.max(self.api.complete_to_ms());
        TickMessage::heartbeat(self.last_tick, self.complete_to_ms)
    }

    /// Ends the connection when the sign-in, the key or the membership has ended.
    async fn check_access(&mut self) -> Result<(), End> {
        let still_holds = match self.caller {
            Caller::Person(login) => self
                .api
                .meta()
                .is_login_open(login.login_id)
                .await
                .map_err(ApiError::from)?,
            Caller::Key(key) => self.api.meta().is_key_valid(key.key_id).await.map_err(ApiError::from)?,
            Caller::Nobody => false,
        };
        if !still_holds {
            return Err(ApiError::Unauthorized("this sign-in has ended").into());
        }
        membership(self.api, self.caller, &self.project.id.to_string()).await?;
        Ok(())
    }

    async fn say(&mut self, message: &ToClient) -> Result<(), End> {
        send(self.socket, message).await?;
        self.heartbeat_at = Instant::now() + HEARTBEAT;
        Ok(())
    }
}

async fn send(socket: &mut WebSocket, message: &ToClient) -> Result<(), End> {
    let text = serde_json::to_string(message).map_err(ApiError::internal)?;
    match timeout(SEND_WITHIN, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

fn not_understood() -> ApiError {
    ApiError::Validation {
        message: "this message is not understood".into(),
        details: None,
    }
}
