public import Screening

/// The safetensors format (github.com/huggingface/safetensors): eight bytes of header length, a JSON header, then the tensors' bytes.
///
/// The reader trusts nothing: lengths, shapes and offsets are checked before any of them is used, and the tensors must
/// cover the data exactly, without gap or overlap, as the format demands.
extension Weights {
    /// The way in which numbers are written.
    public enum FilePrecision: String, Sendable, Codable, CaseIterable {
        /// IEEE 754 half precision, rounded to the nearest, ties to even. Values beyond 65504 become infinite.
        case float16
        /// As they are.
        case float32

        fileprivate var type: NumberType { self == .float16 ? .f16 : .f32 }

        fileprivate func append(_ values: [Float], to bytes: inout [UInt8]) {
            for value in values {
                switch self {
                case .float16: withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                case .float32: withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                }
            }
        }
    }

    /// Reads a file of F32, F16 or BF16 tensors.
    /// - Throws: `.damaged` for a file that is truncated, has bytes too many, or contradicts itself, naming the tensor;
    ///   `.badInput` for a type of number that is not one of the three.
    public init(safetensors bytes: [UInt8]) throws(PapillaError) {
        let (entries, start, _) = try Self.header(of: bytes)
        var tensors: [String: Tensor] = [:]
        var end = 0
        for (name, entry) in entries.sorted(by: {
            ($0.value.begin, $0.value.end, $0.key) < ($1.value.begin, $1.value.end, $1.key)
        }) {
            let count = try entry.count(name)
            guard entry.begin == end else {
                throw Self.damaged(
                    "The tensor \(name) begins at byte \(entry.begin) of the data; expected \(end), without gap or overlap")
            }
            let (size, overflow) = count.multipliedReportingOverflow(by: entry.type.bytes)
            guard !overflow, entry.end - entry.begin == size else {
                throw Self.damaged(
                    "The tensor \(name) of shape \(entry.shape) and type \(entry.type.rawValue) takes \(entry.end - entry.begin) bytes; expected "
                        + (overflow ? "more than memory can hold" : "\(size)"))
            }
            guard entry.end <= bytes.count - start else {
                throw Self.damaged(
                    "The tensor \(name) ends at byte \(entry.end) of the data, which has \(bytes.count - start): the file is truncated"
                )
            }
            end = entry.end
            tensors[name] = Tensor(
                shape: entry.shape, values: entry.type.read(bytes[(start + entry.begin)..<(start + entry.end)]))
        }
        guard end == bytes.count - start else {
            throw Self.damaged(
                "The tensors end at byte \(end) of the data, which has \(bytes.count - start): bytes that belong to no tensor")
        }
        self.init(tensors: tensors)
    }

    /// Writes a file: tensors by name, the data at a multiple of eight bytes; the same weights are always the same bytes.
    /// - Parameter metadata: words about the file, kept under `__metadata__`.
    public func safetensors(_ precision: FilePrecision, metadata: [String: String] = [:]) -> [UInt8] {
        let sorted = tensors.sorted { $0.key < $1.key }
        var fields: [String] = []
        if !metadata.isEmpty {
            let words = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
            fields.append("\"__metadata__\":{\(words.joined(separator: ","))}")
        }
        var end = 0
        for (name, tensor) in sorted {
            let begin = end
            end += tensor.values.count * precision.type.bytes
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(Self.quoted(name)):{\"dtype\":\"\(precision.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
            )
        }
        var header = Array("{\(fields.joined(separator: ","))}".utf8)
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        bytes.reserveCapacity(8 + header.count + end)
        bytes += header
        for (_, tensor) in sorted { precision.append(tensor.values, to: &bytes) }
        return bytes
    }

    /// The words about a file that stand in it; none in a file that cannot be read.
    public static func metadata(ofSafetensors bytes: [UInt8]) -> [String: String] { (try? header(of: bytes).metadata) ?? [:] }

    /// More header than any network of ours could need.
    private static let longestHeader = 1 << 20

    private static func header(of bytes: [UInt8]) throws(PapillaError) -> (
        entries: [String: Entry], start: Int, metadata: [String: String]
    ) {
        guard bytes.count >= 8 else {
            throw damaged("The file has \(bytes.count) bytes; expected at least the eight of the header's length")
        }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
        guard length <= UInt64(longestHeader) else {
            throw damaged("The header is said to be \(length) bytes long; expected at most \(longestHeader)")
        }
        let start = 8 + Int(length)
        guard start <= bytes.count else {
            throw damaged("The header is said to be \(length) bytes long, the file has \(bytes.count): it is truncated")
        }
        do {
            let header = try CanonicalJSON.decode(Header.self, from: bytes[8..<start])
            return (header.entries, start, header.metadata)
        } catch let error as PapillaError {
            throw error
        } catch {
            throw PapillaError(.damaged, "The header is not the JSON that safetensors demands", hint: hint, cause: error)
        }
    }

    private static let hint = "Copy the file again, or take another model"

    fileprivate static func damaged(_ message: String) -> PapillaError { PapillaError(.damaged, message, hint: hint) }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// The header: an entry for each tensor, and words about the file that are not needed to read it.
private struct Header: Decodable {
    let entries: [String: Entry]
    let metadata: [String: String]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                entries[key.stringValue] = try Entry(container.decode(Entry.Raw.self, forKey: key), of: key.stringValue)
            }
        }
        self.entries = entries
        self.metadata = metadata
    }
}

/// A tensor's entry in the header.
private struct Entry {
    let type: NumberType
    let shape: [Int]
    let begin: Int
    let end: Int

    struct Raw: Decodable {
        let type: String
        let shape: [Int]
        let offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case shape
            case type = "dtype"
            case offsets = "data_offsets"
        }
    }

    init(_ raw: Raw, of name: String) throws(PapillaError) {
        guard let type = NumberType(rawValue: raw.type) else {
            let known = NumberType.allCases.map(\.rawValue).joined(separator: ", ")
            throw PapillaError(
                .badInput, "The tensor \(name) has numbers of type \(raw.type); expected \(known)",
                hint: "Convert the file to one of them")
        }
        guard raw.offsets.count == 2, let begin = raw.offsets.first, let end = raw.offsets.last, 0 <= begin,
            begin <= end
        else {
            throw Weights.damaged(
                "The tensor \(name) has offsets \(raw.offsets); expected its first byte and the one after its last")
        }
        self.type = type
        shape = raw.shape
        self.begin = begin
        self.end = end
    }

    /// How many numbers the shape means.
    func count(_ name: String) throws(PapillaError) -> Int {
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw Weights.damaged("The tensor \(name) has the shape \(shape); expected dimensions that memory can hold")
            }
            count = product
        }
        return count
    }
}

/// The types of number in a weights file, little-endian.
enum NumberType: String, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    /// The upper half of a float. Read, never written.
    case bf16 = "BF16"

    /// Bytes of a number.
    var bytes: Int { self == .f32 ? 4 : 2 }

    /// The numbers in some bytes; a rest that is no whole number is left out.
    func read(_ bytes: ArraySlice<UInt8>) -> [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / self.bytes).map { index in
                switch self {
                case .f32: Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
                case .f16:
                    Float(
                        Float16(bitPattern: UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))))
                case .bf16:
                    Float(
                        bitPattern: UInt32(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
                            << 16)
                }
            }
        }
    }
}
