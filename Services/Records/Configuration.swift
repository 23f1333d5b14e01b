import Database
import RPC
import ServiceRuntime

/// The settings of Records.
public struct RecordsConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String
    public var database: DatabaseConfiguration
    public var historyKeys: HistoryKeys
    /// The keys that seal secrets, the first of them; none: one that is made of the key of `rpc`.
    public var secretKeys: [String] = []
    /// How long a file that no record lists is kept.
    public var fileGrace = Duration.seconds(24 * 3600)
    /// The bucket that holds the bytes of files; nil is the data folder.
    public var fileBucket: FileBucketConfiguration?

    public init(rpc: RPCConfiguration, data: String, historyKeys: HistoryKeys = .none) {
        self.rpc = rpc
        self.data = data
        database = DatabaseConfiguration(location: data + "/records.db")
        self.historyKeys = historyKeys
    }

    /// Reads the environment; see `records --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "records", defaultPort: 8081,
            peers: ["mail", "workflow", "batch"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        database = DatabaseConfiguration(reading: reader, service: "records", data: data)
        database.gate = ModelStore.gate
        historyKeys = HistoryKeys(reading: reader)
        secretKeys = RecordsConfiguration.secretKeys(reading: reader)
        fileGrace = reader.duration(
            "RECORDS_FILE_GRACE", default: .seconds(24 * 3600),
            help: "how long a file that no record lists is kept")
        fileBucket = FileBucketConfiguration(reading: reader)
    }
}
