"""Counts cases on Spark, in one session: `spark_cases.py SPARK_FOLDER MASTER JOB`, where JOB is a JSON list of cases."""

import json
import sys

sys.path.insert(0, sys.argv[1])
from parts import Counter, session, tell  # noqa: E402

spark = session("cases", sys.argv[2], ["spark.executor.memory=512m"])
for number, case in enumerate(json.loads(sys.argv[3])):
    counter = Counter(spark.sparkContext, case["call"], case["binary"], case.get("environment"))
    spark.conf.set("spark.sql.files.maxPartitionBytes", case["partition"])
    text = spark.read.option("lineSep", "\n").text(case["input"])
    rows, said, parts = counter.rows(text, f"case{number}", case.get("combine"))
    tell(said)
    status = counter.merge(rows, ["--parts", str(parts), "-o", case["output"]])
    print(parts, status, flush=True)
spark.stop()
