/// Colour profiles as a camera might write them (ICC.1).
package enum ColourProfile {
    /// A number, the highest byte first.
    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    /// A profile of matrix and gamma, version 2, with sRGB's primaries or, given `swapped`, red and blue exchanged; it is called "Made".
    package static func made(gamma: Double, swapped: Bool = false) -> [UInt8] {
        func fixed(_ value: Double) -> [UInt8] { number(Int((value * 65536).rounded()), 4) }
        func xyz(_ x: Double, _ y: Double, _ z: Double) -> [UInt8] {
            Array("XYZ ".utf8) + [0, 0, 0, 0] + fixed(x) + fixed(y) + fixed(z)
        }
        let red = xyz(0.4360, 0.2225, 0.0139), green = xyz(0.3851, 0.7169, 0.0971), blue = xyz(0.1431, 0.0606, 0.7139)
        let curve = Array("curv".utf8) + [0, 0, 0, 0] + number(1, 4) + number(Int(gamma * 256), 2) + [0, 0]
        let name = Array("Made\0".utf8)
        let description =
            Array("desc".utf8) + [0, 0, 0, 0] + number(name.count, 4) + name + [UInt8](repeating: 0, count: 78 + 1)
        let tags: [(String, [UInt8])] = [
            ("desc", description), ("wtpt", xyz(0.9642, 1, 0.8249)), ("rXYZ", swapped ? blue : red), ("gXYZ", green),
            ("bXYZ", swapped ? red : blue), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
        ]
        var (table, data): ([UInt8], [UInt8]) = (number(tags.count, 4), [])
        let start = 128 + 4 + 12 * tags.count
        for (name, content) in tags {
            table += Array(name.utf8) + number(start + data.count, 4) + number(content.count, 4)
            data += content + [UInt8](repeating: 0, count: (4 - content.count % 4) % 4)
        }
        var header = number(start + data.count, 4) + [0, 0, 0, 0, 2, 0x40, 0, 0] + Array("mntrRGB XYZ ".utf8)
        header += [7, 0xE6, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0] + Array("acsp".utf8) + [UInt8](repeating: 0, count: 28)
        header += fixed(0.9642) + fixed(1) + fixed(0.8249)
        return header + [UInt8](repeating: 0, count: 128 - header.count) + table + data
    }
}
