internal import Ledger
internal import LedgerSQL
internal import Screening

/// The tables in PostgreSQL: those of the SQLite file, column by column, in a schema `papilla`, with the same rules kept by triggers; and
/// besides them what only several stations need.
///
/// Text is compared byte by byte, whatever the database's own collation: times, IDs and digests sort as they do in SQLite.
enum PostgresSchema {
    /// The newest schema that this Papilla knows: its tables are those of the SQLite file of that number.
    static let version = 6
    /// The advisory lock that every change holds: "PPLA".
    static let lock = 0x5050_4C41

    /// Makes the tables and the audit's first entry, unless they are there.
    static func createIfMissing(_ session: PostgresSession, at time: Timestamp) throws {
        try alone(session) {
            guard try !isThere(session) else { return }
            try create(session)
            let identity = AuditEntry.randomHexadecimal()
            try session.execute(
                sql: "INSERT INTO setting (name, value, at) VALUES ('identity', ?, ?)",
                arguments: [identity, time.description])
            try AuditEntry.append(
                session, at: time, actor: "service", event: .created, subject: identity, detail: ["schema": version])
        }
    }

    /// Brings tables of an earlier schema to this one, where they are not yet: by whoever comes first. Every station of an earlier version
    /// loses its lease with it.
    static func migrate(_ session: PostgresSession, at time: Timestamp) throws {
        guard try isThere(session), let found = try Self.found(session), found >= earliest, found < version else { return }
        try alone(session) {
            guard let found = try Self.found(session), found >= earliest, found < version else { return }
            for (number, sql) in migrations where number > found {
                try session.run(sql)
                try session.execute(sql: "UPDATE schema_version SET version = ?", arguments: [number])
                let identity: String? = try session.rows(
                    sql: "SELECT subject FROM audit WHERE seq = 1", arguments: [], limit: 1
                ).first?["subject"]
                guard let identity else { continue }
                try AuditEntry.append(
                    session, at: time, actor: "service", event: .migrated, subject: identity, detail: ["schema": number])
            }
        }
    }

    /// One transaction, while nobody else changes anything.
    private static func alone(_ session: PostgresSession, _ body: () throws -> Void) throws {
        try session.run("BEGIN; SELECT pg_advisory_xact_lock(\(lock))")
        do {
            try body()
            try session.run("COMMIT")
        } catch {
            try? session.run("ROLLBACK")
            throw error
        }
    }

    /// The earliest schema that is kept in PostgreSQL: those before it are of files alone.
    private static let earliest = 5

    /// By the schema that each makes of the one before. Those who only read understand the tables of every earlier one: no migration may
    /// change what stands in them.
    private static let migrations = [(6, CommonSchema.indexes)]

    /// Makes the tables, empty.
    static func create(_ session: PostgresSession) throws {
        try session.run("CREATE SCHEMA IF NOT EXISTS papilla")
        try session.run(functions)
        try session.run(tables)
        try session.run(guards)
        try session.run(stations)
        try session.run(CommonSchema.indexes)
        try session.execute(sql: "INSERT INTO schema_version (version) VALUES (?)", arguments: [version])
    }

    static func isThere(_ session: PostgresSession) throws -> Bool {
        let found = try session.rows(
            sql: "SELECT to_regclass('papilla.schema_version') IS NOT NULL AS found", arguments: [], limit: 1)
        return found.first?["found"] ?? false
    }

    /// The schema of the tables that are there.
    private static func found(_ session: PostgresSession) throws -> Int? {
        try session.rows(sql: "SELECT version FROM schema_version", arguments: [], limit: 1).first?["version"]
    }

    /// Refuses what is no ledger of ours, or one of another schema; who only reads may read an earlier one.
    static func check(_ session: PostgresSession, path: String, _ mode: LedgerMode) throws {
        guard try isThere(session) else {
            throw PapillaError(
                .notFound, "There is no ledger in this database", place: path,
                hint: "papilla serve makes it at its first start; look at paths.ledger in the configuration")
        }
        let found = try Self.found(session)
        guard let found, found <= version else {
            throw PapillaError(
                .refused,
                "The ledger was written by a newer Papilla (schema \(found ?? 0)); this one knows schema \(version)", place: path,
                hint: "Install that version here, too: every station needs it")
        }
        guard found == version || (mode == .readOnly && found >= earliest) else {
            throw PapillaError(
                .refused, "The ledger has schema \(found), which no released Papilla kept in PostgreSQL", place: path,
                hint: "Copy it to a file with the Papilla that wrote it, and from there into an empty database with this one")
        }
    }

    /// The numbers of new rows follow those that were copied.
    static func continueNumbers(_ session: PostgresSession) throws {
        for (table, column) in [
            ("model", "id"), ("screening", "id"), ("decision", "id"), ("delivery", "id"), ("visit", "number"),
            ("subject", "number"),
        ] {
            try session.run(
                """
                SELECT setval(pg_get_serial_sequence('\(table)', '\(column)'),
                    coalesce((SELECT max(\(column)) FROM \(table)), 0) + 1, false)
                """)
        }
    }

    // MARK: - What SQLite has built in

    private static let functions = """
        CREATE FUNCTION json_valid(document text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN
            PERFORM document::json;
            RETURN document IS NOT NULL;
        EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN RETURN false;
        END $$;
        CREATE FUNCTION json_extract(document text, path text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
            SELECT CASE json_typeof(found) WHEN 'null' THEN NULL WHEN 'boolean' THEN CASE found #>> '{}' WHEN 'true' THEN '1' ELSE '0' END
                ELSE found #>> '{}' END
            FROM (SELECT document::json #> string_to_array(substr(path, 3), '.') AS found) AS looked
        $$;
        CREATE FUNCTION json_each(document text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE AS $$
            SELECT json_array_elements_text(document::json)
        $$;
        CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT strpos($1, $2) $$;
        """

    // MARK: - Tables

    static let text = "TEXT COLLATE \"C\""
    private static let number = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    private static let outcomes = "('measured', 'no_finding', 'ungradable', 'out_of_domain', 'failed')"

    private static let tables = """
        CREATE TABLE schema_version (version INTEGER NOT NULL);

        CREATE TABLE image (
            sha256 \(text) NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
            bytes BIGINT NOT NULL CHECK (bytes >= 0),
            format \(text),
            width BIGINT CHECK (width > 0),
            height BIGINT CHECK (height > 0),
            first_seen \(text) NOT NULL
        );

        CREATE TABLE subject (
            number \(number),
            identifier \(text) NOT NULL,
            issuer \(text)
        );
        CREATE UNIQUE INDEX subject_once ON subject (identifier, (coalesce(issuer, '')), (issuer IS NULL));

        CREATE TABLE arrival (
            id \(text) NOT NULL PRIMARY KEY CHECK (length(id) = 17),
            suffix \(text) NOT NULL GENERATED ALWAYS AS (substr(id, 10)) STORED,
            path \(text),
            name \(text),
            urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
            received \(text) NOT NULL,
            device BIGINT NOT NULL,
            inode BIGINT NOT NULL,
            state \(text) NOT NULL CHECK (state IN ('received', 'claimed', 'reading', 'waiting', 'finished')),
            changed \(text) NOT NULL,
            waits_for \(text),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            spool \(text) UNIQUE,
            sidecar \(text),
            study \(text),
            eye \(text) NOT NULL DEFAULT 'unknown' CHECK (eye IN ('right', 'left', 'unknown')),
            sha256 \(text) REFERENCES image,
            bytes BIGINT CHECK (bytes >= 0),
            outcome \(text) CHECK (outcome IN \(outcomes)),
            finished \(text),
            original \(text) UNIQUE,
            expired \(text),
            forgotten \(text),
            accession \(text),
            operator \(text),
            equipment \(text),
            taken \(text),
            eye_from \(text) CHECK (eye_from IN ('sidecar', 'container', 'name')),
            last INTEGER NOT NULL DEFAULT 0 CHECK (last IN (0, 1)),
            sidecar_sha256 \(text) CHECK (length(sidecar_sha256) = 64),
            subject BIGINT REFERENCES subject,
            CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
            CHECK ((state = 'finished') = (outcome IS NOT NULL)),
            CHECK ((state = 'finished') = (finished IS NOT NULL)),
            CHECK (forgotten IS NULL OR state = 'finished'),
            CHECK (expired IS NULL OR state = 'finished'),
            CHECK (forgotten IS NOT NULL OR (path IS NOT NULL AND name IS NOT NULL))
        );
        CREATE INDEX arrival_suffix ON arrival (suffix);
        CREATE INDEX arrival_received ON arrival (received, outcome);
        CREATE INDEX arrival_finished ON arrival (finished);
        CREATE INDEX arrival_pending ON arrival (urgent DESC, received, id) WHERE state <> 'finished';
        CREATE INDEX arrival_failed ON arrival (finished) WHERE outcome = 'failed';
        CREATE INDEX arrival_subject ON arrival (subject, received, id) WHERE subject IS NOT NULL;
        CREATE INDEX arrival_sha256 ON arrival (sha256) WHERE sha256 IS NOT NULL;

        CREATE TABLE model (
            id \(number),
            task \(text) NOT NULL CHECK (task IN ('router', 'disc', 'cup', 'polyp')),
            name \(text) NOT NULL,
            sha256 \(text) NOT NULL CHECK (length(sha256) = 64),
            precision \(text) NOT NULL,
            first_used \(text) NOT NULL,
            UNIQUE (task, name, sha256, precision)
        );

        CREATE TABLE screening (
            id \(number),
            arrival \(text) NOT NULL REFERENCES arrival,
            version INTEGER NOT NULL CHECK (version >= 1),
            at \(text) NOT NULL,
            sha256 \(text) REFERENCES image,
            key \(text),
            outcome \(text) NOT NULL CHECK (outcome IN \(outcomes)),
            modality \(text) CHECK (modality IN ('fundus', 'endoscopy', 'neither')),
            quality \(text) CHECK (quality IN ('good', 'usable', 'ungradable')),
            eye \(text) NOT NULL CHECK (eye IN ('right', 'left', 'unknown')),
            bundle \(text) UNIQUE,
            bundle_sha256 \(text) NOT NULL CHECK (length(bundle_sha256) = 64),
            reused_from \(text) REFERENCES arrival,
            router BIGINT REFERENCES model,
            disc BIGINT REFERENCES model,
            cup BIGINT REFERENCES model,
            polyp BIGINT REFERENCES model,
            wait_ms DOUBLE PRECISION NOT NULL,
            decode_ms DOUBLE PRECISION NOT NULL,
            route_ms DOUBLE PRECISION NOT NULL,
            infer_ms DOUBLE PRECISION NOT NULL,
            render_ms DOUBLE PRECISION NOT NULL,
            publish_ms DOUBLE PRECISION NOT NULL,
            UNIQUE (arrival, version)
        );
        CREATE INDEX screening_reuse ON screening (sha256, key) WHERE key IS NOT NULL AND outcome <> 'failed';

        CREATE TABLE finding (
            screening BIGINT NOT NULL REFERENCES screening,
            kind \(text) NOT NULL CHECK (kind IN ('reason', 'measure', 'polyp', 'attention')),
            position INTEGER NOT NULL CHECK (position >= 0),
            code \(text) NOT NULL,
            value DOUBLE PRECISION,
            threshold DOUBLE PRECISION,
            detail \(text),
            PRIMARY KEY (screening, kind, position, code)
        );
        CREATE INDEX finding_code ON finding (kind, code);

        CREATE TABLE decision (
            id \(number),
            screening BIGINT NOT NULL REFERENCES screening,
            reader \(text) NOT NULL,
            verdict \(text) NOT NULL CHECK (verdict IN ('accept', 'reject', 'correct')),
            note \(text),
            actor \(text) NOT NULL,
            result BIGINT UNIQUE REFERENCES screening,
            at \(text) NOT NULL,
            blind INTEGER NOT NULL DEFAULT 0 CHECK (blind = 0 OR (blind = 1 AND verdict = 'correct')),
            CHECK ((verdict = 'correct') = (result IS NOT NULL))
        );
        CREATE INDEX decision_screening ON decision (screening);

        CREATE TABLE correction (
            arrival \(text) NOT NULL PRIMARY KEY REFERENCES arrival,
            version INTEGER NOT NULL CHECK (version > 1),
            actor \(text) NOT NULL,
            at \(text) NOT NULL
        );

        CREATE TABLE setting (
            name \(text) NOT NULL PRIMARY KEY,
            value \(text) NOT NULL,
            at \(text) NOT NULL
        );

        CREATE TABLE audit (
            seq BIGINT PRIMARY KEY,
            at \(text) NOT NULL,
            actor \(text) NOT NULL,
            event \(text) NOT NULL,
            subject \(text) NOT NULL,
            detail \(text),
            detail_sha256 \(text) NOT NULL CHECK (length(detail_sha256) = 64),
            previous \(text) NOT NULL CHECK (length(previous) = 64),
            hash \(text) NOT NULL CHECK (length(hash) = 64),
            rule INTEGER NOT NULL DEFAULT 1,
            binding \(text)
        );
        CREATE INDEX audit_subject ON audit (subject, seq);
        CREATE INDEX audit_hash ON audit (hash);
        CREATE INDEX audit_event ON audit (event, seq);

        CREATE TABLE delivery (
            id \(number),
            screening BIGINT NOT NULL REFERENCES screening,
            target \(text) NOT NULL,
            state \(text) NOT NULL CHECK (state IN ('due', 'withheld', 'delivered', 'cancelled')),
            why \(text) CHECK (why IN ('no_identity', 'identity_conflict', 'rejected', 'superseded', 'forgotten')),
            due \(text) NOT NULL,
            changed \(text) NOT NULL,
            UNIQUE (screening, target),
            CHECK ((state IN ('withheld', 'cancelled')) = (why IS NOT NULL))
        );
        CREATE INDEX delivery_due ON delivery (target, id) WHERE state = 'due';
        CREATE INDEX delivery_state ON delivery (target, state, due);

        CREATE TABLE visit (
            number \(number),
            id \(text) NOT NULL CHECK (length(id) = 17),
            version INTEGER NOT NULL CHECK (version >= 1),
            at \(text) NOT NULL,
            subject BIGINT REFERENCES subject,
            study \(text),
            day \(text) NOT NULL CHECK (length(day) = 10),
            weight BIGINT NOT NULL CHECK (weight >= 0),
            worst \(text) CHECK (worst IN ('right', 'left')),
            attention \(text) NOT NULL,
            images \(text) NOT NULL,
            repeats \(text),
            sha256 \(text) NOT NULL CHECK (length(sha256) = 64),
            page_sha256 \(text) NOT NULL CHECK (length(page_sha256) = 64),
            UNIQUE (id, version)
        );
        CREATE INDEX visit_subject ON visit (subject, id, version) WHERE subject IS NOT NULL;
        CREATE INDEX visit_weight ON visit (weight DESC, day DESC) WHERE subject IS NOT NULL;
        CREATE INDEX visit_repeats ON visit (number) WHERE repeats IS NOT NULL;
        CREATE INDEX visit_forgotten ON visit (id) WHERE subject IS NULL;
        """
}
