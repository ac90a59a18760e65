"""Runs pipelines of processes, and says what they took."""

import os
import resource
import statistics
import subprocess
import tempfile
import time


class Failed(Exception):
    """A process did not end with 0."""


class Spent:
    """Seconds that passed; CPU seconds and peak MiB of the process that was asked for."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak


def run(stages, measured=0, env=None):
    """Runs `stages` (lists of arguments) as a pipe whose output goes to /dev/null."""
    processes, upstream = [], subprocess.DEVNULL
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        for number, arguments in enumerate(stages):
            last = number == len(stages) - 1
            process = subprocess.Popen(
                arguments,
                stdin=upstream,
                stdout=subprocess.DEVNULL if last else subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(env or {})},
            )
            if upstream is not subprocess.DEVNULL:
                upstream.close()
            upstream = process.stdout
            processes.append(process)
        codes, used = [], None
        for number, process in enumerate(processes):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            codes.append(process.returncode)
            if number == measured % len(stages):
                used = usage
        wall = time.perf_counter() - start
        if any(codes):
            errors.seek(0)
            told = errors.read().decode(errors="replace").strip()[-500:]
            names = " | ".join(os.path.basename(stage[0]) for stage in stages)
            raise Failed(f"{names}: exit codes {codes}: {told}")
    return Spent(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def rounds(count, commands, patience=40):
    """Each command's `Spent`s; they take turns. A command that is slow has fewer turns, but one at least."""
    spent = {name: [] for name in commands}
    for number in range(count):
        for name, (stages, measured) in commands.items():
            before = sum(one.wall for one in spent[name])
            if number and before * (number + 1) / number > patience:
                continue
            spent[name].append(run(stages, measured))
    return spent


def memory(spent):
    """The middle peak. A new process counts its parent's memory until it has become another program."""
    peak, own = median(one.peak for one in spent), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{peak:.0f} MiB" if peak > own + 1 else f"at most {own:.0f} MiB"


def median(numbers):
    """The middle one."""
    return statistics.median(numbers)
