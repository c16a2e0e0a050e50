"""
A host that does nothing but answer CoAP pings (RFC 7252 §4.3) on the address and port that it is told; `ready` once it does.
"""

import socket
import sys


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind((sys.argv[1], int(sys.argv[2])))
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(2048)
        if len(data) == 4 and data[0] == 0x40:
            sock.sendto(b"\x70\x00" + data[2:4], peer)


if __name__ == "__main__":
    main()
