internal import Ledger

extension PostgresSchema {
    /// What must never happen, refused by the database itself, whoever writes to it.
    static let guards =
        """
        CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE last record;
        BEGIN
            SELECT seq, hash INTO last FROM audit ORDER BY seq DESC LIMIT 1;
            IF NEW.seq IS DISTINCT FROM coalesce(last.seq, 0) + 1
                OR NEW.previous IS DISTINCT FROM coalesce(last.hash, '\(AuditEntry.genesisPrevious)') THEN
                RAISE EXCEPTION 'an audit entry is only ever appended to the chain';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER audit_append BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_append();

        CREATE FUNCTION audit_blank() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.detail IS NOT NULL OR OLD.detail IS NULL
                OR to_jsonb(NEW) - 'detail' IS DISTINCT FROM to_jsonb(OLD) - 'detail'
                OR NOT EXISTS (SELECT 1 FROM audit WHERE subject = OLD.subject AND event = 'forgotten' AND seq > OLD.seq) THEN
                RAISE EXCEPTION 'an audit entry is never changed, except that the detail of a forgotten subject is blanked';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER audit_blank BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_blank();

        CREATE FUNCTION decision_blank() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.note IS NOT NULL OR to_jsonb(NEW) - 'note' IS DISTINCT FROM to_jsonb(OLD) - 'note' THEN
                RAISE EXCEPTION 'a decision is never changed, except that its note is forgotten';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER decision_blank BEFORE UPDATE ON decision FOR EACH ROW EXECUTE FUNCTION decision_blank();

        CREATE FUNCTION visit_blank() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.subject IS NOT NULL OR NEW.study IS NOT NULL OR NEW.repeats IS NOT NULL
                OR to_jsonb(NEW) - '{subject,study,repeats}'::text[]
                    IS DISTINCT FROM to_jsonb(OLD) - '{subject,study,repeats}'::text[] THEN
                RAISE EXCEPTION 'a visit is never changed, except that whose it was is forgotten';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER visit_blank BEFORE UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION visit_blank();

        CREATE FUNCTION delivery_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state IN ('delivered', 'cancelled') THEN
                RAISE EXCEPTION 'a delivery that was made or cancelled stays so';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER delivery_once BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION delivery_once();

        CREATE FUNCTION subject_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'a subject is never changed'; END $$;
        CREATE TRIGGER subject_fixed BEFORE UPDATE ON subject FOR EACH ROW EXECUTE FUNCTION subject_fixed();

        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'nothing is ever deleted from %', TG_TABLE_NAME; END $$;

        """
        + ["audit", "arrival", "screening", "decision", "delivery", "visit"].map { table in
            """
            CREATE TRIGGER \(table)_keep BEFORE DELETE ON \(table) FOR EACH ROW EXECUTE FUNCTION keep();
            CREATE TRIGGER \(table)_whole BEFORE TRUNCATE ON \(table) FOR EACH STATEMENT EXECUTE FUNCTION keep();

            """
        }.joined()
        + "CREATE TRIGGER subject_whole BEFORE TRUNCATE ON subject FOR EACH STATEMENT EXECUTE FUNCTION keep();"

    /// Who works on this ledger, who has which of the arrivals that have not ended or whose later version is under way, and who takes in what
    /// lies under which path of the inbox. The server's clock says how long a lease lasts.
    static let stations = """
        CREATE TABLE station (
            name \(text) NOT NULL PRIMARY KEY,
            epoch BIGINT NOT NULL,
            spool \(text) NOT NULL,
            version \(text) NOT NULL,
            schema INTEGER NOT NULL,
            started TIMESTAMPTZ NOT NULL,
            lease_until TIMESTAMPTZ NOT NULL
        );
        CREATE TABLE claim (
            arrival \(text) NOT NULL PRIMARY KEY REFERENCES arrival,
            station \(text) NOT NULL REFERENCES station
        );
        CREATE INDEX claim_station ON claim (station);
        CREATE TABLE reservation (
            path \(text) NOT NULL PRIMARY KEY,
            station \(text) NOT NULL REFERENCES station
        );
        """
}
