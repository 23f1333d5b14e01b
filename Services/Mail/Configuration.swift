import RPC
import ServiceRuntime

/// The settings of Mail.
public struct MailConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String

    /// Reads the environment; see `mail --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "mail", defaultPort: 8082,
            peers: ["records", "workflow"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
    }
}
