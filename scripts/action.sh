#!/usr/bin/env bash
# The only step of action.yml: fetches pullgate, runs it once, hands on what it wrote.
#
# Inputs come as INPUT_* variables. Each reaches pullgate as one argument (those of several values: one a line), as
# `--flag=value`, so that none is taken for another flag, and none is ever evaluated. Runs with bash 3.2 (macOS) and Git's
# bash (Windows).
set -euo pipefail

here=${GITHUB_ACTION_PATH:-$(cd "$(dirname "$0")/.." && pwd)}
arguments=(check)

main() {
  local folder binary code=0
  folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/pullgate.XXXXXX")
  # What a later step sees when this one does not come to an end.
  printf 'verdict=error\nexit-code=2\n' >>"${GITHUB_OUTPUT:-/dev/null}"
  read_inputs
  local report
  for report in json junit sarif markdown github; do
    arguments+=("--report=$report=$folder/pullgate.$(ending "$report")")
  done
  arguments+=(--)
  local at=${#arguments[@]}
  each '' "${INPUT_MANIFEST:-}"
  # An annotation is shown at a path of the repository, and `./app.yaml` is none.
  for ((; at < ${#arguments[@]}; at++)); do
    arguments[at]=${arguments[at]#./}
  done
  binary=$(program)

  # Nothing that is printed here can be a command to the runner, until the token is said again.
  local token
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '::stop-commands::%s\n' "$token"
  # Git's bash would rewrite arguments that look like paths, and `/subscriptions/…` does.
  MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*' "$binary" "${arguments[@]}" </dev/null 2>"$folder/errors.txt" || code=$?
  cat "$folder/errors.txt" >&2
  printf '::%s::\n' "$token"

  annotate "$folder" "$code"
  summarise "$folder" "$code"
  write_outputs "$folder" "$code"
  return "$code"
}

ending() {
  case $1 in
    json) echo json ;;
    junit) echo xml ;;
    sarif) echo sarif ;;
    markdown) echo md ;;
    github) echo txt ;;
  esac
}

read_inputs() {
  each --parameters "${INPUT_PARAMETERS:-}"
  flag --env env "${INPUT_ENV:-}"
  one --subscription "${INPUT_SUBSCRIPTION:-}"
  one --resource-group "${INPUT_RESOURCE_GROUP:-}"
  one --location "${INPUT_LOCATION:-}"
  one --tenant "${INPUT_TENANT:-}"
  one --deployment-name "${INPUT_DEPLOYMENT_NAME:-}"
  one --cloud "${INPUT_CLOUD:-}"
  one --app "${INPUT_APP:-}"
  one --job "${INPUT_JOB:-}"
  one --revision "${INPUT_REVISION:-}"
  each --wait-for "${INPUT_WAIT_FOR:-}"
  each --image "${INPUT_IMAGE:-}"
  flag --offline offline "${INPUT_OFFLINE:-}"
  one --record "${INPUT_RECORD:-}"
  one --evidence "${INPUT_EVIDENCE:-}"
  each --report "${INPUT_REPORT:-}"
  one --fail-on "${INPUT_FAIL_ON:-}"
  each --ignore "${INPUT_IGNORE:-}"
  case ${INPUT_ALLOW_UNVERIFIED:-} in
    true) arguments+=(--allow-unverified) ;;
    false) ;;
    *) each --allow-unverified "${INPUT_ALLOW_UNVERIFIED:-}" ;;
  esac
  one --config "${INPUT_CONFIG:-}"
  flag --no-config no-config "${INPUT_NO_CONFIG:-}"
  one --baseline "${INPUT_BASELINE:-}"
  one --lock "${INPUT_LOCK:-}"
  flag --verify-secrets verify-secrets "${INPUT_VERIFY_SECRETS:-}"
  one --timeout "${INPUT_TIMEOUT:-}"
  one --concurrency "${INPUT_CONCURRENCY:-}"
  each --connect-to "${INPUT_CONNECT_TO:-}"
  one --ca-file "${INPUT_CA_FILE:-}"
  each --plain-http "${INPUT_PLAIN_HTTP:-}"
  each '' "${INPUT_ARGS:-}"

  # Who pullgate is, when no login step came before it: the job's own token is exchanged for one of this identity.
  if [ -n "${INPUT_CLIENT_ID:-}" ]; then
    export AZURE_CLIENT_ID=$INPUT_CLIENT_ID
  fi
  if [ -n "${INPUT_TENANT:-}" ]; then
    export AZURE_TENANT_ID=$INPUT_TENANT
  fi
}

# one FLAG VALUE
one() {
  if [ -n "$2" ]; then
    arguments+=("$1=$2")
  fi
}

# each FLAG LINES: an argument for each line that holds something; without FLAG the line itself is the argument
each() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    if [ -n "${line//[[:space:]]/}" ]; then
      arguments+=("${1:+$1=}$line")
    fi
  done <<<"$2"
}

# flag FLAG INPUT true|false
flag() {
  case $3 in
    true) arguments+=("$1") ;;
    false | '') ;;
    *) refuse "the input \`$2\` is \`true\` or \`false\`" ;;
  esac
}

# Prints the path of pullgate, after fetching it where it is not here yet.
program() {
  if [ -n "${INPUT_BINARY:-}" ]; then
    command -v -- "$INPUT_BINARY" || refuse "the input \`binary\` names no program"
    return
  fi
  local version=${INPUT_VERSION:-} folder name=pullgate
  if [ -z "$version" ]; then
    # The action and its program are released together.
    version=v$(sed -n 's/^version = "\([^"]*\)".*/\1/p' "$here/Cargo.toml" | head -n 1)
  fi
  if [ "${RUNNER_OS:-}" = Windows ]; then
    name=pullgate.exe
  fi
  # Runners of one's own keep this folder. The newest release has another name tomorrow, so it is not kept.
  folder=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/pullgate/${version//[!0-9A-Za-z.+-]/_}/${RUNNER_ARCH:-$(uname -m)}
  if [ "$version" = latest ] || [ ! -f "$folder.complete" ] || [ -n "${INPUT_CHECKSUM:-}" ]; then
    local options=(--version "$version" --to "$folder")
    if [ -n "${INPUT_CHECKSUM:-}" ]; then
      options+=(--checksum "$INPUT_CHECKSUM")
    fi
    if [ "${INPUT_ATTESTATION:-}" = true ]; then
      options+=(--attestation)
    fi
    if [ -n "${INPUT_RELEASES:-}" ]; then
      options+=(--from "$INPUT_RELEASES")
    fi
    sh "$here/install.sh" "${options[@]}" || exit 2
    : >"$folder.complete"
  fi
  printf '%s\n' "$folder/$name"
}

# annotate FOLDER CODE
annotate() {
  if [ -f "$1/pullgate.txt" ]; then
    cat "$1/pullgate.txt"
  elif [ "$2" != 0 ]; then
    printf '::error title=pullgate could not judge::%s\n' "$(escaped "$(cat "$1/errors.txt")")"
  fi
}

# summarise FOLDER CODE
summarise() {
  local summary=${GITHUB_STEP_SUMMARY:-/dev/null}
  if [ -f "$1/pullgate.md" ]; then
    # A summary above one mebibyte is refused as a whole.
    if [ "$(wc -c <"$1/pullgate.md")" -lt 1000000 ]; then
      cat "$1/pullgate.md" >>"$summary"
    else
      head -n 1 "$1/pullgate.md" >>"$summary"
    fi
  elif [ "$2" != 0 ]; then
    { printf '## ❔ pullgate could not judge\n\n' && sed 's/^/    /' "$1/errors.txt"; } >>"$summary"
  fi
}

# write_outputs FOLDER CODE
write_outputs() {
  local verdict=error
  case $2 in
    0) verdict=pass ;;
    1) verdict=fail ;;
    3) verdict=unverified ;;
  esac
  {
    printf 'verdict=%s\n' "$verdict"
    printf 'exit-code=%s\n' "$2"
    if [ -f "$1/pullgate.json" ]; then
      printf 'report-json=%s\n' "$1/pullgate.json"
      printf 'report-junit=%s\n' "$1/pullgate.xml"
      printf 'report-sarif=%s\n' "$1/pullgate.sarif"
      printf 'report-markdown=%s\n' "$1/pullgate.md"
      printf 'digests=%s\n' "$(digests "$1/pullgate.json")"
    fi
  } >>"${GITHUB_OUTPUT:-/dev/null}"
}

# A JSON object from images to digests. The report is written with one member a line, and a string never holds a line break.
digests() {
  awk '
    /^ *"image": / { image = $0; sub(/^ *"image": /, "", image); sub(/,$/, "", image) }
    /^ *"digest": "sha256:[0-9a-f]+",?$/ && image != "null" && !(image in seen) {
      digest = $0; sub(/^ *"digest": /, "", digest); sub(/,$/, "", digest)
      seen[image] = 1
      list = list (list == "" ? "" : ",") image ":" digest
    }
    END { print "{" list "}" }
  ' "$1"
}

escaped() {
  local text=${1//'%'/%25}
  text=${text//$'\r'/%0D}
  printf %s "${text//$'\n'/%0A}"
}

refuse() {
  printf '::error title=pullgate could not judge::%s\n' "$(escaped "$*")" >&2
  exit 2
}

main
