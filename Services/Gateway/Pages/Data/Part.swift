import HTTP

/// A part of a page that another service has, or that the caller may not see: the page stands
/// without it.
enum Part<Content: Sendable>: Sendable {
    case here(Content)
    /// The service does not answer.
    case away
    /// There is none for this caller.
    case none

    /// What `body` finds, where it is wanted.
    init(_ isWanted: Bool = true, _ body: @Sendable () async throws -> Content?) async {
        guard isWanted else {
            self = .none
            return
        }
        do {
            self = try await body().map { .here($0) } ?? .none
        } catch let problem as Problem where problem.status < 500 {
            self = .none
        } catch {
            self = .away
        }
    }
}
