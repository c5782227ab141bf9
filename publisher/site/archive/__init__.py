"""The public archive's pages: for everybody, the same for everybody, and so they may be cached and indexed."""
