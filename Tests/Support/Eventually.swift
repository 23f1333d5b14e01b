/// Waits until `condition` holds, looking every few milliseconds; throws after `limit`. For what
/// another process does; inside one process wait on the thing itself.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60),
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while try await !condition() {
        guard clock.now < end else { throw NotInTime(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Between two looks at a file that another process changes.
public func moment() async throws { try await Task.sleep(for: .microseconds(200)) }

/// What `eventually` waited for in vain.
public struct NotInTime: Error, CustomStringConvertible {
    public let what: String
    public init(what: String) { self.what = what }
    public var description: String { "not in time: \(what)" }
}
