/// Members in order, each key once.
public struct JSONObject: Sendable, Hashable {
    public private(set) var members: [(key: String, value: JSONValue)] = []

    public init() {}

    /// The last value wins where a key is repeated.
    public init(_ members: [(String, JSONValue)]) {
        var places: [String: Int] = [:]
        for (key, value) in members {
            if let place = places[key] {
                self.members[place].value = value
            } else {
                places[key] = self.members.count
                self.members.append((key, value))
            }
        }
    }

    /// For members whose keys are known to differ.
    init(distinct members: [(key: String, value: JSONValue)]) { self.members = members }

    /// Setting nil removes the member; a new key goes to the end. Looks at one member after the
    /// other:
    /// for many lookups in a large object make a dictionary first.
    public subscript(key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let place = members.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    public var keys: [String] { members.map(\.key) }
    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }

    /// Equal where the same keys have the same values, in any order.
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        guard a.members.count == b.members.count else { return false }
        if zip(a.members, b.members).allSatisfy({ $0.key == $1.key }) {
            return zip(a.members, b.members).allSatisfy { $0.value == $1.value }
        }
        let others = Dictionary(b.members.map { ($0.key, $0.value) }) { first, _ in first }
        return a.members.allSatisfy { others[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        // The order must not count, so that the members' own hashes are added up.
        var sum = 0
        for (key, value) in members {
            var member = Hasher()
            member.combine(key)
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(members.count)
        hasher.combine(sum)
    }
}
