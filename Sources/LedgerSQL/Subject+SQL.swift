internal import Ledger
internal import Screening

/// Whom arrivals and visits are of: each subject has one row, which stands as long as anything is of it.
extension Subject {
    /// The number of the subject whose identifier and issuer are the arguments, as SQL; null where nothing is of it.
    static let known = "(SELECT number FROM subject WHERE identifier = ? AND issuer IS NOT DISTINCT FROM ?)"

    /// The number of a subject's row, which is made where there is none. The transaction gives it to an arrival or a visit, and binds that.
    static func number(_ db: any SQLDatabase, of subject: Subject) throws -> Int64 {
        let facts: SQLArguments = [subject.identifier, subject.issuer]
        if let number = try Int64.fetchOne(db, sql: "SELECT \(known)", arguments: facts) { return number }
        return try db.insert(sql: "INSERT INTO subject (identifier, issuer) VALUES (?, ?)", arguments: facts, key: "number")
    }

    /// The subjects to whom the rows of an ID refer.
    ///
    /// - Parameter table: `arrival` or `visit`.
    static func numbers(_ db: any SQLDatabase, in table: String, of id: ScreeningID) throws -> [Int64] {
        try Int64.fetchAll(
            db, sql: "SELECT DISTINCT subject FROM \(table) WHERE id = ? AND subject IS NOT NULL", arguments: [id.description])
    }

    /// Removes those of these subjects of whom nothing is any more. The row goes whole: nothing has to prove that it is blank, since no entry
    /// binds it by its number.
    static func release(_ db: any SQLDatabase, _ numbers: [Int64]) throws {
        for number in numbers {
            let removed = try db.execute(
                sql: """
                    DELETE FROM subject WHERE number = ? AND NOT EXISTS (SELECT 1 FROM arrival WHERE arrival.subject = subject.number)
                        AND NOT EXISTS (SELECT 1 FROM visit WHERE visit.subject = subject.number)
                    """, arguments: [number])
            guard removed > 0 else { continue }
            try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: ["\(LedgerStore.dueName)\(number)"])
        }
    }
}
