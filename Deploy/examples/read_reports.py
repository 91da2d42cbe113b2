#!/usr/bin/env python3
"""Reads Papilla's outbox: the newest report of each screening, as one line of JSON each.

    read_reports.py OUTBOX [--since DAY]

A bundle is a folder OUTBOX/DAY/STEM.ID/ (a correction's STEM.ID.v2/, then .v3/, ...) with a report.json in it. It appears complete, by one
rename, and never changes, so it may be read at any time and without a lock. Where one is gone by the time that it is read, somebody had it
forgotten: it is passed over.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Iterator

# The versions of the report that this program knows. An unknown one may mean something else by the same words.
SCHEMAS = ("papilla.report/1", "papilla.report/2")
# DICOM's code of the vertical cup-to-disc ratio.
VERTICAL_RATIO = ("DCM", "131257")


def reports(outbox: pathlib.Path, since: str) -> Iterator[dict]:
    """Every report of the outbox, day by day. Names that begin with a dot are Papilla's own business."""
    for day in sorted(outbox.glob("[0-9]*-[0-9]*-[0-9]*")):
        if day.name < since:
            continue
        for bundle in sorted(day.glob("[!.]*")):
            try:
                report = json.loads((bundle / "report.json").read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                continue
            if report["schema"] not in SCHEMAS:
                print(f"{bundle}: {report['schema']} is not known here", file=sys.stderr)
                continue
            yield report


def vertical_ratio(report: dict) -> tuple[float | None, list[float] | None]:
    """The ratio with its 95 % interval; nothing where there is none. Schema 1 has no measurements with codes."""
    for measurement in report.get("measurements", []):
        code = measurement["code"]
        if (code["scheme"], code["value"]) == VERTICAL_RATIO:
            return measurement["value"], measurement["interval"]
    ratios = (report["fundus"] or {}).get("cdr")
    return (ratios["vertical"], ratios["interval"] or None) if ratios else (None, None)


def summary(report: dict) -> dict:
    """What a worklist needs of a report."""
    ratio, interval = vertical_ratio(report)
    polyps = report["endoscopy"]["polyps"] if report["endoscopy"] else None
    subject = report.get("subject") or {"identifier": report["source"]["patient"], "issuer": None}
    return {
        "id": report["id"],
        "version": report["version"],
        "file": report["source"]["path"],
        "subject": subject["identifier"],
        "issuer": subject["issuer"],
        "eye": report["source"]["eye"],
        "outcome": report["outcome"],
        "reasons": [reason["code"] for reason in report["reasons"]],
        "vertical_ratio": ratio,
        "interval": interval,
        "polyps": None if polyps is None else len(polyps),
        "attention": [entry["code"] for entry in report["attention"]],
        "decision": report["decision"] and report["decision"]["verdict"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Prints the newest report of each screening in Papilla's outbox.")
    parser.add_argument("outbox", type=pathlib.Path)
    parser.add_argument("--since", default="", metavar="DAY", help="only arrivals of this day (2026-11-24) and later ones")
    options = parser.parse_args()
    if not options.outbox.is_dir():
        print(f"{options.outbox}: no folder", file=sys.stderr)
        return 1
    newest: dict[str, dict] = {}
    for report in reports(options.outbox, options.since):
        if report["id"] not in newest or newest[report["id"]]["version"] < report["version"]:
            newest[report["id"]] = report
    for identifier in sorted(newest):
        print(json.dumps(summary(newest[identifier]), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
