//! The names in a client's certificate.
//!
//! The verifier has judged the certificate; what it offers of the names are host names and addresses only. People have
//! e-mail addresses and workloads URIs, so their fields are read here: a few nested elements of DER.

/// The extension that holds alternative names of the subject: 2.5.29.17.
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];
/// The attribute of a subject that is its common name: 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const OCTETS: u8 = 0x04;
/// The version of a certificate, which old ones leave out.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// Texts: in UTF-8, printable, and in ASCII.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];
/// Before the subject: the serial number, the algorithm, the issuer and the validity.
const BEFORE_SUBJECT: usize = 4;

/// A name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// An e-mail address.
    Email(String),
    /// A host.
    Dns(String),
    /// A URI, such as that of a SPIFFE workload.
    Uri(String),
    /// The common name.
    Common(String),
}

impl Name {
    pub(super) fn text(&self) -> &str {
        let (Name::Email(text) | Name::Dns(text) | Name::Uri(text) | Name::Common(text)) = self;
        text
    }
}

/// The names of a certificate: the alternative ones in its order, then the common name. What is no text is left out.
pub(super) fn names(certificate: &[u8]) -> Vec<Name> {
    let Some(body) = inside(certificate, SEQUENCE).and_then(|whole| inside(whole, SEQUENCE)) else { return Vec::new() };
    let extensions = elements(body).filter(|(tag, _)| *tag == EXTENSIONS);
    let extensions = extensions.filter_map(|(_, content)| inside(content, SEQUENCE)).flat_map(elements);
    let mut names: Vec<Name> = extensions.flat_map(|(_, extension)| alternative(extension)).collect();
    let subject = elements(body).filter(|(tag, _)| *tag != VERSION).nth(BEFORE_SUBJECT);
    let sets = subject.into_iter().flat_map(|(_, subject)| elements(subject)).filter(|(tag, _)| *tag == SET);
    names.extend(
        sets.flat_map(|(_, set)| elements(set)).filter_map(|(_, attribute)| common(attribute)).map(Name::Common),
    );
    names
}

fn alternative(extension: &[u8]) -> Vec<Name> {
    let is_it = elements(extension).next() == Some((OBJECT, &ALTERNATIVE_NAMES[..]));
    let value = elements(extension).last().filter(|(tag, _)| is_it && *tag == OCTETS);
    let names = value.and_then(|(_, value)| inside(value, SEQUENCE)).into_iter().flat_map(elements);
    let name = |(tag, content): (u8, &[u8])| match tag {
        0x81 => text(content).map(Name::Email),
        0x82 => text(content).map(Name::Dns),
        0x86 => text(content).map(Name::Uri),
        _ => None,
    };
    names.filter_map(name).collect()
}

fn common(attribute: &[u8]) -> Option<String> {
    let mut parts = elements(attribute);
    let is_it = parts.next() == Some((OBJECT, &COMMON_NAME[..]));
    parts.next().filter(|(tag, _)| is_it && TEXTS.contains(tag)).and_then(|(_, content)| text(content))
}

/// A text without control characters, which no name has.
fn text(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The content of the first element, if it has this tag.
fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    elements(bytes).next().filter(|(own, _)| *own == tag).map(|(_, content)| content)
}

/// The elements one after another, each with its tag; they end where the bytes make no sense.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, rest) = bytes.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = if *first < 0x80 {
            (usize::from(*first), rest)
        } else {
            let (digits, rest) =
                rest.split_at_checked(usize::from(*first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some((*tag, content))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u8::try_from(content.len()).unwrap();
        let head: &[u8] = if length < 0x80 { &[tag, length] } else { &[tag, 0x81, length] };
        [head, &content].concat()
    }

    /// A certificate with these alternative names, under this common name.
    fn certificate(alternative: &[(u8, &[u8])], common: &str) -> Vec<u8> {
        let names: Vec<u8> = alternative.iter().flat_map(|(tag, name)| element(*tag, &[name])).collect();
        let octets = element(OCTETS, &[&element(SEQUENCE, &[&names])]);
        let usage =
            element(SEQUENCE, &[&element(OBJECT, &[&[0x55, 0x1d, 0x0f]]), &element(OCTETS, &[&[3, 2, 7, 128]])]);
        let extension = element(SEQUENCE, &[&element(OBJECT, &[&ALTERNATIVE_NAMES]), &element(1, &[&[255]]), &octets]);
        let extensions = element(EXTENSIONS, &[&element(SEQUENCE, &[&usage, &extension])]);
        let of = |oid: [u8; 3], text: &str| {
            element(SET, &[&element(SEQUENCE, &[&element(OBJECT, &[&oid]), &element(0x0c, &[text.as_bytes()])])])
        };
        let subject = element(SEQUENCE, &[&of([0x55, 0x04, 0x0a], "an organisation"), &of(COMMON_NAME, common)]);
        let issuer = element(SEQUENCE, &[&of(COMMON_NAME, "an authority")]);
        let nothing = element(SEQUENCE, &[]);
        let version = element(VERSION, &[&element(2, &[&[2]])]);
        let body = [&version, &element(2, &[&[1]]), &nothing, &issuer, &nothing, &subject, &nothing, &extensions];
        element(SEQUENCE, &[&element(SEQUENCE, &body.map(Vec::as_slice)), &nothing])
    }

    #[test]
    fn names_are_those_of_people_hosts_and_workloads() {
        let alternative: [(u8, &[u8]); 4] =
            [(0x81, b"li@example.com"), (0x87, &[127, 0, 0, 1]), (0x86, b"spiffe://x/li"), (0x82, b"li.example")];
        let found = names(&certificate(&alternative, "李"));
        let expected = [
            Name::Email("li@example.com".to_owned()),
            Name::Uri("spiffe://x/li".to_owned()),
            Name::Dns("li.example".to_owned()),
            Name::Common("李".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_damaged_certificate_has_no_name_that_is_not_in_it() {
        let whole = certificate(&[(0x81, b"li@example.com"), (0x81, b"li@example.com\0.evil")], "li");
        let all = names(&whole);
        assert_eq!(all.iter().map(Name::text).collect::<Vec<_>>(), ["li@example.com", "li"], "no control characters");
        for length in 0..whole.len() {
            assert!(names(&whole[..length]).is_empty(), "{length} bytes of it");
        }
        assert!(names(&[SEQUENCE, 0x84, 255, 255, 255, 255, SEQUENCE]).is_empty());
        assert!(names(&[SEQUENCE, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).is_empty());
    }
}
