import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What definitions do outside of the platform: calls to other systems, and the operator's
/// programs. Done twice it happens twice, a call under the same `Idempotency-Key`.
struct Outgoing: Sendable {
    let client: OutgoingHTTP
    let commands: Commands
    /// Where secrets are.
    let records: Peer
    /// False: calls wait that are marked `integration`, which all are unless they say otherwise.
    let integrations: Bool
    let clock: any WallClock

    /// Only secrets that `place` names are put in, each where it names them.
    func http(
        _ content: JSONValue, of place: SecretPlace, as context: CallContext
    ) async throws -> JSONValue {
        try needIntegrations(content)
        let secrets = try await Secrets(place.names, from: records, as: context)
        let call = try HTTPCall(
            content, of: place, secrets: secrets, as: context, at: clock.now())
        do {
            let response = try await client.send(call.request)
            let host = (try? OutgoingURL(call.request.url).host) ?? "The system"
            let answer = HTTPAnswer(response: response, secrets: secrets, host: host)
            try answer.check(expected: call.expected, at: clock.now())
            return answer.value
        } catch let error as OutgoingError {
            throw Problem.outgoing(error)
        }
    }

    /// Secrets stand in its input only; `place` is what the definition has there.
    func command(
        _ content: JSONValue, input place: SecretPlace, as context: CallContext
    ) async throws -> JSONValue {
        try needIntegrations(content)
        let secrets = try await Secrets(place.names, from: records, as: context)
        return try await commands.run(CommandCall(content, of: place, secrets: secrets))
    }

    private func needIntegrations(_ content: JSONValue) throws {
        guard integrations || content["integration"]?.boolean == false else {
            throw Problem.integrationsOff
        }
    }
}

extension Outgoing {
    init(_ configuration: WorkflowConfiguration, records: Peer, runtime: Runtime) throws {
        self.init(
            client: try OutgoingHTTP(configuration: configuration.outgoing, runtime: runtime),
            commands: Commands(
                settings: .init(
                    list: configuration.commands, timeout: configuration.commandTimeout,
                    folder: configuration.data + "/commands",
                    supervisor: configuration.scriptHost), log: runtime.log),
            records: records, integrations: configuration.integrations, clock: runtime.clock)
    }
}
