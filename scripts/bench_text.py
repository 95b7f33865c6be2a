#!/usr/bin/python3
"""What scripts/bench --text runs: texts a second of each text function on one thread, beside what people use instead.

Ours are measured by examples/text_speed, the peers in one Python process each, by the CPU seconds of the process. Where both
are to give the same, their answers are compared, ours by jsonl-filter. A peer that cannot be had is skipped by name.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

Peer = collections.namedtuple("Peer", "name package setup call same", defaults=(None,))
"""`package` is what pip installs, None for Python's own; `setup` and `call`, an expression in `text`, are Python. `same` is an
expression for jsonl-filter that gives the same answers, if there is one."""

Function = collections.namedtuple("Function", "name target peers")
"""`target`: at least so many texts a second on one core."""

FUNCTIONS = [
    Function("hashtags", 5e6, [
        Peer("re #\\w+", None, "import re; find = re.compile(r'(?<!\\w)#\\w+').findall", "find(text)"),
    ]),
    Function("mentions", None, []),
    Function("urls", None, [
        Peer("twitter-text-parser", "twitter-text-parser==3.0.0", "from twitter_text import extract_urls", "extract_urls(text)",
             ".text | urls"),
    ]),
    Function("cashtags", None, []),
    Function("fold", None, [
        Peer("unicodedata", None, "from unicodedata import normalize",
             "normalize('NFKC', normalize('NFKC', text).casefold())", ".text | fold"),
    ]),
    Function("words", 2e6, [
        Peer("re \\b\\w\\w+\\b, as scikit-learn", None, "import re; find = re.compile(r'(?u)\\b\\w\\w+\\b').findall",
             "find(text.lower())"),
    ]),
    Function("language", 1e6, [
        Peer("langdetect", "langdetect==1.0.9",
             "import langdetect; langdetect.DetectorFactory.seed = 0\ndef detect(text):\n"
             "    try: return langdetect.detect(text)\n    except langdetect.LangDetectException: return 'und'",
             "detect(text)"),
    ]),
    Function("sentiment", 3e5, [
        Peer("vaderSentiment", "vaderSentiment==3.3.2",
             "from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer\nscore = SentimentIntensityAnalyzer().polarity_scores",
             "score(text)", ".text | sentiment"),
    ]),
]

MEASURE = """
import json, sys, time
{setup}
def call(text): return {call}
texts = [record["text"] for record in map(json.loads, open(sys.argv[1], encoding="utf-8"))]
call(texts[0])
begun = time.process_time()
done = 0
answers = []
for text in texts:
    answers.append(call(text))
    done += 1
    if time.process_time() - begun > 5: break
print(done / (time.process_time() - begun))
json.dump(answers, sys.stdout)
"""


def install(python, package):
    if package is None:
        return True
    code = f"import importlib.metadata as m, sys; sys.exit(m.version('{package.split('==')[0]}') != '{package.split('==')[1]}')"
    known = subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0
    pip = [python, "-m", "pip", "install", "--quiet", package]
    return known or subprocess.run(pip, stderr=subprocess.DEVNULL, check=False).returncode == 0


def measured(python, peer, file):
    """Texts a second, and the answers."""
    program = MEASURE.format(setup=peer.setup, call=peer.call)
    ran = subprocess.run([python, "-c", program, file], stdout=subprocess.PIPE, check=True, encoding="utf-8")
    speed, answers = ran.stdout.split("\n", 1)
    return float(speed), json.loads(answers)


def agreement(peer, file, theirs):
    """How many answers of a peer differ from ours."""
    ran = subprocess.run(["jsonl-filter", "-q", "--map", peer.same, file], stdout=subprocess.PIPE, check=True, encoding="utf-8")
    pairs = list(zip(map(json.loads, ran.stdout.splitlines()), theirs))
    different = sum(ours != theirs for ours, theirs in pairs)
    return f"{different} of {len(pairs)} answers differ"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--texts", required=True, help="records with a text")
    options.add_argument("--speed", required=True, help="the built examples/text_speed")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("functions", nargs="*", help="only these")
    given = options.parse_args()
    wanted = [function for function in FUNCTIONS if not given.functions or function.name in given.functions]
    ran = subprocess.run([given.speed, given.texts, *(function.name for function in wanted)], stdout=subprocess.PIPE,
                         check=True, encoding="utf-8")
    ours = {name: float(speed) for name, speed, _ in map(str.split, ran.stdout.splitlines())}
    print(f"{os.path.basename(given.texts)}: texts a second, one thread\n")
    print("| function | by | texts/s | ours / theirs | target | answers |\n| --- | --- | --- | --- | --- | --- |")
    for function in wanted:
        speed = ours[function.name]
        target = ""
        if function.target:
            target = f"{'met' if speed >= function.target else 'MISSED'}: at least {function.target:,.0f}"
        print(f"| {function.name} | ours | {speed:,.0f} | 1 | {target} | |", flush=True)
        for peer in function.peers:
            if not install(given.python, peer.package):
                print(f"| | skipped: {peer.name} cannot be had | | | | |")
                continue
            theirs, answers = measured(given.python, peer, given.texts)
            same = agreement(peer, given.texts, answers) if peer.same else ""
            print(f"| | {peer.name} | {theirs:,.0f} | {speed / theirs:.0f} | | {same} |", flush=True)


main()
