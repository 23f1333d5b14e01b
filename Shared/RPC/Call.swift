import HTTP
import JSON

/// One declaration per call: the request is the value, the answer its `Response`, and both ends use
/// it.
public protocol Call: Sendable, JSONReadable, JSONWritable {
    associatedtype Response: Sendable, JSONReadable, JSONWritable
    /// `records/create`: served at `POST /rpc/<path>`. A path without a slash is a call that
    /// several services serve, each under its own name: `check-model` at `/rpc/mail/check-model`.
    static var path: String { get }
    /// Whether doing it twice is as good as once even without an idempotency key (reads).
    static var isSafe: Bool { get }
}

extension Call {
    public static var isSafe: Bool { false }
}

/// A call whose request or answer is a stream (files): the value goes in a header, the bytes as
/// they are.
public protocol StreamCall: Sendable, JSONReadable, JSONWritable {
    static var path: String { get }
}

/// A call without an answer.
public struct Done: Sendable, Codable, JSONReadable, JSONWritable {
    public init() {}
}
