extension Eye {
    /// Reads an eye as people and devices write it: `OD`, `right`, `links`, `Oeil droit`, `OS (left)`.
    ///
    /// Nil for what is not understood, and for what is not one eye: both, `OU`, or words for either side at once.
    public init?(stated text: String) {
        let words = Self.words(of: text)
        let sides = Set(words.compactMap(Self.side))
        let isUnderstood = words.allSatisfy { Self.side($0) != nil || Self.fillers.contains($0) }
        if sides.count == 1, isUnderstood, let side = sides.first {
            self = side
        } else if sides.isEmpty, Self.unknownWords.contains(words.joined(separator: " ")) {
            self = .unknown
        } else {
            return nil
        }
    }

    private static func side(_ word: String) -> Eye? {
        rightWords.contains(word) ? .right : leftWords.contains(word) ? .left : nil
    }

    /// Lower case without accents, and without dots within abbreviations: `O.D.` is `od`.
    private static func words(of text: String) -> [String] {
        var plain = String.UnicodeScalarView()
        for scalar in decomposed(text) where scalar != "." && scalar.properties.generalCategory != .nonspacingMark {
            plain.append(scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "?" ? scalar : " ")
        }
        let words = String(plain).split(separator: " ").map(String.init)
        // `O D` is an abbreviation, too.
        return words.count == 2 && words.allSatisfy { $0.count == 1 } ? [words.joined()] : words
    }

    /// Lower case, accents apart from their letters; of the letters that one meets in these words.
    private static func decomposed(_ text: String) -> String.UnicodeScalarView {
        let letters: [Unicode.Scalar: Unicode.Scalar] = [
            "é": "e", "è": "e", "ê": "e", "ë": "e", "á": "a", "à": "a", "â": "a", "ä": "a", "å": "a", "ã": "a", "í": "i",
            "ì": "i",
            "ó": "o", "ò": "o", "ô": "o", "ö": "o", "ø": "o", "õ": "o", "ú": "u", "ù": "u", "û": "u", "ü": "u", "ý": "y",
            "ç": "c",
            "ñ": "n", "š": "s", "ś": "s", "ž": "z", "ź": "z", "ż": "z", "č": "c", "ć": "c", "ř": "r", "ň": "n", "ń": "n",
            "ě": "e",
            "ę": "e", "ą": "a", "ł": "l", "ğ": "g", "ş": "s", "ı": "i", "ă": "a", "ț": "t", "ţ": "t", "ș": "s",
        ]
        var result = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars { result.append(letters[scalar] ?? scalar) }
        return result
    }

    private static let rightWords: Set<String> = [
        "right", "r", "rt", "re", "od", "oculusdexter", "dexter", "dextra", "dextrum", "dx", "rechts", "rechte", "rechtes",
        "rechter",
        "ra", "droit", "droite", "derecho", "derecha", "destro", "destra", "dir", "direito", "direita", "hoger", "hogra", "hoyre",
        "hojre", "oikea", "prawe", "prawy", "prawa", "prave", "pravy", "prava", "desni", "desno", "jobb", "sag", "drept",
        "dreapta",
        "rechteroog", "правый", "правыи", "право", "右", "右眼", "右目", "오른쪽", "우안",
    ]

    private static let leftWords: Set<String> = [
        "left", "l", "lt", "le", "os", "oculussinister", "sinister", "sinistra", "sinistrum", "sin", "sn", "links", "linke",
        "linkes",
        "linker", "la", "gauche", "og", "izquierdo", "izquierda", "oi", "sinistro", "sx", "esquerdo", "esquerda", "oe", "vanster",
        "venstre", "vasen", "lewe", "lewy", "lewa", "leve", "levy", "leva", "lijevo", "lijevi", "levo", "levi", "bal", "sol",
        "stang",
        "stanga", "linkeroog", "левый", "левыи", "лево", "左", "左眼", "左目", "왼쪽", "좌안",
    ]

    /// Words that stand beside a side and change nothing.
    private static let fillers: Set<String> = [
        "eye", "the", "oculus", "oculo", "oeil", "œil", "auge", "oog", "ojo", "occhio", "olho", "oga", "oye", "oje", "silma",
        "oko",
        "szem", "goz", "ochi", "ochiul", "глаз", "side", "only", "fundus", "laterality",
    ]

    private static let unknownWords: Set<String> = ["unknown", "u", "unk", "na", "n a", "none", "null", "?", "unspecified", ""]
}
