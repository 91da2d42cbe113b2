public import Screening

/// ONNX (onnx.ai, onnx.proto): a network that other runtimes can run, and weights that others have trained.
extension Weights {
    /// Numbers of a message's fields and of types, as onnx.proto has them.
    private enum Proto {
        static let model = (irVersion: 1, producer: 2, graph: 7, operators: 8, metadata: 14)
        static let graph = (node: 1, name: 2, initializer: 5, input: 11, output: 12)
        static let node = (input: 1, output: 2, name: 3, kind: 4, attribute: 5)
        static let tensor = (dimensions: 1, type: 2, floats: 4, name: 8, raw: 9, location: 14)
        static let numbers: [Int: NumberType] = [1: .f32, 10: .f16, 16: .bf16]
    }

    /// Writes the network with its weights: input `input` (N, 3, side, side), an output of logits for each head by its name.
    /// - Throws: `.damaged` if the weights are not the architecture's.
    public func onnx(
        _ architecture: Architecture, width: Int, side: Int, metadata: [String: String] = [:]
    ) throws(PapillaError) -> [UInt8] {
        try check(architecture, width: width)
        let graph = graph(architecture, width: width, side: side)
        var model = ProtobufWriter()
        model.number(Proto.model.irVersion, 8)
        model.text(Proto.model.producer, "papilla")
        model.bytes(Proto.model.graph, graph.bytes)
        model.message(Proto.model.operators) {
            $0.text(1, "")
            $0.number(2, 13)
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            model.message(Proto.model.metadata) {
                $0.text(1, key)
                $0.text(2, value)
            }
        }
        return model.bytes
    }

    private func graph(_ architecture: Architecture, width: Int, side: Int) -> ProtobufWriter {
        var graph = ProtobufWriter()
        var count = 0
        /// One operation; returns the name of what it gives.
        func node(
            _ kind: String, _ inputs: [String], to output: String? = nil, _ attributes: (inout ProtobufWriter) -> Void = { _ in }
        )
            -> String
        {
            count += 1
            let name = output ?? "\(kind.lowercased())_\(count)"
            graph.message(Proto.graph.node) { node in
                for input in inputs { node.text(Proto.node.input, input) }
                node.text(Proto.node.output, name)
                node.text(Proto.node.name, "\(kind)_\(count)")
                node.text(Proto.node.kind, kind)
                attributes(&node)
            }
            return name
        }
        func convolve(
            _ x: String, _ layer: String, to output: String? = nil, kernel: Int = 3, stride: Int = 1, groups: Int = 1
        ) -> String {
            let before = (kernel - stride) / 2
            let behind = max(0, kernel - stride - before)
            return node("Conv", [x, layer + ".weight", layer + ".bias"], to: output) {
                $0.attribute("kernel_shape", [kernel, kernel])
                $0.attribute("pads", [before, before, behind, behind])
                if stride > 1 { $0.attribute("strides", [stride, stride]) }
                if groups > 1 { $0.attribute("group", groups) }
            }
        }
        func block(_ x: String, _ name: String) -> String {
            let first = node("Relu", [convolve(x, name + ".conv1")])
            return node("Relu", [convolve(first, name + ".conv2")])
        }
        /// ``Lite``.
        func encode(_ lite: Lite) -> (skips: [String], last: String) {
            func limited(_ x: String) -> String { node("Clip", [x, "zero", "six"]) }
            var skips: [String] = []
            var x = limited(convolve("input", "encoder.stem", stride: 2))
            for (index, block) in lite.blocks.enumerated() {
                let name = "encoder.\(index)"
                var y = x
                if block.expansion > 1 { y = limited(convolve(y, name + ".expand", kernel: 1)) }
                y = limited(
                    convolve(y, name + ".depthwise", kernel: block.kernel, stride: block.stride, groups: block.inner))
                y = convolve(y, name + ".project", kernel: 1)
                x = block.isResidual ? node("Add", [y, x]) : y
                if lite.taps.contains(index) { skips.append(x) }
            }
            return (skips, x)
        }
        var x = "input"
        var skips: [String] = []
        if let lite = architecture.encoder.lite { (skips, x) = encode(lite) }
        for level in 0..<5 where architecture.encoder == .paper {
            x = block(x, "encoder.\(level)")
            guard level < 4 else { break }
            skips.append(x)
            let factor = level == 3 ? 4 : 2
            x = node("MaxPool", [x]) {
                $0.attribute("kernel_shape", [factor, factor])
                $0.attribute("strides", [factor, factor])
            }
        }
        var ends: [String] = []
        for decoder in 0..<architecture.decoders {
            var y = x
            for level in [3, 2, 1, 0] {
                let isFourfold = level == 3 && architecture.encoder == .paper
                let upsampled = node("Resize", [y, "", isFourfold ? "scales.4" : "scales.2"]) {
                    $0.attribute("mode", "nearest")
                    $0.attribute("coordinate_transformation_mode", "asymmetric")
                    $0.attribute("nearest_mode", "floor")
                }
                let joined = node("Concat", [upsampled, skips[level]]) { $0.attribute("axis", 1) }
                y = block(joined, "decoder.\(decoder).\(level)")
            }
            ends.append(y)
        }
        for (index, head) in architecture.heads.enumerated() {
            switch head {
            case .classes:
                let average = node("Flatten", [node("GlobalAveragePool", [x])])
                _ = node("Gemm", [average, "classes.weight", "classes.bias"], to: head.rawValue) { $0.attribute("transB", 1) }
            case .cells:
                let hidden = node("Relu", [convolve(x, "cells.hidden", kernel: 1)])
                _ = convolve(hidden, head.rawValue, to: head.rawValue)
            case .frame:
                let both = node("Concat", [node("GlobalMaxPool", [x]), node("GlobalAveragePool", [x])]) {
                    $0.attribute("axis", 1)
                }
                let summary = node("Flatten", [both])
                _ = node("Gemm", [summary, "frame.weight", "frame.bias"], to: head.rawValue) { $0.attribute("transB", 1) }
            case .mask, .contour, .distance:
                let end = ends[min(index, ends.count - 1)]
                if architecture.encoder == .paper {
                    _ = convolve(end, head.rawValue, to: head.rawValue)
                } else {
                    _ = node("Resize", [convolve(end, head.rawValue), "", "scales.2"], to: head.rawValue) {
                        $0.attribute("mode", "linear")
                        $0.attribute("coordinate_transformation_mode", "half_pixel")
                    }
                }
            }
        }
        graph.text(Proto.graph.name, architecture.name)
        for (name, _) in architecture.parameterShapes(width: width) {
            if let tensor = tensors[name] { graph.tensor(name, tensor) }
        }
        if architecture.decoders > 0 {
            for factor in architecture.encoder == .paper ? [2, 4] : [2] {
                graph.tensor("scales.\(factor)", Tensor(shape: [4], values: [1, 1, Float(factor), Float(factor)]))
            }
        }
        if architecture.encoder != .paper {
            graph.tensor("zero", Tensor(shape: [], values: [0]))
            graph.tensor("six", Tensor(shape: [], values: [Lite.ceiling]))
        }
        graph.value(Proto.graph.input, "input", [3, side, side])
        for head in architecture.heads {
            let dimensions =
                switch head {
                case .classes, .frame: [head.maps]
                case .cells: [head.maps, side / 32, side / 32]
                case .mask, .contour, .distance: [head.maps, side, side]
                }
            graph.value(Proto.graph.output, head.rawValue, dimensions)
        }
        return graph
    }

    /// Reads the parameters of a network in ONNX: initialisers named as PyTorch's state dict. How they are joined is not looked at.
    /// - Throws: `.damaged` for a file that is truncated or contradicts itself; `.badInput` for one without parameters, or whose
    ///   numbers stand in another file or are of another type than fp32, fp16 and bf16.
    public init(onnx bytes: [UInt8]) throws(PapillaError) {
        self.init(tensors: [:])
        var model = ProtobufReader(bytes[...])
        while let (field, value) = try model.next() {
            guard field == Proto.model.graph, case .bytes(let content) = value else { continue }
            var graph = ProtobufReader(content)
            while let (field, value) = try graph.next() {
                guard field == Proto.graph.initializer, case .bytes(let content) = value else { continue }
                try readInitializer(content)
            }
        }
        guard !tensors.isEmpty else {
            throw PapillaError(
                .badInput, "The ONNX file has no initialisers named as a network's parameters",
                hint: "Expected names such as encoder.0.conv1.weight: export the PyTorch module with its parameters' names kept")
        }
    }

    /// The words about a file that stand in it; none in a file that cannot be read.
    public static func metadata(ofONNX bytes: [UInt8]) -> [String: String] {
        var (result, model) = ([String: String](), ProtobufReader(bytes[...]))
        while let (field, value) = try? model.next() {
            guard field == Proto.model.metadata, case .bytes(let content) = value else { continue }
            var (pair, words) = (ProtobufReader(content), ["", ""])
            while let (field, value) = try? pair.next() {
                if (1...2).contains(field), case .bytes(let text) = value {
                    words[field - 1] = String(decoding: text, as: UTF8.self)
                }
            }
            result[words[0]] = words[1]
        }
        return result
    }

    private mutating func readInitializer(_ content: ArraySlice<UInt8>) throws(PapillaError) {
        var name = ""
        var shape = [Int]()
        var type = 0
        var isElsewhere = false
        var (raw, floats) = (ArraySlice<UInt8>(), ArraySlice<UInt8>())
        var reader = ProtobufReader(content)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (Proto.tensor.dimensions, .number(let number)): shape.append(Int(truncatingIfNeeded: number))
            case (Proto.tensor.dimensions, .bytes(let packed)): shape += try ProtobufReader.packed(packed)
            case (Proto.tensor.type, .number(let number)): type = Int(truncatingIfNeeded: number)
            case (Proto.tensor.name, .bytes(let text)): name = String(decoding: text, as: UTF8.self)
            case (Proto.tensor.raw, .bytes(let content)): raw = content
            case (Proto.tensor.floats, .bytes(let content)): floats = content
            case (Proto.tensor.location, .number(let number)): isElsewhere = number == 1
            default: break
            }
        }
        // Constants of the graph, scales of an upsampling for one, are no parameters.
        guard name.hasSuffix(".weight") || name.hasSuffix(".bias") else { return }
        guard !isElsewhere else {
            throw PapillaError(
                .badInput, "The numbers of \(name) stand in another file", hint: "Export without external data")
        }
        guard let number = Proto.numbers[type] else {
            throw PapillaError(
                .badInput, "The tensor \(name) has numbers of ONNX's type \(type); expected 1 (fp32), 10 (fp16) or 16 (bf16)",
                hint: "Convert the network to fp32")
        }
        let values = raw.isEmpty ? NumberType.f32.read(floats) : number.read(raw)
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { throw ProtobufReader.damaged("The tensor \(name) has the shape \(shape)") }
            count = product
        }
        guard values.count == count else {
            throw ProtobufReader.damaged("The tensor \(name) of shape \(shape) has \(values.count) numbers; expected \(count)")
        }
        tensors[name] = Tensor(shape: shape, values: values)
    }
}

extension ProtobufWriter {
    /// A node's attribute: whole numbers.
    fileprivate mutating func attribute(_ name: String, _ values: [Int]) {
        message(5) {
            $0.text(1, name)
            for value in values { $0.number(8, value) }
            $0.number(20, 7)
        }
    }

    /// A node's attribute: one whole number.
    fileprivate mutating func attribute(_ name: String, _ value: Int) {
        message(5) {
            $0.text(1, name)
            $0.number(3, value)
            $0.number(20, 2)
        }
    }

    /// A node's attribute: a word.
    fileprivate mutating func attribute(_ name: String, _ value: String) {
        message(5) {
            $0.text(1, name)
            $0.text(4, value)
            $0.number(20, 3)
        }
    }

    /// An initialiser, fp32.
    fileprivate mutating func tensor(_ name: String, _ tensor: Weights.Tensor) {
        message(5) {
            for dimension in tensor.shape { $0.number(1, dimension) }
            $0.number(2, 1)
            $0.text(8, name)
            $0.bytes(
                9, tensor.values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
        }
    }

    /// An input or output, fp32: any number of images, then these dimensions.
    fileprivate mutating func value(_ field: Int, _ name: String, _ dimensions: [Int]) {
        message(field) {
            $0.text(1, name)
            $0.message(2) {
                $0.message(1) {
                    $0.number(1, 1)
                    $0.message(2) { shape in
                        shape.message(1) { $0.text(2, "N") }
                        for dimension in dimensions { shape.message(1) { $0.number(1, dimension) } }
                    }
                }
            }
        }
    }
}
