import JSON

extension FileOptions {
    /// Reads `format` and `options` of a definition; every fault goes to the reader's problems.
    /// `isRead`: what an import leaves out is found out from its files; an export has defaults.
    static func read(_ reader: ObjectReader, isRead: Bool) -> FileOptions {
        let names = FileFormat.allCases.map(\.rawValue)
        let format = reader.word("format", of: names, default: nil)
        var file = FileOptions(format.flatMap { FileFormat(rawValue: $0) } ?? .csv)
        if isRead { file.csv.detected = .all }
        guard let item = reader.nested("options") else { return file }
        switch file.format {
        case .csv: file.csv = csvOptions(item, file.csv)
        case .json, .ndjson: break
        case .xml:
            if let text = item.string("item") {
                file.item = XMLItemPath(text)
                if file.item == nil {
                    item.fault(
                        "item", "invalid",
                        "Names of elements from the document's own on, as in `prices/price`.")
                }
            }
        case .xlsx:
            file.csv.header = item.boolean("header", default: true)
            file.sheet = item.string("sheet")
            if let sheet = file.sheet, !isSheetName(sheet) {
                item.fault(
                    "sheet", "invalid",
                    "A sheet's name has 1 to 31 characters, and none of : \\ / ? * [ ].")
            }
        }
        item.finish()
        return file
    }

    private static func isSheetName(_ name: String) -> Bool {
        (1...31).contains(name.utf16.count)
            && !name.unicodeScalars.contains {
                $0.value < 32 || ":\\/?*[]".unicodeScalars.contains($0)
            }
    }

    private static func csvOptions(_ item: ObjectReader, _ given: CSVOptions) -> CSVOptions {
        var options = given
        if let separator = character(item, "separator") {
            options.separator = separator
            options.detected.remove(.separator)
        }
        if let quote = character(item, "quote") {
            options.quote = quote
            options.detected.remove(.quote)
        }
        if options.separator == options.quote {
            item.fault("quote", "contradiction", "Separator and quote must differ.")
        }
        let names = TextEncoding.allCases.map(\.rawValue)
        if let name = item.word("encoding", of: names, default: "").flatMap({
            TextEncoding(rawValue: $0)
        }) {
            options.encoding = name
            options.detected.remove(.encoding)
        }
        options.header = item.boolean("header", default: true)
        options.byteOrderMark = item.boolean("bom", default: false)
        options.formulaSafe = item.boolean("formulaSafe", default: true)
        return options
    }

    private static func character(_ item: ObjectReader, _ key: String) -> UInt8? {
        guard let text = item.string(key) else { return nil }
        guard text.utf8.count == 1, let byte = text.utf8.first, byte == 9 || byte >= 32 else {
            item.fault(key, "invalid", "Exactly one ASCII character is needed.")
            return nil
        }
        return byte
    }
}
