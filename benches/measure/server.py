"""What needs a PostgreSQL server: archives, whole restores, and the peers that work inside of a database."""

import glob
import os
import random
import shutil
import subprocess
import time

from .jobs import WORDS, loud
from .processes import Failed, median, run

INDEXES = """
ALTER TABLE contact ADD PRIMARY KEY (id);
ALTER TABLE delivery ADD PRIMARY KEY (id);
ALTER TABLE event ADD PRIMARY KEY (id);
CREATE INDEX ON contact (email);
CREATE INDEX ON event (contact_id);
"""
# What the rule does to these addresses, for a server without scrub's functions.
COLUMN_LATER = "UPDATE contact SET email = replace(email, '@', '_') || '@mailinator.com'"


class Server:
    """The databases of one run; false if there is no server."""

    def __init__(self, bench):
        self.bench = bench
        self.there = bool(os.environ.get("PGHOST")) and all(map(shutil.which, ("psql", "pg_dump", "createdb", "zstd", "gzip")))
        self.names = []

    def __bool__(self):
        return self.there

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.names):
            self.drop(name)

    def create(self, what):
        """An empty database."""
        name = f"scrub_bench_{os.getpid()}_{what}"
        subprocess.run(["createdb", "-T", "template0", "-E", "UTF8", name], check=True)
        self.names.append(name)
        return name

    def drop(self, name):
        """Removes it."""
        subprocess.run(["dropdb", "--if-exists", name], check=True)
        self.names.remove(name)

    def load(self, name, path, then=""):
        """Restores a dump."""
        psql = ["psql", "-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", name]
        subprocess.run([*psql, "-f", path], check=True)
        subprocess.run([*psql, "-c", f"SET search_path = public; {then}"], check=True)

    def source(self):
        """The database of all tables, with keys and indexes."""
        name = f"scrub_bench_{os.getpid()}_source"
        if name not in self.names:
            self.load(self.create("source"), self.bench.data.mixed("copy"), INDEXES)
        return name


def pg_dump():
    """The newest one at hand: those before 16 know no zstd."""
    folders = os.environ.get("SCRUB_PG_BINS", "").split(":")
    folders += sorted(glob.glob("target/postgres/*/bin") + glob.glob("/usr/lib/postgresql/*/bin"), key=version)
    found = [os.path.join(folder, "pg_dump") for folder in folders if folder]
    return max((path for path in found if os.access(path, os.X_OK)), key=lambda path: version(os.path.dirname(path)), default="pg_dump")


def version(folder):
    """18 of …/18/bin."""
    number = os.path.basename(os.path.dirname(folder))
    return int(number) if number.isdigit() else 0


def archives(bench):
    """`-Fc` in and out, against unpacking and packing the same bytes."""
    count = max(1, bench.count // 2)
    program = pg_dump()
    for method, level, tool in (("zstd", 3, "zstd"), ("gzip", 6, "gzip")):

        def archive(path, method=method, level=level):
            subprocess.run([program, "-Fc", "-Z", f"{method}:{level}", "-f", path, bench.server.source()], check=True)

        def packed(path, tool=tool, level=level):
            with open(path, "wb") as out, subprocess.Popen(["pg_dump", bench.server.source()], stdout=subprocess.PIPE) as dump:
                subprocess.run([tool, f"-{level}"], stdin=dump.stdout, stdout=out, check=True)

        try:
            dump = bench.data.made(f"{method}.dump", archive)
        except subprocess.CalledProcessError:
            loud(f"archives in {method}: {program} cannot write them (17 and 18: tests/newer-postgres target/postgres)")
            yield [f"`-Fc`, {method}", "no such archive to be had here", 2, "", ""]
            continue
        plain = bench.data.made(f"plain.{method}", packed)
        # From file to file: whoever has an archive has one, and a `cat` on either side would only take the processors.
        reference = ([[tool, "-dc", plain], [tool, f"-{level}"]], 1)
        commands = {book: ([[*bench.filter(book), dump]], 0) for book in ("empty", "column", "rows")}
        for book, ratio, spent, before in bench.pairs(reference, commands, count):
            yield [
                f"`-Fc`, {method}: {WORDS[book]}", f"`{tool} -d \\| {tool} -{level}`: {median(one.wall for one in before):.1f} s",
                2, ratio, f"{median(one.wall for one in spent):.1f} s",
            ]  # fmt: skip


def restore(bench):
    """`pg_dump | scrub | psql` against `pg_dump | psql`, with keys and indexes."""
    source = bench.server.source()
    scrubbed = bench.server.create("scrubbed")
    restored(source, bench.filter("column"), scrubbed)
    ways = {
        "plain": (source, None),
        "scrubbed": (scrubbed, None),
        "empty": (source, bench.filter("empty")),
        "column": (source, bench.filter("column")),
        "cat": (source, ["cat"]),
    }
    spent = {name: [] for name in [*ways, "later"]}
    for number in range(max(3, bench.count)):
        # What ran just before leaves traces.
        for name in random.Random(number).sample(list(ways), len(ways)):
            target = bench.server.create("target")
            subprocess.run(["psql", "-X", "-q", "-d", target, "-c", "CHECKPOINT"], check=True)
            database, stage = ways[name]
            spent[name].append(restored(database, stage, target))
            if name == "plain":
                update = run([["psql", "-X", "-q", "-d", target, "-c", COLUMN_LATER]])
                spent["later"].append(spent[name][-1] + update.wall)
            bench.server.drop(target)
    bench.server.drop(scrubbed)

    def row(what, name, reference, told, wanted):
        ratios = [after / before for before, after in zip(spent[reference], spent[name])]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        return [what, f"{told}: {median(spent[reference]):.1f} s", wanted, median(ratios), f"{median(spent[name]):.1f} s; the rounds: {each}"]

    direct = "`pg_dump \\| psql`"
    yield row("`pg_dump \\| scrub \\| psql`: time, empty rulebook", "empty", "plain", direct, "≤ 1.02")
    yield row("… one column", "column", "scrubbed", f"{direct} of the rows that scrub made", "≤ 1.02")
    yield row("… one column, against the rows as they were", "column", "plain", direct, "≤ 1.02")
    yield row("… one column, against the UPDATE after the restore", "column", "later", f"{direct}, then `psql -c UPDATE`", "")
    yield row("`cat` in the place of scrub", "cat", "plain", direct, "")


def restored(source, stage, target):
    """Seconds that it takes to restore one database into another, through a filter or not."""
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target]
    return run([["pg_dump", source], *([stage] if stage else []), psql], 1).wall


PGANONYMIZE = """
tables:
  - contact:
      primary_key: id
      fields:
        - email:
            provider:
              name: fake.email
"""
PYNONYMIZER = """
tables:
  contact:
    columns:
      email: email
"""


def peers(bench):
    """Tools that work inside of a database; a twentieth of the rows, since they are slow."""
    from .data import Data

    few = Data(bench.data.root, os.path.dirname(bench.data.folder), max(1, bench.data.megabytes // 20))
    dump = few.mixed("copy")
    size = os.path.getsize(dump)
    [(_, _, spent, _)] = bench.pairs(bench.piped(dump, ["cat"]), {"scrub": bench.piped(dump, bench.filter("column"))}, 3)
    ours = size / 1e6 / median(one.wall for one in spent)
    user = subprocess.run(["psql", "-X", "-At", "-d", "postgres", "-c", "SELECT current_user"], check=True, capture_output=True)
    user = user.stdout.decode().strip()

    def row(name, what, take):
        if not shutil.which(name):
            loud(f"{name}: not to be had here")
            return [f"`{name}`: {what}", "not to be had here", "> 1", "", ""]
        try:
            seconds = take()
        except (Failed, subprocess.CalledProcessError) as failed:
            loud(f"{name}: {failed}")
            return [f"`{name}`: {what}", "failed, see `benches/run`", "> 1", "", ""]
        theirs = size / 1e6 / seconds
        return [f"`{name}`: {what}", f"{theirs:,.1f} MB/s", "> 1", ours / theirs, f"{ours:,.0f} MB/s"]

    def timed(command):
        start = time.time()
        run([command])
        return time.time() - start

    def pganonymize():
        name = bench.server.create("peer")
        bench.server.load(name, dump, "ALTER TABLE contact ADD PRIMARY KEY (id)")
        schema = few.path("pganonymize.yml")
        with open(schema, "w", encoding="utf-8") as out:
            out.write(PGANONYMIZE)
        try:
            return timed(["pganonymize", "--schema", schema, "--dbname", name, "--user", user, "--host", os.environ["PGHOST"],
                          "--port", os.environ.get("PGPORT", "5432"), "--password", os.environ.get("PGPASSWORD", "")])  # fmt: skip
        finally:
            bench.server.drop(name)

    def pynonymizer():
        strategy = few.path("pynonymizer.yml")
        with open(strategy, "w", encoding="utf-8") as out:
            out.write(PYNONYMIZER)
        name = f"scrub_bench_{os.getpid()}_pynonymizer"
        bench.server.names.append(name)
        try:
            return timed(["pynonymizer", "--input", dump, "--strategy", strategy, "--output", few.path("peer.sql"), "--db-type", "postgres",
                          "--db-name", name, "--db-user", user, "--db-password", os.environ.get("PGPASSWORD", "none"),
                          "--db-host", os.environ["PGHOST"], "--db-port", os.environ.get("PGPORT", "5432")])  # fmt: skip
        finally:
            bench.server.drop(name)

    yield row("pganonymize", "the column in the database, without dump and restore", pganonymize)
    yield row("pynonymizer", "dump to dump through a database", pynonymizer)
