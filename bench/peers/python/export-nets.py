"""Writes the further nets that are measured as Keras .h5 files; those that are trained as .keras too."""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import nets

directory = sys.argv[1]

for name, model in (("small", nets.small()), ("mobilenet", nets.mobilenet())):
    model.save(f"{directory}/{name}.keras")
    model.save(f"{directory}/{name}.h5")
for side in (32, 64, 128, 224):
    nets.pictures(side).save(f"{directory}/side-{side}.h5")
for width in (32, 300, 1200, 3690):
    nets.perceptron(width).save(f"{directory}/width-{width}.h5")
