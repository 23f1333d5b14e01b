extension XMLReader {
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 32 || byte == 10 || byte == 13 || byte == 9
    }

    static func plainLines(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            if scalar == "\n", isAfterReturn {
                isAfterReturn = false
                continue
            }
            isAfterReturn = scalar == "\r"
            result.append(isAfterReturn ? "\n" : scalar)
        }
        return String(result)
    }

    static func find(_ text: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.count >= wanted.count else { return nil }
        var index = bytes.startIndex
        let end = bytes.endIndex - wanted.count
        return bytes.withUnsafeBufferPointer { all -> Int? in
            let start = bytes.startIndex
            while index <= end {
                if all[index - start] == wanted[0],
                    (1..<wanted.count).allSatisfy({ all[index - start + $0] == wanted[$0] })
                {
                    return index
                }
                index += 1
            }
            return nil
        }
    }

    func checkCharacters(_ bytes: ArraySlice<UInt8>) throws(XMLError) {
        for byte in bytes where byte < 32 && byte != 9 && byte != 10 && byte != 13 {
            throw fault("a control character stands in the text")
        }
    }

    /// Text with its references read, lines ended by LF; in attributes each blank is a space.
    func decoded(_ bytes: ArraySlice<UInt8>, isAttribute: Bool) throws(XMLError) -> String {
        try checkCharacters(bytes)
        let isPlain = bytes.allSatisfy {
            $0 != UInt8(ascii: "&") && $0 != 13 && $0 != UInt8(ascii: "]")
                && (!isAttribute || $0 >= 32)
        }
        if isPlain {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw fault("the document is not in UTF-8")
            }
            return text
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "&"): index = try reference(bytes, at: index, into: &result)
            case 13:
                if index < bytes.endIndex, bytes[index] == 10 { continue }
                result.append(isAttribute ? 32 : 10)
            case 9, 10: result.append(isAttribute ? 32 : byte)
            case UInt8(ascii: "]") where !isAttribute && bytes[index...].starts(with: "]>".utf8):
                throw fault("]]> stands in the text")
            default: result.append(byte)
            }
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw fault("the document is not in UTF-8")
        }
        return text
    }

    private func reference(
        _ bytes: ArraySlice<UInt8>, at start: Int, into result: inout [UInt8]
    ) throws(XMLError) -> Int {
        guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw fault("a reference does not end")
        }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        switch name {
        case "amp": result.append(UInt8(ascii: "&"))
        case "lt": result.append(UInt8(ascii: "<"))
        case "gt": result.append(UInt8(ascii: ">"))
        case "quot": result.append(UInt8(ascii: "\""))
        case "apos": result.append(UInt8(ascii: "'"))
        default:
            let number =
                name.hasPrefix("#x")
                ? UInt32(name.dropFirst(2), radix: 16)
                : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
            guard let number, let scalar = Unicode.Scalar(number), XMLReader.isAllowed(scalar)
            else { throw fault("the reference &\(name); is not known") }
            result += String(scalar).utf8
        }
        return end + 1
    }

    /// What may stand in a document at all.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9, 10, 13: true
        case 0..<32, 0xFFFE, 0xFFFF: false
        default: true
        }
    }
}

/// Reads the name and the attributes of a tag.
struct XMLTagParser {
    private var rest: ArraySlice<UInt8>
    private let limits: XMLLimits

    init(_ tag: ArraySlice<UInt8>, limits: XMLLimits) {
        rest = tag
        self.limits = limits
    }

    mutating func name(_ reader: XMLReader) throws(XMLError) -> ArraySlice<UInt8> {
        let name = rest.prefix { !XMLReader.isSpace($0) && $0 != UInt8(ascii: "=") }
        let isName = name.allSatisfy { byte in
            byte >= 128 || (48...58).contains(byte) || (65...90).contains(byte)
                || (97...122).contains(byte) || "_-.".utf8.contains(byte)
        }
        guard isName, let first = name.first, !(48...57).contains(first), first != 45, first != 46,
            name.count <= limits.nameBytes
        else { throw reader.fault("a name cannot be read") }
        rest = rest[name.endIndex...]
        return name
    }

    /// Name and value as written; nil after the last.
    mutating func attribute(
        _ reader: XMLReader
    ) throws(XMLError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        let before = rest.count
        skipSpace()
        guard !rest.isEmpty else { return nil }
        guard rest.count < before else { throw reader.fault("attributes stand without a blank") }
        let name = try name(reader)
        skipSpace()
        guard rest.popFirst() == UInt8(ascii: "=") else {
            throw reader.fault("an attribute has no value")
        }
        skipSpace()
        guard let quote = rest.popFirst(), quote == UInt8(ascii: "\"") || quote == 39,
            let end = rest.firstIndex(of: quote)
        else { throw reader.fault("an attribute's value has no quotes") }
        let value = rest[..<end]
        guard !value.contains(UInt8(ascii: "<")) else {
            throw reader.fault("< stands in an attribute's value")
        }
        rest = rest[(end + 1)...]
        return (name, value)
    }

    private mutating func skipSpace() {
        rest = rest.drop(while: XMLReader.isSpace)
    }
}
