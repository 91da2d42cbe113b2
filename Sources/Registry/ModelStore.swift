internal import Files
internal import Glibc
public import Neural
public import Screening

/// The folder of models: `NAME/model.safetensors`, `NAME/manifest.json`, `NAME/card.md`, `NAME/card.html`, and `live.json`.
///
/// Nothing here is held open: every call looks at the disk, so a promotion by another process is seen by the next.
public struct ModelStore: Sendable {
    /// Where the models are.
    public let directory: String

    /// A store; the folder is looked at only when it is used.
    public init(directory: String) { self.directory = directory }

    /// Names of all models, sorted: every folder with a permitted name and a manifest.
    /// - Throws: `.notFound` if there is no such folder.
    public func names() throws(PapillaError) -> [String] {
        try refuseMissingFolder()
        let names = try PapillaError.telling("The models' folder cannot be read", at: directory) { () throws(FileError) in
            try NamedPath.names(in: directory)
        }
        return names.filter { ModelManifest.isName($0) && NamedPath.exists(path($0, "manifest.json")) }
    }

    /// A model's manifest, checked; its weights are not looked at.
    /// - Throws: `.badInput` for a name that is none, `.notFound`, `.damaged`.
    public func manifest(_ name: String) throws(PapillaError) -> ModelManifest {
        try naming(name) { () throws(PapillaError) in
            let bytes = try DurableFile.read(path(name, "manifest.json"), limit: 1 << 20)
            let manifest: ModelManifest
            do { manifest = try CanonicalJSON.decode(ModelManifest.self, from: bytes) } catch {
                throw PapillaError(
                    .damaged, "The manifest cannot be read as \(ModelManifest.schema)", hint: Self.hint, cause: error)
            }
            guard manifest.name == name else {
                throw PapillaError(
                    .damaged, "The manifest is that of \(manifest.name)", hint: "A model's folder must not be renamed")
            }
            try manifest.check()
            return manifest
        }
    }

    /// A model, ready to be run.
    /// - Throws: `.notFound`, or `.damaged` if the file does not match its digest, is truncated, or its tensors are not those of
    ///   the architecture (naming tensor and shapes). The message names the model.
    public func load(_ name: String) throws(PapillaError) -> Model {
        let manifest = try manifest(name)
        return try naming(name) { () throws(PapillaError) in
            let bytes = try DurableFile.read(path(name, "model.safetensors"), limit: 1 << 30)
            let digest = Digest(of: bytes)
            // Contents before digest: "the tensor mask.weight has shape ..." helps more than "the digest differs".
            let model = try Model(manifest: manifest, weights: Weights(safetensors: bytes))
            guard digest == manifest.sha256 else {
                throw PapillaError(
                    .damaged, "model.safetensors has the SHA-256 \(digest); its manifest expects \(manifest.sha256)",
                    hint: Self.hint)
            }
            return model
        }
    }

    /// Writes a new model: all of its files in a folder aside, then one rename, so that it is there in full or not at all.
    /// - Parameters:
    ///   - manifest: what it is; its `sha256` is filled in here.
    /// - Returns: the model's name.
    /// - Throws: `.refused` if there is a model of that name already; `.damaged` if the weights are not the manifest's.
    @discardableResult
    public func save(
        _ weights: Weights, manifest: ModelManifest, precision: Weights.FilePrecision = .float16
    ) throws(PapillaError) -> String {
        let bytes = weights.safetensors(
            precision, metadata: ["name": manifest.name, "architecture": manifest.architecture, "width": "\(manifest.width)"])
        var manifest = manifest
        manifest.sha256 = Digest(of: bytes)
        // What was written is what is checked: rounding to half precision may have made a large weight infinite.
        _ = try Model(manifest: manifest, weights: Weights(safetensors: bytes))
        let final = path(manifest.name)
        guard !NamedPath.exists(final) else {
            throw PapillaError(
                .refused, "There is a model \(manifest.name) already", place: final,
                hint: "Models are never overwritten: take another name")
        }
        let aside = "\(directory)/.\(manifest.name).\(getpid()).new"
        try PapillaError.telling("The model's folder cannot be made", at: aside) { () throws(FileError) in
            guard try NamedPath.makeFolder(aside, mode: 0o755) else {
                throw FileError("there is such a folder", place: aside, number: EEXIST)
            }
        }
        let files = [("model.safetensors", bytes)] + (try Self.documents(manifest))
        do {
            for (name, bytes) in files { try DurableFile.write(bytes, to: "\(aside)/\(name)") }
            try DurableFile.sync(aside)
            try DurableFile.move(aside, to: final, in: directory)
        } catch {
            try? NamedPath.removeTree(aside)
            throw error
        }
        return manifest.name
    }

    /// Refuses a folder that `save` could not write a new model to or, with a name, a model whose manifest and card could not be replaced: before
    /// anything long is done for them.
    public func refuseUnwritable(_ name: String? = nil) throws(PapillaError) {
        let folder = name.map { path($0) } ?? directory
        if name == nil { try refuseMissingFolder() }
        do throws(FileError) { try NamedPath.tryWriting(in: folder) } catch {
            let owner = (try? NamedPath.owner(of: folder)).flatMap { $0 == geteuid() ? nil : UserAccount.login($0) }
            let hint: String? =
                switch error.number {
                case EACCES, EPERM:
                    owner.map { "It belongs to \($0): let this user write to it, or run the command as that one (sudo -u \($0))" }
                        ?? "Let this user write to it"
                case ENOSPC, EDQUOT: "Make room"
                case EROFS: "Its file system is read-only: mount it for writing"
                default: nil
                }
            let what = name == nil ? "A new model could not be saved in this folder" : "This model could not be described anew"
            throw .system(what, errno: error.number, words: error.words, place: folder, hint: hint)
        }
    }

    /// Replaces what is said of a candidate, after a new calibration: its manifest and its card. Its weights stay.
    /// - Throws: `.refused` for a live model, whose readings must not change under its name.
    public func update(_ manifest: ModelManifest) throws(PapillaError) {
        let present = try self.manifest(manifest.name)
        guard manifest.sha256 == present.sha256, manifest.task == present.task else {
            throw PapillaError(.internal, "A manifest of other weights cannot replace this one", place: path(manifest.name))
        }
        try refuseLive(manifest)
        try replace(manifest)
    }

    /// Replaces manifest and card, each file whole.
    func replace(_ manifest: ModelManifest) throws(PapillaError) {
        try manifest.check()
        // The cards first: a manifest without its card would be the worse half.
        for (name, bytes) in try Self.documents(manifest).reversed() {
            let aside = path(manifest.name, ".\(name).\(getpid()).new")
            try DurableFile.write(bytes, to: aside)
            try DurableFile.move(aside, to: path(manifest.name, name), in: path(manifest.name))
        }
    }

    /// Refuses a live model, whose readings must not change under its name.
    public func refuseLive(_ manifest: ModelManifest) throws(PapillaError) {
        guard try live()[manifest.task] == manifest.name else { return }
        throw PapillaError(
            .refused, "The model \(manifest.name) is live: its readings must not change under its name",
            place: path(manifest.name),
            hint: "Make another model live first, or take a candidate")
    }

    /// The files that say what a model is.
    private static func documents(_ manifest: ModelManifest) throws(PapillaError) -> [(String, [UInt8])] {
        let document: String
        do { document = try CanonicalJSON.document(manifest) } catch {
            throw PapillaError(.internal, "The manifest cannot be written", place: manifest.name, cause: error)
        }
        let card = ModelCard(manifest)
        return [
            ("manifest.json", Array(document.utf8)), ("card.md", Array(card.markdown.utf8)), ("card.html", Array(card.html.utf8)),
        ]
    }

    /// The first name that is free for a task on a day: `disc-20261124-1`, `disc-20261124-2`, ...
    /// - Throws: `.notFound` if there is no models' folder.
    public func freeName(for task: ModelTask, on day: Timestamp) throws(PapillaError) -> String {
        try refuseMissingFolder()
        let stem = "\(task.rawValue)-\(day.day.filter { $0 != "-" })"
        var number = 1
        while NamedPath.exists(path("\(stem)-\(number)")) { number += 1 }
        return "\(stem)-\(number)"
    }

    /// A model's card.
    /// - Parameter html: the HTML page instead of Markdown.
    public func card(_ name: String, html: Bool = false) throws(PapillaError) -> String {
        try naming(name) { () throws(PapillaError) in
            String(decoding: try DurableFile.read(path(name, html ? "card.html" : "card.md"), limit: 1 << 20), as: UTF8.self)
        }
    }

    /// Says where nothing was found because there is no folder to find it in, or none that this user may look into.
    func refuseMissingFolder() throws(PapillaError) {
        do throws(FileError) { _ = try Folder.open(directory) } catch {
            guard !error.isMissing else {
                throw PapillaError(
                    .notFound, "There is no models' folder \(directory)",
                    hint: "Make it, or name another: with --models, in PAPILLA_MODELS, or as paths.models in the configuration")
            }
            throw .system(
                "The models' folder cannot be read", errno: error.number, place: directory,
                hint: "Let this user read it, or run the command as the user whose it is")
        }
    }

    static let hint = "Copy the model again, or take another; the live model stays as it is"

    /// A path in the models' folder. Names were checked by `naming`, or by the manifest's check.
    func path(_ name: String, _ file: String? = nil) -> String { "\(directory)/\(name)" + (file.map { "/\($0)" } ?? "") }

    /// Runs a body that concerns a model, refusing names that could leave the folder, and puts the model's name into its errors.
    private func naming<Value>(_ name: String, _ body: () throws(PapillaError) -> Value) throws(PapillaError) -> Value {
        guard ModelManifest.isName(name) else {
            throw PapillaError(
                .badInput, "\"\(name)\" cannot be the name of a model",
                hint: "Expected lower-case letters, digits and hyphens, as in disc-20261124-1")
        }
        guard NamedPath.exists(path(name)) else {
            try refuseMissingFolder()
            throw PapillaError(
                .notFound, "There is no model \(name)", place: directory, hint: "List them with: papilla models list")
        }
        do { return try body() } catch {
            var error = error
            error.message = "The model \(name) is refused: \(error.message)"
            error.place = error.place ?? path(name)
            throw error
        }
    }
}
