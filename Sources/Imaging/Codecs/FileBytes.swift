/// A file that is looked at here and there, without being read whole.
///
/// `Failure` is what its reads may fail with.
public struct FileBytes<Failure: Error> {
    /// The file's size, bytes.
    public let size: Int64
    private let read: (_ offset: Int64, _ count: Int) throws(Failure) -> [UInt8]
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0
    private static var windowSize: Int { 1 << 18 }

    /// A file of some size.
    ///
    /// - Parameter read: gives so many bytes from an offset on, fewer at the end of the file.
    public init(size: Int64, read: @escaping (_ offset: Int64, _ count: Int) throws(Failure) -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// So many bytes from an offset on, fewer at the end of the file.
    package func bytes(at offset: Int64, count: Int) throws(Failure) -> [UInt8] { try read(offset, count) }

    /// The byte at an offset; nil behind the end.
    package mutating func byte(_ offset: Int64) throws(Failure) -> UInt8? {
        guard offset < size else { return nil }
        if offset < windowStart || offset >= windowStart + Int64(window.count) {
            window = try read(offset, Self.windowSize)
            windowStart = offset
        }
        let index = Int(offset - windowStart)
        return index < window.count ? window[index] : nil
    }

    /// The next offset with this byte; nil where there is none.
    mutating func next(_ wanted: UInt8, from offset: Int64) throws(Failure) -> Int64? {
        var offset = offset
        while try byte(offset) != nil {
            if let index = window[Int(offset - windowStart)...].firstIndex(of: wanted) { return windowStart + Int64(index) }
            offset = windowStart + Int64(window.count)
        }
        return nil
    }

    /// So many bytes as a number, the most significant first; nil where the file ends before.
    mutating func number(_ offset: Int64, bytes: Int) throws(Failure) -> Int64? {
        var value: Int64 = 0
        for index in 0..<bytes {
            guard let byte = try byte(offset + Int64(index)) else { return nil }
            value = value << 8 | Int64(byte)
        }
        return value
    }
}

extension FileBytes where Failure == Never {
    /// A file that is in memory.
    package init(_ bytes: [UInt8]) {
        self.init(size: Int64(bytes.count)) { offset, count in Array(bytes.dropFirst(Int(offset)).prefix(count)) }
    }
}
