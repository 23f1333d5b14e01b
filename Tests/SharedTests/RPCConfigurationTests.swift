import RPC
import ServiceRuntime
import Testing

@Suite struct RPCConfigurationTests {
    private func read(_ environment: [String: String]) -> (RPCConfiguration, [String]) {
        let reader = ConfigurationReader(service: "mail", environment: environment)
        let configuration = RPCConfiguration(
            reading: reader, service: "mail", defaultPort: 8082, peers: ["records", "workflow"])
        return (configuration, reader.problems)
    }

    private let key = String(repeating: "k", count: 32)

    @Test func `defaults are the loopback address and everybody's own port`() {
        let (configuration, problems) = read(["RPC_KEY": key])
        #expect(problems == [])
        #expect(configuration.address == "127.0.0.1" && configuration.port == 8082)
        #expect(configuration.key == Array(key.utf8))
        #expect(
            configuration.peers == [
                "records": "http://127.0.0.1:8081", "workflow": "http://127.0.0.1:8083",
            ])
    }

    @Test func `what is set is taken`() {
        let (configuration, problems) = read([
            "RPC_KEY": key, "MAIL_ADDRESS": "0.0.0.0", "MAIL_PORT": "9000",
            "RECORDS_URL": "http://records:80/", "WORKFLOW_URL": "http://[::1]:9001",
        ])
        #expect(problems == [])
        #expect(configuration.address == "0.0.0.0" && configuration.port == 9000)
        #expect(configuration.peers["records"] == "http://records:80/")
    }

    @Test(arguments: [
        "records", "https://records", "http://", "http://a:0", "http://a:99999", "http://a:b",
        "http://a/path", "http://a@b", "http://::1:80", "http://[::1", "http://a b",
    ]) func `an address that is none is a problem`(url: String) {
        #expect(read(["RPC_KEY": key, "RECORDS_URL": url]).1.count == 1)
    }

    @Test func `the key is needed, long enough, and never shown`() {
        #expect(read([:]).1.count == 1)
        let problems = read(["RPC_KEY": "too short to be a key"]).1
        #expect(problems.count == 1)
        #expect(!problems.contains { $0.contains("too short to be a key") })
    }
}
