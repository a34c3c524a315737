//! What the numbers of currencies mean in the bytes of an image: the list of currencies changes from release to release, and
//! money must stay the money that it was.

use super::bytes::Broken;
use crate::engine::directory::{ListedCurrency, listed_currencies};
use crate::model::money::Currency;

/// The currencies of images that do not list theirs, by their numbers: each code with its fraction digits.
const UNLISTED: &str = "\
    AED2 AFN2 ALL2 AMD2 AOA2 ARS2 AUD2 AWG2 AZN2 BAM2 BBD2 BDT2 BHD3 BIF0 BMD2 BND2 BOB2 BOV2 BRL2 BSD2 BTN2 BWP2 \
    BYN2 BZD2 CAD2 CDF2 CHE2 CHF2 CHW2 CLF4 CLP0 CNY2 COP2 COU2 CRC2 CUP2 CVE2 CZK2 DJF0 DKK2 DOP2 DZD2 EGP2 ERN2 \
    ETB2 EUR2 FJD2 FKP2 GBP2 GEL2 GHS2 GIP2 GMD2 GNF0 GTQ2 GYD2 HKD2 HNL2 HTG2 HUF2 IDR2 ILS2 INR2 IQD3 IRR2 ISK0 \
    JMD2 JOD3 JPY0 KES2 KGS2 KHR2 KMF0 KPW2 KRW0 KWD3 KYD2 KZT2 LAK2 LBP2 LKR2 LRD2 LSL2 LYD3 MAD2 MDL2 MGA2 MKD2 \
    MMK2 MNT2 MOP2 MRU2 MUR2 MVR2 MWK2 MXN2 MXV2 MYR2 MZN2 NAD2 NGN2 NIO2 NOK2 NPR2 NZD2 OMR3 PAB2 PEN2 PGK2 PHP2 \
    PKR2 PLN2 PYG0 QAR2 RON2 RSD2 RUB2 RWF0 SAR2 SBD2 SCR2 SDG2 SEK2 SGD2 SHP2 SLE2 SOS2 SRD2 SSP2 STN2 SVC2 SYP2 \
    SZL2 THB2 TJS2 TMT2 TND3 TOP2 TRY2 TTD2 TWD2 TZS2 UAH2 UGX0 USD2 USN2 UYI0 UYU2 UYW4 UZS2 VED2 VES2 VND0 VUV0 \
    WST2 XAD2 XAF0 XCD2 XCG2 XOF0 XPF0 YER2 ZAR2 ZMW2 ZWG2";

/// The currencies of an image, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Currencies {
    /// A code, where this version knows none of these digits; `None`: the numbers are those of this version.
    others: Option<Vec<Result<Currency, [u8; 3]>>>,
}

impl Currencies {
    /// Those of this version.
    pub(super) const OWN: Currencies = Currencies { others: None };

    /// Those that an image lists; if it lists none, those of the first format.
    pub(super) fn of(listed: &[ListedCurrency]) -> Result<Currencies, Broken> {
        let unlisted = UNLISTED.split_whitespace().filter_map(|word| word.split_at_checked(3));
        let unlisted = unlisted.map(|(code, digits)| (code.to_owned(), digits.parse().unwrap_or(0)));
        let listed = if listed.is_empty() { unlisted.collect() } else { listed.to_vec() };
        if listed == listed_currencies() {
            return Ok(Currencies::OWN);
        }
        let known = |(code, digits): &ListedCurrency| match Currency::from_code(code) {
            Some(currency) if currency.digits() == *digits => Ok(Ok(currency)),
            _ => code.as_bytes().try_into().map(Err).map_err(|_| Broken::Damaged),
        };
        Ok(Currencies { others: Some(listed.iter().map(known).collect::<Result<_, Broken>>()?) })
    }

    /// Whether the numbers are those of this version.
    pub(super) fn are_own(&self) -> bool {
        self.others.is_none()
    }

    /// The currency of a number.
    pub(super) fn at(&self, number: u8) -> Result<Currency, Broken> {
        let Some(others) = &self.others else { return Currency::from_place(number).ok_or(Broken::Damaged) };
        others.get(usize::from(number)).ok_or(Broken::Damaged)?.map_err(Broken::Currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(codes: &[(&str, u32)]) -> Vec<ListedCurrency> {
        codes.iter().map(|(code, digits)| ((*code).to_owned(), *digits)).collect()
    }

    #[test]
    fn a_number_means_the_code_that_the_image_says() {
        let currencies = Currencies::of(&listed(&[("USD", 2), ("XYZ", 2), ("CNY", 2), ("JPY", 2)])).unwrap();
        assert!(!currencies.are_own());
        assert_eq!(currencies.at(0), Ok(Currency::from_code("USD").unwrap()));
        assert_eq!(currencies.at(1), Err(Broken::Currency(*b"XYZ")), "nobody knows it");
        assert_eq!(currencies.at(2), Ok(Currency::from_code("CNY").unwrap()));
        assert_eq!(currencies.at(3), Err(Broken::Currency(*b"JPY")), "an amount would be a hundred times another");
        assert_eq!(currencies.at(4), Err(Broken::Damaged));
        assert_eq!(Currencies::of(&listed(&[("EURO", 2)])), Err(Broken::Damaged));
    }

    #[test]
    fn an_image_without_a_list_has_the_first_one() {
        let first = Currencies::of(&[]).unwrap();
        let code = |number| first.at(number).map(Currency::code);
        assert_eq!((code(0), code(31), code(164)), (Ok("AED"), Ok("CNY"), Ok("ZWG")));
        assert_eq!(code(165), Err(Broken::Damaged));
        assert_eq!(Currencies::of(&listed_currencies()).unwrap(), Currencies::OWN);
    }
}
