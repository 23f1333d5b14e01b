import JSON

/// JSON as people read and write it: a member a line, what is short on one.
enum JSONText {
    /// Characters of a line that is not broken.
    private static let width = 96

    static func pretty(_ value: JSONValue, indent: Int = 0) -> String {
        let flat = line(value)
        if flat.count + indent <= width || flat.count <= 2 { return flat }
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch value {
        case .array(let items):
            let lines = items.map { inner + pretty($0, indent: indent + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let object):
            let lines = object.members.map { key, value in
                inner + JSONValue.string(key).text + ": " + pretty(value, indent: indent + 2)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        default: return flat
        }
    }

    private static func line(_ value: JSONValue) -> String {
        switch value {
        case .array(let items): "[" + items.map(line).joined(separator: ", ") + "]"
        case .object(let object):
            "{"
                + object.members.map { JSONValue.string($0).text + ": " + line($1) }
                .joined(separator: ", ") + "}"
        default: value.text
        }
    }

    /// What was typed; nil with why where it is no JSON.
    static func parse(_ text: String) -> Result<JSONValue, JSONError> {
        do throws(JSONError) {
            return .success(try JSONValue(parsing: Array(text.utf8)))
        } catch {
            return .failure(error)
        }
    }
}
