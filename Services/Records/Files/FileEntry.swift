import Database
import JSON

/// A file as its record lists it.
struct FileEntry: Sendable, Hashable {
    static let nameBytesLimit = 255
    static let typeBytesLimit = 100
    static let unknownType = "application/octet-stream"

    var name: String
    var type: String
    var bytes: Int64
    /// 64 lower-case hex digits.
    var sha256: String

    /// What a name cannot be; nil where it can.
    static func fault(ofName name: String) -> String? {
        let isShort = (1...nameBytesLimit).contains(name.utf8.count)
        let isPlain = name.unicodeScalars.allSatisfy { scalar in
            let category = scalar.properties.generalCategory
            return category != .control && category != .format && category != .lineSeparator
                && category != .paragraphSeparator && scalar != "/" && scalar != "\\"
        }
        if isShort, isPlain, name != ".", name != "..", name.first != " ", name.last != " " {
            return nil
        }
        return "must have 1 to \(nameBytesLimit) bytes without / and \\, without characters that "
            + "cannot be seen, and no space at its ends"
    }

    /// A media type without parameters, in lower case; `unknownType` for what is none.
    static func mediaType(_ text: String?) -> String {
        let type = (text ?? "").prefix { $0 != ";" }.lowercased()
            .filter { $0 != " " && $0 != "\t" }
        let parts = type.split(separator: "/", omittingEmptySubsequences: false)
        let isToken = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                        || "!#$&-^_.+".utf8.contains(byte)
                }
        }
        guard parts.count == 2, isToken, type.utf8.count <= typeBytesLimit else {
            return unknownType
        }
        return type
    }

    /// The end of the name after its last point, in lower case; empty where it has none.
    var fileExtension: String {
        guard let point = name.lastIndex(of: "."), point > name.startIndex else { return "" }
        return name[name.index(after: point)...].lowercased()
    }
}

extension FileEntry {
    /// Nil for anything but an object of exactly these members.
    init?(json: JSONValue) {
        guard let object = json.object, object.count == 4, let name = object["name"]?.string,
            let type = object["type"]?.string, let bytes = object["bytes"]?.integer, bytes >= 0,
            let sha256 = object["sha256"]?.string, FileEntry.isHash(sha256)
        else { return nil }
        self.init(name: name, type: type, bytes: bytes, sha256: sha256)
    }

    static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("type")
        writer.string(type)
        writer.key("bytes")
        writer.integer(bytes)
        writer.key("sha256")
        writer.string(sha256)
        writer.endObject()
    }

    var json: JSONValue {
        [
            "name": .string(name), "type": .string(type), "bytes": .number(JSONNumber(bytes)),
            "sha256": .string(sha256),
        ]
    }
}

extension [FileEntry] {
    /// What a column of files stores: a JSON array, or null of none.
    var stored: SQLValue {
        guard !isEmpty else { return .null }
        var writer = JSONWriter(capacity: 160 * count)
        writer.beginArray()
        for entry in self { entry.write(into: &writer) }
        writer.endArray()
        return .text(String(decoding: writer.bytes, as: UTF8.self))
    }

    init(stored: SQLValue) {
        guard case .text(let text) = stored,
            let items = try? JSONValue(parsing: Array<UInt8>(text.utf8)).array
        else {
            self = []
            return
        }
        self = items.compactMap(FileEntry.init(json:))
    }

    var json: JSONValue { .array(map(\.json)) }
}
