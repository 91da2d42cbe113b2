internal import Foundation
internal import Screening
internal import Testing

/// A real archive, Debian's Orthanc, on ports of this machine that nobody else uses; it stands still until it is started.
package final class Orthanc {
    /// Whether it is here, with the programs that speak to it.
    package static let isInstalled = [
        "/usr/sbin/Orthanc", "/usr/bin/dcmsend", "/usr/bin/findscu", "/usr/bin/echoscu", "/usr/bin/curl",
    ]
    .allSatisfy(FileManager.default.isExecutableFile)

    /// What it is called; it refuses who calls it otherwise.
    package static let title = "TESTPACS"
    package let port: Int
    private let webPort: Int
    private let folder: TemporaryFolder
    private var process: Process?

    /// - Parameter takesJpeg: whether it takes compressed pictures.
    package init(takesJpeg: Bool = true) throws {
        folder = try TemporaryFolder("orthanc")
        (port, webPort) = (try Self.freePort(), try Self.freePort())
        let plugins = Self.hasWeb ? "\"\(Self.webPlugin)\"" : ""
        let syntaxes = takesJpeg ? "" : #""AcceptedTransferSyntaxes": ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"],"#
        let text = """
            {
              \(syntaxes)
              "Name": "\(Self.title)", "StorageDirectory": "\(folder.path)/store", "IndexDirectory": "\(folder.path)/store",
              "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "HttpPort": \(webPort), "HttpBindAddresses": ["127.0.0.1"],
              "DicomAet": "\(Self.title)", "DicomPort": \(port), "DicomCheckCalledAet": true, "DicomAlwaysAllowStore": true,
              "UnknownSopClassAccepted": false, "OverwriteInstances": false,
              "DicomModalities": {"papilla": ["PAPILLA", "127.0.0.1", 11114]},
              "Plugins": [\(plugins)], "DicomWeb": {"Enable": true, "Root": "/dicom-web/"}
            }
            """
        try folder.write(Array(text.utf8), "orthanc.json")
    }

    deinit { stop() }

    private static func freePort() throws -> Int {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) + getsockname(listener, $0, &size)
            }
        }
        try #require(status == 0, "no port is free")
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Starts it, and waits until it answers. What it had, it still has.
    package func start() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/Orthanc")
        process.arguments = ["\(folder.path)/orthanc.json"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        for _ in 0..<600 {
            if (try? text("/system")) != nil { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        Issue.record("Orthanc did not start")
    }

    package func stop() {
        // Not by SIGTERM: a program that is started from a thread of a pool may have inherited that it is held back.
        if let process {
            kill(process.processIdentifier, SIGKILL)
            while process.isRunning { Thread.sleep(forTimeInterval: 0.02) }
        }
        process = nil
    }

    private func text(_ path: String) throws -> String {
        let answer = try Program.run(["-sf", "-m", "60", "http://127.0.0.1:\(webPort)\(path)"], program: "/usr/bin/curl")
        // While it starts there is none, and that is no fault of a test.
        guard answer.status == 0 else { throw PapillaError(.internal, "No answer to \(path): \(answer.status)") }
        return answer.output
    }

    /// What it says to a question of its REST interface.
    package func ask(_ path: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text(path).utf8), options: .fragmentsAllowed)
    }

    /// Whether its plugin for DICOMweb is here.
    package static let hasWeb = FileManager.default.fileExists(atPath: webPlugin)
    private static let webPlugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"

    /// The same by DICOMweb (QIDO-RS), sorted.
    package func instancesByWeb() throws -> [String] {
        let found = try #require(try ask("/dicom-web/instances?limit=1000") as? [[String: Any]])
        return found.compactMap { (($0["00080018"] as? [String: Any])?["Value"] as? [String])?.first }.sorted()
    }

    /// One object as it keeps it, a file of DICOM.
    package func file(_ instance: String) throws -> [UInt8] {
        let found = try #require(try ask("/instances?expand") as? [[String: Any]])
        let row = try #require(found.first { ($0["MainDicomTags"] as? [String: Any])?["SOPInstanceUID"] as? String == instance })
        let id = try #require(row["ID"] as? String)
        let path = "\(folder.path)/fetched.dcm"
        let answer = try Program.run(
            ["-sf", "-m", "60", "-o", path, "http://127.0.0.1:\(webPort)/instances/\(id)/file"], program: "/usr/bin/curl")
        try #require(answer.status == 0)
        return try [UInt8](Data(contentsOf: URL(filePath: path)))
    }

    /// The UIDs of all that it has, as often as it has them, sorted.
    package func instances() throws -> [String] {
        let found = try #require(try ask("/instances?expand") as? [[String: Any]])
        return found.compactMap { ($0["MainDicomTags"] as? [String: Any])?["SOPInstanceUID"] as? String }.sorted()
    }
}
