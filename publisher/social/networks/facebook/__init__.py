"""Facebook: posts of a page, by the Graph API."""
