"""What the package says of itself (plays, learns) is what the benchmarks measured, and nothing else."""

import json
import sys

from adversaria.recipes.index import EVIDENCE, entries
from conftest import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks.evidence import gathered  # noqa: E402
from benchmarks.page import page  # noqa: E402
from benchmarks.sections import SECTIONS  # noqa: E402

KEPT = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
ORDERED = {name: KEPT[name] for name in SECTIONS if name in KEPT}


def test_the_evidence_is_what_the_benchmarks_found():
    assert json.loads(EVIDENCE.read_text(encoding="utf-8")) == gathered(ORDERED)
    assert (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8") == page(ORDERED)


def test_the_evidence_speaks_of_members_in_the_words_of_the_list():
    known = {f"{entry['kind']}/{entry['key']}" for entry in entries()}
    for member, facts in gathered(ORDERED).items():
        assert member in known, member
        assert set(facts) <= {"plays", "learns", "evidence"} and facts.get("plays", "ok") in ("ok", "fails")
        assert facts.get("learns", "shown") in ("shown", "not shown")
        # what is said to be shown says where
        place = facts.get("evidence", "").partition(":")[0].partition(",")[0]
        assert facts.get("learns") != "shown" or (place.startswith("benchmarks/") and (ROOT / place).is_file())


def test_one_benchmark_does_not_unshow_what_another_showed():
    section = {"evidence": {"games/lapgan": {"learns": "shown", "evidence": "benchmarks/RESULTS.md, lapgan: so"}}}
    assert gathered({"one": section})["games/lapgan"]["learns"] == "shown"


def test_a_missed_goal_and_a_failed_section_stand_on_the_page():
    facts = {"machine": "a machine", "python": "3", "versions": {"torch": "2"}, "date": "2026-01-01", "load": "0"}
    goal = {"name": "speed", "wanted": ">= 2", "found": "1.5", "met": False, "why": "a slow kernel"}
    found = {"title": "t", "how": "h", "head": ["a"], "rows": [["b"]], "goals": [goal], "notes": [], "wall_s": 1}
    said = page({"one": {**found, **facts}, "two": {"title": "two", "failed": "OSError: no", **facts}})
    assert "1 MISSED" in said and "| speed | >= 2 | 1.5 | MISSED | a slow kernel | one |" in said
    assert "Failed sections: two" in said and "FAILED: OSError: no" in said
