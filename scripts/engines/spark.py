"""Runs the cases in Spark, in one local JVM: `python spark.py WORK`.

Cases without a delay run as batch queries. Those with one run as a stream whose micro-batches hold `spark_batch` records
each; in append mode such a stream emits the windows that closed, and keeps those that are open at its end.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession, functions as f

SCHEMA = "ms long, ts string, k string"


def session():
    spark = (SparkSession.builder.master("local[1]")
             .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
             .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    return spark


def windows(case):
    """The column that assigns a record to its windows."""
    lengths = [f"{length} milliseconds" for length in (case["size"], case["slide"] or case["size"], case["offset"])]
    if case["kind"] == "session":
        return f.session_window("moment", lengths[0])
    if case["unit"] == "month":
        return f.window("moment", "1 month")
    if case["kind"] == "cumulate":
        raise ValueError("Spark has no windows that grow")
    return f.window("moment", *lengths)


def counted(case, records):
    window = windows(case).alias("window")
    records = records.filter("k is not null") if case["filter"] else records
    return (records.groupBy(window, "k").count()
            .select(f.unix_millis("window.start"), f.unix_millis("window.end"), "k", "count"))


def run_batch(spark, case, stream):
    records = spark.read.schema(SCHEMA).json(stream["rows"]).withColumn("moment", f.timestamp_millis("ms"))
    return listed(counted(case, records))


def listed(rows):
    """Rows with a key. Records without one are not filtered before, as Spark moves a filter below the watermark."""
    return [list(row) for row in rows.collect() if row[2] is not None]


def run_stream(spark, case, stream, work):
    folder = work / "spark-stream"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    lines = Path(stream["rows"]).read_text().splitlines(keepends=True)
    size = case["spark_batch"]
    for number, start in enumerate(range(0, len(lines), size)):
        path = folder / "in" / f"{number:06}.json"
        path.write_text("".join(lines[start:start + size]))
        os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))  # files are read in the order of their age
    records = (spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(str(folder / "in"))
               .withColumn("moment", f.timestamp_millis("ms")).withWatermark("moment", f"{case['delay']} milliseconds"))
    rows = []
    query = (counted(case, records).writeStream.outputMode("append").trigger(availableNow=True)
             .option("checkpointLocation", str(folder / "checkpoint"))
             .foreachBatch(lambda batch, number: rows.extend(listed(batch))).start())
    query.awaitTermination()
    return rows


def reason(error):
    return str(error).splitlines()[0].split(" SQLSTATE")[0]


def main(work):
    job = json.loads((work / "job.json").read_text())
    spark = session()
    with open(work / "spark.jsonl", "w") as out:
        print(json.dumps({"version": f"Spark {pyspark.__version__}"}), file=out)
        for number, case in enumerate(job["cases"]):
            stream = job["streams"][case["stream"]]
            spark.conf.set("spark.sql.session.timeZone", case["zone"] or "UTC")
            try:
                rows = run_batch(spark, case, stream) if case["delay"] is None else run_stream(spark, case, stream, work)
                answer = {"rows": rows}
            except Exception as error:  # what the engine refuses is an answer, too
                answer = {"refused": reason(error)}
            print(json.dumps({"case": number} | answer), file=out, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
