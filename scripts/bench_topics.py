"""What scripts/bench --topics runs: topics learnt by topic-model, tomotopy and gensim from the same words, scored by the same scorer.

Prints a table: what was measured, ours, the peer, the ratio, the target and whether it is met. CPU seconds are those of the process,
one thread each, contestants in turn. Of tomotopy and gensim only the training counts; of ours a fit of many sweeps less one of
a single sweep, that is the training too, unless the row says the whole process. Perplexity and NPMI are medians over the seeds.
With a first argument `train` this is the process of a peer. Needs NumPy, which both peers bring.
"""
import argparse
import collections
import itertools
import json
import math
import os
import random
import re
import statistics
import subprocess
import sys
import time

STOP = """about all also and any are because been but can could did does doing don't for from had has have her here him his how into
it's its just like more most much not now off one only our out over she some than that the their them then there these they this
those too very was were what when where which while who why will with would you your""".split()
BETA, ALPHA = 0.01, 0.1
Score = collections.namedtuple("Score", "cpu perplexity npmi")


# The corpora: lists of words, the same for everyone.

def words_of(text):
    return [word for word in re.findall(r"[a-z][a-z'-]+", text.lower()) if len(word) > 2 and word not in STOP]


def texts_of(path):
    with open(path, encoding="utf-8") as lines:
        return [words_of(json.loads(line)["text"]) for line in lines]


def titles(count):
    """Titles of 3 to 15 words about one or two of 60 topics of 250 words each, by Zipf's law, a fifth of the words about nothing."""
    draw = random.Random(1)
    vocabulary = [f"w{number}" for number in range(3000)]
    zipf = lambda size: list(itertools.accumulate(1 / (rank + 3) for rank in range(size)))
    planted = [draw.sample(vocabulary, 250) for _ in range(60)]
    anything, of_topic, of_anything = draw.sample(vocabulary, 3000), zipf(250), zipf(3000)
    for _ in range(count):
        about = draw.sample(planted, 1 if draw.random() < 0.6 else 2)
        yield [
            draw.choices(anything, cum_weights=of_anything)[0] if draw.random() < 0.2
            else draw.choices(draw.choice(about), cum_weights=of_topic)[0]
            for _ in range(min(15, max(3, round(draw.gauss(8, 3)))))
        ]


class Corpus:
    """Every tenth text is held back."""

    def __init__(self, name, texts, least, folder):
        texts = list(texts)
        held_by = collections.Counter(word for text in texts for word in set(text))
        kept = {word for word, count in held_by.items() if least <= count <= len(texts) / 2}
        texts = [text for text in ([word for word in text if word in kept] for text in texts) if len(text) > 1]
        self.name, self.train = name, [text for at, text in enumerate(texts) if at % 10]
        self.test = texts[::10]
        self.tokens = sum(map(len, self.train))
        self.plain, self.jsonl = os.path.join(folder, name + ".txt"), os.path.join(folder, name + ".jsonl")
        with open(self.plain, "w", encoding="utf-8") as plain, open(self.jsonl, "w", encoding="utf-8") as jsonl:
            for text in self.train:
                print(" ".join(text), file=plain)
                print(json.dumps({"text": " ".join(text)}), file=jsonl)

    def __str__(self):
        different = len({word for text in self.train for word in text})
        return f"{self.name}: {len(self.train)} texts of {self.tokens / len(self.train):.1f} words, {different} different"


# The scorer: document completion, and how often top words come together.

def score(folder, corpus, cpu):
    import numpy as np
    phi = np.loadtxt(os.path.join(folder, "phi.tsv"), ndmin=2)
    phi /= phi.sum(axis=1, keepdims=True)
    alpha = np.loadtxt(os.path.join(folder, "alpha.txt"), ndmin=1)
    with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as lines:
        vocabulary = lines.read().split("\n")[:-1]
    number = {word: at for at, word in enumerate(vocabulary)}
    likelihood = predicted = 0
    for text in corpus.test:
        seen = [number[word] for word in text[::2] if word in number]
        asked = [number[word] for word in text[1::2] if word in number]
        if not asked:
            continue
        shares = alpha / alpha.sum()
        if seen:
            fits, shares = phi[:, seen], np.full(len(alpha), 1 / len(alpha))
            for _ in range(100):
                parts = fits * shares[:, None]
                new = alpha + (parts / np.maximum(parts.sum(axis=0), 1e-30)).sum(axis=1)
                new /= new.sum()
                change, shares = abs(new - shares).max(), new
                if change < 1e-5:
                    break
        likelihood += np.log(np.maximum(shares @ phi[:, asked], 1e-12)).sum()
        predicted += len(asked)
    tops = [[vocabulary[at] for at in np.argsort(-row)[:10]] for row in phi]
    texts = {word: set() for top in tops for word in top}
    for at, text in enumerate(corpus.train):
        for word in texts.keys() & set(text):
            texts[word].add(at)
    part = lambda found: len(found) / len(corpus.train)

    def together(one, other):
        both = part(texts[one] & texts[other])
        if both in (0, 1):
            return 2 * both - 1
        return math.log(both / part(texts[one]) / part(texts[other])) / -math.log(both)

    npmi = statistics.mean(statistics.mean(together(*pair) for pair in itertools.combinations(top, 2)) for top in tops)
    return Score(cpu, math.exp(-likelihood / predicted), npmi)


def write_model(folder, phi, vocabulary, alpha):
    os.makedirs(folder, exist_ok=True)
    for name, rows in (("phi.tsv", ("\t".join(map(str, row)) for row in phi)), ("vocab.txt", vocabulary), ("alpha.txt", map(str, alpha))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.writelines(f"{row}\n" for row in rows)


# Who learns.

def tomotopy(texts, topics, sweeps, seed, folder):
    import tomotopy as tp
    model = tp.LDAModel(k=topics, alpha=ALPHA, eta=BETA, min_cf=0, rm_top=0, seed=seed)
    for text in texts:
        model.add_doc(text)
    begun = time.process_time()
    model.train(sweeps, workers=1, show_progress=False)
    cpu = time.process_time() - begun
    write_model(folder, (model.get_topic_word_dist(topic) for topic in range(topics)), model.used_vocabs, model.alpha)
    return cpu


def gensim(texts, topics, passes, seed, folder):
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel
    dictionary = Dictionary(texts)
    bags = [dictionary.doc2bow(text) for text in texts]
    begun = time.process_time()
    model = LdaModel(bags, num_topics=topics, id2word=dictionary, passes=passes, random_state=seed)
    cpu = time.process_time() - begun
    write_model(folder, model.get_topics(), [dictionary[at] for at in range(len(dictionary))], model.alpha)
    return cpu


def train(who, path, topics, rounds, seed, folder):
    with open(path, encoding="utf-8") as lines:
        texts = [line.split() for line in lines]
    print({"tomotopy": tomotopy, "gensim": gensim}[who](texts, int(topics), int(rounds), int(seed), folder))


def run(command):
    """CPU seconds of a program. Its memory is read by GNU time: a child of Python begins with Python's."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"bench: {command[0]} {command[1]} failed")
    return used.ru_utime + used.ru_stime


class Bench:
    def __init__(self, options):
        self.folder, self.seeds = options.folder, range(1, options.seeds + 1)
        self.one_thread = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

    def command(self, corpus, topics, sweeps, seed, kind="lda"):
        model = os.path.join(self.folder, "model")
        everything = ["--stop-words", "none", "--min-length", "0", "--min-df", "1", "--max-df", "100%"]
        return ["topic-model", "fit", "-q", "--threads", "1", "--model", kind, "-k", str(topics), "--iterations", str(sweeps),
                "--seed", str(seed), "--alpha", str(ALPHA), "--beta", str(BETA), *everything, "-o", model, corpus.jsonl]

    def ours(self, corpus, topics, sweeps, seed, kind="lda", is_whole=False):
        cpu = 0 if is_whole else -run(self.command(corpus, topics, 1, seed, kind))
        cpu += run(self.command(corpus, topics, sweeps, seed, kind))
        tables = os.path.join(self.folder, "ours")
        run(["topic-model", "export", "--model", os.path.join(self.folder, "model"), tables])
        return score(tables, corpus, cpu)

    def peer(self, who, corpus, topics, rounds, seed):
        tables = os.path.join(self.folder, who)
        command = [sys.executable, __file__, "train", who, corpus.plain, str(topics), str(rounds), str(seed), tables]
        cpu = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.one_thread).stdout
        return score(tables, corpus, float(cpu))

    def both(self, *contestants):
        """In turn, seed by seed; the medians."""
        scores = zip(*([contestant(seed) for contestant in contestants] for seed in self.seeds))
        return [Score(*map(statistics.median, zip(*of_one))) for of_one in scores]

    def against_tomotopy(self, corpora):
        for corpus, topics in itertools.product(corpora, (20, 100)):
            sweeps = 200
            ours, theirs = self.both(lambda seed: self.ours(corpus, topics, sweeps, seed),
                                     lambda seed: self.peer("tomotopy", corpus, topics, sweeps, seed))
            speed = lambda of: f"{corpus.tokens * sweeps / of.cpu / 1e6:.1f} Mtok/s"
            title, least = f"LDA, {corpus.name}, K={topics}, tomotopy", 2 if topics == 20 else 5
            row(f"{title}: speed", speed(ours), speed(theirs), theirs.cpu / ours.cpu, "at least", least)
            row(f"{title}: perplexity", *quality(ours, theirs), "at most", 1.02)
            difference(f"{title}: NPMI", ours.npmi, theirs.npmi, -0.02)

    def one_topic_a_text(self, corpus):
        ours, theirs = self.both(lambda seed: self.ours(corpus, 20, 30, seed, "gsdmm", is_whole=True),
                                 lambda seed: self.peer("tomotopy", corpus, 20, 500, seed))
        title = f"GSDMM, 30 sweeps, whole process, {corpus.name}, K=20, tomotopy's 500"
        row(f"{title}: CPU", f"{ours.cpu:.2f} s", f"{theirs.cpu:.2f} s", theirs.cpu / ours.cpu, "at least", 20)
        row(f"{title}: perplexity", *quality(ours, theirs), "at most", 1.02)

    def against_gensim(self, corpus):
        ours, theirs = self.both(lambda seed: self.ours(corpus, 20, 100, seed, is_whole=True),
                                 lambda seed: self.peer("gensim", corpus, 20, 10, seed))
        title = f"LDA, 100 sweeps, whole process, {corpus.name}, K=20, gensim's 10 passes online"
        row(f"{title}: CPU", f"{ours.cpu:.2f} s", f"{theirs.cpu:.2f} s", theirs.cpu / ours.cpu, "at least", 4)
        row(f"{title}: perplexity", *quality(ours, theirs), "at most", 0.65)

    def memory(self, corpus):
        if not os.path.exists("/usr/bin/time"):
            return print("skipped: memory: there is no GNU time")
        for topics, kind in itertools.product((20, 100), ("lda", "gsdmm")):
            timed = ["/usr/bin/time", "-f", "%M", *self.command(corpus, topics, 20, 1, kind)]
            told = subprocess.run(timed, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr
            used = int(told.split()[-1]) / 1024
            row(f"fit, {kind}, {len(corpus.train)} titles, K={topics}: resident", f"{used:.0f} MB", "", None, "at most", 50, used)

    def labels(self, tweets, slim):
        """Tweets a second, in the CPU time of the whole process, less that of starting it."""
        model = os.path.join(self.folder, "tweets.model")
        run(["topic-model", "fit", "-q", "-k", "20", "--iterations", "50", "-o", model, slim])
        for name, path, least in (("texts of the same as {\"text\": …}", slim, 2e5), ("whole tweets of 2.6 KB", tweets, None)):
            label = ["topic-model", "label", "-q", "--threads", "1", "--model", model]
            with open(path, "rb") as lines:
                count = sum(1 for _ in lines)
            used = min(run([*label, path]) for _ in self.seeds) - min(run([*label, os.devnull]) for _ in self.seeds)
            told = f"{count / used / 1e3:.0f} k/s"
            if least:
                row(f"label, {name}", told, "", None, "at least", least, count / used)
            else:
                print_row(f"label, {name}", told, "", "", "", "")


def quality(ours, theirs):
    return f"{ours.perplexity:.1f}", f"{theirs.perplexity:.1f}", ours.perplexity / theirs.perplexity


def print_row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def row(title, ours, theirs, ratio, word, bound, value=None):
    value = ratio if value is None else value
    met = value >= bound if word == "at least" else value <= bound
    print_row(title, ours, theirs, "" if ratio is None else f"{ratio:.2f}", f"{word} {bound:g}", "met" if met else "MISSED")


def difference(title, ours, theirs, least):
    met = "met" if ours - theirs >= least else "MISSED"
    print_row(title, f"{ours:.3f}", f"{theirs:.3f}", f"{ours - theirs:+.3f}", f"at least {least:+.2f}", met)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("folder", "tweets", "slim"):
        options.add_argument("--" + name, required=True)
    options.add_argument("--texts", help="a folder with text-sentence-polarity.jsonl and vader-tweets-first2100.jsonl")
    options.add_argument("--seeds", type=int, default=5)
    options = options.parse_args()
    made = Corpus("titles", titles(55_600), 5, options.folder)
    corpora = [made]
    for name, file, least in (("polarity", "text-sentence-polarity.jsonl", 5), ("vader", "vader-tweets-first2100.jsonl", 2)):
        path = os.path.join(options.texts or "", file)
        if os.path.exists(path):
            corpora.append(Corpus(name, texts_of(path), least, options.folder))
        else:
            print(f"skipped: {name}: there is no {file}")
    for corpus in corpora:
        print(f"- {corpus}")
    bench = Bench(options)
    print_row("what", "ours", "peer", "ratio", "target", "")
    print_row(*["---"] * 6)
    bench.against_tomotopy(corpora)
    for corpus in corpora:
        bench.one_topic_a_text(corpus)
    bench.against_gensim(made)
    bench.memory(made)
    bench.labels(options.tweets, options.slim)


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        train(*sys.argv[2:])
    else:
        main()
