//! The headers of a record that stand in for fields.

/// The headers of a record, for which nobody asks where its fields say everything.
#[derive(Clone, Copy, Debug)]
pub enum Headers<'a> {
    /// Those of CloudEvents in binary mode.
    Known(CloudEventHeaders<'a>),
    /// Whoever finds them.
    Asked(&'a dyn FindHeaders),
}

/// Finds the headers of a record.
pub trait FindHeaders: std::fmt::Debug {
    /// Those of CloudEvents in binary mode.
    fn cloud_event(&self) -> CloudEventHeaders<'_>;
}

impl Default for Headers<'_> {
    fn default() -> Self {
        Headers::Known(CloudEventHeaders::default())
    }
}

impl<'a> Headers<'a> {
    /// Those of CloudEvents in binary mode.
    #[must_use]
    pub fn cloud_event(self) -> CloudEventHeaders<'a> {
        match self {
            Headers::Known(headers) => headers,
            Headers::Asked(record) => record.cloud_event(),
        }
    }
}

/// The headers that stand in for missing fields. Of a header that comes twice the last counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct CloudEventHeaders<'a> {
    /// `ce_id`, for `event_id`.
    pub id: Option<&'a [u8]>,
    /// `ce_time`, for `occurred_at`.
    pub time: Option<&'a [u8]>,
    /// `ce_type`, for `type`, if it is one of the seven.
    pub kind: Option<&'a [u8]>,
}
