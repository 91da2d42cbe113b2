"""A clinic in a folder, for the scripts beside this one: configuration, folders, images to drop, and the program at work on them."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
# Longer than anything takes, also on a machine that is busy with other work.
PATIENCE = 180


def find_program():
    """The program that the tests built, or the one that $PAPILLA names."""
    program = os.environ.get("PAPILLA") or TOP / ".build/debug/papilla"
    if not os.access(program, os.X_OK):
        sys.exit(f"There is no program {program}: build it (swift build), or name one in PAPILLA")
    return str(program)


class Clinic:
    """Folders, configuration and ledger below `folder`; the models are those of the sources."""

    def __init__(self, folder, program=None):
        self.folder = pathlib.Path(folder)
        self.program = program or find_program()
        self.process = None
        self.log = self.folder.parent / (self.folder.name + ".log")
        for name in ("inbox", "outbox", "spool", "archive", "quarantine", "ledger"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "papilla.yaml").write_text(f"""paths:
  inbox: inbox
  outbox: outbox
  spool: spool
  archive: archive
  quarantine: quarantine
  ledger: ledger/papilla.sqlite
  socket: papilla.sock
  models: {TOP}/Deploy/models
settle: {{local: 200 ms, remote: 200 ms}}
rescan: {{local: 2 s, remote: 2 s}}
disk_floor: {{space: 1 MiB, share: 0.1 %}}
threads: 1
""")

    def papilla(self, *arguments):
        """Runs a command on the clinic."""
        return subprocess.run([self.program, *arguments, "--config", self.folder / "papilla.yaml"], capture_output=True, text=True)

    def json(self, *arguments):
        """A command's answer; None where it has none."""
        result = self.papilla(*arguments, "--json")
        return json.loads(result.stdout) if result.stdout.startswith(("{", "[")) else None

    def start(self, *arguments, **environment):
        """Starts the service in the background; what it says is added to `log`."""
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--config", self.folder / "papilla.yaml", *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=os.environ | {"SWIFT_BACKTRACE": "enable=no", "OMP_WAIT_POLICY": "passive"} | environment)

    def stop(self):
        """Asks the service to end, and waits until it has."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def kill(self):
        """kill -9"""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def status(self):
        """What `papilla status` says: {running, service, ledger}."""
        return self.json("status") or {"running": False, "service": None, "ledger": None}

    def statement(self):
        """What `papilla statement` says."""
        return self.json("statement") or {}

    def bundles(self):
        """Every published report by the name of the dropped file. A bundle that is not complete is an error."""
        found = {}
        for path in sorted((self.folder / "outbox").glob("2*/*")):
            report = json.loads((path / "report.json").read_text())
            for file in report["files"]:
                if (path / file["name"]).stat().st_size != file["bytes"]:
                    raise AssertionError(f"{path}/{file['name']} is not as its report says")
            found.setdefault(report["source"]["name"], []).append(report)
        return found

    def originals(self):
        """Names of the files in archive and quarantine, without what the service adds."""
        return sorted(path.name for place in ("archive", "quarantine") for path in (self.folder / place).glob("2*/*/*")
                      if path.name not in ("reason.json", "papilla-reason.json"))

    def drop(self, name, content, folder="inbox"):
        """Puts a file into the inbox for good: written aside, on disk, then renamed."""
        target = self.folder / folder
        aside = target / f".{name}.part"
        with open(aside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(aside, target / name)
        directory = os.open(target, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def finished(self, count):
        """Waits until `count` files were received and none is pending: as long as it takes, while anything moves on. False where nothing
        does any more."""
        seen, since = None, time.monotonic()
        while True:
            statement = self.statement()
            if statement.get("received") == count and statement.get("pending") == 0:
                return True
            if statement != seen:
                seen, since = statement, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                return False
            time.sleep(0.2)

    def check(self, names):
        """Everything that must hold once nothing is left to do. Returns what does not, in words."""
        wrong = []
        statement, bundles, originals = self.statement(), self.bundles(), self.originals()
        for key, expected in (("received", len(names)), ("pending", 0), ("unexplained", 0)):
            if statement.get(key) != expected:
                wrong.append(f"statement: {key} is {statement.get(key)}, expected {expected}")
        for name in names:
            if len(bundles.get(name, [])) != 1:
                place = "in the inbox" if (self.folder / "inbox" / name).exists() else "not in the inbox"
                wrong.append(f"{name} has {len(bundles.get(name, []))} bundles, expected 1; it is {place}")
            elif bundles[name][0]["outcome"] == "failed":
                wrong.append(f"{name} failed: {bundles[name][0]['reasons']}")
        if originals != sorted(names):
            wrong.append(f"originals: {len(originals)}, expected {len(names)}")
        verdict = self.papilla("audit", "verify")
        if verdict.returncode != 0:
            wrong.append(f"audit verify: {verdict.stdout} {verdict.stderr}")
        return wrong


class Images:
    """Small phantoms, each drop of them different."""

    def __init__(self, folder, program=None, count=4):
        folder = pathlib.Path(folder)
        for kind, view in (("fundus", "disc"), ("endoscopy", "whole")):
            subprocess.run([program or find_program(), "phantom", "--kind", kind, "--count", str(count), "--seed", "77", "--out",
                            folder / kind, "--view", view], check=True, capture_output=True)
        self.files = [path.read_bytes() for path in sorted(folder.glob("*/images/*"))]
        self.suffix = next(folder.glob("*/images/*")).suffix
        shutil.rmtree(folder)
        self.made = 0

    def next(self):
        """A name and a content that there never was before."""
        self.made += 1
        return f"image-{self.made:05}{self.suffix}", self.files[self.made % len(self.files)] + b"%d" % self.made


def until(condition, patience=PATIENCE):
    """Waits until `condition` gives something that is true, and returns that; None where it never does."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.2)
    return None
