"""The pages: a shell with tabs, and thin widgets over what does the work."""
