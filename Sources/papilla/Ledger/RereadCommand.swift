internal import ArgumentParser
internal import Ledger
internal import Screening
internal import Service
internal import Settings

/// `papilla reread SUBJECT|ID`: earlier originals are read again by today's models.
struct RereadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reread", abstract: "Reads earlier originals again by today's models.",
        discussion: """
            Each becomes the next version of the same arrival, with a bundle of its own; what was published stands. So the line of an eye in \
            papilla history is whole again where models have changed. What a reader drew or rejected is left as it is; what a reader accepted \
            is read again and waits for a decision. Each one is said, and the exit status is 1 where any could not be read: its original was \
            kept long enough, it was forgotten, or it could not be read when it came. The running service does it and notes who asked; \
            without one it is done here. For members of the group papilla-readers.

            Examples: papilla reread 4711
            papilla reread k7q2m9xd
            """)
    @Argument(help: "Numbers of subjects, and IDs or unique beginnings of their second parts.") var whose: [String]
    @Option(help: "Who gave the numbers: every argument is then a subject's. An empty text: nobody is stated.")
    var issuer: String?
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON line for each.") var json = false

    /// How many of them are said by a progress bar.
    private static let patience = Duration.seconds(2)

    func validate() throws {
        if whose.isEmpty { throw ValidationError("Expected a subject's number or an ID.") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        let ledger = try await loaded.paths.openLedger()
        var ids: [ScreeningID] = []
        for text in whose { for id in try await arrivals(of: text, in: ledger) where !ids.contains(id) { ids.append(id) } }
        let rereading = try await Rereading(loaded)
        let (bar, start) = (ProgressBar(), ContinuousClock.now)
        var subjects: Set<Subject> = []
        var unread = 0
        for (index, id) in ids.enumerated() {
            if ContinuousClock.now - start > Self.patience {
                bar.show(Double(index) / Double(ids.count), "\(index) of \(ids.count) read")
            }
            do {
                let reread = try await rereading.read(id)
                if reread.result == .read, let subject = try await ledger.arrival(id)?.identification.subject {
                    subjects.insert(subject)
                }
                if !reread.result.isSettled { unread += 1 }
                bar.end()
                print(json ? try CanonicalJSON.line(reread) : Self.words(reread))
            } catch let error as PapillaError where error.code == .damaged {
                // The others are still read; the exit status tells.
                unread += 1
                bar.note("papilla: \(id): \(error.message)")
            }
        }
        bar.end()
        try await rereading.end(of: subjects)
        guard unread == 0 else { throw ExitCode(1) }
    }

    /// The arrivals that an argument means: a subject's that could be read when they came, or the one of an ID.
    private func arrivals(of text: String, in ledger: any WholeLedger) async throws -> [ScreeningID] {
        var named: ScreeningID?
        if issuer == nil {
            do throws(PapillaError) { named = try await ledger.arrival(matching: text).id } catch {
                guard error.code == .notFound || error.code == .badInput else { throw error }
            }
        }
        if let named, named.description == text { return [named] }
        let subjects = try await ledger.subjects(numbered: text)
        if let named {
            guard subjects.isEmpty else {
                throw PapillaError(
                    .badInput, "This is a subject's number and the beginning of an ID", place: text,
                    hint: "Give the whole ID, \(named), or say whose number it is with --issuer")
            }
            return [named]
        }
        guard issuer != nil || !subjects.isEmpty else {
            throw PapillaError(
                .notFound, "The ledger has neither a subject of this number nor one arrival of this ID", place: text,
                hint: "papilla review list shows both")
        }
        let subject = try subjects.chosen(text, issuer: issuer)
        var found: [ScreeningID] = []
        for id in try await ledger.arrivals(of: subject) where try await ledger.arrival(id)?.outcome != .failed {
            found.append(id)
        }
        return found
    }

    private static func words(_ reread: RereadArrival) -> String {
        func ratio(_ value: Double?) -> String { value.map(TextTable.decimal) ?? "-" }
        let what =
            switch reread.result {
            case .read:
                "read again, version \(reread.version ?? 0) is published: ratio \(ratio(reread.before)) -> \(ratio(reread.after))"
            case .current: "left: today's models have read it"
            case .drawn: "left: a reader drew its outlines"
            case .rejected: "left: a reader rejected it"
            case .failed: "not read: it could not be read when it came (papilla requeue)"
            case .pending: "not read: it has not ended yet, and today's models will read it"
            case .expired: "not read: its original was kept long enough and is gone"
            case .forgotten: "not read: it was forgotten"
            }
        return "\(reread.id) \(what)"
    }
}
