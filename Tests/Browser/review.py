#!/usr/bin/env python3
"""Uses the review page as a reader would, in a real headless Chromium: list, open, draw, save, see version 2, two readers at once, draw blind.

  review.py PAPILLA MODELS [PICTURES]     PICTURES: a folder for screenshots

Makes a site of phantoms in a temporary folder, serves it and its page with the built program, and fails (status 1) on the first thing that
is not as it should be, on any error of the page's script, and on any request to another host.
Needs Debian's chromium and PyPI's playwright (no 'playwright install': the browser is Debian's)."""
import json, os, shutil, subprocess, sys, tempfile, time
from playwright.sync_api import sync_playwright

PAPILLA, MODELS = (os.path.abspath(a) for a in sys.argv[1:3])
PICTURES = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None
SITE = tempfile.mkdtemp(prefix="papilla-browser-")
CONFIG = f"{SITE}/papilla.yaml"
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
                   f"  socket: control.socket, models: {MODELS}}}\nsettle: {{local: 200 ms, remote: 200 ms}}\ndisk_floor: {{space: 1 MiB, share: 0.1 %}}\nblind_share: 0 %\n")
    for kind, seed in [("fundus", 5), ("endoscopy", 6)]:
        papilla("phantom", "--kind", kind, "--count", "5", "--seed", str(seed), "--out", f"{SITE}/{kind}")
        for index, name in enumerate(sorted(os.listdir(f"{SITE}/{kind}/images"))):
            ending = name.rsplit(".", 1)[1]
            shutil.copy(f"{SITE}/{kind}/images/{name}", f"{SITE}/inbox/{kind}-{index}.{ending}")
            if kind == "fundus":
                with open(f"{SITE}/inbox/{kind}-{index}.json", "w") as file:
                    json.dump({"patient": "P7", "eye": "left"}, file)
    with open(f"{SITE}/inbox/text.jpg", "w") as file:
        file.write("no image")
    papilla("serve", "--drain", "--config", CONFIG)


class Page:
    """A reader's browser."""

    def __init__(self, browser, address, expects="409"):
        self.page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
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
    return [json.loads(line) for line in papilla("review", "list", "--all", "--json", "--config", CONFIG).splitlines()]


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
        anna.page.uncheck("[name=undecided]")
        anna.page.check("[name=all]")
        ben.page.uncheck("[name=undecided]")
        ben.page.check("[name=all]")
        anna.page.wait_for_selector("#list button:has-text('text.jpg')")
        ben.page.wait_for_selector("#list button:has-text('text.jpg')")
        fundus(anna)
        endoscopy(anna)
        early_key(anna)
        two_readers(anna, ben)
        anna.page.click("#list button:has-text('text.jpg')")
        anna.page.wait_for_selector("#result h2:has-text('text.jpg')")
        check(anna.page.is_disabled("#correct"), "what could not be read cannot be corrected")
        anna.picture("failed")
        stranger = browser.new_context().new_page()
        check(stranger.goto(addresses[0]).status == 403, "an address that was used lets nobody else in")
        # The same site, everything undecided to be drawn blind.
        pages.terminate()
        pages.wait()
        with open(CONFIG) as file:
            text = file.read()
        with open(CONFIG, "w") as file:
            file.write(text.replace("blind_share: 0 %", "blind_share: 100 %"))
        pages = start("review", "serve", "--reader", "Anna", "--json")
        third = Page(browser, json.loads(pages.stdout.readline())["address"])
        third.page.uncheck("[name=undecided]")
        third.page.check("[name=all]")
        blind(third)
        papilla("audit", "verify", "--config", CONFIG)
        with open(CONFIG, "w") as file:
            file.write(text)
        pages.terminate()
        pages.wait()
        pages = start("review", "serve", "--reader", "Anna", "--json")
        fourth = Page(browser, json.loads(pages.stdout.readline())["address"], expects="500")
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
