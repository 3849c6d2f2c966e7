"""Reads a spreadsheet with openpyxl and prints its sheets as JSON: the independent reader of table_writer_test.cpp."""
import json
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1], read_only=True)
print(json.dumps([{"name": sheet.title, "rows": [list(row) for row in sheet.iter_rows(values_only=True)]} for sheet in book]))
