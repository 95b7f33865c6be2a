"""What scripts/scale-model stands on, one machine by its cores, and Spark side by side; run by `scripts/bench --scale`.

Standard library only. Times are the least of some runs; CPU is that of all processes of a command together. What a figure
was measured under is the machine's matter: run it on a quiet one.
"""

import argparse
import datetime
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TAGS = "--time .created_at --key '.entities.hashtags[].text' --window 20s/10s --watermark 2h"
KEYS = "--time .ts --key .key --window 10s"


def run(command):
    """Wall and CPU seconds of a command of the shell."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(["bash", "-c", "set -o pipefail; " + command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least(command, rounds):
    """The least wall time and the least CPU time of some runs."""
    runs = [run(command) for _ in range(rounds)]
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def make_small(path, records):
    """Records of about 50 bytes, a thousand a second, of 10,000 keys."""
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f'{{"ts":{1542016800000 + at},"key":"user-{at * 7919 % 10000:05}"}}\n' for at in range(records))


def constants(tweets, folder, rounds):
    """The cost of a byte, a record, a partial row, a message and a process."""
    small, records = f"{folder}/small.jsonl", 2_000_000
    make_small(small, records)
    size = {name: os.path.getsize(name) for name in (tweets, small)}
    lines = int(subprocess.run(["wc", "-l", tweets], stdout=subprocess.PIPE, check=True).stdout.split()[0])
    partial = "window-count -q --partial --threads 1"
    _, large_cpu = least(f"{partial} {TAGS} {tweets}", rounds)
    _, small_cpu = least(f"{partial} {KEYS} {small}", rounds)
    # Two kinds of records, two unknowns: large_cpu = bytes * a + records * b, and so for the small ones.
    determinant = size[tweets] * records - size[small] * lines
    byte = (large_cpu * records - small_cpu * lines) / determinant
    record = (size[tweets] * small_cpu - size[small] * large_cpu) / determinant
    say("a byte", f"{1e9 * byte:.3f} ns")
    say("a record with one key", f"{1e9 * record:.0f} ns")
    _, piped = least(f"cat {tweets} | {partial} {TAGS}", rounds)
    say("a byte through a pipe, besides", f"{1e9 * (piped - large_cpu) / size[tweets]:.3f} ns")
    zipped = f"{folder}/small.jsonl.gz"
    subprocess.run(f"gzip -1 -c {small} >{zipped}", shell=True, check=True)
    _, unzipped = least(f"{partial} {KEYS} {zipped}", rounds)
    say("a byte out of gzip, besides", f"{1e9 * (unzipped - small_cpu) / size[small]:.2f} ns")
    rows = f"{folder}/rows.jsonl"
    for part in range(4):
        subprocess.run(f"awk 'NR % 4 == {part}' {small} | {partial} {KEYS} --part p{part} >>{rows}", shell=True, check=True)
    count = sum(line.startswith(b'{"@row"') for line in open(rows, "rb"))
    _, merge = least(f"window-count -q --merge --threads 1 {rows}", rounds)
    say("a partial row", f"{os.path.getsize(rows) / count:.0f} bytes")
    say("a partial row merged", f"{1e9 * merge / count:.0f} ns")
    wall, _ = least(f"{partial} {KEYS} </dev/null", 3 * rounds)
    say("a process from start to end", f"{1e3 * wall:.1f} ms")
    if shutil.which("kcat"):
        kafka(small, records // 4, rounds)
    else:
        print("- skipped: kcat is not here")


def kafka(small, messages, rounds):
    """A message of about 50 bytes through kcat, from the mock cluster that lives in another kcat."""
    cluster = subprocess.Popen(
        ["kcat", "-b", "none", "-X", "test.mock.num.brokers=1", "-P", "-t", "none"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = next(line.rsplit(" ", 1)[1].strip() for line in cluster.stderr if "replaced with" in line)
        subprocess.run(f"head -n {messages} {small} | kcat -P -b {address} -t bench -p 0", shell=True, check=True)
        _, cpu = least(f"kcat -C -q -b {address} -t bench -p 0 -o beginning -e", rounds)
        say("a message through kcat -C", f"{1e9 * cpu / messages:.0f} ns")
    finally:
        cluster.kill()
        cluster.wait()


def say(what, figure):
    print(f"| {what} | {figure} |", flush=True)


def cores(tweets, rounds):
    """One machine: our threads, GNU parallel and split, the same rows from each."""
    merge, partial = "window-count -q --merge", f"window-count -q --partial --threads 1 {TAGS}"
    ways = [
        ("--threads 1", f"window-count -q --max-future off --threads 1 {TAGS} {tweets}"),
        ("--threads 2", f"window-count -q --max-future off --threads 2 {TAGS} {tweets}"),
        ("split -n r/2", f"split -n r/2 --filter={shlex.quote(partial)} {tweets} | {merge}"),
        ("parallel --pipepart", f"parallel --will-cite -j2 --pipepart -a {tweets} --block -1 {shlex.quote(partial)} | {merge}"),
    ]
    if not shutil.which("parallel"):
        print("- skipped: GNU parallel is not here")
        ways.pop()
    whole = digest(ways[0][1])
    for name, command in ways:
        wall, cpu = least(command, rounds)
        same = "same rows" if digest(command) == whole else "OTHER ROWS"
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {same} |", flush=True)


def digest(command):
    return subprocess.run(["bash", "-c", command + " | sha256sum"], stdout=subprocess.PIPE, check=True).stdout


def spark(python, file, folder, rounds):
    """The same job on Spark local[2]: ours, SQL, functions in Python. The job in a session that is up, and the whole process."""
    peers = os.path.join(HERE, "spark", "peers.py")
    names = {"ours": "spark-window-count", "sql": "Spark SQL", "python": "Spark, functions in Python"}
    alone, whole = {job: [] for job in names}, {job: [] for job in names}
    for _ in range(rounds):
        for job in names:
            begun = time.perf_counter()
            done = subprocess.run(
                [python, peers, job, file, f"{folder}/{job}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            whole[job].append(time.perf_counter() - begun)
            alone[job].append(float(done.stdout))
    for job, name in names.items():
        print(f"| {name} | {min(alone[job]):.1f} | {min(whole[job]):.1f} |", flush=True)
    wall, _ = least(f"window-count -q --max-future off {TAGS} -o {folder}/alone {file}", rounds)
    print(f"| window-count alone | | {wall:.1f} |")
    ours = sorted(rows_of(f"{folder}/ours"))
    for job in ("sql", "python"):
        theirs = sorted(tuple(json.loads(line)) for line in open(f"{folder}/{job}", encoding="utf-8"))
        print(f"- rows of spark-window-count and of {names[job]}: {'equal' if ours == theirs else 'DIFFERENT'} ({len(ours)})")
    same = open(f"{folder}/ours", "rb").read() == open(f"{folder}/alone", "rb").read()
    print(f"- rows of spark-window-count and of window-count alone: {'the same bytes' if same else 'DIFFERENT'}")


def rows_of(path):
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        start = datetime.datetime.fromisoformat(row["window_start"].replace("Z", "+00:00"))
        yield int(start.timestamp()), row["text"], row["count"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tweets", required=True)
    parser.add_argument("--clean", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("\nOne core\n\n| what | CPU |\n| --- | --- |")
        constants(options.tweets, folder, options.rounds)
        print(f"\nOne machine, {os.path.getsize(options.tweets) / 1e6:.0f} MB\n\n| by | wall s | CPU s | |\n| --- | --- | --- | --- |")
        cores(options.tweets, options.rounds)
        has_spark = "import importlib.util as u, sys; sys.exit(not u.find_spec('pyspark'))"
        if shutil.which("java") and subprocess.run([options.python, "-c", has_spark], check=False).returncode == 0:
            print(f"\nSpark local[2], {os.path.getsize(options.clean) / 1e6:.0f} MB, seconds\n\n| by | job | whole process |\n| --- | --- | --- |")
            spark(options.python, options.clean, folder, max(1, options.rounds - 1))
        else:
            print("- skipped: Spark (needs Java and pyspark)")


if __name__ == "__main__":
    sys.exit(main())
