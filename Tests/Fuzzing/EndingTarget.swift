import Files
import Glibc
import Imaging
import Intake

/// The look at a file's end that tells a file which is still being copied from a whole one.
enum EndingTarget {
    private static let folder: Folder = {
        // In memory: every input is written to disk for good.
        var template = Array("/dev/shm/papilla-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, let folder = try? Folder.open(String(cString: template)) else {
            fatalError("there is no folder to write to")
        }
        return folder
    }()
    private static let name = FileName(ours: "image")

    /// An image that decodes must never be waited for.
    static func check(_ bytes: [UInt8]) {
        let bytes = bytes.first == 0x89 ? PNG.withChecksums(bytes) : bytes
        guard (try? folder.remove(name)) != nil, (try? folder.write(bytes, as: name)) != nil,
            let file = try? OpenFile.open(name, in: folder), let isComplete = try? ImageEnding.isComplete(file)
        else { fatalError("the file cannot be written and read") }
        guard !isComplete else { return }
        if (try? ImageDecoder.decode(bytes, limits: ImageLimits(maximumBytes: 1 << 20, maximumPixels: 1 << 16))) != nil {
            fatalError("a file that decodes counts as incomplete")
        }
    }
}
