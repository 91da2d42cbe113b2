internal import Foundation
package import Testing

/// `papilla serve` in the background, with what it said.
package final class Running {
    private let site: Site
    private let process: Process
    private let log: URL

    /// - Parameters:
    ///   - wrapper: a command before it, such as `setpriv ...`.
    ///   - drains: with `--drain`, which never rests after deaths.
    package init(_ site: Site, wrapper: [String] = [], drains: Bool = false) throws {
        self.site = site
        log = site.folder.appending(path: "serve-\(UUID().uuidString.prefix(4)).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process = try Program.start(["serve"] + (drains ? ["--drain"] : []) + ["--config", site.configuration])
        if let command = wrapper.first {
            process.executableURL = URL(fileURLWithPath: command)
            process.arguments = wrapper.dropFirst() + [Program.path, "serve", "--config", site.configuration]
        }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    deinit { if process.isRunning { kill9() } }

    package var isRunning: Bool { process.isRunning }
    package var said: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    package func kill9() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks it to stop, and waits until it has.
    package func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Asks it to read its configuration again.
    package func reload() { kill(process.processIdentifier, SIGHUP) }

    /// `papilla status --json`: exit status 1 where the ledger cannot be read, which is no reason not to look.
    package func status() throws -> [String: Any] { try site.papilla("status", "--json").json() }

    package func service() throws -> [String: Any] { try status()["service"] as? [String: Any] ?? [:] }

    /// The alarms that are on, each as `about: text`.
    package func alarms() throws -> [String] {
        (try service()["alarms"] as? [[String: Any]] ?? []).filter { $0["notice"] == nil }.map {
            "\($0["about"] ?? ""): \($0["text"] ?? "")"
        }
    }

    /// Processor time used so far, seconds: user and system, of /proc/PID/stat.
    package func processorSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Lets it have so much more writable memory than it has now (RLIMIT_DATA).
    package func limitData(toWhatItHasAnd bytes: Int) throws {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmData:") })
        let kibibytes = try #require(Int(line.filter(\.isNumber)))
        #expect(Machine.run("prlimit", "--pid", "\(process.processIdentifier)", "--data=\(kibibytes * 1024 + bytes)"))
    }

    /// Resident memory, bytes.
    package func memory() throws -> Int { try service()["memory"] as? Int ?? 0 }

    /// Waits until something is so; the bound is far more than it takes on a busy machine.
    package func eventually(
        _ what: String, within seconds: Int = 300, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () throws -> Bool
    ) throws {
        let end = Date().addingTimeInterval(Double(seconds))
        while Date() < end {
            if try isSo() { return }
            try #require(isRunning, "the service ended: \(said)", sourceLocation: sourceLocation)
            Thread.sleep(forTimeInterval: 0.2)
        }
        Issue.record("never happened: \(what)\n\(said)", sourceLocation: sourceLocation)
        throw CocoaError(.userCancelled)
    }

    /// Waits until so many arrivals have come and all have ended.
    package func waitForAll(_ count: Int, within seconds: Int = 300, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try eventually("\(count) arrivals end", within: seconds, sourceLocation: sourceLocation) {
            let states = (try status()["ledger"] as? [String: Any])?["states"] as? [String: Int] ?? [:]
            return states["finished"] == count && states.values.reduce(0, +) == count
        }
    }
}

/// What the tests can do to a machine, and what they cannot.
package enum Machine {
    /// `Deploy/test --soak` sets this: the full numbers.
    package static let isSoak = ProcessInfo.processInfo.environment["PAPILLA_SOAK"] != nil

    @discardableResult
    package static func run(_ command: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// Whether file systems may be mounted: root outside of a strict container.
    package static let mounts: Bool = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "papilla-mount-\(UUID().uuidString.prefix(8))").path
        guard geteuid() == 0, mkdir(folder, 0o700) == 0 else { return false }
        defer { rmdir(folder) }
        guard run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) else { return false }
        return run("umount", folder)
    }()

    /// Permissions mean nothing to root; without this capability they do.
    package static var obeysPermissions: [String] {
        geteuid() == 0 ? ["/usr/bin/setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"] : []
    }

    /// Whether what is run so obeys them: root needs setpriv, and the capability to give others up.
    package static let canObeyPermissions =
        geteuid() != 0 || run("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search", "true")
}

/// A file system of its own, unmounted when the test is over.
package final class Mounted {
    package let path: String

    package init(_ path: String, _ options: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try #require(Machine.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path))
    }

    package func remount(_ options: String) { #expect(Machine.run("mount", "-o", "remount,\(options)", path)) }

    deinit { Machine.run("umount", "-l", path) }
}
