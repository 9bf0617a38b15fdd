"""What a reader does to a figure in a browser, and what is then to be seen."""

PICTURE = """figure => [...figure.querySelectorAll(".fer-stage :is(svg, canvas, table, .fer-card)")].map(
    node => node.tagName === "CANVAS" ? node.toDataURL() : node.outerHTML).join()"""


def controls(figure) -> dict:
    """The controls by their visible words."""
    found = figure.locator(".fer-stage :is(input, select, button):enabled").all()
    words = "node => (node.labels?.length ? node.labels[0].querySelector('span:not(.fer-value)') : node).textContent"
    return {control.evaluate(words): control for control in found}


def picture(figure) -> str:
    return figure.evaluate(PICTURE)


def operate(control, way: str) -> None:
    """Move a slider to its farther end, choose another item, tick a box or press a button."""
    kind = control.evaluate("node => node.type")
    point = control.tap if way == "touch" else control.click
    if kind == "range":
        before, low, high = (float(control.evaluate(f"node => node.{what}")) for what in ("value", "min", "max"))
        upwards = before < (low + high) / 2
        if way == "keyboard":
            control.press("End" if upwards else "Home")
            control.press("ArrowLeft" if upwards else "ArrowRight")  # two values of a slider may look the same
        else:
            box = control.bounding_box()
            point(position={"x": box["width"] * (0.9 if upwards else 0.1), "y": box["height"] / 2})
        assert float(control.input_value()) != before
    elif kind == "select-one":
        before = control.evaluate("node => node.selectedIndex")
        if way != "keyboard":
            point()
        control.press("ArrowUp" if before else "ArrowDown")
        if way != "keyboard":
            control.press("Enter")
        assert control.evaluate("node => node.selectedIndex") != before
    elif way == "keyboard":
        control.press("Space")
    else:
        point()
