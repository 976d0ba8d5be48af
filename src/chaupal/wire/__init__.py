"""The liberal edge: the only place that knows old clients' habits (bodies, ids, numbers, times, paths, error bodies).

Every leniency is one function, one test, and one comment that names its evidence. Rules never see a variant.
"""
