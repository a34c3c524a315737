//! Leads that become deals, and both that are gone or come back: the same for every CRM that says so on the lead's side.

use super::desk::Desk;
use super::json::Json;
use super::mapping::Document;

impl Desk<'_> {
    /// Tells a lead as it is now. One that was gone before this edit is back.
    pub fn tell_lead(&mut self, id: &str, modified: i64, record: Json) {
        let key = format!("lead/{id}");
        let object = self.memory.object_mut(&key);
        object.modified = object.modified.max(modified);
        if object.deleted.is_some_and(|deleted| deleted < modified) {
            self.restore(&key);
        }
        self.tell(&key, &[Document::new("leads", record)]);
    }

    /// Notes that a lead has become a deal, in which it lives on; answers whether the deal is to be told anew.
    pub fn link(&mut self, lead: &str, deal: &str) -> bool {
        let key = format!("lead/{lead}");
        self.memory.object_mut(&key).current = Some(Json::object([("deal", Json::text_of(deal))]));
        self.take_back_void(&key);
        self.remember(&key);
        let key = format!("deal/{deal}");
        let journey = format!("{}{lead}", self.source.setting.id_prefix);
        let object = self.memory.object_mut(&key);
        // Also where the link was kept and the move was not, because something ended us between the two.
        let is_new = object.lead.as_deref() != Some(lead) || object.told.values().any(|told| told.journey != journey);
        if is_new {
            object.lead = Some(lead.to_owned());
            self.remember(&key);
        }
        is_new
    }

    /// Tells that a lead is gone, unless it has become a deal or that is known.
    pub fn tell_gone_lead(&mut self, id: &str, at: i64, time: Json) {
        let object = self.memory.object_mut(&format!("lead/{id}"));
        if object.current.is_some() || object.deleted >= Some(at) {
            return;
        }
        object.deleted = Some(at);
        self.tell_void("lead", id, time, id);
    }

    /// Tells that a deal is gone, unless that is known.
    pub fn tell_gone_deal(&mut self, id: &str, at: i64, time: Json) {
        let key = format!("deal/{id}");
        let object = self.memory.object_mut(&key);
        if object.deleted >= Some(at) {
            return;
        }
        object.deleted = Some(at);
        let journey = object.lead.clone().unwrap_or_else(|| id.to_owned());
        let here = format!("{}{journey}", self.source.setting.id_prefix);
        if object.told.values().any(|told| told.journey != here) {
            // Its lead turned up when its record was already gone.
            self.take_back_stages(&key);
        }
        self.tell_void("deal", id, time, &journey);
    }

    /// Moves a deal that is gone to the journey of its lead, which turned up later.
    pub fn move_void(&mut self, id: &str) {
        let key = format!("deal/{id}");
        let object = self.memory.object_mut(&key);
        let (Some(at), Some(lead)) = (object.deleted, object.lead.clone()) else { return };
        self.take_back_stages(&key);
        self.tell_void("deal", id, Json::number_of(at), &lead);
    }

    /// A record that is back was never gone.
    pub fn restore(&mut self, key: &str) {
        self.memory.object_mut(key).deleted = None;
        self.take_back_void(key);
        self.remember(key);
    }

    fn take_back_void(&mut self, key: &str) {
        let object = key.split('/').next().unwrap_or_default();
        let prefix = format!("{}void:{object}:", self.source.setting.id_prefix);
        self.take_back(key, &prefix, &[]);
    }

    fn take_back_stages(&mut self, key: &str) {
        let prefix = format!("{}deal:", self.source.setting.id_prefix);
        self.take_back(key, &prefix, &[]);
    }
}
