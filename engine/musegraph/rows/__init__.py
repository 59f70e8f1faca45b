"""One workflow run over the rows of a table: shared steps once, and every kill survived."""

from musegraph.rows.batch import Batch, Task, run_rows
from musegraph.rows.sheet import BadRows, Row, Sheet, read_sheet
from musegraph.rows.table import Line, Table

__all__ = [
    "BadRows",
    "Batch",
    "Line",
    "Row",
    "Sheet",
    "Table",
    "Task",
    "read_sheet",
    "run_rows",
]
