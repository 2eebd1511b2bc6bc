"""The network that looks twice: joints on whole radiographs, then fractures on joints."""
