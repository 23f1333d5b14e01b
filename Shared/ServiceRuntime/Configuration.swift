/// Settings from the environment. Every read registers its name, default and help, so that the same
/// code answers `--help`; every problem is kept until `finish()`, which reports all at once.
///
/// A setting `X` is also read from the file that `X_FILE` names (for secrets).
public final class ConfigurationReader {
    /// What was asked for, in order, for `--help`.
    public struct Entry: Sendable {
        public let name: String
        public let kind: String
        public let defaultText: String?
        public let help: String
    }

    public private(set) var entries: [Entry] = []
    public private(set) var problems: [String] = []

    /// Reads from `environment`; `service` is the name shown by `--help`.
    public init(service: String, environment: [String: String]) { fatalError("stub") }

    /// A text; with `default: nil` it is required. `secret` keeps its value out of every message.
    public func string(_ name: String, default: String?, help: String, secret: Bool = false)
        -> String
    { fatalError("stub") }
    /// A text that may be missing.
    public func optionalString(_ name: String, help: String, secret: Bool = false) -> String? {
        fatalError("stub")
    }
    /// An integer within `range`.
    public func integer(
        _ name: String, default: Int?, in range: ClosedRange<Int>, help: String
    ) -> Int { fatalError("stub") }
    /// `on`/`off`, `true`/`false`, `1`/`0`.
    public func flag(_ name: String, default: Bool, help: String) -> Bool { fatalError("stub") }
    /// A duration: `30s`, `5m`, `2h`, `3d`, `250ms`.
    public func duration(_ name: String, default: Duration, help: String) -> Duration {
        fatalError("stub")
    }
    /// One of a few words.
    public func choice(_ name: String, default: String, of words: [String], help: String) -> String
    { fatalError("stub") }
    /// Adds a problem that the caller found by itself (two settings that exclude each other, say).
    public func problem(_ text: String) { fatalError("stub") }
    /// Throws `ConfigurationError` with every problem; call it after the last read.
    public func finish() throws { fatalError("stub") }
    /// The table that `--help` prints.
    public func helpTable() -> String { fatalError("stub") }
}

/// All that is wrong with the environment.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public let problems: [String]
    public var description: String { fatalError("stub") }
}

extension Duration {
    /// Reads `250ms`, `30s`, `5m`, `2h`, `3d`; nil for anything else.
    public init?(text: String) { fatalError("stub") }
    /// Whole milliseconds, cut.
    public var milliseconds: Int64 { fatalError("stub") }
}
