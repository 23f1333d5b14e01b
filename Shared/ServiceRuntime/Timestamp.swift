/// A moment in UTC to the millisecond, as stored in every database and shown in every answer.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// RFC 3339 with milliseconds, `2026-11-22T10:15:30.123Z`.
    public var text: String { fatalError("stub") }

    /// Reads RFC 3339 (any offset, any number of fraction digits; cut to milliseconds). Nil if it is not one.
    public init?(_ text: String) { fatalError("stub") }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// This moment moved by `duration`.
    public func advanced(by duration: Duration) -> Timestamp { fatalError("stub") }
}

/// A calendar date without time or zone, `YYYY-MM-DD`, proleptic Gregorian.
public struct CalendarDate: Sendable, Hashable, Comparable {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Nil where the date does not exist (year 1 to 9999).
    public init?(year: Int, month: Int, day: Int) { fatalError("stub") }

    /// Reads exactly `YYYY-MM-DD`.
    public init?(_ text: String) { fatalError("stub") }

    /// The UTC date of a moment.
    public init(_ timestamp: Timestamp) { fatalError("stub") }

    public var text: String { fatalError("stub") }

    public static func < (a: CalendarDate, b: CalendarDate) -> Bool {
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    }
}
