"""Two servers on one workspace: what one keeps, the other finds."""

from __future__ import annotations

from cluster_core.answers.rooms import create_room
from tests.samples import run_python

FIND = """
import sys
from cluster_core.answers.rooms import find_room
from cluster_core.workspace import Workspace
room = find_room(Workspace.default(), sys.argv[1])
print([picture.name for picture in room.pictures.values()])
"""


def test_pictures_of_a_visitor_are_found_by_another_server(workspace):
    room = create_room(workspace)
    room.add_picture("M 13.jpg", b"not decoded here")
    found = run_python("-c", FIND, room.id)
    assert found.stdout.strip() == "['M 13.jpg']"
