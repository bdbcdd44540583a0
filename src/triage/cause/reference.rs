//! H2 and H4: what the reference names, and whether it is a reference at all.

use super::{Cause, Command};
use crate::check::Hypothesis::{H2, H4};

const THERE: &str = "the tag is listed and its digest resolves";
const PARSES: &str = "the reference parses, and the same text pulls elsewhere";
const SHOW_IMAGES: Command = Command::Any(
    "az containerapp show -n {app} -g {group} --query 'properties.template.[containers, \
        initContainers][][].{name: name, image: image}' -o table",
);
const SHOW_TAGS: Command = Command::Acr(
    "az acr repository show-tags -n {acr} --repository {repository} \
    --orderby time_desc --top 10",
);
const SHOW_REPOSITORIES: Command = Command::Acr("az acr repository list -n {acr} -o table");
const INSPECT: Command = Command::Other("docker buildx imagetools inspect {image}");
const INSPECT_ANY: Command = Command::Any("docker buildx imagetools inspect {image}");
const SET_IMAGE: Command = Command::Any("az containerapp update -n {app} -g {group} --image $IMAGE");
const BUILD: Command = Command::Acr("az acr build -r {acr} -t {repository}:{version} --platform linux/amd64 .");

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        code: "tag-missing",
        hypothesis: H2,
        meaning: "the registry has no such tag: not pushed yet, pushed elsewhere, misspelt, or deleted",
        against: &[
            THERE,
            "an authentication error came first: then nobody looked for the tag",
            "the \
            registry is replicated and the tag was pushed a moment ago",
        ],
        commands: &[SHOW_TAGS, INSPECT, SHOW_IMAGES, BUILD, SET_IMAGE],
    },
    Cause {
        code: "digest-missing",
        hypothesis: H2,
        meaning: "the registry has no manifest of this digest: purged, or the missing part of an index",
        against: &["the manifest of this digest is listed"],
        commands: &[
            Command::Acr("az acr manifest list-metadata -r {acr} -n {repository} --orderby time_desc --top 20"),
            INSPECT,
            Command::Acr("az acr manifest list-deleted -r {acr} -n {repository}"),
            BUILD,
        ],
    },
    Cause {
        code: "repository-missing",
        hypothesis: H2,
        meaning: "the registry has no such repository",
        against: &["the repository is listed under exactly this name"],
        commands: &[SHOW_REPOSITORIES, INSPECT, SHOW_IMAGES, SET_IMAGE],
    },
    Cause {
        code: "layer-missing",
        hypothesis: H2,
        meaning: "the image is listed but a part of it is gone",
        against: &["the whole image pulls elsewhere from the same registry"],
        commands: &[INSPECT_ANY, BUILD],
    },
    Cause {
        code: "platform-mismatch",
        hypothesis: H2,
        meaning: "the image is not built for the platform that runs it; Container Apps runs linux/amd64",
        against: &[
            "the image or its index has linux/amd64",
            "the program itself calls another program of a \
            foreign architecture",
        ],
        commands: &[INSPECT_ANY, BUILD, Command::Any("docker buildx build --platform linux/amd64 -t {image} --push .")],
    },
    Cause {
        code: "not-an-image",
        hypothesis: H2,
        meaning: "what is stored under the tag is no container image: a chart, a signature or another artefact",
        against: &["the manifest's config is of an image media type"],
        commands: &[Command::Any("docker buildx imagetools inspect --raw {image}"), SHOW_TAGS, SET_IMAGE],
    },
    Cause {
        code: "rate-limited",
        hypothesis: H2,
        meaning: "the registry throttles: Docker Hub's limit for anonymous pulls, or the limits of an ACR",
        against: &["the same pull works at once from another address or with an account"],
        commands: &[INSPECT_ANY, Command::Any("az acr import -n $ACR --source {image}"), SET_IMAGE],
    },
    Cause {
        code: "cache-rule-failed",
        hypothesis: H2,
        meaning: "the registry's artifact cache could not fetch the image from its source",
        against: &["the credential set of the rule is healthy and the tag is at the source"],
        commands: &[
            Command::Acr("az acr cache list -r {acr} -o table"),
            Command::Acr(
                "az acr \
            credential-set list -r {acr} -o table",
            ),
            INSPECT_ANY,
        ],
    },
    Cause {
        code: "image-quarantined",
        hypothesis: H2,
        meaning: "the image is there but quarantined or locked against reading",
        against: &["readEnabled is true for repository, tag and manifest, and the registry has no quarantine policy"],
        commands: &[
            Command::Acr(
                "az acr repository show -n {acr} --image {repository}:{version} --query \
                changeableAttributes",
            ),
            Command::Acr("az acr repository update -n {acr} --image {repository}:{version} --read-enabled true"),
            INSPECT,
        ],
    },
    Cause {
        code: "image-too-large",
        hypothesis: H2,
        meaning: "the layers do not fit on the disk of the host",
        against: &["the same image starts on a host of the same size"],
        commands: &[INSPECT_ANY, Command::Any("docker history --no-trunc {image}")],
    },
    Cause {
        code: "image-damaged",
        hypothesis: H2,
        meaning: "a layer is not what the manifest says, or cannot be unpacked",
        against: &["the same digest pulls elsewhere"],
        commands: &[INSPECT_ANY, BUILD],
    },
    Cause {
        code: "image-missing",
        hypothesis: H4,
        meaning: "the container has no image: a parameter or an expression gave nothing",
        against: &["the deployed template has an image for every container"],
        commands: &[
            SHOW_IMAGES,
            Command::Any("az deployment group what-if -g {group} -f main.bicep -p image=$IMAGE"),
            SET_IMAGE,
        ],
    },
    malformed("reference-malformed", "the text is not a reference to an image"),
    malformed("scheme-in-reference", "a reference to an image has no scheme such as https://"),
    malformed("placeholder-left", "a placeholder of the pipeline or template was not replaced"),
    malformed("repository-upper-case", "a repository's name is lower case"),
    malformed("host-doubled", "the reference names two hosts, one after the other"),
    malformed("host-malformed", "the registry's host is not one that can exist"),
    malformed("host-misspelt", "the registry's host looks misspelt"),
    malformed("word-as-image", "the text of an unset variable stands where a name or tag should"),
    malformed("host-as-image", "the reference is a registry's host without a repository, so Docker Hub was asked"),
    Cause {
        code: "registry-missing",
        hypothesis: H4,
        meaning: "the reference names no registry, so Docker Hub was asked for it",
        against: &["the image is meant to come from Docker Hub and exists there", PARSES],
        commands: &[SHOW_IMAGES, Command::Any("az acr list --query '[].loginServer' -o tsv"), SET_IMAGE],
    },
    Cause {
        code: "registry-port-refused",
        hypothesis: H4,
        meaning: "the login server is not accepted, perhaps for its port",
        against: &["the server is a bare host name"],
        commands: &[Command::Any("az containerapp registry list -n {app} -g {group} -o table"), SHOW_IMAGES],
    },
    Cause {
        code: "container-name-malformed",
        hypothesis: H4,
        meaning: "a container's name is not a DNS label; it was often made from the image",
        against: &["every container's name has only lower-case letters, digits and dashes"],
        commands: &[SHOW_IMAGES],
    },
];

const fn malformed(code: &'static str, meaning: &'static str) -> Cause {
    const WHAT_IF: Command = Command::Any("az deployment group what-if -g {group} -f main.bicep -p image=$IMAGE");
    Cause { code, hypothesis: H4, meaning, against: &[PARSES], commands: &[SHOW_IMAGES, WHAT_IF, SET_IMAGE] }
}
