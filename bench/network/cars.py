"""
Cars of a benchmark in one network namespace: each has a socket on its own address, sends reports that are resent until they
are acknowledged, and numbered CoAP pings (RFC 7252 §4.3: empty confirmable messages, the message id is the number), timed to
the tenth of a millisecond.

Words: FILE with {cars: [{bind, port, twin, report, seqAt}], pingHz, reportMs}; `report` is a whole CoAP request in hex whose
message id, token (4 bytes) and sequence number (4 bytes at seqAt) are written here. `ready` is printed once all sockets are
bound. A line on standard input sends one ping that is not counted (`hello`, number 65535), begins the pings (`ping`) or ends it
all (`end`, as does its end): then nothing new is sent, and what is not acknowledged yet is resent for ten seconds at most; one line of JSON tells what happened.
"""

import heapq
import json
import os
import select
import socket
import struct
import sys
import time

FIRST_SEQ = 0x10001
RESEND_S = 2.0
DRAIN_S = 10.0
COAP_PORT = 5683
ACK, CON = 2, 0
CHANGED, EMPTY = 0x44, 0


class Car:
    def __init__(self, row):
        self.to = (row["twin"], COAP_PORT)
        self.datagram = bytearray.fromhex(row["report"]) if "report" in row else None
        self.seq_at = row.get("seqAt", 0)
        self.next_seq = FIRST_SEQ
        self.next_ping = 0
        # seq: when it was sent last
        self.waiting = {}
        self.acknowledged = self.resent = self.refused = self.unsent = 0
        self.last_acknowledged = 0.0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setblocking(False)
        self.socket.bind((row["bind"], row.get("port", COAP_PORT)))

    def transmit(self, data):
        try:
            self.socket.sendto(data, self.to)
        except OSError:
            self.unsent += 1

    def ping(self):
        self.transmit(struct.pack("!BBH", 0x40, 0, self.next_ping & 0xFFFF))
        self.next_ping += 1

    def report(self, now):
        seq = self.next_seq
        self.next_seq += 1
        self.send_report(seq, now)

    def send_report(self, seq, now):
        struct.pack_into("!HI", self.datagram, 2, seq & 0xFFFF, seq)
        struct.pack_into("!I", self.datagram, self.seq_at, seq)
        self.waiting[seq] = now
        self.transmit(self.datagram)

    def resend(self, now, older_than):
        for seq, at in list(self.waiting.items()):
            if at <= older_than:
                self.resent += 1
                self.send_report(seq, now)

    def read(self, now):
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            except OSError:
                continue
            if len(data) < 8 or data[1] == EMPTY:
                continue
            kind = data[0] >> 4 & 3
            if kind == CON:
                self.transmit(bytes([0x60, 0]) + data[2:4])
            (seq,) = struct.unpack_from("!I", data, 4)
            sent = self.waiting.get(seq)
            if sent is None:
                continue
            if data[1] == CHANGED:
                del self.waiting[seq]
                self.acknowledged += 1
                self.last_acknowledged = time.time() * 1_000
                # as the device does: what was sent before it and has no answer is sent again at once
                self.resend(now, sent - 0.000_1)
            else:
                # as the device does: a host that is too busy is asked again later
                self.refused += 1
                self.waiting[seq] = now


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    cars = [Car(row) for row in config["cars"]]
    by_fd = {car.socket.fileno(): car for car in cars}
    poll = select.epoll()
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    poll.register(0, select.EPOLLIN)
    print("ready", flush=True)

    report_s = config["reportMs"] / 1_000
    now = time.monotonic()
    due = []
    if report_s > 0:
        # spread over the interval, as cars that know nothing of one another are
        due = [(now + report_s * (1 + at / len(cars)), at) for at in range(len(cars))]
        heapq.heapify(due)
    ping_s = 0.0
    ping_due = float("inf")
    resend_due = now + RESEND_S / 4
    end_at = float("inf")
    while True:
        now = time.monotonic()
        if now >= end_at or (end_at < float("inf") and not any(car.waiting for car in cars)):
            break
        if now >= ping_due:
            for car in cars:
                car.ping()
            ping_due += ping_s
            continue
        while due and due[0][0] <= now:
            at, index = heapq.heappop(due)
            cars[index].report(now)
            heapq.heappush(due, (at + report_s, index))
        if now >= resend_due:
            resend_due = now + RESEND_S / 4
            for car in cars:
                if car.waiting:
                    car.resend(now, now - RESEND_S)
        until = min(ping_due, resend_due, end_at, due[0][0] if due else float("inf"))
        # epoll itself waits for whole milliseconds
        readable, _, _ = select.select([poll], [], [], max(0.0, until - time.monotonic()))
        if not readable:
            continue
        now = time.monotonic()
        for fd, _ in poll.poll(0):
            if fd != 0:
                by_fd[fd].read(now)
                continue
            order = os.read(0, 4_096).decode()
            if "hello" in order:
                for car in cars:
                    car.transmit(b"\x40\x00\xff\xff")
            if "ping" in order:
                ping_s = 1 / config["pingHz"]
                ping_due = now
            if order == "" or "end" in order:
                poll.unregister(0)
                due.clear()
                ping_due = float("inf")
                end_at = now + DRAIN_S
    rows = [
        {
            "reports": car.next_seq - FIRST_SEQ,
            "acknowledged": car.acknowledged,
            "resent": car.resent,
            "refused": car.refused,
            "unsent": car.unsent,
            "pings": car.next_ping,
            "lastAcknowledgedMs": car.last_acknowledged,
        }
        for car in cars
    ]
    print(json.dumps(rows), flush=True)


if __name__ == "__main__":
    main()
