"""
Starts Ryu 4.34, as it was released, with our app and the stock `ofctl_rest`.

`ready` and the WebSocket's address are printed once both ports are served. Ends with 1 and a line that says why where a
port is taken. `--help` names the settings.
"""

import argparse
import gc
import logging
import os
import socket
import sys
from pathlib import Path

import eventlet
import eventlet.wsgi
from eventlet.green import os as green_os

# eventlet ≥ 0.30.3 has it no longer, and Ryu 4.34 imports it; an empty list is what a handled request returns now
if not hasattr(eventlet.wsgi, "ALREADY_HANDLED"):
    eventlet.wsgi.ALREADY_HANDLED = []

sys.path.insert(0, str(Path(__file__).parent))

from ryu.cmd import manager
from ryu.lib import hub

APPS = ("ryu.app.ofctl_rest", "edgetwin_ryu.app")
PATH = "/edgetwin/v1"
READY_WITHIN_S = 20.0
RETRY_S = 0.02

Address = tuple[str, int]


def host_port(text: str) -> Address:
    address, _, port = text.rpartition(":")
    if not address or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS:PORT")
    return address, int(port)


def host_port_or_path(text: str) -> Address | str:
    return text if text.startswith("/") else host_port(text)


def settings() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The Ryu app of edgetwin.")
    parser.add_argument("--openflow", type=host_port, required=True, help="where switches connect to")
    parser.add_argument("--listen", type=host_port_or_path, required=True, help="REST and WebSocket")
    parser.add_argument("--switches", default="", help="passive switches to connect to, ADDRESS:PORT,…")
    parser.add_argument("--echo-interval-ms", type=int, default=1_000, help="between two echo requests to a switch")
    parser.add_argument("--echo-misses", type=int, default=2, help="unanswered ones before it is given up; 0 never")
    parser.add_argument("--end-with-stdin", action="store_true", help="ends when its standard input is closed")
    return parser.parse_args()


def text_of(address: Address | str) -> str:
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"


def connect(address: Address | str) -> None:
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as sock:
        sock.connect(address)


def claim(address: Address | str) -> None:
    """
    Raises OSError where somebody serves the address: eventlet would share it with them (SO_REUSEPORT), and each would
    get some of the connections. A socket file that nobody serves is removed.
    """
    if not isinstance(address, str):
        socket.create_server(address).close()
        return
    try:
        connect(address)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        os.unlink(address)
        return
    raise FileExistsError(None, "it is served already")


def announce(config: argparse.Namespace) -> None:
    with eventlet.Timeout(READY_WITHIN_S):
        for address in (config.openflow, config.listen):
            while True:
                try:
                    connect(address)
                    break
                except (ConnectionRefusedError, FileNotFoundError):
                    hub.sleep(RETRY_S)
    # What was loaded stays: a full collection would pass over it in some 50 ms, in the midst of a hand-over
    gc.collect()
    gc.freeze()
    where = text_of(config.listen)
    print(f"ready ws+unix:{where}:{PATH}" if where.startswith("/") else f"ready ws://{where}{PATH}", flush=True)


def end_with_stdin() -> None:
    """Whoever started this holds the other end, and cannot close it later than by its own death."""
    # else the first read would keep everything waiting
    os.set_blocking(sys.stdin.fileno(), False)
    while green_os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def main() -> None:
    config = settings()
    for address in (config.openflow, config.listen):
        try:
            claim(address)
        except OSError as error:
            sys.exit(f"{text_of(address)} cannot be served: {error.strerror}")
    options = manager.CONF
    options.set_default("echo_request_interval", config.echo_interval_ms / 1_000)
    options.set_default("maximum_unreplied_echo_requests", config.echo_misses)
    host, port = (config.listen, 0) if isinstance(config.listen, str) else config.listen
    argv = [
        f"--ofp-listen-host={config.openflow[0]}",
        f"--ofp-tcp-listen-port={config.openflow[1]}",
        f"--wsapi-host={host}",
        f"--wsapi-port={port}",
        # each request by HTTP is told one level below
        f"--default-log-level={logging.WARNING}",
    ]
    if config.switches:
        argv.append(f"--ofp-switch-address-list={config.switches}")
    logging.getLogger("edgetwin").setLevel(logging.INFO)
    hub.spawn(announce, config)
    if config.end_with_stdin:
        hub.spawn(end_with_stdin)
    manager.main([*argv, *APPS], "edgetwin-ryu")


if __name__ == "__main__":
    main()
