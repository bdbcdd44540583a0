//! A name server of our own (RFC 1035), for machines whose names we decide.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;

/// What is answered about a name. A name that is not listed does not exist.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    Address(Ipv4Addr),
    Alias(&'static str),
    /// SERVFAIL.
    Failing,
    /// Nothing.
    Silent,
}

/// Names, the first that is asked for first.
pub type Table = &'static [(&'static str, Entry)];

const FAILING: u8 = 2;
const UNKNOWN: u8 = 3;
const ADDRESS: u16 = 1;
const ALIAS: u16 = 5;
const HEADER: usize = 12;

/// Answers from the table until the process ends.
pub fn serve(socket: UdpSocket, tables: Vec<Table>) {
    let table: Arc<[(&str, Entry)]> = tables.concat().into();
    std::thread::spawn(move || {
        let mut buffer = [0; 1_500];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            if let Some(answer) = answer(&buffer[..length], &table) {
                let _ = socket.send_to(&answer, client);
            }
        }
    });
}

fn answer(query: &[u8], table: &[(&str, Entry)]) -> Option<Vec<u8>> {
    let (mut name, end) = question(query)?;
    let kind = u16::from_be_bytes([query[end], query[end + 1]]);
    let mut records = Vec::new();
    let mut count = 0;
    let code = loop {
        match table.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            None => break UNKNOWN,
            Some((_, Entry::Failing)) => break FAILING,
            Some((_, Entry::Silent)) => return None,
            Some((_, Entry::Address(address))) => {
                if kind == ADDRESS {
                    records.extend(record(&name, ADDRESS, &address.octets()));
                    count += 1;
                }
                break 0;
            }
            Some((_, Entry::Alias(to))) => {
                records.extend(record(&name, ALIAS, &written(to)));
                count += 1;
                name = (*to).to_owned();
            }
        }
    };
    // Identifier; a response, recursion wanted and available; one question, the answers, nothing more.
    let mut message = vec![query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0];
    message.extend(&query[HEADER..end + 4]);
    message.extend(records);
    Some(message)
}

/// The name that is asked for, and where its labels end.
fn question(query: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), HEADER);
    loop {
        let length = usize::from(*query.get(at)?);
        let label = query.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            return (query.len() >= at + 4).then(|| (labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(label).into_owned());
    }
}

fn record(name: &str, kind: u16, data: &[u8]) -> Vec<u8> {
    let mut record = written(name);
    record.extend(kind.to_be_bytes());
    record.extend([0, 1, 0, 0, 0, 60]);
    record.extend((data.len() as u16).to_be_bytes());
    record.extend(data);
    record
}

fn written(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
    labels.chain([0]).collect()
}
