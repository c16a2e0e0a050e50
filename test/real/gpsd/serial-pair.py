"""A receiver on a pseudo-terminal: prints the path of the port, and sends there what comes on standard input."""

import os
import pty
import sys
import tty

master, slave = pty.openpty()
tty.setraw(master)
tty.setraw(slave)
path = os.ttyname(slave)
# gpsd gives up its rights before it opens the port.
os.chmod(path, 0o666)
print(path, flush=True)
while True:
    chunk = os.read(0, 4096)
    if not chunk:
        break
    os.write(master, chunk)
