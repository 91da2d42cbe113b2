-- A ledger of schema 4: one subject with two arrivals and a visit of two versions, two others of the same number, one with a visit alone,
-- one of whom everything was forgotten, a forgotten arrival of the first, and an arrival that waits to be read.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('1');
INSERT INTO grdb_migrations VALUES('2');
INSERT INTO grdb_migrations VALUES('3');
INSERT INTO grdb_migrations VALUES('4');
CREATE TABLE image (
    sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    format TEXT,
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    first_seen TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO image VALUES('2cc374bf58379be0dd6a084579e0e5435ecc23ac7b9b6a53ea4305c9c4408965',7,'jpeg',640,480,'2026-11-24T10:41:30.250Z');
INSERT INTO image VALUES('32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9',7,'jpeg',640,480,'2026-11-24T10:41:14.250Z');
INSERT INTO image VALUES('4c4b37f5932bffb31aee9c4a57b8f5aa48bd67c0d76b108789e413ac97e20582',7,'jpeg',640,480,'2026-11-24T10:41:34.250Z');
INSERT INTO image VALUES('6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d',5,NULL,NULL,NULL,'2026-11-24T10:41:49.250Z');
INSERT INTO image VALUES('7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa',7,'jpeg',640,480,'2026-11-24T10:41:18.250Z');
INSERT INTO image VALUES('bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b',7,'jpeg',640,480,'2026-11-24T10:41:10.250Z');
INSERT INTO image VALUES('c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a',7,'jpeg',640,480,'2026-11-24T10:41:22.250Z');
INSERT INTO image VALUES('cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555',7,'jpeg',640,480,'2026-11-24T10:41:26.250Z');
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
    outcome TEXT CHECK (outcome IN ('measured', 'no_finding', 'ungradable', 'out_of_domain', 'failed')),
    finished TEXT,
    original TEXT UNIQUE,
    expired TEXT,
    forgotten TEXT, issuer TEXT, accession TEXT, operator TEXT, equipment TEXT, taken TEXT, eye_from TEXT CHECK (eye_from IN ('sidecar', 'container', 'name')), last INTEGER NOT NULL DEFAULT 0 CHECK (last IN (0, 1)), sidecar_sha256 TEXT CHECK (length(sidecar_sha256) = 64),
    CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
    CHECK ((state = 'finished') = (outcome IS NOT NULL)),
    CHECK ((state = 'finished') = (finished IS NOT NULL)),
    CHECK (forgotten IS NULL OR state = 'finished'),
    CHECK (expired IS NULL OR state = 'finished'),
    CHECK (forgotten IS NOT NULL OR (path IS NOT NULL AND name IS NOT NULL))
) STRICT;
INSERT INTO arrival VALUES('20261124-00000001','20261124-00000001/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57273,'finished','2026-11-24T10:41:12.250Z',NULL,1,NULL,NULL,'4711','S-1','right','bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b',7,'measured','2026-11-24T10:41:12.250Z','archive/2026-11-24/20261124-00000001/eye.jpg',NULL,NULL,'A',NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000002','20261124-00000002/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57282,'finished','2026-11-24T10:41:16.250Z',NULL,1,NULL,NULL,'4711','S-2','right','32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9',7,'ungradable','2026-11-24T10:41:16.250Z','archive/2026-11-24/20261124-00000002/eye.jpg',NULL,NULL,'A',NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000003','20261124-00000003/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57289,'finished','2026-11-24T10:41:20.250Z',NULL,1,NULL,NULL,'4711','S-3','right','7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa',7,'measured','2026-11-24T10:41:20.250Z','archive/2026-11-24/20261124-00000003/eye.jpg',NULL,NULL,'B',NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000004','20261124-00000004/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57296,'finished','2026-11-24T10:41:24.250Z',NULL,1,NULL,NULL,'4711','S-4','right','c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a',7,'measured','2026-11-24T10:41:24.250Z','archive/2026-11-24/20261124-00000004/eye.jpg',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000005','20261124-00000005/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57303,'finished','2026-11-24T10:41:28.250Z',NULL,1,NULL,NULL,NULL,NULL,'right','cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555',7,'no_finding','2026-11-24T10:41:28.250Z','archive/2026-11-24/20261124-00000005/eye.jpg',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000006',NULL,NULL,0,'2026-11-24T10:41:07.250Z',27,57310,'finished','2026-11-24T10:41:32.250Z',NULL,1,NULL,NULL,NULL,NULL,'right','2cc374bf58379be0dd6a084579e0e5435ecc23ac7b9b6a53ea4305c9c4408965',7,'measured','2026-11-24T10:41:32.250Z',NULL,NULL,'2026-11-24T10:41:43.250Z',NULL,NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000007',NULL,NULL,0,'2026-11-24T10:41:07.250Z',27,57317,'finished','2026-11-24T10:41:36.250Z',NULL,1,NULL,NULL,NULL,NULL,'right','4c4b37f5932bffb31aee9c4a57b8f5aa48bd67c0d76b108789e413ac97e20582',7,'measured','2026-11-24T10:41:36.250Z',NULL,NULL,'2026-11-24T10:41:46.250Z',NULL,NULL,NULL,NULL,NULL,'name',0,NULL);
INSERT INTO arrival VALUES('20261124-00000008','20261124-00000008/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57324,'received','2026-11-24T10:41:47.250Z',NULL,0,NULL,NULL,NULL,NULL,'unknown',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO arrival VALUES('20261124-00000009','20261124-00000009/eye.jpg','eye.jpg',0,'2026-11-24T10:41:07.250Z',27,57326,'claimed','2026-11-24T10:41:49.250Z',NULL,0,'20261124-00000009/eye.jpg',NULL,'4713',NULL,'unknown','6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d',5,NULL,NULL,NULL,NULL,NULL,'B',NULL,NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    task TEXT NOT NULL CHECK (task IN ('router', 'disc', 'cup', 'polyp')),
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    precision TEXT NOT NULL,
    first_used TEXT NOT NULL,
    UNIQUE (task, name, sha256, precision)
) STRICT;
INSERT INTO model VALUES(1,'router','router-20261124-1','74c95604043427f0bee1d0e16bfa53afd537f736ad0073c4cc4e1ccb3a82b5dc','fp32','2026-11-24T10:41:12.250Z');
INSERT INTO model VALUES(2,'disc','disc-20261124-1','6bf99799d0ef91be6c25a22943f74caaf655814b216ee8cb52ef61223d4f2d06','fp32','2026-11-24T10:41:12.250Z');
INSERT INTO model VALUES(3,'cup','cup-20261124-1','c6171781d65f3ccce1135e3c89850cfbaa7f332fd72a1f8f6a841fbcf7fd362a','fp32','2026-11-24T10:41:12.250Z');
INSERT INTO model VALUES(4,'polyp','polyp-20261124-1','da9c0f9e5ddfeed8875fbcbcbd5e8fc0d677e194d430795d76ccb28576645cd0','fp32','2026-11-24T10:41:28.250Z');
CREATE TABLE screening (
    id INTEGER PRIMARY KEY,
    arrival TEXT NOT NULL REFERENCES arrival,
    version INTEGER NOT NULL CHECK (version >= 1),
    at TEXT NOT NULL,
    sha256 TEXT REFERENCES image,
    key TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('measured', 'no_finding', 'ungradable', 'out_of_domain', 'failed')),
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
INSERT INTO screening VALUES(1,'20261124-00000001',1,'2026-11-24T10:41:12.250Z','bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b',NULL,'measured','fundus','good','right','2026-11-24/eye.20261124-00000001','6d03417e8339c07f9b47bfc558f77c8e14a0abb7af27df545111042717fca85b',NULL,1,2,3,NULL,1.0,2.0,3.0,4.0,5.0,6.0);
INSERT INTO screening VALUES(2,'20261124-00000002',1,'2026-11-24T10:41:16.250Z','32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9',NULL,'ungradable',NULL,NULL,'right','2026-11-24/eye.20261124-00000002','ff29aa72792b8f8cf4053ea3600dbb8122e92a532cc88688863f79d0f834c374',NULL,NULL,NULL,NULL,NULL,1.0,2.0,3.0,4.0,5.0,6.0);
INSERT INTO screening VALUES(3,'20261124-00000003',1,'2026-11-24T10:41:20.250Z','7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa',NULL,'measured','fundus','good','right','2026-11-24/eye.20261124-00000003','67cc6433989b8dc6006564858fd3771a589a9c98956ee951ac52326c406fef11',NULL,1,2,3,NULL,1.0,2.0,3.0,4.0,5.0,6.0);
INSERT INTO screening VALUES(4,'20261124-00000004',1,'2026-11-24T10:41:24.250Z','c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a',NULL,'measured','fundus','good','right','2026-11-24/eye.20261124-00000004','ab5a8efa126f50b7131339b12084955ee020f7bcb5a984ad8498b722a15fb14d',NULL,1,2,3,NULL,1.0,2.0,3.0,4.0,5.0,6.0);
INSERT INTO screening VALUES(5,'20261124-00000005',1,'2026-11-24T10:41:28.250Z','cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555',NULL,'no_finding','endoscopy',NULL,'right','2026-11-24/eye.20261124-00000005','a4c9c203cd09b76af67b12db95bde287a4cc51b2c2e83dddb3460e7ce2b00472',NULL,1,NULL,NULL,4,1.0,2.0,3.0,4.0,5.0,6.0);
INSERT INTO screening VALUES(6,'20261124-00000006',1,'2026-11-24T10:41:32.250Z','2cc374bf58379be0dd6a084579e0e5435ecc23ac7b9b6a53ea4305c9c4408965',NULL,'measured','fundus','good','right',NULL,'76ccdd4fb895cdd2fdbb04d67f3d7a00bbcf3abad7cced67a331d7f8d98702cc',NULL,1,2,3,NULL,1.0,2.0,3.0,4.0,5.0,6.0);
INSERT INTO screening VALUES(7,'20261124-00000007',1,'2026-11-24T10:41:36.250Z','4c4b37f5932bffb31aee9c4a57b8f5aa48bd67c0d76b108789e413ac97e20582',NULL,'measured','fundus','good','right',NULL,'77d563fff56642974ec8da946a89f0c852c4c8477a1d55f6a2a96827f2824512',NULL,1,2,3,NULL,1.0,2.0,3.0,4.0,5.0,6.0);
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
INSERT INTO finding VALUES(1,'attention',0,'ratio_high',0.69999999999999995559,0.6500000000000000222,'The vertical ratio is high');
INSERT INTO finding VALUES(1,'measure',0,'area_ratio',0.41999999999999998445,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'disagreement',0.050000000000000002775,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'hcdr',0.59999999999999997779,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'rim_minimum',0.080000000000000001665,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'rim_minimum_angle',85.0,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'vcdr',0.69999999999999995559,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'vcdr_high',0.78000000000000002664,NULL,NULL);
INSERT INTO finding VALUES(1,'measure',0,'vcdr_low',0.61999999999999999555,NULL,NULL);
INSERT INTO finding VALUES(2,'reason',0,'too_dark',NULL,NULL,'Mean luminance 3, expected 20 or more');
INSERT INTO finding VALUES(3,'attention',0,'ratio_high',0.69999999999999995559,0.6500000000000000222,'The vertical ratio is high');
INSERT INTO finding VALUES(3,'measure',0,'area_ratio',0.41999999999999998445,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'disagreement',0.050000000000000002775,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'hcdr',0.59999999999999997779,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'rim_minimum',0.080000000000000001665,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'rim_minimum_angle',85.0,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'vcdr',0.69999999999999995559,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'vcdr_high',0.78000000000000002664,NULL,NULL);
INSERT INTO finding VALUES(3,'measure',0,'vcdr_low',0.61999999999999999555,NULL,NULL);
INSERT INTO finding VALUES(4,'attention',0,'ratio_high',0.69999999999999995559,0.6500000000000000222,'The vertical ratio is high');
INSERT INTO finding VALUES(4,'measure',0,'area_ratio',0.41999999999999998445,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'disagreement',0.050000000000000002775,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'hcdr',0.59999999999999997779,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'rim_minimum',0.080000000000000001665,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'rim_minimum_angle',85.0,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'vcdr',0.69999999999999995559,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'vcdr_high',0.78000000000000002664,NULL,NULL);
INSERT INTO finding VALUES(4,'measure',0,'vcdr_low',0.61999999999999999555,NULL,NULL);
INSERT INTO finding VALUES(5,'measure',0,'disagreement',0.0,NULL,NULL);
INSERT INTO finding VALUES(5,'measure',0,'polyp_area_fraction',0.0,NULL,NULL);
INSERT INTO finding VALUES(6,'attention',0,'ratio_high',0.69999999999999995559,0.6500000000000000222,'The vertical ratio is high');
INSERT INTO finding VALUES(6,'measure',0,'area_ratio',0.41999999999999998445,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'disagreement',0.050000000000000002775,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'hcdr',0.59999999999999997779,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'rim_minimum',0.080000000000000001665,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'rim_minimum_angle',85.0,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'vcdr',0.69999999999999995559,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'vcdr_high',0.78000000000000002664,NULL,NULL);
INSERT INTO finding VALUES(6,'measure',0,'vcdr_low',0.61999999999999999555,NULL,NULL);
INSERT INTO finding VALUES(7,'attention',0,'ratio_high',0.69999999999999995559,0.6500000000000000222,'The vertical ratio is high');
INSERT INTO finding VALUES(7,'measure',0,'area_ratio',0.41999999999999998445,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'disagreement',0.050000000000000002775,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'hcdr',0.59999999999999997779,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'rim_minimum',0.080000000000000001665,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'rim_minimum_angle',85.0,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'vcdr',0.69999999999999995559,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'vcdr_high',0.78000000000000002664,NULL,NULL);
INSERT INTO finding VALUES(7,'measure',0,'vcdr_low',0.61999999999999999555,NULL,NULL);
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    screening INTEGER NOT NULL REFERENCES screening,
    reader TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'reject', 'correct')),
    note TEXT,
    actor TEXT NOT NULL,
    result INTEGER UNIQUE REFERENCES screening,
    at TEXT NOT NULL, blind INTEGER NOT NULL DEFAULT 0 CHECK (blind = 0 OR (blind = 1 AND verdict = 'correct')),
    CHECK ((verdict = 'correct') = (result IS NOT NULL))
) STRICT;
INSERT INTO decision VALUES(1,1,'Anna','reject','blurred','anna@1000',NULL,'2026-11-24T10:41:41.250Z',0);
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
INSERT INTO setting VALUES('head','460eb82c742a2b0b86a5759c705423d5280b46df7202165cee3dad83b11865ad','2026-11-24T10:41:49.250Z');
INSERT INTO setting VALUES('identity','bc1bd0e01da0c53855692b1b94140310','2026-11-24T10:41:08.250Z');
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
, rule INTEGER NOT NULL DEFAULT 1, binding TEXT) STRICT;
INSERT INTO audit VALUES(1,'2026-11-24T10:41:08.250Z','service','created','bc1bd0e01da0c53855692b1b94140310','{"schema":4}','d8413cf513a12167b14235c10cd948ddec0d38595a3548106f669413f4c0ee54','0000000000000000000000000000000000000000000000000000000000000000','0070e0dd87c11236a1b2c4108ae6b410eaa78cf3aade50b41afdccd6ce142b2e',2,NULL);
INSERT INTO audit VALUES(2,'2026-11-24T10:41:09.250Z','service','received','20261124-00000001','{"name":"eye.jpg","path":"20261124-00000001/eye.jpg","salt":"06d8a8e71ff4765de07f5bb58c9f0c83","urgent":false}','3d96de82c07708c2ef4e0ebb74166eef81b1471f3fb879bfc5ae873af27e2a5f','0070e0dd87c11236a1b2c4108ae6b410eaa78cf3aade50b41afdccd6ce142b2e','372e1a2f307abe2372475f6e3142a82bef74954d198d9c8fa5c56080ad89732e',2,'{"arrival 20261124-00000001":{"kept":"fc3f49e8cbabdd7e0763cc9919a6c1bc93e19ae24db33ee9f9dd5ea89c86e9a0","named":"a4a7fffc00f24e3c49a5d559fe7b3480e04ff7cd06ec8f906962936f37d37bb1"}}');
INSERT INTO audit VALUES(3,'2026-11-24T10:41:10.250Z','service','claimed','20261124-00000001','{"bytes":7,"examination":{"accession":null,"burned_in":null,"device":null,"eye":{"value":"right","whence":"name"},"operator":null,"study":"S-1","taken":null},"last":false,"salt":"2436b8b14305a6c69b36165ae2e8fa24","sha256":"bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b","spool":"20261124-00000001/eye.jpg","subject":{"identifier":"4711","issuer":"A"}}','350e1bfac1a86e7d65504b17c86af28f2b0f5ed6040f3da72f2bdbaff2d97eb2','372e1a2f307abe2372475f6e3142a82bef74954d198d9c8fa5c56080ad89732e','0b49775c90d0d2b0a5ad9b566592d9e64e1c39b8be94fb6c85c7f816fdfc141c',2,'{"arrival 20261124-00000001":{"kept":"52436332cdc1d5abdfbb3541ff116eed506d4c61ab85dda6c244bf7c64faff87","named":"e1dcb724a625155438f64c75157359e66af39c7ffdd77e172a60e71d1a5de35e"},"image bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b":{"kept":"04d0f22847721dc18ac7dbcc7e487c32a53e88f29a278cb9c5b6f486e66748ae"}}');
INSERT INTO audit VALUES(4,'2026-11-24T10:41:11.250Z','service','begun','20261124-00000001','{"attempt":1,"salt":"47e1f46b1747a746b6fd015aa62c2644"}','a3718fd0061cd1f58b21ee543bf069dc272be2b7ed89e2d8345b6ea21bd69020','0b49775c90d0d2b0a5ad9b566592d9e64e1c39b8be94fb6c85c7f816fdfc141c','8bf9009775f0665c5436886a1136ba0c18154599827d66b27cdd4ca24a086975',2,'{"arrival 20261124-00000001":{"kept":"aa519ed9d16fc401ff7f2651e0b02a008c4e4e6266ea9660cf152c16e9fa9077","named":"d151a8bff278473867d080c0e75650b5833752de120c516e3b0dd9c708307a11"}}');
INSERT INTO audit VALUES(5,'2026-11-24T10:41:12.250Z','service','finished','20261124-00000001','{"bundle":"2026-11-24/eye.20261124-00000001","bundle_sha256":"6d03417e8339c07f9b47bfc558f77c8e14a0abb7af27df545111042717fca85b","models":["router-20261124-1","disc-20261124-1","cup-20261124-1"],"original":"archive/2026-11-24/20261124-00000001/eye.jpg","outcome":"measured","reasons":[],"salt":"95f8e87c46553d6e489d4cea07779106","sha256":"bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b","version":1}','3cb436b2512660163651cc7e9a620e550bb53aa1b1f60d80e22e33bc3b27ffe0','8bf9009775f0665c5436886a1136ba0c18154599827d66b27cdd4ca24a086975','0bf2301418cd7b679360a4569456fe532323f1a920da47fe2b6b3eb37713c839',2,'{"arrival 20261124-00000001":{"kept":"ac8cbcf186fadc7e6bc5c5359edb305a4051737ecb18b1539dfb0c825dc8aef9","named":"b53f5c607010f00c051a82ae9d01dad68404961f4fadd695cfe870e5cca3b603"},"image bdd295acb9859817b9da544524ed3525a64f61bf5edb16deb0c28b6ae63d378b":{"kept":"6e97779cba1699471bcdccafbd410f5eecfd58b81d17609965b056a4b8a4227b"},"model 1":{"kept":"d15726995db2df9add7c2f6fc2127ecdb3b4ebdcbd3395c4ec431bd7a32947e2"},"model 2":{"kept":"5546c30b4461f5eb58e23613e1b04ab2cbe6f4798fec99801998525665e9eb64"},"model 3":{"kept":"79532fcd481eb048773472fa36ad5f3111ef809eed1ee8e13d5e592039abb85f"},"screening 1":{"kept":"faadb692560732f466e62a29d29057bc9d93370f46393a981a8eed325846e1a6","named":"b545377efecc12365257652a6852d7066d9fa0384f0cc8be72b8b2e9ba5c81c5"}}');
INSERT INTO audit VALUES(6,'2026-11-24T10:41:13.250Z','service','received','20261124-00000002','{"name":"eye.jpg","path":"20261124-00000002/eye.jpg","salt":"285d4960a12478131cce4d59ae6e4a3f","urgent":false}','937d4f939849b9bab1f477f334d1fdbab45ec3cbe95fb6b756df9f198a959019','0bf2301418cd7b679360a4569456fe532323f1a920da47fe2b6b3eb37713c839','6705f62902da290ae1c07c1c526e3301ed217d294b15374deae93503358a1271',2,'{"arrival 20261124-00000002":{"kept":"0600471410ab1dcf9ee65866df58ab21dfdcf722f26de70c6352eb4e5c906a24","named":"a0a458d9c5fe5516a3008a11951821097551a812c24119718c64fc76b8b24a41"}}');
INSERT INTO audit VALUES(7,'2026-11-24T10:41:14.250Z','service','claimed','20261124-00000002','{"bytes":7,"examination":{"accession":null,"burned_in":null,"device":null,"eye":{"value":"right","whence":"name"},"operator":null,"study":"S-2","taken":null},"last":false,"salt":"f46c2d558974e54f1229219b916e71c2","sha256":"32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9","spool":"20261124-00000002/eye.jpg","subject":{"identifier":"4711","issuer":"A"}}','db41a8004874e9ad679e8d095e3c5cce41a182cd44cba8a4c0da1d73f7a36889','6705f62902da290ae1c07c1c526e3301ed217d294b15374deae93503358a1271','1d0605ecd5ec48cc64d24dd7d050ce66c152a129b0116899300ba4b2e8df8bfb',2,'{"arrival 20261124-00000002":{"kept":"8a2615b852a9317ca0d22d475aebe5b1314ccdd739b8bd9ba612550db135d577","named":"6f0c3237cf7303acfe57a519d132c40aad0246565f6b4512b5b1f053084a83c1"},"image 32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9":{"kept":"e05a0017b0447cb84324086a7b7257fa550299e4e2c872083df53f7bc8c0d0db"}}');
INSERT INTO audit VALUES(8,'2026-11-24T10:41:15.250Z','service','begun','20261124-00000002','{"attempt":1,"salt":"d2be5c8b590e9ef350688be815e98162"}','41b64f0ac417302e3ede1420af9954e1800a53d94ebf01120e8adfa13b19fe59','1d0605ecd5ec48cc64d24dd7d050ce66c152a129b0116899300ba4b2e8df8bfb','fc4ab268235ec52cd88933535386365c07b05710de5252a45e4010d0cccef779',2,'{"arrival 20261124-00000002":{"kept":"46b4e4b3bf82a35f72131323de244dfe26d5df86ffe955c9a6b1e6a3cb10dda3","named":"4c15965e4f8c04d1195009e646ea67f264d4627ba78ddc13b4e1f32e8a3eafa3"}}');
INSERT INTO audit VALUES(9,'2026-11-24T10:41:16.250Z','service','finished','20261124-00000002','{"bundle":"2026-11-24/eye.20261124-00000002","bundle_sha256":"ff29aa72792b8f8cf4053ea3600dbb8122e92a532cc88688863f79d0f834c374","models":[],"original":"archive/2026-11-24/20261124-00000002/eye.jpg","outcome":"ungradable","reasons":["too_dark"],"salt":"4caacfdc7e061e04633e41988ed7223e","sha256":"32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9","version":1}','d8c8d58248b167ee83168b1a15666891c8264d5df9a4fd413c3c1520444e75ab','fc4ab268235ec52cd88933535386365c07b05710de5252a45e4010d0cccef779','c8727724335537542cc8a52c6c8e63cfe302625c115c49b06d9c0d1fd16ea30b',2,'{"arrival 20261124-00000002":{"kept":"580d221b3cfd414bc3b1fb3c104e1023e5a59842aabd68039fdc48e5023f66cf","named":"c9ec31de0dd681a4b79e4638ad51fe19e3d9582c2d116bd71fed2b31c01de4a5"},"image 32708aa33e13cb8601678e3ffe6f522035ce3c0b8278e440299e72b1cfdcd0b9":{"kept":"79c7602d49757e95b4eb51a4b9f2459e47de7ea28b7c294ec8b1083b22012b98"},"screening 2":{"kept":"7deefad9dcca5a02817a646d4e9a40530f4aa4ce46145e6486836fcf04255fd8","named":"a64e630c708a0afd7e1fdf345225f243da505515316ba96af181c2877d82f270"}}');
INSERT INTO audit VALUES(10,'2026-11-24T10:41:17.250Z','service','received','20261124-00000003','{"name":"eye.jpg","path":"20261124-00000003/eye.jpg","salt":"668da5ba7930878fcfc4ba533f0dcc2a","urgent":false}','db97ef5e2c45b9bb7da57987873adc9d5b7e929c259177e1bc7fcf0cbed20e59','c8727724335537542cc8a52c6c8e63cfe302625c115c49b06d9c0d1fd16ea30b','4499bdc57bbc6dce2e413e25fc17f0c9eadcf58c9bbe8288af98463db15cd607',2,'{"arrival 20261124-00000003":{"kept":"8cc8ca8bacf15ad51f8a969119f394fe3c80e186155088d99f101546d05de486","named":"9c9a7b640469a6b318d0719d1a3d3a0e41f05f779cf5d1620b344615d2e6f73f"}}');
INSERT INTO audit VALUES(11,'2026-11-24T10:41:18.250Z','service','claimed','20261124-00000003','{"bytes":7,"examination":{"accession":null,"burned_in":null,"device":null,"eye":{"value":"right","whence":"name"},"operator":null,"study":"S-3","taken":null},"last":false,"salt":"3636280329306386f3ac3167cdde72bf","sha256":"7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa","spool":"20261124-00000003/eye.jpg","subject":{"identifier":"4711","issuer":"B"}}','061da785350df3d9f9aab35fa2c33a19f161cd984196ae3a450af71693459e1d','4499bdc57bbc6dce2e413e25fc17f0c9eadcf58c9bbe8288af98463db15cd607','b81d3e8ae34717c3b240f053ce3ddf5ca258c9c2347a91be7a2c8de5f9b04d12',2,'{"arrival 20261124-00000003":{"kept":"e49bb1fe6c956490f54f4f2cb28dfd862e1f1b8fc3161eaa5b257cbf6ff06e60","named":"0ffcf6b5b8007d7371f750417a24589042c859842883aaf6a9d6f5d04f26989c"},"image 7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa":{"kept":"892b69c4f369191a7394ac582215377f88493da730e41c10d639f2b10762bc1c"}}');
INSERT INTO audit VALUES(12,'2026-11-24T10:41:19.250Z','service','begun','20261124-00000003','{"attempt":1,"salt":"fdb5c9039583127ab752553992e2e060"}','598ab5427785df6ce1fac2b488768b336e78e6f766e1715202ea5118cb54b67a','b81d3e8ae34717c3b240f053ce3ddf5ca258c9c2347a91be7a2c8de5f9b04d12','43d78e4143225a709775d1253fb3094c7bd22f3b545a9e6de1740f42e45cb9b6',2,'{"arrival 20261124-00000003":{"kept":"55ee930f5506f65a74ee14ecc216c3d39d51233da2c9801cbfde3532cdbc82df","named":"0202fd5e31c2191ae59943f86b8663f4b15548c56d7fefbdfdb8e11fbd77b543"}}');
INSERT INTO audit VALUES(13,'2026-11-24T10:41:20.250Z','service','finished','20261124-00000003','{"bundle":"2026-11-24/eye.20261124-00000003","bundle_sha256":"67cc6433989b8dc6006564858fd3771a589a9c98956ee951ac52326c406fef11","models":["router-20261124-1","disc-20261124-1","cup-20261124-1"],"original":"archive/2026-11-24/20261124-00000003/eye.jpg","outcome":"measured","reasons":[],"salt":"f76a0e50d18fa98527e1d5e25f4676a0","sha256":"7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa","version":1}','2c1e33b23b89e0e7dae230ad9181fa644169801cb0444ca651646dc255ba1e20','43d78e4143225a709775d1253fb3094c7bd22f3b545a9e6de1740f42e45cb9b6','2aee49e3966ecc6e058ce5382685bdb4cdd8f2dc522cd3af6b5e173edf175544',2,'{"arrival 20261124-00000003":{"kept":"48bbbb40bd885cd70bc90a0470a0fc5e7289a90b81345ac19c3ad178f9646edb","named":"2ea22b6df893a989a3f260fbc02ddab51ef2092f031b0262c6673a06a6490b1a"},"image 7c82785f9109004556345ef2b80af58081377245dd2b234c1f21d08589110faa":{"kept":"8d9d50fbe31650cdb9f9e60f39dc2460cdeee82161f640185e39c42d70bef7bc"},"screening 3":{"kept":"a290b563f201f38808c0f0bbddcef6f845f5cc15f3c64cd031ead16be5a50fe9","named":"97788c2e8ae06ac80a0c2403224ced055c63928523d735ecf7fdef023bffa65f"}}');
INSERT INTO audit VALUES(14,'2026-11-24T10:41:21.250Z','service','received','20261124-00000004','{"name":"eye.jpg","path":"20261124-00000004/eye.jpg","salt":"afb673c08bcc99cf5d47a9f74c04b2da","urgent":false}','bf66de364e1549b176979fd2feebdb2d637045363ae21f3053ce58ab9389205e','2aee49e3966ecc6e058ce5382685bdb4cdd8f2dc522cd3af6b5e173edf175544','8e5aeac53c8797c08fa18e1f522e18b3c1b3fdb0f6dc6238399efb374f431ef6',2,'{"arrival 20261124-00000004":{"kept":"4fb72311506300e182a1c159188f9a1866aedbf71036ff24fd8066dc2e6e1f2d","named":"f352f0bbfc814bdd97997c9c2dfc56e232cddc83293c7884f225b9367998bc36"}}');
INSERT INTO audit VALUES(15,'2026-11-24T10:41:22.250Z','service','claimed','20261124-00000004','{"bytes":7,"examination":{"accession":null,"burned_in":null,"device":null,"eye":{"value":"right","whence":"name"},"operator":null,"study":"S-4","taken":null},"last":false,"salt":"83a0688dac6044b9056ce6eeacce7d6e","sha256":"c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a","spool":"20261124-00000004/eye.jpg","subject":{"identifier":"4711","issuer":null}}','9708221678cf5fd1556b1e3e2504f682eda4d845b8eaf9d2549badbbc431c3ad','8e5aeac53c8797c08fa18e1f522e18b3c1b3fdb0f6dc6238399efb374f431ef6','8dabd6a307869dbaf60ccb6e917b681237c3af45c389153e930c4cc6ffd207a8',2,'{"arrival 20261124-00000004":{"kept":"7d709674e3d5799bf862203b93c4a5c6d65591a9854dcf8594e28b4d76e6f129","named":"a8bb61d87dc19f860daf961b56b867201dae3bdeb8ff1e93ceafc4c45c5444ff"},"image c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a":{"kept":"cacc413793f26c83c694775739a24c562a89de39b3bc4ac46dae2e373f3fdd66"}}');
INSERT INTO audit VALUES(16,'2026-11-24T10:41:23.250Z','service','begun','20261124-00000004','{"attempt":1,"salt":"28e2b02936c4d32b4110677a4d7b24e5"}','88f47f7dd772b72e420d4d9987d2d1542a66529982716c8942809218cb73e5ac','8dabd6a307869dbaf60ccb6e917b681237c3af45c389153e930c4cc6ffd207a8','774edfaeca716096e10b38e8524900e8000ac88fbc0a49732bacf445b53942ac',2,'{"arrival 20261124-00000004":{"kept":"46a4d0715a52f32dcf952e3382e022e869c7bc02ac1bc283c73723e60ec6f390","named":"43c44134d59e4a0ba6ca80138d298a04a4ec7dfe000eed73ca5976304f5364ed"}}');
INSERT INTO audit VALUES(17,'2026-11-24T10:41:24.250Z','service','finished','20261124-00000004','{"bundle":"2026-11-24/eye.20261124-00000004","bundle_sha256":"ab5a8efa126f50b7131339b12084955ee020f7bcb5a984ad8498b722a15fb14d","models":["router-20261124-1","disc-20261124-1","cup-20261124-1"],"original":"archive/2026-11-24/20261124-00000004/eye.jpg","outcome":"measured","reasons":[],"salt":"9ce883300654b34db3ca612e7187093a","sha256":"c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a","version":1}','6cb7f53538b9cdb0123df90cd84fbade252cc90ccffa62a4708d9eccabb1fc79','774edfaeca716096e10b38e8524900e8000ac88fbc0a49732bacf445b53942ac','10cb19b20e8a8b7a5fa5606586d18dd2b4e486ed97da6887efd7b399ab5bea23',2,'{"arrival 20261124-00000004":{"kept":"2fbf5b8cf116a1563903bc48953ca9072f2d9d7ba0dd91fba2902ff15dceaedd","named":"f6d85427abe65567c662fa2159b69d3aa52f3c6eb74e711499eb9ec174e0388c"},"image c3a248be846e8be77af8c6abf2a0b17cbcfdcb0ac579faa9822b3f921cd5db8a":{"kept":"6cb1d3dd5e83742d4a300833aa16f26daf978700321e2470305c5fe3634dc5cc"},"screening 4":{"kept":"6d964e574cdf00a0c524b4d2425a6d95457e31254a14eae41ee0712354d05c07","named":"189f3cf8629291e3d03442c7143cc27146d118e05f5a9b9ef43be205633e47b2"}}');
INSERT INTO audit VALUES(18,'2026-11-24T10:41:25.250Z','service','received','20261124-00000005','{"name":"eye.jpg","path":"20261124-00000005/eye.jpg","salt":"11ed3ec7d1a8088ade34edd7257ecad6","urgent":false}','4ec3158558ea9f93683eef415d27af3da6c9ef09009cd898086f89a1de302aa4','10cb19b20e8a8b7a5fa5606586d18dd2b4e486ed97da6887efd7b399ab5bea23','b30e5a9c7a2aa2e75c7bc3e6bb0d074f91436dd420e9d1f59776045c0030a67c',2,'{"arrival 20261124-00000005":{"kept":"c5244f3b0c6834cc92b9b5e8af03bf115ca6f896741d3ab246446d757ac2b164","named":"024e2f2dd255bfe2dff1cda8b35fb78d00231ba8809be982b0fc63c77ee633db"}}');
INSERT INTO audit VALUES(19,'2026-11-24T10:41:26.250Z','service','claimed','20261124-00000005','{"bytes":7,"examination":{"accession":null,"burned_in":null,"device":null,"eye":{"value":"right","whence":"name"},"operator":null,"study":null,"taken":null},"last":false,"salt":"ec9e6e54bce9726abf17a945c82084d0","sha256":"cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555","spool":"20261124-00000005/eye.jpg"}','d44abe4b930c96f3ed3438b749ad059e6bbaa2a6cf7553ffdf7c825d9b855494','b30e5a9c7a2aa2e75c7bc3e6bb0d074f91436dd420e9d1f59776045c0030a67c','95cb14da25405876bfe818633c0f601c9522c4342300b3a92c2f717bb3098d75',2,'{"arrival 20261124-00000005":{"kept":"16900a93a747a06ba6e717dd8a386cac4dd7da04999c14e2f313a42b96fa5404","named":"ea758240d01199e227698098a9ca7100e863d51730292f5da8c6179dac262a62"},"image cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555":{"kept":"432a8fb9468af5b0050c4bf22b0d24ac50a496e56ccf310609e071bde793c04c"}}');
INSERT INTO audit VALUES(20,'2026-11-24T10:41:27.250Z','service','begun','20261124-00000005','{"attempt":1,"salt":"23bb85fd516fac9b13306f303644639d"}','0f1834ec27193cf8cd2c937e80cab07820a4bb546e5bd8160ba17e5118c7889a','95cb14da25405876bfe818633c0f601c9522c4342300b3a92c2f717bb3098d75','e500f675a9001a68e0df125b26114febb208e60e05cc8a6898c2368f1b31710e',2,'{"arrival 20261124-00000005":{"kept":"7b8dc255c5ec2a49019369ac824eddd2adbdfa9c7ed2a715f562355685ac6802","named":"f826d59ec1fb418c1bb435e723320f84c4648816377688231d8001c3c55701bc"}}');
INSERT INTO audit VALUES(21,'2026-11-24T10:41:28.250Z','service','finished','20261124-00000005','{"bundle":"2026-11-24/eye.20261124-00000005","bundle_sha256":"a4c9c203cd09b76af67b12db95bde287a4cc51b2c2e83dddb3460e7ce2b00472","models":["router-20261124-1","polyp-20261124-1"],"original":"archive/2026-11-24/20261124-00000005/eye.jpg","outcome":"no_finding","reasons":[],"salt":"1e2cd3b64d9d641cd79692a08ed809b7","sha256":"cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555","version":1}','8ce5b3cedc1dcb0cf6a2adfc266b5de7f417c6be4880084726e72c75aa9ca586','e500f675a9001a68e0df125b26114febb208e60e05cc8a6898c2368f1b31710e','72204580383b973e8f0cc391fa33845d714cac18c0621418b2d9787f32d23964',2,'{"arrival 20261124-00000005":{"kept":"f77ae7eac6ec311f24b1729e23663bd21b3538ef98a5de9fbc455a8423480a23","named":"999708a04552431a4cf817884d505ef5d370c5ed3a7c0ebe1112c5c39ec5db1c"},"image cdcef0e44108d0e79f8ecdeb14831073cdd9781319be467a9be211bc5912d555":{"kept":"bac47f289bdf35b2579b03eb1368e6b3f515806a5adcbad0cb8c153c24f66888"},"model 4":{"kept":"dd0086b4def2e48a289e5c27d78888043c3afb0b4a391ed0da1878dc1b98b33f"},"screening 5":{"kept":"981b7db7f8da45a76c8e9ca9fe49a1049ef57d4688aa37b800fb21756010fa19","named":"97cd289717417616a31c2862bc73f7d4163368e30ea82e0c97be3b867767a957"}}');
INSERT INTO audit VALUES(22,'2026-11-24T10:41:29.250Z','service','received','20261124-00000006',NULL,'0534167a4a2d2df0a7bca0c3c37e01590431415e3c937a5d9ad21c2369aae0d7','72204580383b973e8f0cc391fa33845d714cac18c0621418b2d9787f32d23964','1d708189cd60a7817367e9ebcafa32aff83a291df1be9ef3e2833e3ca4cb0037',2,'{"arrival 20261124-00000006":{"kept":"dd105d22667163f02f6877258dcf5e98f8afaa46d09a881a9254a8255e5460e6","named":"f8f6e4bc9a8c942feb8deaef86bae8476956e4532c5a4954dede75797d6340c0"}}');
INSERT INTO audit VALUES(23,'2026-11-24T10:41:30.250Z','service','claimed','20261124-00000006',NULL,'6b2056ed1ac973ad34ef9cb03dc1f9d5430461267c22eef6622c9ea0caaf2693','1d708189cd60a7817367e9ebcafa32aff83a291df1be9ef3e2833e3ca4cb0037','ad541d9ee8a033d15261d4c0f7dcbb8dab076a1540e052dce8a7ff985a8e8cdd',2,'{"arrival 20261124-00000006":{"kept":"d8c9f2ad5e52959fa1a1e53e8c611a50d32870e59baccb3530947f9c41797be7","named":"e591d27129bc0544939d7a49de6a5072b2a08bc2d429622b829e10a9de7e38f5"},"image 2cc374bf58379be0dd6a084579e0e5435ecc23ac7b9b6a53ea4305c9c4408965":{"kept":"c4ec2952541154bb9ceee7c9fe2f4fc0a87495c1e97b15c405ee1efa02a63a0f"}}');
INSERT INTO audit VALUES(24,'2026-11-24T10:41:31.250Z','service','begun','20261124-00000006',NULL,'7367e60eaaa387e9feadaa09af99ec72b6f82dda955e9162f1197639f72ccfa4','ad541d9ee8a033d15261d4c0f7dcbb8dab076a1540e052dce8a7ff985a8e8cdd','88074520d6ca197c663ef77778fef64afb16946afc1cdc023c7fe2525aa95da8',2,'{"arrival 20261124-00000006":{"kept":"8e00b784d5579c12cd2e925f9ab35a927b5ef40d1be72acfbddd439a296b3ee2","named":"5c4106593da307131cfa231c4553be639886f7d852eb9642fc3339a28c03fbc5"}}');
INSERT INTO audit VALUES(25,'2026-11-24T10:41:32.250Z','service','finished','20261124-00000006',NULL,'7f27d697819a5374b08af8245a37c7785826457c41b2b2a01ae555770601343b','88074520d6ca197c663ef77778fef64afb16946afc1cdc023c7fe2525aa95da8','75d9a5f33868b90bf21b1e809771ec20d4ab192c6d7b679422579aeb5a9947e0',2,'{"arrival 20261124-00000006":{"kept":"254fbdc4f2331fa17556d63de23f1c214a681c21dc4f96466cb2b8407d13e351","named":"ab29c3ba031ecd70b4a9766af2275d1b400d14540dfc2573ace0571483d9689f"},"image 2cc374bf58379be0dd6a084579e0e5435ecc23ac7b9b6a53ea4305c9c4408965":{"kept":"995ca2aada6d4e90893a85c00274c3feccfbedabf13414ef98e0580e6fe02c6f"},"screening 6":{"kept":"cd3ce9a3a0b7171c47bed482a35ac70fcc7acdf600ab65ba2f7e33dca5839360","named":"187f8586e65d68abe10b1ba3f924d72e466ab4448bf74c34eb4840d7cab6624d"}}');
INSERT INTO audit VALUES(26,'2026-11-24T10:41:33.250Z','service','received','20261124-00000007',NULL,'0e17d5f1b335f0eb870c2bc9e994393ab726793de70beff0c761011850ba09ab','75d9a5f33868b90bf21b1e809771ec20d4ab192c6d7b679422579aeb5a9947e0','89eb32ed010c4e9b4cf0e724f5bd7ebc0ee80c162be9e1e4eb34008a9874b44b',2,'{"arrival 20261124-00000007":{"kept":"1e1b22b828e27df6a89334b8c3dd7af16872b1fedff4a0cb7d59aa1928029a59","named":"30aeb5c7362479c02225e0864ebd9b1690b5c5f1e3181d24353f40c6a02f2f70"}}');
INSERT INTO audit VALUES(27,'2026-11-24T10:41:34.250Z','service','claimed','20261124-00000007',NULL,'232d7c5f7bcda52670f342d6f539ed285463ec345e1b6ee1a12fefa7c3e01caf','89eb32ed010c4e9b4cf0e724f5bd7ebc0ee80c162be9e1e4eb34008a9874b44b','0acae450df16be573ba8671dc73228b93c517519c89f099a76af934f5d979195',2,'{"arrival 20261124-00000007":{"kept":"1c49607b21ce6cdf2211928ec2d4703795963faf09a07daf41b9ecffa9270894","named":"5d9d6340da63f151f3c96229b973e9e0c038194e3573420035d7f4c212d9a628"},"image 4c4b37f5932bffb31aee9c4a57b8f5aa48bd67c0d76b108789e413ac97e20582":{"kept":"d5745afad8549adce35950026900061da9bc64c0101bbc741448bc765d1d510a"}}');
INSERT INTO audit VALUES(28,'2026-11-24T10:41:35.250Z','service','begun','20261124-00000007',NULL,'f1b4e4d6663407ff14ee996983c2e4d332e748060ea36e18c69d4bcdcac5b008','0acae450df16be573ba8671dc73228b93c517519c89f099a76af934f5d979195','0ee658f77134801f3d3c9811b2733e6ebf1859373fe12882c8ff2167d29f562f',2,'{"arrival 20261124-00000007":{"kept":"638bcea7e3920d6f14bb4fb117e0371a5ed3e4681570a9f4d5828b5ba04ffe77","named":"0d430d20dd87ff88cd581de6133a6c1023306d6bda97953e0400803f8fca1e8f"}}');
INSERT INTO audit VALUES(29,'2026-11-24T10:41:36.250Z','service','finished','20261124-00000007',NULL,'5417ae12785fa173bfefd8f7ad7bfc03d0b114f8706737b72231a5f1b3f1f05a','0ee658f77134801f3d3c9811b2733e6ebf1859373fe12882c8ff2167d29f562f','0f9aa70e2a52f1897b920204bfbaa4980b3be4771c247a1b4c431b4416f4da7b',2,'{"arrival 20261124-00000007":{"kept":"20257cf229c695ff142cf8f1b2e79c80103177aff155be76c4e456e4e6447845","named":"24525a0c7052b2dd977f8ac7b40caa36b367000fc5b25a2616786e4fcb27058b"},"image 4c4b37f5932bffb31aee9c4a57b8f5aa48bd67c0d76b108789e413ac97e20582":{"kept":"aa85b8c274a45ceddae9322ab24bc001c494f46d8ce0f04621f13be09cb3cc86"},"screening 7":{"kept":"2c1348ec7ae9e9de2fc445895a4f9682fb1473537bbffec9bbe45da727679934","named":"688a8860791ea7a8bfbb261c0668f07c388de2fc4bf33d7f69bc8291b2c5dcc9"}}');
INSERT INTO audit VALUES(30,'2026-11-24T10:41:37.250Z','service','visited','20261124-00000090','{"folder":"2026-11-24/visit.20261124-00000090","salt":"2e37fa5b2b5c090c09d06d37ad0b2840","sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}','1f6c547aabbf9f591d7e73c2b661237c3a7d6235fe26c9d6579630e5b631118a','0f9aa70e2a52f1897b920204bfbaa4980b3be4771c247a1b4c431b4416f4da7b','bcba207c2f01af827ce876e3105110d990ca0a7b62b9cf822bfaa3a9bc51056f',2,'{"visit 1":{"kept":"f45ab4fd57e5d7dec8b4bd8e36f89e1ecd030a1afb3682d5cb2b28fb398375cf","named":"3708b75864a979472dd0a574178f80166569e69e90bfee50f29bc8f348b57a3b"}}');
INSERT INTO audit VALUES(31,'2026-11-24T10:41:38.250Z','service','visited','20261124-00000090','{"folder":"2026-11-24/visit.20261124-00000090.v2","salt":"7841ee685c5cd9aaba7ff63c7fc65cd9","sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}','456f23858bac6538618168c14735cec026f98815731cd17cde3806b76adf1ed1','bcba207c2f01af827ce876e3105110d990ca0a7b62b9cf822bfaa3a9bc51056f','f098cf0f75c3b1b46ede72cd6f4a1a27ac55a80c19c5b4936cb12bb274e9eef6',2,'{"visit 2":{"kept":"a62dcfc237053104991be675b7362b406a3d8577e6b803c8b6c6e4d1dcbb52c5","named":"c0e144ec3179dc44da1db15840e103d6910a2fa3db90ef5209e32a72a3a7740c"}}');
INSERT INTO audit VALUES(32,'2026-11-24T10:41:39.250Z','service','visited','20261124-00000091',NULL,'ef379385369b69d09c1ba5f38dea29c78a36ad20dd4f25784331930996d28d63','f098cf0f75c3b1b46ede72cd6f4a1a27ac55a80c19c5b4936cb12bb274e9eef6','832b6f08d65b51960c3f4c84054db7d30724155df692dc53d33dc416b15448a4',2,'{"visit 3":{"kept":"d7ca6b51fad18ca8cf606f2dc77e51b8748ea334d739ad70f90376ea4b42f3f6","named":"6dd877055313c875620c07e5e94ff51672982b1ec712595499b43a044f0e77b7"}}');
INSERT INTO audit VALUES(33,'2026-11-24T10:41:40.250Z','service','visited','20261124-00000092','{"folder":"2026-11-24/visit.20261124-00000092","salt":"1e2c5f03a3b508b717f0304f9b335a21","sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}','6d4e672a8fbe5ad1f0a902ca1734f15474a895d545ba83fa43838b5b724ba4d3','832b6f08d65b51960c3f4c84054db7d30724155df692dc53d33dc416b15448a4','0b536b3d8a83d844265c58b612fbc5e22df94d2499ea1847d72f52640da82617',2,'{"visit 4":{"kept":"36329229be8a3f2658131f9b2a5e13493321617a23235fcbf460948860f8c192","named":"9c82e16121536eacb8b4c4aabfe5c9953c35ebd2d4a3e9f1ec821563cfb417c3"}}');
INSERT INTO audit VALUES(34,'2026-11-24T10:41:41.250Z','anna@1000','decided','20261124-00000001','{"decision":1,"note":"blurred","reader":"Anna","salt":"9b59ccfc8a1504cd19edf830b9b333c8","verdict":"reject","version":1}','19df6725a36140d1925cd22dee485222ffa1064551f64de27069e793649f4a44','0b536b3d8a83d844265c58b612fbc5e22df94d2499ea1847d72f52640da82617','7e04ea679e4def02c05fdd5e3532ea345c7acee392d05ede5aa8b988b96f0891',2,'{"decision 1":{"kept":"98f2dbcde859219408bbae2ecd5a00e13d205ed6de7f317f4fe3027401c64e01","named":"6fe73a98124a02698fe1e902feffd0da7ff0330af1eeae60bb48ceeef26278ba"}}');
INSERT INTO audit VALUES(35,'2026-11-24T10:41:42.250Z','anna@1000','forgetting','20261124-00000006',NULL,'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','7e04ea679e4def02c05fdd5e3532ea345c7acee392d05ede5aa8b988b96f0891','ae81766ad50303ed6fe184a9615fa4d0f861d6d4568fb3ed84687543221c7ec0',2,NULL);
INSERT INTO audit VALUES(36,'2026-11-24T10:41:43.250Z','anna@1000','forgotten','20261124-00000006','{"salt":"f6263168271b1d151a3b923a33850339"}','f4689655a4cda3d919f920c0222e9824c1bda465400056da8df2408da93e0411','ae81766ad50303ed6fe184a9615fa4d0f861d6d4568fb3ed84687543221c7ec0','583235db0b8cb424e34f80f4cc1ed352dccbcabcc5a015acada224c052794e8c',2,'{"arrival 20261124-00000006":{"kept":"dabbab14dd2913016245086f3afd41486454781429bcad8c65a99907bf051185"},"screening 6":{"kept":"cd3ce9a3a0b7171c47bed482a35ac70fcc7acdf600ab65ba2f7e33dca5839360"}}');
INSERT INTO audit VALUES(37,'2026-11-24T10:41:44.250Z','anna@1000','forgotten','20261124-00000091','{"salt":"3f4d0d2ae724c9802748a90c5fa25db1"}','64ab4f5d0d21c0406b3ab4a18a6ec71cfb62487cee44c5e42497eb9629416410','583235db0b8cb424e34f80f4cc1ed352dccbcabcc5a015acada224c052794e8c','a67da3e3e23b576baf83d3bc51cb04d995b5f375c099acd6e9724dd2fe4a7f21',2,'{"visit 3":{"kept":"d7ca6b51fad18ca8cf606f2dc77e51b8748ea334d739ad70f90376ea4b42f3f6"}}');
INSERT INTO audit VALUES(38,'2026-11-24T10:41:45.250Z','anna@1000','forgetting','20261124-00000007',NULL,'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','a67da3e3e23b576baf83d3bc51cb04d995b5f375c099acd6e9724dd2fe4a7f21','2689c671666550de893bf0b870290954c1f485a752688b91308f2d397af5e853',2,NULL);
INSERT INTO audit VALUES(39,'2026-11-24T10:41:46.250Z','anna@1000','forgotten','20261124-00000007','{"salt":"9657ea23d5a455622092df0c11cd0e96"}','647b48efeca6d4e543d195092d3890e5836808512ab942996bd4c891b999a1a4','2689c671666550de893bf0b870290954c1f485a752688b91308f2d397af5e853','38042831990e0869bac98a6b8380e0f9bea97eeaa98c8e6e1f8a077bf2ad46cb',2,'{"arrival 20261124-00000007":{"kept":"608a784dd8e7346d1392cfa55e5080ed4dd316ee2ca35bce9bcb1521bbec1e6b"},"screening 7":{"kept":"2c1348ec7ae9e9de2fc445895a4f9682fb1473537bbffec9bbe45da727679934"}}');
INSERT INTO audit VALUES(40,'2026-11-24T10:41:47.250Z','service','received','20261124-00000008','{"name":"eye.jpg","path":"20261124-00000008/eye.jpg","salt":"b17d2fd05041c193710190674e151449","urgent":false}','d39f419df1db95300d54eb2e428a7c57360f63e31616eb2047104c34a6668d75','38042831990e0869bac98a6b8380e0f9bea97eeaa98c8e6e1f8a077bf2ad46cb','a4a41b822017f4b7d48d0fc41bc043727f5da895200705e8f3e8335d17523097',2,'{"arrival 20261124-00000008":{"kept":"a282172e7c009e21b3b05d14b475f8c89f289ff79c8cc3cbd6da9203845bb000","named":"cd8bac7f50f1f9e68542f59ea81f09025c0688c614c690aa0dc93fc497fe199a"}}');
INSERT INTO audit VALUES(41,'2026-11-24T10:41:48.250Z','service','received','20261124-00000009','{"name":"eye.jpg","path":"20261124-00000009/eye.jpg","salt":"5e1144fbde82dcdfb26ff9d465ed0768","urgent":false}','8338c6a5a58165ffa69faaa56da7d1fdc3e42850b353a29b61264fa8e3f82020','a4a41b822017f4b7d48d0fc41bc043727f5da895200705e8f3e8335d17523097','499d826b8380ebe6af52aaacd38c8f7f5f620359f1f7f0abaaebfaa3af35ee22',2,'{"arrival 20261124-00000009":{"kept":"b694d7b17e7e94f17457822d45d4cd7b57795c65617edf02efddcb9cd0d3bafe","named":"44c855faf5bb09083ce1d76927713c6946b251667f18194a71049b6529b62539"}}');
INSERT INTO audit VALUES(42,'2026-11-24T10:41:49.250Z','service','claimed','20261124-00000009','{"bytes":5,"examination":{"accession":null,"burned_in":null,"device":null,"eye":{"value":"unknown","whence":null},"operator":null,"study":null,"taken":null},"last":false,"salt":"9bdd6acea37fb1bdc135525ec330f17b","sha256":"6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d","spool":"20261124-00000009/eye.jpg","subject":{"identifier":"4713","issuer":"B"}}','b7613e13f9c19724cbc3211db3cc0965c77156ac2c0e729e3501028c79975d65','499d826b8380ebe6af52aaacd38c8f7f5f620359f1f7f0abaaebfaa3af35ee22','460eb82c742a2b0b86a5759c705423d5280b46df7202165cee3dad83b11865ad',2,'{"arrival 20261124-00000009":{"kept":"ec92fb5e3be7fe0f8451a88feaebcfc22dde719d68603e0bc3b2d2cf9461f028","named":"1440cbd49ba0cbe9ae0306342df142bb3f4b49e6af12f11e15b4281b96716135"},"image 6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d":{"kept":"7fc660338ad95823fd7059e9b83e6ebdd2a6f00f96239ad6b7ca8a21634cb935"}}');
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    screening INTEGER NOT NULL REFERENCES screening,
    target TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'withheld', 'delivered', 'cancelled')),
    why TEXT CHECK (why IN ('no_identity', 'identity_conflict', 'superseded', 'forgotten')),
    due TEXT NOT NULL,
    changed TEXT NOT NULL,
    UNIQUE (screening, target),
    CHECK ((state IN ('withheld', 'cancelled')) = (why IS NOT NULL))
) STRICT;
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
INSERT INTO visit VALUES(1,'20261124-00000090',1,'2026-11-24T10:43:20.000Z','4711','A','S','2026-11-24',8,'left','ratio_high','20261124-00000001.1','[{"count":2,"cup":"c","device":"C","disc":"d","squares":0.001}]','44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','33f2799467177287a29260780a107ac98ea63dd6165f67fcc0d74767d0a82090');
INSERT INTO visit VALUES(2,'20261124-00000090',2,'2026-11-24T10:43:20.000Z','4711','A','S','2026-11-24',8,'left','ratio_high','20261124-00000001.1 20261124-00000002.1','[{"count":2,"cup":"c","device":"C","disc":"d","squares":0.001}]','44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','33f2799467177287a29260780a107ac98ea63dd6165f67fcc0d74767d0a82090');
INSERT INTO visit VALUES(3,'20261124-00000091',1,'2026-11-24T10:43:20.000Z',NULL,NULL,NULL,'2026-11-24',8,'left','ratio_high','20261124-00000007.1',NULL,'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','33f2799467177287a29260780a107ac98ea63dd6165f67fcc0d74767d0a82090');
INSERT INTO visit VALUES(4,'20261124-00000092',1,'2026-11-24T10:43:20.000Z','4712','A','S','2026-11-24',8,'left','ratio_high','','[{"count":2,"cup":"c","device":"C","disc":"d","squares":0.001}]','44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','33f2799467177287a29260780a107ac98ea63dd6165f67fcc0d74767d0a82090');
CREATE INDEX arrival_suffix ON arrival (suffix);
CREATE INDEX arrival_received ON arrival (received, outcome);
CREATE INDEX arrival_finished ON arrival (finished);
CREATE INDEX arrival_pending ON arrival (urgent DESC, received, id) WHERE state <> 'finished';
CREATE INDEX arrival_failed ON arrival (finished) WHERE outcome = 'failed';
CREATE INDEX screening_reuse ON screening (sha256, key) WHERE key IS NOT NULL AND outcome <> 'failed';
CREATE INDEX finding_code ON finding (kind, code);
CREATE INDEX decision_screening ON decision (screening);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_hash ON audit (hash);
CREATE TRIGGER audit_append BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT ifnull(max(seq), 0) + 1 FROM audit)
    OR NEW.previous IS NOT ifnull((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'an audit entry is only ever appended to the chain'); END;
CREATE TRIGGER audit_keep BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'an audit entry is never deleted'); END;
CREATE TRIGGER arrival_keep BEFORE DELETE ON arrival
BEGIN SELECT RAISE(ABORT, 'an arrival is never deleted'); END;
CREATE TRIGGER screening_keep BEFORE DELETE ON screening
BEGIN SELECT RAISE(ABORT, 'a screening is never deleted'); END;
CREATE TRIGGER decision_keep BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END;
CREATE TRIGGER decision_blank BEFORE UPDATE ON decision
WHEN NEW.note IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.screening IS NOT OLD.screening OR NEW.reader IS NOT OLD.reader
    OR NEW.verdict IS NOT OLD.verdict OR NEW.actor IS NOT OLD.actor OR NEW.result IS NOT OLD.result OR NEW.at IS NOT OLD.at
    OR NEW.blind IS NOT OLD.blind
BEGIN SELECT RAISE(ABORT, 'a decision is never changed, except that its note is forgotten'); END;
CREATE INDEX arrival_patient ON arrival (patient) WHERE patient IS NOT NULL;
CREATE INDEX arrival_sha256 ON arrival (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX audit_event ON audit (event, seq);
CREATE TRIGGER audit_blank BEFORE UPDATE ON audit
WHEN NEW.detail IS NOT NULL OR OLD.detail IS NULL
    OR NEW.seq IS NOT OLD.seq OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.event IS NOT OLD.event
    OR NEW.subject IS NOT OLD.subject OR NEW.detail_sha256 IS NOT OLD.detail_sha256 OR NEW.rule IS NOT OLD.rule
    OR NEW.binding IS NOT OLD.binding OR NEW.previous IS NOT OLD.previous OR NEW.hash IS NOT OLD.hash
    OR NOT EXISTS (SELECT 1 FROM audit WHERE subject = OLD.subject AND event = 'forgotten' AND seq > OLD.seq)
BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed, except that the detail of a forgotten subject is blanked'); END;
CREATE INDEX delivery_due ON delivery (target, id) WHERE state = 'due';
CREATE INDEX delivery_state ON delivery (target, state, due);
CREATE TRIGGER delivery_keep BEFORE DELETE ON delivery
BEGIN SELECT RAISE(ABORT, 'a delivery is never deleted'); END;
CREATE TRIGGER delivery_once BEFORE UPDATE ON delivery WHEN OLD.state IN ('delivered', 'cancelled')
BEGIN SELECT RAISE(ABORT, 'a delivery that was made or cancelled stays so'); END;
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
COMMIT;
PRAGMA application_id = 1347439681;
PRAGMA user_version = 4;
