"""One module for each version; a version that was published is never changed again."""
