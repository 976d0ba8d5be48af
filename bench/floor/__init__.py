"""The baseline: the least a server on this stack can do for one stored message, against which the product is
measured. It must stay as lean as a good engineer would write it, and must know nothing of the product. Described in
bench/README.md, "The floor".
"""
