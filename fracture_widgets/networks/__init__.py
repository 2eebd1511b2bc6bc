"""The networks' graphs and their weight files; nothing here trains or serves."""
