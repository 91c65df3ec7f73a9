"""
What the judgements say is held against PostgreSQL: after each operation the model as the old code has it is read and
written. A "yes" must work; a "no" must have been able to break.
"""

import json
import sys
import types

import pytest
from django.db import Error, connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from delivery.compatibility import judge
from tests.running import manage

Char = models.CharField


def before() -> ProjectState:
    """A project with one model, as the release that serves knows it."""
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", Char(max_length=20)),
        ("note", Char(max_length=20, null=True)),
    ]
    options = {"indexes": [models.Index(fields=["name"], name="ship_name")]}
    state = ProjectState()
    state.add_model(ModelState("port", "Ship", fields, options))
    state.add_model(ModelState("port", "Berth", [("id", models.BigAutoField(primary_key=True))]))
    return state


def migration(*items) -> Migration:
    made = Migration("0002", "port")
    made.operations = list(items)
    return made


def old_code_works(items) -> bool:
    """Applies the operations, then writes, reads and changes a row twice through the old model."""
    state = before()
    old = state.apps.get_model("port", "Ship")
    with connection.schema_editor() as editor:
        for model in state.apps.get_models():
            editor.create_model(model)
    old.objects.create(name="Maria", note="long, long note")
    with connection.schema_editor() as editor:
        migration(*items).apply(state.clone(), editor)
    try:
        for _ in range(2):
            ship = old.objects.create(name="Ana")
            ship.note = "twenty characters it"
            ship.save()
            list(old.objects.all())
        ship.delete()
    except Error:
        return False
    return True


WORKS = {
    "null column": [operations.AddField("ship", "flag", Char(max_length=2, null=True))],
    "column with a default of the database": [operations.AddField("ship", "age", models.IntegerField(db_default=0))],
    "column with an expression as default": [operations.AddField("ship", "at", models.DateTimeField(db_default=Now()))],
    "unique null column": [operations.AddField("ship", "mark", Char(max_length=9, null=True, unique=True))],
    "many to many": [operations.AddField("ship", "berths", models.ManyToManyField("port.Berth"))],
    "new table": [operations.CreateModel("Crew", [("id", models.BigAutoField(primary_key=True))])],
    "new table, changed": [
        operations.CreateModel("Crew", [("id", models.BigAutoField(primary_key=True))]),
        operations.AddField("crew", "name", Char(max_length=9, default="")),
        operations.RenameField("crew", "name", "called"),
    ],
    "index": [operations.AddIndex("ship", models.Index(fields=["note"], name="ship_note"))],
    "no index": [operations.RemoveIndex("ship", "ship_name")],
    "index of another name": [operations.RenameIndex("ship", new_name="ship_called", old_name="ship_name")],
    "options": [operations.AlterModelOptions("ship", {"ordering": ["name"]})],
    "what a form shows": [operations.AlterField("ship", "name", Char("called", max_length=20, help_text="Who"))],
    "state only": [operations.SeparateDatabaseAndState(state_operations=[operations.RemoveField("ship", "note")])],
    "nothing": [],
}
BREAKS = {
    "NOT NULL with Django's default": [operations.AddField("ship", "age", models.IntegerField(default=0))],
    "unique default": [operations.AddField("berth", "n", models.IntegerField(db_default=0, unique=True))],
    "no column": [operations.RemoveField("ship", "note")],
    "renamed column": [operations.RenameField("ship", "note", "remark")],
    "no table": [operations.DeleteModel("Ship")],
    "renamed model": [operations.RenameModel("Ship", "Vessel")],
    "renamed table": [operations.AlterModelTable("ship", "vessels")],
    "shorter column": [operations.AlterField("ship", "note", Char(max_length=16, null=True))],
    "NOT NULL": [operations.AlterField("ship", "note", Char(max_length=20))],
    "unique": [operations.AlterField("ship", "name", Char(max_length=20, unique=True))],
    "unique together": [operations.AlterUniqueTogether("ship", {("name",)})],
    "constraint": [
        operations.AddConstraint(
            "ship", models.CheckConstraint(condition=~models.Q(name="Ana"), name="ship_other_than_ana")
        )
    ],
    "in the database only": [
        operations.SeparateDatabaseAndState(database_operations=[operations.RemoveField("ship", "note")])
    ],
}
# Judged by what it could do to other rows or another table than those the old code uses here.
BREAKS_ELSEWHERE = {"unique default"}


@pytest.mark.django_db
@pytest.mark.parametrize("items", WORKS.values(), ids=WORKS.keys())
def test_the_old_code_goes_on_working(items):
    found = judge(migration(*items), before())
    assert found.compatible == "yes"
    assert found.why
    assert old_code_works(items)


@pytest.mark.django_db
@pytest.mark.parametrize("name", BREAKS.keys())
def test_the_old_code_breaks(name):
    assert judge(migration(*BREAKS[name]), before()).compatible == "no"
    if name not in BREAKS_ELSEWHERE:
        assert not old_code_works(BREAKS[name])


def test_what_code_does_is_unknown_until_its_author_says():
    module = types.ModuleType("declared_migration")
    declared = type("Migration", (Migration,), {"__module__": module.__name__})("0002", "port")
    declared.operations = [operations.RunSQL("SELECT 1"), operations.RunPython(lambda *_: None)]
    assert judge(declared, before()).compatible == "unknown"

    sys.modules[module.__name__] = module
    module.compatible = True
    assert judge(declared, before()).compatible == "yes"
    # What is derived stands, whatever the author says.
    declared.operations.append(operations.RemoveField("ship", "note"))
    assert judge(declared, before()).compatible == "no"
    del sys.modules[module.__name__]


def test_the_worst_operation_counts_and_every_reason_of_it_is_given():
    found = judge(
        migration(
            operations.RunSQL("SELECT 1"),
            operations.RemoveField("ship", "note"),
            operations.AddField("ship", "age", models.IntegerField(default=0)),
        ),
        before(),
    )
    assert found.compatible == "no"
    assert "Remove field note" in found.why
    assert "Add field age" in found.why


def test_a_judgement_leaves_the_state_alone():
    state = before()
    judge(migration(operations.RemoveField("ship", "note")), state)
    assert "note" in state.models["port", "ship"].fields


def test_the_plan_of_an_empty_database_and_of_a_migrated_one(tree, database):
    plan = json.loads(manage(tree, database, "migration_plan").splitlines()[-1])
    names = [item["name"] for item in plan["migrations"]]
    assert [name for name in names if name.startswith("guestbook.")] == [
        "guestbook.0001_initial",
        "guestbook.0002_first_entries",
    ]
    assert {item["compatible"] for item in plan["migrations"]} == {"yes"}
    manage(tree, database, "migrate_locked")
    assert json.loads(manage(tree, database, "migration_plan").splitlines()[-1]) == {"migrations": [], "records": []}
