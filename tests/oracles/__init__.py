"""Lengths as others count them: npm's twitter-text, JavaScript's Intl.Segmenter and strings. `.ci/npm-packages` installs them."""
