/// How a weights file stores a number, little-endian.
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
