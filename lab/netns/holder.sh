#!/bin/sh
# Holds the network namespaces of one run: their names are in a mount namespace of this process alone, so that they go
# when it goes, whatever else happens. Standard input is a pipe from the run's owner. When it closes, however the owner
# ended, everything that still runs in one of the namespaces is killed and the run's folder is removed.
# Usage: unshare --mount sh holder.sh FOLDER NAMESPACE...
folder=$1
shift
mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/netns || exit 1
for name; do echo "netns add $name"; done | ip -batch - || exit 1
echo ready
cat >/dev/null

nets=" $(stat -L -c %i /run/netns/* | tr '\n' ' ')"
inside() {
  stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null | while read -r inode path; do
    pid=${path#/proc/}
    case $nets in *" $inode "*) echo "${pid%%/*}" ;; esac
  done
}
tries=0
while pids=$(inside) && [ -n "$pids" ] && [ $tries -lt 250 ]; do
  # shellcheck disable=SC2086 # one word per process
  kill -KILL $pids 2>/dev/null
  tries=$((tries + 1))
  sleep 0.02
done
# Where something could not be killed, the folder stays for the next run's sweep.
[ -n "$(inside)" ] || rm -rf "$folder"
