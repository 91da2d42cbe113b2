-- A ledger of 0.1.0 (schema 1): drained and served phantoms, with one forgotten, corrected, decided upon, read again, and one that waits.
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
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
    forgotten TEXT,
    CHECK ((state = 'waiting') = (waits_for IS NOT NULL)),
    CHECK ((state = 'finished') = (outcome IS NOT NULL)),
    CHECK ((state = 'finished') = (finished IS NOT NULL)),
    CHECK (forgotten IS NULL OR state = 'finished'),
    CHECK (expired IS NULL OR state = 'finished'),
    CHECK (forgotten IS NOT NULL OR (path IS NOT NULL AND name IS NOT NULL))
) STRICT;
INSERT INTO "arrival" VALUES('20261129-zpqcxe8r','urgent/quiet.jpg','quiet.jpg',1,'2026-11-29T03:56:19.308Z',65024,16320056,'finished','2026-11-29T03:56:20.584Z',NULL,1,NULL,NULL,NULL,NULL,'unknown','d141a9f13b0c2bacda9b35b4455835e92776a5aa6c55ec2a1fa47db32088ac47',64916,'measured','2026-11-29T03:56:20.584Z','archive/2026-11-29/20261129-zpqcxe8r/quiet.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-csbsfgfz','rejected.jpg','rejected.jpg',0,'2026-11-29T03:56:19.308Z',65024,16320054,'finished','2026-11-29T03:56:20.729Z',NULL,1,NULL,NULL,NULL,NULL,'unknown','cccd86e4bf583921c4b4dfb56c823d1337d45b0c1e5e55c03d032dd2608a6f05',78541,'measured','2026-11-29T03:56:20.729Z','archive/2026-11-29/20261129-csbsfgfz/rejected.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-4249b5k5',NULL,NULL,0,'2026-11-29T03:56:19.308Z',65024,16320052,'finished','2026-11-29T03:56:21.066Z',NULL,1,NULL,NULL,NULL,NULL,'left','d367bef50f7af2fc2b4cd0e5b92e56aa150e959e0c2261239271233acfb2102d',49282,'measured','2026-11-29T03:56:21.066Z',NULL,NULL,'2026-11-29T03:56:26.126Z');
INSERT INTO "arrival" VALUES('20261129-naenpt4p','bad.jpg','bad.jpg',0,'2026-11-29T03:56:19.309Z',65024,16320057,'finished','2026-11-29T03:56:20.855Z',NULL,1,NULL,NULL,NULL,NULL,'unknown','31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a',9,'failed','2026-11-29T03:56:20.855Z','quarantine/2026-11-29/20261129-naenpt4p/bad.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-jqj30890','corrected.jpg','corrected.jpg',0,'2026-11-29T03:56:19.309Z',65024,16320051,'finished','2026-11-29T03:56:21.230Z',NULL,1,NULL,NULL,NULL,NULL,'unknown','f341363f8cecb96ddbd15b9fe7b15479a44fa4d31205e9bd7f2344b349c5da55',49362,'measured','2026-11-29T03:56:21.230Z','archive/2026-11-29/20261129-jqj30890/corrected.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-e2cnr945','accepted.jpg','accepted.jpg',0,'2026-11-29T03:56:19.309Z',65024,16320049,'finished','2026-11-29T03:56:21.430Z',NULL,1,NULL,'accepted.json','P-1','S-1','right','9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13',53933,'measured','2026-11-29T03:56:21.430Z','archive/2026-11-29/20261129-e2cnr945/accepted.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-5annnm74','again.jpg','again.jpg',0,'2026-11-29T03:56:22.781Z',65024,16320059,'finished','2026-11-29T03:56:23.454Z',NULL,1,NULL,NULL,NULL,NULL,'unknown','9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13',53933,'measured','2026-11-29T03:56:23.454Z','archive/2026-11-29/20261129-5annnm74/again.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-ss5d7p65','bad.jpg','bad.jpg',0,'2026-11-29T03:56:26.218Z',65024,16319969,'finished','2026-11-29T03:56:26.474Z',NULL,1,NULL,NULL,NULL,NULL,'unknown','31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a',9,'failed','2026-11-29T03:56:26.474Z','quarantine/2026-11-29/20261129-ss5d7p65/bad.jpg',NULL,NULL);
INSERT INTO "arrival" VALUES('20261129-965e0sjx','half.jpg','half.jpg',0,'2026-11-29T03:56:31.228Z',65024,16320128,'waiting','2026-11-29T03:56:31.447Z','The rest of the file is missing',0,NULL,NULL,NULL,NULL,'unknown',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,'2026-11-29T03:56:18.329Z','service','created','7d4b61887ac4136e6670e33fa6cc7fb0','{"schema":1}','67d6291b301412df4a6ca7808aeafac9d0587b06ece3c68e72bab0157cd9d52c','0000000000000000000000000000000000000000000000000000000000000000','c9133469e30cbf258e49c061718698e444889997392084e3dde4dbd03cd714c7');
INSERT INTO "audit" VALUES(2,'2026-11-29T03:56:18.467Z','service','started','service','{"version":"0.1.0"}','701d838178929148f2eb418c3c97c99636c033fc2efa6874d65299f6df4929d2','c9133469e30cbf258e49c061718698e444889997392084e3dde4dbd03cd714c7','28227b7194f9fbfeae758f7e4f136871b3723d0b05e2738ca485e82586431404');
INSERT INTO "audit" VALUES(3,'2026-11-29T03:56:18.476Z','unknown','promoted','disc-20261124-1','{"at":"2026-11-24T13:30:43.157Z","by":null,"event":"promote","name":"disc-20261124-1","previous":null,"task":"disc"}','163a139486f1f5dbe3aa4da75c07337a4ebe5f3b2cb3b91ed54449e4c0a32865','28227b7194f9fbfeae758f7e4f136871b3723d0b05e2738ca485e82586431404','77a39504110c2aa9ae829c5f474486c30227bdc5d54a3db506fb8163c261b5be');
INSERT INTO "audit" VALUES(4,'2026-11-29T03:56:18.482Z','unknown','promoted','cup-20261124-1','{"at":"2026-11-24T13:30:43.236Z","by":null,"event":"promote","name":"cup-20261124-1","previous":null,"task":"cup"}','b9aab0ec6d62ee449eefcd66ad311381b420468249c0e338ff2da9b126a318b7','77a39504110c2aa9ae829c5f474486c30227bdc5d54a3db506fb8163c261b5be','f980f83bad8ab4273e75cb0732eea47c73676d55e5f8a128a3ae61358516d6ea');
INSERT INTO "audit" VALUES(5,'2026-11-29T03:56:18.486Z','unknown','promoted','router-20261126-1','{"at":"2026-11-26T02:07:18.008Z","by":null,"event":"promote","name":"router-20261126-1","previous":null,"task":"router"}','6cad260297fc2cfe4b6ae5902e4b13ef243e3ed3e4b49d9f446dedf507421acc','f980f83bad8ab4273e75cb0732eea47c73676d55e5f8a128a3ae61358516d6ea','edc8bae7bdcb0ff54dbf63c9a31a82e143d444ec42fca3d2bd17ea1b1d76e865');
INSERT INTO "audit" VALUES(6,'2026-11-29T03:56:18.490Z','unknown','promoted','polyp-20261126-1','{"at":"2026-11-26T02:07:18.128Z","by":null,"event":"promote","name":"polyp-20261126-1","previous":null,"task":"polyp"}','97020965ca99fabe8426e3b09043ecbdb5182f8e95b40ee526ad0d76a1e74fa6','edc8bae7bdcb0ff54dbf63c9a31a82e143d444ec42fca3d2bd17ea1b1d76e865','b20111900c673f37ac18c7e767d65b990bfb9f97e0579570e333214c6469d92f');
INSERT INTO "audit" VALUES(7,'2026-11-29T03:56:18.494Z','unknown','promoted','disc-20261126-2','{"at":"2026-11-26T13:41:10.670Z","by":null,"event":"promote","name":"disc-20261126-2","previous":"disc-20261124-1","task":"disc"}','da14b69315869916e308a8a8729a03cd95032ed174f51e6f549beb1db2aa1544','b20111900c673f37ac18c7e767d65b990bfb9f97e0579570e333214c6469d92f','0ded931a0c00955ece76a298c603ae946e5ab5d6d098a42e4db2edc23db2e2e3');
INSERT INTO "audit" VALUES(8,'2026-11-29T03:56:18.498Z','unknown','promoted','cup-20261126-2','{"at":"2026-11-26T13:49:01.212Z","by":null,"event":"promote","name":"cup-20261126-2","previous":"cup-20261124-1","task":"cup"}','86e07a1ab5ed3c781d6cd1ee07508e8dbdc6c37483efe7037d3826c4284e3edd','0ded931a0c00955ece76a298c603ae946e5ab5d6d098a42e4db2edc23db2e2e3','e15d4d25fc1f39e0a374ffd5e7cca67b3a8d5d436f4567b8927f6ca1d39d95c8');
INSERT INTO "audit" VALUES(9,'2026-11-29T03:56:18.502Z','unknown','promoted','cup-20261126-3','{"at":"2026-11-26T16:30:53.490Z","by":null,"event":"promote","name":"cup-20261126-3","previous":"cup-20261126-2","task":"cup"}','ad2232b053d9f314d1f2380eb9366c45412954c1c0aef70247463eefad9b8d8a','e15d4d25fc1f39e0a374ffd5e7cca67b3a8d5d436f4567b8927f6ca1d39d95c8','d239bf9eaa28d4df2130a61adde8abd1e8e6ffd2cb124bc0e039b078a531ef16');
INSERT INTO "audit" VALUES(10,'2026-11-29T03:56:18.509Z','unknown','promoted','polyp-20261126-3','{"at":"2026-11-26T17:14:18.683Z","by":null,"event":"promote","name":"polyp-20261126-3","previous":"polyp-20261126-1","task":"polyp"}','dd5eab78227b6873de387650d0297fa2a0822e6605069062292024806b684d1b','d239bf9eaa28d4df2130a61adde8abd1e8e6ffd2cb124bc0e039b078a531ef16','e76ad29f4a69bb1ba66d9e8f9b57c7f7ec0e9e201314612d796a95599e9c336d');
INSERT INTO "audit" VALUES(11,'2026-11-29T03:56:19.515Z','service','received','20261129-zpqcxe8r','{"name":"quiet.jpg","path":"urgent/quiet.jpg","salt":"c06892a49f3232c83ecb996edbb79868","urgent":true}','81a0c528b58367c519f73914cf6281ab01bacae8c3528d70ff2d3f9e4ff7d668','e76ad29f4a69bb1ba66d9e8f9b57c7f7ec0e9e201314612d796a95599e9c336d','590a0998f5d539e7a40c930487e0491cb414ce14b1754ee616b649affb1a688a');
INSERT INTO "audit" VALUES(12,'2026-11-29T03:56:19.519Z','service','received','20261129-csbsfgfz','{"name":"rejected.jpg","path":"rejected.jpg","salt":"b454e9d47d01c56e5af14b73a7363d3f","urgent":false}','b0feb2c59e3b5664480ef81329e908547673b62f091a3978fd438aabc400bd85','590a0998f5d539e7a40c930487e0491cb414ce14b1754ee616b649affb1a688a','9272f0f921c793245645ee3ab1405aa058b08c87ff68735ab4960e6086889e3a');
INSERT INTO "audit" VALUES(13,'2026-11-29T03:56:19.526Z','service','claimed','20261129-zpqcxe8r','{"bytes":64916,"eye":"unknown","salt":"2f43b67343450d9497207a8038fb9729","sha256":"d141a9f13b0c2bacda9b35b4455835e92776a5aa6c55ec2a1fa47db32088ac47","spool":"20261129-zpqcxe8r/quiet.jpg"}','0ba8c6b63ef236233a0f0a0cb02140e1fe856122b96b356b8b82f8f1a69096f3','9272f0f921c793245645ee3ab1405aa058b08c87ff68735ab4960e6086889e3a','56973b74c206c0e1e0da38e9cc8ac2cbf8a1c7096be174fa1de60fc73c162a13');
INSERT INTO "audit" VALUES(14,'2026-11-29T03:56:19.530Z','service','begun','20261129-zpqcxe8r','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','56973b74c206c0e1e0da38e9cc8ac2cbf8a1c7096be174fa1de60fc73c162a13','65fc960cb22ae824776d033f20ddaf7a9a7e938a2dfdc1b79024e7fa84a0f4b7');
INSERT INTO "audit" VALUES(15,'2026-11-29T03:56:19.538Z','service','claimed','20261129-csbsfgfz','{"bytes":78541,"eye":"unknown","salt":"90441d8be978669764fe16e1edbbb127","sha256":"cccd86e4bf583921c4b4dfb56c823d1337d45b0c1e5e55c03d032dd2608a6f05","spool":"20261129-csbsfgfz/rejected.jpg"}','abe1466ec0381a1b364da4e8706346fc10f0fd1a1b34cb5b0fe1462c1e0d4cfd','65fc960cb22ae824776d033f20ddaf7a9a7e938a2dfdc1b79024e7fa84a0f4b7','782f6e21981efc68845dad730f3fe7b6bea1140ef2e0ab6871cbdc525a648235');
INSERT INTO "audit" VALUES(16,'2026-11-29T03:56:19.543Z','service','begun','20261129-csbsfgfz','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','782f6e21981efc68845dad730f3fe7b6bea1140ef2e0ab6871cbdc525a648235','5d373d7db25b1a23d9b7504e5b29536d411fd268e9ecfb1eaee49adf0867132a');
INSERT INTO "audit" VALUES(17,'2026-11-29T03:56:20.584Z','service','finished','20261129-zpqcxe8r','{"bundle":"2026-11-29/quiet.20261129-zpqcxe8r","bundle_sha256":"b3923ff58ae00ea9322e3cbd6f698fdd2f448de97d80ac2ab88ea54697ca5039","key":"8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0","models":["router-20261126-1","polyp-20261126-3"],"original":"archive/2026-11-29/20261129-zpqcxe8r/quiet.jpg","outcome":"measured","reasons":[],"salt":"39f7ae36f508c4fc5ee03a64ff30ac3a","sha256":"d141a9f13b0c2bacda9b35b4455835e92776a5aa6c55ec2a1fa47db32088ac47","version":1}','8a159cf50439d8d40f811d18f6c4789b2570e11a060180f29b5b45bb884e1d55','5d373d7db25b1a23d9b7504e5b29536d411fd268e9ecfb1eaee49adf0867132a','f058e7f7e33af180120cc1b76ce6bef8465ff222234466b0c951da58bb93c35e');
INSERT INTO "audit" VALUES(18,'2026-11-29T03:56:20.598Z','service','received','20261129-4249b5k5',NULL,'fc870adb103efe877c23852b5330a250c3e9e3253cd2563d3217ccfd9ed7a5dd','f058e7f7e33af180120cc1b76ce6bef8465ff222234466b0c951da58bb93c35e','04b528f96e5f315e87ab68b044492d1629afb08a5ea5df477e5bd518e84a7ed8');
INSERT INTO "audit" VALUES(19,'2026-11-29T03:56:20.639Z','service','claimed','20261129-4249b5k5',NULL,'638a0df10560bee71bffdadb411fd36e4a6544410d4aaf6cef515b3b68a4bf27','04b528f96e5f315e87ab68b044492d1629afb08a5ea5df477e5bd518e84a7ed8','dec8e60479334797a52a107f49f38a7204d29e80251dc538b3719934063e3275');
INSERT INTO "audit" VALUES(20,'2026-11-29T03:56:20.645Z','service','begun','20261129-4249b5k5',NULL,'52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','dec8e60479334797a52a107f49f38a7204d29e80251dc538b3719934063e3275','22d763347e26805bf3e5c451d9bb5f3b277b238ddedafea0c37b70fe276b29db');
INSERT INTO "audit" VALUES(21,'2026-11-29T03:56:20.729Z','service','finished','20261129-csbsfgfz','{"bundle":"2026-11-29/rejected.20261129-csbsfgfz","bundle_sha256":"d1fb8dd701e9b36c78011aa87ee9ab9a764a17d261c6528d9543676775066fb8","key":"8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0","models":["router-20261126-1","polyp-20261126-3"],"original":"archive/2026-11-29/20261129-csbsfgfz/rejected.jpg","outcome":"measured","reasons":[],"salt":"30cf5bf610f74e454246eb1af3c48ea0","sha256":"cccd86e4bf583921c4b4dfb56c823d1337d45b0c1e5e55c03d032dd2608a6f05","version":1}','8c50ca6bb4eb21e90706f68955b3726d4264c0e2d0245191633844304c4845a4','22d763347e26805bf3e5c451d9bb5f3b277b238ddedafea0c37b70fe276b29db','73860ac255c851da3dba88017a1bd45b723c8529496687315e6c97f6f268332f');
INSERT INTO "audit" VALUES(22,'2026-11-29T03:56:20.737Z','service','received','20261129-naenpt4p','{"name":"bad.jpg","path":"bad.jpg","salt":"a320a91aeb323ab38d5cad7edf38c85f","urgent":false}','71b0897f9f0269115b3b7789d5598ed2fbbfbbdffdd6e87c944a5baa09efc5a5','73860ac255c851da3dba88017a1bd45b723c8529496687315e6c97f6f268332f','c751e37d7c6d253fe068f5ee3593730f14f790874ce66e328ba531c821369dac');
INSERT INTO "audit" VALUES(23,'2026-11-29T03:56:20.748Z','service','claimed','20261129-naenpt4p','{"bytes":9,"eye":"unknown","salt":"a762bca1734b520b67fdb3a6559bcb64","sha256":"31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a","spool":"20261129-naenpt4p/bad.jpg"}','c252b93d57db485366a44eb76ddf1af2f10f3fae174db96435c0738b6608c431','c751e37d7c6d253fe068f5ee3593730f14f790874ce66e328ba531c821369dac','1f4175f6f144337c1bdd4848c2677a89ca47e0af84d56467fe6d4227491a9ca8');
INSERT INTO "audit" VALUES(24,'2026-11-29T03:56:20.758Z','service','begun','20261129-naenpt4p','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','1f4175f6f144337c1bdd4848c2677a89ca47e0af84d56467fe6d4227491a9ca8','cbb5132a2ce9802dd084ca32f6a08be2c53af31f76bf9d668da76351db4a1731');
INSERT INTO "audit" VALUES(25,'2026-11-29T03:56:20.855Z','service','finished','20261129-naenpt4p','{"bundle":"2026-11-29/bad.20261129-naenpt4p","bundle_sha256":"7e5fbd622bbc3d73d60240cbe70c98813cf6e48b64ece65e8f5ca3b696964930","models":[],"original":"quarantine/2026-11-29/20261129-naenpt4p/bad.jpg","outcome":"failed","reasons":["not_an_image"],"salt":"71dabcaaa685b73f8c30a3f8ec2e773d","sha256":"31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a","version":1}','25e2d5610020586a9776ade22c3efc2a0d8433b7e20e93949f163465871eddba','cbb5132a2ce9802dd084ca32f6a08be2c53af31f76bf9d668da76351db4a1731','a2a0103f625e521d17877924889792b53be30e8d8716cf8e2b2183f66c02b2e0');
INSERT INTO "audit" VALUES(26,'2026-11-29T03:56:20.867Z','service','received','20261129-jqj30890','{"name":"corrected.jpg","path":"corrected.jpg","salt":"55d750fb050724768075f8cb7b421c5e","urgent":false}','b17ac638bff5b70615a0d55ba58fbb0cfd5f7cd48cb00b44fc48d9952050ada9','a2a0103f625e521d17877924889792b53be30e8d8716cf8e2b2183f66c02b2e0','3786ed592c1084ca2b4ebe263462a85f8e9402c12d00e226f010cc73984cbb84');
INSERT INTO "audit" VALUES(27,'2026-11-29T03:56:20.887Z','service','claimed','20261129-jqj30890','{"bytes":49362,"eye":"unknown","salt":"635fbfbebf5239c16e2ad455b9d99b63","sha256":"f341363f8cecb96ddbd15b9fe7b15479a44fa4d31205e9bd7f2344b349c5da55","spool":"20261129-jqj30890/corrected.jpg"}','9765b9f2b73435ef5d2c5eeac8794f937604b259df7c23bce9b08a4500c85a1c','3786ed592c1084ca2b4ebe263462a85f8e9402c12d00e226f010cc73984cbb84','8c321524b6cdf1eba511d4c7ec3d19141e2f585c540464b21900460cb0bca19e');
INSERT INTO "audit" VALUES(28,'2026-11-29T03:56:20.893Z','service','begun','20261129-jqj30890','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','8c321524b6cdf1eba511d4c7ec3d19141e2f585c540464b21900460cb0bca19e','3f23e9a605e9c25297932206c39547dda154a6316d95b7d50a6e443ab03ace8e');
INSERT INTO "audit" VALUES(29,'2026-11-29T03:56:21.066Z','service','finished','20261129-4249b5k5',NULL,'b19f5cd28e91b2e51a52e34e9d6bfd478bea06a4b83b88d9fcf612d7f0511319','3f23e9a605e9c25297932206c39547dda154a6316d95b7d50a6e443ab03ace8e','35784f535fd27c25295c2ec4371371dd510b7f8afaffc46b05fe43c11e5afe5f');
INSERT INTO "audit" VALUES(30,'2026-11-29T03:56:21.087Z','service','received','20261129-e2cnr945','{"name":"accepted.jpg","path":"accepted.jpg","salt":"4d78722010654cc3dfb90af89f7d5e2a","urgent":false}','f41109228eec425051ef6fbc763c5dab309dd7d8b2df151c2329a346fdbfadce','35784f535fd27c25295c2ec4371371dd510b7f8afaffc46b05fe43c11e5afe5f','1e2ace56e142f823e4cdb796dfd4bc4fd6efd29dcee058702e1ef994ef25dde0');
INSERT INTO "audit" VALUES(31,'2026-11-29T03:56:21.118Z','service','claimed','20261129-e2cnr945','{"bytes":53933,"eye":"right","patient":"P-1","salt":"63fe7404f18f5e7174f57fcc7b4d06f1","sha256":"9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13","sidecar":"accepted.json","spool":"20261129-e2cnr945/accepted.jpg","study":"S-1"}','25f7ad323a1bb74a7bf42593dd08b1918fe7c4e06c78da309a9c12f02623d820','1e2ace56e142f823e4cdb796dfd4bc4fd6efd29dcee058702e1ef994ef25dde0','2b4bcda7bf7c68918283c135c145d525565685232c4d1d8aabab2677b44ac5f8');
INSERT INTO "audit" VALUES(32,'2026-11-29T03:56:21.127Z','service','begun','20261129-e2cnr945','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','2b4bcda7bf7c68918283c135c145d525565685232c4d1d8aabab2677b44ac5f8','d47ab40518fc334d902bf76c5275354a6bbb96f148dd9b5089c10184dff0d66d');
INSERT INTO "audit" VALUES(33,'2026-11-29T03:56:21.230Z','service','finished','20261129-jqj30890','{"bundle":"2026-11-29/corrected.20261129-jqj30890","bundle_sha256":"1a44ffb31801a373bfcb3b9688b05a24b486d6245917c31ddcac85b70d4d883f","key":"8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0","models":["router-20261126-1","disc-20261126-2","cup-20261126-3"],"original":"archive/2026-11-29/20261129-jqj30890/corrected.jpg","outcome":"measured","reasons":[],"salt":"e8b4e9ef1a5f01f134499fec949780da","sha256":"f341363f8cecb96ddbd15b9fe7b15479a44fa4d31205e9bd7f2344b349c5da55","version":1}','2c39ce508cc61aa91b5d9d0e94358c544d686a23c79e1ad2f7ba4ca935c845de','d47ab40518fc334d902bf76c5275354a6bbb96f148dd9b5089c10184dff0d66d','29b989d97ad9c4ef55260c1230b6ec2c7066601127a2479e8af4e205db6462a3');
INSERT INTO "audit" VALUES(34,'2026-11-29T03:56:21.430Z','service','finished','20261129-e2cnr945','{"bundle":"2026-11-29/accepted.20261129-e2cnr945","bundle_sha256":"69843745f1d20e656428f337af4e3d4acdec4950dfba948e53e6a9c7ca2a02bc","key":"4cb26e5639b18a85e407568c99b7951c71aa58e49c303b34f797a0a51e4c2a40","models":["router-20261126-1","disc-20261126-2","cup-20261126-3"],"original":"archive/2026-11-29/20261129-e2cnr945/accepted.jpg","outcome":"measured","reasons":[],"salt":"439ac6809eeea7861a4bee9f8fd4e8f5","sha256":"9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13","version":1}','00fa7a1e2b1d6e1d2d43f7523855e4bc8d3bc81adab4372d47a495efa1a5549d','29b989d97ad9c4ef55260c1230b6ec2c7066601127a2479e8af4e205db6462a3','5bdd5911b9484a6b804eeb217f782bdf8bb6c5ddf2d622b630faa793554bc670');
INSERT INTO "audit" VALUES(35,'2026-11-29T03:56:21.441Z','service','stopped','service','{"why":"as asked"}','ec23becf5c8f9be6ffd70625c0b9081230e93f228e7a1f5fa4d1fd342d5b6cea','5bdd5911b9484a6b804eeb217f782bdf8bb6c5ddf2d622b630faa793554bc670','8d8fce3995d73781c2e7b92c9ba1d767c475cede657b3165631bfb45a5e09384');
INSERT INTO "audit" VALUES(36,'2026-11-29T03:56:21.731Z','service','started','service','{"version":"0.1.0"}','701d838178929148f2eb418c3c97c99636c033fc2efa6874d65299f6df4929d2','8d8fce3995d73781c2e7b92c9ba1d767c475cede657b3165631bfb45a5e09384','f9ecafe97c0f7094b0144744bcb332e1e9f48c8ef27bfab79476985eba833956');
INSERT INTO "audit" VALUES(37,'2026-11-29T03:56:22.987Z','service','received','20261129-5annnm74','{"name":"again.jpg","path":"again.jpg","salt":"632d30dcea64ea0104b95b2cbd83cc29","urgent":false}','70098e8ff95b1ca28c8a5b3a5ce6aea638f55d46c8767c70a0aefb51568df999','f9ecafe97c0f7094b0144744bcb332e1e9f48c8ef27bfab79476985eba833956','184ea825fee9d6f7e691ff89c0a11bd59384277eddf131028834e0bf6501587c');
INSERT INTO "audit" VALUES(38,'2026-11-29T03:56:23.018Z','service','claimed','20261129-5annnm74','{"bytes":53933,"eye":"unknown","salt":"aa4c463f7e4412539401de1669c4a173","sha256":"9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13","spool":"20261129-5annnm74/again.jpg"}','296c952c674f094b9d542ef6a42bcc7624af0c4ef7c13e8144af4280b0ea78d4','184ea825fee9d6f7e691ff89c0a11bd59384277eddf131028834e0bf6501587c','c2878d502a7ebc602aeba91faab616ee216ba01b84a0ce5c8669c03f1af368d0');
INSERT INTO "audit" VALUES(39,'2026-11-29T03:56:23.028Z','service','begun','20261129-5annnm74','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','c2878d502a7ebc602aeba91faab616ee216ba01b84a0ce5c8669c03f1af368d0','8676dc6fe3652db7bf33103b7baa4def7b95a0e68ee238385ce9ac7050e7c7fc');
INSERT INTO "audit" VALUES(40,'2026-11-29T03:56:23.454Z','service','finished','20261129-5annnm74','{"bundle":"2026-11-29/again.20261129-5annnm74","bundle_sha256":"5af7c4bee881a35764c10a69459e57bfbe49aff0de60ed70cd81845a7d753c19","key":"8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0","models":["router-20261126-1","disc-20261126-2","cup-20261126-3"],"original":"archive/2026-11-29/20261129-5annnm74/again.jpg","outcome":"measured","reasons":[],"salt":"9828088b634e5dd2abc4baf1d8448908","sha256":"9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13","version":1}','9970b957841762015240599ffabaab6db915c70931ed253d1309a9254fe4e0e2','8676dc6fe3652db7bf33103b7baa4def7b95a0e68ee238385ce9ac7050e7c7fc','009ef009e8e1ed52f8dfebd30933dcf536aaf6b8dd7da0afbaa46fa9eeb3963c');
INSERT INTO "audit" VALUES(41,'2026-11-29T03:56:25.760Z','root@0','decided','20261129-e2cnr945','{"decision":1,"reader":"Anna","salt":"891398a83e7bdce80a22683dca018dda","verdict":"accept","version":1}','148bb9057a4196ca86ba608d63266f6676d4b6be464a12203236f6b9d7015418','009ef009e8e1ed52f8dfebd30933dcf536aaf6b8dd7da0afbaa46fa9eeb3963c','ed1c2f173376eb1e845675d5f20ac46fcd48427e18f8a60f1af026e07d88b734');
INSERT INTO "audit" VALUES(42,'2026-11-29T03:56:25.842Z','root@0','decided','20261129-csbsfgfz','{"decision":2,"note":"not a polyp","reader":"Ben","salt":"c4651eae18ff39437d9424316d2a2a51","verdict":"reject","version":1}','39d9f01e78d633e94dee9108b8c62933247949f8cf087e038fba01e422bf7f54','ed1c2f173376eb1e845675d5f20ac46fcd48427e18f8a60f1af026e07d88b734','8f37b1e145dc6a7362f938bf662bbc8cd78a18d350df4b986cdb3628eda9e348');
INSERT INTO "audit" VALUES(43,'2026-11-29T03:56:25.899Z','root@0','decided','20261129-4249b5k5',NULL,'d251e9b00c26d5d61d4a8ecdefc7c9f1d98ea682b29f4322ac02c016298d329f','8f37b1e145dc6a7362f938bf662bbc8cd78a18d350df4b986cdb3628eda9e348','9b3ea0222df79a22fb58d3befd8e479f8f1dcb80dae85e8e306592067f8dba35');
INSERT INTO "audit" VALUES(44,'2026-11-29T03:56:25.995Z','root@0','correcting','20261129-jqj30890','{"version":2}','732322c128ed67841ef5aa42c7cd04ffcd74a61b2d17d710cd502b713d62930d','9b3ea0222df79a22fb58d3befd8e479f8f1dcb80dae85e8e306592067f8dba35','8013135c07c9c72f36cb199a4714a49fee83861cbf88cb1c9ca330a9454f6e3a');
INSERT INTO "audit" VALUES(45,'2026-11-29T03:56:25.977Z','root@0','corrected','20261129-jqj30890','{"bundle":"2026-11-29/corrected.20261129-jqj30890.v2","bundle_sha256":"813223acab56b5b7994c6255717df410e087e848b6c40bc6428175caffbb082b","decision":4,"note":"drawn","outcome":"measured","reader":"Anna","result":2,"salt":"5df06412ed1150131c8cd28a46b90c80","verdict":"correct","version":1}','82d15eac64f5e9741473492cce61a62755b9f4a683db75a6d31ac1579408f527','8013135c07c9c72f36cb199a4714a49fee83861cbf88cb1c9ca330a9454f6e3a','352ac5430dc3c24a8eb7949bad16039dab631e394747ff6a7b2142f2f81dfba7');
INSERT INTO "audit" VALUES(46,'2026-11-29T03:56:26.092Z','root@0','forgetting','20261129-4249b5k5',NULL,'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','352ac5430dc3c24a8eb7949bad16039dab631e394747ff6a7b2142f2f81dfba7','c1624984717e714db904b1638568c166f452a2fc35c865b26a767badca87ffb6');
INSERT INTO "audit" VALUES(47,'2026-11-29T03:56:26.126Z','root@0','forgotten','20261129-4249b5k5','{}','44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a','c1624984717e714db904b1638568c166f452a2fc35c865b26a767badca87ffb6','fd8bb08da6a6c45369adde4b005b6cc92f7340586f7acc4d008916fab57e787a');
INSERT INTO "audit" VALUES(48,'2026-11-29T03:56:26.219Z','root@0','requeued','20261129-naenpt4p','{"as":"a new arrival"}','666736cb80bdcf05d679be00a24b1536c1b0b42587cc4b63be8ca534e5645dd7','fd8bb08da6a6c45369adde4b005b6cc92f7340586f7acc4d008916fab57e787a','b724cc9133c95dab74b90cb3da8e2dd4359c5592d8ac9e5f2a347137e2f514fb');
INSERT INTO "audit" VALUES(49,'2026-11-29T03:56:26.419Z','service','received','20261129-ss5d7p65','{"name":"bad.jpg","path":"bad.jpg","salt":"7c723f777244fd534b5b962608c73821","urgent":false}','4b5e978384e9fefa818831049ac8719ffd08fed6af097b6abe619f7b1cbac44e','b724cc9133c95dab74b90cb3da8e2dd4359c5592d8ac9e5f2a347137e2f514fb','710f490d07f138735034c44c6a2bf8ebde0f356e3036f16475b918304e169677');
INSERT INTO "audit" VALUES(50,'2026-11-29T03:56:26.438Z','service','claimed','20261129-ss5d7p65','{"bytes":9,"eye":"unknown","salt":"ec4525eee75e86d81ab597e00ea76ebd","sha256":"31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a","spool":"20261129-ss5d7p65/bad.jpg"}','e896d4d47e64efe3eff4d6174fe92bc07db7bdf28807727cf215a03a5cb33821','710f490d07f138735034c44c6a2bf8ebde0f356e3036f16475b918304e169677','1dbbab8b8a052143f696e3e7bccfca7f0dc9d74281cb792020cac5547231b373');
INSERT INTO "audit" VALUES(51,'2026-11-29T03:56:26.443Z','service','begun','20261129-ss5d7p65','{"attempt":1}','52b9d52738b411875c8fa0233e4e2cabe4579f9609b84bfc58671eae2055df4e','1dbbab8b8a052143f696e3e7bccfca7f0dc9d74281cb792020cac5547231b373','c414f97d7cb3eddfb9bff59ced4c72790165fe29bc95e6d54b0c4949a575d728');
INSERT INTO "audit" VALUES(52,'2026-11-29T03:56:26.474Z','service','finished','20261129-ss5d7p65','{"bundle":"2026-11-29/bad.20261129-ss5d7p65","bundle_sha256":"f3e546a9c57d86c8197c4a96be457ba852e141ec2935ee988fa14244ed403efe","models":[],"original":"quarantine/2026-11-29/20261129-ss5d7p65/bad.jpg","outcome":"failed","reasons":["not_an_image"],"salt":"b7782bf5ee23046a04d8c56ca76160b5","sha256":"31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a","version":1}','397ae7d3cd6d5670af87f90bfc2a9d462a89b5957ed02849e98e1681fe4a9192','c414f97d7cb3eddfb9bff59ced4c72790165fe29bc95e6d54b0c4949a575d728','6335833180b8d4daf972b2b266ef4d3cfe7efe6e25e291395a09d430178259a8');
INSERT INTO "audit" VALUES(53,'2026-11-29T03:56:31.430Z','service','received','20261129-965e0sjx','{"name":"half.jpg","path":"half.jpg","salt":"cfe985cddf7900f9a6a16a6014f3338b","urgent":false}','c18ff52c7ea41428b2bab1f816fe4ceb72e7fb558e9aeef5f869f2d6cd8d511d','6335833180b8d4daf972b2b266ef4d3cfe7efe6e25e291395a09d430178259a8','30f6d13863639cae87c438b436456d7ffe984488d85c99b5102d9c1fe36e78fb');
INSERT INTO "audit" VALUES(54,'2026-11-29T03:56:31.447Z','service','waiting','20261129-965e0sjx','{"for":"The rest of the file is missing"}','74c022c5ce06af2416e225170970d0f65aab05c419c8e5748ccdac20d1fbf3ba','30f6d13863639cae87c438b436456d7ffe984488d85c99b5102d9c1fe36e78fb','59eea2f654fc40176ef8679ea0360028426b8ecec2bb0b3954e9dee658c5a48f');
INSERT INTO "audit" VALUES(55,'2026-11-29T03:56:37.315Z','service','stopped','service','{"why":"as asked"}','ec23becf5c8f9be6ffd70625c0b9081230e93f228e7a1f5fa4d1fd342d5b6cea','59eea2f654fc40176ef8679ea0360028426b8ecec2bb0b3954e9dee658c5a48f','873dd4298c2bece63802b5c18b707ed5327b81b5f685fa5bda62eb44a431b954');
CREATE TABLE correction (
    arrival TEXT NOT NULL PRIMARY KEY REFERENCES arrival,
    version INTEGER NOT NULL CHECK (version > 1),
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
INSERT INTO "decision" VALUES(1,6,'Anna','accept',NULL,'root@0',NULL,'2026-11-29T03:56:25.760Z');
INSERT INTO "decision" VALUES(2,2,'Ben','reject','not a polyp','root@0',NULL,'2026-11-29T03:56:25.842Z');
INSERT INTO "decision" VALUES(3,4,'Ben','reject',NULL,'root@0',NULL,'2026-11-29T03:56:25.899Z');
INSERT INTO "decision" VALUES(4,5,'Anna','correct','drawn','root@0',8,'2026-11-29T03:56:25.977Z');
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
INSERT INTO "finding" VALUES(1,'attention',0,'polyp',1.0,1.0,'A polyp was found.');
INSERT INTO "finding" VALUES(1,'measure',0,'polyp_area_fraction',7.58269419412551104464e-02,NULL,NULL);
INSERT INTO "finding" VALUES(1,'polyp',0,'area',20377.0,NULL,NULL);
INSERT INTO "finding" VALUES(1,'polyp',0,'area_fraction',7.58269419412551104464e-02,NULL,NULL);
INSERT INTO "finding" VALUES(1,'polyp',0,'confidence',9.11151619320114236622e-01,NULL,NULL);
INSERT INTO "finding" VALUES(2,'attention',0,'polyp',1.0,1.0,'A polyp was found.');
INSERT INTO "finding" VALUES(2,'measure',0,'polyp_area_fraction',7.3991292592798255101e-02,NULL,NULL);
INSERT INTO "finding" VALUES(2,'polyp',0,'area',24569.0,NULL,NULL);
INSERT INTO "finding" VALUES(2,'polyp',0,'area_fraction',7.3991292592798255101e-02,NULL,NULL);
INSERT INTO "finding" VALUES(2,'polyp',0,'confidence',0.94245772919204,NULL,NULL);
INSERT INTO "finding" VALUES(3,'reason',0,'not_an_image',NULL,NULL,'The file does not begin like an image; JPEG and PNG images are read.');
INSERT INTO "finding" VALUES(4,'attention',0,'ratio_interval',6.85644203139895824783e-01,0.65,'The interval of the vertical cup-to-disc ratio crosses the threshold.');
INSERT INTO "finding" VALUES(4,'measure',0,'area_ratio',3.27393948845913884682e-01,NULL,NULL);
INSERT INTO "finding" VALUES(4,'measure',0,'hcdr',5.68660579915308939114e-01,NULL,NULL);
INSERT INTO "finding" VALUES(4,'measure',0,'rim_minimum',1.92346708692087586811e-01,NULL,NULL);
INSERT INTO "finding" VALUES(4,'measure',0,'rim_minimum_angle',290.0,NULL,NULL);
INSERT INTO "finding" VALUES(4,'measure',0,'vcdr',5.74954079873193135696e-01,NULL,NULL);
INSERT INTO "finding" VALUES(4,'measure',0,'vcdr_high',6.85644203139895824783e-01,NULL,NULL);
INSERT INTO "finding" VALUES(4,'measure',0,'vcdr_low',4.64263956606490391099e-01,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'area_ratio',3.07431697386006896888e-01,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'hcdr',5.82288160627132844737e-01,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'rim_minimum',1.7680122965500572052e-01,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'rim_minimum_angle',125.0,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'vcdr',5.29242862737976604847e-01,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'vcdr_high',6.40091039841394149334e-01,NULL,NULL);
INSERT INTO "finding" VALUES(5,'measure',0,'vcdr_low',4.1839468563455906036e-01,NULL,NULL);
INSERT INTO "finding" VALUES(6,'attention',0,'ratio_high',7.04454053198892649056e-01,0.65,'The vertical cup-to-disc ratio is high.');
INSERT INTO "finding" VALUES(6,'attention',1,'ratio_interval',0.593371995049736,0.65,'The interval of the vertical cup-to-disc ratio crosses the threshold.');
INSERT INTO "finding" VALUES(6,'measure',0,'area_ratio',5.01576501825423126668e-01,NULL,NULL);
INSERT INTO "finding" VALUES(6,'measure',0,'hcdr',7.11883977270448387031e-01,NULL,NULL);
INSERT INTO "finding" VALUES(6,'measure',0,'rim_minimum',1.21414982500613582994e-01,NULL,NULL);
INSERT INTO "finding" VALUES(6,'measure',0,'rim_minimum_angle',125.0,NULL,NULL);
INSERT INTO "finding" VALUES(6,'measure',0,'vcdr',7.04454053198892649056e-01,NULL,NULL);
INSERT INTO "finding" VALUES(6,'measure',0,'vcdr_high',8.1553611134804926408e-01,NULL,NULL);
INSERT INTO "finding" VALUES(6,'measure',0,'vcdr_low',0.593371995049736,NULL,NULL);
INSERT INTO "finding" VALUES(7,'attention',0,'ratio_high',7.04454053198892649056e-01,0.65,'The vertical cup-to-disc ratio is high.');
INSERT INTO "finding" VALUES(7,'attention',1,'ratio_interval',0.593371995049736,0.65,'The interval of the vertical cup-to-disc ratio crosses the threshold.');
INSERT INTO "finding" VALUES(7,'measure',0,'area_ratio',5.01576501825423126668e-01,NULL,NULL);
INSERT INTO "finding" VALUES(7,'measure',0,'hcdr',7.11883977270448387031e-01,NULL,NULL);
INSERT INTO "finding" VALUES(7,'measure',0,'rim_minimum',1.21414982500613582994e-01,NULL,NULL);
INSERT INTO "finding" VALUES(7,'measure',0,'rim_minimum_angle',125.0,NULL,NULL);
INSERT INTO "finding" VALUES(7,'measure',0,'vcdr',7.04454053198892649056e-01,NULL,NULL);
INSERT INTO "finding" VALUES(7,'measure',0,'vcdr_high',8.1553611134804926408e-01,NULL,NULL);
INSERT INTO "finding" VALUES(7,'measure',0,'vcdr_low',0.593371995049736,NULL,NULL);
INSERT INTO "finding" VALUES(8,'measure',0,'area_ratio',3.07403033316757834381e-01,NULL,NULL);
INSERT INTO "finding" VALUES(8,'measure',0,'hcdr',0.582219865336528,NULL,NULL);
INSERT INTO "finding" VALUES(8,'measure',0,'rim_minimum',1.76751717005223268897e-01,NULL,NULL);
INSERT INTO "finding" VALUES(8,'measure',0,'rim_minimum_angle',125.0,NULL,NULL);
INSERT INTO "finding" VALUES(8,'measure',0,'vcdr',5.2927056692937313187e-01,NULL,NULL);
INSERT INTO "finding" VALUES(9,'reason',0,'not_an_image',NULL,NULL,'The file does not begin like an image; JPEG and PNG images are read.');
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('1');
CREATE TABLE image (
    sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    format TEXT,
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    first_seen TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "image" VALUES('31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a',9,NULL,NULL,NULL,'2026-11-29T03:56:20.748Z');
INSERT INTO "image" VALUES('9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13',53933,'jpeg',512,512,'2026-11-29T03:56:21.118Z');
INSERT INTO "image" VALUES('cccd86e4bf583921c4b4dfb56c823d1337d45b0c1e5e55c03d032dd2608a6f05',78541,'jpeg',720,576,'2026-11-29T03:56:19.538Z');
INSERT INTO "image" VALUES('d141a9f13b0c2bacda9b35b4455835e92776a5aa6c55ec2a1fa47db32088ac47',64916,'jpeg',720,576,'2026-11-29T03:56:19.526Z');
INSERT INTO "image" VALUES('d367bef50f7af2fc2b4cd0e5b92e56aa150e959e0c2261239271233acfb2102d',49282,'jpeg',512,512,'2026-11-29T03:56:20.639Z');
INSERT INTO "image" VALUES('f341363f8cecb96ddbd15b9fe7b15479a44fa4d31205e9bd7f2344b349c5da55',49362,'jpeg',512,512,'2026-11-29T03:56:20.887Z');
CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    task TEXT NOT NULL CHECK (task IN ('router', 'disc', 'cup', 'polyp')),
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    precision TEXT NOT NULL,
    first_used TEXT NOT NULL,
    UNIQUE (task, name, sha256, precision)
) STRICT;
INSERT INTO "model" VALUES(1,'router','router-20261126-1','333413f7a3c2314f5b1c5c008fb19849045ff1d6a621cd4ff029ab13934d04ac','fp32','2026-11-29T03:56:20.584Z');
INSERT INTO "model" VALUES(2,'polyp','polyp-20261126-3','02af9f92c0a72126b70d18e0ddab982d7d31043ab56a3f6b13c4eac2a428c1ff','fp32','2026-11-29T03:56:20.584Z');
INSERT INTO "model" VALUES(3,'disc','disc-20261126-2','b0df1bfc045316a95fadb7bb473400b99ffcbabbc86a69c809ad312ee6baabb8','fp32','2026-11-29T03:56:21.066Z');
INSERT INTO "model" VALUES(4,'cup','cup-20261126-3','7df4e9c148f21ef08d87f310c336b26183536eeec2175bb73966c8c9afdfb7be','fp32','2026-11-29T03:56:21.066Z');
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
INSERT INTO "screening" VALUES(1,'20261129-zpqcxe8r',1,'2026-11-29T03:56:20.584Z','d141a9f13b0c2bacda9b35b4455835e92776a5aa6c55ec2a1fa47db32088ac47','8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0','measured','endoscopy','good','unknown','2026-11-29/quiet.20261129-zpqcxe8r','b3923ff58ae00ea9322e3cbd6f698fdd2f448de97d80ac2ab88ea54697ca5039',NULL,1,NULL,NULL,2,222.0,3.337,57.482,791.977,45.964,25.524);
INSERT INTO "screening" VALUES(2,'20261129-csbsfgfz',1,'2026-11-29T03:56:20.729Z','cccd86e4bf583921c4b4dfb56c823d1337d45b0c1e5e55c03d032dd2608a6f05','8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0','measured','endoscopy','good','unknown','2026-11-29/rejected.20261129-csbsfgfz','d1fb8dd701e9b36c78011aa87ee9ab9a764a17d261c6528d9543676775066fb8',NULL,1,NULL,NULL,2,234.0,2.832,174.555,968.481,7.147,12.083);
INSERT INTO "screening" VALUES(3,'20261129-naenpt4p',1,'2026-11-29T03:56:20.855Z','31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a',NULL,'failed',NULL,NULL,'unknown','2026-11-29/bad.20261129-naenpt4p','7e5fbd622bbc3d73d60240cbe70c98813cf6e48b64ece65e8f5ca3b696964930',NULL,NULL,NULL,NULL,NULL,0.0,0.0,0.0,0.0,0.0,8.403);
INSERT INTO "screening" VALUES(4,'20261129-4249b5k5',1,'2026-11-29T03:56:21.066Z','d367bef50f7af2fc2b4cd0e5b92e56aa150e959e0c2261239271233acfb2102d','815cd734b3391ea0ccd770dc33067cf3233fc80f29698ca66edf746fe3857b38','measured','fundus','good','left',NULL,'a0f23151450d423760e0d3030751e4c47b11c6a728010f902673f5f02bf18767',NULL,1,3,4,NULL,1337.0,1.418,90.055,251.636,25.011,37.722);
INSERT INTO "screening" VALUES(5,'20261129-jqj30890',1,'2026-11-29T03:56:21.230Z','f341363f8cecb96ddbd15b9fe7b15479a44fa4d31205e9bd7f2344b349c5da55','8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0','measured','fundus','good','unknown','2026-11-29/corrected.20261129-jqj30890','1a44ffb31801a373bfcb3b9688b05a24b486d6245917c31ddcac85b70d4d883f',NULL,1,3,4,NULL,1583.0,1.404,109.707,149.412,18.528,38.156);
INSERT INTO "screening" VALUES(6,'20261129-e2cnr945',1,'2026-11-29T03:56:21.430Z','9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13','4cb26e5639b18a85e407568c99b7951c71aa58e49c303b34f797a0a51e4c2a40','measured','fundus','good','right','2026-11-29/accepted.20261129-e2cnr945','69843745f1d20e656428f337af4e3d4acdec4950dfba948e53e6a9c7ca2a02bc',NULL,1,3,4,NULL,1818.0,1.521,53.912,156.154,35.992,38.546);
INSERT INTO "screening" VALUES(7,'20261129-5annnm74',1,'2026-11-29T03:56:23.454Z','9df7951fd9f22b0aef8e98debf8a135fabf0ebab3ee84c096465ab577ccf2f13','8b21f8fe23baa91ad428360d52fba7ade0e003a1215b4e01d889140956aa16d0','measured','fundus','good','unknown','2026-11-29/again.20261129-5annnm74','5af7c4bee881a35764c10a69459e57bfbe49aff0de60ed70cd81845a7d753c19',NULL,1,3,4,NULL,246.0,2.062,105.851,237.148,18.532,47.479);
INSERT INTO "screening" VALUES(8,'20261129-jqj30890',2,'2026-11-29T03:56:25.977Z','f341363f8cecb96ddbd15b9fe7b15479a44fa4d31205e9bd7f2344b349c5da55',NULL,'measured','fundus','good','unknown','2026-11-29/corrected.20261129-jqj30890.v2','813223acab56b5b7994c6255717df410e087e848b6c40bc6428175caffbb082b',NULL,1,3,4,NULL,0.0,0.0,0.0,0.0,0.0,0.0);
INSERT INTO "screening" VALUES(9,'20261129-ss5d7p65',1,'2026-11-29T03:56:26.474Z','31c20fc277f571609e44922f14af03e53d80f5cd2e774f736a8ef6b96176188a',NULL,'failed',NULL,NULL,'unknown','2026-11-29/bad.20261129-ss5d7p65','f3e546a9c57d86c8197c4a96be457ba852e141ec2935ee988fa14244ed403efe',NULL,NULL,NULL,NULL,NULL,0.0,0.0,0.0,0.0,0.0,15.33);
CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "setting" VALUES('identity','7d4b61887ac4136e6670e33fa6cc7fb0','2026-11-29T03:56:18.329Z');
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
COMMIT;
PRAGMA application_id = 1347439681;
PRAGMA user_version = 1;
