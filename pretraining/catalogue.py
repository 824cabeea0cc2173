"""Make the catalogue of objects that ships with the program from published ones.

    python -m pretraining.catalogue ONGC_DB NAMED_OBJECTS DSOS

The sources are those of `cluster_core/assets/catalogue_NOTICE.txt`: `ongc.db` of the package
pyongc 1.2.2 (PyPI), `galpy/orbit/named_objects.json` of galpy 1.12.1 (PyPI), and
`data/dsos.20.json` of d3-celestial 0.7.35 (npm).
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cluster_core.sky_names.catalogue import CATALOGUE_FILE, GLOBULAR_CLUSTER, OPEN_CLUSTER
from cluster_core.sky_names.plane import compute_separations

KINDS = {
    "GCl": GLOBULAR_CLUSTER,
    "OCl": OPEN_CLUSTER,
    "Cl+N": "star cluster with nebula",
    "*Ass": "association of stars",
    "G": "galaxy",
    "GPair": "pair of galaxies",
    "GTrpl": "triplet of galaxies",
    "GGroup": "group of galaxies",
    "PN": "planetary nebula",
    "HII": "nebula",
    "EmN": "nebula",
    "Neb": "nebula",
    "RfN": "reflection nebula",
    "DrkN": "dark nebula",
    "SNR": "supernova remnant",
}
# Objects of other types that have a number in Messier's list.
MESSIER_KINDS = {"**": "double star", "Other": "asterism"}
PREFIXES = {"NGC": "NGC", "IC": "IC", "Mel": "Mel", "Cl": "Cr", "H": "Harvard", "C": "C"}
PREFIXES |= {"B": "Barnard", "HCG": "HCG", "ESO": "ESO", "UGC": "UGC", "PGC": "PGC", "M": "M"}
BETTER_NAMES = {
    "NGC 104": "47 Tuc",
    "NGC 5139": "omega Cen",
    "Mel 22": "M 45",
    "C 41": "Mel 25",
    "C 9": "Sh2-155",
    "C 33": "Barnard 33",
    "NGC 5866": "M 102",
    "ESO 390-6": "Terzan 3",
    "MWSC 3156": "Terzan 8",
    "MWSC 3171": "Pal 11",
    "MWSC 3561": "Pal 12",
    "ESO 56-115": "LMC",
    "NGC 292": "SMC",
}
BETTER_KINDS = {"C 14": "pair of open clusters", "M 24": "star cloud", "Cr 399": "asterism"}
# Names in use that the sources lack. Collinder 1931, Melotte 1915, Trumpler 1930.
ALIASES = {
    "47 Tuc": "47 Tucanae",
    "omega Cen": "omega Centauri",
    "M 45": "Cr 42;Seven Sisters",
    "Mel 25": "Cr 50;Hyades",
    "Mel 111": "Cr 256;Coma Berenices Cluster",
    "Mel 71": "Cr 155",
    "Mel 72": "Cr 156",
    "Mel 101": "Cr 227",
    "Mel 105": "Cr 246",
    "Cr 399": "Coathanger;Brocchi's Cluster",
    "Cr 39": "Mel 20;Alpha Persei Cluster",
    "Cr 147": "Mel 66",
    "Cr 359": "Mel 186",
    "Cr 411": "Mel 227",
    "Cr 69": "Lambda Orionis Cluster",
    "Cr 70": "Orion's Belt Cluster",
    "M 44": "Mel 88;Cr 189;Beehive Cluster;Praesepe",
    "M 67": "Mel 94;Cr 204",
    "NGC 869": "Mel 13;Cr 24;h Per",
    "NGC 884": "Mel 14;Cr 25;chi Per",
    "NGC 752": "Mel 12;Cr 23",
    "NGC 2244": "Mel 47;Cr 99",
    "NGC 2264": "Mel 49;Cr 112",
    "NGC 6231": "Mel 153;Cr 315",
    "IC 1396": "Tr 37;Cr 439",
    "IC 1805": "Mel 15;Cr 26",
    "IC 2391": "Cr 191;omicron Velorum Cluster",
    "IC 2602": "Mel 102;Cr 229;Southern Pleiades",
    "IC 4665": "Mel 179;Cr 349",
    "IC 4756": "Mel 210;Cr 386",
    "IC 1276": "Pal 7",
    "Tr 3": "Cr 36;Harvard 1",
    **{
        f"Cr {collinder}": f"Tr {trumpler}"
        for collinder, trumpler in (
            *((15, 1), (29, 2), (105, 5), (145, 6), (146, 7), (168, 9), (203, 10), (217, 12)),
            *((230, 14), (231, 15), (233, 16), (235, 17), (241, 18), (274, 21), (283, 22)),
            *((295, 23), (318, 24), (331, 26), (336, 27), (337, 28), (355, 30), (357, 31)),
            *((378, 33), (387, 34), (388, 35)),
        )
    },
}
# Open clusters of the older lists that none of the sources has. Degrees and arcminutes, entered by
# hand and checked to some arcminutes only.
OPEN_CLUSTERS = {
    "Be 17": (80.15, 30.60, 13.0),
    "Be 18": (80.55, 45.40, 20.0),
    "Be 39": (116.70, -4.60, 7.0),
    "King 14": (7.975, 63.167, 8.0),
    "Stock 1": (293.95, 25.22, 80.0),
    "Stock 2": (33.68, 59.483, 60.0),
    "Stock 23": (49.05, 60.12, 29.0),
    "Tr 3": (48.0, 63.18, 23.0),
}
GALPY_NAMES = {"E1": "AM 1", "E3": "ESO 37-1", "ESO45211": "ESO 452-11", "ESO28006": "ESO 280-6"}
# The declinations of the first two in DSOS contradict Collinder's; the others are moving groups.
LEFT_OUT = {"Cr 36", "Cr 219", "Cr 173", "Cr 302"}
SAME_ARCMIN = 3.5  # two entries that are closer are one cluster


@dataclass
class Entry:
    """A row of the catalogue in the making."""

    name: str
    kind: str
    ra_deg: float
    dec_deg: float
    diameter_arcmin: float | None
    aliases: list[str] = field(default_factory=list)

    def add(self, names: list[str]) -> None:
        """Add names that it does not have yet."""
        known = {self.name, *self.aliases}
        self.aliases += [name for name in dict.fromkeys(names) if name and name not in known]

    def rename(self, name: str) -> None:
        """Make a name the first one."""
        if name != self.name:
            self.aliases = [self.name, *(alias for alias in self.aliases if alias != name)]
            self.name = name


def read_open_ngc(path: Path) -> list[Entry]:
    """Return the objects of OpenNGC, with the numbers of their duplicates as other names."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT name, type, ra, dec, majax, messier, ngc, ic, identifiers, commonnames "
        "FROM objects ORDER BY id"
    ).fetchall()
    found: dict[str, Entry] = {}
    for name, type_, ra, dec, diameter, messier, _, _, identifiers, common in rows:
        kind = KINDS.get(type_) or (MESSIER_KINDS.get(type_) if messier else None)
        if kind is None or ra is None:
            continue
        ra_deg, dec_deg = float(np.degrees(ra)), float(np.degrees(dec))
        entry = Entry(spell(name), kind, ra_deg, dec_deg, diameter or None)
        others = [part.strip() for part in (identifiers or "").split(",")]
        entry.add([spell(part) for part in others if re.match(r"(C|Mel|Cl|SH) ", part)])
        entry.add([part.strip() for part in (common or "").split(",")])
        if messier:
            entry.rename(f"M {int(messier)}")
        if better := BETTER_NAMES.get(entry.name):
            entry.rename(better)
        entry.kind = BETTER_KINDS.get(entry.name, kind)
        found[name] = entry
    for name, type_, *_, ngc, ic, _, _ in rows:
        same = f"NGC{ngc}" if ngc else f"IC{ic}"
        if type_ == "Dup" and same in found:
            found[same].add([spell(name)])
    return list(found.values())


def spell(designation: str) -> str:
    """Write a name of OpenNGC as people do: "NGC0104" as "NGC 104"."""
    if match := re.fullmatch(r"SH 2-(\d+)", designation):
        return f"Sh2-{match[1]}"
    match = re.fullmatch(r"([A-Za-z]+) ?0*(\d+)(.*)", designation)
    if not match:
        return designation
    tail = re.sub(r"^-0*", "-", match[3])
    return f"{PREFIXES.get(match[1], match[1])} {match[2]}{tail}"


def read_globulars(path: Path) -> list[Entry]:
    """Return the globular clusters of galpy, after Baumgardt and Vasiliev."""
    objects = json.loads(path.read_text())
    found = []
    for key in objects["_collections"]["MWglobularclusters"]:
        name = GALPY_NAMES.get(key) or re.sub(r"^([A-Za-z]+?) ?(\d+)$", r"\1 \2", key)
        found.append(Entry(name, GLOBULAR_CLUSTER, objects[key]["ra"], objects[key]["dec"], None))
    return sorted(found, key=lambda entry: entry.name)


def read_collinder(path: Path) -> list[Entry]:
    """Return the open clusters of Collinder in the database of the Saguaro Astronomy Club."""
    found = []
    for feature in json.loads(path.read_text())["features"]:
        name, size = feature["properties"]["desig"], feature["properties"]["dim"]
        if (
            feature["properties"]["type"] == "oc"
            and name.startswith("Cr ")
            and name not in LEFT_OUT
        ):
            ra, dec = feature["geometry"]["coordinates"]
            diameter = float(size.split("x")[0]) if size.strip() else None
            found.append(Entry(name, OPEN_CLUSTER, ra % 360, dec, diameter))
    return found


def merge(entries: list[Entry], others: list[Entry]) -> None:
    """Add clusters to the entries, as other names of those that are there already."""
    clusters = [entry for entry in entries if "cluster" in entry.kind or "stars" in entry.kind]
    ra, dec = (np.array([getattr(e, key) for e in clusters]) for key in ("ra_deg", "dec_deg"))
    by_name = {name: entry for entry in entries for name in (entry.name, *entry.aliases)}
    for other in others:
        away = compute_separations(other.ra_deg, other.dec_deg, ra, dec) * 60
        same = by_name.get(other.name)
        if same is None and away.min() < SAME_ARCMIN:
            same = clusters[int(away.argmin())]
        if same is None:
            entries.append(other)
        elif not re.match("NGC|IC", other.name):
            same.add([other.name])


def add_aliases(entries: list[Entry]) -> None:
    """Add `ALIASES` to the entries that are there."""
    by_name = {name: entry for entry in reversed(entries) for name in (entry.name, *entry.aliases)}
    for name, aliases in ALIASES.items():
        if name in by_name:
            by_name[name].add(aliases.split(";"))


def main(ongc: Path, globulars: Path, collinder: Path) -> None:
    """Write the catalogue and print its hash."""
    entries = read_open_ngc(ongc)
    merge(entries, read_globulars(globulars))
    add_aliases(entries)
    merge(entries, read_collinder(collinder))
    merge(entries, [Entry(n, OPEN_CLUSTER, *place) for n, place in OPEN_CLUSTERS.items()])
    add_aliases(entries)  # those of the clusters that have just been added
    with CATALOGUE_FILE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["name", "aliases", "kind", "ra_deg", "dec_deg", "diameter_arcmin"])
        for entry in entries:
            size = "" if entry.diameter_arcmin is None else f"{entry.diameter_arcmin:g}"
            place = (f"{entry.ra_deg:.4f}", f"{entry.dec_deg:.4f}")
            writer.writerow([entry.name, ";".join(entry.aliases), entry.kind, *place, size])
    sys.stdout.write(
        f"{hashlib.sha256(CATALOGUE_FILE.read_bytes()).hexdigest()} {CATALOGUE_FILE.name}\n"
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
