import JSON

/// What a sample file says of an import: its format, and its columns beside those of a class.
struct ImportSample {
    let format: String
    let separator: String?
    let names: [String]

    init(name: String, bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let ending = name.split(separator: ".").last?.lowercased() ?? ""
        switch ending {
        case "xlsx", "xml":
            (format, separator, names) = (ending, nil, [])
        case "json", "ndjson", "jsonl":
            (format, separator) = (ending == "json" ? "json" : "ndjson", nil)
            names = ImportSample.keys(text)
        default:
            format = "csv"
            let line = String(text.prefix { !$0.isNewline }.drop { $0 == "\u{FEFF}" })
            let found = [",", ";", "\t", "|"].max { one, other in
                ImportSample.count(one, line) < ImportSample.count(other, line)
            }
            separator = found.flatMap { ImportSample.count($0, line) > 0 ? $0 : nil }
            names = ImportSample.cells(line, separator?.first ?? ",")
        }
    }

    private static func count(_ separator: String, _ line: String) -> Int {
        line.split(separator: separator, omittingEmptySubsequences: false).count - 1
    }

    /// The cells of a line of CSV.
    private static func cells(_ line: String, _ separator: Character) -> [String] {
        var cells: [String] = [""]
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": isQuoted.toggle()
            case separator where !isQuoted: cells.append("")
            default: cells[cells.count - 1].append(character)
            }
        }
        return cells.map(\.trimmed).filter { !$0.isEmpty }
    }

    /// The members of the first object.
    private static func keys(_ text: String) -> [String] {
        guard let start = text.firstIndex(of: "{") else { return [] }
        var depth = 0
        var isText = false
        var isEscaped = false
        for index in text[start...].indices {
            let character = text[index]
            if isEscaped {
                isEscaped = false
            } else if isText {
                if character == "\\" { isEscaped = true }
                if character == "\"" { isText = false }
            } else if character == "\"" {
                isText = true
            } else if character == "{" {
                depth += 1
            } else if character == "}" {
                depth -= 1
                guard depth == 0 else { continue }
                let object = try? JSONValue(parsing: Array(text[start...index].utf8))
                return object?.object?.keys ?? []
            }
        }
        return []
    }

    /// An import of such files into a class: each column goes where its name leads, others stand
    /// there without a place, to be given one or to be left out.
    func proposal(for type: String, in standing: ModelStanding) -> JSONObject {
        var proposal = ModelPart.imports.preset(standing, type: type)
        let columns = standing.columns(of: type)
        var rows: [JSONValue] = []
        var keys = 0
        for name in names.prefix(400) {
            let code = ModelDesk.code(of: name)
            let column = columns.first { column in
                let names =
                    [column["code"]?.string, column["name"]?.string].compactMap { $0 }
                    + (column["name"]?.object?.members ?? []).compactMap { $0.value.string }
                return names.contains {
                    $0 == code || ModelDesk.code(of: $0) == code
                }
            }
            var row = JSONObject([("from", .string(name))])
            row["to"] = column?["code"]
            if column?["unique"] == true, keys == 0 {
                row["key"] = true
                keys += 1
            }
            rows.append(.object(row))
        }
        proposal["code"] = .string(ModelPart.free(type, in: standing.codes(.imports)))
        proposal["format"] = .string(format)
        if keys > 0 { proposal["mode"] = "upsert" }
        if let separator { proposal["options"] = ["separator": .string(separator)] }
        proposal["columns"] = .array(rows)
        return proposal
    }
}
