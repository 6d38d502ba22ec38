"""From rows to tables: medians, ratios, bars met or missed."""
import csv
import statistics
from dataclasses import dataclass

from contenders import CONTENDERS
from scenarios import Idle, Ratio

COLUMNS = {  # of raw.csv, in order: (heading in the summary, decimals)
    "messages_per_s": ("messages/s", 0), "mb_per_s": ("MB/s", 1), "p50_us": ("p50 µs", 0), "p99_us": ("p99 µs", 0),
    "p999_us": ("p99.9 µs", 0), "server_cpu_us": ("server CPU µs/message", 3),
    "load_cpu_us": ("load CPU µs/message", 3), "server_busy": ("server core busy", 2),
    "load_busy": ("load core busy", 2), "lost": ("lost", 0), "seconds": ("seconds", 2),
    "server_cpu_s": ("server CPU s", 2), "growth_mb": ("MB above idle", 1),
    "bytes_per_connection": ("bytes/connection", 0), "bytes_per_connection_warm": ("bytes/connection, warm", 0),
    "idle_mb": ("MB at start", 1), "full_mb": ("MB with all", 1), "connects_per_s": ("connects/s", 0),
    "calls_per_s": ("calls/s", 0), "ns_per_call": ("ns/call", 2), "allocated_bytes": ("bytes allocated", 0),
    "others": ("others", 2),
}

# What the summary shows beside the compared column; raw.csv has the rest.
SHOWN = ("messages_per_s", "p50_us", "p99_us", "server_cpu_us", "load_busy", "lost", "server_cpu_s", "growth_mb",
         "bytes_per_connection_warm", "idle_mb", "full_mb", "ns_per_call", "allocated_bytes",
         "others")


@dataclass(frozen=True)
class Row:
    scenario: str
    repetition: int
    contender: str
    values: dict


class Results:
    def __init__(self, scenarios):
        self.scenarios = scenarios
        self.rows = []
        self.failures = {}  # (scenario, contender) -> why

    def values(self, scenario, contender, column):
        return [row.values[column] for row in self.rows
                if (row.scenario, row.contender) == (scenario, contender) and column in row.values]

    def median(self, scenario, contender, column):
        values = self.values(scenario, contender, column)
        return statistics.median(values) if values else None

    def _sound_median(self, scenario, contender, column):
        """None for a contender that failed in any repetition: half a series meets no bar."""
        return None if (scenario, contender) in self.failures else self.median(scenario, contender, column)

    def bars(self):
        """Yields (scenario, the bar in words, what was measured, what C does there, met or None if not measured)."""
        for scenario in self.scenarios:
            for bar in scenario.bars:
                if isinstance(bar, Ratio):
                    words = f"{bar.contender} ≥ {bar.least} × {bar.rival}"
                    ours = self._sound_median(scenario.name, bar.contender, scenario.column)
                    theirs = self._sound_median(scenario.name, bar.rival, scenario.column)
                    measured = ours / theirs if ours and theirs else None
                    limit = self._limit(scenario)
                    best = self._sound_median(scenario.name, limit, scenario.column) if limit else None
                    yield (scenario, words, _ratio(measured), _ratio(best / theirs if best and theirs else None),
                           None if measured is None else measured >= bar.least)
                else:
                    words = f"{bar.contender} ≤ {bar.most:g} {bar.unit}"
                    measured = self._sound_median(scenario.name, bar.contender, bar.column)
                    yield (scenario, words, _number(measured, COLUMNS[bar.column][1]), "–",
                           None if measured is None else measured <= bar.most)

    def _limit(self, scenario):
        """The contender written in C, if it was measured."""
        return next((name for name in scenario.contenders if name.startswith("c-") and
                     self.values(scenario.name, name, scenario.column)), None)

    def summary(self):
        lines = ["## Bars", "", "| scenario | bar | measured | C in its place | |", "|---|---|--:|--:|---|"]
        for scenario, words, measured, best, met in self.bars():
            verdict = {True: "met", False: "**missed**", None: "not measured"}[met]
            lines.append(f"| {scenario.name} | {words} | {measured} | {best} | {verdict} |")
        if lines[-1].startswith("|---"):
            lines = []
        for scenario in self.scenarios:
            lines += ["", f"## {scenario.name}", "", f"{scenario.about[0].upper()}{scenario.about[1:]}.", ""]
            lines += self._table(scenario)
        return "\n".join(lines).strip() + "\n"

    def _table(self, scenario):
        column = scenario.column
        measured = [name for name in scenario.contenders if self.values(scenario.name, name, column)]
        measured.sort(key=lambda name: self.median(scenario.name, name, column), reverse=scenario.more_is_better)
        others = [name for name in SHOWN if name != column and
                  any(self.values(scenario.name, contender, name) for contender in measured)]
        limit = self._limit(scenario)
        ratios = limit and not isinstance(scenario.kind, Idle)

        headings = ["contender", "", COLUMNS[column][0], "lowest – highest"]
        headings += [f"× {limit}"] * bool(ratios) + [COLUMNS[name][0] for name in others]
        lines = ["| " + " | ".join(headings) + " |", "|---|---|" + "--:|" * (len(headings) - 2)]
        for name in measured:
            values = self.values(scenario.name, name, column)
            median, decimals = statistics.median(values), COLUMNS[column][1]
            cells = [name, CONTENDERS[name].about, f"**{_number(median, decimals)}**",
                     f"{_number(min(values), decimals)} – {_number(max(values), decimals)}"]
            if ratios:
                cells.append(_ratio(median / self.median(scenario.name, limit, column)))
            cells += [_number(self.median(scenario.name, name, other), COLUMNS[other][1]) for other in others]
            lines.append("| " + " | ".join(cells) + " |")
        failures = [f"- {contender} failed in {why}"
                    for (name, contender), why in self.failures.items() if name == scenario.name]
        return lines * bool(measured) + [""] * bool(measured and failures) + failures

    def write(self, folder, readme):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README.md").write_text(readme)
        (folder / "summary.md").write_text("# Summary\n\nMedians; README.md tells how they were taken.\n\n"
                                           + self.summary())
        with open(folder / "raw.csv", "w", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["scenario", "repetition", "contender", *COLUMNS])
            for row in self.rows:
                table.writerow([row.scenario, row.repetition, row.contender,
                                *(f"{row.values[name]:.10g}" if name in row.values else "" for name in COLUMNS)])


def _ratio(value):
    return "–" if value is None else f"{value:.2f}"


def _number(value, decimals):
    return "–" if value is None else f"{value:,.{decimals}f}"
