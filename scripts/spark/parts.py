"""window-count in every partition of a Spark data set, and one window-count that merges the parts.

The lines of a file reach the program byte for byte: Spark's text source of data frames keeps the bytes of a line, and they are
never decoded on the way. (`sc.textFile` decodes them, and replaces what is no UTF-8.) A partition is a part, whose name is
the same when Spark tries its task again.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

# Workers on this machine run the Python of the driver; those of a cluster that which it names.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

from pyspark import SparkFiles
from pyspark.sql import SparkSession, functions as f

PROGRAM = "window-count"
BUFFER = 1 << 20


class PartFailed(Exception):
    """The program ended with a status other than 0, or what it was to read broke off."""


def run(command, lines, environment):
    """Feeds lines to a program; yields the lines that it writes, then those that it says."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, bufsize=BUFFER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, env=environment)
        broken = []

        def feed():
            try:
                with process.stdin:
                    process.stdin.writelines(lines)
            except BrokenPipeError:
                pass  # it says why by its status
            except BaseException as error:  # half of a partition is no part: the task fails, and Spark tries it again
                broken.append(error)
                process.kill()

        threading.Thread(target=feed, daemon=True).start()
        try:
            for line in process.stdout:
                yield line.removesuffix(b"\n")
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        said.seek(0)
        words = said.read()
        if broken:
            raise PartFailed(f"the input of {PROGRAM} broke off: {broken[0]!r}") from broken[0]
        if status != 0:
            raise PartFailed(f"{' '.join(command)} ended with status {status}: {words.decode(errors='replace')[-2000:]}")
        yield from words.splitlines()


def is_row(line):
    """Whether a line is of a part's rows, and not what it has to say."""
    return line.startswith(b"{")


class Counter:
    """Counts text in parts; `arguments` are those of window-count, `environment` is set beside what the workers have."""

    def __init__(self, context, arguments, binary=None, environment=None):
        path = binary or shutil.which(PROGRAM)
        if not path:
            raise SystemExit(f"spark-window-count: there is no {PROGRAM} on the PATH; name it with --binary")
        self.binary = os.path.abspath(path)
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.check()
        # Spark takes both to each worker, and makes files executable there.
        context.addFile(self.binary)
        context.addPyFile(os.path.abspath(__file__))

    def check(self):
        """Ends with the words of window-count, and its status, where it cannot take these arguments."""
        environment = {**os.environ, **self.environment}
        command = [self.binary, "--partial", *self.arguments]
        tried = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, check=False)
        if tried.returncode:
            raise SystemExit(tried.returncode)

    def each(self, options, name):
        """What counts a partition, given its number and its lines."""
        program, environment = os.path.basename(self.binary), self.environment

        def count(number, lines):
            command = [SparkFiles.get(program), *options, "--part", f"{name}.{number}"]
            for line in run(command, lines, {**os.environ, **environment}):
                yield line if is_row(line) else b"part %d: %s" % (number, line)

        return count

    def rows(self, text, name, combine=None):
        """Counts a frame of lines: the partial rows, what the parts said, and how many parts there are.

        With `combine` the parts are merged into so many before they come to this process.
        """
        lines = text.select(f.concat(f.col("value").cast("binary"), f.lit(b"\n"))).rdd
        parts = lines.getNumPartitions()
        if parts == 0:
            # No file, no partition: one part without records.
            return *apart(run([self.binary, "--partial", *self.arguments], [], {**os.environ, **self.environment})), 1
        count = self.each(["--partial", *self.arguments], name)
        counted = lines.mapPartitionsWithIndex(lambda number, rows: count(number, (row[0] for row in rows)))
        if combine and combine < parts:
            merge, parts = self.each(["--merge", "--partial"], f"{name}.of{combine}"), combine
            counted = counted.mapPartitionsWithIndex(lambda number, rows: ((number, row) for row in rows))
            counted = counted.partitionBy(combine, int).values().mapPartitionsWithIndex(merged(merge))
        return *apart(counted.collect()), parts

    def merge(self, rows, options, out=None):
        """Merges partial rows, to the output or to a file; the status of the program."""
        command = [self.binary, "--merge", *options]
        environment = {**os.environ, **self.environment}
        with subprocess.Popen(command, bufsize=BUFFER, stdin=subprocess.PIPE, stdout=out, env=environment) as process:
            try:
                with process.stdin:
                    process.stdin.writelines(row + b"\n" for row in rows)
            except BrokenPipeError:
                pass  # it says why by its status
        return process.returncode


def merged(merge):
    """What merges the rows of several parts, and passes on what they said."""

    def partition(number, lines):
        said = []

        def rows():
            for line in lines:
                if is_row(line):
                    yield line + b"\n"
                else:
                    said.append(line)

        yield from merge(number, rows())
        yield from said

    return partition


def apart(lines):
    """Rows, and what was said."""
    rows, said = [], []
    for line in lines:
        (rows if is_row(line) else said).append(line)
    return rows, said


def tell(said, most=20):
    """What parts said is not silent, and not endless."""
    for line in said[:most]:
        print("spark-window-count:", line.decode(errors="replace"), file=sys.stderr)
    if len(said) > most:
        print(f"spark-window-count: so {len(said) - most} lines more", file=sys.stderr)


def session(name, master, settings):
    """A session of Spark; of this machine unless a cluster is named here, or by spark-submit."""
    builder = SparkSession.builder.appName(name).config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if master:
        builder = builder.master(master)
        if master.startswith("local"):
            builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    for setting in settings:
        key, _, value = setting.partition("=")
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def why(error):
    """What a part said as it failed, out of what Spark makes of it; other errors are raised as they are."""
    found = re.search(r"PartFailed: (.+)", str(error))
    if not found:
        raise error
    print("spark-window-count:", found[1], file=sys.stderr)
    return 4


def arguments(parser, words):
    """Parses `OPTIONS -- window-count ARGUMENTS`."""
    if "--" not in words:
        parser.error("the call of window-count stands behind --, as in: -- window-count --key .lang --window 1h")
    at = words.index("--")
    options, call = parser.parse_args(words[:at]), words[at + 1:]
    if call[:1] == [PROGRAM]:
        call = call[1:]
    for refused in ("--partial", "--merge", "--part", "-o", "--output", "--format", "--state"):
        if any(word == refused or word.startswith(refused + "=") for word in call):
            parser.error(f"{refused} does not go behind --: parts, their names and the output are made here")
    options.call = call
    return options


def add_options(parser):
    """The options that both programs have."""
    parser.add_argument("--input", metavar="PATH", action="append", required=True,
                        help="a file, a folder or a glob, wherever Spark reads; may be repeated")
    parser.add_argument("-o", "--output", metavar="FILE", help="the rows go to FILE on this machine, replaced as a whole")
    parser.add_argument("--format", metavar="FORMAT", default="jsonl", help="how rows are written: jsonl, csv, tsv, table")
    parser.add_argument("--binary", metavar="PATH", help="the window-count that workers run [default: the one on the PATH]")
    parser.add_argument("--env", metavar="NAME", action="append", default=[],
                        help="workers run window-count with this variable of this environment; may be repeated")
    parser.add_argument("--combine", metavar="N", type=int,
                        help="merge the parts into N on the workers before they come here")
    parser.add_argument("--master", metavar="URL", help="as of spark-submit, such as local[4] [default: Spark's own]")
    parser.add_argument("--conf", metavar="KEY=VALUE", action="append", default=[], help="a setting of Spark; may be repeated")


def environment_of(names):
    """These variables, which must be set."""
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise SystemExit(f"spark-window-count: --env {missing[0]}: it is not set here")
    return {name: os.environ[name] for name in names}


def output_options(options):
    """What the merge is told about the output."""
    return ["--format", options.format, *(["-o", options.output] if options.output else [])]
