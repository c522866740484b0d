"""The page of ``session-mock world --html``; importing it requires pygal."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from pygal import Bar, Config, HorizontalBar
from pygal.etree import etree

from mockserver.cli.world.command import FIGURES, SHARES, compare_sites, summarize, summarize_site

_STYLE: Final = "body { font-family: sans-serif; max-width: 70em; margin: 2em auto } svg { margin: 1em 0 }"


def render_page(worlds: Sequence[dict[str, Any]]) -> str:
    """Return an HTML page with the figures of worlds; it has no scripts and requests nothing."""
    parts = [part for number, world in enumerate(worlds) for part in _render_world(number, world)]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>session-mock world</title>\n'
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _render_world(number: int, world: dict[str, Any]) -> list[str]:
    sites = world["sites"]
    items = "".join(f"<li>{escape(summarize_site(site))}</li>" for site in sites)
    charts = [
        _render_chart(f"{name}-{number}", sites, name)
        for name in FIGURES
        if any(site[name] for site in sites)
    ]
    return [f"<h1>{escape(summarize(world))}</h1>", f"<ul>{items}</ul>", *charts]


def _render_chart(identifier: str, sites: Sequence[dict[str, Any]], name: str) -> str:
    rows = compare_sites(sites, name)
    config = Config(title=FIGURES[name], width=1100, height=400, legend_at_bottom=True, x_label_rotation=60)
    config.value_formatter = "{:.1%}".format if name in SHARES else "{:,}".format
    chart = HorizontalBar(config) if name in SHARES else Bar(config)
    if name in SHARES:
        rows.reverse()  # Horizontal bars are drawn from the bottom.
    chart.uuid = identifier  # By default a random one.
    chart.x_labels = [category for category, _ in rows]
    for position, site in enumerate(sites):
        chart.add(site["domain"], [sizes[position] for _, sizes in rows])
    root = chart.render_tree()
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag == "script":
                parent.remove(child)  # Comments have the date of today; scripts are for tooltips.
            elif child.tag == "desc":
                child.tag = "title"  # Browsers show it as a tooltip.
    return str(etree.tostring(root, encoding="unicode"))
