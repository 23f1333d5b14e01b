import Contracts
import JSON

/// The other side as a definition names it; its table, and how it is reached.
enum SyncSource: Sendable, Hashable {
    /// `path` below the folder of all data, or one that the operator allowed.
    case sqlite(path: String, table: String)
    case postgresql(Server, table: String)
    /// A data source of the operator's `odbc.ini`.
    case odbc(DataSource, table: String)
    /// A class of another instance.
    case geartrain(Instance, FullCode)

    struct Server: Sendable, Hashable {
        var host: String
        var port: Int
        var database: String
        var user: String
        /// `secret:name`, or nil.
        var password: String?
        /// `verify`, `encrypt` or `off`.
        var tls: String
    }

    struct DataSource: Sendable, Hashable {
        var name: String
        var user: String?
        var password: String?
    }

    struct Instance: Sendable, Hashable {
        /// Without a slash at its end.
        var url: String
        /// `secret:name`.
        var token: String
    }

    static let kinds = ["sqlite", "postgresql", "odbc", "geartrain"]

    var table: String {
        switch self {
        case .sqlite(_, let table), .postgresql(_, let table), .odbc(_, let table): table
        case .geartrain(_, let type): "\(type)"
        }
    }

    var isGeartrain: Bool {
        if case .geartrain = self { return true }
        return false
    }

    /// Whether a column may hold values of any type.
    var isDynamic: Bool {
        if case .sqlite = self { return true }
        return false
    }

    /// What it is, whoever asks it.
    var identity: String {
        switch self {
        case .sqlite: "\(self)"
        case .postgresql(let server, let table):
            "postgresql \(server.host):\(server.port)/\(server.database) \(table)"
        case .odbc(let source, let table): "odbc \(source.name) \(table)"
        case .geartrain(let instance, let type): "geartrain \(instance.url) \(type)"
        }
    }
}

extension SyncSource {
    /// Nil after a fault, which is among the reader's problems.
    static func read(_ reader: ObjectReader) -> SyncSource? {
        guard let kind = reader.word("kind", of: kinds, default: nil) else { return nil }
        let table = kind == "geartrain" ? nil : reader.string("table", required: true)
        let source: SyncSource?
        switch kind {
        case "sqlite":
            let path = reader.string("path", required: true)
            source = path.flatMap { path in table.map { .sqlite(path: path, table: $0) } }
        case "postgresql":
            let server = server(reader)
            source = server.flatMap { server in table.map { .postgresql(server, table: $0) } }
        case "odbc":
            let name = dataSource(reader)
            source = name.flatMap { name in table.map { .odbc(name, table: $0) } }
        default: source = instance(reader)
        }
        reader.finish()
        return source
    }

    private static func server(_ reader: ObjectReader) -> Server? {
        #if !PostgreSQL
            without(reader, "PostgreSQL")
        #endif
        let host = reader.string("host", required: true) ?? ""
        let port = reader.integer("port", in: 1...65_535) ?? 5432
        let database = reader.string("database", required: true) ?? ""
        let user = reader.string("user", required: true) ?? ""
        let password = password(reader)
        let tls = reader.word("tls", of: ["verify", "encrypt", "off"], default: "verify")
        // A path would be a socket of this machine, and a comma several hosts.
        if host.contains(where: { "/,@ ".contains($0) }) {
            reader.fault("host", "invalid-address", "Write the name or address of one host.")
        }
        guard let tls, !host.isEmpty, !database.isEmpty, !user.isEmpty else { return nil }
        return Server(
            host: host, port: Int(port), database: database, user: user, password: password,
            tls: tls)
    }

    private static func instance(_ reader: ObjectReader) -> SyncSource? {
        var url = reader.string("url", required: true) ?? ""
        if url.hasSuffix("/") { url.removeLast() }
        let token = reader.string("token", required: true) ?? ""
        let type = reader.string("class", required: true).flatMap { FullCode($0) }
        if !url.hasPrefix("https://") && !url.hasPrefix("http://") || url.contains("?") {
            reader.fault("url", "invalid-address", "Write the address of the other instance.")
        }
        if SecretName.named(by: token) == nil {
            reader.fault(
                "token", "invalid-code",
                "A token is a secret: write secret: and the secret's name.")
        }
        guard let type else {
            if reader.object["class"]?.string != nil {
                reader.fault("class", "invalid-code", "Write model.class, as it is there.")
            }
            return nil
        }
        return .geartrain(Instance(url: url, token: token), type)
    }

    /// Bytes of a data source's name, as ODBC has it.
    private static let dataSourceNameLimit = 32

    /// Only a name: what drivers are loaded, and where they connect to, is the operator's.
    private static func dataSource(_ reader: ObjectReader) -> DataSource? {
        #if !ODBC
            without(reader, "ODBC")
        #endif
        guard let name = reader.string("dsn", required: true) else { return nil }
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if !isName || !(1...dataSourceNameLimit).contains(name.utf8.count) {
            reader.fault(
                "dsn", "invalid-name",
                "Write the name of a data source of the operator's odbc.ini: letters, digits, _ and"
                    + " -.")
        }
        return DataSource(
            name: name, user: reader.string("user"), password: password(reader))
    }

    private static func password(_ reader: ObjectReader) -> String? {
        guard let text = reader.string("password") else { return nil }
        if SecretName.named(by: text) == nil {
            reader.fault(
                "password", "invalid-code",
                "A password is a secret: write secret: and the secret's name.")
        }
        return text
    }

    private static func without(_ reader: ObjectReader, _ trait: String) {
        reader.fault(
            "kind", "not-built",
            "This build knows no such source. Build it with `swift build --traits \(trait)`.")
    }
}
