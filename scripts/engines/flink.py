"""Runs the cases in Flink SQL, in one local JVM: `python flink.py WORK`.

Cases without a delay run in batch mode. Those with one, and sessions, which batch mode does not have, run in streaming
mode, with a watermark that moves with every record.
"""

import json
import sys
from pathlib import Path

import pyflink.version
from pyflink.table import EnvironmentSettings, TableEnvironment


def interval(millis):
    seconds, rest = divmod(millis, 1000)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
    return f"INTERVAL '{days} {clock}' DAY TO SECOND(3)"


def run(case, stream):
    streaming = case["delay"] is not None or case["kind"] == "session"
    env = TableEnvironment.create(
        EnvironmentSettings.in_streaming_mode() if streaming else EnvironmentSettings.in_batch_mode())
    config = env.get_config()
    config.set("parallelism.default", "1")
    config.set("table.local-time-zone", case["zone"] or "UTC")
    config.set("pipeline.auto-watermark-interval", "0")  # every record moves the watermark
    moment = "TO_TIMESTAMP_LTZ(ms, 3)" if case["zone"] else "ts"
    watermark = ""
    if streaming:
        nothing_is_late = "TIMESTAMP '0001-01-01 00:00:00'"
        at = nothing_is_late if case["delay"] is None else f"moment - {interval(case['delay'] + case['flink_extra'])}"
        watermark = f", WATERMARK FOR moment AS {at}"
    env.execute_sql(f"""
        CREATE TEMPORARY TABLE e (ms BIGINT, ts TIMESTAMP(3), k STRING, moment AS {moment}{watermark})
        WITH ('connector' = 'filesystem', 'path' = 'file://{stream["rows"]}', 'format' = 'json')""")
    # Records without a key are dropped here; WHERE could keep them from moving the watermark.
    return [list(row) for row in env.execute_sql(query(case)).collect() if row[2] is not None]


def query(case):
    kind, size, slide, offset = case["kind"], case["size"], case["slide"], case["offset"]
    call = {"session": "SESSION", "cumulate": "CUMULATE"}.get(kind) or ("HOP" if slide else "TUMBLE")
    lengths = [interval(length) for length in (slide, size) if length]
    if case["unit"] == "month":
        lengths = ["INTERVAL '1' MONTH"]
    elif case["unit"] == "week":
        offset = 4 * 86_400_000  # from Thursday, 1 January 1970, to Monday
    lengths += [interval(offset)] if offset else []
    where = "WHERE k IS NOT NULL" if case["filter"] else ""
    table = "TABLE e PARTITION BY k" if kind == "session" else "TABLE e"
    return f"""
        SELECT CAST(window_start AS STRING), CAST(window_end AS STRING), k, COUNT(*)
        FROM TABLE({call}({table}, DESCRIPTOR(moment), {", ".join(lengths)}))
        {where} GROUP BY window_start, window_end, k"""


def reason(error):
    """The innermost cause of a Java exception, in one line."""
    lines = [line for line in str(error).splitlines() if line.startswith((": ", "Caused by: "))]
    return lines[-1].split(": ", 2)[-1] if lines else str(error).splitlines()[0]


def main(work):
    job = json.loads((work / "job.json").read_text())
    with open(work / "flink.jsonl", "w") as out:
        print(json.dumps({"version": f"Flink {pyflink.version.__version__}"}), file=out)
        for number, case in enumerate(job["cases"]):
            try:
                answer = {"rows": run(case, job["streams"][case["stream"]])}
            except Exception as error:  # what the engine refuses is an answer, too
                answer = {"refused": reason(error)}
            print(json.dumps({"case": number} | answer), file=out, flush=True)


main(Path(sys.argv[1]))
