"""Find the clusters in a wide field: by catalogue where its position is known, else by search."""

from cluster_core.wide_fields.drawing import describe_cluster, draw_field, name_cluster
from cluster_core.wide_fields.field import FIELD_LIMITS, WideField, is_large, read_field
from cluster_core.wide_fields.locating import locate_field
from cluster_core.wide_fields.search import FieldCluster, FieldSearch, find_clusters
from cluster_core.wide_fields.tables import (
    TABLE_NAME,
    make_records,
    write_cut_outs,
    write_table,
)

__all__ = [
    "FIELD_LIMITS",
    "TABLE_NAME",
    "FieldCluster",
    "FieldSearch",
    "WideField",
    "describe_cluster",
    "draw_field",
    "find_clusters",
    "is_large",
    "locate_field",
    "make_records",
    "name_cluster",
    "read_field",
    "write_cut_outs",
    "write_table",
]
