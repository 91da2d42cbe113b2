import Foundation
import Neural
import TestSupport
import Testing

@Suite("Training under mpirun", .serialized, .enabled(if: OpenMPI.mpirun != nil, "\(OpenMPI.missing)"))
struct RanksTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("ranks")
        let made = try Program.run([
            "phantom", "--kind", "fundus", "--view", "disc", "--count", "16", "--seed", "5", "--out", path("discs"),
        ])
        try #require(made.status == 0, "\(made.errors)")
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func arguments(_ run: String, _ more: [String] = [], steps: Int = 24) -> [String] {
        [
            "train", "--task", "disc", "--data", path("discs"), "--normalisation", "batch", "--soft-dice", "0.5", "--side", "64",
            "--width", "8", "--rate", "2e-3", "--steps", "\(steps)", "--validate-every", "12", "--threads", "1", "--out",
            path(run),
        ] + more
    }

    /// The state that a run of so many steps left.
    private func state(_ run: String, steps: Int = 24) throws -> Weights {
        try Weights(safetensors: try folder.read("\(run)/state-\(steps).safetensors"))
    }

    @Test("Two ranks leave the same bits every time; one under mpirun leaves those of none")
    func bits() throws {
        let alone = try Program.run(arguments("alone"))
        try #require(alone.status == 0, "\(alone.errors)")
        for (run, count) in [("one", 1), ("two", 2), ("again", 2)] {
            let result = try OpenMPI.run(count, arguments(run))
            try #require(result.status == 0, "\(result.errors)")
            // The first one alone prints.
            #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
            #expect(result.errors.ranges(of: "training on ").count == 1, "\(result.errors)")
        }
        #expect(try state("one").tensors == state("alone").tensors)
        #expect(try state("again").tensors == state("two").tensors)
        // Another order of sums: if not one bit differed, there would be one rank.
        #expect(try state("two").tensors != state("alone").tensors)
        #expect(try folder.read("two/best.safetensors") == folder.read("again/best.safetensors"))
    }

    @Test("A batch that cannot be shared, and data that one rank lacks, end all of them with words")
    func refusals() throws {
        let odd = try OpenMPI.run(3, arguments("odd"))
        #expect(odd.status != 0 && odd.errors.contains("A batch of 4 cannot be shared evenly by 3 ranks"), "\(odd.errors)")
        // Only the second rank's data-set folder is not there.
        let line = "if [ \"$OMPI_COMM_WORLD_RANK\" = 1 ]; then set -- \"${@/discs/nowhere}\"; fi; exec \"$PAPILLA\" \"$@\""
        var environment = OpenMPI.environment
        environment["PAPILLA"] = Program.path
        let result = try Program.run(
            ["-n", "2", "--oversubscribe", "bash", "-c", line, "papilla"] + arguments("lacking"),
            program: try #require(OpenMPI.mpirun), environment: environment)
        #expect(
            result.status != 0 && result.errors.contains("rank 1 of 2") && result.errors.contains("nowhere"), "\(result.errors)")
    }

    @Test("A rank that is killed ends the others; the run goes on with as many to the same bits, and with others not at all")
    func killed() throws {
        let whole = try OpenMPI.run(2, arguments("whole", steps: 36))
        try #require(whole.status == 0, "\(whole.errors)")
        let process = try Program.start(["-n", "2", "--oversubscribe", Program.path] + arguments("killed", steps: 36))
        process.executableURL = URL(fileURLWithPath: try #require(OpenMPI.mpirun))
        process.environment?.merge(OpenMPI.environment) { $1 }
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        // Once a snapshot has been written.
        while process.isRunning, !FileManager.default.fileExists(atPath: path("killed/run.json")) {
            Thread.sleep(forTimeInterval: 0.02)
        }
        let rank = try #require(try rankProcess(1, of: process.processIdentifier))
        kill(rank, SIGKILL)
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus != 0)
        #expect(text.contains("rank 1") && text.contains("signal 9"), "\(text)")
        #expect(try rankProcess(0, of: process.processIdentifier) == nil)

        let resumed = arguments("killed", ["--resume"], steps: 36)
        for count in [1, 4] {
            let result = count == 1 ? try Program.run(resumed) : try OpenMPI.run(count, resumed)
            let words = "begun with 2 ranks, not with \(count)"
            #expect(result.status != 0 && result.errors.ranges(of: words).count == 1, "\(result.errors)")
        }
        let again = try OpenMPI.run(2, resumed)
        try #require(again.status == 0, "\(again.errors)")
        #expect(again.errors.contains("goes on after step"), "\(again.errors)")
        #expect(try state("killed", steps: 36).tensors == state("whole", steps: 36).tensors)
    }

    /// The process of a rank among mpirun's children.
    private func rankProcess(_ rank: Int, of mpirun: Int32) throws -> Int32? {
        let children = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { process in
            let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            return status?.contains("PPid:\t\(mpirun)\n") == true
        }
        return children.first { process in
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return bytes.split(separator: 0).contains(Data("OMPI_COMM_WORLD_RANK=\(rank)".utf8))
        }
    }
}
