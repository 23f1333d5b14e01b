/// The values of one field of a schedule, as a set of bits.
struct CronField: Sendable, Hashable {
    /// Which field it is: what it may hold, and what it is called.
    struct Kind: Sendable {
        var name: String
        var range: ClosedRange<Int>
        /// Names for values, from the first of the range.
        var names: [String] = []

        static let minute = Kind(name: "minute", range: 0...59)
        static let hour = Kind(name: "hour", range: 0...23)
        static let day = Kind(name: "day of the month", range: 1...31)
        static let month = Kind(
            name: "month", range: 1...12,
            names: [
                "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
            ])
        /// 7 is Sunday too.
        static let weekday = Kind(
            name: "day of the week", range: 0...7,
            names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
    }

    private(set) var bits: UInt64 = 0
    /// Whether it begins with `*`: it stands for every value, or for every n-th.
    let isOpen: Bool

    func contains(_ value: Int) -> Bool { bits & 1 << UInt64(value) != 0 }

    /// The first value from `value` on.
    func first(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits >> UInt64(value)
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    init(_ text: Substring, _ kind: Kind) throws(CronFault) {
        isOpen = text.utf8.first == UInt8(ascii: "*")
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let values = try CronField.values(part, kind)
            for value in values { bits |= 1 << UInt64(value) }
        }
        // Sunday has two numbers.
        if kind.range.upperBound == 7, contains(7) { bits = bits & 0x7F | 1 }
    }

    /// `*`, `5`, `1-5`, `*/15`, `10-40/10`.
    private static func values(_ part: Substring, _ kind: Kind) throws(CronFault) -> [Int] {
        let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if halves.count == 2 {
            guard let number = number(halves[1]), (1...kind.range.upperBound).contains(number)
            else {
                throw CronFault(
                    "“/\(halves[1])” in the \(kind.name) is no step from 1 to "
                        + "\(kind.range.upperBound).")
            }
            step = number
        }
        let range = try range(halves[0], kind)
        if halves.count == 2, range.count == 1, halves[0] != "*" {
            throw CronFault(
                "“\(part)” in the \(kind.name) has a step without a range; write "
                    + "\(range.lowerBound)-\(kind.range.upperBound)/\(step).")
        }
        return Array(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }

    private static func range(_ text: Substring, _ kind: Kind) throws(CronFault)
        -> ClosedRange<Int>
    {
        // Sunday is counted once.
        if text == "*" { return kind.range.upperBound == 7 ? 0...6 : kind.range }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let low = try value(ends[0], kind)
        guard ends.count == 2 else { return low...low }
        var high = try value(ends[1], kind)
        if high == 0, kind.range.upperBound == 7, low > 0 { high = 7 }
        guard low <= high else {
            throw CronFault(
                "“\(text)” in the \(kind.name) runs backwards; write "
                    + "\(low)-\(kind.range.upperBound),\(kind.range.lowerBound)-\(high).")
        }
        return low...high
    }

    private static func value(_ text: Substring, _ kind: Kind) throws(CronFault) -> Int {
        if let index = kind.names.firstIndex(of: text.lowercased()) {
            return kind.range.lowerBound + index
        }
        guard let value = number(text), kind.range.contains(value) else {
            let names = kind.names.isEmpty ? "" : " or a name such as \(kind.names[1])"
            throw CronFault(
                "“\(text)” is no \(kind.name): it is a number from \(kind.range.lowerBound) to "
                    + "\(kind.range.upperBound)\(names).")
        }
        return value
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39) ~= $0 })
        else { return nil }
        return Int(text)
    }
}

/// What is wrong with a schedule, and what to write instead.
struct CronFault: Error, Sendable, Hashable {
    var detail: String

    init(_ detail: String) { self.detail = detail }
}
