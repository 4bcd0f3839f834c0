//! `spend`: what was spent, by day and by model, and what the caps leave.
//!
//! Days and months follow the local time zone, as those of the caps do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use serde_json::{Value, json};

use super::console::{joined, print};
use super::table::{aligned, one_line};
use crate::app::Config;
use crate::app::exit::DONE;
use crate::domain::Usd;
use crate::store::StoreError;
use crate::store::{Cap, Period, Spent, Store, Stretch, Sums};

/// The widest name of a model, so that a line has at most 80 columns.
const NAME_WIDTH: usize = 29;

/// `spend`
#[derive(Debug, clap::Args)]
pub struct SpendArguments {
    /// From this day on, such as 2026-11-01
    #[arg(long, value_name = "DATE", conflicts_with = "days", value_parser = since)]
    since: Option<Date>,
    /// The last N days, including today
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn since(text: &str) -> Result<Date, String> {
    let date: Date = text.parse().map_err(|_| "not a date; pass YEAR-MONTH-DAY".to_owned())?;
    if date > Zoned::now().date() { Err("that day is in the future".to_owned()) } else { Ok(date) }
}

/// What is printed.
struct SpendReport {
    sandbox: bool,
    since: Date,
    today: Date,
    days: Vec<(Date, Vec<Spent>)>,
    caps: Vec<CapNow>,
}

/// A cap as it stands.
struct CapNow {
    period: Period,
    most: Usd,
    counted: Usd,
    in_flight: Usd,
}

impl CapNow {
    fn left(&self) -> Usd {
        self.most.saturating_sub(self.counted)
    }
}

/// Prints what was spent.
pub async fn run(arguments: &SpendArguments, config: &Config) -> Result<u8, String> {
    let store = Store::new(config.store.clone());
    let report = report(arguments, config, &store).await;
    store.close().await;
    let report = report.map_err(|error| error.in_store().to_string())?;
    let text = if arguments.json { format!("{:#}\n", json(&report)) } else { words(&report) };
    print(&text)?;
    Ok(DONE)
}

async fn report(
    arguments: &SpendArguments,
    config: &Config,
    store: &Store,
) -> Result<SpendReport, StoreError> {
    let now = Zoned::now();
    let today = now.date();
    let asked = i64::from(arguments.days) - 1;
    let since = arguments.since.unwrap_or_else(|| today.saturating_sub(asked.days()));
    let mut report =
        SpendReport { sandbox: config.sandbox, since, today, days: Vec::new(), caps: Vec::new() };
    let recorded = store.has_record();
    if recorded && let Some(first) = store.first_planned().await? {
        let first = first.to_zoned(TimeZone::system()).date().max(since);
        let days: Vec<_> = first.series(1.days()).take_while(|day| *day <= today).collect();
        let stretches: Vec<_> = days.iter().map(|day| stretch(*day)).collect();
        let mut by_day: BTreeMap<usize, Vec<Spent>> = BTreeMap::new();
        for spent in store.spent(&stretches, config.sandbox).await? {
            by_day.entry(spent.stretch).or_default().push(spent);
        }
        let named = by_day.into_iter().filter_map(|(at, spent)| Some((*days.get(at)?, spent)));
        report.days = named.collect();
    }
    for Cap { period, since, most, .. } in config.spending.caps(None, &jiff::Zoned::now()) {
        let (counted, in_flight) =
            if recorded { store.counted(since, config.sandbox).await? } else { Default::default() };
        report.caps.push(CapNow { period, most, counted, in_flight });
    }
    Ok(report)
}

/// A day in the local time zone, however many hours it has.
fn stretch(day: Date) -> Stretch {
    let start = |day: Date| {
        let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::system());
        noon.and_then(|noon| noon.start_of_day()).map(|start| start.timestamp())
    };
    let from = start(day).unwrap_or(jiff::Timestamp::MIN);
    Stretch { from, until: start(day.saturating_add(1.day())).unwrap_or(jiff::Timestamp::MAX) }
}

/// The sums by a key, in the order of the keys.
fn sums<'a, K: Ord>(spent: impl Iterator<Item = (K, &'a Spent)>) -> BTreeMap<K, Sums> {
    let mut sums = BTreeMap::<K, Sums>::new();
    for (key, spent) in spent {
        *sums.entry(key).or_default() += spent.sums;
    }
    sums
}

impl SpendReport {
    fn all(&self) -> impl Iterator<Item = (Date, &Spent)> {
        self.days.iter().flat_map(|(day, spent)| spent.iter().map(|spent| (*day, spent)))
    }

    fn total(&self) -> Sums {
        sums(self.all().map(|(_, spent)| ((), spent))).remove(&()).unwrap_or_default()
    }
}

fn words(report: &SpendReport) -> String {
    let whose = if report.sandbox { "sandbox calls, which are free" } else { "in US dollars" };
    let mut text = format!("From {} to {}, {whose}\n\n", report.since, report.today);
    if report.days.is_empty() {
        text.push_str(if report.sandbox { "Nothing was drawn.\n" } else { "Nothing was spent.\n" });
    } else {
        let days = sums(report.all()).into_iter().rev().map(|(day, sums)| row(day.to_string(), &sums));
        let total = row("all".to_owned(), &report.total());
        text.push_str(&aligned(&[vec![head("DAY")], days.collect(), vec![total]].concat(), 1));
        text.push('\n');
        let models = sums(report.all().map(|(_, spent)| (spent.model.to_string(), spent)));
        let models = models.into_iter().map(|(model, sums)| row(one_line(&model, NAME_WIDTH), &sums));
        text.push_str(&aligned(&[vec![head("MODEL")], models.collect()].concat(), 1));
    }
    for (index, cap) in report.caps.iter().enumerate() {
        let (period, setting) = cap_names(cap.period);
        let _ = writeln!(
            text,
            "{}{} of {} spent {period}, including {} in flight;\n{} left ({setting}).",
            if index == 0 { "\n" } else { "" },
            cap.counted,
            cap.most,
            cap.in_flight,
            cap.left(),
        );
    }
    text
}

const fn cap_names(period: Period) -> (&'static str, &'static str) {
    match period {
        Period::Day => ("today", "max_cost_usd_per_day"),
        Period::Month => ("this month", "max_cost_usd_per_month"),
    }
}

fn head(first: &str) -> [String; 6] {
    [first, "TRIES", "IMAGES", "CHARGED", "MAYBE", "IN FLIGHT"].map(str::to_owned)
}

fn row(first: String, sums: &Sums) -> [String; 6] {
    let amount = |amount: Usd| if amount == Usd::ZERO { "-".to_owned() } else { amount.to_string() };
    [
        first,
        sums.tries.to_string(),
        sums.images.to_string(),
        sums.charged.to_string(),
        amount(sums.maybe),
        amount(sums.in_flight),
    ]
}

fn json(report: &SpendReport) -> Value {
    let models = |spent: &mut dyn Iterator<Item = &Spent>| -> Vec<Value> {
        let by_model = sums(spent.map(|spent| ((&spent.model.provider, &spent.model.model), spent)));
        let named = by_model.into_iter().map(|((provider, model), sums)| {
            joined(json!({ "model": model, "provider": provider }), fields(&sums))
        });
        named.collect()
    };
    let days = report.days.iter().rev().map(|(day, spent)| {
        let all = sums(spent.iter().map(|spent| ((), spent))).remove(&()).unwrap_or_default();
        let models = json!({ "models": models(&mut spent.iter()) });
        joined(joined(json!({ "day": day.to_string() }), fields(&all)), models)
    });
    let caps = report.caps.iter().map(|cap| {
        json!({
            "period": if cap.period == Period::Day { "day" } else { "month" },
            "setting": cap_names(cap.period).1,
            "most_usd": cap.most.dollars(),
            "counted_usd": cap.counted.dollars(),
            "in_flight_usd": cap.in_flight.dollars(),
            "left_usd": cap.left().dollars(),
        })
    });
    json!({
        "since": report.since.to_string(),
        "until": report.today.to_string(),
        "sandbox": report.sandbox,
        "total": fields(&report.total()),
        "days": days.collect::<Vec<_>>(),
        "models": models(&mut report.all().map(|(_, spent)| spent)),
        "caps": caps.collect::<Vec<_>>(),
    })
}

fn fields(sums: &Sums) -> Value {
    json!({
        "tries": sums.tries,
        "pictures": sums.images,
        "charged_usd": sums.charged.dollars(),
        "may_be_charged_usd": sums.maybe.dollars(),
        "in_flight_usd": sums.in_flight.dollars(),
    })
}
