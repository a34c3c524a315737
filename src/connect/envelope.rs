//! Messages as they come over HTTP or lie in topics: plain JSON, framed by Confluent's serializer, or within a CloudEvent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dialect::Payload;
use super::json::Json;

/// The first byte of a frame of Confluent's serializer; the id of the schema follows in four bytes.
const MAGIC: u8 = 0;
const FRAME: usize = 5;

/// Finds a header by its name in lower case.
pub type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The payload of a message. Of a CloudEvent the record is its data, and its attributes lie beside that.
///
/// # Errors
/// A sentence on what the bytes are not.
pub fn open(name: &str, bytes: &[u8], header: Header<'_>) -> Result<Payload, String> {
    let is_framed = bytes.first() == Some(&MAGIC);
    let text = if is_framed { bytes.get(FRAME..).unwrap_or_default() } else { bytes };
    let json = Json::parse(text).map_err(|fault| match is_framed {
        true => "it is framed by Confluent's serializer and no JSON: take the JSON Schema format, not Avro or Protobuf"
            .to_owned(),
        false => fault.to_string(),
    })?;
    let name = name.to_owned();
    if let Some(envelope) = binary_event(&json, header) {
        return Ok(Payload { name, json: envelope, data: "/data" });
    }
    match structured_event(&json) {
        Some(envelope) => Ok(Payload { name, json: envelope?, data: "/data" }),
        None => Ok(Payload { name, json, data: "" }),
    }
}

/// A CloudEvent whose attributes are headers: with the prefix `ce_` in a topic, `ce-` over HTTP.
fn binary_event(data: &Json, header: Header<'_>) -> Option<Json> {
    let attribute = |name: &str| header(&format!("ce_{name}")).or_else(|| header(&format!("ce-{name}")));
    attribute("specversion")?;
    let mut envelope = Json::object([]);
    for name in ["specversion", "id", "source", "type", "subject", "time"] {
        if let Some(value) = attribute(name) {
            envelope.put(name, Json::Text(value));
        }
    }
    envelope.put("data", data.clone());
    Some(envelope)
}

/// A CloudEvent that is one JSON object.
fn structured_event(json: &Json) -> Option<Result<Json, String>> {
    let is_event = ["/specversion", "/id", "/source", "/type"].iter().all(|attribute| json.word(attribute).is_some());
    if !is_event {
        return None;
    }
    let Some(encoded) = json.word("/data_base64") else {
        return json.at("/data").is_some().then(|| Ok(json.clone()));
    };
    let opened = || -> Result<Json, String> {
        let bytes = STANDARD.decode(encoded).map_err(|_| "its data_base64 is no Base64".to_owned())?;
        let data = Json::parse(&bytes).map_err(|fault| format!("its data is {fault}"))?;
        let mut envelope = json.clone();
        envelope.put("data", data);
        Ok(envelope)
    };
    Some(opened())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(bytes: &[u8], headers: &[(&str, &str)]) -> Result<(Option<Json>, Json), String> {
        let header =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        open("topic", bytes, &header).map(|payload| (payload.json.at(payload.data).cloned(), payload.json))
    }

    #[test]
    fn plain_framed_and_enveloped_messages_hold_the_same_record() {
        let record = Json::parse(br#"{"id":"9","amount":1.50}"#).unwrap();
        let structured = br#"{"specversion":"1.0","id":"e","source":"s","type":"t","data":{"id":"9","amount":1.50}}"#;
        let encoded = br#"{"specversion":"1.0","id":"e","source":"s","type":"t","data_base64":"eyJpZCI6IjkiLCJhbW91bnQiOjEuNTB9"}"#;
        let plain = br#"{"id":"9","amount":1.50}"#;
        let framed = [&[0, 0, 0, 0, 7], plain.as_slice()].concat();
        let in_topic = [("ce_specversion", "1.0"), ("ce_type", "t")];
        let over_http = [("ce-specversion", "1.0"), ("ce-type", "t")];
        let all = [
            opened(plain, &[]),
            opened(&framed, &[]),
            opened(structured, &[]),
            opened(encoded, &[]),
            opened(plain, &in_topic),
            opened(plain, &over_http),
        ];
        for (place, found) in all.into_iter().enumerate() {
            let (found, payload) = found.unwrap();
            assert_eq!(found.as_ref(), Some(&record), "{place}");
            assert_eq!(payload.word("/type"), (place > 1).then_some("t"), "{place}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_said() {
        assert!(opened(&[0, 0, 0, 0, 7, 2, 8], &[]).unwrap_err().contains("Avro"));
        assert!(opened(b"<xml/>", &[]).unwrap_err().contains("byte 0"));
        let encoded = br#"{"specversion":"1.0","id":"e","source":"s","type":"t","data_base64":"*"}"#;
        assert!(opened(encoded, &[]).unwrap_err().contains("Base64"));
    }
}
