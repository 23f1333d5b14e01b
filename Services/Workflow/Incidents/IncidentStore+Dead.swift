import Database
import HTTP
import Incidents
import JSON

extension IncidentStore {
    /// For a worker: an item of its queue is not tried any more.
    func openDead(
        in queue: DurableQueue
    ) -> @Sendable (Connection, DurableQueue.Item) throws -> Void {
        { [self] connection, item in
            var opening = Opening(
                kind: .dead, problem: IncidentBook.problem(ofDead: item, in: queue.name),
                ownerKey: "\(queue.name)/\(item.key)")
            // What it is about is told by its key.
            if queue.name == Queues.instance.name || queue.name == Queues.timer.name {
                opening.instance = Int64(item.key.prefix { $0.isNumber })
            }
            if queue.name == Queues.jobRun.name { opening.jobRun = Int64(item.key) }
            try open(opening, connection)
        }
    }
}

extension IncidentStore.Incident {
    /// The dead item that it is about.
    var dead: (queue: DurableQueue, key: String)? {
        guard kind == IncidentStore.Kind.dead.rawValue, let ownerKey,
            let slash = ownerKey.firstIndex(of: "/"),
            let queue = Queues.all.first(where: { $0.name == ownerKey[..<slash] })
        else { return nil }
        return (queue, String(ownerKey[ownerKey.index(after: slash)...]))
    }
}
