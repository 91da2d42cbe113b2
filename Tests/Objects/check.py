"""Reads the DICOM objects of bundles back with pydicom and highdicom, which know nothing of Papilla, and holds them against report.json.

    check.py FOLDER...

Every folder below FOLDER with a report.json and an sr.dcm or seg.dcm is a bundle. Prints what does not agree, and how many bundles were
looked at. Ends with 1 where anything does not agree.
"""

import hashlib
import json
import pathlib
import sys

import highdicom
import numpy
import pydicom
from PIL import Image, ImageDraw
from pydicom.encaps import generate_frames

faults = looked_at = objects = regions = 0


def fault(where, words):
    global faults
    faults += 1
    print(f"{where}: {words}")


def walk(data, keyword, found):
    for element in data:
        if element.VR == "SQ":
            for item in element.value:
                walk(item, keyword, found)
        elif element.keyword == keyword:
            found.append(element.value)
    return found


def mask(bundle, name):
    return numpy.asarray(Image.open(bundle / name).convert("L")) > 127


def outlines(report, suffix):
    """Yields (label, mask's file, area) of what a frame's report has."""
    fundus, endoscopy = report.get("fundus"), report.get("endoscopy")
    if fundus:
        for label, key in (("Optic disc", "disc"), ("Optic cup", "cup")):
            if fundus.get(key):
                yield label, fundus[key]["mask"], fundus[key]["area"]
    if endoscopy and endoscopy["polyps"]:
        yield "Polyp", endoscopy["mask"], sum(polyp["area"] for polyp in endoscopy["polyps"])


def check_segmentation(bundle, path, report, suffix):
    """Gives the segments' masks by label."""
    segmentation = highdicom.seg.segread(path)
    source = segmentation.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID
    frames = segmentation.get_pixels_by_source_instance([source], ignore_spatial_locations=True)[0] if not suffix else None
    if frames is None:
        number = report["frame"]
        frames = segmentation.get_pixels_by_source_frame(source, [number], ignore_spatial_locations=True)[0]
    found = {}
    for index, segment in enumerate(segmentation.SegmentSequence):
        found[segment.SegmentLabel] = frames[..., index] > 0
    expected = {label: (name, area) for label, name, area in outlines(report, suffix) if mask(bundle, name).any()}
    if set(found) != set(expected):
        fault(path, f"segments {sorted(found)}, expected {sorted(expected)}")
    for label, (name, area) in expected.items():
        if label not in found:
            continue
        if not numpy.array_equal(found[label], mask(bundle, name)):
            fault(path, f"{label}: other pixels than {name}")
        if int(found[label].sum()) != round(area):
            fault(path, f"{label}: {int(found[label].sum())} pixels, the report has {area}")
    return found


def region(roi, size):
    """Draws a region as a mask; pixel centres are at half."""
    canvas = Image.new("1", size)
    if roi.graphic_type.value == "POLYLINE":
        points = [tuple(point - 0.5) for point in roi.value]
    else:
        (x1, y1), (x2, y2), (x3, y3), (x4, y4) = roi.value - 0.5
        turn = numpy.arange(0, 2 * numpy.pi, 0.01)
        points = list(
            zip(
                (x1 + x2) / 2 + (x2 - x1) / 2 * numpy.cos(turn) + (x4 - x3) / 2 * numpy.sin(turn),
                (y1 + y2) / 2 + (y2 - y1) / 2 * numpy.cos(turn) + (y4 - y3) / 2 * numpy.sin(turn),
            )
        )
    ImageDraw.Draw(canvas).polygon(points, fill=1)
    return numpy.asarray(canvas)


def expected_figures(report):
    """The figures of a frame's report: (code, value), in the report's own precision."""
    figures = []
    fundus, endoscopy = report.get("fundus"), report.get("endoscopy")
    if fundus:
        if fundus.get("cdr"):
            ratio = fundus["cdr"]
            figures += [("131257", ratio["vertical"]), ("131258", ratio["horizontal"]), ("131256", ratio["area"])]
        prior = report.get("prior")
        if prior:
            figures += [("VCDR_PRIOR", prior["value"]), ("VCDR_CHANGE", prior["difference"])]
        figures.append(("130922", fundus["disc"]["area"]))
        if fundus.get("cup"):
            figures.append(("130922", fundus["cup"]["area"]))
    if endoscopy is not None:
        figures.append(("111406", len(endoscopy["polyps"])))
        for polyp in endoscopy["polyps"]:
            figures.append(("130922", polyp["area"]))
            if polyp["confidence"] is not None:
                figures.append(("122157", polyp["confidence"] * 100))
    return sorted(figures)


def check_report(path, report, whole, masks):
    global regions
    data = highdicom.sr.srread(path)
    content = data.content
    if not isinstance(content, highdicom.sr.MeasurementReport):
        content = highdicom.sr.MeasurementReport.from_sequence([data], is_root=True)
    names = [item.ConceptNameCodeSequence[0].CodeMeaning for item in data.ContentSequence]
    groups = []
    if "Imaging Measurements" in names:
        groups = content.get_planar_roi_measurement_groups() + content.get_image_measurement_groups()
    figures = []
    for group in groups:
        figures += [(m.name.value, m.value) for m in group.get_measurements() if m.unit.value != "mm2"]
        roi = getattr(group, "roi", None)
        if roi is None or not masks:
            continue
        regions += 1
        size = next(iter(masks.values())).shape[::-1]
        drawn = region(roi, size)
        name = group.tracking_identifier
        label = {"disc": "Optic disc", "cup": "Optic cup"}.get(name, "Polyp")
        inside = (drawn & masks[label]).sum() / max(1, drawn.sum())
        if inside < 0.85:
            fault(path, f"{name}: {inside:.3f} of the region lies in the segment {label}")
    expected = expected_figures(report)
    same = len(figures) == len(expected) and all(
        a[0] == b[0] and abs(float(a[1]) - float(b[1])) <= 1e-12 * max(1, abs(b[1])) for a, b in zip(sorted(figures), expected)
    )
    if not same:
        fault(path, f"figures {sorted(figures)}, the report has {expected}")
    if (data.VerificationFlag == "VERIFIED") != ((whole["decision"] or {}).get("verdict") == "correct"):
        fault(path, f"verification {data.VerificationFlag}")
    if (whole["version"] > 1) != ("PredecessorDocumentsSequence" in data):
        fault(path, "a predecessor is named where there is none, or not where there is one")
    if data.VerificationFlag == "VERIFIED":
        name = str(data.VerifyingObserverSequence[0].VerifyingObserverName)
        if name.rstrip("^") != whole["decision"]["reader"].replace("^", " "):
            fault(path, f"verified by {name}")
    return data


def check_bundle(bundle):
    global looked_at, objects
    whole = json.loads((bundle / "report.json").read_text(encoding="utf-8"))
    looked_at += 1
    frames = whole["frames"] or [whole]
    read = {path.name: pydicom.dcmread(path) for path in sorted(bundle.glob("*.dcm"))}
    objects += len(read)
    if len({data.StudyInstanceUID for data in read.values()}) > 1:
        fault(bundle, "objects of several studies")
    if len({data.SOPInstanceUID for data in read.values()}) != len(read):
        fault(bundle, "two objects have one UID")
    wanted = whole["subject"]["identifier"] if whole["subject"] else "PAPILLA-" + whole["id"]
    for name, data in read.items():
        if data.PatientID != wanted:
            fault(bundle / name, f"patient {data.PatientID}, expected {wanted}")
        if str(data.SpecificCharacterSet) != "ISO_IR 192":
            fault(bundle / name, "not in UTF-8")
        numbers = {"sr": 901, "seg": 902, "overlay": 903, "image": 904}
        if int(data.SeriesNumber) != numbers[name.split(".")[0].split("-")[0]]:
            fault(bundle / name, f"series {data.SeriesNumber}")
    if "image.dcm" in read:
        image = read["image.dcm"]
        if (image.Columns, image.Rows) != (whole["source"]["width"], whole["source"]["height"]):
            fault(bundle, "the wrapped original has another size")
        if image.file_meta.TransferSyntaxUID.name.startswith("JPEG"):
            jpeg = next(generate_frames(image.PixelData, number_of_frames=1))[: whole["source"]["bytes"]]
            if hashlib.sha256(jpeg).hexdigest() != whole["source"]["sha256"]:
                fault(bundle, "the wrapped JPEG is another one")
        else:
            image.pixel_array
    for frame in frames:
        number = frame.get("frame", 1)
        suffix = f"-k{number:02}" if number > 1 else ""
        masks = {}
        if f"seg{suffix}.dcm" in read:
            masks = check_segmentation(bundle, bundle / f"seg{suffix}.dcm", frame, suffix)
        elif any(True for _ in outlines(frame, suffix)) and "overlay.dcm" in read:
            fault(bundle, "no segmentation of what was outlined")
        if f"sr{suffix}.dcm" in read:
            report = check_report(bundle / f"sr{suffix}.dcm", frame, whole, masks)
            seen = walk(report, "ReferencedSOPInstanceUID", [])
            for name in ("image.dcm", f"seg{suffix}.dcm"):
                if name in read and read[name].SOPInstanceUID not in seen:
                    fault(bundle, f"the report does not refer to {name}")


for argument in sys.argv[1:]:
    for path in sorted(pathlib.Path(argument).rglob("report.json")):
        if list(path.parent.glob("*.dcm")):
            check_bundle(path.parent)
print(f"{looked_at} bundles, {objects} objects, {regions} regions")
sys.exit(1 if faults or not looked_at else 0)
