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
        // The manifest that it brings along says it: beside it they would do nothing.
        for more in [["--side", "128"], ["--mean", "0", "0", "0"], ["--deviation", "1", "1", "1"], ["--distance-map", "D1"]] {
            let useless = try Program.run(["models", "import", file, "--models", store, "--name", "router-2"] + more)
            #expect(
                useless.status == 1 && useless.errors.contains("Found \(more[0]) for a file that brings its manifest along"),
                "\(useless.errors)")
        }
        let other = ["models", "import", file, "--models", store, "--name", "disc-1", "--task", "disc"]
        let refused = try Program.run(other)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("architecture"), "\(refused.errors)")
    }

    @Test("What an import is told of a network without a manifest counts, or is refused where it says nothing of this network")
    func foreignNetwork() throws {
        let folder = try TemporaryFolder("foreign")
        try folder.makeFolder("models")
        let (file, store) = ("\(folder.path)/network.safetensors", "\(folder.path)/models")
        let router = try #require(
            try FileManager.default.contentsOfDirectory(atPath: Program.models).first { $0.hasPrefix("router-") })
        let export = ["models", "export", router, "--models", Program.models, "--out", file]
        #expect(try Program.run(export).status == 0)
        // The same as another program writes it: without our manifest among the metadata.
        let bytes = try folder.read("network.safetensors")
        let size = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var header = try #require(JSONSerialization.jsonObject(with: Data(bytes[8..<8 + size])) as? [String: Any])
        header["__metadata__"] = nil
        var text = [UInt8](try JSONSerialization.data(withJSONObject: header))
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        let length = (0..<8).map { UInt8(text.count >> (8 * $0) & 255) }
        try folder.write(length + text + Array(bytes[(8 + size)...]), "network.safetensors")

        let plain = ["models", "import", file, "--models", store, "--name", "router-1"]
        let useless = try Program.run(plain + ["--distance-map", "D1"])
        #expect(useless.status == 1 && useless.errors.contains("without a distance head"), "\(useless.errors)")
        let imported = try Program.run(plain + ["--side", "128", "--mean", "0", "0", "0"])
        #expect(imported.status == 0, "\(imported.errors)")
        let shown = try Program.run(["models", "show", "router-1", "--models", store, "--json"]).json()
        let normalisation = try #require(shown["normalisation"] as? [String: Any])
        #expect(shown["side"] as? Int == 128 && normalisation["mean"] as? [Double] == [0, 0, 0])
        #expect(normalisation["std"] as? [Double] == [0.25, 0.25, 0.25])
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
