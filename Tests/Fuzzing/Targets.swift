import Control
import Files
import Intake
import Neural
import Registry
import Screening
import Settings

@testable import Dicom
@testable import Imaging
@testable import Reading

/// Every parser that reads what others wrote. Each is given bytes, may refuse them with an error of ours, and must do nothing else: no
/// trap, no read beyond them, no memory or time out of proportion. What it accepts must make sense.
let targets: [String: ([UInt8]) -> Void] = [
    "jpeg": { decode([0xFF, 0xD8, 0xFF] + $0) },
    "png": { decode(PNG.withChecksums(PNG.signature + $0)) },
    "exif": { decode(PNG.withEntry("eXIf", $0)) },
    "profile": { decode(PNG.withEntry("iCCP", Array("made\0\0".utf8) + PNG.stored($0))) },
    "dicom": { bytes in
        let file = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + bytes
        func look(_ bytes: [UInt8]) -> Result<DicomStructure, DicomStructure.Refusal> {
            var file = FileBytes(bytes)
            return DicomStructure.walk(&file)
        }
        guard case .success(let structure) = look(file), let pixels = structure.pixels else { return }
        // The header alone is sound where the whole is, and has no pixels.
        guard case .success(let header) = look(Array(file.prefix(Int(pixels)))), header.pixels == nil else {
            fatalError("a header is not what the whole file begins with")
        }
    },
    "dicom-answer": { bytes in
        guard let answer = try? Answer(bytes, count: 12) else { return }
        let words = answer.refusal?.reason.detail ?? ""
        guard words.utf8.count <= 300, words.utf8.allSatisfy({ (32...126).contains($0) }) else { fatalError("words of a file's") }
        _ = DicomFacts(answer).statement
    },
    "ending": EndingTarget.check,
    "safetensors": { bytes in
        guard let weights = try? Weights(safetensors: bytes) else { return }
        // Reading what was written gives the same again.
        let again = try? Weights(safetensors: weights.safetensors(.float32))
        guard again?.tensors.count == weights.tensors.count else { fatalError("what was read cannot be written") }
    },
    "onnx": { bytes in
        _ = Weights.metadata(ofONNX: bytes)
        guard let weights = try? Weights(onnx: bytes) else { return }
        for tensor in weights.tensors.values where tensor.shape.reduce(1, *) != tensor.values.count {
            fatalError("a tensor has not as many numbers as its shape says")
        }
    },
    "manifest": { bytes in
        guard let manifest = try? CanonicalJSON.decode(ModelManifest.self, from: bytes), (try? manifest.check()) != nil else {
            return
        }
        guard (try? CanonicalJSON.document(manifest)) != nil else { fatalError("a manifest that was accepted cannot be written") }
    },
    "live": { bytes in _ = try? CanonicalJSON.decode(LiveModels.self, from: bytes) },
    "configuration": { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        _ = try? ConfigurationReader(file: "/nonexistent/papilla.yaml").read(text)
    },
    "sidecar": { bytes in
        let read = Sidecar(bytes).statement
        // Who gave a number that nobody states is told, too, although nothing of it is unusable.
        let isIssuerAlone = read.texts[.issuer] != nil && read.texts[.patient] == nil
        guard Identification([read]).attention.isEmpty == (read.unusable.isEmpty && !isIssuerAlone) else {
            fatalError("something is not said")
        }
        // What was taken can be written down, and read again.
        struct Written: Codable, Equatable { var subject: Subject?, examination: Examination }
        let identification = Identification([read])
        let written = Written(subject: identification.subject, examination: identification.examination)
        let line = (try? CanonicalJSON.line(written)) ?? ""
        guard (try? CanonicalJSON.decode(Written.self, from: line.utf8)) == written else { fatalError("it cannot be read again") }
        // Any tail may be missing, and no more is then known than before.
        _ = Sidecar(Array(bytes.dropLast(bytes.count / 3)))
    },
    "eye": { bytes in _ = Eye(stated: String(decoding: bytes, as: UTF8.self)) },
    "taken": { bytes in
        guard let time = ExaminationTime(String(decoding: bytes, as: UTF8.self)) else { return }
        guard ExaminationTime(time.description) == time else { fatalError("a time is another one after it was written") }
    },
    "request": { bytes in
        guard let request = try? CanonicalJSON.decode(ControlRequest.self, from: bytes) else { return }
        let line = (try? CanonicalJSON.line(request)) ?? ""
        guard (try? CanonicalJSON.decode(ControlRequest.self, from: line.utf8)) == request else {
            fatalError("a request is another one after it was written")
        }
    },
    "name": { bytes in
        guard let name = FileName(bytes) else { return }
        guard FileName(escaped: name.description) == name else { fatalError("a name cannot be read back") }
        let path = RelativePath(RelativePath(name), name)
        guard RelativePath(escaped: path.description) == path else { fatalError("a path cannot be read back") }
        _ = RelativePath(escaped: String(decoding: bytes, as: UTF8.self))
        var random = SeededGenerator(1)
        let folder = BundleName.folder(file: name.description, id: ScreeningID(at: Timestamp(milliseconds: 0), using: &random))
        guard folder.utf8.count <= 100, !folder.contains("/"), !folder.hasPrefix(".") else {
            fatalError("a bundle's name is bad")
        }
    },
]

/// Small limits, so that the time goes into the parser and not into filling memory.
private let limits = ImageLimits(maximumBytes: 1 << 20, maximumPixels: 1 << 18)

private func decode(_ bytes: [UInt8]) {
    guard let image = try? ImageDecoder.decode(bytes, limits: limits) else { return }
    guard image.raster.pixels.count == image.raster.width * image.raster.height * 3 else { fatalError("pixels are missing") }
    guard let mask = try? ImageDecoder.decodeMask(bytes, limits: limits), mask.pixels.count * 3 == image.raster.pixels.count
    else {
        fatalError("an image that can be read in colour cannot be read in grey")
    }
    // A palette that lacks a colour has no labels.
    guard let labels = try? ImageDecoder.decodeLabels(bytes, limits: limits) else { return }
    guard labels.pixels.count == mask.pixels.count else { fatalError("labels are missing") }
}
