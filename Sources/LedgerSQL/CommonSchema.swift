/// Parts of the tables that are the same SQL in a file and in PostgreSQL.
package enum CommonSchema {
    /// Indexes of schema 6, for what the service asks again and again: who used a reading again, what was kept long enough, and how arrivals
    /// ended.
    package static let indexes = """
        CREATE INDEX screening_reused ON screening (reused_from) WHERE reused_from IS NOT NULL;
        CREATE INDEX arrival_expired ON arrival (expired) WHERE expired IS NOT NULL;
        CREATE INDEX arrival_outcome ON arrival (outcome) WHERE outcome IS NOT NULL;

        """
}
