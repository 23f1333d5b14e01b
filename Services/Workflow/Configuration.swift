import RPC
import ServiceRuntime

/// The settings of Workflow.
public struct WorkflowConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String

    /// Reads the environment; see `workflow --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "workflow", defaultPort: 8083,
            peers: ["records", "mail"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
    }
}
