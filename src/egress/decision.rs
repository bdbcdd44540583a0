//! First match wins: how an ordered list of rules decides about something that rules may cover only
//! in part.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::Cover;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    Allow,
    Deny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Allow,
    Deny,
    /// The rules decide differently about parts, or cannot be compared with what is needed.
    Unknown,
}

/// What an ordered list of rules decides, and the rule that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub outcome: Outcome,
    pub by: Rule,
    /// A sentence for a person: for an unknown outcome what makes it so.
    pub why: String,
}

/// A rule as it is told to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub name: String,
    /// Where it stands: the policy, group and collection of a firewall rule, or the priority.
    pub place: String,
    /// The rule breaks TLS open, so that clients see another certificate.
    pub inspects: bool,
}

impl Rule {
    pub fn new(name: impl Into<String>, place: impl Into<String>) -> Self {
        Self { name: name.into(), place: place.into(), inspects: false }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}` ({})", self.name, self.place)
    }
}

/// A walk through rules in their order.
///
/// A rule that covers the whole ends it. One that covers a part leaves its mark: if the rule that
/// ends the walk disagrees with it, nobody can say what happens to every address.
#[derive(Debug, Default)]
pub struct Walk {
    allow: Option<Rule>,
    deny: Option<Rule>,
}

impl Walk {
    /// Meets the next rule; the decision, if this rule ends the walk.
    pub fn meet(&mut self, cover: Cover, access: Access, rule: Rule) -> Option<Decision> {
        match cover {
            Cover::None => None,
            Cover::Part => {
                let mark = match access {
                    Access::Allow => &mut self.allow,
                    Access::Deny => &mut self.deny,
                };
                mark.get_or_insert(rule);
                None
            }
            Cover::Whole => Some(self.end(access, rule)),
        }
    }

    fn end(&mut self, access: Access, rule: Rule) -> Decision {
        let (doubt, outcome, verb) = match access {
            Access::Allow => (self.deny.take(), Outcome::Allow, "allows"),
            Access::Deny => (self.allow.take(), Outcome::Deny, "denies"),
        };
        let Some(doubt) = doubt else {
            let why = format!("{rule} {verb} it");
            return Decision { outcome, by: rule, why };
        };
        let why = format!(
            "{doubt} comes before {rule}, and whether it covers all, some or none of it cannot be read from it"
        );
        Decision { outcome: Outcome::Unknown, by: doubt, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(rules: &[(Cover, Access)]) -> Outcome {
        let mut walk = Walk::default();
        let all = rules.iter().enumerate();
        all.map(|(at, &(cover, access))| walk.meet(cover, access, Rule::new(at.to_string(), "")))
            .find_map(|decision| decision)
            .expect("the last rule covers the whole")
            .outcome
    }

    #[test]
    fn the_first_whole_match_decides_unless_a_part_was_decided_otherwise() {
        use Access::{Allow, Deny};
        use Cover::{None, Part, Whole};
        assert_eq!(decide(&[(None, Deny), (Whole, Allow), (Whole, Deny)]), Outcome::Allow);
        assert_eq!(decide(&[(Part, Allow), (Whole, Allow)]), Outcome::Allow);
        assert_eq!(decide(&[(Part, Deny), (Whole, Allow)]), Outcome::Unknown);
        assert_eq!(decide(&[(Part, Allow), (Whole, Deny)]), Outcome::Unknown);
        assert_eq!(decide(&[(Part, Deny), (Part, Allow), (Whole, Deny)]), Outcome::Unknown);
    }
}
