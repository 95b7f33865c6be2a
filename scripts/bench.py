"""Runs the jobs of scripts/bench, compares the answers, prints the table. Standard library only.

Contestants of a job run in turn, round by round, so that whatever else the machine does meets all of them. A ratio is taken
within each round; the table has the medians. hyperfine takes the times where it is installed. Before each the input is read once,
untimed: a system under another may have given its pages back while a large contestant ran, and the next in turn would pay for it.
"""
import argparse
import collections
import datetime
import hashlib
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = ".entities.hashtags[].text"
MAP = "{t: .created_at, tag: .entities.hashtags[].text}"
FULL_JQ = '{n: (.text | ascii_downcase | split(" ") | map(length) | add), w: (.user.description // "" | length)}'
# What jq, jaq and Miller have instead of windows: each tag with its two starts, to be sorted and counted.
JQ_TAGS = (
    '(.created_at | strptime("%a %b %d %H:%M:%S %z %Y") | mktime) as $t | ($t - $t % 10) as $s'
    ' | .entities.hashtags[].text | "\\($s - 10) \\(.)", "\\($s) \\(.)"'
)
UNIQ = "LC_ALL=C sort | uniq -c"

Contestant = collections.namedtuple("Contestant", "name command limit", defaults=(None,))
"""The first of a job is ours. `limit` is the target: ("at least" or "at most", times ours)."""


def shell(command, capture=True):
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE if capture else subprocess.DEVNULL, check=True)
    return done.stdout


def seconds_of(commands):
    """One run of each command, in order; the input that the first names is in the cache of each."""
    warm = "cat " + " ".join(re.findall(r"\S+\.jsonl\b", commands[0])) + " </dev/null >/dev/null"
    if shutil.which("hyperfine"):
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            arguments = ["hyperfine", "--style", "none", "--shell", "sh", "--warmup", "0", "--runs", "1", "--prepare", warm]
            subprocess.run(
                arguments + ["--export-json", report.name] + commands,
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            return [result["mean"] for result in json.load(report)["results"]]
    taken = []
    for command in commands:
        shell(warm, capture=False)
        begun = time.perf_counter()
        shell(command, capture=False)
        taken.append(time.perf_counter() - begun)
    return taken


def judge(ratio, limit):
    if not limit:
        return ""
    word, bound = limit
    met = ratio >= bound if word == "at least" else ratio <= bound
    return f"{'met' if met else 'MISSED'}: {word} {bound}"


def print_row(*cells):
    print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |", flush=True)


def compare(title, contestants, rounds, slow=()):
    """Times a job. For "at least" the ratio is theirs / ours, for "at most" (a floor such as wc) ours / theirs."""
    times = collections.defaultdict(list)
    for number in range(rounds + 1):
        running = [c for c in contestants if number <= 1 or c.name not in slow]
        for contestant, taken in zip(running, seconds_of([c.command for c in running])):
            if number > 0:  # the first round warms the cache
                times[contestant.name].append(taken)
    ours = times[contestants[0].name]
    print_row(title, contestants[0].name, f"{1000 * statistics.median(ours):.0f}", "1", "")
    for contestant in contestants[1:]:
        theirs = times[contestant.name]
        at_most = contestant.limit and contestant.limit[0] == "at most"
        ratio = statistics.median((a / b if at_most else b / a) for a, b in zip(ours, theirs))
        told = f"ours / theirs {ratio:.2f}" if at_most else f"theirs / ours {ratio:.1f}"
        print_row("", contestant.name, f"{1000 * statistics.median(theirs):.0f}", told, judge(ratio, contestant.limit))


def our_windows(command):
    """Our rows as the peers print theirs: start in seconds, tag, count."""
    for line in shell(command).splitlines():
        row = json.loads(line)
        start = datetime.datetime.fromisoformat(row["window_start"].replace("Z", "+00:00"))
        yield [int(start.timestamp()), row["text"], row["count"]]


def check(title, ours, theirs):
    ours, theirs = list(ours), list(theirs)
    if ours == theirs:
        return print(f"- {title}: equal ({len(ours)} rows)")
    wrong = sum(a != b for a, b in zip(ours, theirs)) + abs(len(ours) - len(theirs))
    print(f"- {title}: {wrong} of {len(ours)} rows differ")


def rows_of(command):
    return [json.loads(line) for line in shell(command).splitlines()]


def peak_megabytes(command):
    """Of the largest process of a pipeline of ours, by GNU time in front of each."""
    with tempfile.TemporaryDirectory() as folder:
        stages = [f"/usr/bin/time -f %M -o {folder}/{at} {stage}" for at, stage in enumerate(command.split(" | "))]
        shell(" | ".join(stages) + " >/dev/null", capture=False)
        peaks = [int(open(f"{folder}/{at}").read().split()[-1]) / 1024 for at in range(len(stages))]
    names = [stage.split()[0] for stage in command.split(" | ")]
    return ", ".join(f"{name} {peak:.0f}" for name, peak in zip(names, peaks)), max(peaks)


def has_module(python, name):
    code = f"import importlib.util as u, sys; sys.exit(not u.find_spec('{name}'))"
    return os.path.exists(python) and subprocess.run([python, "-c", code], check=False).returncode == 0


class Bench:
    def __init__(self, options):
        self.options = options
        self.rounds = 3 if options.quick else 5
        self.file = shlex.quote(options.tweets)
        self.clean = shlex.quote(options.clean)
        self.all_clean = shlex.quote(options.all_clean)
        self.rsvps = shlex.quote(options.rsvps)
        self.peers = f"{shlex.quote(options.python)} {shlex.quote(os.path.join(HERE, 'bench_peers.py'))}"
        self.duckdb = self.need(has_module(options.python, "duckdb"), "DuckDB")
        self.chdb = self.need(has_module(options.python, "chdb"), "chdb")
        self.spark = options.spark and self.need(
            has_module(options.python, "pyspark") and shutil.which("java"), "Spark (needs Java)")
        self.jq, self.jaq, self.mlr = (self.need(shutil.which(name), name) for name in ("jq", "jaq", "mlr"))

    @staticmethod
    def need(found, name):
        if not found:
            print(f"skipped: {name} is not here")
        return bool(found)

    @staticmethod
    def windows(file="", window="--window 20s --slide 10s"):
        return f"window-count -q --time .created_at --key '{KEY}' {window} --watermark 2h {file}"

    def peer(self, job, file=None):
        return f"{self.peers} {job} {file or self.file}"

    def answers(self):
        print("\nAnswers\n")
        if self.duckdb:
            ours = our_windows(f"{self.windows(self.file)} | topn -q 10")
            check("top ten of each window, DuckDB", ours, rows_of(self.peer("duckdb-windows")))
        for name, job, is_here in [("chdb", "chdb", self.chdb), ("Spark", "spark", self.spark)]:
            if is_here:
                clean = our_windows(f"{self.windows(self.all_clean)} | topn -q 10")
                check(f"top ten of each window, {name} (clean input)", clean,
                      rows_of(self.peer(f"{job}-windows", self.all_clean) + " 2>/dev/null"))
        print("- broken lines: ours and DuckDB leave out that line; Spark counts what stands before the break; jq, jaq and Miller "
              "stop; chdb loses the lines behind it")
        if self.jq:
            command = f"{self.windows(self.clean)} | topn -q 1000000"
            ours = sorted((start, tag, count) for start, tag, count in our_windows(command))
            lines = shell(f"jq -r {shlex.quote(JQ_TAGS)} {self.clean} | {UNIQ}").decode().splitlines()
            parts = (line.split(None, 2) for line in lines)
            check("all counts of all windows, jq | sort | uniq -c (clean input)", ours,
                  sorted((int(start), tag, int(count)) for count, start, tag in parts))
        if self.jaq:
            digest = lambda command: [hashlib.sha256(shell(command)).hexdigest()]
            check("map by a full jq expression, jaq, all bytes",
                  digest(f"jsonl-filter -q --map {shlex.quote(FULL_JQ)} {self.clean}"),
                  digest(f"jaq -c {shlex.quote(FULL_JQ)} {self.clean}"))
        same = [shell(f"{self.windows(self.file)} --threads {threads} | sha256sum") for threads in (1, 2, 3)]
        same.append(shell(f"cat {self.file} | {self.windows()} | sha256sum"))
        check("1, 2, 3 threads and a pipe, all bytes", same[:1] * 3, same[1:])

    def times(self):
        print("\nTimes: medians in milliseconds; ratios within a round\n")
        print_row("job", "by", "ms", "ratio", "target")
        print_row("---", "---", "---", "---", "---")
        file, clean, rounds = self.file, self.clean, self.rounds
        ours = f"{self.windows(file)} | topn -q 10 >/dev/null"
        engines = [Contestant("wc -l", f"wc -l <{file}", ("at most", 1.6))]
        if self.duckdb:
            engines.append(Contestant("DuckDB, process", self.peer("duckdb-windows") + " >/dev/null", ("at least", 4)))
        if self.chdb:
            engines.append(Contestant("chdb, process (clean)", self.peer("chdb-windows", self.all_clean) + " >/dev/null", ("at least", 6)))
        if self.spark:
            engines.append(Contestant("Spark local[2]", self.peer("spark-windows") + " >/dev/null 2>&1", ("at least", 40)))
        compare("windows, top ten", [Contestant("window-count | topn", ours), *engines], rounds, ("Spark local[2]",))
        if self.duckdb:
            self.query_alone(ours)

        small = [Contestant("window-count | topn", f"{self.windows(clean)} | topn -q 10 >/dev/null")]
        tags = shlex.quote(JQ_TAGS)
        if self.jq:
            small.append(Contestant("jq | sort | uniq", f"jq -r {tags} {clean} | {UNIQ} >/dev/null", ("at least", 80)))
        if self.jaq:
            small.append(Contestant("jaq | sort | uniq", f"jaq -r {tags} {clean} | {UNIQ} >/dev/null"))
        compare("windows, 100 MB clean", small, min(rounds, 3), ("jq | sort | uniq",))

        compare("windows from a pipe", [
            Contestant("cat | window-count | topn", f"cat {file} | {self.windows()} | topn -q 10 >/dev/null"),
            Contestant("cat | cat", f"cat {file} | cat >/dev/null", ("at most", 1.2))], rounds)
        keep = shlex.quote('.lang == "en"')
        compare("filter", [
            Contestant("jsonl-filter | wc -c", f"jsonl-filter -q {keep} {file} | wc -c"),
            Contestant("cat | wc -c", f"cat {file} | wc -c", ("at most", 1.3))], rounds)
        mapped = [Contestant("jsonl-filter --map", f"jsonl-filter -q --map '{MAP}' {file} >/dev/null")]
        if self.duckdb:
            mapped.append(Contestant("DuckDB COPY TO", self.peer("duckdb-map"), ("at least", 4)))
        compare("map", mapped, rounds)
        filtered = [Contestant("jsonl-filter", f"jsonl-filter -q {keep} {clean} >/dev/null")]
        if self.jaq:
            filtered.append(Contestant("jaq", f"jaq -c 'select({keep[1:-1]})' {clean} >/dev/null"))
        if self.mlr:
            filtered.append(Contestant("Miller", f"mlr --jsonl filter '$lang == \"en\"' {clean} >/dev/null"))
        if self.jq:
            filtered.append(Contestant("jq", f"jq -c 'select({keep[1:-1]})' {clean} >/dev/null"))
        compare("filter, 100 MB clean", filtered, min(rounds, 3), ("jq", "Miller"))
        if self.jaq:
            full = shlex.quote(FULL_JQ)
            compare("full jq, 100 MB clean", [
                Contestant("jsonl-filter --map", f"jsonl-filter -q --map {full} {clean} >/dev/null"),
                Contestant("jaq", f"jaq -c {full} {clean} >/dev/null", ("at least", 1.5))], rounds)
        compare("RSVPs by city", [
            Contestant("topn --key", f"topn -q --key .group.group_city {self.rsvps} >/dev/null"),
            Contestant("wc -l", f"wc -l <{self.rsvps}")], rounds)
        key = ".user.lang"
        long_windows = lambda window: f"window-count -q --time .created_at --key '{key}' {window} --watermark 2h {file} >/dev/null"
        compare("long windows, few keys", [
            Contestant("3600 s by 10 s", long_windows("--window 3600s/10s")),
            Contestant("3600 s tumbling", long_windows("--window 3600s"), ("at most", 2))], rounds)

    def query_alone(self, ours):
        """DuckDB without its start, by its own clock, next to whole runs of ours."""
        runs = max(3, self.rounds)
        process = [seconds_of([ours])[0] for _ in range(runs)]
        query = json.loads(shell(f"{self.peer('duckdb-windows')} --repeat {runs}"))
        ratio = statistics.median(query) / statistics.median(process)
        print_row("", "DuckDB, query alone", f"{1000 * statistics.median(query):.0f}", f"theirs / ours {ratio:.1f}",
                  judge(ratio, ("at least", 3)))

    def start(self):
        print("\nStart, latency\n")
        taken = []
        for _ in range(20):
            begun = time.perf_counter()
            subprocess.run(["topn", "-q", "10"], input=b"{}\n", stdout=subprocess.DEVNULL, check=False)
            taken.append(1000 * (time.perf_counter() - begun))
        best = statistics.median(taken)
        print(f"- echo '{{}}' | topn 10: {best:.1f} ms ({judge(best, ('at most', 5))})")
        latency = ["python3", os.path.join(HERE, "bench_latency.py"), "3" if self.options.quick else "10", "100000"]
        count = ["window-count", "-q", "--time", ".t", "--key", ".k", "--window", "10ms", "--watermark", "0s"]
        found = json.loads(subprocess.run(latency + count, stdout=subprocess.PIPE, check=True).stdout)
        print(f"- from a record to the row that it completes, 100,000 records of 300 bytes a second: "
              f"p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms ({judge(found['p99_ms'], ('at most', 10))}), "
              f"largest {found['max_ms']} ms")

    def memory(self):
        if not self.need(os.path.exists("/usr/bin/time"), "memory: GNU time"):
            return
        print("\nPeak resident memory, MB\n")
        for title, command in [
            ("file", f"{self.windows(self.file)} | topn -q 10"),
            ("filter", f"jsonl-filter -q '.lang == \"en\"' {self.file}"),
            ("map", f"jsonl-filter -q --map '{MAP}' {self.file}"),
        ]:
            told, peak = peak_megabytes(command)
            print(f"- {title}: {told} ({judge(peak, ('at most', 64))})")
        print("\nCost and memory by length (made on the fly, 10 s watermark; ns a record include the making)\n")
        for records in [3840, 38400] if self.options.quick else [3840, 38400, 384000, 3840000]:
            command = (f"stream-fetch -q demo:tweets --records {records} | "
                       f"window-count -q --time .created_at --key {KEY} --window 20s/10s --watermark 10s | topn -q 10")
            begun = time.perf_counter()
            told, peak = peak_megabytes(command)
            taken = time.perf_counter() - begun
            print(f"- {records} records: {1e9 * taken / records:.0f} ns a record; {told} ({judge(peak, ('at most', 64))})")
        if not self.options.quick:
            self.many_keys()

    def many_keys(self):
        keys = 10_000_000
        made = f"seq 1 {keys} | awk '{{print \"{{\\\"t\\\":1542049200,\\\"k\\\":\\\"key\" $1 \"\\\"}}\"}}'"
        command = "/usr/bin/time -f %M window-count -q --time .t --key .k --window 20s 2>&1 >/dev/null"
        peak = int(shell(f"{made} | {command}").split()[-1])
        print(f"- {keys} different keys in one window: {peak / 1024:.0f} MB, {1024 * peak / keys:.0f} bytes a key")


def main():
    parser = argparse.ArgumentParser()
    for name in ("tweets", "rsvps", "clean", "all-clean", "python", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--spark", action="store_true")
    options = parser.parse_args()
    size = os.path.getsize(options.tweets)
    print(f"trendpipe beside others: {size / 1e6:.0f} MB of tweets, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    bench = Bench(options)
    bench.answers()
    bench.times()
    bench.start()
    bench.memory()


if __name__ == "__main__":
    main()
