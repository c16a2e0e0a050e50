"""A pseudo-terminal whose far end is this program's own stdin and stdout: prints its name first, ends with its input."""
import os
import select
import sys
import termios
import tty

master, slave = os.openpty()
tty.setraw(slave, termios.TCSANOW)
os.write(1, (os.ttyname(slave) + "\n").encode())
while True:
    ready, _, _ = select.select([master, 0], [], [])
    for source, target in ((master, 1), (0, master)):
        if source in ready:
            data = os.read(source, 4096)
            if not data:
                sys.exit(0)
            os.write(target, data)
