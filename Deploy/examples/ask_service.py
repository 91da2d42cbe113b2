#!/usr/bin/env python3
"""Asks the running service through its control socket.

    ask_service.py [--socket PATH] status
    ask_service.py [--socket PATH] requeue ID... | --failed

A request is a JSON object in one line, and so is its answer: {"ok": true, ...}, or {"ok": false, "error": {"code", "message", "hint"}}. The
kernel tells the service who asks; members of the group papilla may ask for both. A connection may ask again and again.
"""

import argparse
import json
import socket
import sys


class Refused(Exception):
    """The service's own words."""


def ask(path: str, request: dict, patience: float = 30) -> dict:
    """Asks one thing. Raises `Refused`, or OSError where no service listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience)
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline()
    if not line:
        raise ConnectionError("the service closed the connection without an answer")
    answer = json.loads(line)
    if not answer["ok"]:
        error = answer["error"]
        raise Refused(": ".join(filter(None, [error["message"], error.get("hint")])))
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(description="Asks the running Papilla service.")
    parser.add_argument("--socket", default="/run/papilla/papilla.sock", help="paths.socket of the configuration")
    requests = parser.add_subparsers(dest="request", required=True)
    requests.add_parser("status", help="how it stands")
    requeue = requests.add_parser("requeue", help="reads failed arrivals again, each as a new arrival")
    requeue.add_argument("arrivals", nargs="*", metavar="ID")
    requeue.add_argument("--failed", action="store_true", help="all of them")
    options = parser.parse_args()
    request = {"request": options.request}
    if options.request == "requeue":
        request |= {"arrivals": options.arrivals, "failed": options.failed}
    try:
        answer = ask(options.socket, request)
    except (Refused, OSError) as error:
        print(f"ask_service.py: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
