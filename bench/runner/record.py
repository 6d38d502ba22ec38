"""Keeps a run of whole commands in bench/runs/DATE-WHAT-MACHINE/."""
import csv
import datetime
import shlex
import statistics
import sys

import toolchain
from contenders import ROOT


def medians(rows):
    """By case, in the order they were measured. A row is (case, repetition, value)."""
    return {name: statistics.median(values_of(rows, name)) for name in dict.fromkeys(row[0] for row in rows)}


def values_of(rows, name):
    return [value for other, _, value in rows if other == name]


def keep(what, title, how, rows, summary, peers=()):
    """HOW says in a sentence how it was measured; PEERS are further rows of what was installed."""
    name = f"{datetime.date.today():%Y-%m-%d}-{what}-{toolchain.machine()}"
    folder = next(path for path in (ROOT / "bench/runs" / (name + suffix) for suffix in ("", *(f"-{i}" for i in range(2, 100)))) if not path.exists())
    folder.mkdir(parents=True)
    facts = "\n".join(f"| {fact} | {value or 'not installed'} |" for fact, value in [*toolchain.describe(), *peers])
    (folder / "README.md").write_text(f"# {title}, {datetime.date.today():%-d %B %Y}, {toolchain.machine()}\n\n    ./dialtone-bench {what} {shlex.join(sys.argv[1:])}\n\n"
                                      f"{how}\n\n| | |\n|---|---|\n{facts}\n")
    (folder / "summary.md").write_text("# Summary\n\n" + summary)
    with open(folder / "raw.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("case", "repetition", "value"), *rows])
    print(f"\nwritten to {folder.relative_to(ROOT)}/")
