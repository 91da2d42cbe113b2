internal import CKernels
internal import Glibc
internal import OneDNN
internal import Screening

/// The geometry that inference and training share: which maps, which sides, and how a kernel is laid out.
///
/// Maps are counted in whole blocks of 16 inside the engine: a narrower network runs in the first channels, the others stay zero.
struct Plan {
    let architecture: Architecture
    let width: Int
    let side: Int
    /// Images that this process takes of a batch.
    let batch: Int
    /// The processes that take the others; nil: none.
    let ranks: Ranks?
    private let levels: Levels

    /// - Parameter batch: all ranks' images.
    init(_ architecture: Architecture, width: Int, side: Int, batch: Int, ranks: Ranks? = nil) throws(PapillaError) {
        guard width >= 1, width <= 256 else {
            throw PapillaError(.badInput, "A network's width must be 1 to 256, not \(width)", hint: "The paper's width is 32")
        }
        guard side >= 32, side % 32 == 0, side <= 4096 else {
            throw PapillaError(
                .badInput, "A network's side must be divisible by 32, 32 to 4096, not \(side)", hint: "The paper's side is 256")
        }
        guard batch >= 1, batch <= 1024 else { throw PapillaError(.badInput, "A batch must be 1 to 1024, not \(batch)") }
        guard batch.isMultiple(of: ranks?.count ?? 1) else {
            throw PapillaError(
                .badInput, "A batch of \(batch) cannot be shared evenly by \(ranks?.count ?? 1) ranks",
                hint: "Choose a batch that is a multiple of their number, or another number for mpirun -n")
        }
        let own = batch / (ranks?.count ?? 1)
        // At the very least: the first level's maps, six times over, and the weights twice.
        let bytes = 24 * own * side * side * ((width + 15) / 16 * 16) + 8 * architecture.parameters(width: width)
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        guard bytes < memory else {
            throw PapillaError(
                .badInput,
                "A network of width \(width), side \(side) and batch \(batch) needs \(bytes >> 30) GiB or more; this machine has \(memory >> 30)",
                hint: "Choose a smaller batch, side or width")
        }
        self.architecture = architecture
        self.width = width
        self.side = side
        self.batch = own
        self.ranks = ranks
        levels = Levels(architecture.encoder, width: width)
    }

    /// Images of a batch, all ranks' ones: what losses are means over.
    var all: Int { batch * (ranks?.count ?? 1) }
    /// Maps of level 0...4, as in the weights file.
    func maps(_ level: Int) -> Int { levels.maps[level] }
    /// Maps of level 0...4 in memory.
    func blockedMaps(_ level: Int) -> Int { Self.blocked(maps(level)) }
    /// Maps that the encoder gives to the decoders' level 0...3, as in the weights file.
    func skipMaps(_ level: Int) -> Int { levels.skips[level] }
    /// Maps in memory: whole blocks of 16.
    static func blocked(_ maps: Int) -> Int { (maps + 15) / 16 * 16 }
    /// Side of level 0...4, px.
    func side(_ level: Int) -> Int { side / levels.strides[level] }
    /// Pooling behind level 0...3, and upsampling in front of it on the way back.
    func factor(_ level: Int) -> Int { levels.strides[level + 1] / levels.strides[level] }
    /// By how much the heads' logits are enlarged: 1 or 2.
    var enlargement: Int { levels.strides[0] }
    /// The heads that decoder `index` ends in, with each one's first map among the decoder's.
    func heads(ofDecoder index: Int) -> [(head: Architecture.Head, at: Int)] {
        var at = 0
        return architecture.heads.filter(\.endsDecoder).enumerated().filter {
            min($0.offset, architecture.decoders - 1) == index
        }.map { _, head in
            defer { at += head.maps }
            return (head, at)
        }
    }

    /// Blocked maps of a level, zero.
    func activation(_ level: Int) throws(PapillaError) -> Tensor {
        try activation(maps: maps(level), side: side(level))
    }

    /// Blocked maps, zero.
    func activation(maps: Int, side: Int) throws(PapillaError) -> Tensor {
        try Tensor([batch, Self.blocked(maps), side, side], .blocked)
    }
}

/// A kernel (out, in, k, k) and where its parts belong in the engine's blocked, padded layouts.
struct KernelLayout {
    /// Output maps in the file and in memory.
    let out: (file: Int, memory: Int)
    /// Input maps in the file and in memory, in one or two parts (upsampled, skip).
    let inputs: [(file: Int, memory: Int)]
    /// k · k.
    var taps = 9

    private var fileInputs: Int { inputs.reduce(0) { $0 + $1.file } }

    /// Part `index` of a file's kernel, padded: (out, in, k, k) in memory.
    func part(_ index: Int, of values: [Float]) -> [Float] {
        let input = inputs[index]
        let first = inputs[..<index].reduce(0) { $0 + $1.file }
        var result = [Float](repeating: 0, count: out.memory * input.memory * taps)
        for o in 0..<out.file {
            for i in 0..<input.file {
                for t in 0..<taps { result[(o * input.memory + i) * taps + t] = values[(o * fileInputs + first + i) * taps + t] }
            }
        }
        return result
    }

    /// Puts a padded part back into a file's kernel.
    func store(_ part: [Float], as index: Int, in values: inout [Float]) {
        let input = inputs[index]
        let first = inputs[..<index].reduce(0) { $0 + $1.file }
        for o in 0..<out.file {
            for i in 0..<input.file {
                for t in 0..<taps { values[(o * fileInputs + first + i) * taps + t] = part[(o * input.memory + i) * taps + t] }
            }
        }
    }

    /// Part `index` as nine 1x1 kernels, taps outermost: (9 · out, in) in memory.
    ///
    /// Nearest upsampling followed by a 3x3 convolution is, exactly, nine products at low resolution, each added where its tap falls.
    func nine(_ index: Int, of values: [Float]) -> [Float] {
        Self.turn(part(index, of: values), out.memory, inputs[index].memory, toNine: true)
    }

    /// Puts nine 1x1 kernels back into a file's kernel.
    func store(nine: [Float], as index: Int, in values: inout [Float]) {
        store(Self.turn(nine, out.memory, inputs[index].memory, toNine: false), as: index, in: &values)
    }

    private static func turn(_ values: [Float], _ out: Int, _ input: Int, toNine: Bool) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        for o in 0..<out {
            for i in 0..<input {
                for t in 0..<9 {
                    let (spatial, product) = ((o * input + i) * 9 + t, (t * out + o) * input + i)
                    if toNine { result[product] = values[spatial] } else { result[spatial] = values[product] }
                }
            }
        }
        return result
    }
}

extension Array where Element == Float {
    /// Zeros behind the values, up to `count`.
    func padded(to count: Int) -> [Float] { self + [Float](repeating: 0, count: count - self.count) }
}
