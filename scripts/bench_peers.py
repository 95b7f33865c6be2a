"""The job of window-count and topn, and the map, for DuckDB, chdb and Spark; run by scripts/bench.py in its own environment.

    bench_peers.py JOB FILE [--repeat N]

Prints the answer; with --repeat only a JSON list of seconds, of the query alone.
"""
import json
import sys
import time

RANK = "row_number() OVER (PARTITION BY start ORDER BY n DESC, tag)"

DUCKDB_READ = """read_json('{file}', format='newline_delimited', ignore_errors=true, maximum_object_size=16777216,
    columns={{created_at: 'VARCHAR', entities: 'STRUCT(hashtags STRUCT(text VARCHAR)[])'}})"""
DUCKDB_TIME = "epoch(strptime(created_at, '%a %b %d %H:%M:%S +0000 %Y'))::BIGINT"
DUCKDB_WINDOWS = f"""
    WITH tags AS (SELECT {DUCKDB_TIME} AS t, unnest(entities.hashtags).text AS tag FROM {DUCKDB_READ}),
    starts AS (SELECT unnest([t - t % 10 - 10, t - t % 10]) AS start, tag FROM tags WHERE t IS NOT NULL AND tag IS NOT NULL),
    counts AS (SELECT start, tag, count(*) AS n FROM starts GROUP BY ALL)
    SELECT start, tag, n FROM counts QUALIFY {RANK} <= 10 ORDER BY start, n DESC, tag"""
DUCKDB_MAP = f"""COPY (SELECT created_at AS t, unnest(entities.hashtags).text AS tag FROM {DUCKDB_READ})
    TO '/dev/null' (FORMAT json)"""

CHDB_WINDOWS = f"""
    SELECT start, tag, n FROM (
      SELECT start, tag, n, {RANK} AS place FROM (
        SELECT arrayJoin([t - t % 10 - 10, t - t % 10]) AS start, tag, count() AS n FROM (
          SELECT toInt64(toUnixTimestamp(parseDateTimeOrNull(created_at, '%a %b %d %H:%i:%s +0000 %Y', 'UTC'))) AS t,
                 arrayJoin(entities.hashtags.text) AS tag
          FROM file('{{file}}', 'JSONEachRow', 'created_at String, entities Tuple(hashtags Array(Tuple(text String)))'))
        WHERE t IS NOT NULL GROUP BY start, tag))
    WHERE place <= 10 ORDER BY start, n DESC, tag
    SETTINGS input_format_allow_errors_ratio = 1, input_format_allow_errors_num = 1000000,
      input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1, max_threads = 2"""


def duckdb_job(query, file):
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    return lambda: connection.execute(query.format(file=file)).fetchall()


def chdb_job(file):
    import chdb

    def run():
        text = chdb.query(CHDB_WINDOWS.format(file=file), "JSONCompactEachRow").bytes().decode()
        return [(int(start), tag, int(n)) for start, tag, n in map(json.loads, text.splitlines())]

    return run


def spark_job(file):
    from pyspark.sql import SparkSession, functions as f

    spark = (
        SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2").getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    schema = "created_at STRING, entities STRUCT<hashtags: ARRAY<STRUCT<text: STRING>>>"

    def run():
        stamp = f.unix_timestamp(f.to_timestamp(f.substring("created_at", 5, 26), "MMM dd HH:mm:ss Z yyyy"))
        tags = spark.read.schema(schema).json(file).select(stamp.alias("t"), f.explode("entities.hashtags.text").alias("tag"))
        floor = f.col("t") - f.col("t") % 10
        starts = tags.where("t IS NOT NULL").select(f.explode(f.array(floor - 10, floor)).alias("start"), "tag")
        starts.groupBy("start", "tag").agg(f.count("*").alias("n")).createOrReplaceTempView("counts")
        ranked = spark.sql(f"SELECT * FROM (SELECT *, {RANK} AS place FROM counts) WHERE place <= 10 ORDER BY start, n DESC, tag")
        return [(row.start, row.tag, row.n) for row in ranked.collect()]

    return run


def main():
    job, file = sys.argv[1:3]
    run = {
        "duckdb-windows": lambda: duckdb_job(DUCKDB_WINDOWS, file),
        "duckdb-map": lambda: duckdb_job(DUCKDB_MAP, file),
        "chdb-windows": lambda: chdb_job(file),
        "spark-windows": lambda: spark_job(file),
    }[job]()
    if "--repeat" in sys.argv:
        seconds = []
        for _ in range(int(sys.argv[4])):
            begun = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - begun)
        print(json.dumps(seconds))
    else:
        for row in run():
            print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
