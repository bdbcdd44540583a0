//! How triage of a large log compares with `rg -c`, which only counts, in time; and how much memory it needs.
//!
//! ```sh
//! cargo bench --bench triage
//! ```
//!
//! Writes a log of 100 MB, most of it access logs and messages about something else, one line in two thousand a pull that failed.
//! Prints the best time of reading it, of `rg -c -i` with as many patterns (the regular expressions of our table, and as many of
//! our fixed words, which is the easiest work that rg knows), and the peak memory of a process that only reads it. Ends with an
//! error above 50 MB, or above three times the time of the regular expressions.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIZE: usize = 100_000_000;
const ROUNDS: usize = 5;
/// Bytes that reading may need, and times that it may take longer than rg.
const MEMORY: u64 = 50_000_000;
const RATIO: f64 = 3.0;

const PULLS: &str = include_str!("../tests/data/triage/pulls.jsonl");
const UNRELATED: &str = include_str!("../tests/data/triage/unrelated.jsonl");
const TABLE: &str = include_str!("../src/triage/patterns.tsv");
const ANCHORS: &str = include_str!("../src/triage/anchors.txt");

fn main() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("triage.log");
    if std::env::args().any(|argument| argument == "--peak") {
        return peak(&log);
    }
    write(&log);
    let own = best(|| read(&log));
    println!("pullgate triage   {:8.0} ms", millis(own));
    let patterns: Vec<String> = rows(TABLE).filter_map(|row| row.split('\t').nth(4)).map(pattern).collect();
    let words: Vec<String> = rows(ANCHORS).take(patterns.len()).map(str::to_owned).collect();
    let expressions = counted("regular expressions", &log, &patterns, &[], own);
    counted("fixed words", &log, &words, &["-F"], own);
    let memory = memory();
    println!("memory            {:8.1} MB", memory as f64 / 1e6);
    assert!(memory < MEMORY, "more than {MEMORY} bytes");
    assert!(expressions.is_none_or(|ratio| ratio < RATIO), "more than {RATIO} times as long as rg");
}

/// Prints how long rg needs, and gives our time as a multiple of it. Says so where there is no rg.
fn counted(name: &str, log: &Path, patterns: &[String], flags: &[&str], own: Duration) -> Option<f64> {
    let file = log.with_extension("patterns");
    fs::write(&file, patterns.join("\n") + "\n").expect("the target folder can be written");
    let count = || {
        let mut rg = Command::new("rg");
        rg.args(["-c", "-i", "-f"]).arg(&file).args(flags).arg(log).stdout(Stdio::null());
        rg.status().is_ok_and(|status| status.success())
    };
    if !count() {
        println!("rg is not installed, or refuses the {name}: not compared");
        return None;
    }
    let time = best(|| assert!(count()));
    let ratio = own.as_secs_f64() / time.as_secs_f64();
    println!("rg, {:3} {name:20} {:8.0} ms   {ratio:.2} times as long as rg", patterns.len(), millis(time));
    Some(ratio)
}

fn read(log: &Path) {
    let file = File::open(log).expect("it was written");
    let triage = pullgate::triage::read(&mut BufReader::new(file)).expect("a file can be read");
    assert!(!black_box(triage).findings.is_empty());
}

/// Writes the log, the same each time.
fn write(path: &Path) {
    let unrelated: Vec<String> = UNRELATED.lines().map(|line| serde_json::from_str(line).expect("a string")).collect();
    let pulls: Vec<String> = PULLS.lines().map(text).collect();
    let mut out = BufWriter::new(File::create(path).expect("the target folder can be written"));
    let (mut size, mut n) = (0, 0_usize);
    while size < SIZE {
        n += 1;
        let line = match n {
            _ if n.is_multiple_of(2000) => named(&pulls[n / 2000 % pulls.len()], n),
            _ if n.is_multiple_of(50) => unrelated[n / 50 % unrelated.len()].clone(),
            _ if n.is_multiple_of(2) => {
                format!(
                    "10.0.{}.7 - - [01/Jan/2026:10:11:12 +0000] \"GET /api/images/{n} HTTP/1.1\" 200 {} \"-\"",
                    n % 255,
                    n % 9000
                )
            }
            _ => format!(
                "{{\"TimeStamp\":\"2026-01-01T00:00:00.{n:07}Z\",\"Log\":\"order {n} took {} ms\",\"Stream\":\"stdout\"}}",
                n % 900
            ),
        };
        size += line.len() + 1;
        writeln!(out, "{line}").expect("the target folder can be written");
    }
}

fn text(line: &str) -> String {
    let case: serde_json::Value = serde_json::from_str(line).expect("a case");
    case["text"].as_str().expect("a text").to_owned()
}

fn named(text: &str, n: usize) -> String {
    text.replace("{acr}", "fabrikamreg").replace("{repository}", &format!("store/basket{n}")).replace("{tag}", "1.9.3")
}

fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|row| !row.starts_with('#') && !row.is_empty())
}

/// An escaped quote is a quote to us and a mistake to older versions of rg.
fn pattern(text: &str) -> String {
    text.replace("\\\"", "\"")
}

fn best(mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    (0..ROUNDS).map(time).min().expect("there are rounds")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Peak memory in bytes of a process that only reads the log.
fn memory() -> u64 {
    let own: PathBuf = std::env::current_exe().expect("this program has a path");
    let output = Command::new(own).arg("--peak").output().expect("it can be run again");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("it prints a number")
}

fn peak(log: &Path) {
    read(log);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    println!("{}", kilobytes * 1024);
}
