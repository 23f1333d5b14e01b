import HTTP
import JSON

/// What a script asks for by `gt` while it runs, and how it is answered. The other end is
/// `ScriptHost/CallLine.swift`.
struct ScriptCall: Sendable {
    /// `records.get`.
    var name: String
    /// The unit of the job that asks, by its place.
    var unit: Int
    var arguments: [JSONValue]

    /// An answer's bytes.
    static let answerLimit = 16 << 20

    /// Whether a frame of a host is a call rather than the end of a job.
    static func isCall(_ frame: [UInt8]) -> Bool { frame.starts(with: #"{"call""#.utf8) }

    init(name: String, unit: Int = 0, arguments: [JSONValue] = []) {
        self.name = name
        self.unit = unit
        self.arguments = arguments
    }

    init(_ frame: [UInt8]) throws(JSONError) {
        let value = try JSONValue(parsing: frame, depth: 70)
        self.init(
            name: value["call"]?.string ?? "", unit: Int(value["unit"]?.integer ?? 0),
            arguments: value["arguments"]?.array ?? [])
    }

    static func answer(_ value: JSONValue) -> [UInt8] {
        let bytes = ([value] as JSONValue).bytes
        guard bytes.count <= answerLimit else {
            let words = "The answer is larger than \(answerLimit >> 20) MiB; ask for less."
            return answer(Problem.tooLarge(limit: answerLimit, words))
        }
        return bytes
    }

    static func answer(_ problem: Problem) -> [UInt8] {
        let error: JSONValue = [
            "code": .string(problem.code), "status": .number(JSONNumber(Int64(problem.status))),
            "message": .string(problem.sentence),
        ]
        return ([.null, error] as JSONValue).bytes
    }
}

/// Answers the calls of one job, one after another; the duration is how long the answer may take.
typealias ScriptAnswering = @Sendable (ScriptCall, Duration) async throws -> JSONValue

extension Problem {
    /// For a script's error: what is wrong, and with which fields.
    fileprivate var sentence: String {
        let faults = errors.prefix(5).map { "\($0.pointer): \($0.detail)" }
        if errors.count == 1 { return faults[0] }
        return ([detail ?? title] + faults).joined(separator: " ")
    }
}
