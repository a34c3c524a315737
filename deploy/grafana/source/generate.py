"""Writes the dashboards, one file for each and for each language.

    python3 deploy/grafana/source/generate.py [FOLDER]

FOLDER is deploy/grafana/dashboards unless another is named. Needs the package of requirements.txt and Python 3.11.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from boards import channels, company, leaderboard, operations, rep, team
from draw import draw
from languages import LANGUAGES, Language
from links import board_links, uid
from panels import Board
from variables import VARIABLES

BOARDS = (company.BOARD, team.BOARD, rep.BOARD, leaderboard.BOARD, channels.BOARD, operations.BOARD)


def build(board: Board, language: Language) -> models.Dashboard:
    built = dashboard.Dashboard(f"salespulse · {board.title.in_language(language)}")
    built.uid(uid(board.name, language)).description(board.description.in_language(language))
    built.tags(["salespulse", language]).timezone("browser").time("now-6h", "now").refresh("30s").readonly()
    built.variables([VARIABLES[name](language) for name in board.variables])
    built.links(board_links(board, BOARDS, language))
    number = 0
    for row in board.rows:
        number += 1
        head = dashboard.Row(row.title.in_language(language)).id(number)
        panels = [draw(panel, number + place, language) for place, panel in enumerate(row.panels, 1)]
        number += len(panels)
        if row.is_open:
            built.with_row(head)
            for panel in panels:
                built.with_panel(panel)
        else:
            for panel in panels:
                head.with_panel(panel)
            built.with_row(head)
    return without_surplus(built.build())


def without_surplus(built: models.Dashboard) -> models.Dashboard:
    """The dashboard without what the builders put in unasked and Grafana's types do not have."""
    for variable in built.templating.list_val:
        # Only intervals have these.
        variable.auto = variable.auto_min = variable.auto_count = None
    panels = [inner for panel in built.panels for inner in (panel, *(getattr(panel, "panels", None) or ()))]
    for panel in panels:
        if panel.type_val == "table":
            # Later versions keep the footer elsewhere; ours have none.
            panel.options.footer = None
    return built


def write(folder: Path) -> None:
    for language in LANGUAGES:
        (folder / language).mkdir(parents=True, exist_ok=True)
        for board in BOARDS:
            text = json.dumps(build(board, language), cls=JSONEncoder, indent=1, ensure_ascii=False)
            (folder / language / f"{board.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "dashboards")
