//! Which proxy stands in between, as the variables say it. The HTTP client reads them itself; this only tells people.

use reqwest::Url;

use crate::probe::environment::Environment;

/// The proxies of the environment.
#[derive(Debug, Default)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    none: Vec<String>,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case.
    pub fn of(environment: &Environment) -> Proxies {
        let read = |names: &[&str]| environment.first(names).map(shown);
        let all = read(&["ALL_PROXY", "all_proxy"]);
        let none = environment.first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Proxies {
            http: read(&["http_proxy", "HTTP_PROXY"]).or_else(|| all.clone()),
            https: read(&["HTTPS_PROXY", "https_proxy"]).or(all),
            none: none
                .split(',')
                .map(|name| name.trim().to_ascii_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
        }
    }

    /// The proxy that a URL is asked through.
    pub fn of_url(&self, url: &Url) -> Option<String> {
        let host = url.host_str()?.to_ascii_lowercase();
        let is_exempt = |name: &String| {
            let name = name.trim_start_matches('.');
            name == "*" || host == name || host.strip_suffix(name).is_some_and(|front| front.ends_with('.'))
        };
        if self.none.iter().any(is_exempt) {
            return None;
        }
        if url.scheme() == "http" { self.http.clone() } else { self.https.clone() }
    }
}

/// Host and port of a proxy's address, without who logs in there.
fn shown(address: &str) -> String {
    let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    match Url::parse(&whole) {
        Ok(url) => crate::probe::http::host_of(&url),
        Err(_) => "a proxy whose address cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn goes_through(url: &str, expected: Option<&str>) {
        let environment = Environment::from([
            ("HTTPS_PROXY", "http://user:planted@proxy.example:3128"),
            ("http_proxy", "plain.example:8080"),
            ("NO_PROXY", "localhost,.internal.example, acme.azurecr.io"),
        ]);
        let found = Proxies::of(&environment).of_url(&Url::parse(url).unwrap());
        assert_eq!(found.as_deref(), expected, "{url}");
    }

    #[test]
    fn a_proxy_is_told_without_its_login() {
        goes_through("https://other.azurecr.io/v2/", Some("proxy.example:3128"));
        goes_through("http://other.example/v2/", Some("plain.example:8080"));
    }

    #[test]
    fn exempt_hosts_go_through_none() {
        goes_through("https://acme.azurecr.io/v2/", None);
        goes_through("https://a.internal.example/v2/", None);
        goes_through("https://notacme.azurecr.io/v2/", Some("proxy.example:3128"));
    }
}
