//! Dates and times.

use super::duration;
use super::moment::Moment;
use super::{Args, Builtin, Error, Kind, Outcome, known, numeric};
use crate::template::text::Builder;
use crate::value::Data;

pub const FUNCTIONS: &[Builtin] = &[
    known("utcNow", 0, 1, utc_now),
    known("dateTimeAdd", 2, 3, add),
    known("dateTimeFromEpoch", 1, 1, from_epoch),
    known("dateTimeToEpoch", 1, 1, |args| args.give(Data::Int(moment(args)?.epoch()))),
];

const ISO: &str = "yyyy-MM-ddTHH:mm:ssZ";

fn moment(args: &Args) -> Result<Moment, Error> {
    let text = args.text(0)?;
    Moment::read(text).ok_or_else(|| {
        let message = format!("`{}` is no date and time", numeric::short(text));
        args.wrong(0, Kind::Value, message).expected("expected ISO 8601: `2024-05-06T07:08:09Z`")
    })
}

fn write(args: &Args, moment: Moment, format: Option<usize>, default: &str) -> Outcome {
    let format: &str = match format.filter(|index| *index < args.len()) {
        Some(index) => args.text(index)?,
        None => default,
    };
    match moment.write(format) {
        Some(text) => args.give_text(text),
        None => Err(args.error(Kind::Value, format!("`{}` is no format of a date and time", numeric::short(format)))),
    }
}

fn utc_now(args: &Args) -> Outcome {
    let scope = args.env.scope;
    if !scope.place().allows_moment() {
        let message = format!("it cannot be called in {}", scope.place().phrase());
        return Err(args.error(Kind::Placement, message).expected("only in the default value of a parameter"));
    }
    let now = scope.context().utc_now.as_deref().and_then(Moment::read);
    match now {
        Some(now) => write(args, now, Some(0), "yyyyMMddTHHmmssZ"),
        None => {
            let mut made = Builder::new();
            made.push_unknown(super::spell::call("utcNow", args.values), "it is the time of the deployment");
            Ok(made.finish(args.at))
        }
    }
}

/// The text without a format is not specified; ISO 8601 is one of the two that the documentation shows.
fn add(args: &Args) -> Outcome {
    let moment = moment(args)?;
    let text = args.text(1)?;
    let Some(ticks) = duration::ticks(text) else {
        let message = format!("`{}` is no duration", numeric::short(text));
        return Err(args.wrong(1, Kind::Value, message).expected("expected ISO 8601: `P1D`, `PT2H`"));
    };
    match moment.plus(ticks) {
        Some(sum) => write(args, sum, Some(2), ISO),
        None => Err(args.error(Kind::Range, "the result is not within the years 1 to 9999")),
    }
}

fn from_epoch(args: &Args) -> Outcome {
    match Moment::of_epoch(args.int(0)?) {
        Some(moment) => write(args, moment, None, ISO),
        None => Err(args.wrong(0, Kind::Range, "the time is not within the years 1 to 9999")),
    }
}
