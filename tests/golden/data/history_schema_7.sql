BEGIN TRANSACTION;
CREATE TABLE results (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        saved_at TEXT NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('fracture', 'doubt', 'none seen', 'refused')),
        reason TEXT NOT NULL DEFAULT '',
        overridden INTEGER NOT NULL DEFAULT 0 CHECK (overridden IN (0, 1)),
        body_part TEXT,
        body_part_probability REAL,
        label TEXT,
        fracture_probability REAL,
        calibrated_probability REAL,
        doubt_from REAL,
        fracture_from REAL,
        model TEXT NOT NULL,
        reader_verdict TEXT CHECK (reader_verdict IN ('fracture', 'doubt', 'none seen')),
        remark TEXT NOT NULL DEFAULT '' CHECK (length(remark) <= 1000),
        read_at TEXT, findings TEXT, warnings TEXT, joints TEXT, operating_point TEXT, override_reason TEXT,
        UNIQUE (sha256, model),
        CHECK ((verdict = 'refused') = (body_part IS NULL)),
        CHECK ((verdict = 'refused') = (fracture_probability IS NULL)),
        CHECK ((reader_verdict IS NULL) = (read_at IS NULL))
    );
INSERT INTO "results" VALUES(1,'2026-11-29T14:06:24+00:00','elbow-fractured.png','f70b3164d3d72c1ba421762d4835297712199af949f70408fd1a834fe5ec12ad',76,120,'fracture','This does not look like a radiograph: choose one of an elbow, hand or shoulder.',1,'elbow',9.99902638178988723005e-01,'fractured',5.68866332855117895483e-01,5.68866332855117895483e-01,0.0474,0.5144,'fcbf3d250b2064e11b8b648bf8e7076a0b291c69ec00e61144c55b7fbf6444ba','doubt','','2026-11-29T14:06:45+00:00','[{"kind": "fracture", "body_part": "elbow", "score": 0.5095760822296143, "source": "fracture boxes", "box": [0.13629457511399923, 0.2265654131770134, 0.44788540821326406, 0.5039934366941452], "place": null}, {"kind": "fracture", "body_part": "elbow", "score": 0.371163010597229, "source": "fracture boxes", "box": [0.3255680070111626, 0.21694853156805038, 0.6256258354375237, 0.4025265648961067], "place": null}, {"kind": "fracture", "body_part": "elbow", "score": 0.2186039537191391, "source": "fracture boxes", "box": [0.46843650544944565, 0.33313746005296707, 0.765173653238698, 0.5197770223021507], "place": null}]','[]','[{"body_part": "elbow", "body_part_probability": 0.9999026381789887, "box": [0, 0.028989676506288534, 1.0, 1.0], "score": 0.5054158568382263, "verdict": "fracture", "calibrated_probability": 0.5688663328551179, "fracture_probability": 0.5688663328551179, "findings": [0, 1, 2]}]','sensitive','For teaching');
INSERT INTO "results" VALUES(3,'2026-11-29T14:06:27+00:00','elbow-normal.png','17099f2a389d979eeb2d5ae9049d68a68151f87faf09a411fe81aba3dde5cb21',120,96,'none seen','',0,'elbow',9.99994948129383609547e-01,'normal',5.79398852995662277248e-03,5.79398852995662277248e-03,0.0474,0.5144,'fcbf3d250b2064e11b8b648bf8e7076a0b291c69ec00e61144c55b7fbf6444ba','none seen','=1+1, zwei
Zeilen','2026-11-29T14:06:45+00:00','[{"kind": "fracture", "body_part": "elbow", "score": 0.14086604118347168, "source": "fracture boxes", "box": [0.4162178970873356, 0.6247500395402312, 0.49649467319250107, 0.7206255868077278], "place": null}]','[]','[{"body_part": "elbow", "body_part_probability": 0.9999949481293836, "box": [0, 0, 0.9686687454100579, 1.0], "score": 0.7959978580474854, "verdict": "none seen", "calibrated_probability": 0.005793988529956623, "fracture_probability": 0.005793988529956623, "findings": [0]}]','sensitive','');
INSERT INTO "results" VALUES(4,'2026-11-29T14:06:29+00:00','hand-fractured.png','0ea8e44a2d790bb2b03fc499013be3a94bfbb9f64554ae943c06897d1d0be52b',70,120,'fracture','',0,'hand',9.99999722290472403685e-01,'fractured',7.70927050638695710027e-01,7.70927050638695710027e-01,0.0239,0.4852,'fcbf3d250b2064e11b8b648bf8e7076a0b291c69ec00e61144c55b7fbf6444ba',NULL,'later',NULL,'[{"kind": "fracture", "body_part": "hand", "score": 0.4982963502407074, "source": "fracture boxes", "box": [0.32562566824801603, 0.38389756415894105, 0.5533239328638012, 0.5206885077111659], "place": null}]','[]','[{"body_part": "hand", "body_part_probability": 0.9999997222904724, "box": [0, 0.17533188481484682, 0.8762394162367017, 1.0], "score": 0.5393150448799133, "verdict": "fracture", "calibrated_probability": 0.7709270506386957, "fracture_probability": 0.7709270506386957, "findings": [0]}]','sensitive','');
INSERT INTO "results" VALUES(6,'2026-11-29T14:06:35+00:00','shoulder-fractured.png','b9bbd4355e751ecf70ffe9e85c6f95284855e58d5957112a09144036a452fa11',120,111,'doubt','',0,'shoulder',9.9987228426897545308e-01,'normal',2.45426249005271102099e-01,2.45426249005271102099e-01,0.0044,0.2808,'fcbf3d250b2064e11b8b648bf8e7076a0b291c69ec00e61144c55b7fbf6444ba',NULL,'',NULL,'[{"kind": "fracture", "body_part": "shoulder", "score": 0.33685073256492615, "source": "fracture boxes", "box": [0.7163106244910629, 0.4502709209918976, 0.8957222080711396, 0.6699702963232994], "place": null}]','[]','[{"body_part": "shoulder", "body_part_probability": 0.9998722842689755, "box": [0.19320666405462444, 0.026933929456662543, 1.0, 1.0], "score": 0.8102604150772095, "verdict": "doubt", "calibrated_probability": 0.2454262490052711, "fracture_probability": 0.2454262490052711, "findings": [0]}]','sensitive','');
INSERT INTO "results" VALUES(7,'2026-11-29T14:06:38+00:00','shoulder-normal.png','5be0c20aee761b794689ca9a30bde14b7c037a0a48780f4dcc1d638b2ccf4bd7',120,100,'doubt','',0,'shoulder',9.99998239654154796873e-01,'normal',4.03107306372807588923e-02,4.03107306372807588923e-02,0.0044,0.2808,'fcbf3d250b2064e11b8b648bf8e7076a0b291c69ec00e61144c55b7fbf6444ba',NULL,'',NULL,'[{"kind": "fracture", "body_part": "shoulder", "score": 0.13997037708759308, "source": "fracture boxes", "box": [0.4414557162481563, 0.14096451670705726, 0.5262261321052784, 0.2520123095183911], "place": null}]','[]','[{"body_part": "shoulder", "body_part_probability": 0.9999982396541548, "box": [0.1412354130898752, 0, 0.795853768625567, 0.8955457902723742], "score": 0.6895207166671753, "verdict": "doubt", "calibrated_probability": 0.04031073063728076, "fracture_probability": 0.04031073063728076, "findings": [0]}]','sensitive','');
INSERT INTO "results" VALUES(8,'2026-11-29T14:06:45+00:00','noise.png','0463ea3cac17d96ad31f29c87094dd47f524b6cb97a6227cea20c46f81d41b26',128,96,'refused','This does not look like a radiograph: choose one of an elbow, hand or shoulder.',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'fcbf3d250b2064e11b8b648bf8e7076a0b291c69ec00e61144c55b7fbf6444ba',NULL,'',NULL,'[]','[]','[]',NULL,'');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('results',8);
COMMIT;
PRAGMA user_version = 7;
