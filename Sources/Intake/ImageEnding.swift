package import Files
package import Imaging

/// Whether a file is all there, as far as its own kind of image can tell.
package enum ImageEnding {
    /// Looks at a file; an empty one is not complete.
    package static func isComplete(_ file: OpenFile) throws(FileError) -> Bool { try ImageFile.isWhole(file.imageBytes()) }
}

extension OpenFile {
    /// The file as image containers look at it.
    package func imageBytes() throws(FileError) -> FileBytes<FileError> {
        FileBytes(size: try status().size) { offset, count throws(FileError) in try self.read(at: offset, count: count) }
    }
}
