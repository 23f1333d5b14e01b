import JSON
import RPC

/// `model.class`, `model.workflow`: the full code of something in a model.
public struct FullCode: Sendable, Hashable, Codable, CustomStringConvertible {
    public var model: String
    public var code: String

    public init(model: String, code: String) {
        self.model = model
        self.code = code
    }

    /// Nil unless it is `code.code`.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, FullCode.isCode(parts[0]), FullCode.isCode(parts[1]) else {
            return nil
        }
        self.init(model: String(parts[0]), code: String(parts[1]))
    }

    public var description: String { "\(model).\(code)" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let code = FullCode(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "is not of the form model.code")
        }
        self = code
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// `[a-z][a-z0-9_]{0,62}`.
    @inlinable
    public static func isCode(_ text: some StringProtocol) -> Bool {
        guard text.utf8.count <= 63, let first = text.utf8.first, (97...122).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 95
        }
    }
}
