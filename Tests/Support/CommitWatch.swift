import ServiceRuntime

/// Sees the commits of a service from outside: each one changes the write-ahead log of its
/// database.
public struct CommitWatch {
    private let path: String
    private var last: FileStatus?
    /// Changes seen so far; commits close together may count as one.
    public private(set) var changes = 0

    public init(_ train: Train, _ service: String) {
        self.init(database: "\(train.data)/\(service).db")
    }

    /// Of the file of a database.
    public init(database: String) {
        path = database + "-wal"
        last = CommitWatch.look(path)
    }

    /// Whether there was a change since the last look.
    @discardableResult
    public mutating func look() -> Bool {
        let now = CommitWatch.look(path)
        guard now != last else { return false }
        last = now
        changes += 1
        return true
    }

    private static func look(_ path: String) -> FileStatus? {
        Files.status(path)
    }
}
