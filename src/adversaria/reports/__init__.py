"""Tables, figures and pages, made from run folders alone."""

from adversaria.reports.comparison import write_comparison
from adversaria.reports.html import write_report
from adversaria.reports.scores import Cell, Score, read_scores, table, write_scores

__all__ = ["Cell", "Score", "read_scores", "table", "write_comparison", "write_report", "write_scores"]
