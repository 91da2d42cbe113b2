package import Foundation

/// A folder of its own for one test, removed with everything in it when the value goes.
package final class TemporaryFolder: Sendable {
    package let path: String
    package var url: URL { URL(filePath: path, directoryHint: .isDirectory) }

    /// - Parameters:
    ///   - purpose: a word in its name, so that one that was left over tells what made it.
    ///   - isInMemory: on a file system without a disk where there is one: every commit waits for the disk, and thousands of them are tested.
    package init(_ purpose: String, isInMemory: Bool = false) throws {
        let place =
            isInMemory && FileManager.default.isWritableFile(atPath: "/dev/shm")
            ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        path = "\(place)/papilla-\(purpose)-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A file's content, by its path from here.
    package func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }

    /// Writes a file, folders on the way included.
    package func write(_ bytes: [UInt8], _ name: String) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    /// Makes a folder, those on the way included.
    package func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: true)
    }
}

/// The checked-out sources that the tests are of.
package enum Checkout {
    /// Its top folder.
    package static let top = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// A file's path, by its path from the top.
    package static func path(_ name: String) -> String { top.appending(path: name).path }

    /// A file's content.
    package static func read(_ name: String) throws -> Data { try Data(contentsOf: top.appending(path: name)) }
}
