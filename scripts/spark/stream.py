"""spark-window-count-stream: the same for files that are still to come, in a stream of Structured Streaming.

    spark-window-count-stream --input raw --checkpoint ck --parts parts -o day.jsonl -- window-count --key .lang --window 1h

Takes the files that are new in the folder `raw` and ends: made for cron. Each micro-batch becomes one file of partial rows in
`parts`, under the number of the batch, so a batch that Spark sends again after a crash replaces itself. At the end all parts
are merged. See docs/scale.md.
"""

import argparse
import os
import re
import sys
import tempfile

from parts import Counter, PartFailed, add_options, arguments, environment_of, output_options, session, tell, why


class Folder:
    """The parts of one checkpoint, a file for each batch."""

    def __init__(self, path):
        self.path = path
        os.makedirs(path, exist_ok=True)

    def files(self):
        """All of them, in the order of batches."""
        return sorted(os.path.join(self.path, name) for name in os.listdir(self.path) if re.fullmatch(r"\d{12}\.\w+\.jsonl", name))

    def refuse_others(self, query):
        """Batches are numbered anew by another checkpoint: its parts would count the same files once more."""
        others = [path for path in self.files() if path.split(".")[-2] != query]
        if others:
            raise PartFailed(f"{others[0]} was made with another checkpoint; give each checkpoint its own --parts")

    def keep(self, query, batch, rows):
        """Replaces the file of a batch, whole and on the disk before Spark takes the batch for done."""
        with tempfile.NamedTemporaryFile(dir=self.path, delete=False) as file:
            file.writelines(row + b"\n" for row in rows)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        os.replace(file.name, os.path.join(self.path, f"{batch:012}.{query}.jsonl"))
        folder = os.open(self.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def main():
    parser = argparse.ArgumentParser(
        prog="spark-window-count-stream", description="Count the JSON lines of new files on Spark's workers, and end.",
        usage="%(prog)s --input FOLDER --checkpoint FOLDER --parts FOLDER [OPTION …] -- window-count ARGUMENT …")
    add_options(parser)
    parser.add_argument("--checkpoint", metavar="FOLDER", required=True, help="where Spark notes which files it has taken")
    parser.add_argument("--parts", metavar="FOLDER", required=True, help="where the partial rows of each batch are kept, on this machine")
    parser.add_argument("--files", metavar="N", type=int, default=1000, help="take so many files in a batch [default: 1000]")
    options = arguments(parser, sys.argv[1:])
    if len(options.input) > 1:
        parser.error("a stream has one --input")
    parts = Folder(options.parts)
    spark = session("spark-window-count-stream", options.master, options.conf)
    said = []
    try:
        counter = Counter(spark.sparkContext, options.call, options.binary, environment_of(options.env))

        def take(frame, batch):
            query = spark.sparkContext.getLocalProperty("sql.streaming.queryId").replace("-", "")
            parts.refuse_others(query)
            rows, words, _ = counter.rows(frame, f"{query[:12]}.{batch}", options.combine)
            parts.keep(query, batch, rows)
            said.extend(words)

        lines = spark.readStream.option("lineSep", "\n").option("maxFilesPerTrigger", options.files).text(options.input[0])
        query = lines.writeStream.foreachBatch(take).option("checkpointLocation", options.checkpoint)
        query.trigger(availableNow=True).start().awaitTermination()
    except Exception as error:
        return why(error)
    finally:
        spark.stop()
    tell(said)
    files = parts.files()
    if not files:
        print("spark-window-count-stream: nothing has come yet", file=sys.stderr)
        return 0
    with_files = ["--merge", *output_options(options), *files]
    return os.spawnv(os.P_WAIT, counter.binary, [counter.binary, *with_files])


if __name__ == "__main__":
    sys.exit(main())
