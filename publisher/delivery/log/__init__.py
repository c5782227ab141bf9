"""Reading the delivery log: its filter, its pages, its rows for an export. Writes nothing; the desk and the API call it.

A page costs the same at ten rows and at ten million, whatever is asked: no count, no offset. `wanted.py` reads what is asked,
`walks.py` chooses the index that is walked for it, `windows.py` walks it a bounded stretch at a time, and `pages.py` makes pages.
"""

from publisher.delivery.log.pages import PAGE_ROWS, Cursor, Page, ids_of, page
from publisher.delivery.log.rows import ExportRow, rows_for_export
from publisher.delivery.log.wanted import LogFilter

__all__ = ["PAGE_ROWS", "Cursor", "ExportRow", "LogFilter", "Page", "ids_of", "page", "rows_for_export"]
