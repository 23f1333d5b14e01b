import ServiceRuntime

/// Reads a definition's object member by member and collects every fault with its pointer, instead
/// of stopping at the first. Read each known member, then call `finish()`, which reports unknown
/// ones.
///
/// The codes of faults: `required`, `wrong-type`, `invalid-code`, `out-of-range`, `not-allowed`,
/// `invalid-duration`, `unknown-member`.
public final class ObjectReader {
    /// Where the faults of a whole document are gathered.
    public final class Problems {
        public private(set) var items: [FieldProblem] = []
        public init() {}
        public func add(_ pointer: String, _ code: String, _ detail: String) {
            items.append(FieldProblem(pointer: pointer, code: code, detail: detail))
        }
    }

    public let object: JSONObject
    public let pointer: String
    public let problems: Problems
    private var known: [String] = []
    /// A value that was no object is told once.
    private let isObject: Bool

    /// A value that is no object is a fault, and then reads as an empty one.
    public init(_ value: JSONValue, at pointer: String, problems: Problems) {
        self.pointer = pointer
        self.problems = problems
        object = value.object ?? JSONObject()
        isObject = value.object != nil
        if !isObject {
            problems.add(pointer, "wrong-type", "This must be an object, not \(value.kindName).")
        }
    }

    /// Nil where the member is missing or null (a fault if `required`) or of another type (a
    /// fault).
    public func string(_ key: String, required: Bool = false) -> String? {
        read(key, "a string", required: required) { $0.string }
    }

    /// A code: `[a-z][a-z0-9_]{0,62}`. Answers "" after a fault.
    public func code(_ key: String = "code") -> String {
        guard let code = string(key, required: true) else { return "" }
        if ObjectReader.isCode(code) { return code }
        fault(
            key, "invalid-code",
            "A code begins with a lower-case letter and has at most 63 of a-z, 0-9 and _.")
        return ""
    }

    /// Whether `text` is `[a-z][a-z0-9_]{0,62}`.
    public static func isCode(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= 63
        else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
    }

    public func integer(_ key: String, in range: ClosedRange<Int64> = .min ... .max) -> Int64? {
        guard let value = read(key, "a whole number", required: false, { $0.integer }) else {
            return nil
        }
        if range.contains(value) { return value }
        let bounds = "from \(range.lowerBound) to \(range.upperBound)"
        fault(key, "out-of-range", "This must be a whole number \(bounds).")
        return nil
    }

    public func boolean(_ key: String, default: Bool) -> Bool {
        read(key, "true or false", required: false) { $0.boolean } ?? `default`
    }

    /// One of `words`; without a default it is required. Nil only after a fault.
    public func word(_ key: String, of words: [String], default: String?) -> String? {
        guard let text = string(key, required: `default` == nil) else {
            return member(key) == nil ? `default` : nil
        }
        if words.contains(text) { return text }
        let hint = nearest(to: text, among: words).map { " Did you mean “\($0)”?" } ?? ""
        fault(
            key, "not-allowed",
            "“\(text)” is not one of \(words.joined(separator: ", ")).\(hint)")
        return nil
    }

    /// A text for people: a string or `{"en": …}`; a bare string is kept under "".
    public func texts(_ key: String, required: Bool = false) -> [String: String]? {
        read(key, "a string or an object of texts by language", required: required) { value in
            if let text = value.string { return ["": text] }
            guard let object = value.object, !object.isEmpty else { return nil }
            var texts: [String: String] = [:]
            for (language, text) in object.members {
                guard let text = text.string else { return nil }
                texts[language] = text
            }
            return texts
        }
    }

    /// `30s 5m 2h 3d`.
    public func duration(_ key: String) -> Duration? {
        guard let text = string(key) else { return nil }
        if let duration = Duration(text: text) { return duration }
        fault(
            key, "invalid-duration", "“\(text)” is no duration; write 250ms, 30s, 5m, 2h or 3d.")
        return nil
    }

    /// An array of strings; empty where it is missing.
    public func strings(_ key: String) -> [String] {
        let elements = read(key, "an array of strings", required: false) { $0.array } ?? []
        return elements.enumerated().compactMap { index, element in
            if let text = element.string { return text }
            problems.add(
                "\(path(key))/\(index)", "wrong-type",
                "This must be a string, not \(element.kindName).")
            return nil
        }
    }

    /// The member as it stands; nil where it is missing.
    public func value(_ key: String) -> JSONValue? {
        mark(key)
        return object[key]
    }

    /// A reader for a member that is an object.
    public func nested(_ key: String, required: Bool = false) -> ObjectReader? {
        guard let value = member(key) else {
            if required { missing(key) }
            return nil
        }
        return ObjectReader(value, at: path(key), problems: problems)
    }

    /// A reader for each element of an array of objects; empty where it is missing.
    public func list(_ key: String) -> [ObjectReader] {
        let elements = read(key, "an array of objects", required: false) { $0.array } ?? []
        return elements.enumerated().map { index, element in
            ObjectReader(element, at: "\(path(key))/\(index)", problems: problems)
        }
    }

    /// A fault of a member.
    public func fault(_ key: String, _ code: String, _ detail: String) {
        problems.add(path(key), code, detail)
    }

    /// Marks members as known without reading them.
    public func ignore(_ keys: String...) {
        for key in keys { mark(key) }
    }

    /// Reports members that nobody read, with the nearest known name as a hint.
    public func finish() {
        for key in object.keys where !known.contains(key) {
            let hint = nearest(to: key, among: known).map { " Did you mean “\($0)”?" } ?? ""
            fault(key, "unknown-member", "The member “\(key)” is not known here.\(hint)")
        }
    }

    /// The pointer of a member.
    public func path(_ key: String) -> String { pointer + "/" + JSONPointer.escaped(key) }

    private func mark(_ key: String) {
        if !known.contains(key) { known.append(key) }
    }

    /// The member, nil where it is missing or null.
    private func member(_ key: String) -> JSONValue? {
        mark(key)
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    private func missing(_ key: String) {
        if isObject { fault(key, "required", "The member “\(key)” is required.") }
    }

    private func read<T>(
        _ key: String, _ expected: String, required: Bool, _ convert: (JSONValue) -> T?
    ) -> T? {
        guard let value = member(key) else {
            if required { missing(key) }
            return nil
        }
        if let result = convert(value) { return result }
        fault(key, "wrong-type", "This must be \(expected), not \(value.kindName).")
        return nil
    }
}

/// The word that differs by the fewest letters, at most a third of them.
func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.utf8.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in candidates {
        let found = distance(Array(word.utf8.prefix(64)), Array(candidate.utf8.prefix(64)))
        if found <= limit, found < best?.distance ?? .max { best = (candidate, found) }
    }
    return best?.word
}

/// How many letters must be added, removed or replaced.
private func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, right) in b.enumerated() {
            let replaced = diagonal + (left == right ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
