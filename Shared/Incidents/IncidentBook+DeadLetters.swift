import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

// Items of a queue that are not tried any more.
extension IncidentBook {
    public static let deadLetter = "dead-letter"
    private static let prefix = "dead:"

    /// What a dead item is as a problem. Its reason may hold what only the log may have.
    public static func problem(ofDead item: DurableQueue.Item, in queue: String) -> Problem {
        Problem(
            status: 500, code: deadLetter, title: "Something is not tried any more",
            detail: "“\(item.key)” of the queue \(queue) failed \(item.attempts) times; the log"
                + " says why.")
    }

    /// For a worker: opens an incident about the item that it buries.
    public func openDead(
        in queue: DurableQueue, permission: String? = nil
    ) -> @Sendable (Connection, DurableQueue.Item) throws -> Void {
        { [self] connection, item in
            let problem = IncidentBook.problem(ofDead: item, in: queue.name)
            try open(
                Opening(
                    subject: "\(IncidentBook.prefix)\(queue.name)/\(item.key)",
                    kind: IncidentBook.deadLetter, model: nil, record: nil,
                    problem: problem.member, link: nil, actions: IncidentAction.allCases,
                    permission: permission), connection)
        }
    }

    /// What a person does about a dead item: `retry` begins anew, `skip` takes it out of its queue,
    /// `close` leaves it there. False where the subject is none of `queues`.
    public func actOnDead(
        _ subject: String, _ action: IncidentAction, by account: String, in queues: [DurableQueue],
        _ connection: Connection
    ) throws -> Bool {
        guard subject.hasPrefix(IncidentBook.prefix) else { return false }
        let path = subject.dropFirst(IncidentBook.prefix.count)
        let (name, key) = (path.prefix { $0 != "/" }, path.drop { $0 != "/" }.dropFirst())
        guard let queue = queues.first(where: { $0.name == name }) else { return false }
        switch action {
        case .retry: try queue.revive(connection, key: String(key), due: runtime.clock.now())
        case .skip: try queue.cancel(connection, key: String(key))
        case .close: break
        }
        try mark(subject, action, by: account, connection)
        try settle(subject, connection)
        return true
    }
}
