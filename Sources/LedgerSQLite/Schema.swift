internal import GRDB
internal import Ledger
internal import LedgerSQL
internal import Screening

/// The tables. One migration a version; none is edited after its release.
///
/// Times are RFC 3339 text in UTC with milliseconds, so that they sort as text. Digests are 64 hexadecimal digits. Columns that can name
/// a person (name, path, spool, sidecar, subject, study, original, bundle, and those of `identity`) are null only before they are known or after `forget`.
enum Schema {
    /// "PPLA" in SQLite's header: what `file` shows, and what tells a ledger from any other database.
    static let applicationID: Int32 = 0x5050_4C41
    /// The newest schema that this Papilla knows; also SQLite's user_version.
    static let version = 6

    /// - Parameter time: of the audit entries that a migration adds; nil: it adds none, to a copy that is only looked at.
    static func migrator(at time: Timestamp?) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: tables + guards + "PRAGMA application_id = \(applicationID); PRAGMA user_version = 1;")
        }
        migrator.registerMigration("2") { db in
            try db.execute(sql: identity + blindDecisions + bindings + "PRAGMA user_version = 2;")
            // Last, when every row is as it will be.
            if let time { try bindAll(db, at: time) }
        }
        migrator.registerMigration("3") { db in
            try db.execute(sql: deliveries + "PRAGMA user_version = 3;")
            if let time { try note(db, 3, at: time) }
        }
        migrator.registerMigration("4") { db in
            try db.execute(sql: visits + "PRAGMA user_version = 4;")
            if let time { try note(db, 4, at: time) }
        }
        migrator.registerMigration("5") { db in
            try db.execute(sql: subjects + "PRAGMA user_version = 5;")
            if let time { try note(db, 5, at: time) }
        }
        migrator.registerMigration("6") { db in
            try db.execute(sql: CommonSchema.indexes + "PRAGMA user_version = 6;")
            if let time { try note(db, 6, at: time) }
        }
        return migrator
    }

    // MARK: - Migration 5, subjects

    /// Whom arrivals and visits are of: each subject stands once, and is gone with the last row that is of it. Entries bind a row with whom
    /// it refers to, not by which number (see ``Binding``): so what bound the rows before this migration binds them after it.
    private static let subjects = """
        CREATE TABLE subject (
            number INTEGER PRIMARY KEY,
            identifier TEXT NOT NULL,
            issuer TEXT
        ) STRICT;
        CREATE UNIQUE INDEX subject_once ON subject (identifier, coalesce(issuer, ''), issuer IS NULL);

        INSERT INTO subject (identifier, issuer)
            SELECT patient, issuer FROM arrival WHERE patient IS NOT NULL
            UNION SELECT patient, issuer FROM visit WHERE patient IS NOT NULL ORDER BY 1, 2;

        ALTER TABLE arrival ADD COLUMN subject INTEGER REFERENCES subject;
        UPDATE arrival SET subject = (
            SELECT number FROM subject WHERE identifier = arrival.patient AND subject.issuer IS NOT DISTINCT FROM arrival.issuer)
        WHERE patient IS NOT NULL;
        DROP INDEX arrival_patient;
        ALTER TABLE arrival DROP COLUMN patient;
        ALTER TABLE arrival DROP COLUMN issuer;
        CREATE INDEX arrival_subject ON arrival (subject, received, id) WHERE subject IS NOT NULL;

        DROP TRIGGER visit_blank;
        ALTER TABLE visit ADD COLUMN subject INTEGER REFERENCES subject;
        UPDATE visit SET subject = (
            SELECT number FROM subject WHERE identifier = visit.patient AND subject.issuer IS NOT DISTINCT FROM visit.issuer)
        WHERE patient IS NOT NULL;
        DROP INDEX visit_patient;
        DROP INDEX visit_weight;
        DROP INDEX visit_forgotten;
        ALTER TABLE visit DROP COLUMN patient;
        ALTER TABLE visit DROP COLUMN issuer;
        CREATE INDEX visit_subject ON visit (subject, id, version) WHERE subject IS NOT NULL;
        CREATE INDEX visit_weight ON visit (weight DESC, day DESC) WHERE subject IS NOT NULL;
        CREATE INDEX visit_forgotten ON visit (id) WHERE subject IS NULL;

        CREATE TRIGGER visit_blank BEFORE UPDATE ON visit
        WHEN NEW.subject IS NOT NULL OR NEW.study IS NOT NULL OR NEW.repeats IS NOT NULL
            OR NEW.number IS NOT OLD.number OR NEW.id IS NOT OLD.id OR NEW.version IS NOT OLD.version OR NEW.at IS NOT OLD.at
            OR NEW.day IS NOT OLD.day OR NEW.weight IS NOT OLD.weight OR NEW.worst IS NOT OLD.worst
            OR NEW.attention IS NOT OLD.attention OR NEW.images IS NOT OLD.images OR NEW.sha256 IS NOT OLD.sha256
            OR NEW.page_sha256 IS NOT OLD.page_sha256
        BEGIN SELECT RAISE(ABORT, 'a visit is never changed, except that whose it was is forgotten'); END;

        CREATE TRIGGER subject_fixed BEFORE UPDATE ON subject
        BEGIN SELECT RAISE(ABORT, 'a subject is never changed'); END;

        CREATE TRIGGER subject_keep BEFORE DELETE ON subject
        WHEN EXISTS (SELECT 1 FROM arrival WHERE subject = OLD.number) OR EXISTS (SELECT 1 FROM visit WHERE subject = OLD.number)
        BEGIN SELECT RAISE(ABORT, 'a subject stays as long as anything is of it'); END;

        """

    // MARK: - Migration 4, visits

    /// What was put together of a subject's images and published, a row a version. `images` holds ID, version and decision of each, `repeats`
    /// what they tell of measurement error; patient, issuer, study and repeats are null once the visit was forgotten.
    private static let visits = """
        CREATE TABLE visit (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL CHECK (length(id) = 17),
            version INTEGER NOT NULL CHECK (version >= 1),
            at TEXT NOT NULL,
            patient TEXT,
            issuer TEXT,
            study TEXT,
            day TEXT NOT NULL CHECK (length(day) = 10),
            weight INTEGER NOT NULL CHECK (weight >= 0),
            worst TEXT CHECK (worst IN ('right', 'left')),
            attention TEXT NOT NULL,
            images TEXT NOT NULL,
            repeats TEXT,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            page_sha256 TEXT NOT NULL CHECK (length(page_sha256) = 64),
            UNIQUE (id, version)
        ) STRICT;
        CREATE INDEX visit_patient ON visit (patient, id, version) WHERE patient IS NOT NULL;
        CREATE INDEX visit_weight ON visit (weight DESC, day DESC) WHERE patient IS NOT NULL;
        CREATE INDEX visit_repeats ON visit (number) WHERE repeats IS NOT NULL;
        CREATE INDEX visit_forgotten ON visit (id) WHERE patient IS NULL;

        CREATE TRIGGER visit_keep BEFORE DELETE ON visit
        BEGIN SELECT RAISE(ABORT, 'a visit is never deleted'); END;

        CREATE TRIGGER visit_blank BEFORE UPDATE ON visit
        WHEN NEW.patient IS NOT NULL OR NEW.issuer IS NOT NULL OR NEW.study IS NOT NULL OR NEW.repeats IS NOT NULL
            OR NEW.number IS NOT OLD.number OR NEW.id IS NOT OLD.id OR NEW.version IS NOT OLD.version OR NEW.at IS NOT OLD.at
            OR NEW.day IS NOT OLD.day OR NEW.weight IS NOT OLD.weight OR NEW.worst IS NOT OLD.worst
            OR NEW.attention IS NOT OLD.attention OR NEW.images IS NOT OLD.images OR NEW.sha256 IS NOT OLD.sha256
            OR NEW.page_sha256 IS NOT OLD.page_sha256
        BEGIN SELECT RAISE(ABORT, 'a visit is never changed, except that whose it was is forgotten'); END;

        """

    // MARK: - Migration 3, deliveries

    /// What is carried out of the house: one version of a screening to one target of the configuration, by its name there. A row is written
    /// with the end of the arrival, or with the correction, whose result it carries; so what is due is never forgotten by a stop, and what
    /// has no row was never due. `why` says what a withheld row lacks, and why a cancelled one never goes. Of what ended before this
    /// migration nothing was due.
    private static let deliveries = """
        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY,
            screening INTEGER NOT NULL REFERENCES screening,
            target TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('due', 'withheld', 'delivered', 'cancelled')),
            why TEXT CHECK (why IN ('no_identity', 'identity_conflict', 'rejected', 'superseded', 'forgotten')),
            due TEXT NOT NULL,
            changed TEXT NOT NULL,
            UNIQUE (screening, target),
            CHECK ((state IN ('withheld', 'cancelled')) = (why IS NOT NULL))
        ) STRICT;
        CREATE INDEX delivery_due ON delivery (target, id) WHERE state = 'due';
        CREATE INDEX delivery_state ON delivery (target, state, due);

        CREATE TRIGGER delivery_keep BEFORE DELETE ON delivery
        BEGIN SELECT RAISE(ABORT, 'a delivery is never deleted'); END;

        CREATE TRIGGER delivery_once BEFORE UPDATE ON delivery WHEN OLD.state IN ('delivered', 'cancelled')
        BEGIN SELECT RAISE(ABORT, 'a delivery that was made or cancelled stays so'); END;

        """

    /// Notes a migration of a ledger that was there before.
    private static func note(_ db: Database, _ version: Int, at time: Timestamp) throws {
        guard let identity = try String.fetchOne(db, sql: "SELECT subject FROM audit WHERE seq = 1") else { return }
        try AuditEntry.append(
            SQLiteDatabase(db), at: time, actor: "service", event: .migrated, subject: identity, detail: ["schema": version])
    }

    // MARK: - Migration 2, identity

    /// What sidecar and name say beside patient, study and eye. `equipment` is what the image was taken with: `device` is the file's.
    private static let identity = """
        ALTER TABLE arrival ADD COLUMN issuer TEXT;
        ALTER TABLE arrival ADD COLUMN accession TEXT;
        ALTER TABLE arrival ADD COLUMN operator TEXT;
        ALTER TABLE arrival ADD COLUMN equipment TEXT;
        ALTER TABLE arrival ADD COLUMN taken TEXT;
        ALTER TABLE arrival ADD COLUMN eye_from TEXT CHECK (eye_from IN ('sidecar', 'container', 'name'));
        ALTER TABLE arrival ADD COLUMN last INTEGER NOT NULL DEFAULT 0 CHECK (last IN (0, 1));

        """

    /// Migration 2, decisions: whether a reader drew without the models' result. Nobody could before.
    private static let blindDecisions = """
        ALTER TABLE decision ADD COLUMN blind INTEGER NOT NULL DEFAULT 0 CHECK (blind = 0 OR (blind = 1 AND verdict = 'correct'));

        DROP TRIGGER decision_blank;
        CREATE TRIGGER decision_blank BEFORE UPDATE ON decision
        WHEN NEW.note IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.screening IS NOT OLD.screening OR NEW.reader IS NOT OLD.reader
            OR NEW.verdict IS NOT OLD.verdict OR NEW.actor IS NOT OLD.actor OR NEW.result IS NOT OLD.result OR NEW.at IS NOT OLD.at
            OR NEW.blind IS NOT OLD.blind
        BEGIN SELECT RAISE(ABORT, 'a decision is never changed, except that its note is forgotten'); END;

        """

    /// Migration 2, the audit: entries bind the rows that they are written with. See ``AuditEntry`` and ``Binding``.
    ///
    /// What a ledger of 0.1.0 cannot prove: its entries bound no rows, so what was changed past the ledger before this migration is found
    /// only where a detail that is still there, a bundle or a file contradicts it. A detail that was blanked without having been forgotten
    /// is named by verification for ever. Of sidecars in its archive nothing but the name is known. From here on every row is bound.
    private static let bindings = """
        ALTER TABLE audit ADD COLUMN rule INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE audit ADD COLUMN binding TEXT;
        ALTER TABLE arrival ADD COLUMN sidecar_sha256 TEXT CHECK (length(sidecar_sha256) = 64);
        CREATE INDEX arrival_patient ON arrival (patient) WHERE patient IS NOT NULL;
        CREATE INDEX arrival_sha256 ON arrival (sha256) WHERE sha256 IS NOT NULL;
        CREATE INDEX audit_event ON audit (event, seq);

        DROP TRIGGER audit_blank;
        CREATE TRIGGER audit_blank BEFORE UPDATE ON audit
        WHEN NEW.detail IS NOT NULL OR OLD.detail IS NULL
            OR NEW.seq IS NOT OLD.seq OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.event IS NOT OLD.event
            OR NEW.subject IS NOT OLD.subject OR NEW.detail_sha256 IS NOT OLD.detail_sha256 OR NEW.rule IS NOT OLD.rule
            OR NEW.binding IS NOT OLD.binding OR NEW.previous IS NOT OLD.previous OR NEW.hash IS NOT OLD.hash
            OR NOT EXISTS (SELECT 1 FROM audit WHERE subject = OLD.subject AND event = 'forgotten' AND seq > OLD.seq)
        BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed, except that the detail of a forgotten subject is blanked'); END;

        """

    /// Binds every row that is there: what names a person in an entry of its arrival, so that forgetting reaches it.
    private static func bindAll(_ db: Database, at time: Timestamp) throws {
        // A new ledger begins with its creation.
        guard let identity = try String.fetchOne(db, sql: "SELECT subject FROM audit WHERE seq = 1") else { return }
        func bind(_ event: AuditEntry.Event, _ subject: String, _ rows: [Binding.Key]) throws {
            try AuditEntry.append(
                SQLiteDatabase(db), at: time, actor: "service", event: event, subject: subject, detail: ["schema": 2], rows: rows)
        }
        var rest = try [.model, .correction, .image].flatMap { table in try Binding.Key.all(SQLiteDatabase(db), in: table) }[...]
        repeat {
            try bind(.migrated, identity, Array(rest.prefix(500)))
            rest = rest.dropFirst(500)
        } while !rest.isEmpty
        for id in try String.fetchAll(db, sql: "SELECT id FROM arrival ORDER BY received, id") {
            try bind(.bound, id, try Binding.Key.all(SQLiteDatabase(db), of: id))
        }
    }

    // MARK: - Migration 1

    private static let outcomes = "('measured', 'no_finding', 'ungradable', 'out_of_domain', 'failed')"

    private static let tables = """
        CREATE TABLE image (
            sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
            bytes INTEGER NOT NULL CHECK (bytes >= 0),
            format TEXT,
            width INTEGER CHECK (width > 0),
            height INTEGER CHECK (height > 0),
            first_seen TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE arrival (
            id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 17),
            suffix TEXT NOT NULL GENERATED ALWAYS AS (substr(id, 10)) STORED,
            path TEXT,
            name TEXT,
            urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
            received TEXT NOT NULL,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('received', 'claimed', 'reading', 'waiting', 'finished')),
            changed TEXT NOT NULL,
            waits_for TEXT,
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            spool TEXT UNIQUE,
            sidecar TEXT,
            patient TEXT,
            study TEXT,
            eye TEXT NOT NULL DEFAULT 'unknown' CHECK (eye IN ('right', 'left', 'unknown')),
            sha256 TEXT REFERENCES image,
            bytes INTEGER CHECK (bytes >= 0),
            outcome TEXT CHECK (outcome IN \(outcomes)),
            finished TEXT,
            original TEXT UNIQUE,
            expired TEXT,
            forgotten TEXT,
            CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
            CHECK ((state = 'finished') = (outcome IS NOT NULL)),
            CHECK ((state = 'finished') = (finished IS NOT NULL)),
            CHECK (forgotten IS NULL OR state = 'finished'),
            CHECK (expired IS NULL OR state = 'finished'),
            CHECK (forgotten IS NOT NULL OR (path IS NOT NULL AND name IS NOT NULL))
        ) STRICT;
        CREATE INDEX arrival_suffix ON arrival (suffix);
        CREATE INDEX arrival_received ON arrival (received, outcome);
        CREATE INDEX arrival_finished ON arrival (finished);
        CREATE INDEX arrival_pending ON arrival (urgent DESC, received, id) WHERE state <> 'finished';
        CREATE INDEX arrival_failed ON arrival (finished) WHERE outcome = 'failed';

        CREATE TABLE model (
            id INTEGER PRIMARY KEY,
            task TEXT NOT NULL CHECK (task IN ('router', 'disc', 'cup', 'polyp')),
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            precision TEXT NOT NULL,
            first_used TEXT NOT NULL,
            UNIQUE (task, name, sha256, precision)
        ) STRICT;

        CREATE TABLE screening (
            id INTEGER PRIMARY KEY,
            arrival TEXT NOT NULL REFERENCES arrival,
            version INTEGER NOT NULL CHECK (version >= 1),
            at TEXT NOT NULL,
            sha256 TEXT REFERENCES image,
            key TEXT,
            outcome TEXT NOT NULL CHECK (outcome IN \(outcomes)),
            modality TEXT CHECK (modality IN ('fundus', 'endoscopy', 'neither')),
            quality TEXT CHECK (quality IN ('good', 'usable', 'ungradable')),
            eye TEXT NOT NULL CHECK (eye IN ('right', 'left', 'unknown')),
            bundle TEXT UNIQUE,
            bundle_sha256 TEXT NOT NULL CHECK (length(bundle_sha256) = 64),
            reused_from TEXT REFERENCES arrival,
            router INTEGER REFERENCES model,
            disc INTEGER REFERENCES model,
            cup INTEGER REFERENCES model,
            polyp INTEGER REFERENCES model,
            wait_ms REAL NOT NULL,
            decode_ms REAL NOT NULL,
            route_ms REAL NOT NULL,
            infer_ms REAL NOT NULL,
            render_ms REAL NOT NULL,
            publish_ms REAL NOT NULL,
            UNIQUE (arrival, version)
        ) STRICT;
        CREATE INDEX screening_reuse ON screening (sha256, key) WHERE key IS NOT NULL AND outcome <> 'failed';

        CREATE TABLE finding (
            screening INTEGER NOT NULL REFERENCES screening,
            kind TEXT NOT NULL CHECK (kind IN ('reason', 'measure', 'polyp', 'attention')),
            position INTEGER NOT NULL CHECK (position >= 0),
            code TEXT NOT NULL,
            value REAL,
            threshold REAL,
            detail TEXT,
            PRIMARY KEY (screening, kind, position, code)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX finding_code ON finding (kind, code);

        CREATE TABLE decision (
            id INTEGER PRIMARY KEY,
            screening INTEGER NOT NULL REFERENCES screening,
            reader TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'reject', 'correct')),
            note TEXT,
            actor TEXT NOT NULL,
            result INTEGER UNIQUE REFERENCES screening,
            at TEXT NOT NULL,
            CHECK ((verdict = 'correct') = (result IS NOT NULL))
        ) STRICT;
        CREATE INDEX decision_screening ON decision (screening);

        CREATE TABLE correction (
            arrival TEXT NOT NULL PRIMARY KEY REFERENCES arrival,
            version INTEGER NOT NULL CHECK (version > 1),
            actor TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE setting (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            actor TEXT NOT NULL,
            event TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT,
            detail_sha256 TEXT NOT NULL CHECK (length(detail_sha256) = 64),
            previous TEXT NOT NULL CHECK (length(previous) = 64),
            hash TEXT NOT NULL CHECK (length(hash) = 64)
        ) STRICT;
        CREATE INDEX audit_subject ON audit (subject, seq);
        CREATE INDEX audit_hash ON audit (hash);

        """

    /// What must never happen, refused by the file itself, whoever writes to it.
    private static let guards = """
        CREATE TRIGGER audit_append BEFORE INSERT ON audit
        WHEN NEW.seq IS NOT (SELECT ifnull(max(seq), 0) + 1 FROM audit)
            OR NEW.previous IS NOT ifnull((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), '\(AuditEntry.genesisPrevious)')
        BEGIN SELECT RAISE(ABORT, 'an audit entry is only ever appended to the chain'); END;

        CREATE TRIGGER audit_keep BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'an audit entry is never deleted'); END;

        CREATE TRIGGER audit_blank BEFORE UPDATE ON audit
        WHEN NEW.detail IS NOT NULL OR OLD.detail IS NULL
            OR NEW.seq IS NOT OLD.seq OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.event IS NOT OLD.event
            OR NEW.subject IS NOT OLD.subject OR NEW.detail_sha256 IS NOT OLD.detail_sha256
            OR NEW.previous IS NOT OLD.previous OR NEW.hash IS NOT OLD.hash
        BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed, except that its detail is forgotten'); END;

        CREATE TRIGGER arrival_keep BEFORE DELETE ON arrival
        BEGIN SELECT RAISE(ABORT, 'an arrival is never deleted'); END;

        CREATE TRIGGER screening_keep BEFORE DELETE ON screening
        BEGIN SELECT RAISE(ABORT, 'a screening is never deleted'); END;

        CREATE TRIGGER decision_keep BEFORE DELETE ON decision
        BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END;

        CREATE TRIGGER decision_blank BEFORE UPDATE ON decision
        WHEN NEW.note IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.screening IS NOT OLD.screening OR NEW.reader IS NOT OLD.reader
            OR NEW.verdict IS NOT OLD.verdict OR NEW.actor IS NOT OLD.actor OR NEW.result IS NOT OLD.result OR NEW.at IS NOT OLD.at
        BEGIN SELECT RAISE(ABORT, 'a decision is never changed, except that its note is forgotten'); END;

        """
}
