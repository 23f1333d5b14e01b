import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Finds the model of a bare code: `customer_confirmed` → `helpdesk.customer_confirmed`. What the
/// models hold is kept for a few seconds, and read again when a code is not found.
actor CodeResolver {
    /// The list of a model document that holds it.
    enum Kind: String, Sendable, CaseIterable {
        case classes, events, workflows, scripts, jobs, imports, exports, syncs
    }

    static let life = Duration.seconds(5)

    private let records: Peer
    private let clock: any WallClock
    private var codes: [Kind: [String: [String]]] = [:]
    private var readAt: UInt64?

    init(records: Peer, clock: any WallClock) {
        self.records = records
        self.clock = clock
    }

    /// `model.code` as it is; a bare code where exactly one model has it: 404 for none, 409 for
    /// several.
    func resolve(_ text: String, _ kind: Kind, trace: TraceContext) async throws -> FullCode {
        if let code = FullCode(text) { return code }
        guard FullCode.isCode(text) else { throw Problem.notFound() }
        let age = readAt.map { clock.monotonicNanoseconds() &- $0 }
        if codes[kind]?[text] == nil || (age ?? .max) > CodeResolver.life.nanoseconds {
            try await read(trace)
        }
        let models = codes[kind]?[text] ?? []
        guard let model = models.first else {
            throw Problem.notFound("No model has \(text) among its \(kind.rawValue).")
        }
        guard models.count == 1 else {
            throw Problem.conflict(
                "Several models have \(text); say one of "
                    + models.map { "\($0).\(text)" }.joined(separator: ", ") + ".")
        }
        return FullCode(model: model, code: text)
    }

    private func read(_ trace: TraceContext) async throws {
        let context = CallContext(
            principal: .system, door: .system, cause: Cause(root: "request:\(trace.requestID)"),
            trace: trace)
        let list = try await CodeResolver.parse(records.forward(ListModels(), as: context))
        var found: [Kind: [String: [String]]] = [:]
        for item in list["items"]?.array ?? [] {
            guard let model = item["code"]?.string else { continue }
            let document = try await CodeResolver.parse(
                records.forward(GetModel(code: model), as: context))
            for kind in Kind.allCases {
                for definition in document[kind.rawValue]?.array ?? [] {
                    guard let code = definition["code"]?.string else { continue }
                    found[kind, default: [:]][code, default: []].append(model)
                }
            }
        }
        codes = found
        readAt = clock.monotonicNanoseconds()
    }

    private static func parse(_ json: JSONBytes) throws -> JSONValue {
        do {
            return try JSONValue(parsing: json.bytes)
        } catch {
            throw Problem.internalError
        }
    }
}
