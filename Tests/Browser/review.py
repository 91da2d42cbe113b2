#!/usr/bin/env python3
"""Uses the review page as a reader would, in a real headless Chromium: decides visits with one hand, lists, opens, draws, saves, sees version 2,
corrects the eye, decides anew on what was read again, is told of a second reader, draws blind. Prints what was published of visits.

  review.py PAPILLA MODELS [PICTURES]     PICTURES: a folder for screenshots

Makes a site of phantoms in a temporary folder, serves it and its page with the built program, and fails (status 1) on the first thing that
is not as it should be, on any error of the page's script, and on any request to another host.
Needs Debian's chromium and PyPI's playwright (no 'playwright install': the browser is Debian's)."""
import glob, json, os, re, shutil, struct, subprocess, sys, tempfile, time
from playwright.sync_api import sync_playwright

PAPILLA, MODELS = (os.path.abspath(a) for a in sys.argv[1:3])
PICTURES = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None
SITE = tempfile.mkdtemp(prefix="papilla-browser-")
CONFIG = f"{SITE}/papilla.yaml"
# Without it DICOM files are refused, and nothing is shown of them.
HAS_DICOM = os.path.exists(os.path.dirname(PAPILLA) + "/papilla-dicom")
problems, processes = [], []


def papilla(*arguments):
    result = subprocess.run([PAPILLA, *arguments], capture_output=True, text=True)
    assert result.returncode == 0, f"papilla {' '.join(arguments)}: {result.stderr}"
    return result.stdout


def start(*arguments):
    process = subprocess.Popen([PAPILLA, *arguments, "--config", CONFIG], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    processes.append(process)
    return process


def check(condition, words):
    print("ok  " if condition else "FAIL", words)
    if not condition:
        problems.append(words)


def make_site():
    for name in ["inbox", "outbox", "spool", "archive", "quarantine"]:
        os.mkdir(f"{SITE}/{name}")
    with open(CONFIG, "w") as file:
        file.write(f"paths: {{inbox: inbox, outbox: outbox, spool: spool, archive: archive, quarantine: quarantine, ledger: ledger.sqlite,\n"
                   f"  socket: control.socket, models: models}}\nsettle: {{local: 200 ms, remote: 200 ms}}\ndisk_floor: {{space: 1 MiB, share: 0.1 %}}\nblind_share: 0 %\n")
    # Others go live later.
    shutil.copytree(MODELS, f"{SITE}/models")
    for kind, count, seed in [("fundus", 7, 5), ("endoscopy", 5, 6)]:
        papilla("phantom", "--kind", kind, "--count", str(count), "--seed", str(seed), "--out", f"{SITE}/{kind}")
        for index, name in enumerate(sorted(os.listdir(f"{SITE}/{kind}/images"))):
            ending = name.rsplit(".", 1)[1]
            shutil.copy(f"{SITE}/{kind}/images/{name}", f"{SITE}/inbox/{kind}-{index}.{ending}")
            if kind == "fundus":
                with open(f"{SITE}/inbox/{kind}-{index}.json", "w") as file:
                    json.dump({"patient": "P7", "eye": "left"}, file)
    with open(f"{SITE}/inbox/text.jpg", "w") as file:
        file.write("no image")
    # A patient with both eyes and a repeat of each, twice; a colonoscopy of 40 frames; one whose names are as long as they may be.
    papilla("phantom", "--kind", "fundus", "--patients", "1", "--visits", "2", "--photographs", "2", "--months", "24", "--progression", "0.3",
            "--view", "disc", "--seed", "3", "--out", f"{SITE}/patients")
    for name in os.listdir(f"{SITE}/patients/images"):
        shutil.copy(f"{SITE}/patients/images/{name}", f"{SITE}/inbox/{name}")
    papilla("phantom", "--kind", "endoscopy", "--count", "40", "--seed", "8", "--out", f"{SITE}/colonoscopy")
    drop_as("colonoscopy", {"patient": "COLON-1", "study": "C-2026-17", "taken": "2026-03-02"})
    papilla("phantom", "--kind", "fundus", "--count", "3", "--seed", "9", "--view", "disc", "--out", f"{SITE}/long")
    words = "Krankenhaus der Barmherzigen Schwestern "
    drop_as("long", {"patient": ("0123456789-" * 9)[:64], "issuer": words * 3, "study": (words * 3)[:64], "eye": "right", "taken": "2026-03-03",
                     "device": words * 5, "operator": words * 5})
    if HAS_DICOM:
        # Three frames, as of a camera's burst.
        papilla("phantom", "--kind", "fundus", "--count", "3", "--seed", "11", "--view", "disc", "--out", f"{SITE}/frames")
        with open(f"{SITE}/inbox/burst.dcm", "wb") as file:
            file.write(dicom([open(frame, "rb").read() for frame in sorted(glob.glob(f"{SITE}/frames/images/*.jpg"))], "DICOM-7"))
    papilla("serve", "--drain", "--config", CONFIG)


def dicom(jpegs, identifier):
    """A DICOM file of JPEG frames, as an ophthalmic camera might write it (PS3.5, PS3.10)."""
    def element(tag, representation, value, length=None):
        value += b"" if len(value) % 2 == 0 else (b"\0" if representation in ("UI", "OB") else b" ")
        head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, representation.encode())
        size = len(value) if length is None else length
        return head + (struct.pack("<HI", 0, size) if representation == "OB" else struct.pack("<H", size)) + value

    def item(content):
        content += b"\0" * (len(content) % 2)
        return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content

    at = next(index for index in range(len(jpegs[0])) if jpegs[0][index:index + 2] in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2"))
    height, width = struct.unpack(">HH", jpegs[0][at + 5:at + 9])
    kind, syntax = b"1.2.840.10008.5.1.4.1.1.77.1.5.1", b"1.2.840.10008.1.2.4.50"
    pixels = item(b"") + b"".join(map(item, jpegs)) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    meta = element(0x00020001, "OB", b"\0\1") + element(0x00020002, "UI", kind) + element(0x00020003, "UI", b"2.25.17") + element(0x00020010, "UI", syntax)
    texts = [(0x00080016, "UI", kind), (0x00080018, "UI", b"2.25.17"), (0x00080020, "DA", b"20260304"), (0x00080030, "TM", b"101500"), (0x00080050, "SH", b"ACC-5"),
             (0x00080070, "LO", b"Lumen Cameras"), (0x00100020, "LO", identifier.encode()), (0x00100021, "LO", b"CLINIC"), (0x0020000D, "UI", b"2.25.1"), (0x0020000E, "UI", b"2.25.2"),
             (0x00200010, "SH", b"STUDY-5"), (0x00200062, "CS", b"L"), (0x00280002, "US", struct.pack("<H", 3)), (0x00280004, "CS", b"YBR_FULL_422"), (0x00280006, "US", struct.pack("<H", 0)),
             (0x00280008, "IS", str(len(jpegs)).encode()), (0x00280010, "US", struct.pack("<H", height)), (0x00280011, "US", struct.pack("<H", width)),
             (0x00280100, "US", struct.pack("<H", 8)), (0x00280101, "US", struct.pack("<H", 8)), (0x00280102, "US", struct.pack("<H", 7)), (0x00280103, "US", struct.pack("<H", 0))]
    return (b"\0" * 128 + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + b"".join(element(*text) for text in texts)
            + element(0x7FE00010, "OB", pixels, length=0xFFFFFFFF))


def drop_as(folder, sidecar):
    """Drops a folder of phantoms with one sidecar's words for all."""
    for name in os.listdir(f"{SITE}/{folder}/images"):
        shutil.copy(f"{SITE}/{folder}/images/{name}", f"{SITE}/inbox/{folder}-{name}")
        with open(f"{SITE}/inbox/{folder}-{name.rsplit('.', 1)[0]}.json", "w") as file:
            json.dump(sidecar, file)


class Page:
    """A reader's browser."""

    def __init__(self, browser, address, expects="409"):
        self.page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        self.page.set_default_timeout(60000)
        host = address.split("/")[2]
        self.page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        self.page.on("console", lambda m: m.type == "error" and not any(code in m.text for code in ("409", expects)) and problems.append(f"console: {m.text}"))
        self.page.on("request", lambda r: r.url.split(":")[0] not in ("data", "blob") and r.url.split("/")[2] != host
                     and problems.append(f"request to another host: {r.url}"))
        self.page.goto(address)
        self.page.wait_for_selector("#list button")

    def picture(self, name):
        if PICTURES:
            self.page.wait_for_timeout(400)
            self.page.screenshot(path=f"{PICTURES}/{name}.png")

    def until(self, condition):
        """Waits for a condition of the page's script; the page itself forbids what Playwright's own waiting does."""
        for _ in range(1200):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"this does not come: {condition}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def to_arrivals(self):
        self.press("v")
        self.page.wait_for_selector("#unit:has-text('arrivals')")

    def to_visit(self, *words):
        """Goes through the list, by its keys alone, to the visit whose line has these words."""
        lines = self.page.locator("#list button").all_inner_texts()
        wanted = next(place for place, line in enumerate(lines) if all(word in line for word in words))
        at = next(place for place, line in enumerate(lines) if line == self.text("#list [aria-current=true]"))
        self.press(*["s" if wanted > at else "w"] * abs(wanted - at))
        self.page.wait_for_selector(f"#visit:visible header:has-text('{words[0]}')")
        self.page.wait_for_selector("#reject:enabled")

    def open(self, name):
        self.page.click(f"#list button:has-text('{name}')")
        # The page shows result and image together.
        self.page.wait_for_selector(f"#result h2:has-text('{name}')")

    def text(self, selector):
        return self.page.inner_text(selector)

    def message(self, words):
        """Waits for a message; what it is about is decided, and the page ready for the next key."""
        self.page.wait_for_selector(f"#message.on:has-text('{words}')")
        self.page.wait_for_selector("#accept:enabled")

    def place(self, x, y):
        """Where a pixel of the original is on the screen."""
        box = self.page.locator("#canvas").bounding_box()
        view = self.page.evaluate("(() => { const v = window.papillaViewer; return v && [v.scale, v.x, v.y]; })()")
        return box["x"] + x * view[0] + view[1], box["y"] + y * view[0] + view[2]


def fundus(page):
    name = "fundus-0"
    page.open(name)
    page.picture("fundus")
    before = page.text("#result .figure")
    page.page.keyboard.press("f")
    page.page.keyboard.press("c")
    page.picture("contours-off")
    page.page.keyboard.press("c")
    page.page.keyboard.press("e")
    page.page.wait_for_selector("#tools output")
    live = page.text("#live")
    check(f"ratio {before} (+0.00)" in live, f"drawing begins with the published ratio: {live}")
    # The cup's upper handle is pulled up by 12 px.
    report = page.page.evaluate("window.papillaViewer.report.fundus")
    cup = report["cup"]["ellipse"]
    top = min(([cup["cx"] + cup["a"] * dx, cup["cy"] + cup["a"] * dy] for dx, dy in ends(cup)), key=lambda p: p[1])
    x, y = page.place(*top)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x, y - 12, steps=4)
    page.page.mouse.up()
    moved = page.text("#live")
    check(moved != live and "+" in moved, f"the ratio follows the handle: {moved}")
    page.page.keyboard.press("z")
    check(page.text("#live") == live, "undo takes it back")
    for _ in range(4):
        page.page.keyboard.press("+")
    page.picture("drawing-ellipse")
    expected = page.text("#live").split()[1]
    page.page.keyboard.press("s")
    page.message("version 2 is published")
    shown = page.text("#result .figure")
    check(abs(float(shown) - float(expected)) <= 0.02, f"version 2 measures what the page showed: {expected}, {shown}")
    check("version 2 is shown" in page.text("#result") and "corrected (version 2)" in page.text("#result"), "the correction is among the decisions")
    page.picture("version-2")


def other_eye(page):
    """Which eye it is is corrected with keys alone; outlines and figures stay."""
    page.open("fundus-5")
    row = next(row for row in rows() if row["file"].startswith("fundus-5"))
    check("left eye" in page.text("#side"), "the eye stands where it can be corrected")
    before = page.text("#result .figure")
    page.press("x")
    page.page.wait_for_selector("#which[open]")
    check("right eye" in page.page.evaluate("document.activeElement.innerText"), "the first that it can be has the focus")
    check(page.page.is_disabled("#sides button:has-text('left eye')") or "which eye?" in page.text("#list [aria-current=true]"), "what it is called already is no correction")
    page.picture("which-eye")
    page.press("Escape")
    page.page.wait_for_selector("#which", state="hidden")
    check(next(r for r in rows() if r["id"] == row["id"])["version"] == 1, "nothing is corrected by looking")
    page.page.focus("#side")
    page.press("Enter")
    page.page.wait_for_selector("#which[open]")
    page.press("1")
    page.message("version 2 is published")
    check("right eye" in page.text("#side") and page.text("#result .figure") == before, "version 2 is of the other eye, and measures the same")
    check("had found" not in page.text("#result") and "right" in page.text("#list [aria-current=true]"), "nothing is called drawn, and the list knows the eye")
    after = next(r for r in rows() if r["id"] == row["id"])
    check((after["eye"], after["version"], after["vcdr"]) == ("right", 2, row["vcdr"]), "and so the ledger has it")
    page.picture("other-eye")


def read_again(page):
    """What later models have read again waits for a word; what was said of the former version is said to be of that."""
    page.page.uncheck("[name=undecided]")
    page.open("fundus-6")
    page.press("a")
    page.message("accepted")
    row = next(row for row in rows() if row["file"].startswith("fundus-6"))
    papilla("models", "rollback", "disc", "--config", CONFIG)
    said = papilla("reread", row["id"], "--config", CONFIG)
    check("version 2 is published" in said, f"later models read it: {said.strip()}")
    page.page.reload()
    page.page.wait_for_selector("#list button")
    page.to_arrivals()
    page.page.uncheck("[name=undecided]")
    page.page.check("[name=all]")
    page.open("fundus-6")
    result = page.text("#result")
    check("accepted on version 1" in result and "nobody has decided on version 2" in result, "the former decision is of the former version")
    check("accepted" not in page.text("#list [aria-current=true]"), "the list does not call it decided")
    page.page.locator("#result li:has-text('on version 1')").scroll_into_view_if_needed()
    page.picture("read-again")
    page.press("a")
    page.message("accepted")
    page.open("fundus-6")
    check("nobody has decided" not in page.text("#result") and "accepted" in page.text("#list [aria-current=true]"), "and then it is decided")


def ends(ellipse):
    import math
    turn = math.radians(ellipse["angle"])
    return [(math.cos(turn), -math.sin(turn)), (-math.cos(turn), math.sin(turn))]


def endoscopy(page):
    page.open("endoscopy-0")
    page.picture("endoscopy")
    page.page.keyboard.press("e")
    page.page.wait_for_selector("#tools output")
    box = page.page.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.text("#live")
    def paint(name=None):
        page.page.mouse.move(x - 40, y)
        page.page.mouse.down()
        page.page.mouse.move(x + 40, y + 30, steps=5)
        page.page.mouse.up()
        page.page.mouse.move(x, y + 120)
        check(page.text("#live") != before, f"the brush paints: {page.text('#live')}")
        page.page.keyboard.press("3")
        for dx, dy in [(-150, -120), (-90, -130), (-80, -70)]:
            page.page.mouse.click(x + dx, y + dy)
        if name:
            page.picture(name)
        page.page.keyboard.press("Enter")
        page.page.keyboard.press("1")

    paint("drawing-polyp")
    page.page.keyboard.press("Escape")
    check("not saved" in page.text("#message") and page.page.is_visible("#tools"), "what was drawn is not left without a word")
    page.page.click("#list button:has-text('text.jpg')")
    page.page.wait_for_selector("#result h2:has-text('text.jpg')")
    page.open("endoscopy-0")
    page.page.keyboard.press("e")
    page.page.wait_for_selector("#tools output")
    page.page.keyboard.press("s")
    check("Nothing was changed" in page.text("#message"), "the models' own outline is no correction")
    paint()
    page.page.keyboard.press("s")
    page.message("version 2 is published")
    check("had found" in page.text("#result"), "what the models had found stands beside what was drawn")
    check("2 polyps" in page.text("#result") or "polyps" in page.text("#result .figure"), f"what was drawn is measured: {page.text('#result .figure')}")
    page.picture("endoscopy-version-2")


def early_key(anna):
    """A key that comes before the screening is there decides nothing."""
    anna.open("fundus-1")
    held = []
    anna.page.route("**/api/screenings/*", lambda route: held.append(route))
    anna.page.click("#list button:has-text('fundus-2')")
    for _ in range(1200):
        if held:
            break
        anna.page.wait_for_timeout(50)
    check(anna.page.is_disabled("#accept"), "nothing can be decided before the screening is there")
    anna.page.keyboard.press("a")
    for route in held:
        route.continue_()
    anna.page.wait_for_selector("#result h2:has-text('fundus-2')")
    undecided = [row["file"] for row in rows() if row["decision"] is None]
    check(any(f.startswith("fundus-2") for f in undecided) and any(f.startswith("fundus-1") for f in undecided), "an early key decides nothing")
    anna.page.unroute("**/api/screenings/*")


def rows():
    return [json.loads(line) for line in papilla("review", "list", "--by", "arrival", "--all", "--json", "--config", CONFIG).splitlines()]


def of(subject, day=None):
    """The ledger's screenings of a subject."""
    return [row for row in rows() if row["subject"] == subject and (day is None or row["taken"].startswith(day))]


def visits(page):
    """Visits are decided with keys of one hand; the ledger has it arrival by arrival."""
    lines = [json.loads(line) for line in papilla("review", "list", "--json", "--config", CONFIG).splitlines()]
    check(page.page.locator("#list button").count() == len(lines), "the page lists what the command lists")
    listed = {line["visit"]["day"]: line["visit"] for line in lines if line["visit"] and line["visit"]["subject"]["identifier"] == "PHANTOM-0001"}
    first, last = min(listed), max(listed)
    page.to_visit("PHANTOM-0001", last)
    check(page.page.locator("#visit .eyes canvas").count() == 2, "both eyes stand side by side")
    check(page.page.locator("#visit .repeats button").count() == 2, "with a repeat of each")
    check("measurement error" in page.text("#visit") and page.page.locator("#visit .plot").count() == 1, "and what has changed since the visit before")
    page.until("document.querySelector('#visit .plot').complete")
    page.picture("visit-fundus")
    page.press("h")
    page.picture("visit-history")
    page.press("f", "c")
    page.picture("visit-whole")
    page.press("f", "c")
    before = rows()
    page.press("a")
    page.page.wait_for_selector("#message.on:has-text('2 accepted')")
    decided = [row for row in of("PHANTOM-0001", last) if row["decision"]]
    check(sorted((row["eye"], row["decision"], row["reader"]) for row in decided) == [("left", "accept", "Anna"), ("right", "accept", "Anna")],
          "one key accepts the photograph of each eye that counts, and no repeat")
    check(len([row for row in rows() if row["decision"]]) == len([row for row in before if row["decision"]]) + 2, "and nothing else")
    check(last not in page.text("#list [aria-current=true]") or "PHANTOM" not in page.text("#list [aria-current=true]"), "then comes the next line")

    page.to_visit("PHANTOM-0001", first)
    chosen = page.text("#visit [aria-current=true] .figure").split()[0]
    page.press("r")
    page.page.wait_for_selector("#why[open]")
    page.picture("visit-reject")
    page.press("2")
    page.page.wait_for_selector("#message.on:has-text('rejected')")
    page.page.wait_for_selector("#accept:enabled")
    rejected = [row for row in of("PHANTOM-0001", first) if row["decision"] == "reject"]
    check(len(rejected) == 1 and f"{rejected[0]['vcdr']:.2f}" == chosen, "another key rejects the one that is chosen")
    check("PHANTOM-0001" in page.text("#visit header") and "✕" in page.text("#visit .eyes"), "its repeat counts now, and waits for a word")
    page.press("ArrowRight", "Enter")
    page.page.wait_for_selector("#result h2:has-text('phantom')")
    check(page.page.is_hidden("#visit"), "an image of a visit is opened by a key")
    page.picture("visit-image")
    page.press("q")
    page.page.wait_for_selector("#visit:visible")
    page.page.wait_for_selector("#accept:enabled")
    # Somebody else has decided on one of the two meanwhile.
    ben = next(row for row in of("PHANTOM-0001", first) if row["id"] == page.page.get_attribute("#visit .eyes .card >> nth=0", "data-id"))
    papilla("review", "accept", ben["id"], "--reader", "Ben", "--config", CONFIG)
    page.press("a")
    page.page.wait_for_selector("#message.on:has-text('Ben decided')")
    page.page.wait_for_selector("#accept:enabled")
    page.picture("visit-told")
    page.press("a")
    page.page.wait_for_selector("#message.on:has-text('1 accepted')")
    check(sorted((row["decision"] or "", row["reader"] or "") for row in of("PHANTOM-0001", first)) == [("", ""), ("accept", "Anna"), ("accept", "Ben"), ("reject", "Anna")],
          "what somebody decided meanwhile is told and stays")

    page.to_visit("COLON-1")
    page.until("[...document.querySelectorAll('#visit .frames img')].every(image => image.complete)")
    page.picture("visit-endoscopy")
    found = [row for row in of("COLON-1") if row["polyps"]]
    shares = [float(words.split(" % ")[0].split()[-1]) for words in page.page.locator("#visit .frames .card").all_inner_texts() if " % " in words]
    check(f"of 40 frames were fit to be read, {len(found)} have polyps" in page.text("#visit"), f"how many frames were read: {page.text('#visit h4')}")
    check(len(shares) == len(found) and shares == sorted(shares, reverse=True), "frames with polyps, the largest first")
    presses = 0
    while presses < 60 and "accepted" not in page.text("#message"):
        page.press("a")
        presses += 1
        page.page.wait_for_timeout(400)
        page.until("!document.querySelector('#accept').disabled || document.querySelector('#message').textContent.includes('accepted')")
    check(presses > 1, f"what was not on the screen yet is shown before it is accepted ({presses} times A)")
    waiting = [row["file"] for row in of("COLON-1") if row["polyps"] and row["decision"] != "accept"]
    untouched = [row["decision"] for row in of("COLON-1") if not row["polyps"] and not row["attention"]]
    check(not waiting and not any(untouched), f"every frame with a polyp is accepted, and no frame that nobody looked at: {waiting}")
    check(json.loads(papilla("statement", "--json", "--config", CONFIG))["unexplained"] == 0 and papilla("audit", "verify", "--config", CONFIG) != "", "ledger and audit agree")


def burst(page):
    """Of a DICOM file with several frames a reader sees whose it is, when and by what it was taken, and every frame."""
    page.page.check("[name=all]")
    page.page.wait_for_selector("#list button:has-text('DICOM-7')")
    page.to_visit("DICOM-7")
    check("CLINIC" in page.text("#visit header") and "study 2.25.1" in page.text("#visit header"), "whose and which study")
    check("Lumen Cameras" in page.text("#visit"), "what it was taken with")
    page.press("Enter")
    page.page.wait_for_selector("#result h3:has-text('Frames')")
    result = page.text("#result")
    check(all(word in result for word in ["subject DICOM-7 of CLINIC", "left eye", "taken 2026-03-04 10:15", "accession ACC-5", "study 2.25.1"]), "the examination of a DICOM file")
    page.until("[...document.querySelectorAll('#result img[alt^=Frame]')].filter(image => image.complete && image.naturalWidth).length === 3")
    check(all(f"{number}: " in result for number in (1, 2, 3)), "each of its frames, with what was found")
    page.page.locator("#result h3:has-text('Frames')").scroll_into_view_if_needed()
    page.picture("dicom-frames")
    page.press("q")
    page.page.wait_for_selector("#visit:visible")
    page.page.uncheck("[name=all]")


def printed(browser):
    """What was published of a visit is one A4 page, and nothing of it is cut off."""
    page = browser.new_context().new_page()
    page.emulate_media(media="print")
    seen, visit_of = {}, {}
    for path in sorted(glob.glob(f"{SITE}/outbox/*/visit.*/visit.html")):
        visit = json.load(open(os.path.dirname(path) + "/visit.json"))
        name = visit["subject"]["identifier"]
        name = name if visit["endoscopy"] or len(visit["eyes"]) == 2 else "long" if len(name) > 60 else name
        if seen.setdefault(name, path) == path:
            visit_of[name] = visit
    for name in ["PHANTOM-0001", "COLON-1", "long"]:
        check(name in seen, f"there is a visit of {name}")
        page.goto("file://" + seen[name])
        pdf = page.pdf(prefer_css_page_size=True, path=PICTURES and f"{PICTURES}/print-{name}.pdf")
        sheets = len(re.findall(rb"/Type ?/Page[^s]", pdf))
        size = re.search(rb"/MediaBox ?\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]", pdf)
        check(sheets == 1 and size is not None, f"visit.html of {name} prints on one A4 page: {sheets}")
        # The sheet is 186 mm wide between its margins.
        page.set_viewport_size({"width": 703, "height": 1030})
        cut = page.evaluate("(() => { const main = document.querySelector('main'); return main.scrollHeight - main.clientHeight; })()")
        check(cut <= 1, f"and nothing of it is cut off: {cut} px")
        if visit_of[name]["study"]:
            lines = page.evaluate("[...document.querySelectorAll('.whose p')].map(line => [line.innerText, line.scrollWidth - line.clientWidth])")
            check(lines[-1] == [f"study {visit_of[name]['study']}", 0], f"its study stands in the head, whole: {lines[-1]}")
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/print-{name}.png", full_page=True)


def two_readers(anna, ben):
    for page in (anna, ben):
        page.open("fundus-1")
    anna.page.keyboard.press("a")
    anna.message("accepted")
    ben.page.keyboard.press("r")
    ben.page.wait_for_selector("#why[open]")
    ben.picture("reject")
    ben.page.keyboard.press("1")
    ben.message("Anna decided")
    check("Anna" in ben.text("#result") and "accepted" in ben.text("#list [aria-current=true]"), "the second reader sees the first one's decision")
    ben.picture("told")
    ben.page.keyboard.press("r")
    ben.page.keyboard.press("2")
    ben.message("rejected")
    row = next(row for row in rows() if row["file"].startswith("fundus-1"))
    check((row["decision"], row["reader"]) == ("reject", "Ben"), "the last decision counts")


def blind_visit(page):
    """A visit of images that are to be drawn blind shows that they are there, and nothing of them."""
    page.to_visit("P7")
    shown = page.text("#visit") + page.text("#list [aria-current=true]") + page.text("#result")
    ratios = [f"{row['vcdr']:.2f}" for row in of("P7") if row["vcdr"] and not row["decision"]]
    check("to be drawn first" in shown and not any(ratio in shown for ratio in ratios), "a visit does not tell what is to be drawn blind")
    check(page.page.is_disabled("#accept"), "nor can it be accepted")
    page.picture("blind-visit")


def blind(page):
    """What is to be drawn blind shows nothing before it is drawn, and everything after."""
    for _ in range(600):
        if page.page.locator("#list button:has-text('fundus-3')").count():
            break
        page.page.wait_for_timeout(200)
    answers = []
    page.page.on("response", lambda r: "/api/" in r.url and not r.url.endswith("/image") and answers.append(r))
    page.open("fundus-3")
    row = next(row for row in rows() if row["file"].startswith("fundus-3"))
    check("to be drawn first" in page.text("#list [aria-current=true]"), "the list says that it is to be drawn")
    shown = page.text("#result") + page.text("#list") + "".join(r.text() for r in answers)
    check(f"{row['vcdr']:.2f}" not in shown and str(row["vcdr"]) not in shown and "ratio" not in page.text("#result"), "neither page nor server tells the ratio")
    check(page.page.evaluate("window.papillaViewer.report.fundus") is None, "there are no outlines to draw from")
    check(page.page.is_disabled("#accept"), "what is not seen cannot be accepted")
    page.page.keyboard.press("a")
    page.picture("blind")
    page.page.keyboard.press("e")
    page.page.wait_for_selector("#tools output")
    page.page.keyboard.press("s")
    check("not drawn yet" in page.text("#message"), "circles that nobody placed are not saved")
    disc = json.load(open(report_of(row)))["fundus"]["disc"]["ellipse"]
    x, y = page.place(disc["cx"], disc["cy"])
    page.page.mouse.click(x, y)
    page.page.keyboard.press("s")
    check("The cup is not drawn yet" in page.text("#message"), "nor half of it")
    page.page.keyboard.press("2")
    page.page.keyboard.press("-")
    page.picture("blind-drawing")
    page.page.keyboard.press("s")
    page.message("Drawn blind: version 2 is published")
    result = page.text("#result")
    check(f"ratio {row['vcdr']:.2f}" in result and "drawn blind" in result, "now it tells what the models had found")
    page.picture("blind-version-2")
    page.open("endoscopy-3")
    check(page.text("#result .figure") == "draw first" and "% of the picture" not in page.text("#result"), "nor whether there is a polyp")
    page.picture("blind-endoscopy")
    page.page.keyboard.press("e")
    page.page.wait_for_selector("#tools output")
    page.page.keyboard.press("s")
    check("S once more" in page.text("#message"), "that there is no polyp is said twice")
    page.page.keyboard.press("s")
    page.message("Drawn blind: version 2 is published")
    check(page.text("#result .figure") == "no polyp", "no polyp was drawn")
    agreement = json.loads(papilla("review", "agreement", "--json", "--config", CONFIG))
    check(agreement["blind"]["decided"] == 2 and agreement["shown"]["blind"] == 0, "agreement tells shown and blind apart")
    exported = [json.loads(line) for line in papilla("export", "--jsonl", "--config", CONFIG).splitlines()]
    check(sorted(r["file"].split("-")[0] for r in exported if r["blind"]) == ["endoscopy", "fundus"], "the export says what was drawn blind")


def report_of(row):
    return f"{SITE}/outbox/{row['bundle']}/report.json"


def changed(page):
    """An original that was changed is not shown, and cannot be decided upon unseen."""
    row = next(row for row in rows() if row["file"].startswith("fundus-4"))
    folder = next(folder for folder, _, names in os.walk(f"{SITE}/archive") if row["file"] in names)
    os.chmod(f"{folder}/{row['file']}", 0o644)
    shutil.copy(f"{SITE}/archive/" + os.path.relpath(next(f"{f}/{n}" for f, _, names in os.walk(f"{SITE}/archive") for n in names if n.startswith("fundus-2.")), f"{SITE}/archive"), f"{folder}/{row['file']}")
    # A picture that this page has shown before it would not ask for again.
    page.page.reload()
    page.page.wait_for_selector("#list button")
    page.to_arrivals()
    page.page.check("[name=all]")
    page.open("fundus-4")
    page.page.wait_for_selector("#message.on")
    check(row["id"] in page.text("#message") and "not the image" in page.text("#message"), f"a changed original is named: {page.text('#message')}")
    check(page.page.is_disabled("#accept") and page.page.is_disabled("#correct") and page.page.is_enabled("#reject"), "what cannot be seen cannot be accepted")
    page.picture("changed")


def main():
    make_site()
    service = start("serve")
    pages = start("review", "serve", "--reader", "Anna", "--reader", "Ben", "--json")
    addresses = [json.loads(pages.stdout.readline())["address"] for _ in range(2)]
    # Decisions need the service: it refuses this one for its ID once it listens.
    for _ in range(600):
        if "No arrival" in subprocess.run([PAPILLA, "review", "accept", "zzzzzzzz", "--config", CONFIG], capture_output=True, text=True).stderr:
            break
        time.sleep(0.2)
    with sync_playwright() as p:
        executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = p.chromium.launch(executable_path=executable, args=["--no-sandbox"] if os.getuid() == 0 else [])
        anna, ben = (Page(browser, address) for address in addresses)
        check("token" not in anna.page.url, "the token leaves the address bar")
        anna.picture("list")
        visits(anna)
        if HAS_DICOM:
            burst(anna)
        printed(browser)
        for page in (anna, ben):
            page.to_arrivals()
            page.page.uncheck("[name=undecided]")
            page.page.check("[name=all]")
        anna.page.wait_for_selector("#list button:has-text('text.jpg')")
        ben.page.wait_for_selector("#list button:has-text('text.jpg')")
        fundus(anna)
        other_eye(anna)
        read_again(anna)
        endoscopy(anna)
        early_key(anna)
        two_readers(anna, ben)
        anna.page.click("#list button:has-text('text.jpg')")
        anna.page.wait_for_selector("#result h2:has-text('text.jpg')")
        check(anna.page.is_disabled("#correct"), "what could not be read cannot be corrected")
        anna.picture("failed")
        stranger = browser.new_context().new_page()
        check(stranger.goto(addresses[0]).status == 403, "an address that was used lets nobody else in")
        # The same site, everything undecided to be drawn blind. What is closed asks nobody.
        for page in (anna, ben):
            page.page.context.close()
        pages.terminate()
        pages.wait()
        with open(CONFIG) as file:
            text = file.read()
        with open(CONFIG, "w") as file:
            file.write(text.replace("blind_share: 0 %", "blind_share: 100 %"))
        pages = start("review", "serve", "--reader", "Anna", "--json")
        third = Page(browser, json.loads(pages.stdout.readline())["address"])
        blind_visit(third)
        third.to_arrivals()
        third.page.uncheck("[name=undecided]")
        third.page.check("[name=all]")
        blind(third)
        papilla("audit", "verify", "--config", CONFIG)
        with open(CONFIG, "w") as file:
            file.write(text)
        third.page.context.close()
        pages.terminate()
        pages.wait()
        pages = start("review", "serve", "--reader", "Anna", "--json")
        fourth = Page(browser, json.loads(pages.stdout.readline())["address"], expects="500")
        fourth.to_arrivals()
        fourth.page.check("[name=all]")
        changed(fourth)
        browser.close()
    check(json.loads(papilla("statement", "--json", "--config", CONFIG))["unexplained"] == 0, "ledger and folders agree")


try:
    main()
finally:
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()
    shutil.rmtree(SITE)
for problem in problems:
    print("PROBLEM", problem)
sys.exit(1 if problems else 0)
