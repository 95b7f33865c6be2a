"""CPU of a fetch over loopback, beside curl: the same server, the same lines, the answers compared. Standard library only.

    bench_net.py [--quick]

The server sends lines of 510 bytes as a chunked response, in chunks of 64 KiB or of one line each, these in large writes or in
one a line as live servers do, and is a process of its own whose time does not count. What counts is the user and system time of
the fetch and of the `wc -l` behind it. Contestants run in turn, round by round; a ratio is taken within each round, and the
table has the medians.
"""
import hashlib
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys


def lines(count):
    return [(b'{"id":%09d,"text":"' % number).ljust(497, b"x") + b'"}\n' for number in range(count)]


def cases(quick):
    """A name, how many lines are sent, how many are in a chunk, how much is written at once, the target."""
    count = 200_000 if quick else 1_000_000
    return [
        ("64 KiB chunks", count, 131, 1 << 20, ("at most", 1.3)),
        ("one chunk a line", count // 2, 1, 1 << 16, ("at least", 2)),
        ("one chunk and one write a line", count // 2, 1, len(chunked(1, 1)) - 5, ("at least", 2)),
    ]


def chunked(count, each):
    made = lines(1000)
    pieces = []
    for start in range(0, count, each):
        data = b"".join(made[number % 1000] for number in range(start, min(start + each, count)))
        pieces.append(b"%x\r\n%s\r\n" % (len(data), data))
    return b"".join(pieces) + b"0\r\n\r\n"


def serve(listener, all_bodies, each_write):
    """Answers each GET /N with body N until it is killed; a write for each chunk or as large as can be."""
    while True:
        peer, _ = listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.recv(4096)
        number = int(head.split(b" ")[1][1:])
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        body, step = memoryview(all_bodies[number]), each_write[number]
        try:
            for start in range(0, len(body), step):
                peer.sendall(body[start : start + step])
        except OSError:
            pass
        peer.close()


def cpu_of(command):
    """User and system time of a shell command and its children, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stdout


def main():
    quick = "--quick" in sys.argv
    rounds = 5 if quick else 9
    if not shutil.which("curl"):
        sys.exit("skipped: curl is not here")

    jobs = cases(quick)
    made = [chunked(count, each) for _, count, each, _, _ in jobs]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    server = os.fork()
    if server == 0:
        serve(listener, made, [job[3] for job in jobs])
    try:
        print("| job | by | CPU ms | ratio | target |")
        print("| --- | --- | --- | --- | --- |")
        for number, (name, _, _, _, (word, bound)) in enumerate(jobs):
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/{number}"
            ours, theirs = f"stream-fetch -q {url}", f"curl -sN {url}"
            digests = {hashlib.sha256(cpu_of(f"{call} | sha256sum")[1]).hexdigest() for call in (ours, theirs)}
            pairs = []
            for at in range(rounds + 1):
                pair = [cpu_of(f"{call} | wc -l") for call in (ours, theirs)]
                if pair[0][1] != pair[1][1]:
                    sys.exit(f"{name}: {pair[0][1]} lines, and {pair[1][1]} by curl")
                if at > 0:  # the first round warms up
                    pairs.append((pair[0][0], pair[1][0]))
            ratio = statistics.median(a / b if word == "at most" else b / a for a, b in pairs)
            met = ratio <= bound if word == "at most" else ratio >= bound
            mine, yours = (1000 * statistics.median(side) for side in zip(*pairs))
            told = f"ours / theirs {ratio:.2f}" if word == "at most" else f"theirs / ours {ratio:.2f}"
            print(f"| {name} | stream-fetch \\| wc -l | {mine:.0f} | 1 | |")
            print(f"| | curl -sN \\| wc -l | {yours:.0f} | {told} | {'met' if met else 'MISSED'}: {word} {bound} |")
            print(f"| | answers | | {'equal' if len(digests) == 1 else 'DIFFER'} | |", flush=True)
    finally:
        os.kill(server, 9)
        os.waitpid(server, 0)


if __name__ == "__main__":
    main()
