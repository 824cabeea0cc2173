"""The table of kinds of sky, and the classes a demo dataset makes of them."""

from __future__ import annotations

from cluster_core.data.sky.clouds import sample_planetary
from cluster_core.data.sky.fields import BareKind, draw_nebula
from cluster_core.data.sky.galaxies import sample_elliptical, sample_spiral
from cluster_core.data.sky.scenes import GlobularKind, OpenKind

SkyKind = GlobularKind | OpenKind | BareKind

KINDS: dict[str, SkyKind] = {
    # A cluster as amateurs show it: the giants stand apart, the core runs together.
    "globular_resolved": GlobularKind((0.06, 0.25), (0.8, 2.2), (-9.5, -6.5), (0.0, 4.5)),
    # Hubble's or a big telescope's view: the core fills the frame.
    "globular_core": GlobularKind(
        (0.22, 0.9), (0.6, 2.0), (-9.8, -7.8), (2.0, 6.0), field=(3.0, 100.0), off_centre=0.08
    ),
    # Short focal length: a blur among field stars.
    "globular_small": GlobularKind(
        (0.012, 0.06), (0.8, 2.4), (-9.5, -6.5), (-2.5, 2.5), off_centre=0.05
    ),
    # Too far for single stars, a smooth ball of light.
    "globular_smooth": GlobularKind((0.04, 0.22), (0.8, 2.3), (-10.0, -7.5), (-3.5, 0.0)),
    # Poor and loose: M71, M55, NGC 5053, the Palomar clusters.
    "globular_loose": GlobularKind(
        (0.06, 0.3), (0.5, 1.1), (-7.8, -5.8), (1.5, 5.0), field=(20.0, 3000.0)
    ),
    # Most open clusters: tens to some hundred stars in a field of the Milky Way.
    "open_sparse": OpenKind(
        (0.06, 0.35), (0.3, 1.0), (30.0, 300.0), (8.0, 800.0), (2.5, 7.0), clumpy=0.5
    ),
    # M11, M37, NGC 7789 when young: many stars of like brightness.
    "open_rich": OpenKind(
        (0.08, 0.5), (0.3, 1.2), (400.0, 5000.0), (50.0, 1500.0), (1.5, 5.5), clumpy=0.15
    ),
    # M67, NGC 188, NGC 7789: red giants and a faint turn-off, round like a globular.
    "open_old": OpenKind(
        (0.08, 0.5),
        (0.3, 1.2),
        (300.0, 6000.0),
        (1200.0, 8000.0),
        (1.0, 4.5),
        clumpy=0.05,
        reflection=0.0,
        emission=0.0,
    ),
    # NGC 2158, NGC 6791, M11 from afar: rich, round and crowded, deep in the Milky Way.
    "open_compact": OpenKind(
        (0.03, 0.12),
        (0.5, 1.3),
        (1500.0, 10000.0),
        (200.0, 8000.0),
        (0.5, 4.0),
        field=(200.0, 6000.0),
        clumpy=0.05,
        reflection=0.0,
        emission=0.02,
    ),
    # The Pleiades: a few bright blue stars in the dust they light.
    "open_reflection": OpenKind(
        (0.15, 0.4),
        (0.3, 0.8),
        (60.0, 500.0),
        (40.0, 150.0),
        (5.0, 9.0),
        field=(20.0, 800.0),
        clumpy=0.5,
        reflection=1.0,
    ),
    # Newborn, in the gas of its cloud: M16, the Rosette, NGC 3603.
    "open_newborn": OpenKind(
        (0.05, 0.3),
        (0.3, 1.2),
        (60.0, 1500.0),
        (3.0, 15.0),
        (3.0, 9.0),
        clumpy=0.7,
        emission=0.9,
        reflection=0.1,
    ),
    # h and chi Persei and lesser neighbours.
    "open_double": OpenKind(
        (0.04, 0.15),
        (0.3, 1.0),
        (80.0, 1500.0),
        (8.0, 1000.0),
        (2.0, 6.0),
        pair=True,
        off_centre=0.1,
    ),
    # A wide field in which the cluster is a small knot.
    "open_small": OpenKind(
        (0.015, 0.07),
        (0.3, 1.2),
        (40.0, 3000.0),
        (8.0, 4000.0),
        (1.0, 5.0),
        field=(60.0, 3000.0),
    ),
    # A close-up: a few bright stars with large discs, the field almost empty.
    "open_bright": OpenKind(
        (0.15, 0.5),
        (0.3, 0.9),
        (30.0, 600.0),
        (5.0, 600.0),
        (5.0, 10.0),
        field=(8.0, 400.0),
        clumpy=0.5,
    ),
    "field_sparse": BareKind((4.0, 200.0)),
    "field_dense": BareKind((300.0, 5000.0)),
    "galaxy_elliptical": BareKind((4.0, 400.0), sample_elliptical, (3.0, 150.0)),
    "galaxy_spiral": BareKind((4.0, 400.0), sample_spiral, (3.0, 150.0)),
    "nebula_bright": BareKind((30.0, 2000.0), draw_nebula),
    "nebula_planetary": BareKind((10.0, 1500.0), sample_planetary, (5.0, 200.0)),
    "cloud_dark": BareKind((300.0, 5000.0), extinction_mag=(0.8, 3.5)),
}

DEMO_CLASSES: dict[str, tuple[str, ...]] = {
    "globular clusters": tuple(name for name in KINDS if name.startswith("globular_")),
    "open clusters": tuple(name for name in KINDS if name.startswith("open_")),
    "fields without a cluster": ("field_sparse", "field_dense"),
    "galaxies": ("galaxy_elliptical", "galaxy_spiral"),
    "nebulae": ("nebula_bright", "nebula_planetary", "cloud_dark"),
}
