"""Pictures, in one style that survives colour-blindness, grey print and a dark page.

Found things are thin and dark, true things wide and light, so that a true one shows around the found one that covers
it. Every function returns the figure (in a notebook end the line with a semicolon, or it is shown twice); `axes`, where
given, are drawn in instead of a new figure, and must be as many as there are panels. Margins do not depend on what is
drawn, so that the frames of an explorer do not jump.
"""

from saeno.plots.atoms import atoms, cosine_matrix, mosaic
from saeno.plots.canvas import FOUND, FOURTH, INK, QUIET, TRUE, WIDTH, style
from saeno.plots.codes import codes, masses, passage
from saeno.plots.curves import learning_curve, phase_diagram, spread
from saeno.plots.dashboard import atlas, dashboard

__all__ = [
    "FOUND",
    "FOURTH",
    "INK",
    "QUIET",
    "TRUE",
    "WIDTH",
    "atlas",
    "atoms",
    "codes",
    "cosine_matrix",
    "dashboard",
    "learning_curve",
    "masses",
    "mosaic",
    "passage",
    "phase_diagram",
    "spread",
    "style",
]
