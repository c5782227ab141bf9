"""The public archive: what was sent, as web pages for everybody. Only of digests whose staff asked for it.

editions.py  which editions stand in it
shown.py     what such an edition shows today, in a language: nothing personal, nothing withdrawn
pictures.py  its pictures, kept here so that no page leads to another host
feeds.py     the Atom feed
sitemap.py   the sitemap
"""
