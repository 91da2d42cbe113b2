"""Times a program's network and other runtimes on the same one, in turns: README.md says how.

    python compare.py --onnx FILE [--rounds 20] [--per 2] [--threads 2] 'papilla bench --worker ...' PEER...

PEER: onnxruntime-fp32 onnxruntime-int8 openvino-fp32 openvino-int8, or another command that speaks `papilla bench --worker`'s protocol.
"""
import argparse
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

PEERS = ["onnxruntime-fp32", "onnxruntime-int8", "openvino-fp32", "openvino-int8"]


def calibration(shape, count):
    """Images to find ranges on. Noise will do: the time does not depend on them."""
    import numpy

    generator = numpy.random.default_rng(1)
    return [generator.standard_normal(shape, dtype=numpy.float32) for _ in range(count)]


def onnxruntime_peer(path, precision, shape, threads):
    import onnxruntime

    if precision == "int8":
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        class Reader(CalibrationDataReader):
            def __init__(self):
                self.images = iter(calibration(shape, 4))

            def get_next(self):
                image = next(self.images, None)
                return None if image is None else {"input": image}

        folder = tempfile.mkdtemp()
        quant_pre_process(path, f"{folder}/prepared.onnx", skip_symbolic_shape=True)
        # Without VNNI, sums of pairs of full bytes do not fit 16 bits: ONNX Runtime's own advice is a range of 7 bits there.
        quantize_static(
            f"{folder}/prepared.onnx", f"{folder}/int8.onnx", Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, reduce_range=True)
        path = f"{folder}/int8.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = calibration(shape, 1)[0]
    return lambda: session.run(None, {"input": image})


def openvino_peer(path, precision, shape, threads):
    import openvino

    model = openvino.Core().read_model(path)
    model.reshape(list(shape))
    if precision == "int8":
        import nncf

        model = nncf.quantize(model, nncf.Dataset(calibration(shape, 8)), subset_size=8)
    hints = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", hints).create_infer_request()
    image = calibration(shape, 1)[0]
    return lambda: request.infer({0: image})


def work(peer, path, threads):
    """Answers `run N` with N times in ms: input in memory to logits in memory."""
    import onnx

    dimensions = onnx.load(path, load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    shape = (1, *(dimension.dim_value for dimension in dimensions[1:]))
    runtime, precision = peer.split("-")
    answers, sys.stdout = sys.stdout, sys.stderr
    run = {"onnxruntime": onnxruntime_peer, "openvino": openvino_peer}[runtime](path, precision, shape, threads)
    for _ in range(3):
        run()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        command, *count = line.split()
        if command == "quit":
            return
        times = []
        for _ in range(int(count[0])):
            start = time.perf_counter()
            run()
            times.append(1e3 * (time.perf_counter() - start))
        print(json.dumps(times), file=answers, flush=True)


def start(worker, arguments):
    command = shlex.split(worker)
    if worker in PEERS:
        command = [sys.executable, __file__, "--onnx", arguments.onnx, "--threads", str(arguments.threads), "--work", worker]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if process.stdout.readline().strip() != "ready":
        sys.exit(f"{worker} did not become ready; run it alone to see why: {shlex.join(command)}")
    return process


def interval(ratios):
    """95 % bootstrap interval of the median."""
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(1000))
    return medians[25], medians[974]


def compare(arguments):
    processes = [start(worker, arguments) for worker in arguments.workers]
    times = [[] for _ in processes]
    for turn in range(arguments.rounds):
        order = [(turn + index) % len(processes) for index in range(len(processes))]
        for index in order:
            # Threads of the one before may still spin.
            time.sleep(0.03)
            processes[index].stdin.write(f"run {arguments.per}\n")
            processes[index].stdin.flush()
            times[index].append(statistics.median(json.loads(processes[index].stdout.readline())))
    for process in processes:
        process.stdin.write("quit\n")
        process.stdin.flush()
    for worker, own in zip(arguments.workers, times):
        ratios = [first / other for first, other in zip(times[0], own)]
        low, high = interval(ratios)
        print(f"{worker:80.80} {statistics.median(own):8.2f} ms   the first is {statistics.median(ratios):.3f} of it [{low:.3f}, {high:.3f}]")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("workers", nargs="*")
parser.add_argument("--onnx", default="", help="what `papilla models export --format onnx` wrote")
parser.add_argument("--rounds", type=int, default=20)
parser.add_argument("--per", type=int, default=2, help="runs in a turn")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--work", choices=PEERS, help=argparse.SUPPRESS)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
if arguments.work:
    work(arguments.work, arguments.onnx, arguments.threads)
elif len(arguments.workers) < 2:
    parser.error("name at least two workers")
else:
    compare(arguments)
