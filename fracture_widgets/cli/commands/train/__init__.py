"""``fracture-widgets train``: networks from a folder of radiographs, and the cascade."""

from fracture_widgets.cli.commands.train import cascade, gate, networks, trust
from fracture_widgets.cli.options import new_app

app = new_app(
    help="Train the paper's networks by its recipe, or the shipped cascade.",
    short_help="train networks from a folder of radiographs",
)
for recipe in (networks, cascade, gate, trust):
    app.add_typer(recipe.app)
