import JSON

/// A page of records or of a query's rows, `{"items": […], "next"}`, made into rows of a file
/// without a tree of its values.
struct ExportPage: Sendable {
    let bytes: [UInt8]

    /// The cursor of the page after it, looked for from the end: so that page can be asked for
    /// before this one is read. Within a text the quotes would be escaped, and whatever else has
    /// such a member stands before it.
    var next: String? {
        let mark = Array("\"next\":".utf8)
        var at = bytes.count - mark.count
        while at > 0 {
            if bytes[at] == mark[0], bytes[at..<(at + mark.count)].elementsEqual(mark) {
                var reader = JSONReader(Array(bytes[(at + mark.count)...]))
                return try? reader.readString()
            }
            at -= 1
        }
        return nil
    }

    /// Gives each item's row to `body`, with its id where it has one; answers how many there were.
    /// Throws `JSONError`, and what `body` throws.
    func read(
        _ columns: [ExportColumn], _ body: (_ id: Int64, _ row: FileRow) throws -> Void
    ) throws -> Int {
        var places: [String: [Int]] = [:]
        for (index, column) in columns.enumerated() {
            places[column.code, default: []].append(index)
        }
        var values = [JSONValue?](repeating: nil, count: columns.count)
        var row = FileRow()
        var count = 0
        var reader = JSONReader(bytes)
        try reader.beginObject()
        while let key = try reader.nextKey() {
            guard key == "items" else {
                try reader.skip()
                continue
            }
            try reader.beginArray()
            while try reader.nextElement() {
                for index in values.indices { values[index] = nil }
                let id = try ExportPage.item(&reader, places, &values)
                row.removeAll()
                for (column, value) in zip(columns, values) { column.append(value, to: &row) }
                try body(id, row)
                count += 1
            }
        }
        try reader.finish()
        return count
    }

    private static func item(
        _ reader: inout JSONReader, _ places: [String: [Int]], _ values: inout [JSONValue?]
    ) throws(JSONError) -> Int64 {
        var id: Int64 = 0
        try reader.beginObject()
        while let key = try reader.nextKey() {
            guard let indices = places[key] else {
                if key == "id" { id = try reader.readInteger() } else { try reader.skip() }
                continue
            }
            let value = try reader.readValue()
            if key == "id" { id = value.integer ?? 0 }
            for index in indices { values[index] = value }
        }
        return id
    }
}
