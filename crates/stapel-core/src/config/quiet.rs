use std::str::FromStr;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// `[quiet]`: when no release is to begin, because that is when the app is needed most (RUNBOOKS.md, C13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// The zone that the hours are meant in, by its name in the time zone database: `Europe/Moscow`.
    pub zone: String,
    /// The hours.
    pub hours: Vec<Hours>,
}

/// Some hours on some days of the week: `Mon-Fri 09:00-11:30`, `22:00-02:00`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    first: Weekday,
    last: Weekday,
    from: Time,
    /// Before `from`: on the day after.
    to: Time,
}

impl Quiet {
    /// Until when it is quiet, if it is so now.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<Zoned> {
        // The name was looked up when the file was read.
        let now = now.to_zoned(TimeZone::get(&self.zone).ok()?);
        self.hours.iter().filter_map(|hours| hours.until(&now)).max()
    }

    /// The problem with a release that would begin now.
    #[must_use]
    pub fn refuses(&self, now: Timestamp) -> Option<Problem> {
        let until = self.until(now)?;
        Some(problem!(Refused, "core-quiet", until = until.strftime("%Y-%m-%d %H:%M %Z").to_string()))
    }
}

impl Hours {
    fn until(&self, now: &Zoned) -> Option<Zoned> {
        let (today, time) = (now.date(), now.time());
        let yesterday = today.yesterday().ok()?;
        let over_night = self.to <= self.from;
        let ends = if self.on(today.weekday()) && time >= self.from && (over_night || time < self.to) {
            if over_night { today.tomorrow().ok()? } else { today }
        } else if over_night && self.on(yesterday.weekday()) && time < self.to {
            today
        } else {
            return None;
        };
        ends.to_datetime(self.to).to_zoned(now.time_zone().clone()).ok()
    }

    /// Whether these hours begin on this day.
    fn on(&self, day: Weekday) -> bool {
        let since = |a: Weekday, b: Weekday| (b.to_monday_zero_offset() - a.to_monday_zero_offset()).rem_euclid(7);
        since(self.first, day) <= since(self.first, self.last)
    }
}

/// The days as they are written, in both languages.
const DAYS: [(&str, &str, Weekday); 7] = [
    ("Mon", "Пн", Weekday::Monday),
    ("Tue", "Вт", Weekday::Tuesday),
    ("Wed", "Ср", Weekday::Wednesday),
    ("Thu", "Чт", Weekday::Thursday),
    ("Fri", "Пт", Weekday::Friday),
    ("Sat", "Сб", Weekday::Saturday),
    ("Sun", "Вс", Weekday::Sunday),
];

fn day(word: &str) -> Option<Weekday> {
    let word = word.to_lowercase();
    let named = |(en, ru, _): &&(&str, &str, Weekday)| [en.to_lowercase(), ru.to_lowercase()].contains(&word);
    DAYS.iter().find(named).map(|(_, _, day)| *day)
}

fn time(word: &str) -> Option<Time> {
    let (hour, minute) = word.split_once(':')?;
    match (hour.parse().ok()?, minute.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) if word.len() <= 5 => Time::new(hour, minute, 0, 0).ok(),
        _ => None,
    }
}

impl FromStr for Hours {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let read = || {
            let words: Vec<_> = text.split_whitespace().collect();
            let (days, hours) = match words.as_slice() {
                [days, hours] => (*days, *hours),
                [hours] => ("Mon-Sun", *hours),
                _ => return None,
            };
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (from, to) = hours.split_once('-').filter(|(from, _)| *from != "24:00")?;
            let hours = Self { first: day(first)?, last: day(last)?, from: time(from)?, to: time(to)? };
            // 00:00-24:00 is a whole day.
            (hours.from != hours.to || to == "24:00").then_some(hours)
        };
        read().ok_or(())
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|()| text)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        let name = |day: Weekday| DAYS.iter().find(|(_, _, d)| *d == day).map_or("", |(en, _, _)| *en);
        let time = |t: Time| format!("{:02}:{:02}", t.hour(), t.minute());
        let to = if hours.to == Time::midnight() { "24:00".to_owned() } else { time(hours.to) };
        format!("{}-{} {}-{to}", name(hours.first), name(hours.last), time(hours.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(hours: &str, now: &str) -> Option<String> {
        let quiet = Quiet { zone: "Europe/Moscow".into(), hours: vec![hours.parse().unwrap()] };
        let now: Zoned = format!("{now}[Europe/Moscow]").parse().unwrap();
        quiet.until(now.timestamp()).map(|z| z.strftime("%a %H:%M").to_string())
    }

    #[test]
    fn it_is_quiet_from_the_first_minute_to_before_the_last() {
        // 2026-11-20 is a Friday.
        let hours = "Mon-Fri 09:00-11:30";
        for (now, expected) in [
            ("2026-11-20T08:59:59", None),
            ("2026-11-20T09:00:00", Some("Fri 11:30")),
            ("2026-11-20T11:29:59", Some("Fri 11:30")),
            ("2026-11-20T11:30:00", None),
            ("2026-11-21T10:00:00", None),
        ] {
            assert_eq!(until(hours, now).as_deref(), expected, "{now}");
        }
        assert_eq!(until("10:00-12:00", "2026-11-22T10:30:00").as_deref(), Some("Sun 12:00"));
    }

    #[test]
    fn hours_may_go_over_midnight_and_days_over_the_weekend() {
        for (now, expected) in [
            ("2026-11-20T23:00:00", Some("Sat 02:00")),
            ("2026-11-21T01:59:00", Some("Sat 02:00")),
            ("2026-11-21T02:00:00", None),
            ("2026-11-21T23:00:00", None),
        ] {
            assert_eq!(until("Пт 22:00-02:00", now).as_deref(), expected, "{now}");
        }
        assert!(until("Sat-Mon 10:00-12:00", "2026-11-22T11:00:00").is_some());
        assert!(until("Sat-Mon 10:00-12:00", "2026-11-24T11:00:00").is_none());
        assert_eq!(until("18:00-24:00", "2026-11-20T20:00:00").as_deref(), Some("Sat 00:00"));
        assert_eq!(until("Fri 00:00-24:00", "2026-11-20T20:00:00").as_deref(), Some("Sat 00:00"));
        assert_eq!(until("Fri 00:00-24:00", "2026-11-21T00:00:00"), None);
    }

    #[test]
    fn what_is_no_such_time_is_refused_and_the_rest_comes_back_as_it_was() {
        for wrong in [
            "",
            "Mon",
            "Mon 9-11",
            "Mon 24:00-02:00",
            "Mon 25:00-26:00",
            "Mon-Tue-Wed 09:00-10:00",
            "Foo 09:00-10:00",
            "09:00-09:00",
        ] {
            assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
        }
        for (text, plain) in [("mon-FRI 9:00-11:05", "Mon-Fri 09:00-11:05"), ("00:00-24:00", "Mon-Sun 00:00-24:00")] {
            let hours: Hours = text.parse().unwrap();
            let json = serde_json::to_string(&hours).unwrap();
            assert_eq!(json, format!("\"{plain}\""));
            assert_eq!(serde_json::from_str::<Hours>(&json).unwrap(), hours);
        }
    }
}
