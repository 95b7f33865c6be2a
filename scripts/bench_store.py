"""Rows a second into each store, beside the store's own bulk loader. Standard library only.

    bench_store.py [--quick]

The servers are Debian's, started on loopback with their data in a folder of its own, and ended by their process ids. Rows of windows
are written by jsonl-store, and the same rows as CSV by the loader, into a table of the same columns and index; the line protocol of
InfluxDB by `influx -import`. Count and sums are compared. jsonl-store stores what may be there already and in transactions of
5000 rows; a loader puts all into an empty table at once, so it is the floor.
"""
import contextlib
import glob
import json
import os
import pwd
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

COLUMNS = "window_start window_end tag count total distinct rows late rank share".split()


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_user(name):
    return ["setpriv", "--reuid", name, "--regid", name, "--init-groups"] if os.geteuid() == 0 else []


def own(folder, name):
    if os.geteuid() == 0:
        user = pwd.getpwnam(name)
        os.chown(folder, user.pw_uid, user.pw_gid)


@contextlib.contextmanager
def serving(command, answers, signal="TERM", **options):
    """Runs a server until the work with it is done."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **options)
    try:
        until = time.monotonic() + 60
        while subprocess.run(answers, capture_output=True, check=False).returncode:
            if server.poll() is not None or time.monotonic() > until:
                sys.exit(f"{command[-1]} does not come up")
            time.sleep(0.05)
        yield
    finally:
        subprocess.run(["kill", f"-{signal}", str(server.pid)], check=False)
        server.wait()


def make_rows(folder, windows):
    """Windows of 100 keys, as JSON lines, CSV, and line protocol; what is asked of each store."""
    chance = random.Random(42)
    lines, cells, points, count, share = [], [], [], 0, 0
    for window in range(windows):
        start = 1542049200 + 20 * window
        stamp = lambda second: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        for rank in range(1, 101):
            tag = f"tag {chance.randrange(10**6)} {rank}"
            row = [stamp(start), stamp(start + 20), tag, chance.randrange(1000), 5000, 100, 100, 0, rank, rank / 128]
            lines.append(json.dumps(dict(zip(COLUMNS, row)), separators=(",", ":")))
            cells.append(",".join(str(cell) for cell in row[:2]).replace("Z", "") + "," + ",".join(str(cell) for cell in row[2:]))
            fields = ",".join(f"{name}={value}i" for name, value in zip(COLUMNS[3:9], row[3:9]))
            tag = tag.replace(" ", "\\ ")
            points.append(f'windows,tag={tag},window=20s window_end="{row[1]}",{fields},share={row[9]} {start * 1000}')
            count, share = count + row[3], share + row[9]
    for name, content in [("rows.jsonl", lines), ("rows.csv", cells)]:
        with open(os.path.join(folder, name), "w") as file:
            file.write("\n".join(content) + "\n")
    with open(os.path.join(folder, "rows.influx"), "w") as file:
        file.write("# DDL\nCREATE DATABASE loaded\n# DML\n# CONTEXT-DATABASE: loaded\n" + "\n".join(points) + "\n")
    return len(lines), (len(lines), count, share)


def timed(command, **options):
    begun = time.perf_counter()
    run(command, **options)
    return time.perf_counter() - begun


class Store:
    """A target, its loader, and what it has afterwards."""

    def __init__(self, folder):
        self.folder = folder
        self.jsonl, self.csv = os.path.join(folder, "rows.jsonl"), os.path.join(folder, "rows.csv")

    def ours(self, number):
        return timed(["jsonl-store", "-q", "--create", self.address(number), self.jsonl])


class Sqlite(Store):
    name, loader = "sqlite", "sqlite3 .import"

    def address(self, number):
        return f"sqlite:{self.folder}/ours{number}.db"

    def theirs(self, number):
        base = f"{self.folder}/theirs{number}.db"
        kinds = ["TEXT"] * 3 + ["INTEGER"] * 6 + ["REAL"]
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS, kinds))
        run(["sqlite3", base, f"CREATE TABLE windows ({columns}, UNIQUE (window_start, window_end, tag))"])
        return timed(["sqlite3", base, ".mode csv", f".import {self.csv} windows"])

    def answer(self, who, number):
        return run(["sqlite3", f"{self.folder}/{who}{number}.db", "SELECT count(*), sum(count), sum(share) FROM windows"]).strip().split("|")


class Postgres(Store):
    name, loader = "postgres", "psql \\copy"

    def address(self, number):
        return f"postgres://t@127.0.0.1:{self.port}/ours{number}"

    def psql(self, base, command):
        return ["psql", "-h127.0.0.1", f"-p{self.port}", "-Ut", "-AtqX", "-d", base, "-c", command]

    @contextlib.contextmanager
    def open(self):
        data, self.port = os.path.join(self.folder, "postgres"), free_port()
        os.mkdir(data)
        own(data, "postgres")
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        run(as_user("postgres") + [f"{programs}/initdb", "-D", f"{data}/d", "-A", "trust", "-U", "t", "-N"], cwd="/")
        server = [f"{programs}/postgres", "-D", f"{data}/d", "-h", "127.0.0.1", "-p", str(self.port), "-k", data]
        with serving(as_user("postgres") + server, self.psql("postgres", "SELECT 1"), "INT"):
            yield

    def prepare(self, number):
        for who in ("ours", "theirs"):
            run(self.psql("postgres", f"CREATE DATABASE {who}{number}"))

    def theirs(self, number):
        kinds = ["timestamptz"] * 2 + ["text"] + ["bigint"] * 6 + ["double precision"]
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS, kinds))
        base = f"theirs{number}"
        run(self.psql(base, f"CREATE TABLE windows ({columns}, UNIQUE (window_start, window_end, tag))"))
        return timed(self.psql(base, f"\\copy windows FROM '{self.csv}' CSV"))

    def answer(self, who, number):
        return run(self.psql(f"{who}{number}", "SELECT count(*), sum(count), sum(share) FROM windows")).strip().split("|")


class Mysql(Store):
    name, loader = "mysql", "mariadb LOAD DATA"

    def address(self, number):
        return f"mysql://root@127.0.0.1:{self.port}/ours{number}"

    def mariadb(self, base, command):
        return ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{self.port}", "-uroot", "--local-infile", "-NB", "-e", command] + base

    @contextlib.contextmanager
    def open(self):
        data, self.port = os.path.join(self.folder, "mysql"), free_port()
        os.mkdir(data)
        own(data, "mysql")
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}/d", "--auth-root-authentication-method=normal", "--skip-test-db"]
        run(as_user("mysql") + install, cwd="/")
        server = ["mariadbd", "--no-defaults", f"--datadir={data}/d", f"--socket={data}/s", f"--pid-file={data}/pid",
                  "--bind-address=127.0.0.1", f"--port={self.port}", "--local-infile=1"]
        with serving(as_user("mysql") + server, self.mariadb([], "SELECT 1")):
            yield

    def prepare(self, number):
        for who in ("ours", "theirs"):
            run(self.mariadb([], f"CREATE DATABASE {who}{number}"))

    def theirs(self, number):
        kinds = ["DATETIME(3)"] * 2 + ["VARCHAR(720) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"] + ["BIGINT"] * 6 + ["DOUBLE"]
        columns = ", ".join(f"`{name}` {kind}" for name, kind in zip(COLUMNS, kinds))
        base = [f"theirs{number}"]
        run(self.mariadb(base, f"CREATE TABLE windows ({columns}, UNIQUE (window_start, window_end, tag))"))
        return timed(self.mariadb(base, f"LOAD DATA LOCAL INFILE '{self.csv}' INTO TABLE windows FIELDS TERMINATED BY ','"))

    def answer(self, who, number):
        return run(self.mariadb([f"{who}{number}"], "SELECT count(*), sum(count), sum(share) FROM windows")).split()


class Influx(Store):
    name, loader = "influx", "influx -import"

    def address(self, number):
        return f"influx+http://127.0.0.1:{self.port}/ours{number}"

    def ask(self, base, query):
        return ["influx", "-host", "127.0.0.1", "-port", str(self.port), "-database", base, "-format", "csv", "-execute", query]

    @contextlib.contextmanager
    def open(self):
        data, self.port = os.path.join(self.folder, "influx"), free_port()
        os.mkdir(data)
        config = os.path.join(data, "influxd.conf")
        with open(config, "w") as file:
            file.write(f'reporting-disabled = true\nbind-address = "127.0.0.1:0"\n[meta]\ndir = "{data}/meta"\n[data]\ndir = "{data}/data"\n'
                       f'wal-dir = "{data}/wal"\nmax-values-per-tag = 0\nmax-series-per-database = 0\n[monitor]\nstore-enabled = false\n[http]\n'
                       f'bind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n')
        with serving(["influxd", "run", "-config", config], self.ask("", "SHOW DATABASES")):
            yield

    def prepare(self, number):
        run(self.ask("", f"CREATE DATABASE ours{number}"))
        run(self.ask("", "DROP DATABASE loaded"))

    def theirs(self, _number):
        return timed(["influx", "-host", "127.0.0.1", "-port", str(self.port), "-import", "-precision", "ms",
                      "-path", os.path.join(self.folder, "rows.influx")])

    def answer(self, who, number):
        base = f"ours{number}" if who == "ours" else "loaded"
        return run(self.ask(base, 'SELECT count("count"), sum("count"), sum("share") FROM windows')).splitlines()[1].split(",")[2:]


class Files(Store):
    name, loader = "files", "gzip"

    def address(self, number):
        return f"file:{self.folder}/ours{number}/%Y/%m/%d/%H.jsonl.gz"

    def theirs(self, number):
        return timed(["sh", "-c", f"gzip <{self.jsonl} >{self.folder}/theirs{number}.gz"])

    def answer(self, who, number):
        place = f"{self.folder}/ours{number}/*/*/*/*" if who == "ours" else f"{self.folder}/theirs{number}.gz"
        text = run(["sh", "-c", f"zcat {place}"])
        rows = [json.loads(line) for line in text.splitlines()]
        return [len(rows), sum(row["count"] for row in rows), sum(row["share"] for row in rows)]


def main():
    windows = 500 if "--quick" in sys.argv else 2000
    rounds = 3
    needs = {Sqlite: "sqlite3", Postgres: "psql", Mysql: "mariadbd", Influx: "influx", Files: "gzip"}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        rows, expected = make_rows(folder, windows)
        print(f"{rows} rows of {windows} windows, 10 columns; thousands of rows a second, medians of {rounds} rounds\n")
        print("| store | jsonl-store | again | its own loader | | loader / ours |\n| --- | --- | --- | --- | --- | --- |")
        for kind, program in needs.items():
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
                print(f"skipped: {kind.name}: there is no {program}")
                continue
            store = kind(folder)
            with store.open() if hasattr(store, "open") else contextlib.nullcontext():
                taken = []
                for number in range(rounds):
                    if hasattr(store, "prepare"):
                        store.prepare(number)
                    first = store.ours(number)
                    taken.append((first, store.ours(number), store.theirs(number)))
                    for who in ("ours", "theirs"):
                        answer = [float(value) for value in store.answer(who, number)]
                        if answer != [float(value) for value in expected]:
                            sys.exit(f"{store.name}: {who} has {answer}, and {expected} went in")
                ours, again, theirs = (statistics.median(column) for column in zip(*taken))
                ratio = statistics.median(a / c for a, _, c in taken)
                speeds = [f"{rows / seconds / 1000:.0f}" for seconds in (ours, again, theirs)]
                print(f"| {store.name} | {speeds[0]} | {speeds[1]} | {speeds[2]} | {store.loader} | {ratio:.1f} |", flush=True)


main()
