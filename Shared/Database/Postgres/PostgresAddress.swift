/// Where a PostgreSQL server is, and who asks it.
public struct PostgresAddress: Sendable, Hashable {
    public enum Encryption: String, Sendable, CaseIterable {
        /// Its certificate is checked, and that it is for this host.
        case verify
        /// Encrypted, to whoever answers.
        case encrypt
        case off
    }

    public var host: String
    /// The numeric address to connect to, where the host's name was looked up already.
    public var resolved: String?
    public var port: Int
    public var database: String
    public var user: String
    public var password: String
    public var encryption: Encryption
    /// A PEM file of certificate authorities; nil is the system's.
    public var authorities: String?

    public init(
        host: String, port: Int = 5432, database: String, user: String, password: String = "",
        encryption: Encryption = .verify
    ) {
        self.host = host
        self.port = port
        self.database = database
        self.user = user
        self.password = password
        self.encryption = encryption
    }

    /// Where Debian and its kin keep the authorities that the system trusts.
    private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

    /// What libpq is told, besides what it takes from nowhere else.
    var parameters: [(name: String, value: String)] {
        var list = [
            ("host", host), ("port", "\(port)"), ("dbname", database), ("user", user),
            ("password", password), ("passfile", "/dev/null/none"), ("client_encoding", "UTF8"),
            ("application_name", "geartrain"), ("gssencmode", "disable"),
            // A network that was cut is found by the kernel.
            ("keepalives", "1"), ("keepalives_idle", "15"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
            (
                "options",
                "-c datestyle=ISO,YMD -c timezone=UTC -c extra_float_digits=1"
                    + " -c bytea_output=hex -c intervalstyle=iso_8601"
                    + " -c standard_conforming_strings=on"
                    // A machine that is gone keeps no lock for the hours that the server's own
                    // system would wait.
                    + " -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5"
                    + " -c tcp_keepalives_count=3 -c tcp_user_timeout=30000"
            ),
        ]
        if let resolved { list.append(("hostaddr", resolved)) }
        switch encryption {
        case .verify:
            list.append(("sslmode", "verify-full"))
            list.append(("sslrootcert", authorities ?? PostgresAddress.systemAuthorities))
        case .encrypt: list.append(("sslmode", "require"))
        case .off: list.append(("sslmode", "disable"))
        }
        return list
    }
}
