import RPC
import ServiceRuntime

/// The settings of Records.
public struct RecordsConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String
    public var historyKeys: HistoryKeys

    public init(rpc: RPCConfiguration, data: String, historyKeys: HistoryKeys = .none) {
        self.rpc = rpc
        self.data = data
        self.historyKeys = historyKeys
    }

    /// Reads the environment; see `records --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "records", defaultPort: 8081,
            peers: ["mail", "workflow", "batch"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        historyKeys = HistoryKeys(reading: reader)
    }
}
