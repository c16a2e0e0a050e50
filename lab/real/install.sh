#!/usr/bin/env bash
# Installs the real parts that `make test-real` runs: needs root, Debian's packages only. Does nothing where they are there.
set -euo pipefail
# Programs of the administrator are not in everybody's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
wanted=()
# need PROGRAM PACKAGE
need() { command -v "$1" >/dev/null || wanted+=("$2"); }
need chromium chromium
need strace strace
need ovs-vswitchd openvswitch-switch
need ip iproute2
need ethtool ethtool
need nft nftables # mobile routers with NAT
need gpsd gpsd # fed over pseudo-terminals: gpsfake would bring 480 MB with it
need coap-client-notls libcoap3-bin # a foreign CoAP client and server
need python3 python3
# Debian's python3 makes virtual environments only with this package; Ryu runs in one.
python3 -c 'import venv, ensurepip' 2>/dev/null || wanted+=(python3-venv)
need java openjdk-17-jre-headless # Cassandra 5 runs on Java 11 or 17
need mvn maven                    # fetches Cassandra
need openssl openssl
need promtool prometheus # answers PromQL beside ours, checks rules
[ ${#wanted[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "to install ${wanted[*]}, run as root: apt-get install ${wanted[*]}; tests that need them are skipped" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
# Debian's package starts a Prometheus, at the port where people expect their own.
if [[ " ${wanted[*]} " == *" prometheus "* ]]; then
  if [ -d /run/systemd/system ]; then
    systemctl disable --quiet --now prometheus.service
  elif [ -x /etc/init.d/prometheus ]; then
    /etc/init.d/prometheus stop >/dev/null || echo 'the prometheus of its package could not be stopped' >&2
  fi
fi
