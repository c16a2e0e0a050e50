"""Makes the kernel forget all connections that it tracks in this namespace (ctnetlink: IPCTNL_MSG_CT_DELETE, no filter)."""

import os
import socket
import struct

NETLINK_NETFILTER = 12
CT_DELETE = (1 << 8) | 2
REQUEST_WITH_ACKNOWLEDGEMENT = 1 | 4
NLMSG_ERROR = 2

link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
link.bind((0, 0))
body = struct.pack("=BBH", socket.AF_INET, 0, 0)
link.send(struct.pack("=IHHII", 16 + len(body), CT_DELETE, REQUEST_WITH_ACKNOWLEDGEMENT, 1, 0) + body)
kind, error = struct.unpack_from("=4xH10xi", link.recv(4096))
if kind != NLMSG_ERROR or error != 0:
    raise SystemExit(f"the kernel refused: {os.strerror(-error)}")
