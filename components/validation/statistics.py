"""How the statistics that the data gate judges by are computed."""

import tensorflow_data_validation as tfdv


def statistics_options() -> tfdv.StatsOptions:
    """Returns options for StatisticsGen with memory that does not grow with the rows.

    TFDV counts every distinct value exactly, and texts and row ids differ in every row; sketches
    find the frequent values (all of them, for labels and slices) without keeping the rare ones.
    """
    return tfdv.StatsOptions(experimental_use_sketch_based_topk_uniques=True)
