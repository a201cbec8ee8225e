"""Models of how tables once were, made the quick way: the same as Django's own, and made anew less often."""

from __future__ import annotations

from typing import Final

from django.db import migrations, models
from django.db.migrations.state import ModelState, ProjectState

from gangway.config.database.states import quick_states

KEY: Final = ("id", models.BigAutoField(primary_key=True))
SMALL: Final = models.CheckConstraint(condition=models.Q(size__lt=9), name="small")
STEPS: Final = [
    migrations.CreateModel("Place", [KEY, ("size", models.IntegerField(default=1))]),
    migrations.CreateModel("Thing", [KEY, ("place", models.ForeignKey("shop.Place", models.PROTECT))]),
    migrations.AddConstraint("place", SMALL),
    migrations.AddConstraint("place", models.UniqueConstraint(fields=["size"], name="one")),
    migrations.RemoveConstraint("place", "one"),
    migrations.AddField("place", "name", models.CharField(max_length=20, choices=[("a", "A")])),
    migrations.AddIndex("place", models.Index(fields=["name"], name="by_name")),
    migrations.AlterField("place", "size", models.BigIntegerField()),
    migrations.AddField("thing", "other", models.OneToOneField("self", models.CASCADE, null=True)),
]


def after_all_steps() -> dict[str, object]:
    """Everything a migration can say of each model's class, in the order of its columns."""
    state = ProjectState()
    assert list(state.apps.get_models()) == []
    for step in STEPS:
        step.state_forwards("shop", state)
    return {model.__name__: described(ModelState.from_model(model)) for model in state.apps.get_models()}


def described(model: ModelState) -> object:
    fields = [(name, *field.deconstruct()[1:]) for name, field in model.fields.items()]
    return fields, [part.deconstruct() for part in (*model.options["indexes"], *model.options["constraints"])]


def test_the_models_are_the_same():
    expected = after_all_steps()
    with quick_states():
        assert after_all_steps() == expected
    assert len(expected) == 2


def test_who_points_at_a_model_is_not_made_anew_for_its_constraint():
    with quick_states():
        state = ProjectState()
        for step in STEPS[:2]:
            step.state_forwards("shop", state)
        before = state.apps.get_model("shop", "Thing")
        STEPS[2].state_forwards("shop", state)
    assert state.apps.get_model("shop", "Thing") is before
    assert state.apps.get_model("shop", "Place")._meta.constraints == [SMALL]
