//! Evidence as a file: `--record FILE` writes it, `--evidence FILE` reads it.

use serde::{Deserialize, Serialize};

use super::{Answer, Evidence, Question, Reply};

/// The value of `schema` in an evidence file.
const SCHEMA: &str = "pullgate/evidence/1";

/// Why an evidence file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("not an evidence file")]
    Malformed(#[from] serde_json::Error),
    #[error("evidence of schema `{0}`; this pullgate reads `pullgate/evidence/1`")]
    Schema(String),
}

#[derive(Serialize, Deserialize)]
struct File {
    schema: String,
    evidence: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
struct Item {
    question: Question,
    answer: Recorded,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Recorded {
    Known(Reply),
    Failed(super::Failure),
}

impl Evidence {
    /// The evidence as text, in a stable order.
    pub fn save(&self) -> String {
        let item = |(question, answer): (&Question, &Answer<Reply>)| Item {
            question: question.clone(),
            answer: match answer {
                Ok(reply) => Recorded::Known(reply.clone()),
                Err(failure) => Recorded::Failed(failure.clone()),
            },
        };
        let file = File { schema: SCHEMA.to_owned(), evidence: self.iter().map(item).collect() };
        let mut text = serde_json::to_string_pretty(&file).expect("evidence has only string keys");
        text.push('\n');
        text
    }

    /// Reads what [`Evidence::save`] wrote.
    pub fn load(text: &str) -> Result<Evidence, EvidenceError> {
        let file: File = serde_json::from_str(text)?;
        if file.schema != SCHEMA {
            return Err(EvidenceError::Schema(file.schema));
        }
        let mut evidence = Evidence::default();
        for item in file.evidence {
            let answer = match item.answer {
                Recorded::Known(reply) => Ok(reply),
                Recorded::Failed(failure) => Err(failure),
            };
            evidence.insert(item.question, answer);
        }
        Ok(evidence)
    }
}
