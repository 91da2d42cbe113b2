/// Writes PNG files of every kind, uncompressed.
package enum RawPNG {
    package static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// - Parameters:
    ///   - type: 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha.
    ///   - depth: bits a sample; under 8 for one channel only.
    ///   - pixels: the samples of each pixel.
    package static func file(
        _ width: Int, _ height: Int, type: Int, depth: Int, _ pixels: [[Int]], palette: [[UInt8]] = [], alphas: [UInt8]? = nil
    ) -> [UInt8] {
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)
            let row = pixels[y * width..<(y + 1) * width]
            if depth == 16 { rows += row.joined().flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
            if depth == 8 { rows += row.joined().map { UInt8($0) } }
            if depth < 8 {
                var (byte, bits) = (0, 0)
                for sample in row.joined() {
                    byte = byte << depth | sample
                    bits += depth
                    if bits == 8 {
                        rows.append(UInt8(byte))
                        byte = 0
                        bits = 0
                    }
                }
                if bits > 0 { rows.append(UInt8(byte << (8 - bits))) }
            }
        }
        var file = signature + chunk("IHDR", big(width) + big(height) + [UInt8(depth), UInt8(type), 0, 0, 0])
        if !palette.isEmpty { file += chunk("PLTE", palette.flatMap(\.self)) }
        if let alphas { file += chunk("tRNS", alphas) }
        return file + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    /// A zlib stream of stored blocks.
    package static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 65535) {
            let block = bytes[start..<min(bytes.count, start + 65535)]
            let isLast: UInt8 = start + 65535 >= bytes.count ? 1 : 0
            let count = block.count
            stream += [isLast, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8 & 255)] + block
        }
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        return stream + big(b << 16 | a)
    }

    package static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in body {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return big(data.count) + body + big(Int(~crc))
    }

    package static func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
}
