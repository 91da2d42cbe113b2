internal import Files
internal import Glibc

/// How much memory the process holds.
enum ResidentMemory {
    /// Bytes, from /proc/self/statm; nil where that cannot be read.
    static var bytes: Int? {
        guard let folder = try? Folder.open("/proc/self"), let text = try? folder.read(FileName(ours: "statm"), limit: 4096)
        else {
            return nil
        }
        let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
