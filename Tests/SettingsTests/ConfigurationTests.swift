import Imaging
import Reading
import Screening
import Settings
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    /// What a text is refused with, as a person reads it.
    private func refusal(_ text: String) -> String {
        do throws(PapillaError) {
            _ = try ConfigurationReader(file: "/etc/papilla.yaml").read(text)
            return "accepted"
        } catch { return error.code == .badConfiguration ? error.detailed : "\(error.code): \(error.detailed)" }
    }

    @Test func nothingMeansTheDefaults() throws {
        for text in ["", "# nothing\n", "paths:\n"] {
            let configuration = try ConfigurationReader(file: "/etc/papilla.yaml").read(text)
            #expect(configuration.paths.inbox == "/var/lib/papilla/inbox")
            #expect(configuration.settle.remote == .seconds(10))
            #expect(configuration.paths.metrics == nil)
        }
    }

    @Test func theShippedFileShowsTheDefaults() throws {
        let file = Checkout.path("Config/papilla.yaml")
        var defaults = Configuration()
        defaults.file = file
        #expect(try Configuration.load(path: file) == defaults)
    }

    @Test func everyKeyIsRead() throws {
        let configuration = try ConfigurationReader(file: "/srv/site/papilla.yaml").read(
            """
            paths: {inbox: in, outbox: ./out, spool: /srv/site/spool, archive: ../archive, metrics: m.prom}
            settle: {local: 500 ms, remote: 1 min}
            rescan: {local: 2 min, remote: 1 s}
            deadline: 1 h
            image_deadline: 30s
            keep_empty: 7 d
            ignore: ["*.bak", "old/*"]
            name_pattern: '^(?<patient>[0-9]+)_(?<eye>OD|OS)'
            disk_floor: {space: 500 MB, share: 5 %}
            alarms: {oldest: , silence: 8 h}
            retention: {archive: {age: 730 d}, quarantine: {age: 90 d, size: 20 GiB}}
            limits: {bytes: 10 MiB, pixels: 1000000}
            thresholds: {ratio_high: 0.7}
            threads: 2
            precision: fp32
            blind_share: 100 %
            deliveries:
            - {name: ehr, folder: ../ehr}
            - {name: copy-2, folder: /srv/copy, without_identity: true}
            - {name: engine, folder: /srv/engine, content: hl7, give_up: }
            - name: pacs
              archive: {host: pacs.example.org, port: 11112, title: PACS_1, calling: EYES, ask: true}
              give_up: 2 d
            - {name: near, archive: {host: "::1", title: NEAR}}
            hl7: true
            dicom: {sr: true}
            """)
        #expect(
            configuration.deliveries == [
                .init(name: "ehr", folder: "/srv/ehr"), .init(name: "copy-2", folder: "/srv/copy", withoutIdentity: true),
                .init(name: "engine", to: .folder("/srv/engine", .hl7), giveUp: nil),
                .init(
                    name: "pacs",
                    to: .archive(.init(host: "pacs.example.org", port: 11112, title: "PACS_1", calling: "EYES", asks: true)),
                    giveUp: .seconds(2 * 86400)),
                .init(name: "near", to: .archive(.init(host: "::1", title: "NEAR"))),
            ])
        #expect(configuration.blindShare == 1)
        let paths = configuration.paths
        #expect([paths.inbox, paths.outbox, paths.archive] == ["/srv/site/in", "/srv/site/out", "/srv/archive"])
        #expect(paths.metrics == "/srv/site/m.prom")
        #expect(configuration.settle == .init(local: .milliseconds(500), remote: .seconds(60)))
        #expect(configuration.rescan == .init(local: .seconds(120), remote: .seconds(1)))
        #expect(
            [configuration.deadline, configuration.imageDeadline, configuration.keepEmpty] == [
                .seconds(3600), .seconds(30), .seconds(604_800),
            ])
        #expect(configuration.ignore == ["*.bak", "old/*"])
        #expect(configuration.namePattern == "^(?<patient>[0-9]+)_(?<eye>OD|OS)")
        #expect(configuration.diskFloor.space == 500_000_000 && configuration.diskFloor.share == 0.05)
        #expect(configuration.alarms == .init(oldest: nil, silence: .seconds(8 * 3600)))
        #expect(configuration.retention.archive == .init(age: .seconds(730 * 86400)))
        #expect(configuration.retention.quarantine == .init(age: .seconds(90 * 86400), size: 20 << 30))
        #expect(configuration.limits.maximumBytes == 10 << 20 && configuration.limits.maximumPixels == 1_000_000)
        #expect(configuration.reading.thresholds == ["ratio_high": 0.7])
        #expect(configuration.threads == 2)
    }

    @Test("A6: readers gives users the names under which they decide") func readers() throws {
        func read(_ text: String) throws -> Configuration { try ConfigurationReader(file: "/etc/papilla.yaml").read(text) }
        #expect(try read("readers:\n  anna: A. Berg\n  '1000': C. Diaz\n").readers == ["anna": "A. Berg", "1000": "C. Diaz"])
        for wrong in ["readers: [anna]\n", "readers:\n  anna:\n", "readers:\n  anna: ' '\n"] {
            #expect { try read(wrong) } throws: { ($0 as? PapillaError)?.code == .badConfiguration }
        }
    }

    @Test(arguments: [
        (
            "paths:\n  inbx: /in\n",
            "/etc/papilla.yaml:2: paths.inbx: found an unknown key, expected one of inbox, outbox, spool, archive, quarantine, ledger, models, socket, metrics. Did you mean inbox?"
        ),
        (
            "setle: 2 s\n",
            "/etc/papilla.yaml:1: setle: found an unknown key, expected one of paths, station, settle, rescan, deadline, image_deadline, keep_empty, visit_settle, ignore, name_pattern, disk_floor, alarms, retention, limits, thresholds, readers, dicom, hl7, fhir, deliveries, threads, precision, blind_share. Did you mean settle?"
        ),
        (
            "dicom:\n  sr: perhaps\n",
            "/etc/papilla.yaml:2: dicom.sr: found \"perhaps\", expected true or false"
        ),
        (
            "deadline: 10\n",
            "/etc/papilla.yaml:1: deadline: found \"10\", expected a duration from 100 ms to 7 d, such as 2 s, 10 min or 1 h"
        ),
        (
            "\n\nsettle:\n  local: soon\n",
            "/etc/papilla.yaml:4: settle.local: found \"soon\", expected a duration from 0 s to 1 h, such as 2 s, 10 min or 1 h"
        ),
        ("settle: 2 s\n", "/etc/papilla.yaml:1: settle: found \"2 s\", expected keys with values"),
        (
            "threads: -1\n",
            "/etc/papilla.yaml:1: threads: found \"-1\", expected a whole number from 0 to 1024 (0: one for each core)"
        ),
        (
            "threads: [1]\n",
            "/etc/papilla.yaml:1: threads: found a list, expected a whole number from 0 to 1024 (0: one for each core)"
        ),
        ("precision: fp16\n", "/etc/papilla.yaml:1: precision: found \"fp16\", expected one of auto, fp32, bf16, int8"),
        (
            "disk_floor: {share: 90 %}\n",
            "/etc/papilla.yaml:1: disk_floor.share: found \"90 %\", expected a share from 0 % to 50 %, such as 2 %"
        ),
        (
            "limits:\n  bytes: 12\n",
            "/etc/papilla.yaml:2: limits.bytes: found \"12\", expected a size from 1 KiB to 16 GiB, such as 256 MiB or 1 GiB"
        ),
        ("ignore: '*.bak'\n", "/etc/papilla.yaml:1: ignore: found \"*.bak\", expected a list, such as [\"*.bak\"]"),
        ("ignore:\n- a\n- '*'\n", "/etc/papilla.yaml:3: ignore[1]: found \"*\", expected a glob that leaves something to read"),
        (
            "name_pattern: '[0-9]+'\n",
            "/etc/papilla.yaml:1: name_pattern: found \"[0-9]+\", expected a regular expression with at least one named group of patient, issuer, study, eye, accession, operator, device, taken, last, such as (?<patient>[0-9]+)"
        ),
        (
            "name_pattern: '(?<patent>[0-9]+)'\n",
            "/etc/papilla.yaml:1: name_pattern: found \"(?<patent>[0-9]+)\", expected groups named patient, issuer, study, eye, accession, operator, device, taken, last. Did you mean patient?"
        ),
        (
            "thresholds:\n  ratio_high: 7\n",
            "/etc/papilla.yaml:2: thresholds.ratio_high: threshold ratio_high is 7.0, expected 0.0 to 1.0 (ratio). Its standard value is 0.65: vertical cup-to-disc ratio from which a person should look"
        ),
        (
            "threads: 1\nthreads: 2\n",
            "/etc/papilla.yaml:1: threads: found twice, expected once. Keep one of them: nobody can tell which is meant"
        ),
        ("- a\n", "/etc/papilla.yaml:1: : found a list, expected keys with values"),
        (
            "paths:\n  inbox: /srv/a\n  outbox: /srv/a/b\n",
            "/etc/papilla.yaml:3: paths.outbox: found /srv/a/b, which overlaps paths.inbox (/srv/a), expected a folder of its own. No two of inbox, outbox, spool, archive and quarantine may lie in one another"
        ),
        (
            "paths:\n  inbox: /srv/a\n  ledger: /srv/a/l.sqlite\n",
            "/etc/papilla.yaml:3: paths.ledger: found /srv/a/l.sqlite, which lies in or above paths.inbox (/srv/a), expected a place outside of it. What is in those folders is moved and removed by the service"
        ),
        (
            "paths:\n  spool: /proc/spool\n",
            "/etc/papilla.yaml:2: paths.spool: found /proc/spool on another file system than paths.outbox (/var/lib/papilla/outbox), expected the same one. Put both on one disk, so that a rename between them is a single step"
        ),
        (
            "deliveries: ehr\n",
            "/etc/papilla.yaml:1: deliveries: found \"ehr\", expected a list, such as [{name: ehr, folder: /srv/ehr}]"
        ),
        (
            "deliveries:\n- name: ehr\n",
            "/etc/papilla.yaml:2: deliveries[0]: found keys with values, expected a name and a folder or an archive, such as {name: ehr, folder: /srv/ehr}"
        ),
        (
            "deliveries:\n- name: E.H.R.\n  folder: /srv/ehr\n",
            "/etc/papilla.yaml:2: deliveries[0].name: found \"E.H.R.\", expected a name of 1 to 32 lower-case letters, digits and hyphens, another one for each target"
        ),
        (
            "deliveries:\n- {name: a, folder: /srv/a}\n- {name: a, folder: /srv/b}\n",
            "/etc/papilla.yaml:3: deliveries[1].name: found \"a\", expected a name of 1 to 32 lower-case letters, digits and hyphens, another one for each target"
        ),
        (
            "deliveries:\n- {name: a, folder: ''}\n",
            "/etc/papilla.yaml:2: deliveries[0].folder: found nothing, expected a path"
        ),
        (
            "deliveries:\n- {name: a, folder: /srv/a, without_identity: maybe}\n",
            "/etc/papilla.yaml:2: deliveries[0].without_identity: found \"maybe\", expected true or false"
        ),
        (
            "deliveries:\n- {name: a, foldr: /srv/a}\n",
            "/etc/papilla.yaml:2: deliveries[0].foldr: found an unknown key, expected one of name, folder, content, archive, without_identity, give_up. Did you mean folder?"
        ),
        (
            "deliveries:\n- {name: a, folder: /srv/a, archive: {host: a, title: A}}\n",
            "/etc/papilla.yaml:2: deliveries[0]: found keys with values, expected a name and a folder or an archive, such as {name: ehr, folder: /srv/ehr}"
        ),
        (
            "deliveries:\n- {name: a, archive: {host: a}}\n",
            "/etc/papilla.yaml:2: deliveries[0].archive: found keys with values, expected a host and a title, such as {host: pacs.example.org, port: 11112, title: PACS}"
        ),
        (
            "deliveries:\n- {name: a, archive: {host: -x, title: A}}\n",
            "/etc/papilla.yaml:2: deliveries[0].archive.host: found \"-x\", expected a host's name or address"
        ),
        (
            "deliveries:\n- {name: a, archive: {host: a, title: A B}}\n",
            "/etc/papilla.yaml:2: deliveries[0].archive.title: found \"A B\", expected a title of 1 to 16 letters, digits, _, - and ."
        ),
        (
            "deliveries:\n- {name: a, archive: {host: a, title: A, calling: -aec}}\n",
            "/etc/papilla.yaml:2: deliveries[0].archive.calling: found \"-aec\", expected a title of 1 to 16 letters, digits, _, - and ."
        ),
        (
            "deliveries:\n- {name: a, archive: {host: a, title: A}, content: hl7}\n",
            "/etc/papilla.yaml:2: deliveries[0].content: found \"hl7\", expected none: an archive is given objects"
        ),
        (
            "deliveries:\n- {name: a, folder: /srv/a, content: text}\n",
            "/etc/papilla.yaml:2: deliveries[0].content: found \"text\", expected one of report, hl7, fhir"
        ),
        (
            "paths:\n  outbox: /srv/out\n  spool: /srv/spool\ndeliveries:\n- {name: a, folder: /srv/out/a}\n",
            "/etc/papilla.yaml:5: deliveries[0].folder: found /srv/out/a, which overlaps paths.outbox (/srv/out), expected a folder of its own. Whoever reads a target's folder may remove what is in it"
        ),
        (
            "deliveries:\n- {name: a, folder: /srv/a}\n- name: b\n  folder: /srv/a/b\n",
            "/etc/papilla.yaml:4: deliveries[1].folder: found /srv/a/b, which overlaps deliveries[0].folder (/srv/a), expected a folder of its own. Whoever reads a target's folder may remove what is in it"
        ),
        (
            "deadline: 1 s\n",
            "/etc/papilla.yaml: deadline: found 1 s, expected at least settle, 10 s. A file would be given up before it counts as whole"
        ),
    ])
    func aBadValueIsRefusedByFileLineAndKey(text: String, message: String) { #expect(refusal(text) == message) }

    @Test("D4: what is not YAML is refused with its line, once in words of the parser's")
    func whatIsNotYAMLIsRefusedWithItsLine() {
        #expect(refusal("paths:\n  inbox: [\n").hasPrefix("/etc/papilla.yaml:3: This is not YAML: "))
        #expect(refusal("deadline: @b\n").contains("This is not YAML: found character"))
        #expect(refusal("thresholds: {ratio_hi: 1}").contains("Did you mean ratio_high?"))
    }

    @Test func aMissingFileIsBadConfiguration() {
        #expect { try Configuration.load(path: "/nowhere/papilla.yaml") } throws: { ($0 as? PapillaError)?.exitStatus == 78 }
    }

    @Test func aReloadChangesOnlyWhatARunningServiceCan() throws {
        let running = try ConfigurationReader(file: "/srv/p.yaml").read("threads: 2\npaths: {inbox: a}\n")
        let read = try ConfigurationReader(file: "/srv/p.yaml").read("threads: 4\npaths: {inbox: b}\ndeadline: 1 min\n")
        #expect(read.fixedKeys(differingFrom: running) == ["paths", "threads"])
        let reloaded = read.reloaded(into: running)
        #expect(reloaded.paths.inbox == "/srv/a" && reloaded.threads == 2 && reloaded.deadline == .seconds(60))
    }

    @Test(arguments: [("2s", 2000), ("1.5 s", 1500), ("500 ms", 500), ("1 h", 3_600_000), ("7 d", 604_800_000)])
    func durations(text: String, milliseconds: Int) { #expect(Quantity.duration(text) == .milliseconds(milliseconds)) }

    @Test(arguments: ["2", "s", "-1 s", "1 s s", "", "1e3 s", "99999999999999999999 d"])
    func whatIsNoDuration(text: String) { #expect(Quantity.duration(text) == nil) }

    @Test func theFloorIsTheSmallerOfTheTwo() {
        let floor = Configuration.DiskFloor()
        #expect(floor.bytes(of: 10 << 30) == Int(Double(10 << 30) * 0.02))
        #expect(floor.bytes(of: 1 << 42) == 1 << 30)
    }

    @Test func nearMisses() {
        #expect(NearMiss.distance("inbox", "inbx") == 1)
        #expect(NearMiss.distance("spol", "spools") == 2)
        #expect(NearMiss.distance("ab", "ba") == 1)
        #expect(NearMiss.hint(for: "qqq", among: ["inbox"]) == nil)
    }
}
