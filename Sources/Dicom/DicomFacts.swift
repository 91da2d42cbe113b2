public import Screening

/// What a DICOM file says of its pictures: whose they are, what was examined, when and with what. Names, birth dates and sexes of persons
/// are not among it.
public struct DicomFacts: Sendable, Equatable {
    /// How the file is written: the transfer syntax's UID.
    public let syntax: String
    /// What it says, by tag in our words: `patient`, `study`, `manufacturer` ... In the sender's words, and as long as they wrote them.
    public let values: [String: String]
    /// Tags whose text is in a character set that the file does not name.
    public let spoiled: [String]

    init(_ answer: Answer) {
        syntax = answer.syntax ?? ""
        var values = answer.tags ?? [:]
        spoiled = (answer.spoiled ?? []).filter { name in
            values[name] = answer.raw?[name].flatMap { Self.text($0, in: values["character_set"] ?? "") }
            return values[name] == nil
        }
        self.values = values
    }

    /// Hexadecimal digits as text in a character set; nil where that is not known, or not the text's.
    private static func text(_ digits: String, in characterSet: String) -> String? {
        let nibbles = digits.compactMap(\.hexDigitValue)
        guard TextEncoding.knows(characterSet), nibbles.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
        return TextEncoding.text(bytes, in: characterSet)
    }

    init(syntax: String = "", values: [String: String], spoiled: [String] = []) {
        self.syntax = syntax
        self.values = values
        self.spoiled = spoiled
    }

    /// The same as a source of identity.
    public var statement: IdentityStatement {
        var statement = IdentityStatement(from: .container)
        for (field, name) in [
            (IdentityField.patient, "patient"), (.issuer, "issuer"), (.study, "study"), (.accession, "accession"),
        ] {
            // Of an identifier one part is another identifier.
            if values[name]?.unicodeScalars.contains("\\") ?? false {
                statement.spoil(field, "has several values")
            } else if let value = value(name) {
                statement.state(value, for: field)
            }
        }
        for (field, value) in [
            (IdentityField.operator, value("operator").map(Self.spoken)), (.device, device),
        ] {
            if let value { statement.state(value, for: field) }
        }
        for time in times where statement.taken == nil { statement.state(time, for: .taken) }
        let eyes = eyes
        if eyes.count > 1 { statement.spoil(.eye, "is stated differently by frame, picture and series") }
        if let eye = eyes.first, eyes.count == 1 { statement.state(eye, for: .eye) }
        let fields: [(String, IdentityField)] = [
            ("patient", .patient), ("issuer", .issuer), ("study", .study), ("accession", .accession), ("operator", .operator),
            ("manufacturer", .device), ("model", .device),
        ]
        for (name, field) in fields where spoiled.contains(name) {
            statement.spoil(field, "is in a character set that the file does not name")
        }
        switch value("burned_in")?.uppercased() {
        case "YES": statement.stateBurnedIn(true)
        case "NO": statement.stateBurnedIn(false)
        default: break
        }
        return statement
    }

    /// What kind of picture it is by its SOP class, where that is neither of a fundus camera's nor of an endoscope's kinds.
    var foreignKind: String? { value("sop_class").flatMap(DicomKind.name(ofForeignObject:)) }

    /// A tag's first value, without the spaces that pad it.
    private func value(_ name: String) -> String? {
        guard let text = values[name] else { return nil }
        func pads(_ letter: Character) -> Bool { letter == " " || letter == "\0" }
        var first = text.prefix { $0 != "\\" }.drop(while: pads)
        while let last = first.last, pads(last) { first.removeLast() }
        return first.isEmpty ? nil : String(first)
    }

    /// A person's name as it is said: of `Müller^Ané=...` the letters before the equals sign, with spaces (PS3.5, section 6.2.1).
    private static func spoken(_ name: String) -> String {
        String(name.prefix { $0 != "=" }).split(separator: "^").joined(separator: " ")
    }

    /// What it was taken with: maker and model, the maker once.
    private var device: String? {
        guard let model = value("model") else { return value("manufacturer") }
        guard let maker = value("manufacturer"), !model.lowercased().hasPrefix(maker.lowercased()) else { return model }
        return "\(maker) \(model)"
    }

    /// The eyes that frames, picture and series name: one where they agree. B is both, or frames that differ, and U unknown.
    private var eyes: Set<String> {
        let letters = ["frame_laterality", "image_laterality", "laterality"].compactMap { value($0)?.uppercased() }
        return Set(letters.filter { $0 != "U" }.map { ["R": "right", "L": "left", "B": "both"][$0] ?? $0 })
    }

    /// When it was taken, what says most first: the picture's own time, its content's, the study's; of each without a zone or an hour that
    /// makes no sense, too.
    private var times: [String] {
        let zone = value("zone")
        func all(_ date: String, _ time: String?) -> [String] {
            [zone.flatMap { zone in time.map { date + $0 + zone } }, time.map { date + $0 }, date].compactMap(\.self)
        }
        var found: [String] = []
        if let moment = value("acquisition"), moment.count >= 8 {
            let (date, time) = (String(moment.prefix(8)), String(moment.dropFirst(8)))
            // What has a zone of its own needs no other.
            found += time.contains { "+-".contains($0) } ? [moment, date] : all(date, time.isEmpty ? nil : time)
        }
        for kind in ["acquisition", "content", "study"] {
            if let date = value("\(kind)_date") { found += all(date, value("\(kind)_time")) }
        }
        return found
    }
}
