"""What is measured, by section: each gives rows of (job, figures…) for the tables of benches/README.md."""

import os
import shutil
import subprocess
import sys

from .processes import Failed, median, memory, rounds, run

COLUMN = "UPDATE contact SET email = anon.mailinator(email);"
EVERY = 'UPDATE "*" SET "*" = anon.rewrite_emails(VALUE);'
ROWS = """DELETE FROM event WHERE status IN (3, 5);
UPDATE contact SET status = 2 WHERE status < 2 AND id > 1000;"""
PSEUDONYMS = """UPDATE contact SET first_name = anon.pseudo_name(first_name),
    email = anon.pseudo_email(email), phone = anon.pseudo_phone(phone);"""
BOOKS = {"empty": "", "column": COLUMN, "every": EVERY, "rows": ROWS, "pseudonyms": PSEUDONYMS}
WORDS = {
    "empty": "empty rulebook",
    "column": "one column, `anon.mailinator`",
    "every": "addresses in every cell",
    "rows": "DELETE from the largest table, conditional UPDATE",
    "pseudonyms": "keyed pseudonyms in three columns",
}
FORMS = {"copy": "COPY", "inserts": "`--inserts`", "mysql": "mysqldump", "mssql": "UTF-16LE T-SQL"}


def loud(message):
    """Says on standard error what is not measured."""
    print(f"benches/run: NOT MEASURED: {message}", file=sys.stderr)


class Bench:
    """The program, the dumps, and how often."""

    def __init__(self, scrub, data, count):
        self.scrub, self.data, self.count = scrub, data, count
        self.books = {name: data.book(name, rules) for name, rules in BOOKS.items()}

    def filter(self, book, *more):
        """The command with one of the rulebooks."""
        return [self.scrub, "-q", "-r", self.books.get(book, book), *more]

    def piped(self, path, command):
        """As between pg_dump and psql."""
        return ([["cat", path], command, ["cat"]], 1)

    def pairs(self, reference, commands, count=None):
        """For each command the median of its throughput's ratio to the reference's in the same round, with its `Spent`s."""
        spent = rounds(count or self.count, {"": reference, **commands})
        for name in commands:
            ratio = median(before.wall / after.wall for before, after in zip(spent[""], spent[name]))
            yield name, ratio, spent[name], spent[""]


def speed(size, spent):
    """Megabytes a second."""
    return size / 1e6 / median(one.wall for one in spent)


def pipe(bench):
    """cat FILE | scrub | cat against cat FILE | cat | cat."""
    wanted = [
        ("copy", "empty", 0.95), ("copy", "column", 0.85), ("copy", "every", 0.65), ("copy", "rows", 0.75),
        ("copy", "pseudonyms", 0.5), ("inserts", "column", 0.6), ("mysql", "column", 0.6), ("mssql", "column", 0.25),
    ]  # fmt: skip
    bench.data.prepare(FORMS)
    for form in FORMS:
        path = bench.data.mixed(form)
        size = os.path.getsize(path)
        # What no rule touches leaves as it came; and the file is in memory from here on.
        run([["cat", path], bench.filter("empty"), ["cmp", "-", path]])
        books = {book: goal for of, book, goal in wanted if of == form}
        commands = {book: bench.piped(path, bench.filter(book)) for book in books}
        for book, ratio, spent, cat in bench.pairs(bench.piped(path, ["cat"]), commands):
            yield [
                f"pipe, {FORMS[form]}: {WORDS[book]}",
                f"`cat`: {speed(size, cat):,.0f} MB/s", books[book], ratio,
                f"{speed(size, spent):,.0f} MB/s, {memory(spent)}",
            ]  # fmt: skip


def cpu(bench):
    """CPU seconds from a file to /dev/null, against wc -l."""
    wanted = [
        ("copy", "empty", None, 0.5), ("copy", "column", 0.12, 0.3), ("copy", "every", 0.08, 0.23),
        ("inserts", "column", 0.08, 0.19), ("mysql", "column", 0.08, 0.19),
    ]  # fmt: skip
    for form, book, only, mixed in wanted:
        for what, goal, make in (("contacts only", only, bench.data.contacts), ("mixed", mixed, bench.data.mixed)):
            if goal is None:
                continue
            path = make(form)
            size = os.path.getsize(path)
            commands = {"wc": ([["wc", "-l", path]], 0), "scrub": ([bench.filter(book, path)], 0)}
            spent = rounds(bench.count, commands)
            ratio = median(before.cpu / after.cpu for before, after in zip(spent["wc"], spent["scrub"]))
            rate = {name: size / 1e6 / median(one.cpu for one in all) for name, all in spent.items()}
            yield [
                f"CPU, {FORMS[form]} {what}: {WORDS[book]}",
                f"`wc -l`: {rate['wc']:,.0f} MB a CPU second", goal, ratio,
                f"{rate['scrub']:,.0f} MB a CPU second",
            ]  # fmt: skip


def limits(bench):
    """Memory, length, number of rules, lookups, start-up."""
    path = bench.data.mixed("copy")
    peak = {}
    for jobs in (2, 3, 4, 8):
        for book in BOOKS if jobs == 2 else ("column",):
            stages = [["cat", path], bench.filter(book, "--jobs", str(jobs)), ["cat"]]
            peak[jobs, book] = max(run(stages, 1).peak for _ in range(2))
    worst = max(BOOKS, key=lambda book: peak[2, book])
    yield ["peak memory, two jobs, any of the five rulebooks", "", "≤ 32 MiB", f"{peak[2, worst]:.0f} MiB",
           ", ".join(f"{book} {peak[2, book]:.0f}" for book in BOOKS)]  # fmt: skip
    each = (peak[8, "column"] - peak[2, "column"]) / 6
    yield ["peak memory, each further job (one column)", "", "stated", f"{each:.1f} MiB",
           ", ".join(f"{jobs} jobs {peak[jobs, 'column']:.0f}" for jobs in (2, 3, 4, 8))]  # fmt: skip

    endless = os.path.join(bench.data.root, "benches/measure/endless")
    unit = bench.data.megabytes / 1000
    for book in ("empty", "column", "rows"):
        taken = {}
        for times in (1, 2, 4, 8):
            made = [endless, "rows", str(times * unit)]
            taken[times] = run([made, bench.filter(book), ["cat"]], 1)
        yield [f"CPU time of eight times the bytes: {WORDS[book]}", "as much for each byte", "linear",
               f"{taken[8].cpu / taken[1].cpu / 8:.2f}",
               ", ".join(f"{times * unit:g} GB {one.cpu:.2f} s {one.peak:.0f} MiB" for times, one in taken.items())]  # fmt: skip

    # From files: a pipe's kernel time differs more from run to run than these rows take. The least of fifteen, in turns.
    bare, full = (bench.data.tables(5000, size) for size in (0.00001, unit))
    commands = {}
    for count in (1, 100, 5000):
        rules = "".join(f"UPDATE other_{n} SET email = anon.mailinator(email);\n" for n in range(count))
        book = bench.data.book(f"{count}", rules)
        commands |= {(count, path): ([bench.filter(book, path)], 0) for path in (bare, full)}
    least = {of: min(one.cpu for one in spent) for of, spent in rounds(15, commands).items()}
    taken = {count: least[count, full] - least[count, bare] for count in (1, 100, 5000)}
    yield ["CPU time of the other tables' rows, from a file: 5,000 rules against one", "", "the same",
           f"{taken[5000] / taken[1]:.2f}",
           ", ".join(f"{count:,} rules {least[count, full]:.3f} s less the {least[count, bare]:.3f} s without rows" for count in taken)]  # fmt: skip

    book = bench.data.book("lookup", "DELETE FROM t WHERE id IN (SELECT id FROM a);")
    one = run([[endless, "lookup", "10000000"], bench.filter(book), ["cat"]], 1)
    yield ["a lookup of ten million keys, peak memory", "", "< 1 GiB", f"{one.peak:.0f} MiB", f"{one.wall:.1f} s"]

    path = bench.data.made("nothing.sql", lambda path: open(path, "w", encoding="utf-8").write(
        "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n"))  # fmt: skip
    spent = rounds(41, {"true": ([["true"]], 0), "scrub": ([bench.filter("empty", path)], 0),
                        "all": ([[bench.scrub, "-q", path]], 0)})  # fmt: skip
    wall = {name: 1000 * median(one.wall for one in all) for name, all in spent.items()}
    yield ["start-up: a dump without tables", f"`true`: {wall['true']:.1f} ms", "< 10 ms", f"{wall['scrub']:.1f} ms",
           f"with the built-in rulebooks {wall['all']:.1f} ms"]  # fmt: skip


MAWK = r"""BEGIN { FS = OFS = "\t" }
/^COPY public\.contact / { on = 1; print; next }
on && $0 == "\\." { on = 0 }
on { sub(/@/, "_", $4); $4 = $4 "@mailinator.com" }
{ print }"""
PERL = r"""if (/^COPY public\.contact / .. /^\\\.$/) { s/^((?:[^\t]*\t){3}[^\t@]*)@([^\t]*)/$1_$2\@mailinator.com/ }"""
SED = r"/^COPY public\.contact /,/^\\\.$/s/^(([^\t]*\t){3}[^\t@]*)@([^\t]*)/\1_\3@mailinator.com/"
ADDRESS = r"([A-Za-z0-9._-]+)@([A-Za-z0-9.-]+)"


def peers(bench):
    """Others that can do the job, each on its own best input."""

    def took(size, spent):
        return f"{speed(size, spent):,.0f} MB/s, {memory(spent)}"

    def compare(name, what, theirs, ours, size, count=3):
        if not shutil.which(theirs[0][theirs[1]][0]):
            loud(f"{name}: not to be had here")
            return [f"`{name}`: {what}", "not to be had here", "> 1", "", ""]
        try:
            [(_, ratio, scrub, peer)] = bench.pairs(theirs, {"scrub": ours}, count)
        except Failed as failed:
            loud(f"{name}: {failed}")
            return [f"`{name}`: {what}", "failed, see `benches/run`", "> 1", "", ""]
        return [f"`{name}`: {what}", took(size, peer), "> 1", ratio, took(size, scrub)]

    copy = bench.data.mixed("copy")
    size = os.path.getsize(copy)
    os.environ["LC_ALL"] = "C"
    for name, book, command in (
        ("mawk", "column", ["mawk", MAWK]),
        ("perl", "column", ["perl", "-pe", PERL]),
        ("sed -E", "column", ["sed", "-E", SED]),
        ("perl", "every", ["perl", "-pe", rf"s/{ADDRESS}/$1_$2\@mailinator.com/g"]),
        ("sed -E", "every", ["sed", "-E", rf"s/{ADDRESS}/\1_\2@mailinator.com/g"]),
    ):
        ours = bench.piped(copy, bench.filter(book))
        yield compare(name, f"COPY, {WORDS[book]}", bench.piped(copy, command), ours, size)
    for form, dialect in (("copy", "postgres"), ("mysql", "mysql")):
        path = bench.data.mixed(form)
        theirs = ["sql-splitter", "redact", path, "-d", dialect, "--hash", "*.email", "-o", "/dev/null"]
        ours = ([bench.filter("column", path)], 0)
        yield compare("sql-splitter", f"{FORMS[form]}, `--hash '*.email'`, file to /dev/null", ([theirs], 0), ours, os.path.getsize(path))


def own(bench, path, book):
    """A user's own dump."""
    size = os.path.getsize(path)
    bench.books["own"] = book or bench.books["empty"]
    name = os.path.basename(book) if book else WORDS["empty"]
    for _, ratio, spent, cat in bench.pairs(bench.piped(path, ["cat"]), {"own": bench.piped(path, bench.filter("own"))}):
        yield [f"pipe: {name}", f"`cat`: {speed(size, cat):,.0f} MB/s", "", ratio,
               f"{speed(size, spent):,.0f} MB/s, {memory(spent)}"]  # fmt: skip
    spent = rounds(bench.count, {"wc": ([["wc", "-l", path]], 0), "scrub": ([bench.filter("own", path)], 0)})
    rate = {name: size / 1e6 / median(one.cpu for one in all) for name, all in spent.items()}
    yield [f"CPU, file to /dev/null: {name}", f"`wc -l`: {rate['wc']:,.0f} MB a CPU second", "", rate["scrub"] / rate["wc"],
           f"{rate['scrub']:,.0f} MB a CPU second"]  # fmt: skip
