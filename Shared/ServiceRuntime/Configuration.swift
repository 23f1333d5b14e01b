/// Settings from the environment. Every read registers its name, default and help, so that the same
/// code answers `--help`; every problem is kept until `finish()`, which reports all at once.
///
/// A setting `X` is also read from the file that `X_FILE` names (for secrets); a last line break is
/// cut off. An empty value is as good as none.
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
    /// The service or program that is being configured, as `--help` shows it.
    public let service: String
    private let environment: [String: String]
    /// No setting is a document.
    private static let fileLimit = 64 << 10

    /// Reads from `environment`; `service` is the name shown by `--help`.
    public init(service: String, environment: [String: String]) {
        self.service = service
        self.environment = environment
    }

    /// A text; with `default: nil` it is required. `secret` keeps its value out of every message.
    public func string(_ name: String, default: String?, help: String, secret: Bool = false)
        -> String
    {
        register(name, secret ? "secret" : "text", `default` ?? "required", help)
        return required(name, lookup(name) ?? `default`) ?? ""
    }

    /// A text that may be missing.
    public func optionalString(_ name: String, help: String, secret: Bool = false) -> String? {
        register(name, secret ? "secret" : "text", nil, help)
        return lookup(name)
    }

    /// An integer within `range`.
    public func integer(
        _ name: String, default: Int?, in range: ClosedRange<Int>, help: String
    ) -> Int {
        let kind = "\(range.lowerBound)…\(range.upperBound)"
        register(name, kind, `default`.map(String.init) ?? "required", help)
        guard let text = lookup(name) else {
            return required(name, `default`) ?? range.lowerBound
        }
        if let value = Int(text), range.contains(value) { return value }
        let allowed = "\(range.lowerBound) to \(range.upperBound)"
        problem("\(name) is “\(text)”; it must be a whole number from \(allowed)")
        return `default` ?? range.lowerBound
    }

    /// `on`/`off`, `true`/`false`, `1`/`0`.
    public func flag(_ name: String, default: Bool, help: String) -> Bool {
        register(name, "on|off", `default` ? "on" : "off", help)
        switch lookup(name) {
        case nil: return `default`
        case "on", "true", "1": return true
        case "off", "false", "0": return false
        case .some(let text):
            problem("\(name) is “\(text)”; it must be on or off")
            return `default`
        }
    }

    /// A duration: `30s`, `5m`, `2h`, `3d`, `250ms`.
    public func duration(_ name: String, default: Duration, help: String) -> Duration {
        register(name, "duration", `default`.settingText, help)
        guard let text = lookup(name) else { return `default` }
        if let value = Duration(text: text) { return value }
        problem("\(name) is “\(text)”; it must be a duration such as 250ms, 30s, 5m, 2h or 3d")
        return `default`
    }

    /// One of a few words.
    public func choice(_ name: String, default: String, of words: [String], help: String) -> String
    {
        register(name, words.joined(separator: "|"), `default`, help)
        guard let text = lookup(name) else { return `default` }
        if words.contains(text) { return text }
        problem("\(name) is “\(text)”; it must be one of \(words.joined(separator: ", "))")
        return `default`
    }

    /// Adds a problem that the caller found by itself (two settings that exclude each other, say).
    public func problem(_ text: String) {
        // Five services in one process ask for the same setting; one complaint is enough.
        if !problems.contains(text) { problems.append(text) }
    }

    /// Throws `ConfigurationError` with every problem; call it after the last read.
    public func finish() throws {
        if !problems.isEmpty { throw ConfigurationError(problems: problems) }
    }

    /// The table that `--help` prints.
    public func helpTable() -> String {
        let header = Entry(name: "SETTING", kind: "VALUE", defaultText: "DEFAULT", help: "MEANING")
        let rows = [header] + entries.sorted { $0.name < $1.name }
        func width(_ column: (Entry) -> String) -> Int { rows.map { column($0).count }.max() ?? 0 }
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count) + 2)
        }
        let names = width(\.name)
        let kinds = width(\.kind)
        let defaults = width { $0.defaultText ?? "" }
        var lines = [
            "\(service): settings are read from the environment;"
                + " NAME_FILE reads NAME from a file.", "",
        ]
        for row in rows {
            lines.append(
                padded(row.name, names) + padded(row.kind, kinds)
                    + padded(row.defaultText ?? "", defaults) + row.help)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func register(_ name: String, _ kind: String, _ defaultText: String?, _ help: String) {
        guard !entries.contains(where: { $0.name == name }) else { return }
        entries.append(Entry(name: name, kind: kind, defaultText: defaultText, help: help))
    }

    private func lookup(_ name: String) -> String? {
        let value = environment[name].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = environment[name + "_FILE"], !path.isEmpty else { return value }
        if value != nil {
            problem("\(name) and \(name)_FILE are both set; set only one")
            return value
        }
        do {
            let bytes = try Files.read(path, limit: ConfigurationReader.fileLimit)
            guard var text = String(validating: bytes, as: UTF8.self) else {
                problem("\(name)_FILE: \(path) is not UTF-8 text")
                return nil
            }
            while let last = text.unicodeScalars.last, last == "\n" || last == "\r" {
                text.unicodeScalars.removeLast()
            }
            if text.isEmpty { problem("\(name)_FILE: \(path) is empty") }
            return text.isEmpty ? nil : text
        } catch {
            problem("\(name)_FILE: \(error)")
            return nil
        }
    }

    private func required<T>(_ name: String, _ value: T?) -> T? {
        if value == nil, !problems.contains(where: { $0.hasPrefix("\(name)_FILE: ") }) {
            problem("\(name) is required (\(name) or \(name)_FILE)")
        }
        return value
    }
}

/// All that is wrong with the environment.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public let problems: [String]

    public var description: String {
        (["the settings cannot be used:"] + problems.map { "  " + $0 }).joined(separator: "\n")
    }
}
