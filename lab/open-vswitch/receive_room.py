"""
Gives the packet sockets of a process room for what comes while it has no processor.

Words: PID BYTES. A userspace datapath of Open vSwitch receives by a packet socket a port, of the kernel's default size: 150
small frames. The default is one for all namespaces, so the sockets themselves are changed: each is taken over for a moment
(pidfd_getfd, Linux 5.6) and given SO_RCVBUFFORCE. Prints how many there are. Needs root.
"""

import ctypes
import os
import socket
import sys

PIDFD_GETFD = 438
SO_RCVBUFFORCE = 33


def main() -> None:
    pid, size = int(sys.argv[1]), int(sys.argv[2])
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    process = os.pidfd_open(pid)
    changed = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        if not target.startswith("socket:"):
            continue
        fd = syscall(PIDFD_GETFD, process, int(name), 0)
        if fd < 0:
            continue
        with socket.socket(fileno=fd) as one:
            if one.family == socket.AF_PACKET:
                one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
                changed += 1
    print(changed)


if __name__ == "__main__":
    main()
