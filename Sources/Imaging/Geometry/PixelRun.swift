internal import Glibc

/// Neighbouring pixels of one kind in one row: columns `start..<end`.
struct PixelRun: Sendable {
    var row: Int
    var start: Int
    var end: Int
    /// The region that it belongs to, from 0; while regions are being joined, another run of the same region.
    var label: Int

    /// All runs of foreground (or of background), row by row from the left.
    static func all(in mask: Mask, foreground: Bool) -> [PixelRun] {
        var runs: [PixelRun] = []
        let width = mask.width
        mask.pixels.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            // memchr looks at many bytes at once: most of a mask is long stretches of one value.
            func next(_ value: Int32, in row: UnsafeRawPointer, from column: Int) -> Int {
                guard let found = memchr(row + column, value, width - column) else { return width }
                return UnsafeRawPointer(found) - row
            }
            let (wanted, other): (Int32, Int32) = foreground ? (255, 0) : (0, 255)
            for y in 0..<mask.height {
                let row = base + y * width
                var start = next(wanted, in: row, from: 0)
                while start < width {
                    let end = next(other, in: row, from: start)
                    runs.append(PixelRun(row: y, start: start, end: end, label: runs.count))
                    start = next(wanted, in: row, from: end)
                }
            }
        }
        return runs
    }

    /// Gives runs that touch one label, counted from 0 in the order of first runs, and returns the number of labels.
    /// Runs of neighbouring rows touch when their columns overlap after one of them is widened by `reach` (1: corners count).
    static func join(_ runs: inout [PixelRun], reach: Int) -> Int {
        runs.withUnsafeMutableBufferPointer { runs in
            var above = 0
            for index in 0..<runs.count {
                let run = runs[index]
                // Both rows are sorted: the first run above that may still touch only moves on.
                while above < index
                    && (runs[above].row < run.row - 1 || (runs[above].row == run.row - 1 && runs[above].end + reach <= run.start))
                {
                    above += 1
                }
                var other = above
                while other < index && runs[other].row == run.row - 1 && runs[other].start < run.end + reach {
                    unite(index, other, in: runs)
                    other += 1
                }
            }
            var count = 0
            for index in 0..<runs.count {
                // A root is the first run of its region, so its number is already final.
                if runs[index].label == index {
                    runs[index].label = count
                    count += 1
                } else {
                    runs[index].label = runs[runs[index].label].label
                }
            }
            return count
        }
    }

    private static func unite(_ a: Int, _ b: Int, in runs: UnsafeMutableBufferPointer<PixelRun>) {
        let (a, b) = (root(a, in: runs), root(b, in: runs))
        runs[max(a, b)].label = min(a, b)
    }

    private static func root(_ index: Int, in runs: UnsafeMutableBufferPointer<PixelRun>) -> Int {
        var index = index
        while runs[index].label != index {
            runs[index].label = runs[runs[index].label].label
            index = runs[index].label
        }
        return index
    }
}
