"""A mail server for demos and trials that delivers to nobody: it keeps what it gets and shows it on a page.

smtp.py takes the mail, store.py keeps it, reading.py understands it, web.py shows it, __main__.py runs both servers.
"""
