"""The streams and the cases: what is asked of window-count and of each engine."""

import json
import random
import re
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def millis(value):
    """A time as the recordings have them, floored to milliseconds."""
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, int):
        return value if value < 10**14 else value // 1000
    if re.match(r"\d{4}-", value):
        return (datetime.fromisoformat(value) - EPOCH) // timedelta(milliseconds=1)
    return (datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y") - EPOCH) // timedelta(milliseconds=1)


def tags(record, name):
    return [tag[name] for tag in (record.get("entities") or {}).get("hashtags") or []]


# name: (file, --time, --key, how Python reads the key's values)
RECORDINGS = {
    "search": ("tweets-v11-search-simdjson.jsonl", ".created_at", ".lang", lambda r: [r["lang"]]),
    "tweets": ("tweets-v11-stream-20180310-extended-python-twitter.jsonl", ".created_at",
               ".entities.hashtags[].text", lambda r: tags(r, "text")),
    "tweets2": ("tweets-v2-data-twarc.jsonl", ".created_at", ".entities.hashtags[].tag", lambda r: tags(r, "tag")),
    "github": ("github-events-20210721-first400.jsonl", ".created_at", ".type", lambda r: [r["type"]]),
    "bluesky": ("bluesky-jetstream-20260704.jsonl", ".time_us", ".commit.collection",
                lambda r: [r["commit"]["collection"]] if r.get("commit") else []),
    "meetup": ("meetup-rsvps-invented.jsonl", ".mtime", ".group.group_city", lambda r: [r["group"]["group_city"]]),
}
# name: (source, seed, records, --time, --key, how Python reads the key's values)
GENERATED = {
    "demo-tweets": ("demo:tweets", 7, 3000, ".timestamp_ms", ".entities.hashtags[].text", lambda r: tags(r, "text")),
    "demo-rsvps": ("demo:rsvps", 11, 3000, ".mtime", ".group.group_city", lambda r: [r["group"]["group_city"]]),
}


def synthetic():
    """Edge cases, as `(time, key)`; without a key a record only moves the watermark."""
    dice = random.Random(2018)
    base = 1_542_049_200_000  # 2018-11-12T19:00:00Z
    yield "boundaries", [(base + edge * 10 * SECOND + by, key)
                         for edge in range(7) for by in (-1, 0, 1) for key in ("a", "b")]
    yield "before-1970", [(time, f"k{time % 3}") for time in
                          (-1, 0, 1, -10_000, -10_001, -9_999, -20_000, -20_001, -3_600_000, -86_400_000, -86_400_001,
                           -1_000_000_000_001, 9_999, 10_000, -5_000, -5_001)]
    yield "ties", [(base + dice.choice((0, 0, 5, 5, 10)) * SECOND, dice.choice("abc")) for _ in range(300)]
    time, gappy = base, []
    for _ in range(400):
        time += dice.choice((7, 100, 999, 1000, 5 * SECOND, 10 * SECOND, 10 * SECOND + 1, 90 * SECOND, 40 * DAY))
        gappy.append((time, dice.choice("abcd")))
    yield "gaps", gappy
    yield "session-gap", [(base + by, "a") for by in (0, 9_999, 19_999, 30_000, 30_001, 41_000, 51_001)] + \
                         [(base + by, "b") for by in (0, 20_000, 10_000, 60_000, 80_000, 70_001)]
    yield "disorder", [(base + n * 500 - dice.choice((0, 0, 0, 1, 700, 4_999, 5_000, 5_001, 12_000, 31_000)),
                        dice.choice(("a", "b", "c", None))) for n in range(1500)]
    # At a delay of 5 s the watermark stands exactly at the end of [0, 10), and 1 ms before it.
    yield "closing-edge", [(base + by, key) for by, key in
                           ((1_000, "a"), (14_999, "a"), (9_000, "late by Flink"), (15_000, "a"), (9_500, "late"),
                            (24_999, "a"), (19_999, "late by Flink"), (40_000, "a"))]
    yield "keyless", [(base + by * SECOND, key) for by, key in
                      ((1, "a"), (16, None), (16, None), (9, "a"), (30, "b"), (41, "b"), (42, "b"), (43, "b"))]
    # A record behind the watermark that reaches an open session; and one at the end of a session, when the watermark is.
    yield "session-edge", [(base + by * SECOND, key) for by, key in
                           ((0, "a"), (2, "a"), (4, "a"), (6, "a"), (8, "a"), (10, "a"), (12, "b"), (1, "a"),
                            (20, "c"), (28, "b"), (28, "b"), (23, "c"), (40, "b"), (41, "b"), (42, "b"))]
    for name, zone, day in (("paris", "Europe/Paris", "2024-03-29"), ("paris-autumn", "Europe/Paris", "2024-10-25"),
                            ("cairo", "Africa/Cairo", "2023-04-26"), ("sao-paulo", "America/Sao_Paulo", "2018-11-02")):
        start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
        first = (start.astimezone(timezone.utc) - EPOCH) // timedelta(milliseconds=1)
        yield name, [(first + n * 15 * MINUTE + by, "ab"[n % 2]) for n in range(4 * 24 * 4) for by in (-1, 0)]


def case(name, stream, kind, size, slide=None, offset=0, delay=None, **more):
    return {"name": name, "stream": stream, "kind": kind, "size": size, "slide": slide, "offset": offset,
            "delay": delay, "flags": flags(kind, size, slide, offset, delay, more), "unit": None, "zone": None,
            "flink_extra": 1, "spark_batch": 1, "filter": False} | more


def flags(kind, size, slide, offset, delay, more):
    """What window-count is asked."""
    span = {"day": "1d", "week": "1w", "month": "1mo"}.get(more.get("unit"), f"{size}ms")
    said = {"session": ["--session", span],
            "cumulate": ["--window", span, "--cumulate", f"{slide}ms"],
            "calendar": ["--window", span, "--tz", more.get("zone")]}.get(kind)
    said = said or ["--window", f"{span}/{slide}ms" if slide else span]
    said += ["--offset", f"{offset}ms"] if offset else []
    return [*said, "--watermark", "max" if delay is None else f"{delay}ms", "--max-future", "off"]


def cases(streams):
    """All cases whose stream is there."""
    s, m, h = SECOND, MINUTE, HOUR
    recordings = {"search": (2 * s, s), "tweets": (20 * s, 10 * s), "tweets2": (24 * h, 8 * h), "github": (20 * m, 5 * m),
                  "bluesky": (100, 20), "meetup": (20 * s, 10 * s), "demo-tweets": (20 * s, 10 * s),
                  "demo-rsvps": (60 * s, 10 * s), "boundaries": (10 * s, 5 * s), "before-1970": (10 * s, 5 * s),
                  "ties": (5 * s, s), "gaps": (60 * s, 20 * s), "disorder": (30 * s, 10 * s)}
    every = []
    for stream, (size, slide) in recordings.items():
        every.append(case("tumbling", stream, "hop", size))
        every.append(case("sliding", stream, "hop", size, slide))
    for stream in ("boundaries", "before-1970", "demo-rsvps"):
        every.append(case("tumbling, offset", stream, "hop", 10 * s, None, 3 * s))
        every.append(case("sliding, offset", stream, "hop", 10 * s, 5 * s, 2 * s))
    for stream in ("boundaries", "before-1970", "gaps", "github"):
        every.append(case("slide no divisor of size", stream, "hop", 10 * s, 4 * s))
        every.append(case("slide larger than size", stream, "hop", 4 * s, 10 * s))
    for stream, gap in (("tweets", 3 * s), ("github", 20 * s), ("demo-tweets", 2 * s), ("demo-rsvps", 15 * s),
                        ("session-gap", 10 * s), ("gaps", 10 * s), ("ties", 5 * s), ("before-1970", 10 * s)):
        every.append(case("session", stream, "session", gap))
    for stream in ("github", "demo-rsvps", "boundaries", "before-1970", "gaps"):
        every.append(case("cumulate", stream, "cumulate", 60 * s, 10 * s))
    for stream, zone in (("paris", "Europe/Paris"), ("paris-autumn", "Europe/Paris"), ("cairo", "Africa/Cairo"),
                         ("sao-paulo", "America/Sao_Paulo"), ("tweets2", "Asia/Tokyo")):
        every.append(case(f"day in {zone}", stream, "calendar", DAY, unit="day", zone=zone))
    every.append(case("week in Europe/Paris", "paris-autumn", "calendar", 7 * DAY, unit="week", zone="Europe/Paris"))
    every.append(case("month in Europe/Paris", "paris", "calendar", None, unit="month", zone="Europe/Paris"))
    every.append(case("hour in Europe/Paris", "paris-autumn", "hop", h, zone="Europe/Paris"))
    every.append(case("late: slide no divisor of size", "disorder", "hop", 10 * s, 4 * s, 0, 5 * s, spark_batch=100))
    for stream, batch in (("disorder", 100), ("github", 40), ("demo-rsvps", 300), ("closing-edge", 1)):
        # Flink SQL closes a window 1 ms before its end, and we close a session 1 ms behind it: so Flink's delay is longer
        # by that. Once it is not, to see this.
        for extra in (1, 0) if stream == "closing-edge" else (1,):
            more = {"spark_batch": batch, "flink_extra": extra}
            size, slide = (10 * s, 5 * s) if stream == "closing-edge" else (20 * s, 5 * s)
            name = "late" if extra else "late, to the ms"
            every.append(case(f"{name}: tumbling", stream, "hop", size, None, 0, 5 * s, **more))
            every.append(case(f"{name}: sliding", stream, "hop", size, slide, 0, 5 * s, **more))
            every.append(case(f"{name}: cumulate", stream, "cumulate", size, slide, 0, 5 * s, **more))
            more["flink_extra"] *= 2
            every.append(case(f"{name}: session", stream, "session", 3 * s, None, 0, 5 * s, **more))
    every.append(case("late: no key, filtered before", "keyless", "hop", 10 * s, None, 0, 5 * s, filter=True))
    every.append(case("late: slide larger than size", "disorder", "hop", 4 * s, 10 * s, 0, 5 * s, spark_batch=100))
    for name, extra in (("late: session", 2), ("late, to the ms: session", 0)):
        every.append(case(name, "session-edge", "session", 3 * s, None, 0, 5 * s, flink_extra=extra))
    return [case for case in every if case["stream"] in streams]


def prepare(work: Path, recordings: Path, tools: Path):
    """Writes each stream twice: as window-count reads it, and as rows of time and key for the engines."""
    streams = {}

    def add(name, raw, time, key, records, unit=()):
        rows = [{"ms": at, "ts": (EPOCH + timedelta(milliseconds=at)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "k": k}
                for at, keys in records for k in keys or [None]]
        path = work / "in" / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        streams[name] = {"raw": str(raw), "clock": ["--time", time, *unit], "key": key, "rows": str(path.resolve())}

    def read(raw, time, keys):
        for line in raw.read_bytes().split(b"\n"):
            try:
                record = json.loads(line.decode())
                at = millis(record[time.lstrip(".")])
            except (ValueError, KeyError, TypeError):
                continue  # blank lines, and the broken ones that a demo stream has: window-count rejects them, too
            yield at, keys(record)

    (work / "in").mkdir(parents=True, exist_ok=True)
    for name, (file, time, key, keys) in RECORDINGS.items():
        raw = recordings / file
        if raw.exists():
            add(name, raw, time, key, read(raw, time, keys))
        else:
            print(f"skipped: {name}, no {raw}")
    for name, (source, seed, count, time, key, keys) in GENERATED.items():
        raw = work / "in" / f"{name}.raw.jsonl"
        subprocess.run([tools / "stream-fetch", source, "--seed", str(seed), "--records", str(count), "-q", "-o", raw],
                       check=True)
        add(name, raw, time, key, read(raw, time, keys))
    for name, records in synthetic():
        raw = work / "in" / f"{name}.raw.jsonl"
        raw.write_text("".join(json.dumps({"t": at, "k": k} if k else {"t": at}) + "\n" for at, k in records))
        add(name, raw, ".t", ".k", [(at, [k] if k else []) for at, k in records], ["--time-unit", "ms"])
    job = {"streams": streams, "cases": cases(streams)}
    (work / "job.json").write_text(json.dumps(job))
    return job
