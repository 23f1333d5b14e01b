/// What Records finds wrong with a value, in the reader's language. A star stands for what differs
/// from value to value. What is not among these is said as it came: a rule's message is the
/// model's.
extension Texts {
    private static let faults: [(english: String, german: String, czech: String)] = [
        ("This must have a value.", "Hier fehlt ein Wert.", "Zde chybí hodnota."),
        ("This must not be empty.", "Das darf nicht leer sein.", "Nesmí být prázdné."),
        (
            "This must have at most * characters.", "Höchstens * Zeichen.", "Nejvýše * znaků."
        ),
        ("This must have at least * characters.", "Mindestens * Zeichen.", "Nejméně * znaků."),
        ("This must have at most * values.", "Höchstens * Werte.", "Nejvýše * hodnot."),
        ("This must have at most * levels.", "Höchstens * Ebenen.", "Nejvýše * úrovní."),
        (
            "This must have at most * decimals and * digits before.",
            "Höchstens * Nachkommastellen und * Stellen davor.",
            "Nejvýše * desetinných míst a * číslic před nimi."
        ),
        ("This must be at least *.", "Mindestens *.", "Nejméně *."),
        ("This must be at most *.", "Höchstens *.", "Nejvýše *."),
        ("This must be one of *.", "Eines von: *.", "Jedno z: *."),
        ("This must match *.", "Muss dem Muster * entsprechen.", "Musí odpovídat vzoru *."),
        ("This must not be after *.", "Nicht nach dem *.", "Ne po *."),
        ("This must not be before *.", "Nicht vor dem *.", "Ne před *."),
        (
            "This must be a UUID as *.", "Eine UUID, etwa *.", "UUID, například *."
        ),
        ("This must be a boolean.", "Ja oder nein.", "Ano, nebo ne."),
        ("This must be a number.", "Eine Zahl.", "Číslo."),
        ("This must be a string.", "Ein Text.", "Text."),
        ("This must be a whole number.", "Eine ganze Zahl.", "Celé číslo."),
        (
            "This must be a whole number of at most 64 bits.",
            "Eine ganze Zahl von höchstens 64 Bit.", "Celé číslo o nejvýše 64 bitech."
        ),
        ("This must be a date as *.", "Ein Datum, etwa *.", "Datum, například *."),
        ("This must be a time as *.", "Ein Zeitpunkt, etwa *.", "Čas, například *."),
        (
            "This must be the code of an account.", "Das Kürzel eines Kontos.", "Kód účtu."
        ),
        ("This must be the code of an unit.", "Das Kürzel einer Einheit.", "Kód jednotky."),
        (
            "This must be the id of a record.", "Die Nummer eines Datensatzes.",
            "Číslo záznamu."
        ),
        (
            "This must not contain U+0000.", "Ohne das Zeichen U+0000.", "Bez znaku U+0000."
        ),
        (
            "This is set by the platform.", "Das setzt die Plattform.", "To nastavuje platforma."
        ),
        (
            "Another record has this value.", "Ein anderer Datensatz hat diesen Wert.",
            "Tuto hodnotu má jiný záznam."
        ),
        (
            "Another record has these values of *.",
            "Ein anderer Datensatz hat diese Werte von *.",
            "Tyto hodnoty má jiný záznam: *."
        ),
    ]

    func fault(_ detail: String) -> String {
        guard tongue != .english else { return detail }
        for fault in Texts.faults {
            guard let parts = Texts.parts(of: detail, as: fault.english) else { continue }
            let words = say("", fault.german, fault.czech)
                .split(separator: "*", omittingEmptySubsequences: false)
            var text = ""
            for (index, word) in words.enumerated() {
                text += word
                if index + 1 < words.count, index < parts.count { text += parts[index] }
            }
            return text
        }
        return detail
    }

    /// What stands in the places of the stars; nil where the text is another one.
    private static func parts(of text: String, as pattern: String) -> [String]? {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard text.hasPrefix(pieces[0]) else { return nil }
        var rest = text.dropFirst(pieces[0].count)
        if pieces.count == 1 { return rest.isEmpty ? [] : nil }
        var parts: [String] = []
        for (index, piece) in pieces.dropFirst().enumerated() {
            if index + 2 == pieces.count {
                guard rest.hasSuffix(piece) else { return nil }
                parts.append(String(rest.dropLast(piece.count)))
                return parts
            }
            guard let range = rest.ranges(of: piece).first else { return nil }
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts
    }
}
