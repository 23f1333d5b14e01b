import Crypto
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime
import ServiceRuntime

/// What another system answered, as definitions see it, and whether that is success.
struct HTTPAnswer: Sendable {
    /// What is worth another try: it took too long, came too early or too often.
    private static let transient = [408, 425, 429]
    /// The longest wait that an answer may ask for, in seconds.
    private static let retryLimit = 3600
    /// Characters of a refusal's body that an incident shows.
    private static let excerptLimit = 300

    let response: OutgoingResponse
    let secrets: Secrets
    let host: String

    /// `{"status", "headers", "body"}`: names of headers in lower case, without cookies; the body
    /// as JSON where it is some, else as text, else `{"base64"}`.
    var value: JSONValue {
        var headers = JSONObject()
        for (name, value) in response.headers {
            let name = name.lowercased()
            guard name != "set-cookie" else { continue }
            let before = headers[name]?.string.map { $0 + ", " } ?? ""
            headers[name] = .string(before + value)
        }
        return [
            "status": .number(JSONNumber(Int64(response.status))),
            "headers": secrets.hidden(.object(headers)), "body": secrets.hidden(body),
        ]
    }

    private var body: JSONValue {
        if response.body.isEmpty { return .null }
        let type = (response.header("Content-Type") ?? "").lowercased()
        let isJSON = type.prefix { $0 != ";" }.hasSuffix("json")
        if isJSON, let value = try? JSONValue(parsing: response.body) { return value }
        if let text = String(validating: response.body, as: UTF8.self) { return .string(text) }
        return ["base64": .string(Base64.encode(response.body))]
    }

    /// Throws where the status is no success.
    func check(expected: [Int64]?, at now: Timestamp) throws {
        let status = response.status
        if let expected {
            guard !expected.contains(Int64(status)) else { return }
        } else if (200...299).contains(status) {
            return
        }
        let text = String(
            decoding: response.body, as: UTF8.self)
        let excerpt = secrets.hidden(text).prefix(HTTPAnswer.excerptLimit)
        let words = "\(host) answered \(status)" + (excerpt.isEmpty ? "" : ": \(excerpt)")
        guard HTTPAnswer.transient.contains(status) || (500...599).contains(status) else {
            throw Problem.outgoingRefused(words)
        }
        throw Problem.outgoingFailed(words, retryAfter: retryAfter(at: now))
    }

    /// Seconds from now; a date counts from the other system's own, where it says that.
    private func retryAfter(at now: Timestamp) -> Int? {
        guard let text = response.header("Retry-After") else { return nil }
        let seconds =
            Int(text)
            ?? HTTPDate.read(text).map { date in
                let base = response.header("Date").flatMap(HTTPDate.read) ?? now
                return Int(clamping: (date.milliseconds - base.milliseconds + 999) / 1000)
            }
        return seconds.map { min(max($0, 0), HTTPAnswer.retryLimit) }
    }
}

extension Problem {
    /// It can never go out, or would be answered the same again.
    static func outgoingRefused(_ detail: String) -> Problem {
        Problem(
            status: 422, code: "http-refused", title: "Another system refused a call",
            detail: detail)
    }

    /// It may go right another time.
    static func outgoingFailed(_ detail: String, retryAfter: Int? = nil) -> Problem {
        Problem(
            status: 502, code: "http-failed", title: "Another system cannot be called",
            detail: detail, retryAfter: retryAfter)
    }

    /// `busy` is our own doing and is waited for.
    static func outgoing(_ error: OutgoingError) -> Problem {
        switch error {
        case .busy, .interrupted: .unavailable("Outgoing calls: \(error).")
        case _ where error.isTransient: .outgoingFailed(error.description)
        default: .outgoingRefused(error.description)
        }
    }

    static let integrationsOff = Problem(
        status: 503, code: "integrations-off", title: "Integrations are switched off",
        detail: "Calls to other systems wait until INTEGRATIONS is on again.", retryAfter: 15)
}

extension TraceContext {
    /// `traceparent` for a call outside: the one that came, or that of the trace of all that has
    /// the same beginning.
    static func outgoing(_ context: CallContext) -> String {
        context.trace.outgoing(part: context.idempotencyKey ?? context.cause.via)
    }
}
