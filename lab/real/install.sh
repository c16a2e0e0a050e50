#!/usr/bin/env bash
# Installs the real parts that `make test-real` runs: needs root, Debian's packages only. Does nothing where they are there.
set -euo pipefail
wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
command -v strace >/dev/null || wanted+=(strace)
[ ${#wanted[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "to install ${wanted[*]}, run as root: apt-get install ${wanted[*]}; tests that need them are skipped" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
