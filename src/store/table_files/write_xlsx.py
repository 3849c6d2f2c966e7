"""Writes a spreadsheet with openpyxl: the independent writer of table_reader_test.cpp."""
import datetime
import sys

import openpyxl

book = openpyxl.Workbook()
sheet = book.active
sheet.append(["device_uid", "register", "time", "value", "说明"])
sheet.append(["000000000161", "energy_active_import_total", datetime.datetime(2021, 3, 1, 1, 15), 17.25, "好, \"x\""])
sheet.append([161, "voltage_a", datetime.datetime(2021, 3, 1, 1, 30, 30), 0.1 + 0.2, True])
sheet.append([])
sheet.append(["000000000161", "voltage_a", datetime.date(2021, 3, 2), "=1+1", None])
sheet.append(["000000000161", "voltage_a", "2021-03-01T01:45:00+08:00", 1e-7, "=A1"])
sheet.append([1234567890123456789, "voltage_a", 44256.5, -3, "#N/A"])
sheet["G9"] = "far"
own = sheet.cell(row=10, column=3, value=44256.5)
own.number_format = 'yyyy"年"m"月"d"日"'
plain = sheet.cell(row=10, column=4, value=44256.5)
plain.number_format = '0.00"d"'
book.create_sheet("second").append(["not read"])
book.save(sys.argv[1])
