"""Runs window-count over the cases, and compares it with the model and the engines, row for row:

    python compare.py prepare WORK TOOLS RECORDINGS    writes the streams and the cases for the engines
    python compare.py compare WORK TOOLS               compares their answers; status 1 if a difference has no known reason
"""

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import cases
import reference

SHOWN = 4


def known_rules(engine, case):
    """The rule in which an engine is known to differ from ours on a case: its name, and what it changes in the model."""
    streaming = case["delay"] is not None
    if engine == "flink" and streaming and not case["flink_extra"]:
        return "closes 1 ms early", {"early": 1, "session_early": 1, "moves_first": False}
    if engine == "flink" and case["zone"] and case["kind"] == "hop":
        return "hours by the wall clock", {"wall_clock": True}
    if engine == "spark" and streaming:
        return "micro-batches", {"batch": case["spark_batch"], "lag": 1, "moves_first": False, "closes_last": True,
                                 "session_early": 0, "merges_first": False, "flush": False,
                                 "keyless_moves": not case["filter"]}
    if engine == "spark" and case["kind"] == "calendar":
        return "a day is 24 h of UTC", {"exact_days": True}
    return None, {}


def ours(case, stream, tools):
    """What window-count says: rows."""
    command = [tools / "window-count", *stream["clock"], "--key", f"k={stream['key']}", *case["flags"], "-q",
               stream["raw"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: status {done.returncode}: {done.stderr}")
    found = {}
    for row in map(json.loads, done.stdout.splitlines()):
        bounds = cases.millis(row["window_start"]), cases.millis(row["window_end"]), row["k"]
        if row.get("count"):
            found[bounds] = row["count"]
        else:
            found.pop(bounds, None)  # a session that went into another is taken back
    return sorted((*bounds, count) for bounds, count in found.items())


def normalised(engine, case, rows):
    """An engine's rows in milliseconds."""
    if engine == "flink":
        zone = ZoneInfo(case["zone"]) if case["zone"] else timezone.utc
        clocks = ([datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in row[:2]] for row in rows)
        walls = ([(clock - reference.EPOCH) // reference.MILLISECOND for clock in pair] for pair in clocks)
        rows = [[*(reference.wall_millis(wall, zone) for wall in pair), *row[2:]] for pair, row in zip(walls, rows)]
    return sorted(map(tuple, rows))


def verdict(engine, case, records, answer, wanted):
    """A word for the table, and lines for the list below it."""
    if answer is None:
        return "not run", []
    if "refused" in answer:
        return "refused", [answer["refused"]]
    found = normalised(engine, case, answer["rows"])
    if found == wanted:
        return "equal", []
    apart = differences("window-count", wanted, engine, found)
    rule, changes = known_rules(engine, case)
    if rule and found == sorted(reference.rows(case, records, **changes)):
        return f"{rule} ({len(apart)})", shortened(apart)
    return f"DIFFERS ({len(apart)})", shortened(apart)


def differences(left_name, left, right_name, right):
    left, right = Counter(left), Counter(right)
    return sorted((row, name) for name, rows in ((left_name, left - right), (right_name, right - left)) for row in rows)


def shortened(apart):
    lines = []
    for (start, end, key, count), name in apart[:SHOWN]:
        start, end = (str(reference.instant(at).replace(tzinfo=None)) for at in (start, end))
        lines.append(f"only {name}: [{start}, {end}) {key} {count}")
    return lines + ([f"… and {len(apart) - SHOWN} more"] if len(apart) > SHOWN else [])


def answers(path):
    """The engine's version, and its answers by case; nothing if it did not run."""
    if not path.exists():
        return path.stem, {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    if not lines:
        return path.stem, {}
    return lines[0]["version"], {line["case"]: line for line in lines[1:]}


def compare(work, tools):
    job = json.loads((work / "job.json").read_text())
    engines = {name: answers(work / f"{name}.jsonl") for name in ("spark", "flink")}
    columns = "{:32} {:13} {:>6}  {:14} {:28} {}"
    print(columns.format("case", "stream", "rows", "window-count", *(version for version, _ in engines.values())))
    notes, tally = [], Counter()
    for number, case in enumerate(job["cases"]):
        stream = job["streams"][case["stream"]]
        records = [(row["ms"], row["k"]) for row in map(json.loads, Path(stream["rows"]).read_text().splitlines())]
        model = sorted(reference.rows(case, records))
        mine = ours(case, stream, tools)
        words = ["equal" if mine == model else "DIFFERS"]
        lines = [] if mine == model else shortened(differences("model", model, "window-count", mine))
        for engine, (version, found) in engines.items():
            word, more = verdict(engine, case, records, found.get(number), mine)
            words.append(word)
            lines += [f"{version}: {line}" for line in more]
            tally[version, word.split(" (")[0]] += 1
        tally["window-count and the model", words[0]] += 1
        print(columns.format(case["name"], case["stream"], len(model), *words))
        if lines:
            notes += [f"\n{case['name']}, {case['stream']}: {' '.join(case['flags'])}", *("  " + line for line in lines)]
    print("\nDifferences. A known rule is named only if the model with that rule gives the engine's rows exactly.")
    print(*notes, sep="\n")
    print("\nSum")
    for (who, word), count in sorted(tally.items()):
        print(f"  {who}: {count} {word}")
    return any(word == "DIFFERS" for _, word in tally)


def main(action, work, tools, *recordings):
    if action == "prepare":
        cases.prepare(Path(work), Path(recordings[0]), Path(tools))
        return 0
    return int(compare(Path(work), Path(tools)))


sys.exit(main(*sys.argv[1:]))
