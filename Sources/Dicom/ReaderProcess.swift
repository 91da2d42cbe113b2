internal import CSpawn
internal import Files
internal import Glibc
internal import Imaging
internal import Screening

/// The program `papilla-dicom`, which alone sees what is in a DICOM file: started for each question, with the file as its standard input and
/// nothing else of ours. Whatever it does, its caller gets an answer or an error, and lives.
enum ReaderProcess {
    /// Where it is: beside this program, then where the package puts it; nil where it is not installed.
    static var path: String? {
        let here = AbsolutePath.parent(of: AbsolutePath.resolved("/proc/self/exe"))
        return [here + "/papilla-dicom", "/usr/lib/papilla/papilla-dicom"].first(where: NamedPath.isProgram)
    }

    /// How long it may take over one question. A file of 100 million pixels in JPEG 2000 takes some 10 s.
    static let timeLimit = Duration.seconds(60)
    /// The line that comes before the bytes, bytes.
    private static let lineLimit = 1 << 16

    /// Asks for the header, or for a frame.
    ///
    /// - Parameters:
    ///   - frame: 1 or more; 0 for the header alone.
    ///   - input: the file, in memory.
    ///   - limit: how many bytes a frame may have.
    ///   - program: another program than the installed one.
    /// - Returns: what it printed: its line, and the bytes after it.
    static func ask(
        frame: Int, of input: MemoryFile, maximumPixels: Int, limit: Int, program: String? = path,
        within time: Duration = timeLimit
    ) throws(ImageError) -> (line: [UInt8], bytes: [UInt8]) {
        guard let program else {
            throw ImageError(
                .unsupportedFormat,
                "The file is a DICOM file, which the program papilla-dicom reads; install the package papilla-dicom, and try again."
            )
        }
        let (process, output) = try start(program, ["papilla-dicom", "\(frame)", "\(maximumPixels)"], input)
        defer { close(output) }
        let end = ContinuousClock.now + time
        let printed = read(output, atMost: lineLimit + limit, until: end)
        let status = wait(for: process, until: printed == nil ? .now : end)
        guard let printed, let status else {
            throw ImageError(
                .timedOut,
                "Reading the DICOM file was stopped: it took longer than \(time.components.seconds) s, or grew beyond what it says."
            )
        }
        guard ![SIGPROF, SIGXCPU].contains(status & 0x7F) else {
            throw ImageError(
                .timedOut,
                "Reading the DICOM file was stopped: it took far more processor time than a picture of its size needs.")
        }
        guard status == 0, let lineEnd = printed.prefix(lineLimit).firstIndex(of: UInt8(ascii: "\n")) else {
            // The low bits of a status are the signal that ended it.
            let how = status & 0x7F == 0 ? "status \(status >> 8)" : "signal \(status & 0x7F)"
            throw ImageError(.crashed, "The program that reads DICOM files ended over this one (\(how)); it is not tried again.")
        }
        return (Array(printed[..<lineEnd]), Array(printed[(lineEnd + 1)...]))
    }

    /// - Returns: the process, and where what it prints can be read.
    private static func start(_ program: String, _ words: [String], _ input: MemoryFile) throws(ImageError) -> (pid_t, Int32) {
        var process = pid_t()
        var ends: [Int32] = [-1, -1]
        var error = papilla_pipe(&ends)
        if error == 0 {
            let arguments = words.map { strdup($0) } + [nil]
            defer { for argument in arguments { free(argument) } }
            error = papilla_spawn(program, arguments, [nil], [input.descriptor, ends[1], -1], 3, &process)
            close(ends[1])
            if error != 0 { close(ends[0]) }
        }
        guard error == 0 else {
            let reason = String(cString: strerror(error))
            throw ImageError(.outOfMemory, "The program papilla-dicom, which reads DICOM files, could not be started: \(reason).")
        }
        return (process, ends[0])
    }

    /// All that is printed; nil where it is more, or where the time is over.
    private static func read(_ output: Int32, atMost limit: Int, until end: ContinuousClock.Instant) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            guard ContinuousClock.now < end else { return nil }
            var poll = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = Glibc.poll(&poll, 1, 1000)
            guard ready > 0 else { continue }
            let count = Glibc.read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            guard bytes.count + count <= limit else { return nil }
            bytes += buffer[..<count]
        }
    }

    /// The status with which a process ended; nil where it had to be killed.
    private static func wait(for process: pid_t, until end: ContinuousClock.Instant) -> Int32? {
        var status: Int32 = 0
        var pause: UInt32 = 100
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return status }
            if ended < 0, errno != EINTR { return nil }
            guard ContinuousClock.now < end else { break }
            usleep(pause)
            pause = min(2 * pause, 10_000)
        }
        kill(process, SIGKILL)
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return nil
    }
}

extension MemoryFile {
    /// A file of so many bytes from the beginning of another. What there is no room for is missing, and the reader says so.
    static func of<Failure>(_ file: FileBytes<Failure>, count: Int64) throws(Failure) -> MemoryFile? {
        guard let memory = MemoryFile() else { return nil }
        var offset: Int64 = 0
        while offset < count {
            let part = try file.bytes(at: offset, count: Int(min(1 << 20, count - offset)))
            guard !part.isEmpty, memory.append(part) else { break }
            offset += Int64(part.count)
        }
        return memory
    }
}
