import JSON

/// Reads the objects of a JSON array or of NDJSON: numbers as they are written, objects and arrays
/// as JSON.
struct JSONRowReader: RowReader {
    private(set) var columns: [String]
    var header: [UInt8] { [] }
    private(set) var place = FilePlace()
    private var items: JSONItems
    private var positions: [String: Int] = [:]
    private var values: [JSONValue?]

    /// Without `names` the first object says the columns.
    init(
        _ source: any ByteSource, isArray: Bool, names: [String], from place: FilePlace,
        pieceBytes: Int = TextPieces.pieceBytes
    ) throws {
        columns = names
        if names.isEmpty {
            var first = try JSONItems(
                source, isArray: isArray, from: FilePlace(), pieceBytes: pieceBytes)
            if let item = try first.next(), let value = try? JSONValue(parsing: Array(item)) {
                columns = value.object?.members.map(\.key) ?? []
            }
        }
        items = try JSONItems(source, isArray: isArray, from: place, pieceBytes: pieceBytes)
        values = []
        for (index, column) in columns.enumerated() where positions[column] == nil {
            positions[column] = index
        }
        if place.offset > 0 {
            self.place = place
        } else {
            var row = FileRow()
            while self.place.rows < place.rows, try next(&row) {}
        }
    }

    mutating func next(_ row: inout FileRow) throws -> Bool {
        guard let item = try items.next() else { return false }
        row.removeAll()
        row.number = place.rows + 1
        row.line = items.itemLine
        row.raw.append(contentsOf: item)
        place = FilePlace(offset: items.offset, line: items.line, rows: row.number)
        do throws(JSONError) {
            try readMembers(row.raw)
        } catch {
            row.fault = "No JSON object: \(error.detail)."
            return true
        }
        for (index, value) in values.enumerated() {
            append(value, &row)
            if row.fault != nil {
                row.fault = "\(columns[index]): \(row.fault ?? "")"
                break
            }
        }
        return true
    }

    private mutating func readMembers(_ bytes: [UInt8]) throws(JSONError) {
        values = Array(repeating: nil, count: columns.count)
        var reader = JSONReader(bytes)
        try reader.beginObject()
        while let key = try reader.nextKey() {
            if let position = positions[key] {
                values[position] = try reader.readValue()
            } else {
                try reader.skip()
            }
        }
        try reader.finish()
    }

    private func append(_ value: JSONValue?, _ row: inout FileRow) {
        switch value {
        case nil, .null: row.appendNothing()
        case .string(let text):
            if text.utf8.contains(0) { row.fault = "there is a zero character in the text." }
            row.append(.text, text)
        case .number(let number): row.append(.number, number.text)
        case .boolean(let flag): row.append(.boolean, flag ? "true" : "false")
        case .some(let other): row.append(.json, other.text)
        }
    }
}
