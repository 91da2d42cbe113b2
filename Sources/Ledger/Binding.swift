internal import GRDB
internal import Screening

/// What an audit entry binds to the chain: the rows that it was written with, each by digests of what it left in them.
///
/// The last entry that binds a row says what is in it now; a row that no entry binds, or that is not as its last entry left it, was changed
/// past the ledger. A row has two digests: of the columns that stay when an arrival is forgotten, and of those that can name a person. The
/// second is made with the entry's detail, which holds a salt and goes with the forgetting: nobody can guess names from it afterwards.
struct Binding: Codable, Equatable {
    /// A row as one entry left it.
    struct Bound: Codable, Equatable {
        /// Of the columns that stay; nil: the row is gone.
        var kept: Digest?
        /// Of the columns that can name a person, with the entry's detail; nil: all of them are null.
        var named: Digest?
    }

    /// By table and key: `arrival 20261124-k7q2m9xd`, `screening 12`.
    var rows: [String: Bound] = [:]

    /// Canonical JSON, as the audit keeps it and its hash covers it; nil where nothing is bound.
    func text() throws -> String? { rows.isEmpty ? nil : try CanonicalJSON.line(rows) }

    init(_ text: String) throws { rows = try CanonicalJSON.decode([String: Bound].self, from: text.utf8) }

    /// The rows as they are now, inside the transaction that writes the entry.
    init(_ db: Database, _ keys: [Key], detail: String) throws {
        for key in keys {
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM \(key.table.rawValue) WHERE \(key.table.key) = ?", arguments: [key.value])
            rows[key.description] = try row.map { try key.table.bound(db, $0, detail: detail) } ?? Bound()
        }
    }
}

extension Binding {
    /// The tables whose rows entries bind. `finding` is bound with its screening; `setting` is derived from the audit itself.
    enum Table: String, CaseIterable {
        case arrival, image, model, screening, decision, correction, delivery

        /// The column of the primary key.
        var key: String {
            switch self {
            case .arrival, .model, .screening, .decision, .delivery: "id"
            case .image: "sha256"
            case .correction: "arrival"
            }
        }

        /// Columns that can name a person, and that forgetting blanks.
        var naming: Set<String> {
            switch self {
            case .arrival:
                [
                    "path", "name", "spool", "sidecar", "patient", "study", "original", "issuer", "accession", "operator",
                    "equipment",
                    "taken",
                ]
            case .screening: ["bundle"]
            case .decision: ["note"]
            case .image, .model, .correction, .delivery: []
            }
        }

        /// Whether a row stays as it was made, but for what forgetting blanks: no later entry may bind it to anything else.
        var isFixed: Bool { [.screening, .decision, .model].contains(self) }

        /// A row's digests. Every column is in one of them, also one that a later migration adds; a null is as good as no column.
        func bound(_ db: Database, _ row: Row, detail: String) throws -> Bound {
            var (kept, named) = (Netstrings(), Netstrings())
            kept.add(rawValue)
            Self.add(row, to: &kept) { !naming.contains($0) }
            if self == .screening {
                let findings = try Row.fetchCursor(
                    db, sql: "SELECT * FROM finding WHERE screening = ? ORDER BY kind, position, code",
                    arguments: [row["id"] as Int64])
                while let finding = try findings.next() {
                    kept.add("finding")
                    Self.add(finding, to: &kept) { _ in true }
                }
            }
            named.add(detail)
            let empty = named
            Self.add(row, to: &named, where: naming.contains)
            return Bound(kept: kept.digest, named: named == empty ? nil : named.digest)
        }

        private static func add(_ row: Row, to bytes: inout Netstrings, where isMeant: (String) -> Bool) {
            for (column, value) in row.sorted(by: { $0.0 < $1.0 }) where isMeant(column) {
                let text: String
                switch value.storage {
                case .null: continue
                case .int64(let integer): text = "i\(integer)"
                case .double(let real): text = "r\(String(real.bitPattern, radix: 16))"
                case .string(let string): text = "t\(string)"
                case .blob(let data): text = "b\(Digest(of: data))"
                }
                bytes.add(column)
                bytes.add(text)
            }
        }
    }

    /// A row that an entry binds.
    struct Key: CustomStringConvertible {
        var table: Table
        var value: DatabaseValue

        static func arrival(_ id: ScreeningID) -> Key { Key(table: .arrival, value: id.description.databaseValue) }
        static func image(_ digest: Digest) -> Key { Key(table: .image, value: digest.description.databaseValue) }
        static func model(_ id: Int64) -> Key { Key(table: .model, value: id.databaseValue) }
        static func screening(_ id: Int64) -> Key { Key(table: .screening, value: id.databaseValue) }
        static func decision(_ id: Int64) -> Key { Key(table: .decision, value: id.databaseValue) }
        static func delivery(_ id: Int64) -> Key { Key(table: .delivery, value: id.databaseValue) }
        static func correction(of id: ScreeningID) -> Key { Key(table: .correction, value: id.description.databaseValue) }

        /// Every row of an arrival that forgetting may blank.
        static func all(_ db: Database, of id: String) throws -> [Key] {
            let screenings = try Int64.fetchAll(
                db, sql: "SELECT id FROM screening WHERE arrival = ? ORDER BY id", arguments: [id])
            let decisions = try Int64.fetchAll(
                db,
                sql:
                    "SELECT decision.id FROM decision JOIN screening ON screening.id = decision.screening WHERE arrival = ? ORDER BY 1",
                arguments: [id])
            return [Key(table: .arrival, value: id.databaseValue)] + screenings.map(Key.screening) + decisions.map(Key.decision)
        }

        /// The rows of one table, as keys.
        static func all(_ db: Database, in table: Table) throws -> [Key] {
            try DatabaseValue.fetchAll(db, sql: "SELECT \(table.key) FROM \(table.rawValue) ORDER BY 1").map {
                Key(table: table, value: $0)
            }
        }

        var description: String { "\(table.rawValue) \(String.fromDatabaseValue(value) ?? "\(value)")" }
    }
}

/// Fields one after the other, each with its length, so that no two lists of fields share their bytes.
struct Netstrings: Equatable {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: String) {
        bytes += "\(field.utf8.count):".utf8
        bytes += field.utf8
        bytes.append(UInt8(ascii: ","))
    }

    var digest: Digest { Digest(of: bytes) }
}
