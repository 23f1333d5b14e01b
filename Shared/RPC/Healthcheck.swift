import HTTP
import ServiceRuntime

extension ServiceCommand {
    /// How long a service has to answer.
    private static let patience = Duration.seconds(3)

    /// Asks the service on this machine whether it is ready, by the settings that it listens by:
    /// for the health check of a container, whose image then needs no shell and no other program.
    /// Exit code 1 where it is not ready or does not answer.
    public static func healthcheck(of service: String) -> ServiceCommand {
        ServiceCommand(
            "healthcheck", usage: "healthcheck",
            help: "asks the \(service) that runs here for /readyz; exit code 1 where it is not"
                + " ready. For containers."
        ) { reader, _ in
            let (host, port) = door(of: service, reader)
            try reader.finish()
            let runtime = Runtime(loops: try EventLoopGroup(count: 1), log: Log(service: service))
            let client = HTTPClient(host: host, port: port, runtime: runtime)
            let request = ClientRequest(method: .get, target: "/readyz", timeout: patience)
            do {
                let answer = try await client.send(request)
                if answer.status == 200 { return ("ready\n", 0) }
                return ("not ready: \(host) port \(port) answers \(answer.status)\n", 1)
            } catch {
                return ("not ready: no answer from \(host) port \(port) (\(error))\n", 1)
            }
        }
    }

    /// Where the service is reached from its own machine.
    private static func door(
        of service: String, _ reader: ConfigurationReader
    ) -> (host: String, port: Int) {
        let prefix = service.uppercased()
        let address = reader.string(
            "\(prefix)_ADDRESS", default: "127.0.0.1", help: "address that it listens on")
        let port = reader.integer(
            "\(prefix)_PORT", default: RPCConfiguration.defaultPorts[service] ?? 8080,
            in: 0...65535, help: "port that it listens on")
        return switch address {
        case "0.0.0.0": ("127.0.0.1", port)
        case "::": ("::1", port)
        default: (address, port)
        }
    }
}
