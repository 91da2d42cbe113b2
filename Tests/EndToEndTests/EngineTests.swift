import Foundation
import TestSupport
import Testing

@Suite("Engine")
struct EngineTests {
    static let emulator = "/usr/bin/qemu-x86_64"

    @Test("A model goes out to other programs and comes back the same", arguments: ["safetensors", "onnx"])
    func exchange(format: String) throws {
        let folder = try TemporaryFolder("exchange")
        try folder.makeFolder("models")
        let file = "\(folder.path)/network.\(format)"
        let store = "\(folder.path)/models"
        let live = try Program.run(["models", "list", "--models", Program.models, "--json"])
        let models = try #require(try JSONSerialization.jsonObject(with: Data(live.output.utf8)) as? [[String: Any]])
        let router = try #require(models.first { $0["task"] as? String == "router" }?["name"] as? String)
        let export = ["models", "export", router, "--models", Program.models, "--format", format, "--out", file]
        #expect(try Program.run(export).status == 0)
        // A file that is there already is left alone.
        #expect(try Program.run(export).status == 1)
        let imported = try Program.run(["models", "import", file, "--models", store, "--name", "router-1"])
        #expect(imported.status == 0, "\(imported.errors)")
        func shown(_ name: String, _ store: String) throws -> [String: Any] {
            try Program.run(["models", "show", name, "--models", store, "--json"]).json()
        }
        let (before, after) = (try shown(router, Program.models), try shown("router-1", store))
        for key in ["architecture", "width", "side", "normalisation", "temperature", "thresholds"] {
            #expect(try #require(before[key] as? NSObject) == (after[key] as? NSObject), "\(key)")
        }
        let other = ["models", "import", file, "--models", store, "--name", "disc-1", "--task", "disc"]
        let refused = try Program.run(other)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("architecture"), "\(refused.errors)")
    }

    @Test("The program runs on a CPU without AVX-512", .enabled(if: FileManager.default.isExecutableFile(atPath: emulator)))
    func haswell() throws {
        let result = try emulated(
            "Haswell", ["bench", "--width", "1", "--side", "32", "--runs", "1", "--threads", "1", "--json"])
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("\"precision\":\"fp32\""))
    }

    @Test("An older CPU is refused by name", .enabled(if: FileManager.default.isExecutableFile(atPath: emulator)))
    func nehalem() throws {
        let result = try emulated("Nehalem", ["architectures"])
        #expect(result.status == 1)
        #expect(result.text.contains("lacks AVX2"), "\(result.text)")
    }

    private func emulated(_ processor: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let result = try Program.run(["-cpu", processor, Program.path] + arguments, program: Self.emulator)
        return (result.status, result.output + result.errors)
    }
}
