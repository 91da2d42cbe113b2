import Foundation
import Glibc

/// A PostgreSQL server of the tests' own, made and started at its first use, ended with the process. Its files are thrown away, so nothing
/// of it waits for a disk.
package final class PostgresServer: Sendable {
    /// Nil where PostgreSQL is not installed.
    package static let shared = PostgresServer()

    /// Where its socket is.
    package let folder: String

    private init?() {
        guard let binaries = Self.binaries else { return nil }
        folder = "/tmp/papilla-postgresql-\(getpid())"
        let server = folder + "/server"
        do {
            // initdb refuses root: the package's own user makes and runs it.
            try Self.run("mkdir -p \(folder) && chmod 777 \(folder)")
            let user = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --clear-groups " : ""
            try Self.run(
                "cd / && \(user)\(binaries)/initdb -D \(server) -A trust -U papilla -E UTF8 --locale C.UTF-8 -N >\(folder)/initdb.log"
            )
            let options = "-c listen_addresses= -c unix_socket_directories=\(folder) -c fsync=off -c max_connections=300"
            // Nobody waits for this one: it ends, with the server, once this process is gone.
            try Self.start(
                """
                cd /
                \(user)\(binaries)/postgres -D \(server) \(options) >\(folder)/log 2>&1 & server=$!
                while kill -0 \(getpid()) 2>/dev/null; do sleep 1; done
                kill -QUIT $server; wait; rm -rf \(folder)
                """)
            for _ in 0..<200 {
                if (try? Self.run("\(binaries)/pg_isready -q -h \(folder) -U papilla")) != nil { return }
                usleep(100_000)
            }
        } catch {}
        fatalError("PostgreSQL is installed and did not start: see \(folder)")
    }

    private static let binaries: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return versions.compactMap { Int($0) }.max().map { "/usr/lib/postgresql/\($0)/bin" }.flatMap {
            FileManager.default.isExecutableFile(atPath: $0 + "/postgres") ? $0 : nil
        }
    }()

    /// The address of a database of this name, which is made where there is none.
    package func address(of database: String) throws -> String {
        let ask = "psql -qAtX -h \(folder) -U papilla -d postgres -c"
        try Self.run(
            """
            test -n "$(\(ask) "SELECT 1 FROM pg_database WHERE datname = '\(database)'")" \
            || \(ask) 'CREATE DATABASE \(database)'
            """)
        return "postgresql:///\(database)?host=\(folder)&user=papilla"
    }

    private static func run(_ command: String) throws {
        let process = try start(command)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }

    @discardableResult
    private static func start(_ command: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", command]
        // Who waits for this process's output must not wait for the server's.
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
