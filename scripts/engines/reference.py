"""Windows by their definition: every record is kept, every window is computed from all of them.

A record is `(time in ms, key or None)`. A row is `(start, end, key, count)`. What the engines do differently is a rule
that can be changed here by name, so that a difference can be shown to be that rule and nothing else.
"""

from collections import Counter
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DAY = 86_400_000
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

OURS = {
    "gap_joins": True,  # a record exactly the gap after the last belongs to the session
    "early": 0,  # a window closes this many ms before the watermark reaches its end
    "session_early": -1,  # a session closes when the watermark has passed its end, as a record at the end still joins
    "batch": 1,  # the watermark moves once in so many records
    "moves_first": True,  # it moves before the record that moves it is counted
    "lag": 0,  # late is judged by the watermark of so many moves ago
    "keyless_moves": True,  # a record without a key moves the watermark
    "merges_first": True,  # a session is judged after merging, not the record alone
    "flush": True,  # the end of input closes every window
    "closes_last": False,  # windows close after the records that come with the watermark
    "exact_days": False,  # a day is 24 hours from the epoch, whatever the zone
    "wall_clock": False,  # hours are those of the zone's clock, so that one of them comes twice in autumn
}


def rows(case, records, **changed):
    """The rows of a case by our rules, or with some of them changed."""
    rules = OURS | changed
    if case["delay"] is None:
        if case["kind"] == "session":
            return sessions(case, records, rules)
        return summed((window, key) for time, key in records if key is not None
                            for window in windows_at(case, time, rules))
    return streamed(case, records, rules)


def summed(hits):
    return sorted((start, end, key, count) for ((start, end), key), count in Counter(hits).items())


def windows_at(case, time, rules=OURS):
    """The windows that a point in time falls into."""
    kind, size, offset = case["kind"], case["size"], case["offset"]
    if kind == "calendar" and rules["exact_days"]:
        kind, size = "hop", {"day": DAY, "week": 7 * DAY}[case["unit"]]
    if kind == "calendar":
        return [calendar_window(case["unit"], ZoneInfo(case["zone"]), time)]
    if rules["wall_clock"]:
        zone = ZoneInfo(case["zone"])
        wall = time + instant(time).astimezone(zone).utcoffset() // MILLISECOND
        return [(wall_millis(start, zone), wall_millis(start + size, zone)) for start in [wall // size * size]]
    if kind == "cumulate":
        start = (time - offset) // size * size + offset
        step = case["slide"]
        return [(start, end) for end in range(start + step, start + size + 1, step) if end > time]
    slide = case["slide"] or size
    last = (time - offset) // slide * slide + offset
    return [(start, start + size) for start in range(last, time - size, -slide)]


def calendar_window(unit, zone, time):
    """The day, week or month of a zone that a point in time is in."""
    day = instant(time).astimezone(zone).date()
    if unit == "week":
        day -= timedelta(days=day.weekday())
        following = day + timedelta(days=7)
    elif unit == "month":
        day = day.replace(day=1)
        following = (day + timedelta(days=31)).replace(day=1)
    else:
        following = day + timedelta(days=1)
    return tuple(wall_millis((day - EPOCH.date()).days * DAY, zone) for day in (day, following))


def instant(time):
    return EPOCH + timedelta(milliseconds=time)


def wall_millis(wall, zone):
    """The time at which a zone's clock shows `wall`, counted as if it were UTC. If it shows it twice, the first; if it
    never does because it jumps over it, the jump. Both are what `fold=0` means."""
    return (instant(wall).replace(tzinfo=zone).astimezone(timezone.utc) - EPOCH) // MILLISECOND


def sessions(case, records, rules):
    """Sessions from sorted times."""
    gap, times, found = case["size"], {}, []
    for time, key in records:
        if key is not None:
            times.setdefault(key, []).append(time)
    for key, all_times in times.items():
        for time in sorted(all_times):
            if found and found[-1][2] == key and joins(time, found[-1][1], rules):
                found[-1] = (found[-1][0], time + gap, key, found[-1][3] + 1)
            else:
                found.append((time, time + gap, key, 1))
    return sorted(found)


def joins(time, end, rules):
    return time <= end if rules["gap_joins"] else time < end


def streamed(case, records, rules):
    """The same with a watermark: a record counts in each of its windows that has not closed."""
    largest, marks, opened, closed = -(2**62), [-(2**62)] * (rules["lag"] + 1), Counter(), []

    def latest(records):
        return max([largest, *(time for time, key in records if key is not None or rules["keyless_moves"])])

    early = rules["session_early" if case["kind"] == "session" else "early"]

    def is_closed(end, mark):
        return end - early <= mark

    def close():
        for window in [window for window in opened if is_closed(window[1], marks[-1])]:
            closed.append((*window, opened.pop(window)))

    for start in range(0, len(records), rules["batch"]):
        batch = records[start:start + rules["batch"]]
        if rules["moves_first"]:
            largest = latest(batch)
        marks.append(largest - case["delay"])
        if not rules["closes_last"]:
            close()
        for time, key in batch:
            count_streamed(case, time, key, opened, lambda end: is_closed(end, marks[-1 - rules["lag"]]), rules)
        largest = latest(batch)
        if rules["closes_last"]:
            close()
    if not rules["flush"]:
        marks.append(largest - case["delay"])
        close()
        return sorted(closed)
    return sorted(closed + [(*window, count) for window, count in opened.items()])


def count_streamed(case, time, key, opened, is_late, rules):
    if key is None:
        return
    if case["kind"] != "session":
        for start, end in windows_at(case, time, rules):
            if not is_late(end):
                opened[start, end, key] += 1
        return
    window, count = (time, time + case["size"], key), 1
    if not rules["merges_first"] and is_late(window[1]):
        return
    for other in [other for other in opened if other[2] == key]:
        if joins(other[0], window[1], rules) and joins(window[0], other[1], rules):
            count += opened.pop(other)
            window = (min(window[0], other[0]), max(window[1], other[1]), key)
    if not is_late(window[1]):
        opened[window] = count
