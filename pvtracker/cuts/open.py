"""Open room: read a frozen cut back. Pooled by nature: the open room has no arms."""

from __future__ import annotations

from collections.abc import Iterable

from pvtracker.cuts.columns import OPEN_DATASETS
from pvtracker.cuts.data import CutData, CutError, read_frame
from pvtracker.cuts.freeze import folder_of
from pvtracker.cuts.models import Cut
from pvtracker.lib.canonical import sha256_hex


def load_cut(cut: Cut, *, only: Iterable[str] | None = None) -> CutData:
    """The frames of a cut, all or `only` some datasets, each checked against its hash; CutError when one differs."""
    frames = {}
    for name in OPEN_DATASETS if only is None else only:
        path = folder_of(cut.id) / f"{name}.parquet"
        try:
            content = path.read_bytes()
        except OSError as fault:
            raise CutError(f"The file of {name} of cut {cut.id} cannot be read.") from fault
        if sha256_hex(content) != cut.manifest["datasets"][name]["sha256"]:
            raise CutError(f"The file of {name} of cut {cut.id} was altered since it was frozen.")
        frames[name] = read_frame(content, dataset=name)
    return CutData(cut_id=str(cut.id), sha256=cut.sha256, manifest=cut.manifest, frames=frames)
