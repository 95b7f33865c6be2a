"""spark-window-count: the rows of window-count over files that Spark reads, counted on its workers.

    spark-window-count --input 'logs/2026/*.jsonl.gz' -o day.jsonl -- window-count --key .lang --window 1h --watermark 1h

Each partition is counted by `window-count --partial`, and what comes of it is merged here: the rows are those that one process
over all files writes, byte for byte, as far as nothing is late for that one. See docs/scale.md.
"""

import argparse
import sys
import uuid

from parts import Counter, add_options, arguments, environment_of, output_options, session, tell, why


def main():
    parser = argparse.ArgumentParser(
        prog="spark-window-count", description="Count JSON lines in event-time windows on Spark's workers.",
        usage="%(prog)s --input PATH [OPTION …] -- window-count ARGUMENT …")
    add_options(parser)
    options = arguments(parser, sys.argv[1:])
    spark = session("spark-window-count", options.master, options.conf)
    try:
        counter = Counter(spark.sparkContext, options.call, options.binary, environment_of(options.env))
        text = spark.read.option("lineSep", "\n").text(options.input)
        rows, said, parts = counter.rows(text, uuid.uuid4().hex[:12], options.combine)
    except Exception as error:
        return why(error)
    finally:
        spark.stop()
    tell(said)
    # So many parts must have come, or the merge fails.
    return counter.merge(rows, ["--parts", str(parts), *output_options(options)])


if __name__ == "__main__":
    sys.exit(main())
