import JSON
import RPC

// Secrets are put in by people and read by the platform alone, at the moment of use. Records keeps
// them sealed.

/// How definitions name a secret: `secret:name`.
public enum SecretName {
    public static let prefix = "secret:"

    /// The name, where the text as a whole is `secret:name`; nil for any other text.
    public static func named(by text: String) -> String? {
        guard text.hasPrefix(prefix) else { return nil }
        let name = String(text.dropFirst(prefix.count))
        return FullCode.isCode(name) ? name : nil
    }
}

/// Puts a secret in the place of what had its name. Needs `models:write`.
public struct PutSecret: Call, Codable {
    public typealias Response = Done
    public static let path = "records/put-secret"
    public static let isSafe = true
    /// The most bytes of a value.
    public static let valueLimit = 64 << 10
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Needs `models:write`.
public struct DeleteSecret: Call, Codable {
    public typealias Response = Done
    public static let path = "records/delete-secret"
    public var name: String
    public init(name: String) { self.name = name }
}

/// The names, never a value: `{"items": [{"name", "changed"}]}`. Needs `models:write`.
public struct ListSecrets: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/secrets"
    public static let isSafe = true
    public init() {}
}

/// The values, for the platform itself only. 422 `unknown-secret` where one is not there, 422
/// `secret-sealed` where it was sealed with a key that Records does not have.
public struct ReadSecrets: Call, Codable {
    public typealias Response = SecretValues
    public static let path = "records/secret"
    public static let isSafe = true
    /// The most names in a call.
    public static let nameLimit = 100
    public var names: [String]
    public init(names: [String]) { self.names = names }
}

/// In the order of the names that were asked for. Its values are for the next call outside, and
/// never for a log or a row.
public struct SecretValues: Sendable, Codable, JSONReadable, JSONWritable {
    public var values: [String]
    public init(values: [String]) { self.values = values }
}
