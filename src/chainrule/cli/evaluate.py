"""`chainrule evaluate MODEL DATA`: loss and accuracy of a trained model on data."""

from __future__ import annotations

from chainrule.cli.options import DataName, Import, Json, ModelFile, PartOf, Target


def evaluate(
    model: ModelFile,
    data: DataName,
    target: Target = None,
    part: PartOf = None,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Print loss and accuracy of a MODEL on DATA.

    Without --part it is the test part where there is one, else all samples. In the data that MODEL
    was trained on, the test part is what was held out then.
    """
    from chainrule.cli import output
    from chainrule.cli.models import open_model
    from chainrule.cli.samples import labelled

    trained = open_model(model, import_)
    if trained.table is not None:
        from chainrule.cli.tables import evaluate_table

        evaluate_table(trained, data, part, json)
        return
    samples = labelled(trained, data, target, part)
    scores = trained.evaluate(samples.x, samples.y)
    if json:
        output.print_json(
            {
                "model": model,
                "data": data,
                "samples": len(samples.x),
                "loss": scores["loss"],
                "accuracy": scores.get("accuracy"),
            }
        )
    else:
        print(f"{samples.what}: {output.scores(scores)}")
