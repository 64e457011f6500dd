#!/usr/bin/env python3
"""Fit the weights of kb/confidence.c and print them.  Python 3, standard library only.

  fit_confidence.py BUILD FOLDER|GUIDE:QUESTIONS.jsonl ...  [--leave-out] [--rows FILE]

BUILD     a release build, with guidepost and tests/signs
FOLDER    a collection: corpus.jsonl, queries.jsonl, qrels.tsv, meta.json, perhaps oos.jsonl
GUIDE:QUESTIONS.jsonl
          one guide and questions {"turns", "all": [[regex, ..], ..] or "decline": true} about it

Every source is asked three kinds of questions: its own; its own after the documents that answer a third of
them have been taken away, so that this third has no answer though all around it is there; and those of the
other sources. A question's label is whether the first hit answers it. The labels are what confidence
is to estimate, so a question whose answer was not found counts as one without. Sources weigh the same however large they
are, and in each the three kinds (and oos.jsonl) have fixed shares. Prints the weights, Brier score and reliability, each
source's AUROC, and with --leave-out the same of each source by weights that were fitted on the others.
"""
import argparse, hashlib, json, math, os, re, subprocess, sys, tempfile

SHARE = {'own': 0.5, 'kept': 0.15, 'removed': 0.15, 'oos': 0.1, 'far': 0.1}
MOST = 700        # questions of one kind from one source
RIDGE = 1e-3      # on the weights of standardised signs, per unit of sample weight


def third(name):
    """True for a fixed random third of all names."""
    return hashlib.sha256(name.encode()).digest()[0] % 3 == 0


def thin(items):
    """At most MOST of them, always the same ones."""
    return sorted(items, key=lambda i: hashlib.sha256(json.dumps(i[0]).encode()).digest())[:MOST]


def read_jsonl(path):
    with open(path, encoding='utf-8') as f:
        return [json.loads(line) for line in f if line.strip()]


class Base:
    """An index of some files, to be asked."""

    def __init__(self, build, files):
        self.build = build
        self.folder = tempfile.TemporaryDirectory()
        self.db = os.path.join(self.folder.name, 'base.db')
        subprocess.run([build + '/guidepost', 'index', '--kb', self.db] + files, check=True, stdout=subprocess.DEVNULL)

    def ask(self, questions):
        """[(id, turns)] -> [answer], in order."""
        lines = ''.join(json.dumps({'id': i, 'turns': t}) + '\n' for i, t in questions)
        out = subprocess.run([self.build + '/tests/signs', self.db], input=lines, check=True, text=True, stdout=subprocess.PIPE).stdout
        answers = [json.loads(line) for line in out.splitlines()]
        assert [a['id'] for a in answers] == [i for i, _ in questions]
        return answers


class Collection:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.name = os.path.basename(os.path.normpath(folder))
        self.corpus = read_jsonl(folder + '/corpus.jsonl')
        least = 1
        if os.path.exists(folder + '/meta.json'):
            with open(folder + '/meta.json', encoding='utf-8') as f:
                least = json.load(f).get('binary_min_rel', 1)
        self.relevant = {}
        with open(folder + '/qrels.tsv', encoding='utf-8') as f:
            for line in f:
                q, d, grade = line.rstrip('\n').split('\t')
                if int(grade) >= least:
                    self.relevant.setdefault(q, set()).add(d)
        self.questions = thin([(q['id'], [q['text']]) for q in read_jsonl(folder + '/queries.jsonl') if q['id'] in self.relevant])
        oos = folder + '/oos.jsonl'
        self.oos = thin([(q['id'], [q['text']]) for q in read_jsonl(oos)]) if os.path.exists(oos) else []

    def right(self, q, a):
        return a['document'] in self.relevant[q]

    def label(self, questions, answers, kind):
        return [(kind, self.right(q, a), a, t) for (q, t), a in zip(questions, answers)]

    def without(self, gone):
        with tempfile.NamedTemporaryFile('w', suffix='.jsonl', encoding='utf-8') as f:
            for d in self.corpus:
                if d['id'] not in gone:
                    f.write(json.dumps(d) + '\n')
            f.flush()
            return Base(self.build, [f.name])

    def rows(self, others):
        whole = Base(self.build, [self.folder + '/corpus.jsonl'])
        rows = self.label(self.questions, whole.ask(self.questions), 'own')
        rows += [('oos', False, a, t) for (_, t), a in zip(self.oos, whole.ask(self.oos))]
        rows += [('far', False, a, t) for (_, t), a in zip(others, whole.ask(others))]
        key = lambda q: min(self.relevant[q])  # the questions of one document go together
        gone = {d for q, _ in self.questions if third(key(q)) for d in self.relevant[q]}
        left = self.without(gone)
        none = [(q, t) for q, t in self.questions if self.relevant[q] <= gone]
        some = [(q, t) for q, t in self.questions if not self.relevant[q] & gone]
        rows += self.label(none, left.ask(none), 'removed')
        rows += self.label(some, left.ask(some), 'kept')
        return rows


class Guide:
    def __init__(self, build, guide, questions):
        self.build, self.guide, self.name = build, guide, os.path.basename(guide)
        all_ = [q for q in read_jsonl(questions) if 'all' in q or 'decline' in q]
        self.questions = [(q['id'], q['turns']) for q in all_ if 'all' in q]
        self.oos = [(q['id'], q['turns']) for q in all_ if 'decline' in q]
        self.wanted = {q['id']: q.get('all') for q in all_}

    def right(self, q, text):
        flat = re.sub(r'\s+', ' ', text.replace('\u2019', "'"))
        return all(any(re.search(r, flat, re.I) for r in group) for group in self.wanted[q])

    def rows(self, others):
        whole = Base(self.build, [self.guide])
        rows = [('own', self.right(q, a['text']), a, t) for (q, t), a in zip(self.questions, whole.ask(self.questions))]
        rows += [('oos', False, a, t) for (_, t), a in zip(self.oos, whole.ask(self.oos))]
        rows += [('far', False, a, t) for (_, t), a in zip(others, whole.ask(others))]
        return rows


# ---- fitting

def sigmoid(x):
    return 1 / (1 + math.exp(-max(-30, min(30, x))))


def solve(a, b):
    n = len(b)
    a = [row[:] + [b[i]] for i, row in enumerate(a)]
    for i in range(n):
        p = max(range(i, n), key=lambda k: abs(a[k][i]))
        a[i], a[p] = a[p], a[i]
        for k in range(i + 1, n):
            f = a[k][i] / a[i][i]
            if f:
                for j in range(i, n + 1):
                    a[k][j] -= f * a[i][j]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (a[i][n] - sum(a[i][j] * x[j] for j in range(i + 1, n))) / a[i][i]
    return x


def weigh(rows):
    """[(kind, label, answer)] of one source -> weights that sum to 1."""
    count = {}
    for kind, *_ in rows:
        count[kind] = count.get(kind, 0) + 1
    total = sum(SHARE[k] for k in count)
    return [SHARE[r[0]] / total / count[r[0]] for r in rows]


def logistic(xs, ys, ws):
    """Newton's method on the weighted log loss, with a little ridge. Returns weights, the base first."""
    n, total = len(xs[0]), sum(ws)
    beta = [0.0] * n
    for _ in range(25):
        grad, hess = [0.0] * n, [[0.0] * n for _ in range(n)]
        for x, y, w in zip(xs, ys, ws):
            p = sigmoid(sum(b * v for b, v in zip(beta, x)))
            g, h = w * (y - p), w * p * (1 - p)
            for i in range(n):
                if x[i]:
                    grad[i] += g * x[i]
                    hx = h * x[i]
                    row = hess[i]
                    for j in range(i, n):
                        row[j] += hx * x[j]
        for i in range(n):
            for j in range(i):
                hess[i][j] = hess[j][i]
            if i:
                grad[i] -= RIDGE * total * beta[i]
                hess[i][i] += RIDGE * total
            hess[i][i] += 1e-9
        step = solve(hess, grad)
        beta = [b + s for b, s in zip(beta, step)]
        if max(map(abs, step)) < 1e-6:
            break
    return beta


def vector(answer, chance):
    return [1.0] + list(answer['chances'][chance].values())


def has_answer(row):
    return row[0] in ('own', 'kept')


def fit(sources):
    """The weights of both chances."""
    betas = []
    for chance in (0, 1):
        xs, ys, ws = [], [], []
        for rows in sources:
            rows = rows if chance == 0 else [r for r in rows if has_answer(r)]
            for r, w in zip(rows, weigh(rows)):
                xs.append(vector(r[2], chance))
                ys.append(1.0 if (r[1] if chance else has_answer(r)) else 0.0)
                ws.append(w)
        betas.append(logistic(xs, ys, ws))
    return betas


def predict(betas, rows):
    return [math.prod(sigmoid(sum(b * v for b, v in zip(betas[k], vector(r[2], k)))) for k in (0, 1)) for r in rows]


# ---- figures

def auroc(good, bad):
    """The chance that a good one stands above a bad one."""
    both = sorted([(s, 1) for s in good] + [(s, 0) for s in bad])
    i, ranks = 0, 0.0
    while i < len(both):
        k = i
        while k < len(both) and both[k][0] == both[i][0]:
            k += 1
        ranks += sum(b for _, b in both[i:k]) * (i + k + 1) / 2
        i = k
    n, m = len(good), len(bad)
    return (ranks - n * (n + 1) / 2) / (n * m) if n and m else float('nan')


def brier(rows, ps):
    return sum(w * (p - r[1]) ** 2 for r, w, p in zip(rows, weigh(rows), ps))


def tell(name, rows, ps):
    own = [p for r, p in zip(rows, ps) if r[0] == 'own']
    line = '%-28s Brier %.3f  own right %.2f mean %.2f' % (
        name, brier(rows, ps), sum(r[1] for r in rows if r[0] == 'own') / len(own), sum(own) / len(own))
    for kind in ('removed', 'oos', 'far'):
        bad = [p for r, p in zip(rows, ps) if r[0] == kind]
        if bad:
            line += '  | %s: AUROC %.3f' % (kind, auroc(own, bad))
            for t in ARGS.at:
                line += ' >%.2f %.2f' % (t, sum(p >= t for p in bad) / len(bad))
    print(line + '  | own ' + ' '.join('>%.2f %.2f' % (t, sum(p >= t for p in own) / len(own)) for t in ARGS.at))


def reliability(sources, pss):
    bins = [[0.0, 0.0, 0.0, 0] for _ in range(10)]
    for rows, ps in zip(sources, pss):
        for r, w, p in zip(rows, weigh(rows), ps):
            b = bins[min(9, int(p * 10))]
            b[0] += w
            b[1] += w * p
            b[2] += w * r[1]
            b[3] += 1
    for i, (w, p, y, n) in enumerate(bins):
        if n:
            print('  %.1f-%.1f  said %.2f  were right %.2f  (%d)' % (i / 10, i / 10 + 0.1, p / w, y / w, n))


def main():
    global ARGS
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('build')
    p.add_argument('source', nargs='+')
    p.add_argument('--leave-out', action='store_true', help='also fit without each source and measure on it')
    p.add_argument('--rows', help='write every question with its label and signs here')
    p.add_argument('--at', type=float, nargs=2, default=[0.3, 0.6], help='the two thresholds, for the shares above them')
    ARGS = p.parse_args()
    sources = [Guide(ARGS.build, *s.split(':')) if ':' in s else Collection(ARGS.build, s) for s in ARGS.source]
    every = []
    for s in sources:
        others = [q for o in sources if o is not s for q in o.questions[:120]]
        every.append([r for r in s.rows(others) if r[2]['chances']])
    if ARGS.rows:
        with open(ARGS.rows, 'w', encoding='utf-8') as f:
            for s, rows in zip(sources, every):
                for r in rows:
                    f.write(json.dumps([s.name, r[0], r[1], r[3], r[2]]) + '\n')
    betas = fit(every)
    for k in (0, 1):
        print('chance %d: ' % k + ', '.join('%s %.2f' % p for p in zip(['base'] + list(every[0][0][2]['chances'][k]), betas[k])))
    pss = [predict(betas, rows) for rows in every]
    for title, pick in (('fitted', lambda i: pss[i]), ('shipped', lambda i: [r[2]['confidence'] for r in every[i]]),
                        ('left out', lambda i: predict(fit(every[:i] + every[i + 1:]), every[i]))):
        if title == 'left out' and not ARGS.leave_out:
            continue
        print(title + ':')
        got = [pick(i) for i in range(len(every))]
        for s, rows, ps in zip(sources, every, got):
            tell(s.name, rows, ps)
        reliability(every, got)
    return 0


if __name__ == '__main__':
    sys.exit(main())
