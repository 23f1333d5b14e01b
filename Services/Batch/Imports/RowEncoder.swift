import JSON

/// Writes rows as JSON arrays straight from their bytes, where no expression stands between: the
/// same values as `ImportMapping.values`, without making them one by one.
struct RowEncoder {
    private enum Form { case text, number, boolean, other }

    private struct Field {
        var column: ImportMapping.Column
        var form: Form
        /// Whether every text is one, whatever else its bytes could mean.
        var isFree: Bool
    }

    private let mapping: ImportMapping
    private let fields: [Field]

    init(_ mapping: ImportMapping) {
        self.mapping = mapping
        fields = mapping.columns.map { column in
            let isFree = ["text", "choice", "guid"].contains(column.type)
            let form: Form =
                switch column.type {
                case "text", "choice", "guid", "date", "datetime", "account", "unit": .text
                case "integer", "decimal", "reference": .number
                case "boolean": .boolean
                default: .other
                }
            return Field(column: column, form: form, isFree: isFree)
        }
    }

    /// One row; nothing is written where it throws.
    func write(_ row: FileRow, into writer: inout JSONWriter) throws(RowRefused) {
        if let fault = row.fault { throw RowRefused(fault) }
        writer.beginArray()
        for field in fields where !write(field, row, &writer) {
            let cell = field.column.field.map {
                ImportMapping.cell(row, $0, type: field.column.type)
            }
            writer.value(ImportMapping.value(cell ?? .null, field.column))
        }
        writer.endArray()
    }

    /// False where the value must be looked at closer.
    private func write(_ field: Field, _ row: FileRow, _ writer: inout JSONWriter) -> Bool {
        guard let cell = field.column.field, cell < row.count else { return false }
        switch (field.form, row.kind(cell)) {
        case (_, .nothing):
            guard field.column.defaultValue == nil else { return false }
            writer.null()
            return true
        case (.text, .text):
            row.withBytes(cell) { writer.string(utf8: $0) }
            return true
        case (.text, .number), (.text, .boolean):
            guard field.isFree else { return false }
            row.withBytes(cell) { writer.string(utf8: $0) }
            return true
        case (.number, .text), (.number, .number):
            return row.withBytes(cell) { RowEncoder.number($0, &writer) }
        case (.boolean, .text), (.boolean, .boolean):
            return row.withBytes(cell) { RowEncoder.boolean($0, &writer) }
        default: return false
        }
    }

    /// `-12.50` and the like, of at most 18 digits; anything else is looked at closer.
    private static func number(
        _ bytes: UnsafeBufferPointer<UInt8>, _ writer: inout JSONWriter
    ) -> Bool {
        let isNegative = bytes.first == UInt8(ascii: "-")
        var value: Int64 = 0
        var (digits, scale) = (0, -1)
        for byte in bytes.dropFirst(isNegative ? 1 : 0) {
            if byte == UInt8(ascii: "."), scale < 0, digits > 0 {
                scale = 0
                continue
            }
            guard (0x30...0x39).contains(byte), digits < 18 else { return false }
            // A zero in front of other digits.
            if digits == 1, value == 0, scale < 0 { return false }
            value = value * 10 + Int64(byte &- 0x30)
            digits += 1
            if scale >= 0 { scale += 1 }
        }
        guard digits > 0, scale != 0 else { return false }
        if isNegative, value == 0 { return false }
        if scale < 0 {
            writer.integer(isNegative ? -value : value)
        } else {
            writer.decimal(unscaled: isNegative ? -value : value, scale: scale)
        }
        return true
    }

    private static func boolean(
        _ bytes: UnsafeBufferPointer<UInt8>, _ writer: inout JSONWriter
    ) -> Bool {
        if bytes.elementsEqual("true".utf8) || bytes.elementsEqual("1".utf8) {
            writer.boolean(true)
        } else if bytes.elementsEqual("false".utf8) || bytes.elementsEqual("0".utf8) {
            writer.boolean(false)
        } else {
            return false
        }
        return true
    }
}
