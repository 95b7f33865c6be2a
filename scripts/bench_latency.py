"""How long a record takes to the row that it completes: writes records at a steady rate into a tool, and reads its rows.

    bench_latency.py SECONDS PER_SECOND COMMAND...

The records have 300 bytes; their event time `t` in milliseconds is their place in the schedule. The command counts windows
of 10 ms with no watermark delay, so a window's rows are due with the first record at or behind its end. Prints JSON: p50, p99
and the largest latency in milliseconds, the number of rows, and how far the writer itself was behind its schedule (p99).
"""
import json
import os
import subprocess
import sys
import threading
import time

START_MS = 1_542_049_200_000
WINDOW_MS = 10


def main():
    seconds, rate, command = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    batch = rate // 1000
    tool = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    rows = []

    def read():
        descriptor, rest = tool.stdout.fileno(), b""
        while part := os.read(descriptor, 1 << 16):
            now = time.perf_counter()
            *lines, rest = (rest + part).split(b"\n")
            rows.extend((now, line) for line in lines)

    reader = threading.Thread(target=read)
    reader.start()
    sent, behind = [], []
    pad = b"x" * 250
    begun = time.perf_counter()
    for millis in range(int(seconds * 1000)):
        lines = b"".join(
            b'{"t":%d,"k":"%03d","pad":"%s"}\n' % (START_MS + millis, (millis * 7 + at) % 500, pad) for at in range(batch)
        )
        due = begun + millis / 1000
        while (now := time.perf_counter()) < due:
            time.sleep(max(0, min(due - now, 0.0005)))
        sent.append(time.perf_counter())
        behind.append(sent[-1] - due)
        view = memoryview(lines)
        while view:
            view = view[os.write(tool.stdin.fileno(), view) :]
    tool.stdin.close()
    reader.join()
    tool.wait()
    latencies = []
    for arrived, line in rows:
        end = json.loads(line)["window_end"]  # …:19.570Z, or without milliseconds
        whole, _, fraction = end.rstrip("Z").partition(".")
        minutes, second = whole.split(":")[1:]
        millis = (int(minutes) * 60 + int(second)) * 1000 + int(fraction.ljust(3, "0") or 0)
        if millis < len(sent):  # the last windows end with the input
            latencies.append(1000 * (arrived - sent[millis]))
    latencies.sort()
    behind.sort()
    at = lambda values, part: round(values[min(len(values) - 1, int(part * len(values)))], 2)
    print(json.dumps({
        "p50_ms": at(latencies, 0.5), "p99_ms": at(latencies, 0.99), "max_ms": at(latencies, 1), "rows": len(latencies),
        "writer_behind_p99_ms": round(1000 * at(behind, 0.99), 2),
    }))


if __name__ == "__main__":
    main()
