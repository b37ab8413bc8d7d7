#!/usr/bin/env python3
"""make_samples.py: trains the sample models with real Keras.

    make_samples.py NAME --data FOLDER [--output FOLDER]

NAME is mnist_cnn, mnist_mlp or fashion_cnn; FOLDER holds the IDX files (.gz) of MNIST, or of
Fashion-MNIST for fashion_cnn. Nothing in the product needs this script; samples/README.md says
which Keras version made which file, and what accuracy it reached.
"""
import argparse
import gzip
import os
import random

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import tensorflow as tf

SEED = 1
THREADS = 2
layers = keras.layers


def read_idx(folder, name):
    """The array of one gzip IDX file: big-endian header, then bytes."""
    with gzip.open(os.path.join(folder, name), "rb") as file:
        header = file.read(4)
        assert header[:3] == b"\0\0\x08", name
        shape = tuple(np.frombuffer(file.read(4 * header[3]), dtype=">u4"))
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def read_split(folder, prefix):
    """Images as float32 (count, 28, 28, 1) in 0..1, and their labels."""
    images = read_idx(folder, prefix + "-images-idx3-ubyte.gz")
    labels = read_idx(folder, prefix + "-labels-idx1-ubyte.gz")
    return images.astype(np.float32)[..., None] / 255, labels.astype(np.int32)


def mnist_cnn():
    """The paper's network, trained as its Table 1 says."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            layers.Conv2D(12, 3, activation="relu", name="conv_1"),
            layers.Conv2D(12, 3, activation="relu", name="conv_2"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="mnist_cnn",
    )
    return model, {"batch_size": 500, "epochs": 10}, 0.001


def mnist_mlp():
    """784-64-32-10."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="hidden_1"),
            layers.Dense(32, activation="relu", name="hidden_2"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="mnist_mlp",
    )
    return model, {"batch_size": 128, "epochs": 12}, 0.001


def fashion_cnn():
    """Two ways of batch normalization: norm_1 folds into conv_1; norm_2 stands between a ReLU and
    a max-pool, so it folds nowhere."""
    image = keras.Input((28, 28, 1), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv_1")(image)
    x = layers.BatchNormalization(name="norm_1")(x)
    x = layers.ReLU(name="relu_1")(x)
    x = layers.MaxPooling2D(2, name="pool_1")(x)
    x = layers.Conv2D(16, 3, activation="relu", name="conv_2")(x)
    x = layers.BatchNormalization(name="norm_2")(x)
    x = layers.MaxPooling2D(2, name="pool_2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.25, name="dropout")(x)
    x = layers.Dense(10, activation="softmax", name="garment")(x)
    model = keras.Model(image, x, name="fashion_cnn")
    return model, {"batch_size": 128, "epochs": 15}, 0.001


MODELS = {"mnist_cnn": mnist_cnn, "mnist_mlp": mnist_mlp, "fashion_cnn": fashion_cnn}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("name", choices=sorted(MODELS))
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--output", default=os.path.dirname(os.path.abspath(__file__)))
    options = arguments.parse_args()

    random.seed(SEED)
    np.random.seed(SEED)
    tf.random.set_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    x_train, y_train = read_split(options.data, "train")
    x_test, y_test = read_split(options.data, "t10k")
    model, fit, rate = MODELS[options.name]()
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, verbose=2, **fit)
    loss, accuracy = model.evaluate(x_test, y_test, batch_size=500, verbose=0)
    path = os.path.join(options.output, options.name + ".h5")
    model.save(path, include_optimizer=False)
    print(
        f"{options.name}: {model.count_params()} parameters, test accuracy {accuracy:.4f}, "
        f"loss {loss:.4f}, keras {keras.__version__}, tensorflow {tf.__version__}, seed {SEED}, {fit}"
    )


main()
