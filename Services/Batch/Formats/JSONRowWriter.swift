import JSON

/// Writes rows as a JSON array of objects, or as NDJSON.
struct JSONRowWriter: RowWriter {
    private let isArray: Bool
    /// With a comma in front and a colon behind.
    private let keys: [[UInt8]]
    private var bytes: [UInt8] = []
    private var rows: Int

    init(columns: [String], isArray: Bool, state: JSONValue?) {
        self.isArray = isArray
        keys = columns.map { JSONKey($0).encoded }
        rows = Int(state?.integer ?? 0)
    }

    mutating func begin() { if isArray { bytes.append(UInt8(ascii: "[")) } }

    mutating func row(_ row: FileRow) {
        if isArray, rows > 0 { bytes.append(UInt8(ascii: ",")) }
        if isArray { bytes.append(10) }
        bytes.append(UInt8(ascii: "{"))
        for cell in 0..<row.count {
            bytes.append(contentsOf: cell == 0 ? keys[cell].dropFirst() : keys[cell][...])
            switch row.kind(cell) {
            case .nothing: bytes.append(contentsOf: "null".utf8)
            case .number, .boolean, .json: bytes.append(contentsOf: row.bytes(cell))
            case .text, .date, .datetime: row.withBytes(cell) { quote($0) }
            }
        }
        bytes.append(UInt8(ascii: "}"))
        if !isArray { bytes.append(10) }
        rows += 1
    }

    mutating func finish() { if isArray { bytes.append(contentsOf: "\n]\n".utf8) } }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    var state: JSONValue { JSONValue(rows) }

    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for (index, byte) in text.enumerated()
        where byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
            start = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 10: bytes.append(UInt8(ascii: "n"))
            case 13: bytes.append(UInt8(ascii: "r"))
            case 9: bytes.append(UInt8(ascii: "t"))
            case 0..<32:
                let low = byte & 15
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(UInt8(ascii: "0") + byte >> 4)
                bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
            default: bytes.append(byte)
            }
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Writes rejected objects again with `_line` and `_error`; what was no object stands in `_row`.
struct JSONRejectWriter: RejectWriter {
    private let isArray: Bool
    private var bytes: [UInt8] = []
    private var isFirst = true

    init(isArray: Bool) { self.isArray = isArray }

    mutating func begin() { if isArray { bytes.append(UInt8(ascii: "[")) } }

    mutating func row(raw: [UInt8], line: Int, reason: String) {
        var object = JSONObject()
        if let members = try? JSONValue(parsing: raw).object {
            object = members
        } else {
            object["_row"] = .string(String(decoding: raw, as: UTF8.self))
        }
        object["_line"] = JSONValue(line)
        object["_error"] = .string(reason)
        if isArray, !isFirst { bytes.append(UInt8(ascii: ",")) }
        if isArray { bytes.append(10) }
        isFirst = false
        bytes += JSONValue.object(object).bytes
        if !isArray { bytes.append(10) }
    }

    mutating func finish() { if isArray { bytes.append(contentsOf: "\n]\n".utf8) } }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
