"""What `--checkpoint` costs a pipeline with 100,000 live keys: its processor time and its throughput beside those of the same
pipeline without it, in turns, the answers compared. Called by scripts/bench --checkpoint."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

KEYS = 100_000
RATE = 100_000
START = 1_542_049_200_000


def recording(path, seconds):
    """A record for each key in each second of event time, in an order that looks like none."""
    if path.exists():
        return
    part = path.with_suffix(".part")
    with part.open("w") as out:
        for second in range(seconds):
            for at in range(KEYS):
                time_ms = START + second * 1000 + at * 1000 // KEYS
                out.write(f'{{"t":{time_ms},"k":"key {(at * 7919 + second * 31) % KEYS}","text":"so long as a short message"}}\n')
    part.rename(path)


def run(stages, last):
    """Wall and processor time of a pipeline."""
    begun = time.monotonic()
    children, before = [], subprocess.DEVNULL
    for number, words in enumerate(stages):
        is_last = number + 1 == len(stages)
        out = last.open("wb") if is_last and "-o" not in words else subprocess.DEVNULL if is_last else subprocess.PIPE
        child = subprocess.Popen(words, stdin=before, stdout=out)
        if before is not subprocess.DEVNULL:
            before.close()
        before = child.stdout
        children.append(child)
    used = 0.0
    for child in children:
        _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            sys.exit(f"bench: {child.args[0]} ended with {os.waitstatus_to_exitcode(status)}")
        used += usage.ru_utime + usage.ru_stime
    return time.monotonic() - begun, used


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    seconds, rounds = (10, 3) if options.quick else (40, 5)
    source = options.out / f"keys-{seconds}.jsonl"
    recording(source, seconds)
    folder, rows = options.out / "marks", options.out / "ranked.jsonl"
    records = seconds * KEYS

    def stages(paced, marked):
        fetch = ["stream-fetch", "-q", str(source)] + (["--rate", str(RATE)] if paced else [])
        count = ["window-count", "-q", "--time", ".t", "--key", ".k", "--window", "10s", "--watermark", "1s"]
        made = [fetch, ["jsonl-filter", "-q", ".k"], count, ["topn", "-q", "10", "-o", str(rows)]]
        return [words + ["--checkpoint", str(folder)] for words in made] if marked else made

    print(f"{records:,} records, {KEYS:,} live keys, marks every second; medians of {rounds} rounds")
    print("| pipeline | wall s, without | with | processor s, without | with | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, paced in (("as fast as it goes", False), (f"{RATE:,} records/s", True)):
        took, answers = {False: [], True: []}, set()
        for _ in range(rounds):
            for marked in (False, True):
                shutil.rmtree(folder, ignore_errors=True)
                rows.unlink(missing_ok=True)
                took[marked].append(run(stages(paced, marked), rows))
                answers.add(rows.read_bytes())
        if len(answers) != 1:
            sys.exit("bench: marks change the answer")
        middle = lambda marked, place: statistics.median(one[place] for one in took[marked])
        ratio = middle(True, 1) / middle(False, 1)
        cells = [middle(False, 0), middle(True, 0), middle(False, 1), middle(True, 1)]
        print(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + f" | {ratio:.3f} |", flush=True)


if __name__ == "__main__":
    main()
