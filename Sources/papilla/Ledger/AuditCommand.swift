internal import ArgumentParser
internal import Glibc
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla audit`: who did what, and whether everything is as it was left.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Lists the audit and verifies ledger, bundles and folders.",
        discussion: """
            Every change in the ledger has an entry in the audit, and each entry holds the hash of the one before. Only reads: it may run \
            while the service works.

            Example: papilla audit verify --expect $(cat noted-head)
            """,
        subcommands: [List.self, Verify.self], defaultSubcommand: List.self)

    /// `papilla audit list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists audit entries, oldest first.",
            discussion: """
                A detail may name a file or a patient, so the table leaves details out; --json has them.

                Example: papilla audit list --subject k7q --json
                """)
        @OptionGroup var configuration: ConfigurationOption
        @Option(help: "Only of this subject: an arrival's ID (or three or more characters of it), a model, service.") var subject:
            String?
        @Option(help: "Only of this event: received, claimed, begun, waiting, finished, forgotten, ...") var event: String?
        @Option(help: "Only from this day or time (UTC) on.") var since: Moment?
        @Option(help: "Only until the end of this day, or before this time (UTC).") var until: Moment?
        @Option(help: "At most so many, the newest.") var limit: Int?
        @Flag(help: "Print one JSON value: a list, an entry a line.") var json = false

        func validate() throws {
            if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more, not \(limit)") }
        }

        func run() async throws {
            let ledger = try await configuration.load().paths.openLedger()
            var filter = AuditFilter(subject: subject, event: event, since: since?.start, until: until?.end, limit: limit)
            if let subject, subject.count >= 3, let arrival = try? await ledger.arrival(matching: subject) {
                filter.subject = arrival.id.description
            }
            let entries = try await ledger.auditEntries(filter)
            if json {
                print("[" + (try entries.map { try CanonicalJSON.line($0) }.joined(separator: ",\n")) + "]")
            } else {
                let cells = entries.map {
                    ["\($0.seq)", "\($0.at)", $0.actor, $0.event, $0.subject, String($0.hash.description.prefix(12))]
                }
                print(TextTable(["seq", "at", "actor", "event", "subject", "hash"], cells, right: [0]).text)
            }
        }
    }

    /// `papilla audit verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Recomputes the chain and the digests of every row, bundle and original, and holds the folders against the ledger both ways.",
            discussion: """
                Prints the chain's head. Note it elsewhere and give it back with --expect: a chain that was cut at its end, or rebuilt whole, \
                is whole in itself. An older head is as good: the chain must still hold it. Paths are named with --verbose only. Exit status 1 \
                if anything is wrong.

                Example: papilla audit verify --json
                """)
        @OptionGroup var configuration: ConfigurationOption
        @Option(help: ArgumentHelp("A head noted before: 64 hexadecimal digits.", valueName: "head")) var expect: String?
        @Flag(help: "Print one JSON value.") var json = false

        func validate() throws {
            if let expect, Digest(expect) == nil {
                throw ValidationError("--expect takes a head: 64 hexadecimal digits in lower case")
            }
        }

        func run() async throws {
            let loaded = try configuration.load()
            let ledger = try await loaded.paths.openLedger()
            let bar = isatty(STDERR_FILENO) == 1 ? ProgressBar() : nil
            defer { bar?.end() }
            var verification = try await ledger.verify(loaded.paths.folders(of: ledger), expecting: expect) { progress in
                bar?.show(
                    Double(progress.checked) / Double(max(1, progress.arrivals)),
                    "\(progress.checked) of \(progress.arrivals) arrivals verified")
            }
            bar?.end()
            // A path may name a file or a patient.
            if !CommandLine.arguments.contains("--verbose") {
                for index in verification.problems.indices { verification.problems[index].place = nil }
            }
            if json {
                print(try CanonicalJSON.document(verification), terminator: "")
            } else {
                for problem in verification.problems {
                    print(
                        "\(problem.kind.rawValue)  \(problem.subject)  \(problem.detail)"
                            + (problem.place.map { "  \($0)" } ?? ""))
                }
                print(
                    verification.ok
                        ? "ok"
                        : "not ok: \(verification.problems.count) \(verification.problems.count == 1 ? "problem" : "problems")")
                print("\(verification.arrivals) arrivals, \(verification.bundles) bundles, \(verification.entries) audit entries")
                print("head \(verification.head)")
            }
            if !verification.ok { throw ExitCode.failure }
        }
    }
}
