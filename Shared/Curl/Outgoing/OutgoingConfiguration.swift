import ServiceRuntime

/// The settings of outgoing calls; the same names for every service that makes some.
public struct OutgoingConfiguration: Sendable {
    public var policy: OutgoingPolicy
    /// A PEM file of certificate authorities instead of the system's.
    public var authorities: String?
    /// For a whole call with its redirects; a call may ask for less.
    public var timeout: Duration

    public init(
        policy: OutgoingPolicy = OutgoingPolicy(), authorities: String? = nil,
        timeout: Duration = .seconds(30)
    ) {
        self.policy = policy
        self.authorities = authorities
        self.timeout = timeout
    }

    /// Reads `OUTGOING_ALLOWED_NETWORKS`, `OUTGOING_CA_FILE` and `OUTGOING_TIMEOUT`.
    public init(reading reader: ConfigurationReader) {
        let name = "OUTGOING_ALLOWED_NETWORKS"
        let text = reader.optionalString(
            name, help: "networks besides the public internet that calls may reach (10.1.0.0/16)")
        let words = (text ?? "").split { $0 == "," || $0 == " " }
        let opened = words.compactMap { word -> NetworkRange? in
            let range = NetworkRange(String(word))
            if range == nil { reader.problem("\(name): “\(word)” is no network") }
            return range
        }
        self.init(
            policy: OutgoingPolicy(opened: opened),
            authorities: reader.optionalString(
                "OUTGOING_CA_FILE",
                help: "PEM file of certificate authorities instead of the system's"),
            timeout: reader.duration(
                "OUTGOING_TIMEOUT", default: .seconds(30),
                help: "time limit of an outgoing call, with its redirects"))
        if timeout < .milliseconds(1) { reader.problem("OUTGOING_TIMEOUT must be longer than 0") }
    }
}
