"""Radiographs on disk become tables: folder walks, splits by patient, FracAtlas and its joints."""
