/// An error that may go away by itself: a door answers 503 with `Retry-After` rather than 500.
public protocol TemporaryError: Error {
    var isTemporary: Bool { get }
}
