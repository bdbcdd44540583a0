#!/bin/sh
# Installs pullgate: fetches the release for this machine and refuses it when its checksum is not the published one.
#
#   curl -fsSL https://github.com/pullgate/pullgate/releases/latest/download/install.sh | sh
#   sh install.sh --version v0.1.0 --to /usr/local/bin
#
#   --version VERSION   a release such as v0.1.0; the newest without it
#   --to FOLDER         where the program goes; ~/.local/bin without it
#   --checksum SHA256   the archive must have this checksum, whatever the release says
#   --attestation       the archive must carry the provenance of this repository's release workflow (needs `gh`)
#   --from URL          where releases are, for a mirror: https://… or file://…
set -eu

repository=pullgate/pullgate

fail() {
  printf 'pullgate: %s\n' "$*" >&2
  exit 2
}

# The name that Rust gives to this machine.
target() {
  system=${RUNNER_OS:-$(uname -s)}
  machine=${RUNNER_ARCH:-$(uname -m)}
  case $machine in
    X64 | x86_64 | amd64) machine=x86_64 ;;
    ARM64 | aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no release for $machine machines; build it: cargo install pullgate" ;;
  esac
  case $system in
    Linux) echo "$machine-unknown-linux-musl" ;;
    macOS | Darwin) echo "$machine-apple-darwin" ;;
    # Windows on arm64 runs programs for x86-64.
    Windows* | MINGW* | MSYS* | CYGWIN*) echo x86_64-pc-windows-msvc ;;
    *) fail "there is no release for $system; build it: cargo install pullgate" ;;
  esac
}

# fetch URL NAME: into the work folder; a name and not a path, which Git's bash would rewrite
fetch() (
  cd "$work"
  if command -v curl >/dev/null 2>&1; then
    curl --proto '=https,file' --proto-redir '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --output "$2" "$1"
  else
    case $1 in https://*) ;; *) fail "$1 needs curl" ;; esac
    wget -q -O "$2" "$1"
  fi || fail "cannot fetch $1"
)

checksum() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1"
  else
    fail "neither sha256sum nor shasum is here, so nothing can be verified"
  fi | cut -d ' ' -f 1
}

# Everything is in a function, so that a script that arrives in part does nothing.
main() {
  version='' to='' expected='' attestation='' from=https://github.com/$repository/releases
  while [ $# -gt 0 ]; do
    case $1 in
      --attestation) attestation=yes && shift && continue ;;
      --version | --to | --checksum | --from) [ $# -gt 1 ] || fail "$1 needs a value" ;;
      *) fail "$1 is none of --version, --to, --checksum, --attestation, --from" ;;
    esac
    case $1 in
      --version) version=$2 ;;
      --to) to=$2 ;;
      --checksum) expected=$2 ;;
      --from) from=$2 ;;
    esac
    shift 2
  done
  [ -n "$to" ] || to=${HOME:?}/.local/bin
  case $version in
    '' | latest) folder=$from/latest/download ;;
    *[!0-9A-Za-z.+-]*) fail "\`$version\` is no version" ;;
    v*) folder=$from/download/$version ;;
    *) folder=$from/download/v$version ;;
  esac

  target=$(target)
  archive=pullgate-$target.tar.gz
  program=pullgate
  case $target in *windows*) program=pullgate.exe ;; esac
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM

  fetch "$folder/$archive" "$archive"
  if [ -z "$expected" ]; then
    fetch "$folder/SHA256SUMS" SHA256SUMS
    expected=$(awk -v file="$archive" '$2 == file || $2 == "*" file { print $1; exit }' "$work/SHA256SUMS")
    [ -n "$expected" ] || fail "the release's SHA256SUMS does not list $archive; nothing was installed"
  fi
  expected=$(printf %s "$expected" | tr 'A-F' 'a-f')
  found=$(checksum "$work/$archive")
  [ "$found" = "$expected" ] ||
    fail "$archive has the checksum $found, and the release says $expected; nothing was installed"
  if [ -n "$attestation" ]; then
    gh attestation verify "$work/$archive" --repo "$repository" >&2 ||
      fail "$archive is not attested by $repository; nothing was installed"
  fi

  (cd "$work" && tar -xzf "$archive" "$program") || fail "$archive holds no $program"
  mkdir -p "$to"
  # Renamed into place: whoever starts it meanwhile has the old one or the new one, never half of one.
  cp "$work/$program" "$to/.$program.$$"
  chmod 755 "$to/.$program.$$"
  mv -f "$to/.$program.$$" "$to/$program"
  printf 'pullgate: %s, with the checksum that the release says\n' "$to/$program" >&2
}

main "$@"
