import JSON
import Testing

@testable import Workflow

/// A model that has no fault.
private let good: JSONValue = [
    "code": "helpdesk", "roles": ["agent"],
    "classes": [["code": "ticket", "columns": [["code": "subject"], ["code": "status"]]]],
    "notifications": [["code": "hello"]],
    "events": [["code": "confirmed", "web": true, "role": "agent", "buffer": "7d"]],
    "scripts": [
        ["code": "tidy", "name": ["en": "Tidy"], "source": "return 1;", "timeout": "1s"]
    ],
    "rules": [
        [
            "code": "b", "name": "Handle it", "class": "ticket", "on": "inserted",
            "do": [["workflow": "handle"]],
        ],
        [
            "code": "a", "class": "ticket", "on": "changed", "order": 5,
            "when": "=record.status === 'new'", "do": [["set": ["status": "=record.subject"]]],
        ],
    ],
    "workflows": [
        [
            "code": "handle", "class": "ticket", "start": "ask",
            "steps": [
                [
                    "code": "ask", "kind": "mail", "notification": "hello", "to": "=record.email",
                    "next": "wait", "retry": ["times": 3, "backoff": "2s"],
                ],
                [
                    "code": "wait", "kind": "event", "event": "confirmed", "key": "=record.id",
                    "timeout": "3d", "onTimeout": "ask", "next": "close",
                ],
                ["code": "close", "kind": "change", "set": ["status": "closed"], "next": "end"],
                ["code": "end", "kind": "end"],
            ],
        ]
    ],
]

private func problems(_ document: JSONValue) -> [FieldProblem] {
    let reader = ModelReader(code: "helpdesk", document: document)
    _ = reader.read(document)
    return reader.problems.items
}

/// The document with the value at a path replaced (nil removes it).
private func changed(_ value: JSONValue, _ path: ArraySlice<String>, _ new: JSONValue?) -> JSONValue
{
    guard let first = path.first else { return new ?? .null }
    let rest = path.dropFirst()
    if var elements = value.array, let index = Int(first) {
        if rest.isEmpty, new == nil {
            elements.remove(at: index)
        } else if index == elements.count {
            elements.append(new ?? .null)
        } else {
            elements[index] = changed(elements[index], rest, new)
        }
        return .array(elements)
    }
    var object = value.object ?? JSONObject()
    object[first] =
        rest.isEmpty && new == nil ? nil : changed(object[first] ?? .null, rest, new)
    return .object(object)
}

@Test func `a good model has no fault and is read whole`() {
    #expect(problems(good).isEmpty)
    let reader = ModelReader(code: "helpdesk", document: good)
    let model = reader.read(good)
    #expect(model.rules.map(\.code) == ["b", "a"])
    #expect(model.events["confirmed"]?.buffer == .seconds(7 * 24 * 3600))
    #expect(model.workflows[0].step("ask")?.retry == RetryPolicy(times: 3, backoff: .seconds(2)))
    #expect(
        Set(reader.sources.map(\.pointer)) == [
            "/scripts/0/source", "/rules/1/when", "/rules/1/do/0/set/status",
            "/workflows/0/steps/0/to", "/workflows/0/steps/1/key",
        ])
}

private let step = "/workflows/0/steps"

/// Path, new value, pointer of the fault, its code.
private let faults: [(String, JSONValue?, String, String)] = [
    ("/events/0/code", "Confirmed", "/events/0/code", "invalid-code"),
    ("/events/0/role", "boss", "/events/0/role", "unknown-reference"),
    ("/events/0/buffer", "0s", "/events/0/buffer", "out-of-range"),
    ("/events/0/bufer", "7d", "/events/0/bufer", "unknown-member"),
    ("/events/1", ["code": "confirmed"], "/events/1/code", "duplicate-code"),
    ("/scripts/0/source", nil, "/scripts/0/source", "required"),
    ("/scripts/0/runAs", "Nobody!", "/scripts/0/runAs", "invalid-code"),
    ("/scripts/0/include", "tidy", "/scripts/0/include", "wrong-type"),
    ("/scripts/0/include", ["gone"], "/scripts/0/include", "unknown-reference"),
    ("/scripts/0/include", ["tidy"], "/scripts/0/include", "cycle"),
    ("/scripts/0/timeout", "2m", "/scripts/0/timeout", "out-of-range"),
    ("/rules/0/class", "tickets", "/rules/0/class", "unknown-reference"),
    ("/rules/0/on", "inserting", "/rules/0/do/0/workflow", "not-allowed"),
    ("/rules/0/require", "=true", "/rules/0/require", "not-allowed"),
    ("/rules/0/message", "No.", "/rules/0/message", "not-allowed"),
    ("/rules/1/on", "deleting", "/rules/1/do/0/set", "not-allowed"),
    ("/rules/1/do/0", ["script": "none"], "/rules/1/do/0/script", "unknown-reference"),
    ("/rules/2", ["code": "c", "class": "ticket", "on": "opening"], "/rules/2/do", "required"),
    (
        "/rules/2",
        [
            "code": "c", "class": "ticket", "on": "opening", "require": "=true", "message": "No.",
        ], "/rules/2/require", "not-allowed"
    ),
    (
        "/rules/2", ["code": "c", "class": "ticket", "on": "inserting", "require": "=true"],
        "/rules/2/message", "required"
    ),
    (
        "/rules/2",
        ["code": "c", "class": "ticket", "on": "inserting", "do": [["script": "gone"]]],
        "/rules/2/do/0/script", "unknown-reference"
    ),
    ("/rules/0/on", "saved", "/rules/0/on", "not-allowed"),
    ("/rules/0/do", [], "/rules/0/do", "required"),
    ("/rules/0/do/0", ["workflow": "nothing"], "/rules/0/do/0/workflow", "unknown-reference"),
    ("/workflows/0/class", "person", "/rules/0/do/0/workflow", "not-allowed"),
    ("/rules/0/do/0", ["http": [:]], "/rules/0/do/0/http/url", "required"),
    ("/rules/0/do/0", ["explode": 1], "/rules/0/do/0/explode", "unknown-member"),
    ("/rules/0/do/0", ["set": ["colour": 1]], "/rules/0/do/0/set/colour", "unknown-reference"),
    ("/rules/1/when", "record.status", "/rules/1/when", "not-an-expression"),
    ("/rules/1/on", "deleted", "/rules/1/do/0/set", "not-allowed"),
    ("/workflows/0/start", "begin", "/workflows/0/start", "unknown-step"),
    ("/workflows/0/steps", [], "/workflows/0/steps", "required"),
    (step + "/0/next", nil, step + "/0/next", "required"),
    (step + "/0/next", "nowhere", step + "/0/next", "unknown-step"),
    (step + "/0/notification", "bye", step + "/0/notification", "unknown-reference"),
    (step + "/0/to", nil, step + "/0/to", "required"),
    (step + "/0/to", [1], step + "/0/to", "wrong-type"),
    (step + "/0/kind", "http", step + "/0/url", "required"),
    (step + "/0/kind", "male", step + "/0/kind", "not-allowed"),
    (step + "/1/event", "never", step + "/1/event", "unknown-reference"),
    (step + "/1/onTimeout", nil, step + "/1/onTimeout", "required"),
    (step + "/2/set", ["colour": 1], step + "/2/set/colour", "unknown-reference"),
    (step + "/2/next", "ask", step + "/0", "dead-end"),
    (step + "/4", ["code": "lost", "kind": "end"], step + "/4", "unreachable-step"),
    (
        step + "/2",
        ["code": "close", "kind": "condition", "when": "=1", "then": "close", "else": "end"],
        step + "/2", "endless-loop"
    ),
    (
        step + "/2", ["code": "close", "kind": "timer", "wait": "soon", "next": "end"],
        step + "/2/wait", "invalid-duration"
    ),
    (
        step + "/2", ["code": "close", "kind": "script", "next": "end"], step + "/2/script",
        "required"
    ),
    ("/jobs", [["code": "nightly"]], "/jobs/0/steps", "required"),
    ("/rules", 3, "/rules", "wrong-type"),
]

@Test(arguments: faults)
func `a fault of a definition is told with its place`(
    path: String, value: JSONValue?, pointer: String, code: String
) {
    let parts = path.split(separator: "/").map(String.init)
    let found = problems(changed(good, parts[...], value))
    #expect(
        found.contains { $0.pointer == pointer && $0.code == code },
        "found \(found.map { "\($0.pointer) \($0.code)" })")
}

@Test func `all faults are told at once`() {
    var document = changed(good, ["events", "0", "role"], "boss")
    document = changed(document, ["rules", "0", "class"], "tickets")
    document = changed(document, ["workflows", "0", "steps", "0", "next"], "nowhere")
    #expect(problems(document).count == 3)
}

/// The faults of a workflow of these steps; the last is `end`.
private func graphFaults(_ steps: [JSONValue]) -> [String] {
    var document = changed(
        good, ["workflows", "0", "steps"], .array(steps + [["code": "end", "kind": "end"]]))
    document = changed(document, ["workflows", "0", "start"], steps[0]["code"])
    return problems(document).map { String($0.pointer.dropFirst(step.count)) + " " + $0.code }
}

private func set(_ code: String, _ next: String) -> JSONValue {
    [
        "code": .string(code), "kind": "change", "set": ["status": "x"], "next": .string(next),
    ]
}

private func split(_ code: String, _ branches: JSONValue, _ join: String) -> JSONValue {
    [
        "code": .string(code), "kind": "parallel", "branches": branches, "join": .string(join),
    ]
}

@Test func `branches must lead to their join or an end, and not out`() {
    #expect(
        graphFaults([split("s", ["a", "b"], "j"), set("a", "j"), set("b", "j"), set("j", "end")])
            == [])
    #expect(
        graphFaults([split("s", ["a", "b"], "j"), set("a", "end"), set("b", "j"), set("j", "end")])
            == []
    )
    // Nested, with one join for both.
    #expect(
        graphFaults([
            split("s", ["a", "t"], "j"), set("a", "j"), split("t", ["b", "c"], "j"), set("b", "j"),
            set("c", "j"), set("j", "end"),
        ]) == [])
    #expect(
        graphFaults([split("s", ["a", "b"], "nowhere"), set("a", "end"), set("b", "end")])
            == ["/0/join unknown-step"])
    #expect(
        graphFaults([
            split("s", ["a", "b"], "j"), set("a", "end"), set("b", "end"), set("j", "end"),
        ])
            == ["/3 unreachable-step", "/0/join unreachable-step"])
    #expect(
        graphFaults([split("s", ["a", "j"], "j"), set("a", "j"), set("j", "end")])
            == ["/0/branches empty-branch"])
    #expect(
        graphFaults([split("s", ["a"], "j"), set("a", "j"), set("j", "end")])
            == ["/0/branches out-of-range"])
    // Back to where it was begun: no loop without a wait, but no branch either.
    #expect(
        graphFaults([
            split("s", ["a", "b"], "j"), set("a", "j"),
            ["code": "b", "kind": "timer", "wait": "1s", "next": "c"],
            ["code": "c", "kind": "condition", "when": "=1", "then": "s", "else": "j"],
            set("j", "end"),
        ]) == ["/0/branches leaves-branch"])
    // Out of the inner one to where the outer one joins.
    #expect(
        graphFaults([
            split("s", ["a", "t"], "j"), set("a", "j"), split("t", ["b", "c"], "k"), set("b", "k"),
            set("c", "j"), set("k", "j"), set("j", "end"),
        ]) == ["/2/branches leaves-branch"])
}

@Test func `calls to other systems and programs are steps`() {
    let tell: JSONValue = [
        "code": "tell", "kind": "http", "method": "POST", "url": "https://crm.example/tickets",
        "body": ["id": "=record.id"], "result": "reply", "next": "rotate",
        "retry": ["times": 8, "backoff": "1s"],
    ]
    let rotate: JSONValue = [
        "code": "rotate", "kind": "command", "command": "rotate",
        "arguments": ["=record.subject"], "next": "end",
    ]
    #expect(graphFaults([tell, rotate]) == [])
    #expect(graphFaults([changed(tell, ["url"], "ftp://x"), rotate]) == ["/0/url invalid-url"])
    #expect(graphFaults([tell, changed(rotate, ["command"], nil)]) == ["/1/command required"])
}

@Test func `a loop may go round where a task or another workflow is waited for`() {
    let task: JSONValue = [
        "code": "ask", "kind": "task", "title": "Ask", "assignee": ["role": "agent"],
        "outcomes": ["again": "a", "enough": "end"],
    ]
    #expect(graphFaults([set("a", "ask"), task]) == [])
    let raise: JSONValue = ["code": "r", "kind": "raise", "event": "confirmed", "next": "c"]
    let choose: JSONValue = [
        "code": "c", "kind": "condition", "when": "=1", "then": "r", "else": "end",
    ]
    #expect(graphFaults([raise, choose]) == ["/0 endless-loop"])
    let outcomes = changed(task, ["outcomes", "again"], "gone")
    #expect(graphFaults([set("a", "ask"), outcomes]) == ["/1/outcomes/again unknown-step"])
}

@Test func `a task says who and by when`() {
    func fault(_ path: [String], _ value: JSONValue?) -> [String] {
        let task: JSONValue = [
            "code": "ask", "kind": "task", "title": "Ask", "assignee": ["role": "agent"],
            "outcomes": ["yes": "end"], "due": "1d", "onDue": "end",
        ]
        return graphFaults([changed(task, path[...], value)])
    }
    #expect(fault(["title"], "Ask") == [])
    #expect(fault(["assignee"], ["role": "boss"]) == ["/0/assignee/role unknown-reference"])
    #expect(fault(["assignee"], ["role": "=record.subject"]) == [])
    #expect(fault(["assignee"], ["role": "agent", "account": "a"]) == ["/0/assignee required"])
    #expect(fault(["assignee"], ["unit": "it"]) == ["/0/assignee/structure required"])
    #expect(fault(["due"], nil) == ["/0/onDue not-allowed"])
    #expect(fault(["due"], "soon") == ["/0/due invalid-duration"])
    #expect(fault(["escalate"], ["account": "bob"]) == ["/0/escalate not-allowed"])
    #expect(fault(["outcomes"], [:]).contains("/0/outcomes required"))
    #expect(fault(["remind"], ["notification": "hello"]) == ["/0/remind/before required"])
}

@Test func `a loop without a wait is told with its path`() {
    let steps: JSONValue = [
        ["code": "a", "kind": "condition", "when": "=1", "then": "b", "else": "end"],
        ["code": "b", "kind": "change", "set": ["status": "x"], "next": "c"],
        ["code": "c", "kind": "change", "set": ["status": "y"], "next": "a"],
        ["code": "end", "kind": "end"],
    ]
    var document = changed(good, ["workflows", "0", "steps"], steps)
    document = changed(document, ["workflows", "0", "start"], "a")
    let found = problems(document)
    #expect(found.map(\.code) == ["endless-loop"])
    #expect(found.first?.detail.contains("a → b → c → a") == true)
}
