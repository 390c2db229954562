"""`python -m benchmarks.screen_viewer PORT SECONDS`: looks at a desktop, prints how many pictures a second came, and their bytes."""

from __future__ import annotations

import json
import socket
import sys
import time

from blinkq.rfb.messages import Failed, Transmit, Updated
from blinkq.rfb.viewer import ViewerCore


def main() -> None:
    """One JSON object on standard output."""
    viewer, pictures, size = ViewerCore(quality=8), 0, 0
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as connection:
        connection.settimeout(10)
        begin: float | None = None
        while begin is None or time.monotonic() < begin + float(sys.argv[2]):
            for output in viewer.drain():
                if isinstance(output, Transmit):
                    connection.sendall(output.data)
                elif isinstance(output, Updated):
                    begin = begin or time.monotonic()  # the first one is not counted
                    pictures += 1
                elif isinstance(output, Failed):
                    raise RuntimeError(output.reason)
            data = connection.recv(1 << 18)
            if not data:
                raise RuntimeError("the server closed the connection")
            size += len(data)
            viewer.receive_data(data, time.monotonic())
        took = time.monotonic() - begin
    print(json.dumps({"frames": (pictures - 1) / took, "bytes": size / took}))


if __name__ == "__main__":
    main()
