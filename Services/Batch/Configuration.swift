import RPC
import ServiceRuntime

/// The settings of Batch.
public struct BatchConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String

    /// Reads the environment; see `batch --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "batch", defaultPort: 8084,
            peers: ["records", "workflow"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
    }
}
