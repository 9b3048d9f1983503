"""``python -m benchmarks [NAME ...]``: measure, and write the tables into benchmarks/README.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: Name of a section in the README, and the module whose output it holds.
SECTIONS = {
    "main-job": "benchmarks.main_job",
    "spark": "benchmarks.spark",
    "dashboard": "benchmarks.dashboard",
    "rules": "benchmarks.rules",
    "lifetime": "benchmarks.lifetime",
    "features": "benchmarks.features",
    "clusters": "benchmarks.clusters",
    "foreign": "benchmarks.foreign",
    "steady": "benchmarks.steady",
    "real-data": "benchmarks.real_data",
    "scale": "benchmarks.scale",
    "many-rules": "benchmarks.many_rules",
    "merges": "benchmarks.merges",
    "usual": "benchmarks.usual",
    "summary": "benchmarks.summary",
}


def main(names: list[str]) -> None:
    """Measure the named sections, or all, each in a process of its own, and put the tables in their places."""
    readme = HERE / "README.md"
    for name in names or list(SECTIONS):
        done = subprocess.run(
            [sys.executable, "-m", SECTIONS[name]], cwd=HERE.parent, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        text = readme.read_text(encoding="utf-8")
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        body = re.escape(start) + ".*?" + re.escape(end)
        new = f"{start}\n{done.stdout.strip()}\n{end}"
        readme.write_text(re.sub(body, lambda _, new=new: new, text, flags=re.DOTALL), encoding="utf-8")
        print(f"{name}: written to {readme.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
