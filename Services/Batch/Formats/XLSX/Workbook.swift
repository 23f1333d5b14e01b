import XML

/// What a workbook says of its sheets and of the look of cells.
struct Workbook {
    /// What a style makes of a number.
    enum Look { case number, date, datetime, time }

    /// The path of the sheet's part.
    private(set) var sheet = ""
    private(set) var looks: [Look] = []
    private(set) var isFrom1904 = false

    /// `sheet` by name, or the first.
    init(_ archive: ZipArchive, sheet wanted: String?) throws {
        do {
            try readSheets(archive, wanted)
            if let styles = try archive.part("xl/styles.xml") {
                readStyles(try XMLElement(parsing: styles))
            }
        } catch let error as XMLError {
            throw ZipArchive.damaged(error.reason)
        }
    }

    private mutating func readSheets(_ archive: ZipArchive, _ wanted: String?) throws {
        guard let bytes = try archive.part("xl/workbook.xml"),
            let links = try archive.part("xl/_rels/workbook.xml.rels")
        else { throw ZipArchive.damaged("it has no workbook") }
        let book = try XMLElement(parsing: bytes)
        let date = book.child("workbookPr")?[attribute: "date1904"]
        isFrom1904 = date == "1" || date == "true"
        let sheets = (book.child("sheets")?.children ?? []).prefix(XLSXLimit.sheets)
        let chosen = wanted == nil ? sheets.first : sheets.first { $0[attribute: "name"] == wanted }
        guard let chosen else {
            let names = sheets.prefix(20).compactMap { $0[attribute: "name"] }
            throw FormatError(
                "The file has no sheet “\(wanted ?? "")”; it has: \(names.joined(separator: ", "))."
            )
        }
        let id = chosen.attributes.first { $0.name.local == "id" }?.value
        let link = try XMLElement(parsing: links).children.first { $0[attribute: "Id"] == id }
        guard let target = link?[attribute: "Target"] else {
            throw ZipArchive.damaged("the sheet has no part")
        }
        sheet = target.hasPrefix("/") ? String(target.dropFirst()) : "xl/" + target
    }

    private mutating func readStyles(_ styles: XMLElement) {
        var codes: [Int: String] = [:]
        for format in styles.child("numFmts")?.children ?? [] {
            guard let id = format[attribute: "numFmtId"].flatMap({ Int($0) }) else { continue }
            codes[id] = format[attribute: "formatCode"]
        }
        looks = (styles.child("cellXfs")?.children ?? []).map { style in
            let id = style[attribute: "numFmtId"].flatMap { Int($0) } ?? 0
            return codes[id].map { Workbook.look($0) } ?? Workbook.look(ofBuiltIn: id)
        }
    }

    private static func look(ofBuiltIn id: Int) -> Look {
        switch id {
        case 14...17, 27...31, 36, 50...54, 57, 58: .date
        case 22: .datetime
        case 18...21, 32...35, 45, 47, 55, 56: .time
        default: .number
        }
    }

    /// By the letters of a format code outside quotes, brackets and escapes.
    static func look(_ code: String) -> Look {
        // Hours and minutes that go on counting are an amount.
        if ["[h", "[m]", "[mm]", "[s"].contains(where: { code.lowercased().contains($0) }) {
            return .number
        }
        var letters = Set<Character>()
        var closing: Character?
        var isEscaped = false
        for letter in code.lowercased() {
            if isEscaped {
                isEscaped = false
            } else if let end = closing {
                if letter == end { closing = nil }
            } else if letter == "\"" {
                closing = "\""
            } else if letter == "[" {
                closing = "]"
            } else if letter == "\\" || letter == "_" || letter == "*" {
                isEscaped = true
            } else if letter == ";" {
                break
            } else {
                letters.insert(letter)
            }
        }
        // `General` has letters too.
        if letters.contains("g"), letters.contains("n") { return .number }
        let hasTime = letters.contains("h") || letters.contains("s")
        if letters.contains("y") || letters.contains("d") { return hasTime ? .datetime : .date }
        if hasTime || letters.contains(":") { return .time }
        return letters.contains("m") ? .date : .number
    }
}
