import ServiceRuntime

/// Reads a definition's object member by member and collects every fault with its pointer, instead of
/// stopping at the first. Read each known member, then call `finish()`, which reports unknown ones.
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

    /// A value that is no object is a fault, and then reads as an empty one.
    public init(_ value: JSONValue, at pointer: String, problems: Problems) { fatalError("stub") }

    /// Nil where the member is missing or null (a fault if `required`) or of another type (a fault).
    public func string(_ key: String, required: Bool = false) -> String? { fatalError("stub") }
    /// A code: `[a-z][a-z0-9_]{0,62}`. Answers "" after a fault.
    public func code(_ key: String = "code") -> String { fatalError("stub") }
    public func integer(_ key: String, in range: ClosedRange<Int64> = .min ... .max) -> Int64? {
        fatalError("stub")
    }
    public func boolean(_ key: String, default: Bool) -> Bool { fatalError("stub") }
    public func word(_ key: String, of words: [String], default: String?) -> String? {
        fatalError("stub")
    }
    /// A text for people: a string or `{"en": …}`; a bare string is kept under "".
    public func texts(_ key: String, required: Bool = false) -> [String: String]? {
        fatalError("stub")
    }
    /// `30s 5m 2h 3d`.
    public func duration(_ key: String) -> Duration? { fatalError("stub") }
    public func strings(_ key: String) -> [String] { fatalError("stub") }
    public func value(_ key: String) -> JSONValue? { fatalError("stub") }
    /// A reader for a member that is an object.
    public func nested(_ key: String, required: Bool = false) -> ObjectReader? {
        fatalError("stub")
    }
    /// A reader for each element of an array of objects; empty where it is missing.
    public func list(_ key: String) -> [ObjectReader] { fatalError("stub") }
    /// A fault of a member.
    public func fault(_ key: String, _ code: String, _ detail: String) { fatalError("stub") }
    /// Marks members as known without reading them.
    public func ignore(_ keys: String...) { fatalError("stub") }
    /// Reports members that nobody read, with the nearest known name as a hint.
    public func finish() { fatalError("stub") }
}
