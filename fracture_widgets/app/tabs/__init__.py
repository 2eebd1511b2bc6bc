"""The tabs of the page, each in a folder of its own."""
