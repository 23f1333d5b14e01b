import Database
import JSON

extension RecordPlan.Field {
    func isShown(in row: Row) -> Bool {
        flags.isEmpty || flags.contains { row.boolean($0) }
    }
}

extension RecordPlan.Step {
    init(_ field: RecordPlan.Field, key: Range<Int>) {
        self.key = key
        column = field.column
        form = .other
        guard field.flags.isEmpty else { return }
        switch field.kind {
        case .integer: form = .integer
        case .text: form = .text
        case .boolean: form = .boolean
        case .decimal(let decimals): (form, scale) = (.decimal, decimals)
        case .json, .list, .decimals, .describe, .reference, .deletion: break
        }
    }
}

extension RecordPlan {
    /// Writes a row as a record, straight from the statement into the bytes.
    func write(_ row: Row, into writer: inout JSONWriter) {
        writer.beginObject()
        keys.withUnsafeBufferPointer { keys in
            for index in steps.indices {
                let step = steps[index]
                if step.form == .other {
                    let field = object.fields[index]
                    guard field.isShown(in: row) else { continue }
                    writer.key(field.key)
                    RecordPlan.write(field, row, into: &writer)
                    continue
                }
                writer.key(encoded: UnsafeBufferPointer(rebasing: keys[step.key]))
                RecordPlan.write(step, row, into: &writer)
            }
        }
        writer.endObject()
    }

    private static func write(_ step: Step, _ row: Row, into writer: inout JSONWriter) {
        guard !row.isNull(step.column) else { return writer.null() }
        switch step.form {
        case .text: row.withText(step.column) { writer.string(utf8: $0) }
        case .integer: writer.integer(row.integer(step.column))
        case .decimal: writer.decimal(unscaled: row.integer(step.column), scale: step.scale)
        case .boolean: writer.boolean(row.boolean(step.column))
        case .other: break
        }
    }

    /// A row as the bytes of a record.
    func bytes(_ row: Row) -> JSONBytes {
        var writer = JSONWriter(capacity: 512)
        write(row, into: &writer)
        return JSONBytes(writer.bytes)
    }

    private static func write(
        _ object: ObjectPlan, _ row: Row, into writer: inout JSONWriter
    ) {
        writer.beginObject()
        for field in object.fields where field.isShown(in: row) {
            writer.key(field.key)
            write(field, row, into: &writer)
        }
        writer.endObject()
    }

    private static func write(
        _ field: Field, _ row: Row, into writer: inout JSONWriter
    ) {
        if case .describe(let parts) = field.kind {
            let bytes = describe(parts, row)
            bytes.withUnsafeBufferPointer { writer.string(utf8: $0) }
            return
        }
        if row.isNull(field.column) {
            writeNothing(field.kind, into: &writer)
            return
        }
        switch field.kind {
        case .integer: writer.integer(row.integer(field.column))
        case .text: row.withText(field.column) { writer.string(utf8: $0) }
        case .boolean: writer.boolean(row.boolean(field.column))
        case .decimal(let scale):
            writer.decimal(unscaled: row.integer(field.column), scale: scale)
        case .json, .list:
            row.withText(field.column) { writer.raw(JSONBytes(Array($0))) }
        case .decimals(let scale):
            writer.beginArray()
            for value in decimals(row.text(field.column)) {
                writer.decimal(unscaled: value, scale: scale)
            }
            writer.endArray()
        case .deletion(let account):
            writer.beginObject()
            writer.key("time")
            row.withText(field.column) { writer.string(utf8: $0) }
            writer.key("account")
            row.withText(account) { writer.string(utf8: $0) }
            writer.endObject()
        case .describe: break
        case .reference(let id, let object):
            if row.isNull(id) {
                // Deleted, or not for this caller: that it is referred to is all there is to say.
                writer.beginObject()
                writer.key("id")
                writer.integer(row.integer(field.column))
                writer.endObject()
            } else {
                write(object, row, into: &writer)
            }
        }
    }

    private static func writeNothing(_ kind: Kind, into writer: inout JSONWriter) {
        switch kind {
        case .list, .decimals:
            writer.beginArray()
            writer.endArray()
        case .integer, .text, .boolean, .decimal, .json, .describe, .reference, .deletion:
            writer.null()
        }
    }

    /// The numbers of a stored array.
    private static func decimals(_ text: String) -> [Int64] {
        let items = (try? JSONValue(parsing: Array(text.utf8)))?.array ?? []
        return items.compactMap(\.integer)
    }

    private static func describe(_ parts: [DescribePart], _ row: Row) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            guard let field = part.field else {
                bytes += part.literal
                continue
            }
            guard field.isShown(in: row), !row.isNull(field.column) else { continue }
            switch field.kind {
            case .text: row.withText(field.column) { bytes.append(contentsOf: $0) }
            case .boolean: bytes += Array((row.boolean(field.column) ? "true" : "false").utf8)
            case .decimal(let scale):
                let number = JSONNumber(unscaled: row.integer(field.column), scale: scale)
                bytes += Array(number.text.utf8)
            case .json, .list, .decimals: break
            case .integer, .describe, .reference, .deletion:
                bytes += Array(String(row.integer(field.column)).utf8)
            }
        }
        return bytes
    }
}
