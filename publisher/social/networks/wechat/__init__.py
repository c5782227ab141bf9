"""WeChat Official Account: articles, laid into the account as drafts or copied by hand; a person publishes them."""
