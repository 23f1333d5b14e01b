// A pattern in the words of PostgreSQL, whose expressions (without what looks back) are held
// against a text in time linear in its length, as ours are.
extension PatternNode {
    /// One repetition may say no more there.
    private static let timesLimit = 255

    var postgresText: String {
        switch self {
        case .one(let ranges): return PatternNode.set(ranges)
        case .chain(let nodes): return "(?:\(nodes.map(\.postgresText).joined()))"
        case .choice(let nodes):
            return "(?:\(nodes.map(\.postgresText).joined(separator: "|")))"
        case .times(let node, let least, let most):
            let one = "(?:\(node.postgresText))"
            guard let most else {
                if least == 0 { return one + "*" }
                return PatternNode.counted(one, least) { "{\($0)}" } + one + "*"
            }
            return "(?:" + PatternNode.counted(one, least) { "{\($0)}" }
                + PatternNode.counted(one, most - least) { "{0,\($0)}" } + ")"
        }
    }

    private static func counted(
        _ one: String, _ count: Int, _ words: (Int) -> String
    ) -> String {
        stride(from: 0, to: count, by: timesLimit)
            .map { one + words(min(timesLimit, count - $0)) }.joined()
    }

    private static func set(_ ranges: [ClosedRange<UInt32>]) -> String {
        // No text has U+0000.
        let list = ranges.filter { $0.upperBound > 0 }
            .map { "\(escape(max(1, $0.lowerBound)))-\(escape($0.upperBound))" }
        // A set of nothing is all but everything.
        return list.isEmpty ? "[^\(escape(1))-\(escape(0x10FFFF))]" : "[\(list.joined())]"
    }

    private static func escape(_ scalar: UInt32) -> String {
        let digits = String(scalar, radix: 16)
        return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
