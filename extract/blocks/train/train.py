"""Trains the block model. See README.md beside it.

    python3 train.py DATA -o FOLDER

DATA is what the Go program in this folder wrote. Writes the model and its
cross-validated figures to FOLDER. Needs xgboost 1.7 and numpy.
"""

import argparse, collections, gzip, hashlib, io, json, math, os, struct, sys, time

import numpy as np
import xgboost as xgb

FOLDS = 5
UNIT = 4096  # of log odds, as in forest.go
ROWS = 150_000  # about so many rows a fit; heavy ones are always among them
TREES = 160
PARAMS = dict(objective="binary:logistic", tree_method="hist", max_depth=6, eta=0.1, subsample=0.8,
              colsample_bytree=0.4, min_child_weight=5, reg_lambda=3, max_bin=64, seed=7)


class Data:
    """The blocks of all pages, in one row of columns."""

    def __init__(self, folder):
        self.folder = folder
        self.names = json.load(open(folder + "/names.json"))
        self.x = np.memmap(folder + "/features.i16", dtype="<i2", mode="r").reshape(-1, len(self.names))
        cols = np.fromfile(folder + "/labels.i32", dtype="<i4").reshape(-1, 5)
        self.words, self.kept, self.caption = cols[:, 0], cols[:, 2] == 1, cols[:, 4] == 1
        self.y = (cols[:, 1] / np.maximum(cols[:, 0], 1)).astype(np.float32)
        self.bags = np.fromfile(folder + "/words.i32", dtype="<i4")
        self.at = np.concatenate([[0], np.cumsum(cols[:, 3])])
        self.pages, n = [], len(self.x)
        self.fold, self.w = np.zeros(n, np.int8), np.zeros(n, np.float32)
        lo = 0
        for line in open(folder + "/pages.jsonl"):
            p = json.loads(line)
            p["lo"], p["hi"] = lo, lo + p["blocks"]
            lo = p["hi"]
            p["truth"] = np.array(p["truth"] or [], dtype=np.int64)
            p["fold"] = int(hashlib.sha256(p["group"].encode()).hexdigest(), 16) % FOLDS
            s = slice(p["lo"], p["hi"])
            self.fold[s] = p["fold"]
            # A page weighs as any other, a block by its words; the corpora are few sites with many pages.
            own = (self.words[s] + 1.0) ** 0.8 / (p["truth"].sum() + 60.0) ** 0.8
            self.w[s] = own * (1.0 if p["set"] == "wcxb-dev" else 0.08)
            self.pages.append(p)
        assert lo == n == len(cols)
        self.w *= n / self.w.sum()

    def columns(self, rows):
        return self.x[rows].astype(np.float32)

    def bag(self, page, keep):
        """Words of the truth that the kept blocks have, and words that they have."""
        rows = np.nonzero(keep)[0] + page["lo"]
        if len(rows) == 0:
            return 0, 0
        bags = np.concatenate([self.bags[self.at[i]:self.at[i + 1]] for i in rows])
        n = np.bincount(bags, minlength=len(page["truth"]))
        return int(np.minimum(n, page["truth"]).sum()), int(self.words[rows].sum())


def fit(d, train):
    """Fits a forest to the rows for which train holds."""
    rows = np.nonzero(train)[0]
    w = d.w[rows].astype(np.float64)
    lo, hi = 0.0, float(w.max())
    for _ in range(40):  # the weight from which a row is always taken
        mid = (lo + hi) / 2
        if np.minimum(1, w / mid).sum() > ROWS:
            lo = mid
        else:
            hi = mid
    chance = np.minimum(1, w / hi)
    take = np.random.RandomState(1).random_sample(len(rows)) < chance
    rows, w = rows[take], (w / chance)[take]
    m = xgb.DMatrix(d.columns(rows), d.y[rows], weight=w)
    return xgb.train(dict(PARAMS, nthread=int(os.environ.get("THREADS", "1"))), m, TREES)


def predict(d, b, rows):
    """Chances in thousandths, as the Go code has them."""
    out = np.zeros(len(rows), np.int16)
    for i in range(0, len(rows), 100_000):
        part = rows[i:i + 100_000]
        p = b.predict(xgb.DMatrix(d.columns(part)))
        out[i:i + len(part)] = np.clip(np.rint(p * 1000), 0, 1000)
    return out


def cross_validate(d, folder, bonus):
    """Chances for every block by a model that never saw its fold. The models
    go to folder, if there is one, as fold0.bin.gz and so on."""
    out = np.zeros(len(d.x), np.int16)
    for f in range(FOLDS):
        rows = np.nonzero(d.fold == f)[0]
        b = fit(d, d.fold != f)
        out[rows] = predict(d, b, rows)
        if folder:
            os.makedirs(folder, exist_ok=True)
            write(f"{folder}/fold{f}.bin.gz", len(d.names), bonus, forest(b))
        log(f"fold {f}")
    return out


def choose(chance, words):
    """choose.go: the blocks that promise the best F1."""
    order = np.argsort(-chance, kind="stable")
    gain = (chance * words)[order].cumsum()
    promise = 2 * gain / (words[order].cumsum() * 1000 + (chance * words).sum() + 1e-9)
    keep = np.zeros(len(chance), bool)
    if len(promise) and gain[-1] > 0:
        keep[order[:np.argmax(promise) + 1]] = True
    return keep


def lean(chance, kept, words, bonus):
    """The bonus for what the engine kept: flat, word a word, up to most, in log odds."""
    flat, word, most = bonus
    p = np.clip(chance / 1000.0, 0.0005, 0.9995)
    z = np.log(p / (1 - p)) + kept * np.minimum(flat + word * words, most)
    return np.rint(1000 / (1 + np.exp(-z)))


def judge(d, chance, bonus, out=sys.stdout):
    """Prints what the chances come to, by type of page."""
    sums = collections.defaultdict(lambda: np.zeros(10))
    for p in d.pages:
        if p["set"] != "wcxb-dev":
            continue
        s = slice(p["lo"], p["hi"])
        words, kept = d.words[s].astype(np.int64), d.kept[s] & ~d.caption[s]
        c = lean(chance[s].astype(np.float64), kept, words, bonus)
        c[d.caption[s]] = 0
        keep, truth = choose(c, words), int(p["truth"].sum())
        hit, got = d.bag(p, keep)
        ehit, egot = d.bag(p, kept)
        both, _ = d.bag(p, keep & kept)
        f1 = lambda h, g: 2 * h / (g + truth) if h else float(g + truth == 0)
        snippets = [x or [] for x in p["snippets"] or []]
        row = [1, f1(hit, got), f1(ehit, egot), truth, ehit - both, max(ehit - hit, 0), len(snippets),
               sum(any(keep[b] for b in x) for x in snippets), sum(any(kept[b] for b in x) for x in snippets), hit]
        sums[p["type"]] += row
        sums["all"] += row
    for k in sorted(sums, key=lambda k: (k == "all", k)):
        n, f, e, truth, lost, net, snip, there, before, hit = sums[k]
        print(f"{k:16s}{int(n):6d}  {e / n:.4f}  {f / n:.4f}  {1e4 * lost / truth:7.2f}  {1e4 * net / truth:7.2f}"
              f"    {before / max(snip, 1):.4f}  {there / max(snip, 1):.4f}", file=out)
    return sums["all"][1] / sums["all"][0]


def forest(b):
    """The trees of a booster as base, starts and nodes; see forest.go."""
    learner = json.loads(bytes(b.save_raw("json")))["learner"]
    base = float(learner["learner_model_param"]["base_score"])
    starts, nodes = [], []
    for t in learner["gradient_booster"]["model"]["trees"]:
        left, right, feature, limit, weight = (t[k] for k in (
            "left_children", "right_children", "split_indices", "split_conditions", "sum_hessian"))
        start, value = len(nodes), {}

        def mean(i):
            if left[i] < 0:
                value[i] = limit[i]
            else:
                a, b = mean(left[i]), mean(right[i])
                wa, wb = weight[left[i]] + 1e-9, weight[right[i]] + 1e-9
                value[i] = (a * wa + b * wb) / (wa + wb)
            return value[i]

        def walk(i):
            at = len(nodes)
            nodes.append(None)
            v = max(-32767, min(32767, round(value[i] * UNIT)))
            if left[i] < 0:
                nodes[at] = (0xFFFF, 0, 0, v)
                return
            walk(left[i])
            to = len(nodes) - start
            walk(right[i])
            nodes[at] = (feature[i], max(-32768, min(32767, math.ceil(limit[i]))), to, v)

        mean(0)
        starts.append(start)
        walk(0)
    return round(math.log(base / (1 - base)) * UNIT), starts, nodes


def write(path, width, bonus, trees):
    """Writes the model's file; see model.go."""
    base, starts, nodes = trees
    raw = b"winnow-blocks-1\n" + struct.pack("<iiii", width, *(round(b * UNIT) for b in bonus))
    # Step k is the least sum with a chance that rounds to k+1 thousandths or more.
    raw += struct.pack("<1000i", *(math.ceil(math.log((k - 0.5) / (1000.5 - k)) * UNIT) for k in range(1, 1001)))
    raw += struct.pack("<iII", base, len(starts), len(nodes))
    raw += b"".join(struct.pack("<I", s) for s in starts) + b"".join(struct.pack("<HhHh", *n) for n in nodes)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0, filename="") as z:
        z.write(raw)
    with open(path, "wb") as f:
        f.write(packed.getvalue())
    log(f"{len(raw)} bytes, {len(packed.getvalue())} packed")


def cached(d, name, make):
    """An array that is made once for a folder of data."""
    path = f"{d.folder}/{name}.npy"
    if not os.path.exists(path):
        np.save(path, make())
    return np.load(path)


def log(*what):
    print(f"{time.time() - START:6.0f} s", *what, file=sys.stderr, flush=True)


START = time.time()
BONUS = (0.7, 0.02, 2.0)
HEAD = "# type            pages  engine  unseen     lost      net  snippets   after"


def main():
    a = argparse.ArgumentParser()
    a.add_argument("data")
    a.add_argument("-o", required=True)
    a.add_argument("--folds", help="a folder for the models that cross-validation makes")
    a.add_argument("--bonus", type=float, nargs=3, default=BONUS, metavar=("FLAT", "WORD", "MOST"))
    o = a.parse_args()
    d = Data(o.data)
    log(f"{len(d.x)} blocks, {len(d.names)} features, {len(d.pages)} pages")
    chance = cached(d, "chance", lambda: cross_validate(d, o.folds, o.bonus))
    with open(o.o + "/figures.txt", "w") as f:
        print(HEAD, file=f)
        judge(d, chance, o.bonus, f)
    print(open(o.o + "/figures.txt").read(), "without the bonus", sep="")
    judge(d, chance, (0, 0, 0))
    write(o.o + "/model.bin.gz", len(d.names), o.bonus, forest(fit(d, np.ones(len(d.x), bool))))


if __name__ == "__main__":
    main()
