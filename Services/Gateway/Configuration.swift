import Database
import Glibc
import RPC
import ServiceRuntime

/// The settings of Gateway.
public struct GatewayConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String
    public var database: DatabaseConfiguration
    /// Where browsers reach the pages; `https` makes cookies `__Host-` and `Secure`.
    public var publicURL: String
    /// Shown on every page.
    public var environment: String
    /// The password of `admin` at first start; nil is a random one, printed once.
    public var adminPassword: String?
    /// Model documents that are applied once, after the first start.
    public var models: [String]
    /// Whether `admin` becomes a member of the roles of those models: for the bundled sample only,
    /// so that a newcomer sees its records.
    public var adminJoinsModelRoles = false
    /// How long a session lasts.
    public var sessionLife: Duration
    /// How long a mailed link to set a password is good.
    public var resetLife: Duration
    /// How long the audit is kept.
    public var auditLife: Duration
    /// What passwords must be.
    var passwordPolicy: PasswordPolicy
    /// Who may come how often, and from where.
    var door: DoorConfiguration
    /// Takes what a person at the terminal should see, a line at a time, unbuffered.
    public var output: @Sendable (String) -> Void = GatewayConfiguration.writeLine

    /// Reads the environment; see `gateway --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "gateway", defaultPort: 8080,
            peers: ["records", "mail", "workflow", "batch"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        database = DatabaseConfiguration(reading: reader, service: "gateway", data: data)
        publicURL = reader.string(
            "GEARTRAIN_PUBLIC_URL", default: "http://127.0.0.1:\(rpc.port)",
            help: "where browsers reach the pages; https makes the cookies secure")
        environment = reader.choice(
            "ENVIRONMENT", default: "development",
            of: ["development", "test", "acceptance", "production"], help: "shown on every page")
        adminPassword = reader.optionalString(
            "GATEWAY_ADMIN_PASSWORD",
            help: "password of admin at first start; without it a random one is printed once",
            secret: true)
        models =
            reader.optionalString(
                "GEARTRAIN_MODELS", help: "model documents applied at first start, comma separated"
            ).map(GatewayConfiguration.list) ?? []
        sessionLife = reader.duration(
            "GATEWAY_SESSION_LIFE", default: .seconds(12 * 3600), help: "how long a session lasts")
        door = DoorConfiguration(reading: reader)
        passwordPolicy = PasswordPolicy(reading: reader)
        resetLife = reader.duration(
            "GATEWAY_RESET_LIFE", default: .seconds(3600),
            help: "how long a mailed link to set a password is good")
        auditLife = reader.duration(
            "GATEWAY_AUDIT_LIFE", default: .seconds(400 * 86_400),
            help: "how long log-ins, refusals and changes of rights are kept")
        if let adminPassword,
            let fault = passwordPolicy.fault(adminPassword, code: Account.admin, email: nil)
        {
            reader.problem("GATEWAY_ADMIN_PASSWORD: \(fault.detail)")
        }
        if !publicURL.hasPrefix("http://"), !publicURL.hasPrefix("https://") {
            reader.problem("GEARTRAIN_PUBLIC_URL must begin with http:// or https://")
        }
    }

    /// Whether browsers come over TLS.
    var isSecure: Bool { publicURL.hasPrefix("https://") }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    /// Standard output without a buffer, so that a pipe sees the line at once.
    @Sendable private static func writeLine(_ line: String) {
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
