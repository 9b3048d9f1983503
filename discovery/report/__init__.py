"""Floor 4: a review as files for people: a page for the browser, a PDF to print, a workbook, a summary to send."""

from discovery.report.write import Format, Paper, Report, report_file, write_report

__all__ = ["Format", "Paper", "Report", "report_file", "write_report"]
