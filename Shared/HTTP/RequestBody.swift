import JSON

/// Where the pieces of a body come from.
protocol BodySource: AnyObject, Sendable {
    /// The next piece, never empty; nil at the end.
    func next() async throws -> [UInt8]?
}

/// A body: read once, whole or chunk by chunk; reading is what asks the peer for more.
public struct RequestBody: Sendable, AsyncSequence {
    public typealias Element = [UInt8]

    enum Storage: Sendable {
        case bytes([UInt8])
        case source(any BodySource)
        case closure(@Sendable () async throws -> [UInt8]?)
    }

    let storage: Storage
    /// From `Content-Length`, where it was given.
    public let length: Int?
    /// More is 413; `nil` where nobody set one.
    private(set) var limit: Int?

    public static let empty = RequestBody([])

    public init(_ bytes: [UInt8]) {
        storage = .bytes(bytes)
        length = bytes.count
    }

    /// A body that is made while it is sent: `next` gives piece after piece, nil at the end. It is
    /// called from one task at a time.
    public init(length: Int? = nil, next: @escaping @Sendable () async throws -> [UInt8]?) {
        storage = .closure(next)
        self.length = length
    }

    init(_ source: any BodySource, length: Int?, limit: Int?) {
        storage = .source(source)
        self.length = length
        self.limit = limit
    }

    /// The same body, of which at most `limit` bytes can be read.
    public func limited(to limit: Int) -> RequestBody {
        var body = self
        body.limit = limit
        return body
    }

    /// All of it; 413 `payload-too-large` over `limit`.
    public func collect(limit: Int) async throws -> [UInt8] {
        let limit = Swift.min(limit, self.limit ?? .max)
        if let length, length > limit { throw RequestBody.tooLarge(limit) }
        if case .bytes(let bytes) = storage { return bytes }
        var iterator = limited(to: limit).makeAsyncIterator()
        guard var all = try await iterator.next() else { return [] }
        while let piece = try await iterator.next() { all += piece }
        return all
    }

    static func tooLarge(_ limit: Int) -> Problem {
        .tooLarge(limit: limit, "The body has more than \(limit) bytes.")
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let body: RequestBody
        private var count = 0
        private var isAtEnd = false

        init(_ body: RequestBody) { self.body = body }

        public mutating func next() async throws -> [UInt8]? {
            guard !isAtEnd else { return nil }
            let limit = body.limit ?? .max
            if count == 0, let length = body.length, length > limit {
                throw RequestBody.tooLarge(limit)
            }
            let piece: [UInt8]?
            switch body.storage {
            case .bytes(let bytes):
                isAtEnd = true
                piece = bytes.isEmpty ? nil : bytes
            case .source(let source): piece = try await source.next()
            case .closure(let next): piece = try await next()
            }
            guard let piece else {
                isAtEnd = true
                return nil
            }
            count += piece.count
            guard count <= limit else { throw RequestBody.tooLarge(limit) }
            return piece
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
