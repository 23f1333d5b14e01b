import JSON

/// An expression that needs no engine: paths into what it is given, literals, comparisons, `!`,
/// `&&` and `||`. It is worked out here as JavaScript would, and where JavaScript would convert,
/// throw, or look beyond what was passed in, it says nothing, and a script host is asked.
struct PlainExpression: Sendable, Hashable {
    indirect enum Node: Sendable, Hashable {
        case literal(JSONValue)
        /// A binding, and members from there.
        case path(String, [String])
        case not(Node)
        case and(Node, Node)
        case or(Node, Node)
        case compare(Node, Comparison, Node)

        var names: Set<String> {
            switch self {
            case .literal: []
            case .path(let name, _): [name]
            case .not(let node): node.names
            case .and(let a, let b), .or(let a, let b), .compare(let a, _, let b):
                a.names.union(b.names)
            }
        }
    }

    enum Comparison: String, Sendable, Hashable, CaseIterable {
        case same = "==="
        case different = "!=="
        case equal = "=="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case more = ">"
    }

    /// What a path may find; none is JavaScript's `undefined`.
    private typealias Found = JSONValue?

    /// Somebody else has to work it out.
    private struct NotPlain: Error {}

    let root: Node
    /// The bindings that it looks at.
    let names: Set<String>

    /// Nil where it is more than that.
    init?(_ source: String) {
        var parser = PlainExpressionParser(source)
        guard let root = parser.parse() else { return nil }
        self.root = root
        names = root.names
    }

    /// The value as a script host would answer it; nil where it has to be asked.
    func value(_ bindings: JSONObject) -> JSONValue? {
        let found: Found
        do throws(NotPlain) {
            found = try PlainExpression.work(root, bindings)
        } catch {
            return .none
        }
        switch found {
        case .none: return .some(.null)
        // A number is a double there, and an object has its members in an order of its own.
        case .some(.number(let number)):
            guard let integer = Int64(number.text), integer.magnitude <= 1 << 53,
                String(integer) == number.text
            else { return .none }
            return found
        case .some(.array), .some(.object): return .none
        case .some: return found
        }
    }

    private static func work(_ node: Node, _ bindings: JSONObject) throws(NotPlain) -> Found {
        switch node {
        case .literal(let value): return value
        case .path(let name, let members):
            guard let start = bindings[name] else { throw NotPlain() }
            var found: Found = start
            for member in members { found = try self.member(member, of: found) }
            return found
        case .not(let node): return .boolean(!isTrue(try work(node, bindings)))
        case .and(let left, let right):
            let value = try work(left, bindings)
            return isTrue(value) ? try work(right, bindings) : value
        case .or(let left, let right):
            let value = try work(left, bindings)
            return isTrue(value) ? value : try work(right, bindings)
        case .compare(let left, let comparison, let right):
            let (a, b) = (try work(left, bindings), try work(right, bindings))
            return .boolean(try compare(a, comparison, b))
        }
    }

    /// What every object has without being given it.
    private static let inherited: Set<String> = [
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
        "toLocaleString", "toString", "valueOf", "__proto__", "__defineGetter__",
        "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
    ]

    private static func member(_ name: String, of value: Found) throws(NotPlain) -> Found {
        guard case .some(.object(let object)) = value else { throw NotPlain() }
        if let member = object[name] { return member }
        if inherited.contains(name) { throw NotPlain() }
        return .none
    }

    private static func isTrue(_ value: Found) -> Bool {
        switch value {
        case .none, .some(.null): false
        case .some(.boolean(let value)): value
        case .some(.number(let number)): number.double != 0
        case .some(.string(let text)): !text.isEmpty
        case .some(.array), .some(.object): true
        }
    }

    private static func compare(
        _ a: Found, _ comparison: Comparison, _ b: Found
    ) throws(NotPlain) -> Bool {
        switch comparison {
        case .same: try isSame(a, b)
        case .different: try !isSame(a, b)
        case .equal: try isEqual(a, b)
        case .unequal: try !isEqual(a, b)
        case .less:
            try order(a, b) {
                $0 < $1
            } _: {
                $0 < 0
            }
        case .more:
            try order(a, b) {
                $0 > $1
            } _: {
                $0 > 0
            }
        case .atMost:
            try order(a, b) {
                $0 <= $1
            } _: {
                $0 <= 0
            }
        case .atLeast:
            try order(a, b) {
                $0 >= $1
            } _: {
                $0 >= 0
            }
        }
    }

    private static func isSame(_ a: Found, _ b: Found) throws(NotPlain) -> Bool {
        switch (a, b) {
        case (.none, .none), (.some(.null), .some(.null)): return true
        case (.some(.boolean(let a)), .some(.boolean(let b))): return a == b
        case (.some(.number(let a)), .some(.number(let b))): return a.double == b.double
        // By code units: Swift would take texts that only look alike for the same.
        case (.some(.string(let a)), .some(.string(let b))): return a.utf8.elementsEqual(b.utf8)
        case (.some(.array), _), (.some(.object), _), (_, .some(.array)), (_, .some(.object)):
            throw NotPlain()
        default: return false
        }
    }

    private static func isEqual(_ a: Found, _ b: Found) throws(NotPlain) -> Bool {
        switch (a, b) {
        case (.none, .some(.null)), (.some(.null), .none): return true
        case (.none, _), (.some(.null), _), (_, .none), (_, .some(.null)),
            (.some(.boolean), .some(.boolean)), (.some(.number), .some(.number)),
            (.some(.string), .some(.string)):
            return try isSame(a, b)
        default: throw NotPlain()
        }
    }

    /// Of two numbers, or of two texts by their code units.
    private static func order(
        _ a: Found, _ b: Found, _ numbers: (Double, Double) -> Bool, _ texts: (Int) -> Bool
    ) throws(NotPlain) -> Bool {
        switch (a, b) {
        case (.some(.number(let a)), .some(.number(let b))): return numbers(a.double, b.double)
        case (.some(.string(let a)), .some(.string(let b))):
            if a.utf16.elementsEqual(b.utf16) { return texts(0) }
            return texts(a.utf16.lexicographicallyPrecedes(b.utf16) ? -1 : 1)
        default: throw NotPlain()
        }
    }
}
