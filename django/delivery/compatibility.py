"""
Judges whether the release that serves now goes on working on the schema after a migration.

Old and new code use one database while traffic moves, and after a roll back the old code stays on the new schema. What
follows for each operation was tried on PostgreSQL: see the tests. The rules are about what breaks, not about locks.
Not seen: a new foreign key whose rows the old code does not know to delete before the row that they point to.
"""

import sys
from dataclasses import dataclass
from typing import Literal

from django.contrib.postgres.operations import CreateExtension
from django.db import connection
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

Compatible = Literal["yes", "no", "unknown"]

HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.RemoveConstraint,
    operations.AlterIndexTogether,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterModelTableComment,
    CreateExtension,
)
BREAKING = {
    operations.DeleteModel: "the old code reads the table that it drops",
    operations.RenameModel: "the old code uses the table's old name",
    operations.AlterModelTable: "the old code uses the table's old name",
    operations.RemoveField: "the old code reads the column that it drops",
    operations.RenameField: "the old code reads the column by its old name",
    operations.AddConstraint: "the old code may write what the constraint forbids",
    operations.AlterUniqueTogether: "the old code may write what the constraint forbids",
    operations.AlterOrderWithRespectTo: "the old code's INSERT leaves out the new column",
}


@dataclass(frozen=True)
class Judgement:
    """The answer for one migration or operation, and the reason as a person reads it."""

    compatible: Compatible
    why: str


def judge(migration: Migration, state: ProjectState, new_tables: frozenset[tuple[str, str]] = frozenset()) -> Judgement:
    """
    Judges a whole migration by its worst operation.

    `state` is the project before it, and is not changed. `new_tables` are the (app label, model name in lower case) of
    earlier migrations that are pending too: the old code knows nothing of them.
    A migration module says `compatible = True` for what cannot be derived, RunPython and RunSQL; no more than that.
    """
    declared = getattr(sys.modules.get(type(migration).__module__), "compatible", None) is True
    state = state.clone()
    created = set(new_tables)
    found: list[Judgement] = []
    for operation in migration.operations:
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        found.append(judge_operation(operation, migration.app_label, state, after, frozenset(created)))
        created |= tables_created([operation], migration.app_label)
        state = after
    if declared:
        found = [Judgement("yes", "declared by its author") if j.compatible == "unknown" else j for j in found]
    for worst in ("no", "unknown"):
        reasons = [j.why for j in found if j.compatible == worst]
        if reasons:
            return Judgement(worst, "; ".join(dict.fromkeys(reasons)))
    return Judgement("yes", "; ".join(dict.fromkeys(j.why for j in found)) or "it does nothing")


def tables_created(items: list[Operation], app_label: str) -> frozenset[tuple[str, str]]:
    """The models that these operations create, as (app label, name in lower case)."""
    return frozenset((app_label, item.name_lower) for item in items if isinstance(item, operations.CreateModel))


def judge_operation(
    operation: Operation,
    app_label: str,
    before: ProjectState,
    after: ProjectState,
    new_tables: frozenset[tuple[str, str]],
) -> Judgement:
    """Judges one operation between two states of the project."""
    said = operation.describe()
    model = getattr(operation, "model_name", None) or getattr(operation, "name", None)
    if isinstance(model, str) and (app_label, model.lower()) in new_tables:
        return Judgement("yes", f"{said}: the table is new, the old code does not know it")
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return judge_database_operations(operation, app_label, before, new_tables)
    if isinstance(operation, operations.AddField):
        return judge_new_column(operation, said)
    if isinstance(operation, operations.AlterField):
        if not statements(operation, app_label, before, after):
            return Judgement("yes", f"{said}: nothing changes in the database")
        return Judgement("no", f"{said}: the old code may write what the changed column refuses, or read it wrongly")
    if isinstance(operation, HARMLESS):
        return Judgement("yes", f"{said}: the old code's statements stay valid")
    for kind, why in BREAKING.items():
        if isinstance(operation, kind):
            return Judgement("no", f"{said}: {why}")
    return Judgement(
        "unknown", f"{said}: what it does cannot be derived, and its author does not say `compatible = True`"
    )


def judge_new_column(operation: operations.AddField, said: str) -> Judgement:
    """
    Judges AddField. Django gives the database no default for `default=`: the old code's INSERT, which leaves the column
    out, then violates NOT NULL. Only `null=True` and `db_default=` work for both releases.
    """
    field = operation.field
    if field.many_to_many:
        return Judgement("yes", f"{said}: a table of its own, the old code does not know it")
    if field.null or getattr(field, "generated", False):
        return Judgement("yes", f"{said}: the old code may leave the column out")
    if field.db_default is NOT_PROVIDED:
        return Judgement("no", f"{said}: the old code's INSERT leaves out a column that is NOT NULL without db_default")
    if field.unique:
        return Judgement("no", f"{said}: the old code's second INSERT would repeat the default of a unique column")
    return Judgement("yes", f"{said}: the database has a default for the old code's INSERT")


def judge_database_operations(
    operation: operations.SeparateDatabaseAndState,
    app_label: str,
    before: ProjectState,
    new_tables: frozenset[tuple[str, str]],
) -> Judgement:
    """Judges what SeparateDatabaseAndState does to the database; its state operations touch nothing there."""
    inner = Migration("inner", app_label)
    inner.operations = operation.database_operations
    if not inner.operations:
        return Judgement("yes", f"{operation.describe()}: nothing changes in the database")
    return judge(inner, before, new_tables)


def statements(operation: Operation, app_label: str, before: ProjectState, after: ProjectState) -> list[str]:
    """The SQL that the operation would run."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        operation.database_forwards(app_label, editor, before, after)
    return [line for line in editor.collected_sql if not line.startswith("--")]
