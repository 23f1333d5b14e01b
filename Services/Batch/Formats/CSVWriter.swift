/// Writes rows as CSV (RFC 4180: CRLF, quotes doubled) into bytes that the caller takes away. What
/// it writes, `CSVReader` reads back the same: nothing is an empty field, the empty text is `""`.
public struct CSVWriter: Sendable {
    /// One field.
    public enum Field: Sendable, Hashable {
        case null
        /// Text by people, which may look like a formula.
        case text(String)
        /// A number, a date, a word of ours: written as it is.
        case plain(String)
    }

    public let options: CSVOptions
    /// What was written since `take`.
    public private(set) var bytes: [UInt8] = []
    private var field: [UInt8] = []

    /// `continuing`: the file has its beginning already.
    public init(_ options: CSVOptions, continuing: Bool = false) {
        self.options = options
        if options.byteOrderMark, options.encoding == .utf8, !continuing {
            bytes = [0xef, 0xbb, 0xbf]
        }
    }

    /// Takes the bytes written so far.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Writes a row; nothing of it where it throws.
    public mutating func row(_ fields: [Field]) throws(CSVError) {
        let before = bytes.count
        for (index, value) in fields.enumerated() {
            if index > 0 { bytes.append(options.separator) }
            guard let text = written(value) else { continue }
            field.removeAll(keepingCapacity: true)
            guard options.encoding.encode(text, into: &field) else {
                bytes.removeSubrange(before...)
                throw .notEncodable(field: index)
            }
            append(field)
        }
        bytes += [13, 10]
    }

    private func written(_ value: Field) -> String? {
        switch value {
        case .null: nil
        case .plain(let text): text
        case .text(let text): options.formulaSafe ? FormulaGuard.protect(text) : text
        }
    }

    private mutating func append(_ field: [UInt8]) {
        let quoted =
            field.isEmpty
            || field.contains {
                $0 == options.separator || $0 == options.quote || $0 == 10 || $0 == 13
            }
            // A first field that begins like a byte order mark would be taken for one.
            || (bytes.isEmpty && field.first.map { $0 == 0 || $0 >= 0xef } == true)
        guard quoted else {
            bytes += field
            return
        }
        bytes.append(options.quote)
        for byte in field {
            if byte == options.quote { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(options.quote)
    }
}
