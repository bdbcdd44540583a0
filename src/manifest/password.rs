//! The passwords that a manifest holds for its registries, and what each is called in questions: by the workload and the place
//! where it is written, for two workloads may give one name to two passwords.

use super::{RegistryEntry, Workload, server_host};
use crate::value::Value;

/// A password of a registry entry.
#[derive(Clone, Debug)]
pub struct Password<'m> {
    /// Its name in questions: never the password.
    pub name: String,
    pub value: &'m Value,
    /// The secret that holds it; `None` where the entry itself does.
    pub secret: Option<&'m str>,
}

impl Workload {
    /// The password of an entry, where the file holds it.
    pub fn password<'m>(&'m self, entry: &'m RegistryEntry) -> Option<Password<'m>> {
        let workload = self.display_name();
        if let Some(value) = &entry.password {
            let server = entry.server.as_ref().and_then(server_host);
            let server = server.map_or_else(|| "its registry".to_owned(), |host| host.as_str().to_owned());
            return Some(Password { name: format!("{workload}/password of {server}"), value, secret: None });
        }
        let secret = entry.password_secret.as_ref()?.as_str()?;
        let named = |name: &Option<Value>| name.as_ref().and_then(Value::as_str) == Some(secret);
        let value = self.secrets.entries.iter().find(|one| named(&one.name))?.value.as_ref()?;
        Some(Password { name: format!("{workload}/{secret}"), value, secret: Some(secret) })
    }

    /// All of them.
    pub fn passwords(&self) -> impl Iterator<Item = Password<'_>> {
        self.registries.entries.iter().filter_map(|entry| self.password(entry))
    }
}
