//! What Resource Manager's errors mean. <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors>

use serde_json::Value;

use crate::evidence::Failure;
use crate::probe::http::Response;
use crate::probe::refusal;

/// The failure that a status other than 2xx is: with the permission that the caller lacks, where it is told.
pub fn failure(host: &str, response: &Response) -> Failure {
    // The envelope is `{"error": {…}}`; App Service leaves it out and writes `Code` and `Message`.
    let json: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let error = json.get("error").filter(|error| error.is_object()).unwrap_or(&json);
    let text =
        |names: [&str; 2]| names.iter().find_map(|name| error.get(name)?.as_str()).filter(|text| !text.is_empty());
    let (code, message) = (text(["code", "Code"]), text(["message", "Message"]));
    let owned = || (code.map(refusal::clip), message.map(refusal::clip));
    let (host, status) = (host.to_owned(), response.status.as_u16());
    match status {
        404 => {
            let (code, message) = owned();
            Failure::NotFound { host, code, message }
        }
        401 | 403 => match message.and_then(lacking) {
            Some((permission, scope)) => Failure::NotAllowed { permission, scope },
            None => {
                let (code, message) = owned();
                let challenge = response.challenges().into_iter().next();
                Failure::Refused { host, status, code, message, challenge, anonymous: false }
            }
        },
        429 => Failure::Throttled { host, retry_after: response.retry_after(), message: message.map(refusal::clip) },
        300..=399 => Failure::Redirected { host, to: response.header("location").unwrap_or("nowhere").to_owned() },
        _ => {
            let (code, message) = owned();
            Failure::Server { host, status, code, message }
        }
    }
}

/// The action and the scope of `… does not have authorization to perform action 'A' over scope 'S' …`.
fn lacking(message: &str) -> Option<(String, String)> {
    let (_, rest) = message.split_once("perform action '")?;
    let (action, rest) = rest.split_once('\'')?;
    let (_, rest) = rest.split_once("over scope '")?;
    let (scope, _) = rest.split_once('\'')?;
    Some((refusal::clip(action), refusal::clip(scope)))
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        let response =
            Response { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec(), certificate: None };
        failure("management.azure.com", &response)
    }

    #[test]
    fn what_the_caller_lacks_is_named() {
        let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s/resourceGroups/g' or the scope is invalid. If access was recently granted, please refresh your credentials."}}"#;
        let expected = Failure::NotAllowed {
            permission: "Microsoft.ContainerRegistry/registries/read".to_owned(),
            scope: "/subscriptions/s/resourceGroups/g".to_owned(),
        };
        assert_eq!(answer(403, body), expected);
    }

    #[test]
    fn other_refusals_keep_their_words() {
        insta::assert_snapshot!(answer(401, r#"{"error":{"code":"InvalidAuthenticationTokenTenant","message":"wrong tenant"}}"#),
            @"management.azure.com answered 401: InvalidAuthenticationTokenTenant: wrong tenant");
        insta::assert_snapshot!(answer(404, r#"{"error":{"code":"ResourceNotFound","message":"gone"}}"#),
            @"management.azure.com has no such thing: ResourceNotFound: gone");
        insta::assert_snapshot!(answer(429, r#"{"error":{"code":"429","message":"Retry after 2 seconds."}}"#),
            @"management.azure.com asked to come back later (429, in 2 s)");
        insta::assert_snapshot!(answer(400, r#"{"Code":"BadRequest","Message":"no"}"#),
            @"management.azure.com answered 400: BadRequest: no");
        insta::assert_snapshot!(answer(500, "<html>"), @"management.azure.com answered 500");
    }
}
