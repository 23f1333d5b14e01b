import ServiceRuntime

extension Database {
    /// Threads for reads of a server: each waits for its answer.
    private static let serverReaders = 4

    /// Opens the schema of a server, which is made where it is not there.
    static func open(server: DatabaseConfiguration, runtime: Runtime) async throws -> Database {
        #if PostgreSQL
            var configuration = server
            configuration.readerThreads = max(server.readerThreads, serverReaders)
            let place = try PostgresPlace(server.location, schema: server.schema)
            let name = runtime.random.identifier(at: runtime.clock.now())
            let connection = try configuration.connection(.write, copy: place.lock(ofCopy: name))
            try connection.makeSchema(place.schema)
            do {
                try PostgresConnection(place.address).tellTime(to: runtime.clock)
            } catch let error as PostgresError {
                throw DatabaseError(error)
            }
            return try Database(configuration, runtime: runtime, writing: connection)
        #else
            throw DatabaseError.schema(
                "this program was built without PostgreSQL (--traits PostgreSQL)")
        #endif
    }
}

extension Connection {
    /// Makes a schema of a server where it is not there.
    public func makeSchema(_ name: String) throws {
        // Who may make none may have been given one.
        guard try !hasSchema(name) else { return }
        do {
            try link.script("create schema if not exists \(Dialect.quote(name))")
        } catch DatabaseError.constraint {
            // Another copy made it at the same moment.
        }
    }

    func hasSchema(_ name: String) throws -> Bool {
        try count("select count(*) from pg_namespace where nspname = ?", [.text(name)]) > 0
    }
}
