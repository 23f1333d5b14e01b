import Database
import Curl
import RPC
import ServiceRuntime

/// The settings of Batch.
public struct BatchConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// The folder of the database `batch.db` and of the files of runs (`batch/`).
    public var data: String
    public var database: DatabaseConfiguration
    /// Bytes of an uploaded file.
    public var uploadLimit: Int
    /// Runs that work at the same time; the others wait.
    public var runLimit: Int
    /// How long a run is kept after its end, with its file and receipts.
    public var retention: Duration
    /// Folders of this machine that files of imports and exports, and databases of
    /// synchronizations, may be below; the first is where relative paths of files begin.
    public var folders: [String]
    public var outgoing: OutgoingConfiguration
    /// False: runs are taken but stand still.
    public var integrations: Bool

    /// Reads the environment; see `batch --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "batch", defaultPort: 8084,
            peers: ["records", "workflow", "mail"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        database = DatabaseConfiguration(reading: reader, service: "batch", data: data)
        uploadLimit = reader.integer(
            "BATCH_UPLOAD_LIMIT", default: 1 << 30, in: 1...(1 << 40),
            help: "bytes of an uploaded file")
        runLimit = reader.integer(
            "BATCH_RUN_LIMIT", default: 2, in: 1...64, help: "runs that work at the same time")
        retention = reader.duration(
            "BATCH_RUN_RETENTION", default: .seconds(90 * 86_400),
            help: "how long runs, their files and receipts are kept after their end")
        folders =
            reader.optionalString(
                "BATCH_FOLDERS",
                help: "folders of files and databases of definitions, with : between them"
                    + " (GEARTRAIN_DATA/exchange)"
            )?.split(separator: ":").map(String.init) ?? [data + "/exchange"]
        outgoing = OutgoingConfiguration(reading: reader)
        let isOn = reader.flag(
            "INTEGRATIONS", default: true, help: "off: imports and exports stand still")
        integrations = isOn && !Disarmament.holds(data)
    }
}
