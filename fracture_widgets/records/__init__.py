"""What is kept of answers: the history, pages, tables and DICOM."""
