package import Screening

/// What an audit entry binds to the chain: the rows that it was written with, each by digests of what it left in them.
///
/// The last entry that binds a row says what is in it now; a row that no entry binds, or that is not as its last entry left it, was changed
/// past the ledger. A row has two digests: of the columns that stay when an arrival is forgotten, and of those that can name a person. The
/// second is made with the entry's detail, which holds a salt and goes with the forgetting: nobody can guess names from it afterwards.
package struct Binding: Codable, Equatable, Sendable {
    /// A row as one entry left it.
    package struct Bound: Codable, Equatable, Sendable {
        /// Of the columns that stay; nil: the row is gone.
        package var kept: Digest?
        /// Of the columns that can name a person, with the entry's detail; nil: all of them are null.
        package var named: Digest?

        /// A row that is gone, by default.
        package init(kept: Digest? = nil, named: Digest? = nil) { (self.kept, self.named) = (kept, named) }
    }

    /// By table and key: `arrival 20261124-k7q2m9xd`, `screening 12`.
    package var rows: [String: Bound] = [:]

    /// Nothing is bound.
    package init() {}

    package init(_ text: String) throws { rows = try CanonicalJSON.decode([String: Bound].self, from: text.utf8) }

    /// Canonical JSON, as the audit keeps it and its hash covers it; nil where nothing is bound.
    package func text() throws -> String? { rows.isEmpty ? nil : try CanonicalJSON.line(rows) }
}

extension Binding {
    /// What a column holds, as digests take it: the same in every database.
    package enum Value: Sendable {
        /// As good as no column.
        case null
        case integer(Int64)
        case real(Double)
        case text(String)
        /// By its digest.
        case blob(Digest)

        /// How digests spell it; nil for what they pass over.
        fileprivate var spelling: String? {
            switch self {
            case .null: nil
            case .integer(let integer): "i\(integer)"
            case .real(let real): "r\(String(real.bitPattern, radix: 16))"
            case .text(let string): "t\(string)"
            case .blob(let digest): "b\(digest)"
            }
        }
    }

    /// A row's columns with their values, in any order.
    package typealias Columns = [(name: String, value: Value)]

    /// What a row is bound with in the place of its column `subject`: whom that refers to, by identifier and issuer. The number of a subject
    /// is in no binding: bindings stay, and one number in those of two forgotten arrivals would say that they were of one person.
    package static let subject: Set<String> = ["patient", "issuer"]

    /// The tables whose rows entries bind. `finding` is bound with its screening, a `subject` with every row that refers to it; `setting` is
    /// derived from the audit itself.
    package enum Table: String, CaseIterable, Sendable {
        case arrival, image, model, screening, decision, correction, delivery, visit

        /// The column of the primary key.
        package var key: String {
            switch self {
            case .arrival, .model, .screening, .decision, .delivery: "id"
            case .image: "sha256"
            case .visit: "number"
            case .correction: "arrival"
            }
        }

        /// Columns that can name a person, and that forgetting blanks: those of a ``Binding/subject`` among them, where the row has one.
        package var naming: Set<String> {
            switch self {
            case .arrival: Self.namingArrivals
            case .screening: ["bundle"]
            case .decision: ["note"]
            case .visit: Binding.subject.union(["study", "repeats"])
            case .image, .model, .correction, .delivery: []
            }
        }

        private static let namingArrivals: Set<String> = Binding.subject.union([
            "path", "name", "spool", "sidecar", "study", "original", "accession", "operator", "equipment", "taken",
        ])

        /// Whether a row stays as it was made, but for what forgetting blanks: no later entry may bind it to anything else.
        package var isFixed: Bool { [.screening, .decision, .model, .visit].contains(self) }

        /// A row's digests. Every column is in one of them, also one that a later migration adds; a null is as good as no column.
        ///
        /// - Parameters:
        ///   - row: its columns.
        ///   - findings: those of a screening, by kind, position and code.
        ///   - detail: of the entry that binds it; empty where it was forgotten.
        package func bound(_ row: Columns, findings: [Columns] = [], detail: String) -> Bound {
            var (kept, named) = (Netstrings(), Netstrings())
            let naming = naming
            let columns = row.sorted { $0.name < $1.name }
            kept.add(rawValue)
            Self.add(columns, to: &kept) { !naming.contains($0) }
            for finding in findings {
                kept.add("finding")
                Self.add(finding.sorted { $0.name < $1.name }, to: &kept) { _ in true }
            }
            named.add(detail)
            let empty = named
            Self.add(columns, to: &named, where: naming.contains)
            return Bound(kept: kept.digest, named: named == empty ? nil : named.digest)
        }

        private static func add(_ columns: Columns, to bytes: inout Netstrings, where isMeant: (String) -> Bool) {
            for (name, value) in columns where isMeant(name) {
                guard let text = value.spelling else { continue }
                bytes.add(name)
                bytes.add(text)
            }
        }
    }

    /// A row that an entry binds.
    package struct Key: CustomStringConvertible, Sendable {
        /// A primary key.
        package enum Value: Sendable {
            case text(String)
            case number(Int64)
        }

        package var table: Table
        package var value: Value

        package init(_ table: Table, _ value: Value) { (self.table, self.value) = (table, value) }

        package static func arrival(_ id: ScreeningID) -> Key { Key(.arrival, .text(id.description)) }
        package static func image(_ digest: Digest) -> Key { Key(.image, .text(digest.description)) }
        package static func model(_ id: Int64) -> Key { Key(.model, .number(id)) }
        package static func screening(_ id: Int64) -> Key { Key(.screening, .number(id)) }
        package static func decision(_ id: Int64) -> Key { Key(.decision, .number(id)) }
        package static func delivery(_ id: Int64) -> Key { Key(.delivery, .number(id)) }
        package static func correction(of id: ScreeningID) -> Key { Key(.correction, .text(id.description)) }

        /// As bindings name the row.
        package var description: String {
            switch value {
            case .text(let text): "\(table.rawValue) \(text)"
            case .number(let number): "\(table.rawValue) \(number)"
            }
        }
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
