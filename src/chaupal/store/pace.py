"""How long a writer gathers, and how far patient work stands back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Each writer has one."""

    batch_max_rules: int = 256
    batch_max_s: float = 0.050
    """Longer batches would make the first of them wait too long for its answer."""

    batches_before_patient: int = 2
    """So many batches in a row may go before patient work; then some of it has its turn, however much else waits."""

    long_batch_s: float = 0.003
    """A batch that takes longer counts as several: else calls that write much would leave next to nothing to it."""

    turns_max: int = 8
    """So many pieces at most have their turn one after another."""

    patient_at_once: int = 4
    """Pieces of patient work in one batch while nobody calls. Each takes up to a millisecond, in which a call that
    comes waits: so among calls they go one by one."""

    calm_s: float = 0.1
    """So long after a call, calls are taken to come no more."""

    answers_s: float = 0.0003
    """So long after a batch of calls nothing else is begun."""

    glance_s: float = 0.0001
    """So long, at least, the interpreter is left to others before each piece among calls: one may wait for it that is
    not queued yet."""
