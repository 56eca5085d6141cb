#!/usr/bin/env bash
# PostgreSQL, Chromium and a virus scanner for the tests, a theme of WordPress (its files only), and with the argument `voice` a TURN
# server for calls and recordings of people who speak, with `screen-reader` Orca and what it needs: installed on Debian, asked for
# elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then packages+=(postgresql); fi
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then packages+=(chromium); fi
# /usr/sbin is not on everybody's path.
if ! command -v clamd >/dev/null && [ ! -x /usr/sbin/clamd ] && [ ! -x target/clamd/usr/sbin/clamd ]; then packages+=(clamav-daemon); fi
if [ "${1:-}" = voice ] && ! command -v turnserver >/dev/null; then packages+=(coturn); fi
if [ "${1:-}" = voice ] && [ -z "${SPEECH_RECORDINGS:-}" ] && [ ! -e /usr/share/pocketsphinx/test/data ]; then packages+=(pocketsphinx-testdata); fi
if [ "${1:-}" = screen-reader ] && ! { command -v orca && command -v xvfb-run && command -v xauth && command -v openbox; } >/dev/null; then
    packages+=(orca speech-dispatcher at-spi2-core dbus gsettings-desktop-schemas libglib2.0-bin openbox xauth xvfb)
fi
if command -v apt-get >/dev/null && [ ! -e /usr/share/wordpress/wp-content/themes/twentytwentyone ]; then packages+=(wordpress-theme-twentytwentyone); fi
[ ${#packages[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "kuzushi: the tests need ${packages[*]}: install them with your system's package manager (CHROMIUM names another browser's path, SPEECH_RECORDINGS the folder of pocketsphinx' test data)" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "kuzushi: the tests need ${packages[*]}: run apt-get install ${packages[*]} as root" >&2; exit 1; }
    as_root=(sudo)
fi
echo "==> Installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# clamd's package brings services that fetch hundreds of megabytes of signatures and hold them in memory, at every start of the machine.
# The tests have a signature of their own: the program is only unpacked, and what it is linked with installed.
if [[ " ${packages[*]} " = *" clamav-daemon "* ]]; then
    mkdir -p target/clamd
    (cd target/clamd && rm -f ./*.deb && apt-get download -qq -o APT::Sandbox::User=root clamav-daemon)
    dpkg-deb --extract target/clamd/*.deb target/clamd
    rm -rf target/clamd/usr/share
    mapfile -t libraries < <(dpkg-deb --field target/clamd/*.deb Depends | tr ',|' '\n' | sed -n 's/^ *\(lib[^ ]*\).*/\1/p')
    packages=("${packages[@]/clamav-daemon/}" "${libraries[@]}")
fi
# Without quotes, since the place of what is only unpacked is empty.
# shellcheck disable=SC2068
"${as_root[@]}" apt-get install -y -qq --no-install-recommends ${packages[@]} >/dev/null
