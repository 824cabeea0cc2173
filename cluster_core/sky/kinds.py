"""The kinds of sky with their parameter ranges, and the demo classes made of them."""

from __future__ import annotations

from cluster_core.sky.clouds import sample_planetary
from cluster_core.sky.fields import FieldKind, draw_nebula
from cluster_core.sky.galaxies import sample_elliptical, sample_spiral
from cluster_core.sky.scenes import GlobularKind, OpenKind

SkyKind = GlobularKind | OpenKind | FieldKind

KINDS: dict[str, SkyKind] = {
    # As in amateur photographs: single giants are visible, the core is blended.
    "globular_resolved": GlobularKind(
        half_light=(0.06, 0.25),
        concentration=(0.8, 2.2),
        total_magnitude=(-9.5, -6.5),
        limit_magnitude=(0.0, 4.5),
    ),
    # As seen by Hubble or a large telescope: the core fills the frame.
    "globular_core": GlobularKind(
        half_light=(0.22, 0.9),
        concentration=(0.6, 2.0),
        total_magnitude=(-9.8, -7.8),
        limit_magnitude=(2.0, 6.0),
        field=(3.0, 100.0),
        off_centre=0.08,
    ),
    # Short focal length: a fuzzy patch among field stars.
    "globular_small": GlobularKind(
        half_light=(0.012, 0.06),
        concentration=(0.8, 2.4),
        total_magnitude=(-9.5, -6.5),
        limit_magnitude=(-2.5, 2.5),
        off_centre=0.05,
    ),
    # Too distant to show single stars: a smooth ball of light.
    "globular_smooth": GlobularKind(
        half_light=(0.04, 0.22),
        concentration=(0.8, 2.3),
        total_magnitude=(-10.0, -7.5),
        limit_magnitude=(-3.5, 0.0),
    ),
    # Sparse and loose: M71, M55, NGC 5053, the Palomar clusters.
    "globular_loose": GlobularKind(
        half_light=(0.06, 0.3),
        concentration=(0.5, 1.1),
        total_magnitude=(-7.8, -5.8),
        limit_magnitude=(1.5, 5.0),
        field=(20.0, 3000.0),
    ),
    # Most open clusters: tens to hundreds of stars in a Milky Way field.
    "open_sparse": OpenKind(
        half_light=(0.06, 0.35),
        concentration=(0.3, 1.0),
        star_count=(30.0, 300.0),
        age_myr=(8.0, 800.0),
        depth=(2.5, 7.0),
        fractal_share=0.5,
    ),
    # M11, M37, a young NGC 7789: many stars of similar brightness.
    "open_rich": OpenKind(
        half_light=(0.08, 0.5),
        concentration=(0.3, 1.2),
        star_count=(400.0, 5000.0),
        age_myr=(50.0, 1500.0),
        depth=(1.5, 5.5),
        fractal_share=0.15,
    ),
    # M67, NGC 188, NGC 7789: red giants and a faint turn-off, round like a globular cluster.
    "open_old": OpenKind(
        half_light=(0.08, 0.5),
        concentration=(0.3, 1.2),
        star_count=(300.0, 6000.0),
        age_myr=(1200.0, 8000.0),
        depth=(1.0, 4.5),
        fractal_share=0.05,
        reflection_share=0.0,
        emission_share=0.0,
    ),
    # NGC 2158, NGC 6791, a distant M11: rich, round and crowded, deep in the Milky Way.
    "open_compact": OpenKind(
        half_light=(0.03, 0.12),
        concentration=(0.5, 1.3),
        star_count=(1500.0, 10000.0),
        age_myr=(200.0, 8000.0),
        depth=(0.5, 4.0),
        field=(200.0, 6000.0),
        fractal_share=0.05,
        reflection_share=0.0,
        emission_share=0.02,
    ),
    # The Pleiades: a few bright blue stars in dust that they illuminate.
    "open_reflection": OpenKind(
        half_light=(0.15, 0.4),
        concentration=(0.3, 0.8),
        star_count=(60.0, 500.0),
        age_myr=(40.0, 150.0),
        depth=(5.0, 9.0),
        field=(20.0, 800.0),
        fractal_share=0.5,
        reflection_share=1.0,
    ),
    # Still in the gas of its birth cloud: M16, the Rosette, NGC 3603.
    "open_newborn": OpenKind(
        half_light=(0.05, 0.3),
        concentration=(0.3, 1.2),
        star_count=(60.0, 1500.0),
        age_myr=(3.0, 15.0),
        depth=(3.0, 9.0),
        fractal_share=0.7,
        emission_share=0.9,
        reflection_share=0.1,
    ),
    # h and chi Persei, and fainter pairs.
    "open_double": OpenKind(
        half_light=(0.04, 0.15),
        concentration=(0.3, 1.0),
        star_count=(80.0, 1500.0),
        age_myr=(8.0, 1000.0),
        depth=(2.0, 6.0),
        is_double=True,
        off_centre=0.1,
    ),
    # A wide field with the cluster as a small knot.
    "open_small": OpenKind(
        half_light=(0.015, 0.07),
        concentration=(0.3, 1.2),
        star_count=(40.0, 3000.0),
        age_myr=(8.0, 4000.0),
        depth=(1.0, 5.0),
        field=(60.0, 3000.0),
    ),
    # A close-up: a few bright stars with large discs in an almost empty field.
    "open_bright": OpenKind(
        half_light=(0.15, 0.5),
        concentration=(0.3, 0.9),
        star_count=(30.0, 600.0),
        age_myr=(5.0, 600.0),
        depth=(5.0, 10.0),
        field=(8.0, 400.0),
        fractal_share=0.5,
    ),
    "field_sparse": FieldKind(field=(4.0, 200.0)),
    "field_dense": FieldKind(field=(300.0, 5000.0)),
    "galaxy_elliptical": FieldKind(
        field=(4.0, 400.0), glow=sample_elliptical, brightness_sigma=(3.0, 150.0)
    ),
    "galaxy_spiral": FieldKind(
        field=(4.0, 400.0), glow=sample_spiral, brightness_sigma=(3.0, 150.0)
    ),
    "nebula_bright": FieldKind(field=(30.0, 2000.0), glow=draw_nebula),
    "nebula_planetary": FieldKind(
        field=(10.0, 1500.0), glow=sample_planetary, brightness_sigma=(5.0, 200.0)
    ),
    "cloud_dark": FieldKind(field=(300.0, 5000.0), extinction_mag=(0.8, 3.5)),
}

DEMO_CLASSES: dict[str, tuple[str, ...]] = {
    "globular clusters": tuple(name for name in KINDS if name.startswith("globular_")),
    "open clusters": tuple(name for name in KINDS if name.startswith("open_")),
    "fields without a cluster": ("field_sparse", "field_dense"),
    "galaxies": ("galaxy_elliptical", "galaxy_spiral"),
    "nebulae": ("nebula_bright", "nebula_planetary", "cloud_dark"),
}
