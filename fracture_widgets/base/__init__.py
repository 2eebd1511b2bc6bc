"""What every room may use: files, locks, tables, words. It imports nothing of ours."""
