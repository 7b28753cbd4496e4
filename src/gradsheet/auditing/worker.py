"""The process that runs somebody's function: it loads the file, then answers one request after the other.

`python -m gradsheet.auditing.worker FILE NAME`, requests on standard input, answers on standard output. What the
author's code prints goes to standard error, so that it cannot come between the answers.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict

from gradsheet.auditing.peers import CannotLoadError, load_peer
from gradsheet.auditing.wire import ClosedError, answer_message, receive, request_of, send


def main() -> None:
    """Serve until the other side closes."""
    file, name = sys.argv[1:3]
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    requests = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    try:
        try:
            peer = load_peer(file, name)
        except CannotLoadError as problem:
            send(answers, {"code": problem.code, "message": problem.message, "suggestion": problem.suggestion})
            return
        send(answers, {"description": asdict(peer.description)})
        while True:
            send(answers, answer_message(peer.call(request_of(receive(requests)))))
    except ClosedError:
        return


if __name__ == "__main__":
    main()
