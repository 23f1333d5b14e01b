import ServiceRuntime

/// Where a database is and how it is kept.
public struct DatabaseConfiguration: Sendable {
    /// A file for SQLite, or `postgresql://…` (see `PostgresPlace`).
    public var location: String
    /// The schema of a PostgreSQL database, where the location names none.
    public var schema = "geartrain"
    /// A table that each read on a server waits for first, while somebody has it for himself
    /// because he changes tables: a read that began before would find some of them empty. Nil:
    /// none.
    public var gate: String?
    /// Threads for scans.
    public var readerThreads: Int = 2
    /// Threads for statements that somebody else wrote, so that these hold up nothing else.
    public var confinedThreads: Int = 1
    /// The most writes that one COMMIT takes.
    public var groupLimit: Int = 512
    /// The longest that a group takes further writes before its COMMIT.
    public var groupTime = Duration.milliseconds(20)
    /// The most writes that may wait; beyond it `DatabaseError.overloaded` at once.
    public var queueLimit: Int = 10_000
    /// The same for reads on reader threads.
    public var readQueueLimit: Int = 10_000
    /// How long a foreign program may hold the write lock; then `DatabaseError.busy`.
    public var busyTimeout = Duration.seconds(5)

    public init(location: String) { self.location = location }

    /// Reads `<SERVICE>_DATABASE`: a server, or else the file `<service>.db` in the folder `data`.
    public init(reading reader: ConfigurationReader, service: String, data: String) {
        let name = service.uppercased() + "_DATABASE"
        let server = reader.optionalString(
            name,
            help: "postgresql://user:password@host:port/database?sslmode=verify-full; without it"
                + " the file \(service).db in GEARTRAIN_DATA", secret: true)
        self.init(location: server ?? "\(data)/\(service).db")
        schema = service
        guard let server else { return }
        do {
            guard PostgresPlace.isOne(server) else {
                throw DatabaseError.schema("it begins with postgresql://")
            }
            _ = try PostgresPlace(server, schema: schema)
            #if !PostgreSQL
                reader.problem(
                    "\(name) names PostgreSQL, which this program was built without"
                        + " (--traits PostgreSQL)")
            #endif
        } catch DatabaseError.schema(let words) {
            reader.problem("\(name): \(words)")
        } catch {
            reader.problem("\(name): \(error)")
        }
    }

    /// Whether it is on a server, where other copies of the service may work on it too.
    public var isShared: Bool { PostgresPlace.isOne(location) }
}
