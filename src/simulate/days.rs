//! The organisation's days: when people work, which month it is, and how the wall clock writes an instant.

use jiff::civil::Date;

use super::random::Random;
use crate::model::calendar::{Zone, next_day};
use crate::model::time::{DAY, HOUR, MINUTE, SECOND, Time};

/// In which hours from 8 o'clock deals move (Olist: hours in which deals were won).
const WORK: [i64; 12] = [28, 86, 84, 63, 25, 66, 97, 81, 87, 89, 56, 15];
const FIRST_WORKING_HOUR: i64 = 8;

/// A local day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    /// Its first instant.
    pub midnight: i64,
    /// The first instant of the next.
    pub end: i64,
    /// Its date.
    pub date: Date,
    /// Months since year 0.
    pub month: i32,
    /// 0 is Monday.
    pub weekday: usize,
    /// How it writes its date and its offset from UTC; `None` where the clock is changed on it.
    text: Option<([u8; 10], [u8; 6])>,
}

/// The days from the beginning of a plan on, as far as they were needed.
#[derive(Debug)]
pub(super) struct Days {
    zone: Zone,
    days: Vec<Day>,
}

impl Days {
    /// The days from some days before `start` on.
    pub(super) fn from(start: i64, zone: Zone) -> Days {
        let date = zone.date_of(Time::from_millis(start - 8 * DAY));
        let first = day(&zone, date);
        Days { zone, days: vec![first] }
    }

    /// The day that holds an instant; the first one for all that lies before it.
    pub(super) fn day(&mut self, at: i64) -> Day {
        let Some(first) = self.days.first().copied() else { return day(&self.zone, Date::MIN) };
        let mut last = self.days.last().copied().unwrap_or(first);
        while last.end <= at && last.date < Date::MAX {
            last = day(&self.zone, next_day(last.date));
            self.days.push(last);
        }
        let guess = usize::try_from((at - first.midnight) / DAY).unwrap_or(0);
        // Days of 23 and 25 hours move the guess by one at most.
        let near = self.days.get(guess.saturating_sub(1)..).unwrap_or_default();
        near.iter().take(3).find(|day| at < day.end).copied().unwrap_or(last)
    }

    /// A working moment on the day of `at`, or on the Monday after a weekend.
    pub(super) fn working(&mut self, at: i64, random: &mut Random) -> i64 {
        let day = self.working_day(at);
        let hour = FIRST_WORKING_HOUR + i64::try_from(random.weighted(&WORK)).unwrap_or(0);
        day.midnight + hour * HOUR + random.below(HOUR)
    }

    /// The first moment from `at` on at which somebody is at work.
    pub(super) fn answering(&mut self, at: i64, random: &mut Random) -> i64 {
        let day = self.day(at);
        let since_midnight = at - day.midnight;
        if day.weekday < 5 && (9 * HOUR..18 * HOUR).contains(&since_midnight) {
            return at;
        }
        let next = if since_midnight < 9 * HOUR { at } else { day.end };
        self.working_day(next).midnight + 9 * HOUR + random.below(2 * HOUR)
    }

    /// A working moment on the last working day of the month that holds `at`.
    pub(super) fn month_end(&mut self, at: i64, random: &mut Random) -> i64 {
        let mut day = self.day(at);
        let mut last_working = day;
        let month = day.month;
        while day.month == month {
            if day.weekday < 5 {
                last_working = day;
            }
            day = self.day(day.end);
        }
        self.working(last_working.midnight, random)
    }

    fn working_day(&mut self, at: i64) -> Day {
        let mut day = self.day(at);
        while day.weekday >= 5 {
            day = self.day(day.end);
        }
        day
    }

    /// Appends RFC 3339 as a wall clock in the organisation's zone shows it.
    pub(super) fn write(&mut self, at: i64, text: &mut Vec<u8>) {
        let day = self.day(at);
        let (Some((date, offset)), true) = (day.text, day.midnight <= at) else {
            text.extend_from_slice(Time::from_millis(at).to_string().as_bytes());
            return;
        };
        let rest = at - day.midnight;
        let [hour, minute, second] = [rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE / SECOND]
            .map(|number| [digit(number / 10), digit(number)]);
        let millis = rest % SECOND;
        text.extend_from_slice(&date);
        text.extend_from_slice(&[b'T', hour[0], hour[1], b':', minute[0], minute[1], b':', second[0], second[1]]);
        text.extend_from_slice(&[b'.', digit(millis / 100), digit(millis / 10), digit(millis)]);
        text.extend_from_slice(&offset);
    }
}

/// The last decimal digit of a number that is not negative.
fn digit(number: i64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}

fn day(zone: &Zone, date: Date) -> Day {
    let midnight = zone.midnight(date).millis();
    let end = zone.midnight(next_day(date)).millis();
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    Day { midnight, end, date, month, weekday, text: text(date, midnight, end) }
}

fn text(date: Date, midnight: i64, end: i64) -> Option<([u8; 10], [u8; 6])> {
    // How far local midnight is ahead of the midnight of the same date in UTC.
    let offset = Zone::utc().midnight(date).millis() - midnight;
    if end - midnight != DAY || offset % MINUTE != 0 {
        return None;
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / MINUTE;
    let offset = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    Some((date.to_string().as_bytes().try_into().ok()?, offset.as_bytes().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::random::Actor;
    use super::*;

    fn days(start: &str, zone: &str) -> Days {
        Days::from(Time::parse(start).unwrap().millis(), Zone::new(zone).unwrap())
    }

    #[test]
    fn what_the_wall_clock_shows_is_the_same_instant() {
        for zone in ["Asia/Shanghai", "America/New_York", "UTC", "Asia/Kathmandu", "Pacific/Apia"] {
            let mut days = days("2026-01-05T00:00:00Z", zone);
            for step in -400..4_000_i64 {
                let at = 1_767_571_200_000 + step * (3 * HOUR + 7 * MINUTE + 11 * SECOND + 123);
                let mut text = Vec::new();
                days.write(at, &mut text);
                let text = String::from_utf8(text).unwrap();
                assert_eq!(Time::parse(&text), Some(Time::from_millis(at)), "{zone} {text}");
            }
        }
        let mut text = Vec::new();
        days("2026-01-05T00:00:00Z", "Asia/Shanghai").write(1_767_571_200_000, &mut text);
        assert_eq!(text, b"2026-01-05T08:00:00.000+08:00");
    }

    #[test]
    fn nobody_works_at_weekends() {
        let mut days = days("2026-01-05T00:00:00Z", "Asia/Shanghai");
        let mut random = Random::of(1, Actor::Journey, 1);
        for step in 0..2_000 {
            let at = 1_767_571_200_000 + step * 5 * HOUR;
            for moment in
                [days.working(at, &mut random), days.answering(at, &mut random), days.month_end(at, &mut random)]
            {
                let day = days.day(moment);
                assert!(day.weekday < 5 && (8 * HOUR..20 * HOUR).contains(&(moment - day.midnight)));
            }
            assert!(days.answering(at, &mut random) >= at);
        }
    }
}
