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
        read_at TEXT, findings TEXT, warnings TEXT, joints TEXT, operating_point TEXT,
        UNIQUE (sha256, model),
        CHECK ((verdict = 'refused') = (body_part IS NULL)),
        CHECK ((verdict = 'refused') = (fracture_probability IS NULL)),
        CHECK ((reader_verdict IS NULL) = (read_at IS NULL))
    );
INSERT INTO "results" VALUES(1,'2026-11-28T18:53:52+00:00','elbow-fractured.png','f70b3164d3d72c1ba421762d4835297712199af949f70408fd1a834fe5ec12ad',76,120,'fracture','This does not look like a radiograph of an elbow, hand or shoulder: choose the radiograph itself, upright, uncovered and not photographed from a screen.',1,'elbow',9.98788942680706393062e-01,'fractured',5.70742299030597477482e-01,5.70742299030597477482e-01,0.0474,0.5144,'d0ebb96fb8252c1ceb79e73944cec7602819d8caaace5a2e09e33e3fba0f3388','doubt','','2026-11-28T18:54:17+00:00','[{"kind": "fracture", "body_part": "elbow", "score": 0.2934180498123169, "source": "fracture map", "box": null, "place": [0.573943661971831, 0.31919642857142855]}]','[]','[]','sensitive');
INSERT INTO "results" VALUES(3,'2026-11-28T18:53:54+00:00','elbow-normal.png','17099f2a389d979eeb2d5ae9049d68a68151f87faf09a411fe81aba3dde5cb21',120,96,'none seen','',0,'elbow',0.999838375833867,'normal',5.80440837310015455424e-03,5.80440837310015455424e-03,0.0474,0.5144,'d0ebb96fb8252c1ceb79e73944cec7602819d8caaace5a2e09e33e3fba0f3388','none seen','=1+1, zwei
Zeilen','2026-11-28T18:54:17+00:00','[{"kind": "fracture", "body_part": "elbow", "score": 0.017880752682685852, "source": "fracture map", "box": null, "place": [0.7433035714285714, 0.276536312849162]}]','[]','[]','sensitive');
INSERT INTO "results" VALUES(4,'2026-11-28T18:53:59+00:00','hand-fractured.png','0ea8e44a2d790bb2b03fc499013be3a94bfbb9f64554ae943c06897d1d0be52b',70,120,'fracture','',0,'hand',9.99990278270264321136e-01,'fractured',7.97824930508655549843e-01,7.97824930508655549843e-01,0.0239,0.4852,'d0ebb96fb8252c1ceb79e73944cec7602819d8caaace5a2e09e33e3fba0f3388',NULL,'later',NULL,'[{"kind": "fracture", "body_part": "hand", "score": 0.7409056425094604, "source": "fracture map", "box": null, "place": [0.44656488549618323, 0.4174107142857143]}]','[]','[]','sensitive');
INSERT INTO "results" VALUES(6,'2026-11-28T18:54:07+00:00','shoulder-fractured.png','b9bbd4355e751ecf70ffe9e85c6f95284855e58d5957112a09144036a452fa11',120,111,'fracture','',0,'shoulder',9.99992972021633286239e-01,'normal',3.58213703949816775207e-01,3.58213703949816775207e-01,0.0044,0.2808,'d0ebb96fb8252c1ceb79e73944cec7602819d8caaace5a2e09e33e3fba0f3388',NULL,'',NULL,'[{"kind": "fracture", "body_part": "shoulder", "score": 0.47416484355926514, "source": "fracture map", "box": null, "place": [0.8816964285714286, 0.8864734299516909]}]','[]','[]','sensitive');
INSERT INTO "results" VALUES(7,'2026-11-28T18:54:12+00:00','shoulder-normal.png','5be0c20aee761b794689ca9a30bde14b7c037a0a48780f4dcc1d638b2ccf4bd7',120,100,'doubt','',0,'shoulder',9.99996073378367267281e-01,'normal',4.10033869774273432295e-02,4.10033869774273432295e-02,0.0044,0.2808,'d0ebb96fb8252c1ceb79e73944cec7602819d8caaace5a2e09e33e3fba0f3388',NULL,'',NULL,'[{"kind": "fracture", "body_part": "shoulder", "score": 0.029364272952079773, "source": "fracture map", "box": null, "place": [0.109375, 0.8850267379679144]}]','[]','[]','sensitive');
INSERT INTO "results" VALUES(8,'2026-11-28T18:54:17+00:00','hand-normal.png, black and white exchanged','6efb9ba1b851683858045d9b6b860d4b29aa9691176116bf00901edf91146d29',56,120,'refused','Black and white look exchanged, with dark bones on a bright ground: if this is a radiograph, exchange them, or export it with bright bones.',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'d0ebb96fb8252c1ceb79e73944cec7602819d8caaace5a2e09e33e3fba0f3388',NULL,'',NULL,'[]','["Black and white were exchanged after it was read."]','[]',NULL);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('results',8);
COMMIT;
PRAGMA user_version = 6;
