//! Notifications: Zoho rings, and the next cycle begins at once. What it says beside that is not believed.

use xxhash_rust::xxh3::xxh3_64;

use super::Zoho;
use super::api::Api;
use crate::connect::desk::Desk;
use crate::connect::exchange::{Exchange, Report, Request, Trouble};
use crate::connect::json::Json;
use crate::connect::mapping::millis;
use crate::model::time::{DAY, MINUTE, SECOND, Time};

/// The longest life of a channel.
const LIFE: i64 = 7 * DAY - MINUTE;
/// After a channel could not be opened.
const PAUSE: i64 = 5 * MINUTE;
/// The longest token.
const LONGEST_TOKEN: usize = 50;

/// A channel over which Zoho rings.
#[derive(Clone)]
pub struct Channel {
    /// A number below 2^63, ours to choose.
    id: String,
    token: String,
    notify_url: String,
    /// When it was tried last to open it.
    tried_at: Option<Time>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("id", &self.id).field("notify_url", &self.notify_url).finish_non_exhaustive()
    }
}

impl Channel {
    /// The channel to this address, whose rings carry this token.
    ///
    /// # Errors
    /// A sentence if Zoho does not take such a token.
    pub fn new(notify_url: &str, token: &str) -> Result<Channel, String> {
        if token.len() > LONGEST_TOKEN {
            return Err(format!("the token of notify_token_file is longer than {LONGEST_TOKEN} characters"));
        }
        // With another address or token it is another channel.
        let id = xxh3_64(format!("{notify_url} {token}").as_bytes()) >> 1;
        Ok(Channel { id: id.to_string(), token: token.to_owned(), notify_url: notify_url.to_owned(), tried_at: None })
    }

    /// Under which name it is remembered until when it is open.
    fn stream(&self) -> String {
        format!("channel-{}", self.id)
    }

    /// Opens the channel, or lets it live longer; answers when it ends, in Unix milliseconds.
    fn open(&self, is_open: bool, api: &mut Api, exchange: &mut dyn Exchange) -> Result<i64, Trouble> {
        let ends = exchange.now().plus(LIFE).floor(SECOND);
        let channel = Json::object([
            ("channel_id", Json::text_of(self.id.as_str())),
            ("events", Json::Array(["Deals.all", "Leads.all"].map(Json::text_of).to_vec())),
            ("channel_expiry", Json::text_of(ends.to_string().replace(".000Z", "+00:00"))),
            ("token", Json::text_of(self.token.as_str())),
            ("notify_url", Json::text_of(self.notify_url.as_str())),
            ("notify_on_related_action", Json::Bool(false)),
        ]);
        let body = Json::object([("watch", Json::Array(vec![channel]))]).encode();
        let mut request = Request::post("actions/watch".to_owned(), "application/json", body);
        if is_open {
            request.method = "PUT";
        }
        let (answer, _) = api.call(&request, exchange)?;
        let answer = answer.ok_or_else(|| Trouble::Unusable("the watch has no answer".to_owned()))?;
        let parts = answer.items("/watch");
        if let Some(failed) = parts.iter().find(|part| part.word("/status") != Some("success")) {
            let reason =
                [failed.word("/code"), failed.word("/message")].map(|word| word.unwrap_or("nothing")).join(": ");
            return Err(Trouble::Unusable(format!("Zoho does not open the channel: {reason}")));
        }
        let events = parts.iter().flat_map(|part| part.items("/details/events"));
        let earliest = events.filter_map(|event| millis(event.at("/channel_expiry")?)).min();
        earliest.ok_or_else(|| Trouble::Unusable("the watch does not say when it ends".to_owned()))
    }
}

impl Zoho {
    /// The same, rung at over a channel.
    #[must_use]
    pub fn with_channel(self, channel: Option<Channel>) -> Zoho {
        Zoho { channel, ..self }
    }

    /// Lets the channel live longer once a third of its life is left. Without it the poll finds everything all the same.
    pub(super) fn renew(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) {
        let Some(channel) = &mut self.channel else { return };
        let stream = channel.stream();
        let ends = desk.memory.cursor(&stream);
        if let Some(ends) = ends {
            exchange.report(&Report::Subscribed(ends));
        }
        let left = ends.map_or(0, |ends| ends - desk.now.millis());
        let has_failed = channel.tried_at.is_some_and(|tried| desk.now.since(tried) < PAUSE);
        if left >= LIFE / 3 || has_failed {
            return;
        }
        channel.tried_at = Some(desk.now);
        let mut opened = channel.open(left > 0, &mut self.api, exchange);
        if left > 0 && matches!(opened, Err(Trouble::Unusable(_))) {
            // Somebody has closed it: it is opened anew.
            opened = channel.open(false, &mut self.api, exchange);
        }
        match opened {
            Ok(ends) => {
                channel.tried_at = None;
                exchange.report(&Report::Subscribed(ends));
                desk.move_cursor(&stream, ends);
            }
            Err(trouble) => exchange.report(&Report::Unsubscribed(&trouble)),
        }
    }
}
