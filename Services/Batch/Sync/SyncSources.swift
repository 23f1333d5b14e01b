import Contracts
import Curl
import Database
import Glibc
import ODBC
import RPC
import ServiceRuntime

/// Opens the databases that synchronizations name.
struct SyncSources: Sendable {
    /// The folder of all data, and those that the operator allowed besides.
    let folders: [String]
    /// The platform's own files, which no synchronization reads or writes.
    private static let ownFiles: Set<String> = [
        "gateway.db", "records.db", "mail.db", "workflow.db", "batch.db",
    ]

    let records: Peer
    let outgoing: OutgoingConfiguration
    let runtime: Runtime

    private static let resolveTimeout = Duration.seconds(10)

    init(
        folders: [String], records: Peer, runtime: Runtime,
        outgoing: OutgoingConfiguration = OutgoingConfiguration()
    ) {
        self.folders = folders
        self.records = records
        self.runtime = runtime
        self.outgoing = outgoing
    }

    init(_ configuration: BatchConfiguration, records: Peer, runtime: Runtime) {
        self.init(
            folders: [configuration.data] + configuration.folders, records: records,
            runtime: runtime, outgoing: configuration.outgoing)
    }

    /// `isBegun` says that it was there before: what is gone then may come back. Throws
    /// `ForeignError`, or what Records answers instead of a secret.
    func open(_ source: SyncSource, isWritten: Bool, isBegun: Bool) async throws
        -> any ExternalDatabase
    {
        if case .geartrain(let instance, let type) = source {
            return try await geartrain(instance, type)
        }
        return SQLDatabase(source: try await database(source, isWritten, isBegun))
    }

    private func geartrain(_ instance: SyncSource.Instance, _ type: FullCode) async throws
        -> GeartrainInstance
    {
        let token = try await secret(instance.token)
        return GeartrainInstance(
            http: try OutgoingHTTP(configuration: outgoing, runtime: runtime),
            url: "\(instance.url)/api/records/\(type.model)/\(type.code)", token: token)
    }

    private func database(_ source: SyncSource, _ isWritten: Bool, _ isBegun: Bool) async throws
        -> any ForeignSource
    {
        switch source {
        case .sqlite(let path, _):
            guard let place = try place(of: path) else {
                let message = "the file \(path) is not there"
                throw isBegun ? ForeignError.away(message) : .unusable(message)
            }
            do {
                return try ForeignDatabase(path: place, isWritten: isWritten)
            } catch {
                throw ForeignError(error)
            }
        case .postgresql(let server, _): return try await postgres(server)
        case .odbc(let source, _): return try await odbc(source)
        case .geartrain: throw ForeignError.unusable("it is no database")
        }
    }

    private func postgres(_ server: SyncSource.Server) async throws -> any ForeignSource {
        #if PostgreSQL
            let resolved = try await address(of: server.host, port: server.port)
            var address = PostgresAddress(
                host: server.host, port: server.port, database: server.database,
                user: server.user, password: try await secret(server.password),
                encryption: PostgresAddress.Encryption(rawValue: server.tls) ?? .verify)
            address.resolved = resolved
            address.authorities = outgoing.authorities
            return try PostgresSource(address)
        #else
            throw ForeignError.unusable(SyncSources.notBuilt("PostgreSQL"))
        #endif
    }

    private func odbc(_ source: SyncSource.DataSource) async throws -> any ForeignSource {
        #if ODBC
            return try await ODBCSource(
                name: source.name, user: source.user, password: try await secret(source.password))
        #else
            throw ForeignError.unusable(SyncSources.notBuilt("ODBC"))
        #endif
    }

    /// Of definitions that another build took.
    private static func notBuilt(_ trait: String) -> String {
        "this build knows no such source; build it with `swift build --traits \(trait)`"
    }

    /// The checked address of a host: what it is connected to, whatever its name means later.
    private func address(of host: String, port: Int) async throws -> String {
        var addresses = NetworkAddress(host).map { [$0] } ?? []
        if addresses.isEmpty {
            do {
                addresses = try await SystemResolver(clock: runtime.clock).addresses(
                    of: host, timeout: SyncSources.resolveTimeout)
            } catch let error as OutgoingError {
                throw ForeignError.away(error.description)
            }
        }
        guard let first = addresses.first,
            addresses.allSatisfy({ outgoing.policy.isOpen($0, port: port) })
        else {
            throw ForeignError.unusable(
                "the host \(host) or its port \(port) is not open to outgoing calls; the operator"
                    + " opens networks with OUTGOING_ALLOWED_NETWORKS")
        }
        return first.text
    }

    private func secret(_ text: String?) async throws -> String {
        try await BatchSecrets(records: records, runtime: runtime).value(
            namedBy: text ?? "", .sync) ?? ""
    }

    /// The file that a path means: absolute in an allowed folder, or below the folder of all data.
    /// Links are followed first, so that none leads out. Nil where there is nothing.
    private func place(of path: String) throws(ForeignError) -> String? {
        let full = path.hasPrefix("/") ? path : (folders.first ?? ".") + "/" + path
        guard let real = SyncSources.real(full) else { return nil }
        let roots = folders.compactMap(SyncSources.real)
        guard let root = roots.first(where: { real.hasPrefix($0 + "/") }) else {
            throw .unusable("the file \(path) lies in no folder that is allowed")
        }
        let below = String(real.dropFirst(root.count + 1))
        let isOwn = SyncSources.ownFiles.contains { name in
            below == name || below.hasPrefix(name + "-")
        }
        guard root != roots.first || !isOwn else {
            throw .unusable("the file \(path) is the platform's own")
        }
        return real
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
