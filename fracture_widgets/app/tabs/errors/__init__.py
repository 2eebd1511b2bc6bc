"""From the confusion matrix to the radiographs behind it."""
