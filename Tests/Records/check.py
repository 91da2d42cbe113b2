"""Holds HL7 v2 messages and FHIR bundles against what hl7apy and fhir.resources know of both.

    check.py PATH...

PATH is a file that ends in .hl7 or is named fhir*.json, or a folder in which all of those are looked for. Prints what does not agree, and how
many were looked at. Ends with 1 where anything does not agree.
"""

import json
import pathlib
import sys

from fhir.resources.R4B.bundle import Bundle
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

faults = messages = bundles = 0


def fault(path, words):
    global faults
    faults += 1
    print(f"{path}: {words}")


def check_message(path):
    text = path.read_bytes().decode("utf-8")
    if not text.endswith("\r") or "\n" in text:
        fault(path, "segments do not end in a carriage return alone")
    message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
    message.validate()
    if message.msh.msh_9.to_er7() != "ORU^R01^ORU_R01" or message.msh.msh_12.to_er7() != "2.5.1":
        fault(path, "no ORU^R01 of version 2.5.1")
    if len(message.msh.msh_10.to_er7()) > 20:
        fault(path, "a control ID of more than 20 characters")
    order = message.oru_r01_patient_result.oru_r01_order_observation
    observations = order.oru_r01_observation
    numbers = [int(o.obx.obx_1.to_er7()) for o in observations]
    if numbers != list(range(1, len(numbers) + 1)):
        fault(path, f"observations {numbers}")
    for o in observations:
        if o.obx.obx_2.to_er7() == "NM" and o.obx.obx_11.to_er7() != "D":
            float(o.obx.obx_5.to_er7())


def check_bundle(path):
    bundle = Bundle.model_validate(json.loads(path.read_text(encoding="utf-8")))
    kinds = [entry.resource.__resource_type__ for entry in bundle.entry]
    if kinds[0] != "Device" or kinds[-1] != "DiagnosticReport" or set(kinds[1:-1]) != {"Observation"}:
        fault(path, f"resources {kinds}")
    urls = {entry.fullUrl for entry in bundle.entry}
    report = bundle.entry[-1].resource
    standing = {e.fullUrl for e in bundle.entry if getattr(e.resource, "status", None) != "entered-in-error"}
    if len(urls) != len(bundle.entry) or not {r.reference for r in report.result} <= standing:
        fault(path, "references that lead nowhere, or to what was entered in error")
    if any(kind in ("Patient", "ImagingStudy") for kind in kinds):
        fault(path, "a patient or a study is made")
    for entry in bundle.entry:
        if not (entry.request.ifNoneExist or (entry.request.method == "PUT" and "?identifier=" in entry.request.url)):
            fault(path, "what is sent again would be made twice")


for argument in map(pathlib.Path, sys.argv[1:]):
    files = sorted(argument.rglob("*")) if argument.is_dir() else [argument]
    for file in files:
        try:
            if file.suffix == ".hl7":
                messages += 1
                check_message(file)
            elif file.suffix == ".json" and file.name.startswith("fhir"):
                bundles += 1
                check_bundle(file)
        except Exception as error:  # every kind of refusal is a fault
            fault(file, f"{type(error).__name__}: {str(error)[:500]}")
print(f"{messages} messages, {bundles} bundles")
sys.exit(1 if faults or not messages + bundles else 0)
