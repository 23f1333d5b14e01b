/// Paths by their segments; a literal goes before a number, a number before a text, a text before
/// the rest.
struct RouteTree: Sendable {
    /// The methods of one path.
    struct Leaf: Sendable {
        private(set) var matches: [(method: Method, endpoint: Endpoint, names: [String])] = []
        /// For the header `Allow`.
        private(set) var allow = "OPTIONS"

        /// HEAD is answered by GET.
        func match(_ method: Method) -> (endpoint: Endpoint, names: [String])? {
            let method = method == .head ? .get : method
            for match in matches where match.method == method {
                return (match.endpoint, match.names)
            }
            return nil
        }

        /// False where the method is taken.
        mutating func add(_ method: Method, _ endpoint: Endpoint, names: [String]) -> Bool {
            guard !matches.contains(where: { $0.method == method }) else { return false }
            matches.append((method, endpoint, names))
            var words = Set(matches.map(\.method.rawValue) + [Method.options.rawValue])
            if words.contains(Method.get.rawValue) { words.insert(Method.head.rawValue) }
            allow = words.sorted().joined(separator: ", ")
            return true
        }
    }

    private struct Node: Sendable {
        var literals: [(text: String, node: Int)] = []
        var integer: Int?
        var text: Int?
        var rest: Leaf?
        var leaf: Leaf?
    }

    private var nodes = [Node()]

    /// Adds an endpoint; answers what is wrong with it, or nil.
    mutating func insert(_ endpoint: Endpoint, _ method: Method, _ path: String) -> String? {
        guard path.utf8.first == UInt8(ascii: "/") else { return "does not begin with /" }
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if path == "/" { segments = [] }
        var names: [String] = []
        var node = 0
        for (place, segment) in segments.enumerated() {
            guard let name = RouteTree.name(in: segment) else {
                guard !segment.isEmpty, !segment.contains(where: { "{}".contains($0) }) else {
                    return "has a bad segment"
                }
                node = literal(String(segment), of: node)
                continue
            }
            let isRest = name.hasSuffix("...")
            let parts = name.split(separator: ":", omittingEmptySubsequences: false)
            let word = String(isRest ? name.dropLast(3) : parts[0])
            guard !word.isEmpty, !names.contains(word) else { return "names \(word) twice or not" }
            names.append(word)
            if isRest {
                guard place == segments.count - 1 else { return "goes on after the rest" }
                if nodes[node].rest == nil { nodes[node].rest = Leaf() }
                let isNew = nodes[node].rest?.add(method, endpoint, names: names) ?? false
                return isNew ? nil : "is declared twice"
            }
            switch parts.count == 2 ? parts[1] : "" {
            case "" where parts.count == 1: node = child(of: node, \.text)
            case "integer": node = child(of: node, \.integer)
            default: return "has a parameter of an unknown type"
            }
        }
        if nodes[node].leaf == nil { nodes[node].leaf = Leaf() }
        let isNew = nodes[node].leaf?.add(method, endpoint, names: names) ?? false
        return isNew ? nil : "is declared twice"
    }

    /// What stands in braces, if the segment is one parameter.
    private static func name(in segment: Substring) -> Substring? {
        guard segment.first == "{", segment.last == "}" else { return nil }
        return segment.dropFirst().dropLast()
    }

    private mutating func literal(_ text: String, of node: Int) -> Int {
        if let known = nodes[node].literals.first(where: { $0.text == text }) { return known.node }
        nodes.append(Node())
        nodes[node].literals.append((text, nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func child(of node: Int, _ kind: WritableKeyPath<Node, Int?>) -> Int {
        if let known = nodes[node][keyPath: kind] { return known }
        nodes.append(Node())
        nodes[node][keyPath: kind] = nodes.count - 1
        return nodes.count - 1
    }

    /// The methods of a path and the values of its parameters.
    func find(_ path: [String]) -> (leaf: Leaf, values: [String])? {
        var values: [String] = []
        guard let leaf = find(path, 0, 0, &values) else { return nil }
        return (leaf, values)
    }

    private func find(
        _ path: [String], _ place: Int, _ node: Int, _ values: inout [String]
    ) -> Leaf? {
        guard place < path.count else { return nodes[node].leaf }
        let segment = path[place]
        for literal in nodes[node].literals where literal.text == segment {
            if let leaf = find(path, place + 1, literal.node, &values) { return leaf }
        }
        if let next = nodes[node].integer, RouteTree.isInteger(segment) {
            values.append(segment)
            if let leaf = find(path, place + 1, next, &values) { return leaf }
            values.removeLast()
        }
        if let next = nodes[node].text, !segment.isEmpty {
            values.append(segment)
            if let leaf = find(path, place + 1, next, &values) { return leaf }
            values.removeLast()
        }
        guard let rest = nodes[node].rest else { return nil }
        values.append(path[place...].joined(separator: "/"))
        return rest
    }

    private static func isInteger(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }
}
