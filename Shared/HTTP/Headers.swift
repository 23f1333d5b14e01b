/// Header fields in their order; names compare without case.
public struct Headers: Sendable, ExpressibleByDictionaryLiteral {
    public private(set) var fields: [(name: String, value: String)] = []
    public init() {}
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { fields.append((name, value)) }
    }
    /// The first value; setting replaces all of that name.
    public subscript(name: String) -> String? {
        get { fatalError("stub") }
        set { fatalError("stub") }
    }
    public func all(_ name: String) -> [String] { fatalError("stub") }
    public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }
}
