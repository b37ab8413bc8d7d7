#!/usr/bin/env python3
"""onnxruntime on the float32 network of a Keras .h5 file, for tests/bench/bench_integer.c.

    onnxruntime_float.py MODEL.h5 THREADS

Convolutions without padding, max pools, flatten and dense layers in a chain: what the sample CNN
has. Prints one line that names the way of running that was fastest, then for each line on stdin
how many images per second a run makes, and how many microseconds a single image takes.
"""
import json
import sys
import threading
import time

try:
    import h5py
    import numpy
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print(f"absent: {error}", flush=True)
    sys.exit(0)

IMAGES = 2000


def build(path):
    nodes, constants = [], []
    file = h5py.File(path, "r")
    layers = json.loads(file.attrs["model_config"])["config"]["layers"]
    shape = [1, 28, 28]
    name, channels_last = "image", None

    def constant(label, array):
        constants.append(numpy_helper.from_array(numpy.ascontiguousarray(array), label))
        return label

    def add(kind, inputs, **attributes):
        nonlocal name
        out = f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, [name] + inputs, [out], **attributes))
        name = out

    for layer in layers:
        kind, config = layer["class_name"], layer["config"]
        weights = {}
        if config["name"] in file["model_weights"]:
            file["model_weights"][config["name"]].visititems(
                lambda key, item: weights.update({key.split("/")[-1].split(":")[0]: item[()]})
                if isinstance(item, h5py.Dataset) else None)
        if kind == "Conv2D":
            kernel = weights["kernel"].transpose(3, 2, 0, 1)
            add("Conv", [constant(f"w{len(nodes)}", kernel), constant(f"b{len(nodes)}", weights["bias"])])
            shape = [kernel.shape[0], shape[1] - kernel.shape[2] + 1, shape[2] - kernel.shape[3] + 1]
        elif kind == "MaxPooling2D":
            size = list(config["pool_size"])
            add("MaxPool", [], kernel_shape=size, strides=list(config["strides"] or size))
            shape = [shape[0], shape[1] // size[0], shape[2] // size[1]]
        elif kind == "Flatten":
            add("Flatten", [])
            channels_last = shape
        elif kind == "Dense":
            kernel = weights["kernel"]
            if channels_last:  # Keras flattens channels last, ONNX channels first
                c, h, w = channels_last
                kernel = kernel.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(h * w * c, -1)
                channels_last = None
            add("Gemm", [constant(f"w{len(nodes)}", kernel), constant(f"b{len(nodes)}", weights["bias"])])
        if config.get("activation") == "relu":
            add("Relu", [])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "network", [value("image", TensorProto.FLOAT, ["n", 1, 28, 28])],
                              [value(name, TensorProto.FLOAT, ["n", 10])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def images_per_second(sessions, batch, images):
    """Each session takes an equal part, in a thread of its own."""
    part = len(images) // len(sessions)

    def work(index):
        for i in range(index * part, (index + 1) * part, batch):
            sessions[index].run(None, {"image": images[i:i + batch]})

    workers = [threading.Thread(target=work, args=(i,)) for i in range(len(sessions))]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return part * len(sessions) / (time.perf_counter() - start)


def single(one, images):
    times = []
    for i in range(200):
        start = time.perf_counter()
        one.run(None, {"image": images[i:i + 1]})
        times.append(time.perf_counter() - start)
    return sorted(times)[100] * 1e6


def main():
    threads = int(sys.argv[2])
    model = build(sys.argv[1])
    images = numpy.random.default_rng(1).random((IMAGES, 1, 28, 28), dtype=numpy.float32)
    ways = {"one session": [session(model, threads)],
            "a session per thread": [session(model, 1) for _ in range(threads)]}
    speeds = {(way, batch): max(images_per_second(sessions, batch, images) for _ in range(3))
              for way, sessions in ways.items() for batch in (25, 100, 250)}
    way, batch = max(speeds, key=speeds.get)
    print(f"onnxruntime {onnxruntime.__version__}, {way}, batches of {batch}", flush=True)
    one = session(model, 1)
    for _ in sys.stdin:
        print(images_per_second(ways[way], batch, images), single(one, images), flush=True)


main()
