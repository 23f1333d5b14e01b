import Database
import Curl
import Glibc
import RPC
import ServiceRuntime

/// The settings of Workflow.
public struct WorkflowConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite.
    public var data: String
    public var database: DatabaseConfiguration
    /// The program `script-host`.
    public var scriptHost: String
    /// The most script hosts at once.
    public var scriptHosts: Int
    /// Further ones for jobs that take long.
    public var scriptSlowHosts: Int
    /// The same two for scripts that may act.
    public var actingHosts: Int
    public var actingSlowHosts: Int
    /// For one job of a script host.
    public var scriptTimeout: Duration
    /// Resident memory of a script host, in bytes.
    public var scriptMemory: Int
    /// A script host without work ends after this.
    public var scriptIdle: Duration
    /// Script jobs that may wait.
    public var scriptQueue: Int
    /// A person's link can be used for so long.
    public var linkLife: Duration
    /// What has ended is kept for so long.
    public var retention: Duration
    /// What links begin with, without a slash at the end.
    public var publicURL: String
    /// Calls to other systems.
    public var outgoing: OutgoingConfiguration
    /// False: jobs stand still and calls to other systems and programs wait, unless their
    /// definitions say that they are no integrations.
    public var integrations: Bool
    /// The operator's programs.
    var commands: CommandList
    /// The most that one of them may take.
    var commandTimeout: Duration

    /// Reads the environment; see `workflow --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "workflow", defaultPort: 8083,
            peers: ["records", "mail", "batch"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        database = DatabaseConfiguration(reading: reader, service: "workflow", data: data)
        scriptHost = reader.string(
            "WORKFLOW_SCRIPT_HOST", default: WorkflowConfiguration.besideThisProgram("script-host"),
            help: "the program that runs scripts")
        scriptHosts = reader.integer(
            "WORKFLOW_SCRIPT_HOSTS", default: 2, in: 1...64,
            help: "script hosts for expressions and rules before a save, at most")
        scriptSlowHosts = reader.integer(
            "WORKFLOW_SCRIPT_SLOW_HOSTS", default: 3, in: 1...64,
            help: "further ones, for what takes long")
        actingHosts = reader.integer(
            "WORKFLOW_ACTING_HOSTS", default: 3, in: 1...64,
            help: "script hosts for scripts that may act, at most")
        actingSlowHosts = reader.integer(
            "WORKFLOW_ACTING_SLOW_HOSTS", default: 5, in: 1...64,
            help: "further ones, for what takes long")
        scriptTimeout = reader.duration(
            "WORKFLOW_SCRIPT_TIMEOUT", default: .seconds(2),
            help: "time limit of a script that says none")
        scriptMemory =
            reader.integer(
                "WORKFLOW_SCRIPT_MEMORY", default: 256, in: 64...65536,
                help: "memory limit of a script host, in MiB") << 20
        scriptIdle = reader.duration(
            "WORKFLOW_SCRIPT_IDLE", default: .seconds(60),
            help: "a script host without work ends after this")
        scriptQueue = reader.integer(
            "WORKFLOW_SCRIPT_QUEUE", default: 256, in: 1...100_000,
            help: "script jobs that may wait; more are answered 503")
        linkLife = reader.duration(
            "WORKFLOW_LINK_LIFE", default: .seconds(30 * 24 * 3600),
            help: "how long a link in a mail can be used")
        retention = reader.duration(
            "WORKFLOW_RETENTION", default: .seconds(365 * 24 * 3600),
            help: "how long ended instances, their tasks and resolved incidents are kept")
        outgoing = OutgoingConfiguration(reading: reader)
        let isOn = reader.flag(
            "INTEGRATIONS", default: true,
            help: "off: jobs stand still, calls to other systems and programs wait")
        integrations = isOn && !Disarmament.holds(data)
        commands = CommandList(reading: reader)
        commandTimeout = reader.duration(
            "WORKFLOW_COMMAND_TIMEOUT", default: .seconds(60),
            help: "the most that a program of WORKFLOW_COMMANDS may take")
        let url = reader.string(
            "GEARTRAIN_PUBLIC_URL", default: WorkflowConfiguration.defaultPublicURL(reader),
            help: "what links begin with, as people reach the gateway")
        if !url.hasPrefix("http://") && !url.hasPrefix("https://") {
            reader.problem("GEARTRAIN_PUBLIC_URL must begin with http:// or https://")
        }
        publicURL = url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    private static func defaultPublicURL(_ reader: ConfigurationReader) -> String {
        let port = reader.integer(
            "GATEWAY_PORT", default: 8080, in: 0...65535, help: "for GEARTRAIN_PUBLIC_URL")
        return "http://127.0.0.1:\(port)"
    }

    private static func besideThisProgram(_ name: String) -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0 else { return name }
        let text = String(decoding: path.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let slash = text.lastIndex(of: "/") else { return name }
        return text[...slash] + name
    }
}
