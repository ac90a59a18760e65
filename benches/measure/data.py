"""The dumps that are measured: made by benches/dump, kept in a folder, and made again only when that has changed."""

import hashlib
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

END = {
    "copy": b"\\.\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
    "inserts": b"\n--\n-- PostgreSQL database dump complete\n--\n\n",
    "mysql": b"UNLOCK TABLES;\n\n-- Dump completed on 2026-11-21 10:00:00\n",
}
FIRST = {
    "copy": b"COPY public.contact ",
    "inserts": b"INSERT INTO public.contact ",
    "mysql": b"INSERT INTO `contact` ",
}


class Data:
    """A folder of dumps of so many megabytes."""

    def __init__(self, root, folder, megabytes):
        self.root, self.megabytes = root, megabytes
        with open(os.path.join(root, "benches/dump"), "rb") as script:
            version = hashlib.sha256(script.read()).hexdigest()[:12]
        self.folder = os.path.join(folder, f"{megabytes}-{version}")
        os.makedirs(self.folder, exist_ok=True)

    def path(self, name):
        """Where something is kept."""
        return os.path.join(self.folder, name)

    def made(self, name, make):
        """The path of what `make(path)` has made, now or in an earlier run."""
        path = self.path(name)
        if not os.path.exists(path):
            make(path + ".part")
            os.rename(path + ".part", path)
        return path

    def mixed(self, form):
        """All tables."""
        return self.made(f"{form}.sql", lambda path: self.dump(form, path))

    def dump(self, form, path):
        """What benches/dump prints."""
        with open(path, "wb") as out:
            script = os.path.join(self.root, "benches/dump")
            subprocess.run([script, str(self.megabytes), form], stdout=out, check=True)

    def prepare(self, forms):
        """Makes what is missing, as many at a time as there are cores."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self.mixed, forms))

    def contacts(self, form):
        """The contacts only, six times: nine tenths of the bytes of all tables."""

        def make(path):
            with open(self.mixed(form), "rb") as dump, open(path + ".rows", "w+b") as rows, open(path, "wb") as out:
                for line in dump:
                    if line.startswith(FIRST[form]):
                        if form == "copy":
                            out.write(line)
                            line = next(dump)
                        break
                    out.write(line)
                while line != b"\\.\n" if form == "copy" else line.startswith(FIRST[form]):
                    rows.write(line)
                    line = next(dump)
                for _ in range(6):
                    rows.seek(0)
                    shutil.copyfileobj(rows, out, 1 << 20)
                out.write(END[form])
            os.remove(path + ".rows")

        return self.made(f"{form}.contacts.sql", make)

    def tables(self, count, gigabytes):
        """So many tables without rows in front of all others, which have so many bytes of rows."""

        def make(path):
            with open(path, "wb") as out:
                script = os.path.join(self.root, "benches/measure/endless")
                subprocess.run([script, "tables", str(count), str(gigabytes)], stdout=out, check=True)

        return self.made(f"tables.{count}.{gigabytes:g}.sql", make)

    def book(self, name, rules):
        """A rulebook."""
        path = self.path(f"{name}.rules.sql")
        with open(path, "w", encoding="utf-8") as out:
            out.write(rules)
        return path
