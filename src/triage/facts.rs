//! Every error text of the playbooks, of the failure stories and of the notes on references and registries, one a row.

use super::given::first;
use super::read;

const REF: &str = "someacr.azurecr.io/someimage:sometag";

/// `{ref}` is an image, `{pull}` the beginning that the kubelet gives such messages.
#[track_caller]
fn recognised(text: &str, hypothesis: &str, cause: &str) {
    let start = format!(
        "Failed to pull image \"{REF}\": rpc error: code = Unknown desc = failed to pull and unpack image \"{REF}\": failed to resolve reference \"{REF}\": "
    );
    let text = text.replace("{pull}", &start).replace("{ref}", REF);
    let triage = read(&mut text.as_bytes()).unwrap();
    let found = triage.findings.first().map(|finding| (finding.hypothesis.name(), finding.cause));
    assert_eq!(found, Some((hypothesis, cause)), "{text}");
}

/// A pull failed, and the text names no cause.
#[track_caller]
fn unexplained(text: &str) {
    let triage = read(&mut text.as_bytes()).unwrap();
    assert!(triage.findings.is_empty() && !triage.unexplained.is_empty(), "{text}: {triage:?}");
}

#[test]
fn the_errors_of_the_azureossd_blog() {
    recognised(
        "Failed to pull image \"{ref}\": [rpc error: code = Unknown desc = failed to pull and unpack image \"{ref}\": failed to resolve reference \"{ref}\": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://someacr.azurecr.io/oauth2/token?scope=repository%3repo%image%3Apull&service=someacr.azurecr.io: 401 Unauthorized, rpc error: code = Unknown desc = failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://someacr.azurecr.io/oauth2/token?scope=repository%3repo%2Fimage%3Apull&service=someacr.azurecr.io: 401 Unauthorized]",
        "H1",
        "credentials-missing",
    );
    recognised(
        "{pull}unexpected status from HEAD request to https://someacr.azurecr.io/image:tag/v2/image/manifests/tag: 403 Forbidden",
        "H3",
        "registry-closed",
    );
    recognised(
        "{pull}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
        "H1",
        "pull-unauthorized",
    );
    recognised(
        "{pull}failed to do request: Head \"https://someacr.azurecr.io/someimage:sometag/v2/someimage/manifests/sometag\": dial tcp: lookup someacr.azurecr.io on 168.63.129.16:53: no such host",
        "H3",
        "registry-name-unresolved",
    );
    recognised(
        "{pull}failed to do request: Head \"https://someacr.azurecr.io/v2/image/manifests/tag\": dial tcp: lookup someacr.azurecr.io: i/o timeout",
        "H3",
        "registry-name-unresolved",
    );
    recognised(
        "Failed to pull image \"{ref}\": rpc error: code = Unknown desc = failed to pull and unpack image \"{ref}\": failed to copy: read tcp xx.x.x.xxx:xxxxx->xx.xxx.xx.xxx:xxx: read: connection reset by peer",
        "H3",
        "layers-egress-closed",
    );
    recognised(
        "Failed to pull image \"{ref}\": rpc error: code = Unknown desc = failed to pull and unpack image \"{ref}\": failed to copy: httpReadSeeker: failed open: failed to do request: Get \"httpsomeacr.azurecr.io/someimage:sometag\": net/http: TLS handshake timeout",
        "H3",
        "registry-unreachable",
    );
    recognised(
        "{pull}unexpected status from HEAD request to https://someacr.azurecr.io/v2/someimage/manifests/sometag: 503 Service Unavailable",
        "H3",
        "registry-unavailable",
    );
    recognised(
        "Failed to pull image \"{ref}\": rpc error: code = Canceled desc = failed to pull and unpack image \"{ref}\": failed to resolve reference \"{ref}\": failed to do request: Head \"{ref}\": context canceled",
        "H3",
        "registry-unreachable",
    );
    recognised(
        "DENIED: client with IP 'xx.xx.xxx1.xx' is not allowed access, refer https://aka.ms/acr/firewall to grant access'",
        "H3",
        "registry-closed",
    );
    recognised(
        "Failed to pull image \"{ref}\": [rpc error: code = NotFound desc = failed to pull and unpack image \"{ref}\": failed to resolve reference \"{ref}\": {ref}: not found, rpc error: code = Unknown desc = failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://someacr.azurecr.io/oauth2/token?scope=repository%3Asomeimage%3Apull&service=someacr.azurecr.io: 401 Unauthorized]",
        "H2",
        "tag-missing",
    );
    recognised(
        "'Invalid value: \"somehost.com/someimage:tag\": GET https:: unexpected status code 404 Not Found:",
        "H2",
        "tag-missing",
    );
    unexplained(
        "Persistent Image Pull Errors for image \"someregistry.com/image:atest\". Please check https://aka.ms/cappsimagepullerrors.",
    );
    unexplained("Container 'some-container' was terminated with exit code '' and reason 'ImagePullFailure'");
    unexplained("Error: ImagePullBackOff");
}

#[test]
fn the_signals_of_the_playbook() {
    for (text, hypothesis, cause) in [
        ("{pull}unauthorized", "H1", "pull-unauthorized"),
        ("{pull}denied", "H1", "pull-unauthorized"),
        ("{pull}403", "H3", "registry-closed"),
        ("{pull}manifest unknown", "H2", "tag-missing"),
        ("{pull}{ref}: not found", "H2", "tag-missing"),
        ("{pull}timeout", "H3", "registry-unreachable"),
        ("{pull}connection refused", "H3", "registry-unreachable"),
        ("{pull}DNS resolution failure", "H3", "registry-name-unresolved"),
        ("{pull}invalid reference format", "H4", "reference-malformed"),
        (
            "Field 'template.containers.api.image' is invalid with details: 'Invalid value: \"\": x';",
            "H4",
            "image-missing",
        ),
        (
            "{pull}the managed identity token request to login.microsoftonline.com timed out",
            "H5",
            "token-egress-closed",
        ),
        // The lab and its expected log.
        (
            "ImagePullFailed   Failed to pull image: manifest unknown: manifest tagged by \"does-not-exist\" is not found",
            "H2",
            "tag-missing",
        ),
        // The triage table of the operations guide.
        ("{pull}UNAUTHORIZED", "H1", "pull-unauthorized"),
        ("{pull}MANIFEST_UNKNOWN", "H2", "tag-missing"),
        ("{pull}dial tcp timeout", "H3", "registry-unreachable"),
        ("{pull}denied: client with IP '20.1.2.3' is not allowed access", "H3", "registry-closed"),
        // Common error messages of the article on ACR.
        ("unauthorized: authentication required", "H1", "pull-unauthorized"),
        ("denied: requested access to the resource is denied", "H1", "pull-unauthorized"),
        ("manifest unknown: manifest tagged by \"latest\" is not found", "H2", "tag-missing"),
        (
            "Error response from daemon: Get \"https://myregistry.azurecr.io/v2/\": net/http: request canceled",
            "H3",
            "registry-unreachable",
        ),
    ] {
        recognised(text, hypothesis, cause);
    }
    unexplained("ErrImagePull: Failed to pull image \"myregistry.azurecr.io/myapp:latest\"");
    unexplained("ImagePullBackOff: Back-off pulling image \"myregistry.azurecr.io/myapp:v1.0\"");
}

#[test]
fn the_failure_stories() {
    let field = |image: &str, reason: &str| {
        format!("Field 'template.containers.X.image' is invalid with details: 'Invalid value: \"{image}\": {reason}';.")
    };
    let rows: Vec<(usize, String, &str, &str)> = vec![
        (1, field(REF, "unable to pull image using Managed identity system for registry someacr.azurecr.io"), "H1", "pull-role-missing"),
        (3, field(REF, "GET https:: MANIFEST_UNKNOWN: manifest tagged by \"latest\" is not found; map[Tag:latest]"), "H2", "tag-missing"),
        (4, field(REF, "GET https:?scope=repository%3Aserver%3Apull&service=someacr.azurecr.io: UNAUTHORIZED: authentication required, visit https://aka.ms/acr/authorization"), "H1", "pull-unauthorized"),
        (7, "UNAUTHORIZED: token validation failed: Failed to pull image \"{ref}\"".into(), "H1", "arm-tokens-refused"),
        (8, "standard_init_linux.go:228: exec user process caused: exec format error".into(), "H2", "platform-mismatch"),
        (8, field(REF, "no child with platform linux/amd64 in index {ref}"), "H2", "platform-mismatch"),
        (9, "not found: manifest unknown: manifest sha256:0123456789abcdef is not found".into(), "H2", "digest-missing"),
        (12, "ContainerAppImageRequired: Container with name 'go-app' must have an 'Image' property specified.".into(), "H4", "image-missing"),
        (12, field("/albumapp-ui", "GET https:: UNAUTHORIZED: authentication required"), "H4", "registry-missing"),
        (13, field("docker.io/docker.io/myimage:latest", "GET https:: UNAUTHORIZED: authentication required"), "H4", "host-doubled"),
        (14, "(InaccessibleImage) The image 'http://someacr.azurecr.io/x:1' in container group 'g' is not accessible.".into(), "H4", "scheme-in-reference"),
        (16, "(FailedIdentityOperation) Identity operation failed: Resource '/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/Userassignedidentities/My-User-Assigned-Identity' was not found.".into(), "H1", "identity-not-attached"),
        (17, "Registry.Identity can't find identity /subscriptions/x".into(), "H1", "identity-not-attached"),
        (18, "Role assignment failed with error message: \"(AuthorizationFailed) The client 'x' does not have authorization\"".into(), "H1", "role-assignment-refused"),
        (18, "Failed to query identity-id by invoking Graph API".into(), "H1", "role-assignment-refused"),
        (19, "Role assignment failed with error message: The resource with name 'myacr-bkf0' and type 'Microsoft.ContainerRegistry/registries' could not be found".into(), "H1", "registry-lookup-failed"),
        (20, "Usage error: --registry-server, --registry-password and --registry-username are required together if not using Azure Container Registry".into(), "H1", "registry-lookup-failed"),
        (20, "'x.azurecr.us' is not a valid acr domain for Azure Public Cloud".into(), "H1", "registry-lookup-failed"),
        (21, "Failed to retrieve credentials for container registry. Please provide the registry username and password".into(), "H1", "admin-disabled"),
        (21, "admin credentials on the ACR are disabled and no managed identity is assigned".into(), "H1", "admin-disabled"),
        (22, "(ContainerAppRegistriesPasswordSecretRefNotFound) x".into(), "H1", "secret-undefined"),
        (22, "(ContainerAppSecretInvalid) Container app secret(s) with name(s) 'someacrazurecrio-someacr' are invalid".into(), "H1", "secret-vault-identity"),
        (22, "Field 'configuration.secrets' is invalid with details: 'Invalid value: \"registry-password\": Unable to get value using Managed identity system'".into(), "H1", "secret-vault-identity"),
        (23, "denied: client with IP '20.1.2.3' is not allowed access. Refer https://aka.ms/acr/firewall".into(), "H3", "registry-closed"),
        (24, "https://someacr.azurecr.io/oauth2/exchange: dial tcp 10.201.3.5:443: i/o timeout".into(), "H3", "registry-unreachable"),
        (25, "Get \"https://weumanaged15.blob.core.windows.net/x\": EOF\n401 Unauthorized".into(), "H3", "layers-egress-closed"),
        (28, "AcrPull for the kubelet: Principal 0000 does not exist in the directory 1111".into(), "H1", "tenant-mismatch"),
        (28, "{pull}Failed to Authorize".into(), "H1", "pull-unauthorized"),
        (31, "toomanyrequests: You have reached your unauthenticated pull rate limit".into(), "H2", "rate-limited"),
        (31, "{pull}unexpected status from HEAD request to http://localhost:5000/v2/x/manifests/1: 503 Service Unavailable".into(), "H3", "registry-unavailable"),
        (31, "RegistryErrorResponse: An error response is received from the docker registry 'index.docker.io'. Please retry later.".into(), "H2", "rate-limited"),
        (32, "EnforceDockerAuthentication: Cannot create cache rule pointing to Docker Hub without credentials".into(), "H2", "cache-rule-failed"),
        (32, "too many requests to source registry for cache rule 'hub'. CorrelationId: 1".into(), "H2", "cache-rule-failed"),
        (32, "manifest tagged by \"alpha\" is not found".into(), "H2", "tag-missing"),
        (33, "MANIFEST_BLOB_UNKNOWN: blob unknown to registry".into(), "H2", "layer-missing"),
        (34, "Selected tag uses an invalid operating system ''".into(), "H2", "platform-mismatch"),
        (35, "ValidationForResourceFailed: registry server 'reg.contoso.com:5000' is invalid".into(), "H4", "registry-port-refused"),
        (36, field("ghcr.io/acme/x:1", "GET https:?scope=repository%3Aacme%2Fx%3Apull&service=ghcr.io: UNAUTHORIZED: authentication required"), "H1", "pull-unauthorized"),
        (37, "unauthorized: authentication required\nImage pull failed: Verify docker image configuration and credentials".into(), "H1", "pull-unauthorized"),
        (38, "The image '{ref}' in container group 'g' is not accessible. Please check the image and registry credential.".into(), "H1", "pull-unauthorized"),
        (39, "{pull}failed to fetch anonymous token: unexpected status: 401 Unauthorized".into(), "H1", "credentials-missing"),
        (42, "invalid reference format: repository name must be lowercase".into(), "H4", "reference-malformed"),
        (42, "could not parse reference: someacr.azurecr.io/Shop:1".into(), "H4", "repository-upper-case"),
        (44, "{pull}no space left on device".into(), "H2", "image-too-large"),
    ];
    for (story, text, hypothesis, cause) in rows {
        recognised(&text, hypothesis, cause);
        assert!(story <= 44);
    }
    // 2 and 30: nothing in the text says why.
    unexplained("Failed to provision revision for container app 'x'. Error details: Operation expired.");
    unexplained("Container 'X' was terminated with exit code '' and reason 'ImagePullFailure'");
    unexplained("Image pull failed: Verify docker image configuration and credentials (if using private repository)");
}

#[test]
fn the_errors_of_the_reference_parsers() {
    for text in [
        "invalid reference format",
        "repository name must be lowercase",
        "repository name must have at least one component",
        "repository name must not be more than 255 characters",
        "repository name must be canonical",
        "invalid reference format: repository name (X) must be lowercase",
        "invalid repository name (X), cannot specify 64-byte hexadecimal strings",
        "{ref}: invalid tag format",
        "{ref}: invalid digest format",
        "{ref}: invalid checksum digest length",
        "{ref}: unsupported digest algorithm",
        "registries must be valid RFC 3986 URI authorities: X",
        "a repo must specify a tag name after the colon",
        "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: X",
        "could not parse reference: someacr.azurecr.io/x:",
        "InvalidImageName",
    ] {
        recognised(text, "H4", "reference-malformed");
    }
    recognised(
        "Invalid Name: Per RFC 1123 name must consist of lower case alphanumeric characters or '-': template.containers.",
        "H4",
        "container-name-malformed",
    );
    recognised("image OS/Arc must be linux/amd64 but found linux/arm64", "H2", "platform-mismatch");
    recognised("image OS/Arc must be linux/amd64 but found windows/amd64", "H2", "platform-mismatch");
}

#[test]
fn the_errors_of_the_registry() {
    for (text, hypothesis, cause) in [
        (
            "{pull}failed to fetch oauth token: GET https://X/oauth2/token?scope=repository%3Ax%3Apull: 401 Unauthorized",
            "H1",
            "pull-role-missing",
        ),
        ("NAME_UNKNOWN", "H2", "repository-missing"),
        ("{pull}manifest for X not found", "H2", "tag-missing"),
        ("unknown: The operation is disallowed.", "H2", "image-quarantined"),
        ("{pull}context deadline exceeded", "H3", "registry-unreachable"),
        ("{pull}Client.Timeout exceeded while awaiting headers", "H3", "registry-unreachable"),
        ("{pull}failed to copy: httpReadSeeker", "H3", "layers-egress-closed"),
        ("{pull}TOOMANYREQUESTS", "H2", "rate-limited"),
        ("{pull}429 Too Many Requests", "H2", "rate-limited"),
        ("Too many requests. Please visit https://aka.ms/acr/skus#sku-feature-matrix", "H2", "rate-limited"),
        ("unauthorized: Application not registered with AAD", "H1", "tenant-mismatch"),
        (
            "CONNECTIVITY_REFRESH_TOKEN_ERROR: Access to registry was denied. Response code: 403. Admin user is disabled",
            "H1",
            "admin-disabled",
        ),
        ("CONNECTIVITY_DNS_ERROR", "H3", "registry-name-unresolved"),
        ("CONNECTIVITY_FORBIDDEN_ERROR", "H3", "registry-closed"),
        ("CONNECTIVITY_CHALLENGE_ERROR", "H3", "registry-unreachable"),
        ("CONNECTIVITY_AAD_LOGIN_ERROR", "H1", "pull-role-missing"),
        ("CONNECTIVITY_ACCESS_TOKEN_ERROR", "H1", "pull-role-missing"),
        ("CONNECTIVITY_SSL_ERROR", "H3", "registry-unreachable"),
        ("CONNECTIVITY_TOOMANYREQUESTS_ERROR", "H2", "rate-limited"),
        ("registry X: LOGIN_SERVER_ERROR", "H3", "registry-unreachable"),
        ("registry X: CMK_ERROR", "H1", "pull-role-missing"),
        ("BLOB_UNKNOWN", "H2", "layer-missing"),
        ("{ref}: NAME_INVALID", "H4", "reference-malformed"),
        ("{ref}: DIGEST_INVALID", "H4", "reference-malformed"),
        ("repository \"wrong-name\" is not found in registry", "H2", "repository-missing"),
        ("TAG_UNKNOWN", "H2", "tag-missing"),
        ("UnAuthorizedForCredentialOperations", "H1", "admin-disabled"),
    ] {
        recognised(text, hypothesis, cause);
    }
}

#[test]
fn a_bucket_of_images_is_no_registry() {
    assert_eq!(first("worker: failed to pull image from S3 bucket: 403 Forbidden"), None);
}
