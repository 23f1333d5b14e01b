import HTTP
import JSON

/// A structure's units as an outline that a person reads and types: a unit a line, indented below
/// its parent.
///
///     company Company: anna
///       sales Sales: ben, cora [2026-01-01..]
struct OrgOutline {
    /// `unit`, `team` or `manager`; of the last a line is an account below its manager.
    let kind: String

    private var isManagers: Bool { kind == "manager" }

    // MARK: Writing

    func text(of structure: JSONValue, _ texts: Texts) -> String {
        let units = structure[isManagers ? "people" : "units"]?.array ?? []
        var lines: [String] = []
        for (depth, unit) in UnitTree(units, isManagers: isManagers).inOrder {
            lines.append(String(repeating: "  ", count: depth) + line(unit, texts))
        }
        return lines.joined(separator: "\n")
    }

    private func line(_ unit: JSONValue, _ texts: Texts) -> String {
        if isManagers { return unit["account"]?.string ?? "" }
        let code = unit["code"]?.string ?? ""
        let name = texts.pick(unit["name"], else: code)
        let members = (unit["members"]?.array ?? []).compactMap(\.string)
        let (from, until) = (unit["from"]?.string, unit["until"]?.string)
        return code + (name == code ? "" : " \(name)")
            + (members.isEmpty ? "" : ": " + members.joined(separator: ", "))
            + (from == nil && until == nil ? "" : " [\(from ?? "")..\(until ?? "")]")
    }

    // MARK: Reading

    /// The units of an outline. A line that cannot be read is a fault that names it. `names` are
    /// those that stand, so that other languages keep theirs.
    func units(
        of text: String, keeping names: [String: JSONValue], _ texts: Texts
    ) -> [JSONValue] {
        var units: [JSONValue] = []
        /// The parents of the line, with how far each is indented.
        var above: [(indent: Int, code: String)] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let indent = line.prefix { $0 == " " || $0 == "\t" }.reduce(0) {
                $0 + ($1 == "\t" ? 2 : 1)
            }
            let words = line.drop { $0.isWhitespace }
            guard !words.isEmpty else { continue }
            while let last = above.last, last.indent >= indent { above.removeLast() }
            let parent = above.last?.code
            let (code, unit) =
                isManagers
                ? person(words, parent) : self.unit(words, parent, names: names, texts)
            units.append(unit)
            above.append((indent, code))
        }
        return units
    }

    private func person(_ words: Substring, _ parent: String?) -> (String, JSONValue) {
        let code = String(words.prefix { !$0.isWhitespace })
        return (
            code,
            ["account": .string(code), "manager": parent.map { .string($0) } ?? .null]
        )
    }

    private func unit(
        _ words: Substring, _ parent: String?, names: [String: JSONValue], _ texts: Texts
    ) -> (String, JSONValue) {
        var rest = words
        var (from, until) = (JSONValue.null, JSONValue.null)
        if rest.last == "]", let open = rest.lastIndex(of: "[") {
            let days = rest[rest.index(after: open)...].dropLast()
            if let dots = days.ranges(of: "..").first {
                from = OrgOutline.day(days[..<dots.lowerBound])
                until = OrgOutline.day(days[dots.upperBound...])
                rest = rest[..<open]
            }
        }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let code = String(parts[0].prefix { !$0.isWhitespace })
        let name = OrgOutline.trimmed(parts[0].dropFirst(code.count))
        let members =
            parts.count < 2
            ? []
            : parts[1].split { $0.isWhitespace || $0 == "," }.map {
                JSONValue.string(String($0))
            }
        var named = JSONValue.string(name.isEmpty ? code : name)
        if var all = names[code]?.object {
            all[texts.language] = named
            named = .object(all)
        }
        return (
            code,
            [
                "code": .string(code), "parent": parent.map { .string($0) } ?? .null,
                "name": named, "members": .array(members), "from": from, "until": until,
            ]
        )
    }

    private static func day(_ text: Substring) -> JSONValue {
        let day = trimmed(text)
        return day.isEmpty ? .null : .string(day)
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}

/// Units as a tree: children below their parents, in the order in which they were put.
struct UnitTree {
    private var children: [String: [JSONValue]] = [:]
    private let isManagers: Bool

    init(_ units: [JSONValue], isManagers: Bool) {
        self.isManagers = isManagers
        for unit in units {
            let parent = unit[isManagers ? "manager" : "parent"]?.string ?? ""
            children[parent, default: []].append(unit)
        }
    }

    func code(_ unit: JSONValue) -> String {
        unit[isManagers ? "account" : "code"]?.string ?? ""
    }

    func below(_ code: String) -> [JSONValue] { children[code] ?? [] }

    /// Every unit after its parent, with how deep it is.
    var inOrder: [(depth: Int, unit: JSONValue)] {
        var result: [(depth: Int, unit: JSONValue)] = []
        var open = below("").reversed().map { (depth: 0, unit: $0) }
        while let next = open.popLast() {
            result.append(next)
            open += below(code(next.unit)).reversed().map { (depth: next.depth + 1, unit: $0) }
        }
        return result
    }
}
