"""The job of window-count in Spark's own ways and in ours, for scripts/bench --scale: `peers.py ours|sql|python FILE OUT`.

Counts hashtags in windows of 20 s by 10 s, and writes rows to OUT: of window-count, or `start in seconds, tag, count`, sorted.
Prints how many seconds the job took in a session that is up already.
"""

import json
import sys
import time
from datetime import datetime

from parts import Counter, session

CALL = ["-q", "--threads", "1", "--time", ".created_at", "--key", ".entities.hashtags[].text", "--window", "20s/10s", "--watermark", "2h"]

SCHEMA = "created_at STRING, entities STRUCT<hashtags: ARRAY<STRUCT<text: STRING>>>"


def sql(spark, file):
    """Data frames, all in the JVM."""
    from pyspark.sql import functions as f

    spark.conf.set("spark.sql.session.timeZone", "UTC")
    stamp = f.unix_timestamp(f.to_timestamp(f.substring("created_at", 5, 26), "MMM dd HH:mm:ss Z yyyy"))
    tags = spark.read.schema(SCHEMA).json(file).select(stamp.alias("t"), f.explode("entities.hashtags.text").alias("tag"))
    floor = f.col("t") - f.col("t") % 10
    starts = tags.where("t IS NOT NULL").select(f.explode(f.array(floor - 10, floor)).alias("start"), "tag")
    return [(row.start, row.tag, row.n) for row in starts.groupBy("start", "tag").agg(f.count("*").alias("n")).collect()]


def starts_of(line):
    """The windows and tags of a record."""
    record = json.loads(line)
    time = int(datetime.strptime(record["created_at"], "%a %b %d %H:%M:%S %z %Y").timestamp())
    floor = time - time % 10
    return [((start, tag["text"]), 1) for tag in record["entities"]["hashtags"] for start in (floor - 10, floor)]


def python(spark, file):
    """Functions in Python on an RDD of lines, as tutorials have it."""
    counts = spark.sparkContext.textFile(file, 8).flatMap(starts_of).reduceByKey(int.__add__)
    return [(start, tag, count) for (start, tag), count in counts.collect()]


def ours(spark, file, out):
    """window-count in each partition, and one that merges."""
    counter = Counter(spark.sparkContext, CALL)
    rows, _, parts = counter.rows(spark.read.option("lineSep", "\n").text(file), "bench")
    if counter.merge(rows, ["--parts", str(parts), "-o", out]):
        raise SystemExit("the merge failed")


def theirs(job, spark, file, out):
    """The rows of a job, sorted, to a file."""
    rows = sorted(job(spark, file))
    with open(out, "w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main():
    job, file, out = sys.argv[1:]
    spark = session("peers", "local[2]", ["spark.sql.shuffle.partitions=2"])
    spark.range(1).count()
    begun = time.perf_counter()
    if job == "ours":
        ours(spark, file, out)
    else:
        theirs({"sql": sql, "python": python}[job], spark, file, out)
    print(time.perf_counter() - begun)
    spark.stop()


if __name__ == "__main__":
    main()
