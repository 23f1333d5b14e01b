import HTTP
import JSON
import RPC

/// Why an entry of the ledger has no record: kept as a problem, as callers know them.
enum IntakeProblem {
    static func duplicate(of number: Int64) -> Problem {
        Problem(
            status: 409, code: "duplicate-mail", title: "The same mail was received before",
            detail: "Entry \(number) has the same bytes and Message-ID.")
    }

    static func tooLarge(_ bytes: Int) -> Problem {
        Problem(
            status: 413, code: "payload-too-large", title: "The mail is too large",
            detail: "It has \(bytes) bytes and was left at the source.")
    }

    static func notGiven(_ reason: String) -> Problem {
        Problem(
            status: 502, code: "mail-not-given", title: "The mail server cannot give this mail",
            detail: "It was left there: \(reason)")
    }

    static let unreadable = Problem(
        status: 422, code: "unreadable-mail", title: "This is no mail",
        detail: "None of the header fields of a mail was found.")

    static func automatic(_ reason: String) -> Problem {
        Problem(
            status: 409, code: "automatic-mail", title: "A machine wrote this mail",
            detail: "The mailbox skips automatic mail; this one is told by \(reason).")
    }

    /// It belongs to a record and says nothing that a person said.
    static func automatic(_ reason: String, about record: String) -> Problem {
        var problem = automatic(reason)
        problem.detail = "It answers a mail about \(record), and is told by \(reason)."
        return problem
    }

    static func gaveUp(_ last: Problem, attempts: Int) -> Problem {
        var problem = last
        problem.detail = "After \(attempts) attempts: \(last.detail ?? last.title)"
        return problem
    }

    static func loop(_ cause: Cause, cycle: JSONValue) -> Problem {
        Problem(
            status: 409, code: "loop", title: "A loop was stopped",
            detail: "This mail is step \(cause.depth) of what \(cause.root) began, and each mail"
                + " brings the next. Replay it if it is a person's.",
            extra: JSONObject([("cycle", cycle)]))
    }

    /// As JSON, as the ledger keeps it.
    static func text(_ problem: Problem) -> String {
        var object: [(String, JSONValue)] = [
            ("type", .string("/problems/\(problem.code)")), ("title", .string(problem.title)),
            ("status", .number(JSONNumber(Int64(problem.status)))),
        ]
        if let detail = problem.detail { object.append(("detail", .string(detail))) }
        if !problem.errors.isEmpty {
            object.append(
                (
                    "errors",
                    .array(
                        problem.errors.map {
                            [
                                "pointer": .string($0.pointer), "code": .string($0.code),
                                "detail": .string($0.detail),
                            ]
                        })
                ))
        }
        for (key, value) in problem.extra.members { object.append((key, value)) }
        return JSONValue.object(JSONObject(object)).text
    }
}
