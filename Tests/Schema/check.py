"""Holds reports, visits, or lists of archives against their JSON Schema.

    check.py SCHEMA PATH...

PATH is a report, a file of JSON lines (.jsonl) with a report in each, or a folder in which every file of the schema's name is looked for.
Prints what does not agree, and how many reports were looked at. Ends with 1 where anything does not agree.
"""

import json
import pathlib
import sys

import jsonschema


def reports(path: pathlib.Path):
    """Yields (where, report)."""
    if path.is_dir():
        for file in sorted(path.rglob(pathlib.Path(sys.argv[1]).name)):
            yield file, json.loads(file.read_text(encoding="utf-8"))
    elif path.suffix == ".jsonl":
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path}:{number}", json.loads(line)
    else:
        yield path, json.loads(path.read_text(encoding="utf-8"))


schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
looked_at = faults = 0
for argument in sys.argv[2:]:
    for where, report in reports(pathlib.Path(argument)):
        looked_at += 1
        for error in validator.iter_errors(report):
            faults += 1
            print(f"{where}: {error.json_path}: {error.message[:300]}")
print(f"{looked_at} reports")
sys.exit(1 if faults else 0)
