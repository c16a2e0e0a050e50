"""
Starts Ryu 4.34, as it was released, with our app and the stock `ofctl_rest`.

`ready` and the addresses are printed once both ports are served. Ends with 1 and a line that says why where a port is
taken. `--help` names the settings.
"""

import argparse
import logging
import socket
import sys
from pathlib import Path

import eventlet
import eventlet.wsgi

# eventlet ≥ 0.30.3 has it no longer, and Ryu 4.34 imports it; an empty list is what a handled request returns now
if not hasattr(eventlet.wsgi, "ALREADY_HANDLED"):
    eventlet.wsgi.ALREADY_HANDLED = []

sys.path.insert(0, str(Path(__file__).parent))

from ryu.cmd import manager  # noqa: E402
from ryu.lib import hub  # noqa: E402

APPS = ("ryu.app.ofctl_rest", "edgetwin_ryu.app")
READY_WITHIN_S = 20.0


def host_port(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    if not address or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS:PORT")
    return address, int(port)


def settings() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The Ryu app of edgetwin.")
    parser.add_argument("--openflow", type=host_port, required=True, help="where switches connect to")
    parser.add_argument("--listen", type=host_port, required=True, help="where REST and WebSocket are served")
    parser.add_argument("--switches", default="", help="passive switches to connect to, ADDRESS:PORT,…")
    parser.add_argument("--echo-interval-ms", type=int, default=1_000, help="between two echo requests to a switch")
    parser.add_argument("--echo-misses", type=int, default=2, help="unanswered ones before a switch is given up; 0 never")
    return parser.parse_args()


def check_free(address: tuple[str, int]) -> None:
    """Ryu would go on without the port, and only log it."""
    with socket.create_server(address, family=socket.AF_INET):
        pass


def announce(config: argparse.Namespace) -> None:
    for address in (config.openflow, config.listen):
        deadline = eventlet.Timeout(READY_WITHIN_S)
        try:
            while True:
                try:
                    socket.create_connection(address).close()
                    break
                except ConnectionRefusedError:
                    hub.sleep(0.02)
        finally:
            deadline.cancel()
    host, port = config.listen
    print(f"ready ws://{host}:{port}/edgetwin/v1", flush=True)


def main() -> None:
    config = settings()
    for address in (config.openflow, config.listen):
        try:
            check_free(address)
        except OSError as error:
            sys.exit(f"{address[0]}:{address[1]} cannot be served: {error.strerror}")
    options = manager.CONF
    options.set_default("echo_request_interval", config.echo_interval_ms / 1_000)
    options.set_default("maximum_unreplied_echo_requests", config.echo_misses)
    argv = [
        f"--ofp-listen-host={config.openflow[0]}",
        f"--ofp-tcp-listen-port={config.openflow[1]}",
        f"--wsapi-host={config.listen[0]}",
        f"--wsapi-port={config.listen[1]}",
        # requests by HTTP are told one by one below
        f"--default-log-level={logging.WARNING}",
    ]
    if config.switches:
        argv.append(f"--ofp-switch-address-list={config.switches}")
    logging.getLogger("edgetwin").setLevel(logging.INFO)
    hub.spawn(announce, config)
    manager.main([*argv, *APPS], "edgetwin-ryu")


if __name__ == "__main__":
    main()
