import RPC
import ServiceRuntime

/// The settings of Gateway.
public struct GatewayConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String

    /// Reads the environment; see `gateway --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "gateway", defaultPort: 8080,
            peers: ["records", "mail", "workflow", "batch"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
    }
}
