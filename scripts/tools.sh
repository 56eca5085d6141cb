#!/usr/bin/env bash
# Says in one line what is missing before anything is built.
set -euo pipefail

missing() {
    echo "kuzushi: $1" >&2
    exit 1
}

command -v cargo >/dev/null || missing "Rust is missing: install 1.95 or newer from https://rustup.rs"
command -v node >/dev/null || missing "Node.js is missing: install version 20.19 or newer from https://nodejs.org"
command -v npm >/dev/null || missing "npm is missing: it comes with Node.js"
command -v cc >/dev/null || missing "a C compiler is missing: on Debian, apt-get install build-essential"

node --eval '
const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
' || missing "Node.js $(node --version) is too old: 20.19 or newer is needed"

rust=$(cargo --version | cut -d' ' -f2)
[ "$(printf '1.95.0\n%s\n' "$rust" | sort -V | head -n1)" = 1.95.0 ] || missing "Rust $rust is too old: 1.95 or newer is needed"

[ -w . ] || missing "this folder cannot be written: the build puts its results here"
