#!/usr/bin/env python3
"""Hands images to Papilla's inbox, each with a sidecar that says whose it is.

    export_sidecars.py WORKLIST IMAGES INBOX

WORKLIST is a CSV file whose first row names its columns: `file`, and any of patient, issuer, study, eye, accession, operator, device,
taken, last. `file` is the image's name in the folder IMAGES. Images stay where they are; copies go into the inbox.

What makes this safe beside a service that is running: a file gets its name only when it is whole (names that end in .part are left alone),
and sidecar and image get theirs one right after the other, the sidecar first, so that the image is never there without it.
"""

import argparse
import csv
import json
import os
import pathlib
import shutil
import sys

FIELDS = ("patient", "issuer", "study", "eye", "accession", "operator", "device", "taken", "last")


def sync(path: pathlib.Path) -> None:
    """Returns when a file, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hand_over(image: pathlib.Path, inbox: pathlib.Path, said: dict[str, str]) -> None:
    """Puts an image with its sidecar into the inbox. The sidecar of eye.jpg is eye.jpg.json."""
    targets = [inbox / f"{image.name}.json", inbox / image.name]
    parts = [target.with_name(f"{target.name}.part") for target in targets]
    parts[0].write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(image, parts[1])
    for part in parts:
        sync(part)
    for part, target in zip(parts, targets):
        part.rename(target)
    sync(inbox)


def main() -> int:
    parser = argparse.ArgumentParser(description="Hands images with sidecars to Papilla's inbox.")
    parser.add_argument("worklist", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("inbox", type=pathlib.Path)
    options = parser.parse_args()
    missing = 0
    with options.worklist.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            # The name alone: a worklist must not reach outside of its folder.
            image = options.images / pathlib.PurePath(row["file"]).name
            if not image.is_file():
                print(f"{image}: not there, left out", file=sys.stderr)
                missing += 1
                continue
            # Empty cells state nothing.
            hand_over(image, options.inbox, {field: row[field] for field in FIELDS if row.get(field)})
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
